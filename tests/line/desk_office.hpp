// A box office at whose desk people stand one by one, before a line that says what its test wants.
//
//   DeskOffice at;
//   const auto second = at.ask(at.joining(2));  // and does not wait for the answer
//   at.wait_too_long();                         // nor does the writer come to it in time
//   CHECK(code_of(told(second)) == Errc::request_timeout);
//
// Threads: one at a time.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "line/scripted_line.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

[[nodiscard]] Errc code_of(const auto& refused) { return refused ? Errc{} : refused.error().code; }

// What was answered, by now.
template <class T>
[[nodiscard]] const Result<T>& told(const std::shared_ptr<std::optional<Result<T>>>& asked) {
    REQUIRE(*asked);
    return **asked;
}

struct DeskOffice {
    // The answer, once it is there.
    template <class Command>
    using Asked = std::shared_ptr<std::optional<AnswerTo<Command>>>;

    explicit DeskOffice(RoomPolicy room = {.active_max = 1}, Options chosen = {})
        : options(std::move(chosen)) {
        options.running = Running::by_host;
        options.line = line;
        open();
        ConcertDraft draft = SmallSale::draft(10);
        draft.room = std::move(room);
        sale = SmallSale::add(*office, std::move(draft));
    }
    ~DeskOffice() {
        // A box office ends once it has been answered.
        line->let_go();
        const auto report = office->audit();
        REQUIRE(report);
        CHECK_MESSAGE(report->clean(),
                      (report->findings.empty() ? "" : report->findings.front().what));
    }

    void open() {
        office.reset();
        office.emplace(std::make_unique<KeptStorage>(store), options);
    }
    void run() {
        while (office->step()) {
        }
    }
    // Time passes, a tick at a time.
    void advance(Duration by) {
        for (; by > Duration{}; by -= std::chrono::seconds(1)) {
            clock.advance(std::chrono::seconds(1));
            run();
        }
    }
    // What waits for the writer by now is not started any more.
    void wait_too_long() {
        clock.advance(options.request_timeout + std::chrono::seconds(1));
        run();
    }

    [[nodiscard]] Join joining(int user, bool again = false) const {
        return {.concert = sale.concert, .user = SmallSale::user(user), .again = again};
    }
    [[nodiscard]] GetPlace polling(int user, PlaceNumber place, bool confirm = false) const {
        return {.concert = sale.concert,
                .user = SmallSale::user(user),
                .place = place,
                .confirm = confirm};
    }
    [[nodiscard]] Leave leaving(int user, PlaceNumber place) const {
        return {.concert = sale.concert, .user = SmallSale::user(user), .place = place};
    }
    template <class Command>
    Asked<Command> ask(Command command) {
        auto asked = std::make_shared<std::optional<AnswerTo<Command>>>();
        office->submit<Command>(std::move(command), [asked](AnswerTo<Command> answer) {
            asked->emplace(std::move(answer));
        });
        return asked;
    }

    Result<PlaceView> join(int user, bool again = false) {
        return office->join(joining(user, again));
    }
    Result<PlaceView> poll(int user, PlaceNumber place) {
        return office->place(polling(user, place));
    }
    Result<PlaceView> leave(int user, PlaceNumber place) {
        return office->leave(leaving(user, place));
    }
    Result<PlaceView> admit(int user) {
        return office->admit(
            {.concert = sale.concert, .user = SmallSale::user(user), .actor = "ann"});
    }
    void change(SaleMode mode) { REQUIRE(office->change_sale({sale.concert, {.mode = mode}})); }
    [[nodiscard]] std::int64_t admitted() const {
        return office->concert({sale.concert})->admitted;
    }
    [[nodiscard]] std::int64_t waiting() const { return office->concert({sale.concert})->waiting; }

    TestClock clock;
    std::shared_ptr<Storage> store = open_memory({.clock = &clock});
    std::shared_ptr<ScriptedLine> line = std::make_shared<ScriptedLine>();
    Options options;
    std::optional<BoxOffice> office;
    SmallSale sale;
};

}  // namespace concertres::test

// Ticks that have more before them than one may carry, and those that let in nobody.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/draw.hpp"
#include "concertres/memory.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr int batch = static_cast<int>(RoomLine::batch);
constexpr NoShows rule{.silent_after = 90s, .grace = 5min};

// A room that ticks when it is told to, and by itself only where a tick was not the last of it.
struct TickedRoom {
    explicit TickedRoom(RoomPolicy room, Options options = {})
        : office(open_memory({.clock = &clock}), by_host(std::move(options))) {
        ConcertDraft draft = SmallSale::draft();
        draft.room = std::move(room);
        concert = SmallSale::add(office, draft).concert;
        settle();
    }
    static Options by_host(Options options) {
        options.tick = 24h;
        options.waiting_max = 10'000;
        options.running = Running::by_host;
        return options;
    }
    void settle() {
        while (office.step()) {
        }
    }
    std::int64_t tick() { return office.tick({concert}).value(); }
    // With all that follows of its own accord.
    void tick_all() {
        static_cast<void>(tick());
        settle();
    }
    // Users from `first` on, whose places have their own numbers where there are no classes.
    void join(int first, int count, const std::string& line_class = "") {
        for (int user = first; user < first + count; ++user) {
            office.submit<Join>(
                {.concert = concert, .user = SmallSale::user(user), .line_class = line_class},
                [](const AnswerTo<Join>& answer) { REQUIRE(answer); });
        }
        settle();
    }
    TokenStatus ask(int user) {
        return office
            .place({.concert = concert, .user = SmallSale::user(user), .place = PlaceNumber{user}})
            .value()
            .status;
    }
    void change(SaleChange change) {
        REQUIRE(office.change_sale({.concert = concert, .change = std::move(change)}));
    }
    ConcertView view() { return office.concert({concert}).value(); }
    std::ptrdiff_t count(EventKind kind) {
        std::ptrdiff_t sum = 0;
        for (std::int64_t after = 0;;) {
            const auto events =
                office.call(ListEvents{.room = concert, .after = after, .limit = 1'000}).value();
            if (events.empty()) return sum;
            sum += std::ranges::count(events, kind, &Event::kind);
            after = events.back().number;
        }
    }

    TestClock clock;
    BoxOffice office;
    ConcertId concert;
};

TEST_SUITE_BEGIN("engine: ticks");

TEST_CASE("of more passes than one tick may end all are ended at once") {
    TickedRoom room({.pass_ttl = 1min});
    room.join(1, batch + 88);
    room.tick_all();
    REQUIRE(room.view().admitted == batch + 88);
    room.clock.advance(1min);
    room.tick_all();
    CHECK(room.count(EventKind::pass_expired) == batch + 88);
    CHECK(room.view().admitted == 0);
}

TEST_CASE("of more places than one tick may take all are lost at once") {
    TickedRoom room({.active_max = 1, .no_shows = rule});
    room.join(1, batch + 89);
    room.clock.advance(100s);
    REQUIRE(room.ask(batch + 89) == TokenStatus::waiting);
    room.tick_all();
    REQUIRE(room.view().passed_over == batch + 88);
    room.clock.advance(5min);
    room.tick_all();
    CHECK(room.view().passed_over == 0);
    CHECK(room.view().waiting == 0);
}

TEST_CASE("while a class must be looked at further, nobody of another is passed over") {
    TickedRoom room({.classes = {{"general", 1}, {"fan_club", 1}}, .no_shows = rule});
    room.join(1, batch + 88, "general");
    room.join(1'001, 3, "fan_club");
    room.clock.advance(100s);
    CHECK(room.tick() == 0);
    CHECK(room.view().passed_over == batch);
    room.settle();
    CHECK(room.view().passed_over == batch + 88 + 3);
}

// Those who were passed over before the line was drawn, and came back after it.
void check_back_in_drawn_order(const std::function<bool(std::int64_t)>& comes_back) {
    constexpr int passed = 1'200;
    constexpr int all = 1'800;
    TickedRoom room({.active_max = 1, .no_shows = NoShows{.silent_after = 90s, .grace = 1h}});
    room.join(1, all);
    room.clock.advance(100s);
    REQUIRE(room.ask(passed + 1) == TokenStatus::waiting);
    room.tick_all();
    REQUIRE(room.ask(passed + 1) == TokenStatus::admitted);
    REQUIRE(room.view().passed_over == passed);
    SaleChange change;
    change.patch = RoomPatch{.draw = true};
    change.opens_at = room.office.now() + 1min;
    room.change(change);
    room.clock.advance(1min);
    room.tick_all();  // the room is full: the line is drawn, and nobody is let in
    const DrawView draw = room.office.draw({room.concert}).value();
    REQUIRE(draw.drawn_at);
    const Draw order(draw.seed, draw.lines.at(0).drawn);
    std::vector<std::int64_t> ranks;
    for (int user = 1; user <= passed; ++user) {
        const std::int64_t rank = order.rank_of(user);
        if (!comes_back(rank)) continue;
        ranks.push_back(rank);
        REQUIRE(room.ask(user) == TokenStatus::waiting);
    }
    REQUIRE(ranks.size() > RoomLine::batch);
    REQUIRE(room.office.leave({.concert = room.concert,
                               .user = SmallSale::user(passed + 1),
                               .place = PlaceNumber{passed + 1}}));
    room.tick_all();
    REQUIRE(room.view().admitted == 1);
    const auto admissions = room.office.admissions({.concert = room.concert}).value().admissions;
    REQUIRE(admissions.size() == 1);
    CHECK(order.rank_of(admissions[0].number.sequence()) == std::ranges::min(ranks));
    CHECK(room.office.audit()->clean());
}

TEST_CASE("who was passed over before the draw goes on in the drawn order, wherever that is") {
    SUBCASE("all come back") {
        check_back_in_drawn_order([](std::int64_t) { return true; });
    }
    SUBCASE("all of the front stay away") {
        check_back_in_drawn_order([](std::int64_t rank) { return rank >= batch; });
    }
}

TEST_CASE("a sale that is drained before it has opened lets in nobody before that") {
    TickedRoom room({.active_max = 5});
    SaleChange change;
    change.opens_at = room.office.now() + 1min;
    room.change(change);
    room.join(1, 2);
    change = {};
    change.mode = SaleMode::draining;
    room.change(change);
    CHECK(room.tick() == 0);
    room.clock.advance(1min);
    CHECK(room.tick() == 2);
}

TEST_CASE("a host's policy that fails admits nobody, and the log says why") {
    struct Broken final : AdmissionPolicy {
        std::int64_t quota(const RoomSnapshot&, std::string_view, Time) const override {
            throw std::runtime_error("out of order");
        }
        std::string record(std::string_view, std::int64_t, Time) const override { return ""; }
    };
    std::string logged;
    Options options;
    options.log = [&](LogLevel level, std::string_view text) {
        if (level == LogLevel::error) logged += text;
    };
    options.policies["broken"] = std::make_shared<Broken>();
    for (const auto& [custom, why] : {std::pair<std::string, std::string>{"broken", "out of order"},
                                      {"missing", "it is not among Options::policies"}}) {
        logged.clear();
        TickedRoom room({.custom = custom}, options);
        room.join(1, 1);
        CHECK(room.tick() == 0);
        CHECK(logged == "room policy '" + custom + "' failed, nobody is admitted: " + why);
        CHECK(room.ask(1) == TokenStatus::waiting);
    }
}

TEST_CASE("a policy that is missing admits nobody, also where nobody listens") {
    TickedRoom room({.custom = "missing"});
    room.join(1, 1);
    CHECK(room.tick() == 0);
    CHECK(room.ask(1) == TokenStatus::waiting);
    CHECK_FALSE(room.office.statistics().failed);
}

TEST_SUITE_END();

}  // namespace
}  // namespace concertres::test

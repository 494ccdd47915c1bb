// A Person is one client with what they want and know: says which request comes next, takes what
// was heard, and so goes through a scenario again and again. No socket and no clock: whoever has
// both drives it.
//
//   Person person(scene);
//   person.begin();
//   for (Move move = person.next(); move.kind != Move::Kind::done; move = person.next()) {
//       if (move.kind == Move::Kind::pause) { sleep(move.pause); continue; }
//       Taken taken = person.take(send(person.text()));
//   }
//
// What is shed or fails is asked again, with the same key, when the server says or a second later,
// up to five times; but not what would only have begun the scenario.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/profile.hpp"
#include "load/record.hpp"
#include "load/wire.hpp"

namespace concertres::load {

// What all who take part have in common.
struct Scene {
    std::string host{};  // as the Host field says it
    std::string concert{};
    std::string api_key{};  // empty: none
    Scenario scenario{};
};

struct Move {
    enum class Kind : std::uint8_t {
        ask,    // text() is to be sent
        pause,  // so long
        wait,   // so long, in the line: the turn may never come
        done,   // the scenario is through; outcome() says how. Who does not come at set times comes
                // again after the pause
    };
    Kind kind{};
    std::chrono::milliseconds pause{0};
};

struct Taken {
    Step step{};
    Verdict verdict{};
    std::string_view code;  // until the next call
};

class Person {
  public:
    // Lifetime: the scene outlives it.
    explicit Person(const Scene& scene);

    // Whether all is done that goes before the first time.
    [[nodiscard]] bool prepared() const { return prepared_; }
    // The scenario from its beginning, after what has to go before it where that is not done. With
    // `prepare_only` it ends there.
    void begin(bool prepare_only = false);
    [[nodiscard]] Move next();
    // REQUIRES: the last move was `ask`
    [[nodiscard]] const std::string& text() const { return text_; }
    Taken take(const Heard& heard);
    // REQUIRES: the last move was `done`
    [[nodiscard]] std::string_view outcome() const { return outcome_; }

  private:
    // What a scenario consists of. What there is no need for is passed over.
    enum class Stride : std::uint8_t { join, wait, poll, dates, seats, hold, release, charge, pay };
    struct Seat {
        std::int64_t number = 0;  // 0: none
        std::int64_t price = 0;
    };
    static const std::vector<Stride>& preparation(Scenario scenario);
    static const std::vector<Stride>& loop(Scenario scenario);

    [[nodiscard]] const std::vector<Stride>& path() const;
    [[nodiscard]] bool is_needless(Stride stride) const;
    void go_on();
    void arrive();
    void look_again(Stride from);
    void end(std::string_view outcome);

    void write(Stride stride);
    void compose(std::string_view method, std::string_view target, std::string_view body,
                 std::string_view key);
    void take_good(std::string_view body);
    void take_place(std::string_view body);
    void take_dates(std::string_view body);
    void take_seats(std::string_view body);
    void take_refusal(std::string_view code);
    void take_failure(const Heard& heard, Verdict verdict);
    void choose_seat();
    void become_another();
    [[nodiscard]] std::uint64_t draw(std::uint64_t below);

    const Scene* scene_;
    // --- how far they are
    bool prepared_ = false;
    bool prepare_only_ = false;
    bool preparing_ = false;
    std::size_t at_ = 0;  // in path()
    int tries_ = 0;       // of this request
    int looks_ = 0;       // again at dates or seats, in this scenario
    bool begun_ = false;  // something of this scenario has been answered well
    bool ended_ = false;
    std::chrono::milliseconds pause_{0};  // before the next request

    // --- who they are and what they know
    std::string user_;
    std::string token_;
    bool admitted_ = false;
    std::chrono::milliseconds poll_after_{0};
    std::string performance_;
    std::vector<Seat> free_{};  // some of them
    Seat seat_{};               // the one that is wanted, held or to be paid
    std::string reservation_;
    std::uint64_t keys_ = 0;
    std::uint64_t random_;

    std::string text_;
    std::string code_;
    std::string outcome_;
};

}  // namespace concertres::load

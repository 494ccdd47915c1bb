// When people who wait are told to ask again: who is next asks soon after, whoever else is told.
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// A crowd that has joined between two ticks.
class Crowd {
  public:
    explicit Crowd(RoomPolicy room, std::optional<Duration> opens_in = {}) {
        ConcertDraft draft = SmallSale::draft(50);
        draft.room = std::move(room);
        if (opens_in) draft.opens_at = clock_.wall() + *opens_in;
        concert_ = SmallSale::add(office_, std::move(draft)).concert;
        for (int user = 1; user <= 5'000; ++user) REQUIRE(join(user) == PlaceNumber::of(0, user));
    }

    // Of the one with so many ahead.
    Duration poll_after(std::int64_t ahead) {
        const PlaceView view = office_
                                   .place({.concert = concert_,
                                           .user = SmallSale::user(static_cast<int>(ahead + 1)),
                                           .place = PlaceNumber::of(0, ahead + 1)})
                                   .value();
        REQUIRE(view.ahead == ahead);
        return view.poll_after;
    }
    void change(SaleMode mode) { REQUIRE(office_.change_sale({concert_, {.mode = mode}})); }
    TestClock& clock() { return clock_; }

  private:
    PlaceNumber join(int user) {
        return office_.join({.concert = concert_, .user = SmallSale::user(user)})->number;
    }

    TestClock clock_;
    BoxOffice office_{open_memory({.clock = &clock_}), {.running = Running::by_host}};
    ConcertId concert_{};
};

// As told to whoever is first, and to one with 400 ahead while ten a second are let in.
constexpr Duration soon = 1'500ms;
constexpr Duration later = 3'200ms;

}  // namespace

TEST_CASE("in a room without a limit as many are next as some ticks let in") {
    Crowd crowd({});
    CHECK(crowd.poll_after(0) <= soon);
    CHECK(crowd.poll_after(4'095) <= soon);
    CHECK(crowd.poll_after(4'096) >= 30s);
}

TEST_CASE("in a room with some room left so many are next") {
    Crowd crowd({.active_max = 400});
    CHECK(crowd.poll_after(399) <= soon);
    CHECK(crowd.poll_after(400) >= later);
}

TEST_CASE("where the room goes by a pace, by seats or by classes it is not known who is next") {
    CHECK(Crowd({.window = AdmissionWindow{450, 1s}}).poll_after(400) >= later);
    CHECK(Crowd({.waiting_list = true}).poll_after(400) >= later);
    CHECK(Crowd({.classes = {{"fans", 1}, {"others", 1}}}).poll_after(400) >= later);
}

TEST_CASE("nobody is next while nobody is let in") {
    Crowd paused({});
    paused.change(SaleMode::paused);
    CHECK(paused.poll_after(400) >= later);
    Crowd scheduled({}, 1h);
    CHECK(scheduled.poll_after(400) >= later);
    scheduled.change(SaleMode::draining);
    CHECK(scheduled.poll_after(400) >= later);
    CHECK(scheduled.poll_after(4'999) >= 40s);
}

TEST_CASE("before the sale opens nobody is told to ask long after it") {
    Crowd crowd({.window = AdmissionWindow{1, 1s}}, 10s);
    CHECK(crowd.poll_after(0) <= soon);
    for (const std::int64_t ahead : {2'000, 3'000, 4'999}) {
        CHECK(crowd.poll_after(ahead) <= 10s + 1s + 2'400ms);
    }
    crowd.clock().advance(10s);
    CHECK(crowd.poll_after(4'999) >= 40s);
}

}  // namespace concertres::test

#include "api/gate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

using namespace concertres::server;
using namespace std::chrono_literals;

namespace {

using Asks = Gate::Asks;

// A box office that answers so many a second, in commits of so long, and people who want in, in
// steps of ten milliseconds.
class Office {
  public:
    struct Rush {
        int arrivals = 0;  // a second, of each kind
        Asks what = Asks::to_begin;
    };

    void run(Gate::Clock::duration length, std::vector<Rush> rushes) {
        for (auto left = length; left > 0ms; left -= 10ms) step(rushes);
    }

    int per_second = 1'000;
    int steps_per_commit = 5;
    Gate gate{1s};
    int let_in = 0;
    int turned_away = 0;
    int longest_wait_steps = 0;
    [[nodiscard]] std::size_t inside() const { return waiting_.size(); }

  private:
    struct Waiting {
        Gate::Turn turn;
        int since;
    };

    void step(const std::vector<Rush>& rushes) {
        ++step_;
        now_ += 10ms;
        for (const Rush& rush : rushes) {
            // Fractions of a person come in the steps in which they become whole.
            const int before = rush.arrivals * (step_ - 1) / 100;
            for (int i = before; i < rush.arrivals * step_ / 100; ++i) ask(rush.what);
        }
        if (step_ % steps_per_commit == 0) commit();
        if (step_ % 10 == 0) gate.look(now_);
    }
    void ask(Asks what) {
        if (auto turn = gate.enter(what, now_)) {
            waiting_.push_back({std::move(turn), step_});
            ++let_in;
        } else {
            ++turned_away;
        }
    }
    void commit() {
        for (int i = per_second * steps_per_commit / 100; i > 0 && !waiting_.empty(); --i) {
            longest_wait_steps = std::max(longest_wait_steps, step_ - waiting_.front().since);
            Gate* const office = waiting_.front().turn.release();
            office->leave(now_);
            waiting_.pop_front();
        }
    }

    Gate::Clock::time_point now_ = Gate::Clock::time_point() + 1h;
    int step_ = 0;
    std::deque<Waiting> waiting_;
};

}  // namespace

TEST_CASE("nobody is turned away while the office keeps up") {
    Office office;
    office.run(10s, {{.arrivals = 950}});
    CHECK(office.turned_away == 0);
    CHECK_FALSE(office.gate.figures().limited);
}

TEST_CASE("a burst that is through in time turns nobody away") {
    Office office;
    office.run(5s, {{.arrivals = 10}});
    office.run(10ms, {{.arrivals = 70'000}});
    office.run(5s, {{.arrivals = 10}});
    CHECK(office.turned_away == 0);
}

TEST_CASE("ten times what it can: it works at full speed, and the wait stays short") {
    Office office;
    office.run(1s, {{.arrivals = 100}});
    office.run(4s, {{.arrivals = 10'000}});
    office.let_in = office.turned_away = office.longest_wait_steps = 0;
    office.run(10s, {{.arrivals = 10'000}});
    CHECK(office.let_in >= 9'500);
    CHECK(office.turned_away + office.let_in == 100'000);
    CHECK(office.longest_wait_steps <= 120);
    CHECK(office.gate.figures().limited);
    CHECK(office.gate.figures().turned_away >= office.turned_away);
}

TEST_CASE("when the rush is over, all are let in again") {
    Office office;
    office.run(10s, {{.arrivals = 10'000}});
    office.run(5s, {{.arrivals = 300}});
    CHECK_FALSE(office.gate.figures().limited);
    office.turned_away = 0;
    office.run(5s, {{.arrivals = 900}});
    CHECK(office.turned_away == 0);
}

TEST_CASE("who goes on with a purchase is let in before those who begin one") {
    Office office;
    office.run(5s, {{.arrivals = 10'000}, {.arrivals = 500, .what = Asks::to_go_on}});
    office.turned_away = 0;
    office.run(5s, {{.arrivals = 500, .what = Asks::to_go_on}, {.arrivals = 10'000}});
    const int all_who_begin = 50'000;
    CHECK(office.turned_away <= all_who_begin);
    CHECK(office.turned_away >= all_who_begin - 3'000);
}

TEST_CASE("a storage that stalls lets nobody in, and everybody once it goes on") {
    Office office;
    office.run(5s, {{.arrivals = 80}});
    CHECK(office.turned_away == 0);
    office.per_second = 0;
    office.run(10s, {{.arrivals = 80}});
    CHECK(office.gate.figures().stalls);
    CHECK(office.inside() <= 80 * 3);
    CHECK(office.turned_away >= 80 * 7 - 10);
    office.per_second = 1'000;
    office.run(500ms, {{.arrivals = 80}});
    CHECK_FALSE(office.gate.figures().stalls);
    office.turned_away = 0;
    office.run(5s, {{.arrivals = 80}});
    CHECK(office.turned_away == 0);
}

TEST_CASE("however slow it is, a few may always wait") {
    Office office;
    office.per_second = 20;
    // Those of the first moment, before anybody knew how slow it is, are through by then.
    office.run(300s, {{.arrivals = 10'000}});
    CHECK(office.inside() >= 16);
    CHECK(office.inside() <= 40);
}

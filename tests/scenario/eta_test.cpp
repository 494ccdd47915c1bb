// What people who wait are told about how long it will be, against how long it was: on-sales in
// virtual time, steady and in bursts.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kernel.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// How an on-sale goes, and how good the range is that it is told.
struct OnSale {
    std::string name{};
    RoomPolicy room{};
    int people = 1'200;
    // How long somebody who is in stays.
    std::function<Duration(std::mt19937_64&)> stay{};
    // Half of the ranges for waits of a minute or more are no wider than this, in parts of the
    // wait.
    double width_max = 0;
};

class Watched {
  public:
    explicit Watched(const OnSale& plan) : plan_(plan), kernel_(clock_, 1) {
        Options options;
        options.running = Running::by_host;
        office_ = std::make_unique<BoxOffice>(open_memory({.clock = &clock_}), options);
        ConcertDraft draft = SmallSale::draft(50);
        draft.room = plan.room;
        concert_ = SmallSale::add(*office_, draft).concert;
        kernel_.add(*office_);
        for (int user = 1; user <= plan.people; ++user) {
            office_->submit<Join>({.concert = concert_, .user = SmallSale::user(user)},
                                  [](const Result<PlaceView>&) {});
        }
    }
    ~Watched() { kernel_.remove(*office_); }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    void run(Duration limit) {
        for (Duration at = 1s; at <= limit && left_ < plan_.people; at += 1s) {
            kernel_.run_until(at);
            take_admitted();
            if (at % 7s == 0s) poll();
        }
        REQUIRE(admitted_.size() == static_cast<std::size_t>(plan_.people));
    }

    // Of all ranges that were told, the part that the true wait was in.
    [[nodiscard]] double covered() const {
        const auto right = std::ranges::count_if(told_, [this](const Told& told) {
            const Duration wait = wait_of(told);
            return told.min <= wait && wait <= told.max;
        });
        return static_cast<double>(right) / static_cast<double>(told_.size());
    }
    [[nodiscard]] double median_width() const {
        std::vector<double> widths;
        for (const Told& told : told_) {
            const Duration wait = wait_of(told);
            if (wait < 1min) continue;
            widths.push_back(static_cast<double>((told.max - told.min).count()) /
                             static_cast<double>(wait.count()));
        }
        REQUIRE(widths.size() > 100);
        std::ranges::nth_element(widths, widths.begin() + widths.size() / 2);
        return widths[widths.size() / 2];
    }
    [[nodiscard]] std::size_t told() const { return told_.size(); }
    [[nodiscard]] std::size_t polls() const { return polls_; }

  private:
    struct Told {
        std::int64_t number = 0;
        Time at{};
        Duration min{0};
        Duration max{0};
    };

    [[nodiscard]] Duration wait_of(const Told& told) const {
        return admitted_.at(told.number) - told.at;
    }

    void take_admitted() {
        std::vector<Event> events;
        office_->submit<ListEvents>(
            {.room = concert_, .after = after_, .limit = 1'000},
            [&](Result<std::vector<Event>> page) { events = std::move(page.value()); });
        kernel_.settle();
        for (const Event& event : events) {
            after_ = event.number;
            if (event.kind == EventKind::pass_left) ++left_;
            if (event.kind != EventKind::pass_admitted) continue;
            admitted_[event.place.value] = event.at;
            kernel_.schedule(kernel_.now() + plan_.stay(random_), [this, event] {
                office_->submit<Leave>(
                    {.concert = concert_, .user = event.user, .place = event.place},
                    [](const Result<PlaceView>&) {});
            });
        }
    }

    void poll() {
        for (int number = 1; number <= plan_.people; number += 11) {
            const auto place = office_->place_in_memory(
                {.concert = concert_, .user = SmallSale::user(number), .place = {number}});
            if (!place || place->status != TokenStatus::waiting) continue;
            ++polls_;
            CHECK(place->eta.has_value() == place->eta_min.has_value());
            CHECK(place->eta.has_value() == place->eta_max.has_value());
            if (!place->eta) continue;
            CHECK(*place->eta_min <= *place->eta);
            CHECK(*place->eta <= *place->eta_max);
            told_.push_back({number, place->now, *place->eta_min, *place->eta_max});
        }
    }

    OnSale plan_;
    TestClock clock_;
    Kernel kernel_;
    std::mt19937_64 random_{7};
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
    std::int64_t after_ = 0;
    int left_ = 0;
    std::map<std::int64_t, Time> admitted_;
    std::vector<Told> told_;
    std::size_t polls_ = 0;
};

Duration between(std::mt19937_64& random, Duration least, Duration most) {
    return least + Duration(static_cast<std::int64_t>(
                       random() % static_cast<std::uint64_t>((most - least).count())));
}

std::vector<OnSale> on_sales() {
    const auto some_time = [](std::mt19937_64& random) { return between(random, 20s, 60s); };
    std::vector<OnSale> all;
    all.push_back({.name = "steady, by a window of a second",
                   .room = {.window = AdmissionWindow{2, 1s}},
                   .stay = some_time,
                   .width_max = 0.4});
    all.push_back({.name = "steady, by those who leave",
                   .room = {.active_max = 80},
                   .stay = some_time,
                   .width_max = 1.25});
    all.push_back({.name = "bursts, by a window of a minute",
                   .room = {.window = AdmissionWindow{60, 1min}},
                   .stay = some_time,
                   .width_max = 0.5});
    all.push_back({.name = "bursts, of those who came in together",
                   .room = {.active_max = 50},
                   .stay = [](std::mt19937_64&) { return Duration(40s); },
                   .width_max = 0.5});
    all.push_back({.name = "bursts, by few who stay for long",
                   .room = {.active_max = 30},
                   .stay =
                       [](std::mt19937_64& random) {
                           return random() % 4 == 0 ? between(random, 60s, 2min)
                                                    : between(random, 2s, 10s);
                       },
                   .width_max = 1.5});
    return all;
}

}  // namespace

TEST_SUITE_BEGIN("eta");

TEST_CASE(
    "the true wait lies in the range that was told, at nine polls of ten, and it is not wide") {
    for (const OnSale& plan : on_sales()) {
        CAPTURE(plan.name);
        Watched sale(plan);
        sale.run(2h);
        CHECK(sale.covered() >= 0.9);
        CHECK(sale.median_width() <= plan.width_max);
        // It is no use to be right by saying nothing.
        CHECK(sale.told() * 10 >= sale.polls() * 8);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

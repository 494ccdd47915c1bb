// Several instances over one store, each with threads of its own: together they are one box office.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/small_sale.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// Runs `body(i)` for i in 0..count-1 over `threads` threads that start together.
void race(int count, int threads, const std::function<void(int)>& body) {
    std::latch start(threads);
    std::atomic<int> next{0};
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&] {
            start.arrive_and_wait();
            for (int i = next++; i < count; i = next++) body(i);
        });
    }
    for (auto& thread : running) thread.join();
}

std::string key(int i) { return "key-" + std::to_string(i); }

void wait_until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::sleep_for(5ms);
    }
}

// Three of them, and a sale that all know.
class Instances {
  public:
    explicit Instances(const Backend& backend, const ConcertDraft& draft = SmallSale::draft(),
                       const Options& options = {})
        : folder_(backend) {
        for (auto& office : offices_) {
            office = std::make_unique<BoxOffice>(backend.open(folder_.path(), nullptr), options);
        }
        sale = SmallSale::add(*offices_[0], draft);
        for (auto& office : offices_) {
            wait_until([&] { return office->concert({.concert = sale.concert}).has_value(); });
        }
    }

    [[nodiscard]] BoxOffice& operator[](int i) {
        return *offices_[static_cast<std::size_t>(i) % offices_.size()];
    }
    [[nodiscard]] auto begin() { return offices_.begin(); }
    [[nodiscard]] auto end() { return offices_.end(); }

    void check_clean() {
        const auto report = offices_[1]->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings) {
            FAIL_CHECK(finding.rule, ": ", finding.what);
        }
        for (auto& office : offices_) CHECK_FALSE(office->statistics().failed);
    }

    SmallSale sale;

  private:
    StoreFolder folder_;
    std::array<std::unique_ptr<BoxOffice>, 3> offices_;
};

ConcertDraft draft_with_room(std::int64_t active_max) {
    ConcertDraft draft = SmallSale::draft(100);
    draft.room = RoomPolicy{.active_max = active_max};
    return draft;
}

// At no point of the room's stream more are in than the cap.
void check_cap(BoxOffice& office, const ConcertId& concert, std::int64_t cap) {
    std::int64_t inside = 0;
    std::int64_t admitted = 0;
    for (std::int64_t after = 0;;) {
        const auto events =
            office.call(ListEvents{.room = concert, .after = after, .limit = 1'000});
        REQUIRE(events);
        if (events->empty()) break;
        for (const Event& event : *events) {
            after = event.number;
            if (event.kind == EventKind::pass_admitted) {
                ++admitted;
                ++inside;
            } else if (event.kind == EventKind::pass_left ||
                       event.kind == EventKind::pass_expired) {
                --inside;
            }
            CHECK(inside <= cap);
        }
    }
    CHECK(admitted >= cap);
}

}  // namespace

CONCERTRES_SHARED_BACKEND_TEST(
    "a thousand clients of three instances for one seat give one winner") {
    Instances offices(backend);
    std::atomic<int> won{0};
    std::atomic<int> refused{0};
    race(1'000, 48, [&](int i) {
        const auto held = offices[i].hold({.user = SmallSale::user(i),
                                           .performance = offices.sale.performance(),
                                           .seats = {7},
                                           .key = key(i)});
        if (held) {
            ++won;
        } else if (held.error().code == Errc::seat_held) {
            ++refused;
        }
    });
    CHECK(won == 1);
    CHECK(refused == 999);
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST(
    "of many who want overlapping seats over three instances, no two get the same") {
    Instances offices(backend);
    std::atomic<int> seats_won{0};
    race(300, 24, [&](int i) {
        const SeatNumber first = 1 + (i * 7) % 47;
        const auto held = offices[i].hold({.user = SmallSale::user(i % 100),
                                           .performance = offices.sale.performance(),
                                           .seats = {first, first + 1, first + 2, first + 3},
                                           .key = key(i)});
        if (held) seats_won += static_cast<int>(held->seats.size());
    });
    const auto seats = offices[2].seats({.performance = offices.sale.performance(), .all = true});
    REQUIRE(seats);
    CHECK(std::ranges::count(seats->seats, SeatStatus::held, &SeatView::status) == seats_won);
    CHECK(seats_won > 0);
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST("two hundred payments of one hold over three instances debit once") {
    Instances offices(backend);
    const UserId user = SmallSale::user(1);
    REQUIRE(offices[0].charge({.user = user, .amount = {200'000}, .key = "charge"}));
    const auto held = offices[1].hold(
        {.user = user, .performance = offices.sale.performance(), .seats = {3}, .key = "hold"});
    REQUIRE(held);
    std::atomic<int> paid{0};
    std::atomic<int> replayed{0};
    std::atomic<int> refused{0};
    // Half of them with the same key.
    race(200, 48, [&](int i) {
        const auto payment = offices[i].pay(
            {.user = user, .reservations = {held->id}, .key = i % 2 == 0 ? "pay" : key(i)});
        if (!payment) {
            ++refused;
        } else if (payment->replayed) {
            ++replayed;
        } else {
            ++paid;
        }
    });
    CHECK(paid == 1);
    CHECK(paid + replayed + refused == 200);
    const auto wallet = offices[2].wallet({.user = user});
    REQUIRE(wallet);
    CHECK(wallet->balance == Money{150'000});
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST(
    "charges of one wallet over three instances are all there, each once") {
    Instances offices(backend);
    const UserId user = SmallSale::user(1);
    // Each key is used on every instance.
    race(180, 24, [&](int i) {
        const auto charged = offices[i].charge({.user = user, .amount = {10}, .key = key(i / 3)});
        CHECK(charged);
    });
    const auto wallet = offices[0].wallet({.user = user});
    REQUIRE(wallet);
    CHECK(wallet->balance == Money{600});
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST(
    "sixteen threads that tick on three instances never let in more than the cap") {
    constexpr int cap = 10;
    constexpr int people = 150;
    Instances offices(backend, draft_with_room(cap), {.tick = 20ms});
    std::vector<PlaceNumber> numbers(people);
    race(people, 16, [&](int i) {
        const auto place =
            offices[i].join({.concert = offices.sale.concert, .user = SmallSale::user(i)});
        REQUIRE(place);
        numbers[static_cast<std::size_t>(i)] = place->number;
    });
    // No number was given twice.
    std::vector<PlaceNumber> given = numbers;
    std::ranges::sort(given);
    CHECK(std::ranges::adjacent_find(given) == given.end());
    race(400, 16, [&](int i) {
        if (i % 2 == 0) {
            CHECK(offices[i].tick({.concert = offices.sale.concert}));
            return;
        }
        const int person = (i / 2) % people;
        const auto place =
            offices[i + 1].leave({.concert = offices.sale.concert,
                                  .user = SmallSale::user(person),
                                  .place = numbers[static_cast<std::size_t>(person)]});
        CHECK(place);
    });
    check_cap(offices[0], offices.sale.concert, cap);
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST("a position on one instance is soon that on the others") {
    Instances offices(backend, draft_with_room(1), {.tick = 50ms});
    std::vector<PlaceNumber> numbers;
    for (int i = 0; i < 30; ++i) {
        const auto place =
            offices[i].join({.concert = offices.sale.concert, .user = SmallSale::user(i)});
        REQUIRE(place);
        numbers.push_back(place->number);
    }
    const auto position = [&](BoxOffice& office, int person) {
        const auto place = office.place({.concert = offices.sale.concert,
                                         .user = SmallSale::user(person),
                                         .place = numbers[static_cast<std::size_t>(person)]});
        return place && place->position ? *place->position : -1;
    };
    for (auto& office : offices) {
        wait_until([&] { return position(*office, 0) == 0 && position(*office, 29) == 29; });
    }
    // The one who is in leaves, and all move up.
    REQUIRE(offices[1].leave(
        {.concert = offices.sale.concert, .user = SmallSale::user(0), .place = numbers[0]}));
    for (auto& office : offices) {
        wait_until([&] { return position(*office, 1) == 0 && position(*office, 29) == 28; });
    }
    offices.check_clean();
}

CONCERTRES_SHARED_BACKEND_TEST(
    "holds that nobody pays for are let go of once, whichever instance sweeps") {
    ConcertDraft draft = SmallSale::draft(60);
    draft.hold_ttl = 1s;
    Instances offices(backend, draft, {.tick = 10ms});
    race(60, 12, [&](int i) {
        CHECK(offices[i].hold({.user = SmallSale::user(i),
                               .performance = offices.sale.performance(),
                               .seats = {1 + i},
                               .key = key(i)}));
    });
    const auto expired = [&] {
        const auto events =
            offices[0].call(ListEvents{.performance = offices.sale.performance(), .limit = 1'000});
        REQUIRE(events);
        return std::ranges::count(*events, EventKind::reservation_expired, &Event::kind);
    };
    wait_until([&] { return expired() >= 60; });
    CHECK(expired() == 60);
    for (auto& office : offices) {
        const auto dates = office->dates({.concert = offices.sale.concert});
        REQUIRE(dates);
        CHECK(dates->front().seats_available == 60);
    }
    offices.check_clean();
}

// Real threads, real races: whatever they do to each other, one of them wins and nothing is lost.
#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/best_model.hpp"
#include "support/small_sale.hpp"

using namespace concertres;
using namespace concertres::test;

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

void check_clean(BoxOffice& office) {
    const auto report = office.audit();
    REQUIRE(report);
    for (const Finding& finding : report->findings) INFO(finding.rule, ": ", finding.what);
    CHECK(report->clean());
    CHECK(office.statistics().ledger_imbalance == 0);
}

std::string key(int i) { return "key-" + std::to_string(i); }

}  // namespace

CONCERTRES_BACKEND_TEST("a thousand clients for one seat give one winner") {
    TestStore store(backend);
    BoxOffice office(store.take());
    const SmallSale sale = SmallSale::add(office);
    std::atomic<int> won{0};
    std::atomic<int> refused{0};
    race(1'000, 50, [&](int i) {
        const auto held = office.hold({.user = SmallSale::user(i),
                                       .performance = sale.performance(),
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
    check_clean(office);
}

CONCERTRES_BACKEND_TEST(
    "of many who want overlapping seats, no two get the same and none gets half") {
    TestStore store(backend);
    BoxOffice office(store.take());
    const SmallSale sale = SmallSale::add(office);
    std::atomic<int> seats_won{0};
    race(400, 16, [&](int i) {
        const SeatNumber first = 1 + (i * 7) % 47;
        const auto held = office.hold({.user = SmallSale::user(i),
                                       .performance = sale.performance(),
                                       .seats = {first, first + 1, first + 2, first + 3},
                                       .key = key(i)});
        if (held) seats_won += static_cast<int>(held->seats.size());
    });
    const auto seats = office.seats({.performance = sale.performance(), .all = true});
    REQUIRE(seats);
    const auto held = std::ranges::count(seats->seats, SeatStatus::held, &SeatView::status);
    CHECK(held == seats_won);
    CHECK(seats_won % 4 == 0);
    CHECK(seats_won > 0);
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("of two hundred who race for the best, nobody is refused what there is") {
    TestStore store(backend);
    BoxOffice office(store.take());
    const ConcertDraft draft = SmallSale::draft(200);
    const SmallSale sale = SmallSale::add(office, draft);
    std::atomic<std::size_t> held{0};
    std::atomic<int> refused{0};
    race(200, 16, [&](int i) {
        Hold hold{.user = SmallSale::user(i), .performance = sale.performance(), .key = key(i)};
        hold.best = BestSeats{.count = 1 + i % 4};
        const auto answer = office.hold(hold);
        if (answer) {
            held += answer->seats.size();
        } else if (answer.error().code == Errc::no_seats_match) {
            ++refused;
        }
    });
    // There were single seats to be had to the end, and somebody asked for one to the end.
    CHECK(held == 200);
    CHECK(refused > 0);
    CHECK(check_best_holds(office, sale, draft.seats) == 0);
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("of a crowd that races for an area exactly as many buy as it has seats") {
    TestStore store(backend);
    BoxOffice office(store.take());
    ConcertDraft draft = SmallSale::draft(5);
    add_area(draft.seats, {.section = "Standing", .capacity = 150, .price = SmallSale::price});
    const SmallSale sale = SmallSale::add(office, draft);
    std::atomic<int> bought{0};
    std::atomic<int> refused{0};
    race(200, 16, [&](int i) {
        const UserId user = SmallSale::user(i);
        REQUIRE(office.charge({.user = user, .amount = {200'000}, .key = "charge"}));
        Hold hold{.user = user, .performance = sale.performance(), .key = key(i)};
        hold.areas = {{"Standing", 1 + i % 2}};
        const auto held = office.hold(hold);
        if (!held) {
            CHECK(held.error().code == Errc::no_seats_match);
            ++refused;
            return;
        }
        REQUIRE(office.pay({.user = user, .reservations = {held->id}, .key = key(i)}));
        bought += static_cast<int>(held->seats.size());
    });
    CHECK(bought == 150);
    CHECK(refused > 0);
    const auto seats = office.seats({.performance = sale.performance()});
    REQUIRE(seats);
    CHECK(seats->seats.size() == 5);
    CHECK(seats->areas.at(0).seats == SeatCounts{.sold = 150});
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("two hundred concurrent payments of one reservation debit once") {
    TestStore store(backend);
    BoxOffice office(store.take());
    const SmallSale sale = SmallSale::add(office);
    const UserId user = SmallSale::user(1);
    REQUIRE(office.charge({.user = user, .amount = {1'000'000}, .key = "charge"}));
    const auto held = office.hold(
        {.user = user, .performance = sale.performance(), .seats = {1, 2}, .key = "hold"});
    REQUIRE(held);
    std::atomic<int> paid{0};
    std::atomic<int> replayed{0};
    std::atomic<int> already{0};
    // Half of them with one key, the others each with a key of its own.
    race(200, 16, [&](int i) {
        const auto answer = office.pay(
            {.user = user, .reservations = {held->id}, .key = i % 2 == 0 ? "one-key" : key(i)});
        if (!answer) {
            if (answer.error().code == Errc::already_paid) ++already;
        } else if (answer->replayed) {
            ++replayed;
        } else {
            ++paid;
        }
    });
    CHECK(paid == 1);
    CHECK(paid + replayed + already == 200);
    CHECK(office.wallet({user})->balance == Money{900'000});
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("a thousand concurrent charges sum exactly") {
    TestStore store(backend);
    BoxOffice office(store.take());
    const UserId user = SmallSale::user(1);
    std::int64_t expected = 0;
    for (int i = 0; i < 1'000; ++i) expected += i + 1;
    // Every charge is sent twice with its key, from whichever thread comes to it.
    race(2'000, 16, [&](int i) {
        const int n = i % 1'000;
        const auto charged = office.charge({.user = user, .amount = {n + 1}, .key = key(n)});
        CHECK(charged);
    });
    CHECK(office.wallet({user})->balance == Money{expected});
    CHECK(office.transfers({.user = user, .before = {}, .limit = 1'000})->size() == 1'000);
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("a wallet is never overdrawn by payments that race") {
    TestStore store(backend);
    BoxOffice office(store.take());
    ConcertDraft draft = SmallSale::draft();
    draft.limits = {.per_performance = 50, .per_concert = 50};
    const SmallSale sale = SmallSale::add(office, draft);
    const UserId user = SmallSale::user(1);
    // Enough for three of forty.
    REQUIRE(office.charge({.user = user, .amount = {175'000}, .key = "charge"}));
    std::vector<ReservationId> held;
    for (int i = 0; i < 40; ++i) {
        const auto answer = office.hold(
            {.user = user, .performance = sale.performance(), .seats = {i + 1}, .key = key(i)});
        REQUIRE(answer);
        held.push_back(answer->id);
    }
    std::atomic<int> paid{0};
    std::atomic<int> refused{0};
    race(40, 16, [&](int i) {
        const auto answer = office.pay(
            {.user = user, .reservations = {held[static_cast<std::size_t>(i)]}, .key = key(i)});
        if (answer) {
            ++paid;
        } else if (answer.error().code == Errc::insufficient_balance) {
            ++refused;
        }
    });
    CHECK(paid == 3);
    CHECK(refused == 37);
    CHECK(office.wallet({user})->balance == Money{25'000});
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("sixteen threads that tick never admit one too many") {
    TestStore store(backend);
    // The host's threads tick; its own pulse is out of the way.
    BoxOffice office(store.take(), {.tick = std::chrono::hours(1)});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 10};
    const SmallSale sale = SmallSale::add(office, draft);
    std::vector<PlaceNumber> places(200);
    race(200, 16, [&](int i) {
        places[static_cast<std::size_t>(i)] =
            office.join({.concert = sale.concert, .user = SmallSale::user(i)}).value().number;
    });
    std::atomic<std::int64_t> admitted{0};
    std::atomic<int> left{0};
    race(400, 16, [&](int i) {
        const auto let_in = office.tick({sale.concert});
        REQUIRE(let_in);
        admitted += *let_in;
        // Some of those who are in go again, which frees slots while others tick.
        if (i % 8 == 0) {
            const auto gone = static_cast<std::size_t>(i / 8);
            const auto answer = office.leave({.concert = sale.concert,
                                              .user = SmallSale::user(static_cast<int>(gone)),
                                              .place = places[gone]});
            REQUIRE(answer);
            ++left;
        }
        const auto concert = office.call(GetConcert{sale.concert});
        REQUIRE(concert);
        CHECK(concert->admitted <= 10);
    });
    REQUIRE(office.tick({sale.concert}));
    const auto concert = office.call(GetConcert{sale.concert});
    CHECK(concert->admitted == 10);
    CHECK(left == 50);
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("the same user who joins from many threads has one place") {
    TestStore store(backend);
    BoxOffice office(store.take());
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    const SmallSale sale = SmallSale::add(office, draft);
    std::vector<PlaceNumber> numbers(300);
    std::atomic<int> made{0};
    race(300, 16, [&](int i) {
        const auto place = office.join({.concert = sale.concert, .user = SmallSale::user(i % 3)});
        REQUIRE(place);
        if (place->made) ++made;
        numbers[static_cast<std::size_t>(i)] = place->number;
    });
    CHECK(made == 3);
    for (std::size_t i = 3; i < numbers.size(); ++i) CHECK(numbers[i] == numbers[i % 3]);
    check_clean(office);
}

CONCERTRES_BACKEND_TEST("blocking callers, submitters and pollers together get every answer") {
    TestStore store(backend);
    ConcertDraft draft = SmallSale::draft(500);
    draft.room = RoomPolicy{};
    std::atomic<int> answered{0};
    {
        BoxOffice office(store.take(), {.tick = std::chrono::milliseconds(1)});
        const SmallSale sale = SmallSale::add(office, draft);
        race(600, 12, [&](int i) {
            const UserId user = SmallSale::user(i);
            const auto place = office.join({.concert = sale.concert, .user = user});
            REQUIRE(place);
            if (i % 3 == 0) {
                office.submit<Charge>({.user = user, .amount = {1}, .key = "c"},
                                      [&](AnswerTo<Charge> charged) {
                                          if (charged) ++answered;
                                      });
            } else if (i % 3 == 1) {
                if (office.place({sale.concert, user, place->number, {}})) ++answered;
            } else {
                if (office.seats({.performance = sale.performance()})) ++answered;
            }
        });
        check_clean(office);
    }
    // The destructor has answered what was submitted.
    CHECK(answered == 600);
}

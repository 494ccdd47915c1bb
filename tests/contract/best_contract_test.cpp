// The best seats, on every backend: many who ask at once, and what has happened to the seats before
// and meanwhile.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/best_model.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// A box office that its test steps.
struct Stepped {
    explicit Stepped(const Backend& backend, ConcertDraft with, Options options = {})
        : draft(std::move(with)), store(backend, &clock) {
        options.running = Running::by_host;
        options.tick = 1h;
        office.emplace(store.take(), options);
        sale = SmallSale::add(*office, draft);
    }
    void settle() {
        while (office->step()) {
        }
    }
    Hold best(int user, std::int32_t count) const {
        return {.user = SmallSale::user(user),
                .performance = sale.performance(),
                .key = "best-" + std::to_string(user),
                .best = BestSeats{.count = count}};
    }
    Hold seats(int user, std::vector<SeatNumber> numbers) const {
        return {.user = SmallSale::user(user),
                .performance = sale.performance(),
                .seats = std::move(numbers),
                .key = "seats-" + std::to_string(user)};
    }
    std::vector<SeatNumber> taken(const Hold& hold) {
        const auto held = office->hold(hold);
        REQUIRE(held);
        std::vector<SeatNumber> numbers;
        for (const SeatPrice& seat : held->seats) numbers.push_back(seat.number);
        return numbers;
    }

    ConcertDraft draft;
    TestClock clock;
    TestStore store;
    std::optional<BoxOffice> office;
    SmallSale sale;
};

using Numbers = std::vector<SeatNumber>;

}  // namespace

CONCERTRES_BACKEND_TEST(
    "two hundred who ask at once for the best get what one after another would") {
    Stepped at(backend, SmallSale::draft(200));
    std::vector<std::optional<AnswerTo<Hold>>> answers(200);
    for (int i = 0; i < 200; ++i) {
        at.office->submit<Hold>(at.best(i, 1 + i % 4), [&answers, i](AnswerTo<Hold> answer) {
            answers[static_cast<std::size_t>(i)].emplace(std::move(answer));
        });
    }
    at.settle();
    const std::size_t left = check_best_holds(*at.office, at.sale, at.draft.seats);
    CHECK(left == 0);
    std::size_t held = 0;
    for (const auto& answer : answers) {
        REQUIRE(answer);
        if (*answer) {
            held += (*answer)->seats.size();
        } else {
            CHECK((*answer).error().code == Errc::no_seats_match);
        }
    }
    CHECK(held == 200);
    // Nearly all of them were decided in the group in which they came.
    CHECK(at.office->statistics().groups <= 20);
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST("nobody is refused the best while there are enough free seats") {
    Stepped at(backend, SmallSale::draft(200));
    int held = 0;
    // 80 times 1 to 4 is 200 seats, and not one more: the last ones may have to sit apart.
    for (int i = 0; i < 80; ++i) {
        at.office->submit<Hold>(at.best(i, 1 + i % 4), [&held](const AnswerTo<Hold>& answer) {
            if (answer) ++held;
        });
    }
    at.settle();
    CHECK(held == 80);
    CHECK(check_best_holds(*at.office, at.sale, at.draft.seats) == 0);
}

CONCERTRES_BACKEND_TEST("the best is asked for in one group with others who name the same seats") {
    Stepped at(backend, SmallSale::draft(30));
    const Numbers front = at.taken(at.best(1, 2));
    CHECK(front == Numbers{5, 6});
    int named = 0;
    int best = 0;
    // Those who name a seat may come too late for it; for the best there are enough to the end.
    for (int i = 11; i < 20; ++i) {
        at.office->submit<Hold>(at.seats(i, {i}), [&named](const AnswerTo<Hold>& answer) {
            if (answer) {
                ++named;
            } else {
                CHECK(answer.error().code == Errc::seat_held);
            }
        });
        at.office->submit<Hold>(at.best(i, 2), [&best](const AnswerTo<Hold>& answer) {
            if (answer) ++best;
        });
    }
    at.settle();
    CHECK(named > 0);
    CHECK(best == 9);
    CHECK(at.office->seats({.performance = at.sale.performance()})->seats.size() ==
          static_cast<std::size_t>(30 - 2 - named - 2 * best));
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST("what somebody would be proposed who may not hold is left to the others") {
    ConcertDraft draft = SmallSale::draft(10);
    draft.room = RoomPolicy{.active_max = 1};
    Stepped at(backend, std::move(draft));
    const auto join = [&](int user) {
        return at.office->join({.concert = at.sale.concert, .user = SmallSale::user(user)})->number;
    };
    const PlaceNumber first = join(1);
    const PlaceNumber second = join(2);
    REQUIRE(at.office->call(Tick{at.sale.concert}).value() == 1);
    std::vector<std::string> answers;
    for (const auto& [user, place] : {std::pair{2, second}, {1, first}, {3, PlaceNumber{}}}) {
        Hold hold = at.best(user, 4);
        hold.place = place;
        at.office->submit<Hold>(std::move(hold), [&answers](const AnswerTo<Hold>& answer) {
            answers.push_back(answer ? std::to_string(answer->seats.front().number)
                                     : std::string(code_name(answer.error().code)));
        });
    }
    at.settle();
    CHECK(answers == std::vector<std::string>{"not_admitted", "4", "not_admitted"});
}

CONCERTRES_BACKEND_TEST("a hold past its deadline is free to whoever takes the best") {
    // Nobody tidies up: the deadline alone frees the seats.
    Stepped at(backend, SmallSale::draft(10), {.sweeps = false});
    CHECK(at.taken(at.best(1, 4)) == Numbers{4, 5, 6, 7});
    CHECK(at.taken(at.best(2, 3)) == Numbers{1, 2, 3});
    const auto refused = at.office->hold(at.best(3, 4));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_seats_match);
    at.clock.advance(5min - 1us);
    CHECK_FALSE(at.office->hold(at.best(4, 4)));
    at.clock.advance(1us);
    CHECK(at.taken(at.best(5, 4)) == Numbers{4, 5, 6, 7});
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST("what is released, or put back on sale, is the best again") {
    Stepped at(backend, SmallSale::draft(10));
    const auto held = at.office->hold(at.best(1, 2));
    REQUIRE(held);
    CHECK(at.taken(at.best(2, 1)) == Numbers{4});
    REQUIRE(at.office->release({.user = SmallSale::user(1), .reservation = held->id}));
    CHECK(at.taken(at.best(3, 2)) == Numbers{5, 6});
    // Beside them 4 is held; of 1, 2 and 3 one would be left alone.
    REQUIRE(at.office->block_seats({.performance = at.sale.performance(), .seats = {7, 8}}));
    CHECK(at.taken(at.best(4, 2)) == Numbers{9, 10});
    REQUIRE(at.office->block_seats(
        {.performance = at.sale.performance(), .seats = {7, 8}, .blocked = false}));
    CHECK(at.taken(at.best(5, 2)) == Numbers{7, 8});
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST("the best is known again after the store was opened anew") {
    if (!backend.lasts) return;
    Stepped at(backend, SmallSale::draft(10));
    CHECK(at.taken(at.best(1, 2)) == Numbers{5, 6});
    CHECK(at.taken(at.seats(2, {4})) == Numbers{4});
    at.office.reset();
    at.office.emplace(at.store.open(), Options{.running = Running::by_host});
    CHECK(at.taken(at.best(3, 3)) == Numbers{1, 2, 3});
    // The key is that of before: the same seats, whatever would be the best now.
    CHECK(at.taken(at.best(1, 2)) == Numbers{5, 6});
}

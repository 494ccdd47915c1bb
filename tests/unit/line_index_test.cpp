#include "engine/line_index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "engine/counted_set.hpp"

using namespace concertres;

TEST_CASE("an empty line has nobody ahead of anybody") {
    const LineIndex line;
    CHECK(line.size() == 0);
    CHECK(line.ahead_of({1}) == 0);
    CHECK(!line.contains({1}));
}

TEST_CASE("adding twice and removing who is not there changes nothing") {
    LineIndex line;
    line.add({5});
    line.add({5});
    line.remove({6});
    CHECK(line.size() == 1);
    line.remove({5});
    line.remove({5});
    CHECK(line.size() == 0);
}

TEST_CASE("all are ahead of a number far behind, and below one that no set has room for yet") {
    CountedSet numbers;
    CHECK(numbers.below(7) == 0);
    for (const std::int64_t number : {3, 5, 900}) CHECK(numbers.set(number, true));
    CHECK(numbers.below(5) == 1);
    CHECK(numbers.below(10'000'000) == 3);
}

TEST_CASE("people ahead are exactly the smaller numbers that wait, over any mixture of changes") {
    std::mt19937_64 random(7);
    LineIndex line;
    std::set<std::int64_t> model;
    for (int step = 0; step < 20'000; ++step) {
        const auto number = static_cast<std::int64_t>(random() % 5'000);
        if (random() % 3 != 0) {
            line.add({number});
            model.insert(number);
        } else {
            line.remove({number});
            model.erase(number);
        }
        if (step % 50 != 0) continue;
        const auto asked = static_cast<std::int64_t>(random() % 6'000);
        const auto ahead = std::distance(model.begin(), model.lower_bound(asked));
        REQUIRE(line.ahead_of({asked}) == ahead);
        REQUIRE(line.contains({asked}) == model.contains(asked));
        REQUIRE(line.size() == static_cast<std::int64_t>(model.size()));
    }
}

TEST_CASE("a number that waits is its owner's, and that is forgotten when it waits no more") {
    LineIndex line;
    for (std::int64_t i = 1; i <= 5'000; ++i) {
        line.add(PlaceNumber::of(0, i), static_cast<LineIndex::Owner>(i));
        line.add(PlaceNumber::of(1, i), static_cast<LineIndex::Owner>(i + 10'000));
    }
    for (std::int64_t i = 1; i <= 5'000; i += i % 512 < 400 ? 1 : 2) line.remove({i});
    for (std::int64_t i = 1; i <= 5'000; ++i) {
        if (line.contains({i})) REQUIRE(line.owner_of({i}) == i);
        REQUIRE(line.owner_of(PlaceNumber::of(1, i)) == i + 10'000);
    }
    line.remove({5'000});
    line.add({5'000}, 7);
    CHECK(line.owner_of({5'000}) == 7);
}

TEST_CASE("a later epoch queues behind every earlier one") {
    LineIndex line;
    for (std::int64_t i = 1; i <= 1'000; ++i) line.add(PlaceNumber::of(0, i));
    line.add(PlaceNumber::of(2, 1));
    line.add(PlaceNumber::of(2, 9));
    CHECK(line.ahead_of(PlaceNumber::of(0, 500)) == 499);
    CHECK(line.ahead_of(PlaceNumber::of(1, 1)) == 1'000);
    CHECK(line.ahead_of(PlaceNumber::of(2, 9)) == 1'001);
}

// --- A line that was drawn -----------------------------------------------------------------------

namespace {

constexpr DrawSeed seed{4, 2};

// Who is ahead of whom, counted by hand: those who were drawn by their ranks, then the others.
class DrawnLine {
  public:
    DrawnLine(std::int64_t size, std::int64_t epoch) : drawn_{.epoch = epoch, .size = size} {
        const Draw order(seed, size);
        for (std::int64_t sequence = 1; sequence <= size; ++sequence) {
            ranks_[PlaceNumber::of(epoch, sequence)] = order.rank_of(sequence);
        }
    }
    [[nodiscard]] const Drawn& drawn() const { return drawn_; }
    void add(PlaceNumber number) { waiting_.insert(number); }
    void remove(PlaceNumber number) { waiting_.erase(number); }
    [[nodiscard]] std::int64_t ahead_of(PlaceNumber number) const {
        return std::count_if(waiting_.begin(), waiting_.end(),
                             [&](PlaceNumber other) { return standing(other) < standing(number); });
    }
    [[nodiscard]] const std::set<PlaceNumber>& waiting() const { return waiting_; }

  private:
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> standing(PlaceNumber number) const {
        const auto drawn = ranks_.find(number);
        return drawn == ranks_.end() ? std::pair(std::int64_t{1}, number.value)
                                     : std::pair(std::int64_t{0}, drawn->second);
    }

    Drawn drawn_;
    std::map<PlaceNumber, std::int64_t> ranks_;
    std::set<PlaceNumber> waiting_;
};

void check_same(const LineIndex& line, const DrawnLine& model, std::int64_t epoch) {
    REQUIRE(line.size() == static_cast<std::int64_t>(model.waiting().size()));
    for (std::int64_t sequence = 1; sequence <= model.drawn().size + 40; sequence += 3) {
        const PlaceNumber number = PlaceNumber::of(epoch, sequence);
        CAPTURE(sequence);
        REQUIRE(line.ahead_of(number) == model.ahead_of(number));
        REQUIRE(line.contains(number) == model.waiting().contains(number));
    }
}

}  // namespace

TEST_CASE("in a line that was drawn positions are by rank, and later arrivals behind all of it") {
    std::mt19937_64 random(9);
    for (const std::int64_t size : {1, 5, 63, 64, 65, 511, 512, 600}) {
        // Few left before the draw, or most of them: it is built from the smaller side.
        for (const std::uint64_t of_ten_leave : {0u, 1u, 9u, 10u}) {
            CAPTURE(size);
            CAPTURE(of_ten_leave);
            DrawnLine model(size, 1);
            LineIndex line;
            const auto number = [](std::int64_t sequence) { return PlaceNumber::of(1, sequence); };
            for (std::int64_t i = 1; i <= size; ++i) {
                line.add(number(i));
                model.add(number(i));
            }
            for (std::int64_t i = 1; i <= size; ++i) {
                if (random() % 10 >= of_ten_leave) continue;
                line.remove(number(i));
                model.remove(number(i));
            }
            line.draw(seed, model.drawn());
            check_same(line, model, 1);
            // Others come, some leave, the first are let in; and what is told twice does no harm.
            for (std::int64_t i = 1; i <= 40; ++i) {
                line.add(number(size + i));
                model.add(number(size + i));
            }
            for (std::int64_t i = 1; i <= size + 20; i += 2) {
                line.remove(number(i));
                model.remove(number(i));
                line.remove(number(i));
            }
            line.draw(seed, model.drawn());
            check_same(line, model, 1);
        }
    }
}

TEST_CASE("a drawn line is the same when it is built anew from who waits, before or after") {
    DrawnLine model(300, 0);
    LineIndex before;
    LineIndex after;
    before.draw(seed, model.drawn());
    for (std::int64_t i = 1; i <= 340; ++i) {
        if (i % 7 == 3) continue;
        const PlaceNumber number{i};
        model.add(number);
        before.add(number);
        after.add(number);
    }
    after.draw(seed, model.drawn());
    check_same(before, model, 0);
    check_same(after, model, 0);
}

TEST_CASE("who has a number of an earlier epoch is ahead of all who were drawn") {
    DrawnLine model(20, 1);
    LineIndex line;
    for (std::int64_t i = 1; i <= 10; ++i) line.add(PlaceNumber::of(0, i));
    for (std::int64_t i = 1; i <= 20; ++i) {
        line.add(PlaceNumber::of(1, i));
        model.add(PlaceNumber::of(1, i));
    }
    line.draw(seed, model.drawn());
    line.add(PlaceNumber::of(1, 21));
    line.remove(PlaceNumber::of(0, 3));
    CHECK(line.ahead_of(PlaceNumber::of(0, 5)) == 3);
    for (std::int64_t i = 1; i <= 20; ++i) {
        const auto number = PlaceNumber::of(1, i);
        CHECK(line.ahead_of(number) == 9 + model.ahead_of(number));
    }
    CHECK(line.ahead_of(PlaceNumber::of(1, 21)) == 29);
}

TEST_CASE("a draw of nobody leaves the line as it comes") {
    LineIndex line;
    line.draw(seed, {});
    line.add({1});
    line.add({2});
    CHECK(line.ahead_of({2}) == 1);
}

TEST_CASE("positions count within a class, and each class is drawn for itself") {
    const auto number = [](LineClass line_class, std::int64_t epoch, std::int64_t sequence) {
        return PlaceNumber::of({line_class, epoch, sequence});
    };
    LineIndex line;
    for (std::int64_t i = 1; i <= 1'000; ++i) line.add(number(0, 0, i), 1);
    for (std::int64_t i = 1; i <= 30; ++i) line.add(number(3, 0, i), 2);
    line.add(number(3, 1, 1), 3);
    line.add(number(15, 0, 1), 4);
    CHECK(line.size() == 1'032);
    CHECK(line.size(0) == 1'000);
    CHECK(line.size(1) == 0);
    CHECK(line.size(3) == 31);
    CHECK(line.size(15) == 1);
    CHECK(line.ahead_of(number(0, 0, 501)) == 500);
    CHECK(line.ahead_of(number(3, 0, 1)) == 0);
    CHECK(line.ahead_of(number(3, 1, 1)) == 30);
    CHECK(line.ahead_of(number(15, 0, 1)) == 0);
    CHECK(line.ahead_of(number(7, 0, 9)) == 0);
    CHECK(line.owner_of(number(3, 0, 7)) == 2);
    line.remove(number(3, 0, 4));
    CHECK(line.size(3) == 30);
    CHECK_FALSE(line.contains(number(3, 0, 4)));
    CHECK(line.contains(number(0, 0, 4)));

    const Drawn drawn{.line_class = 3, .epoch = 0, .size = 30};
    line.draw(seed, drawn);
    CHECK(line.is_drawn(3));
    CHECK_FALSE(line.is_drawn(0));
    const Draw order(seed, drawn);
    const std::int64_t gone = order.rank_of(4);
    for (std::int64_t i = 1; i <= 30; ++i) {
        if (i == 4) continue;
        const std::int64_t rank = order.rank_of(i);
        CHECK(line.ahead_of(number(3, 0, i)) == (rank > gone ? rank - 1 : rank));
    }
    CHECK(line.ahead_of(number(3, 1, 1)) == 29);
    CHECK(line.ahead_of(number(0, 0, 501)) == 500);
}

TEST_CASE("when somebody was heard of is kept to the second, never earlier than it was") {
    using namespace std::chrono_literals;
    const Time t0 = Time(1'800'000'000s);
    LineIndex line;
    line.add({7}, 1, t0 + 300ms);
    CHECK(line.heard({7}) == t0 + 1s);
    line.hear({7}, t0 + 5s);
    CHECK(line.heard({7}) == t0 + 5s);
    // Two who ask at once may come in the other order; adding again is no word of the user's.
    line.hear({7}, t0 + 4s);
    line.add({7}, 1, t0 + 9s);
    CHECK(line.heard({7}) == t0 + 5s);
    line.remove({7});
    line.add({7}, 1, t0 + 2s);
    CHECK(line.heard({7}) == t0 + 2s);
}

TEST_CASE("people of one class stand by epoch, then by lot where they were drawn, then by number") {
    const Drawn drawn{.line_class = 0, .epoch = 1, .size = 3};
    const DrawSeed other_seed{5};
    const Draw order(other_seed, drawn);
    LineIndex line;
    for (std::int64_t i = 1; i <= 4; ++i) line.add(PlaceNumber::of(1, i));
    line.add(PlaceNumber::of(0, 9));
    line.draw(other_seed, drawn);
    std::vector<PlaceNumber> expected{PlaceNumber::of(0, 9)};
    for (std::int64_t rank = 0; rank < 3; ++rank) {
        expected.push_back(PlaceNumber::of(1, order.sequence_at(rank)));
    }
    expected.push_back(PlaceNumber::of(1, 4));
    for (std::size_t i = 0; i + 1 < expected.size(); ++i) {
        CHECK(line.standing_of(expected[i]) < line.standing_of(expected[i + 1]));
        CHECK(line.ahead_of(expected[i]) == static_cast<std::int64_t>(i));
    }
}

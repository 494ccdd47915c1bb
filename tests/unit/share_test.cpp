// How admissions are shared among classes: by weight, to within one person, and nobody starves.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "concertres/admission.hpp"

using namespace concertres;

namespace {

using Demands = std::vector<ClassDemand>;
using Counts = std::vector<std::int64_t>;

// Classes in which enough people wait, by weight.
Demands crowded(const std::vector<std::int64_t>& weights) {
    Demands demands;
    for (const std::int64_t weight : weights) demands.push_back({weight, 100'000, false});
    return demands;
}

std::int64_t sum(const Counts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

// The classes in the order in which they are let in, one at a time.
std::string order_of(const Demands& demands, int admissions) {
    std::string order;
    std::string state;
    for (int i = 0; i < admissions; ++i) {
        const ClassShares shares = share_out(1, demands, state);
        REQUIRE(sum(shares.admitted) == 1);
        const auto next = std::ranges::find(shares.admitted, 1) - shares.admitted.begin();
        order += static_cast<char>('a' + next);
        state = shares.state;
    }
    return order;
}

// How far a class is from its share, in persons of which each has `total` parts.
std::int64_t parts_off(const Counts& admitted, const Demands& demands, std::size_t i) {
    std::int64_t total = 0;
    for (const ClassDemand& each : demands) total += each.weight;
    return admitted[i] * total - sum(admitted) * demands[i].weight;
}

}  // namespace

TEST_CASE("classes are let in by turns, as their weights say") {
    CHECK(order_of(crowded({1, 1}), 8) == "abababab");
    CHECK(order_of(crowded({3, 1}), 8) == "aaabaaab");
    CHECK(order_of(crowded({1, 3}), 8) == "bbabbbab");
    CHECK(order_of(crowded({1, 1, 1}), 6) == "abcabc");
    // The heavy one does not take its whole share at once: half of those who come are others.
    CHECK(order_of(crowded({4, 1, 1, 1, 1}), 8) == "abacadae");
}

TEST_CASE("one class alone has every admission, and nothing is remembered") {
    const ClassShares all = share_out(7, Demands{{5, 9, true}}, "");
    CHECK(all.admitted == Counts{7});
    CHECK(all.state.empty());
    CHECK(share_out(7, Demands{{5, 3, false}}, "").admitted == Counts{3});
    CHECK(share_out(-1, Demands{{5, 3, false}}, "").admitted == Counts{0});
}

TEST_CASE("a class has no more admissions than there are seats for it") {
    // Two seats for the second alone, three in common.
    Demands demands = crowded({1, 1});
    demands[0].own_seats = 0;
    demands[1].own_seats = 2;
    CHECK(share_out(100, demands, "", 3).admitted == Counts{3, 2});
    CHECK(share_out(100, demands, "", 0).admitted == Counts{0, 2});
    CHECK(share_out(3, demands, "", 3).admitted == Counts{2, 1});
    demands[1].own_seats = 0;
    CHECK(share_out(100, demands, "", 0).admitted == Counts{0, 0});
    CHECK(share_out(100, demands, "", 3).admitted == Counts{2, 1});
    // One class alone.
    CHECK(share_out(100, Demands{{1, 50, false, 2}}, "", 3).admitted == Counts{5});
    CHECK(share_out(100, Demands{{1, 50, false, 2}}, "").admitted == Counts{50});
}

TEST_CASE("a class without a seat leaves its turns to the others, and saves nothing up") {
    Demands demands = crowded({1, 1});
    demands[0].own_seats = 0;
    ClassShares shares = share_out(10, demands, "", 0);
    CHECK(shares.admitted == Counts{0, 10});
    demands[0].own_seats = INT64_MAX;
    shares = share_out(10, demands, shares.state);
    CHECK(shares.admitted == Counts{5, 5});
}

TEST_CASE("nothing to give out changes nothing") {
    const std::string state = share_out(3, crowded({2, 5}), "").state;
    for (const std::int64_t total : {std::int64_t{0}, std::int64_t{-5}, INT64_MIN}) {
        const ClassShares none = share_out(total, crowded({2, 5}), state);
        CHECK(none.admitted == Counts{0, 0});
        CHECK(none.state == state);
    }
}

TEST_CASE("who is let in does not depend on how many are let in at once") {
    const Demands demands = crowded({7, 2, 2, 1});
    const Counts at_once = share_out(100, demands, "").admitted;
    Counts by_turns(4);
    std::string state;
    for (const std::int64_t total : {1, 9, 0, 30, 2, 58}) {
        const ClassShares shares = share_out(total, demands, state);
        for (std::size_t i = 0; i < 4; ++i) by_turns[i] += shares.admitted[i];
        state = shares.state;
    }
    CHECK(by_turns == at_once);
}

TEST_CASE("a class in which nobody waits leaves its share to the others, and saves nothing up") {
    Demands demands = crowded({1, 1});
    demands[1].waiting = 0;
    const ClassShares alone = share_out(1'000, demands, "");
    CHECK(alone.admitted == Counts{1'000, 0});
    const ClassShares both = share_out(10, crowded({1, 1}), alone.state);
    CHECK(both.admitted == Counts{5, 5});
}

TEST_CASE("what a class that runs out had left goes to the others at once") {
    const Demands demands = {{8, 3, false}, {1, 100, false}, {1, 2, false}};
    CHECK(share_out(50, demands, "").admitted == Counts{3, 45, 2});
    CHECK(share_out(500, demands, "").admitted == Counts{3, 100, 2});
}

TEST_CASE("nobody goes on when it is the turn of one who was not looked at") {
    // Of the first class more wait than were looked at: its share is not the second's.
    const Demands demands = {{1, 2, true}, {1, 100, false}};
    const ClassShares shares = share_out(50, demands, "");
    CHECK(shares.admitted == Counts{2, 2});
    const ClassShares further = share_out(4, crowded({1, 1}), shares.state);
    CHECK(further.admitted == Counts{2, 2});
    CHECK(share_out(5, Demands{{1, 0, true}, {9, 0, true}}, "").admitted == Counts{0, 0});
}

TEST_CASE("while the same classes wait, each has its share at every moment, to within one person") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        const std::size_t classes = 2 + random() % (RoomClass::count_max - 1);
        std::vector<std::int64_t> weights;
        for (std::size_t i = 0; i < classes; ++i) {
            const std::int64_t most = random() % 3 == 0 ? RoomClass::weight_max : 9;
            weights.push_back(1 + static_cast<std::int64_t>(random()) % most);
            weights.back() = std::max<std::int64_t>(weights.back(), 1);
        }
        const Demands demands = crowded(weights);
        const std::int64_t total = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
        Counts admitted(classes);
        std::string state;
        for (int i = 0; i < 300; ++i) {
            const ClassShares shares = share_out(1, demands, state);
            state = shares.state;
            for (std::size_t c = 0; c < classes; ++c) admitted[c] += shares.admitted[c];
            for (std::size_t c = 0; c < classes; ++c) {
                REQUIRE(std::abs(parts_off(admitted, demands, c)) < total);
            }
        }
    }
}

TEST_CASE("whatever came before, a stretch in which the same classes wait is shared within three") {
    std::mt19937_64 random(11);
    std::string state;
    for (int stretch = 0; stretch < 400; ++stretch) {
        Demands demands = crowded({5, 1, 3, 40, 1});
        for (ClassDemand& each : demands) {
            if (random() % 3 == 0) each.waiting = 0;
        }
        if (random() % 2 == 0) demands[random() % 5].weight = 1 + static_cast<int>(random() % 60);
        Demands who_wait = demands;
        std::erase_if(who_wait, [](const ClassDemand& each) { return each.waiting == 0; });
        if (who_wait.empty()) continue;
        Counts admitted(who_wait.size());
        for (std::size_t i = 0; i < 40; ++i) {
            const ClassShares shares = share_out(1, demands, state);
            REQUIRE(sum(shares.admitted) == 1);
            state = shares.state;
            std::size_t at = 0;
            for (std::size_t c = 0; c < demands.size(); ++c) {
                if (demands[c].waiting > 0) admitted[at++] += shares.admitted[c];
            }
        }
        std::int64_t total = 0;
        for (const ClassDemand& each : who_wait) total += each.weight;
        for (std::size_t c = 0; c < who_wait.size(); ++c) {
            CAPTURE(stretch);
            CHECK(parts_off(admitted, who_wait, c) < 2 * total);
            // One that is behind others when they come, or leave, is behind for so long only.
            CHECK(parts_off(admitted, who_wait, c) > -3 * total);
        }
    }
}

TEST_CASE("nobody starves while others come and go") {
    std::mt19937_64 random(3);
    for (int round = 0; round < 20; ++round) {
        // The first class has a person who waits all the time, and the least weight.
        std::string state;
        int waited = 0;
        int longest = 0;
        for (int i = 0; i < 5'000; ++i) {
            Demands demands = {{1, 1, false}};
            for (int c = 0; c < 4; ++c) {
                demands.push_back({25, static_cast<std::int64_t>(random() % 2), false});
            }
            const ClassShares shares = share_out(1, demands, state);
            state = shares.state;
            waited = shares.admitted[0] == 1 ? 0 : waited + 1;
            longest = std::max(longest, waited);
        }
        CHECK(longest <= 110);
    }
}

TEST_CASE("a class is no better off whose people come one at a time") {
    // The second class has one person each time, in the moment after the last was let in.
    std::string state;
    Counts admitted(2);
    for (int i = 0; i < 1'000; ++i) {
        const ClassShares shares = share_out(1, Demands{{1, 500, false}, {1, 1, false}}, state);
        state = shares.state;
        for (std::size_t c = 0; c < 2; ++c) admitted[c] += shares.admitted[c];
        if (shares.admitted[1] == 0) continue;
        // It is empty for a moment, in which nobody is let in.
        CHECK(share_out(0, Demands{{1, 500, false}, {1, 0, false}}, state).state == state);
    }
    CHECK(admitted == Counts{500, 500});
}

TEST_CASE("weights may change, and classes be added, while people wait") {
    std::string state = share_out(101, crowded({1, 1}), "").state;
    const ClassShares heavier = share_out(40, crowded({1, 3}), state);
    CHECK(std::abs(heavier.admitted[1] - 30) <= 1);
    const ClassShares three = share_out(60, crowded({1, 3, 2}), heavier.state);
    CHECK(std::abs(three.admitted[0] - 10) <= 1);
    CHECK(std::abs(three.admitted[1] - 30) <= 1);
    CHECK(std::abs(three.admitted[2] - 20) <= 1);
}

TEST_CASE("a state that cannot be read begins anew, and lets in no more than may be") {
    const Demands demands = crowded({2, 1});
    const Counts fresh = share_out(9, demands, "").admitted;
    using namespace std::string_literals;
    for (const std::string& state :
         {"W\1"s, "S"s, "S\0"s, "S\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, "S\1\x80"s,
          "S\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s}) {
        CHECK(share_out(9, demands, state).admitted == fresh);
    }
    // Numbers that no call has written overflow nothing.
    const std::string wild =
        "S\3\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xfe\xff\xff\xff\xff\xff\xff\xff\x7f";
    CHECK(sum(share_out(1'000, demands, wild).admitted) == 1'000);
}

TEST_CASE("the state of many classes takes few bytes") {
    std::vector<std::int64_t> weights(RoomClass::count_max, RoomClass::weight_max);
    CHECK(share_out(123, crowded(weights), "").state.size() <= 120);
    CHECK(share_out(7, crowded({3, 1}), "").state.size() <= 16);
}

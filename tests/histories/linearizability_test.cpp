// The checker on histories small enough to be judged by hand.
#include "histories/linearizability.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

using namespace concertres::test;

namespace {

// A number that is written and read.
struct Access {
    Span span;
    bool writes = false;
    std::int64_t value = 0;
};
class Register final : public Model {
  public:
    explicit Register(std::vector<Access> accesses) : accesses_(std::move(accesses)) {}

    [[nodiscard]] State start() const override { return {0}; }
    [[nodiscard]] bool step(State& state, std::size_t call) const override {
        const Access& access = accesses_[call];
        if (access.writes) state[0] = access.value;
        return state[0] == access.value;
    }
    [[nodiscard]] bool only_tells(std::size_t call) const override {
        return !accesses_[call].writes;
    }

  private:
    std::vector<Access> accesses_;
};

Access write(Moment from, Moment to, std::int64_t value) { return {{from, to}, true, value}; }
Access read(Moment from, Moment to, std::int64_t value) { return {{from, to}, false, value}; }
Access lost_write(Moment from, std::int64_t value) { return {{from, std::nullopt}, true, value}; }

std::vector<Span> spans_of(const std::vector<Access>& accesses) {
    std::vector<Span> spans;
    for (const Access& access : accesses) spans.push_back(access.span);
    return spans;
}

Verdict verdict_of(const std::vector<Access>& accesses) {
    return check(Register(accesses), spans_of(accesses));
}

// The definition itself, and nothing clever: every order of every choice of the lost.
bool has_order(const std::vector<Access>& accesses) {
    std::vector<std::size_t> order(accesses.size());
    std::iota(order.begin(), order.end(), 0);
    do {
        for (std::size_t left_out = 0; left_out <= accesses.size(); ++left_out) {
            std::int64_t value = 0;
            bool well = true;
            std::size_t place = 0;
            for (const std::size_t i : order) {
                const Access& access = accesses[i];
                const bool is_last_ones = ++place > accesses.size() - left_out;
                if (is_last_ones) {  // never happened, which only a lost one may
                    well = well && !access.span.returned;
                    continue;
                }
                if (access.writes) value = access.value;
                well = well && value == access.value;
                for (std::size_t j = place; j < order.size(); ++j) {
                    const Span& later = accesses[order[j]].span;
                    well = well && !(later.returned && *later.returned < access.span.invoked);
                }
            }
            if (well) return true;
        }
    } while (std::ranges::next_permutation(order).found);
    return false;
}

}  // namespace

TEST_CASE("calls after one another happen in that order and in no other") {
    CHECK(verdict_of({}).holds());
    CHECK(verdict_of({write(1, 2, 7), read(3, 4, 7)}).holds());
    CHECK(verdict_of({write(1, 2, 7), read(3, 4, 0)}).is_refuted());
    CHECK(verdict_of({read(1, 2, 7), write(3, 4, 7)}).is_refuted());
}

TEST_CASE("calls that overlap may happen in either order, but all see the same one") {
    CHECK(verdict_of({write(1, 4, 7), read(2, 3, 0)}).holds());
    CHECK(verdict_of({write(1, 4, 7), read(2, 3, 7)}).holds());
    CHECK(verdict_of({write(1, 6, 7), read(2, 3, 7), read(4, 5, 0)}).is_refuted());
    CHECK(verdict_of({write(1, 6, 7), read(2, 3, 0), read(4, 5, 7)}).holds());
    // What ends in the moment in which another begins overlaps it.
    CHECK(verdict_of({write(1, 2, 7), read(2, 3, 0)}).holds());
}

TEST_CASE("a call without an answer happens at any time after it was made, or never") {
    CHECK(verdict_of({lost_write(1, 7), read(5, 6, 0)}).holds());
    CHECK(verdict_of({lost_write(1, 7), read(5, 6, 0), read(7, 8, 7)}).holds());
    CHECK(verdict_of({lost_write(1, 7), read(5, 6, 7), read(7, 8, 0)}).is_refuted());
    CHECK(verdict_of({read(1, 2, 7), lost_write(3, 7)}).is_refuted());
}

TEST_CASE("a write that changes nothing yet may still have to wait") {
    // Written at once it would be lost: the 0 must come between the 7 and the last read.
    CHECK(verdict_of({write(1, 8, 0), write(2, 7, 7), read(9, 10, 0)}).holds());
}

TEST_CASE("the call is named that nothing explains") {
    const Verdict verdict = verdict_of({write(1, 2, 7), read(3, 4, 7), read(5, 6, 8)});
    CHECK(verdict.is_refuted());
    CHECK(verdict.stuck == 2);
}

TEST_CASE("a search that takes too long is no verdict") {
    const std::vector<Access> accesses{write(1, 9, 1), write(1, 9, 2), write(1, 9, 3),
                                       read(10, 11, 4)};
    const Verdict verdict = check(Register(accesses), spans_of(accesses), 2);
    CHECK_FALSE(verdict.holds());
    CHECK_FALSE(verdict.is_refuted());
}

TEST_CASE("the search finds an order whenever one of all orders is one") {
    std::mt19937 random(2026);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    const auto below = [&](std::uint32_t bound) { return static_cast<Moment>(random() % bound); };
    int held = 0;
    int refuted = 0;
    for (int round = 0; round < 3'000; ++round) {
        std::vector<Access> accesses;
        for (Moment i = 0; i < 3 + below(3); ++i) {
            const Moment from = below(12);
            Access access{{from, from + below(6)}, below(2) == 0, below(3)};
            if (access.writes && below(4) == 0) access.span.returned.reset();
            accesses.push_back(access);
        }
        const Verdict verdict = verdict_of(accesses);
        REQUIRE(verdict.holds() == has_order(accesses));
        REQUIRE(verdict.is_refuted() != verdict.holds());
        ++(verdict.holds() ? held : refuted);
    }
    CHECK(held > 500);
    CHECK(refuted > 500);
}

// A box office whose line outside answers late, on a thread of its own; and one that was opened
// without its line.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/memory_line.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// Counts how often it is asked what time it is.
class AskedClock final : public Clock {
  public:
    [[nodiscard]] Time wall() override {
        ++asked;
        return system_clock().wall();
    }
    [[nodiscard]] Duration elapsed() override {
        ++asked;
        return system_clock().elapsed();
    }
    std::atomic<std::int64_t> asked{0};
};

// Whoever joins or is looked for is answered by another thread, once the office has gone on for
// long without it.
class LateLine final : public LineStore {
  public:
    explicit LateLine(AskedClock& clock) : clock_(clock) {}
    ~LateLine() override {
        for (std::thread& thread : threads_) thread.join();
    }

    void begin(const LineRoom& room, LineDone<LineDid> done) override {
        line_.begin(room, std::move(done));
    }
    void extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) override {
        line_.extend(room, block, std::move(done));
    }
    void join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) override {
        auto late = [this, room, join, done = std::move(done)]() mutable {
            line_.join(room, join, std::move(done));
        };
        const std::int64_t asked = clock_.asked;
        threads_.emplace_back([this, asked, late = std::move(late)]() mutable {
            while (clock_.asked < asked + 50) std::this_thread::yield();
            ++late_;
            late();
        });
    }
    void reenter(const LineRoom& room, const LineEntry& place, LineDone<LinePlace> done) override {
        line_.reenter(room, place, std::move(done));
    }
    void leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) override {
        line_.leave(room, place, std::move(done));
    }
    void heard(const LineRoom& room, std::span<const UserId> users, Time now,
               LineDone<std::int64_t> done) override {
        line_.heard(room, users, now, std::move(done));
    }
    void peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) override {
        line_.peek(room, peek, std::move(done));
    }
    void drop(const LineRoom& room, std::span<const LineEntry> places,
              LineDone<LineDid> done) override {
        line_.drop(room, places, std::move(done));
    }
    void position(const LineRoom& room, std::span<const UserId> users,
                  LineDone<LinePositions> done) override {
        line_.position(room, users, std::move(done));
    }
    void erase(const ConcertId& concert, LineDone<LineDid> done) override {
        line_.erase(concert, std::move(done));
    }

    [[nodiscard]] int late() const { return late_; }

  private:
    AskedClock& clock_;
    MemoryLine line_;
    std::atomic<int> late_{0};
    std::vector<std::thread> threads_;  // of those who ask one at a time
};

ConcertDraft draft_with_room() {
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    return draft;
}

}  // namespace

TEST_SUITE_BEGIN("a line outside: late or missing");

TEST_CASE("who joins waits for a line that is late, and what it needs meanwhile is done") {
    AskedClock clock;
    const auto line = std::make_shared<LateLine>(clock);
    BoxOffice office(open_memory({.clock = &clock}),
                     {.tick = 24h, .running = Running::by_host, .line = line});
    const SmallSale sale = SmallSale::add(office, draft_with_room());
    // The first answer is that there are no numbers: storage reserves some, which is work for a
    // writer that only the one who waits runs.
    const auto joined = office.join({.concert = sale.concert, .user = SmallSale::user(1)});
    REQUIRE(joined);
    CHECK(joined->number == PlaceNumber::of(1, 1));
    CHECK(joined->position == 1);
    CHECK(line->late() == 2);
    office.stop();
}

TEST_CASE("with a thread of its own a box office asks its line as well") {
    const auto line = std::make_shared<MemoryLine>();
    BoxOffice office(open_memory(), {.tick = 24h, .line = line});
    const SmallSale sale = SmallSale::add(office, draft_with_room());
    for (int user = 1; user <= 3; ++user) {
        const auto joined = office.join({.concert = sale.concert, .user = SmallSale::user(user)});
        REQUIRE(joined);
        CHECK(joined->number == PlaceNumber::of(1, user));
    }
    CHECK(office.tick({sale.concert}).value() == 1);
    CHECK(office.audit()->clean());
}

TEST_CASE("a box office that was opened without its line goes on where nobody listens, too") {
    const std::shared_ptr<Storage> store = open_memory();
    const Options without{.running = Running::by_host};
    Options with = without;
    with.line = std::make_shared<MemoryLine>();
    SmallSale sale;
    {
        BoxOffice office(std::make_unique<KeptStorage>(store), with);
        sale = SmallSale::add(office, draft_with_room());
        REQUIRE(office.join({.concert = sale.concert, .user = SmallSale::user(1)}));
    }
    BoxOffice office(std::make_unique<KeptStorage>(store), without);
    const auto refused = office.join({.concert = sale.concert, .user = SmallSale::user(2)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::storage_unavailable);
    CHECK(refused.error().detail.find("Options::line") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace concertres::test

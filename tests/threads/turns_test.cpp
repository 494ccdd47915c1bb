// Who may go first: a writer before readers, and those who wait before who has just had its turn.
#include "engine/turns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "engine/writer_first_mutex.hpp"
#include "support/backup_sale.hpp"
#include "support/small_sale.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

constexpr int readers = 6;
// Should the writer never get in, they end all the same, and the test fails.
constexpr int reads_max = 20'000;

// Threads that read without a pause, so that there is always one inside.
template <class Mutex>
class Crowd {
  public:
    explicit Crowd(Mutex& mutex) {
        for (int i = 0; i < readers; ++i) {
            threads_.emplace_back([this, &mutex] {
                while (!done_.load() && reads_.fetch_add(1) < reads_max) {
                    std::shared_lock lock(mutex);
                    std::this_thread::sleep_for(100us);
                }
            });
        }
    }
    ~Crowd() {
        done_ = true;
        for (std::thread& thread : threads_) thread.join();
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    [[nodiscard]] int reads() const { return reads_.load(); }

  private:
    std::atomic<bool> done_{false};
    std::atomic<int> reads_{0};
    std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("a writer gets in while readers come without a pause") {
    WriterFirstMutex mutex;
    Crowd crowd(mutex);
    while (crowd.reads() < 10 * readers) std::this_thread::yield();
    std::array<int, 101> waited{};  // reads that were begun meanwhile
    for (int& reads : waited) {
        const int before = crowd.reads();
        std::unique_lock lock(mutex);
        reads = crowd.reads() - before;
        lock.unlock();
        std::this_thread::sleep_for(500us);
    }
    REQUIRE(crowd.reads() < reads_max);
    // One each, or none; a thread that is not run for a while makes some of these more.
    std::ranges::sort(waited);
    CHECK(waited[waited.size() / 2] <= 2 * readers);
    CHECK(waited.back() <= 100 * readers);
}

TEST_CASE("readers get in while a writer comes without a pause") {
    WriterFirstMutex mutex;
    std::atomic<bool> done{false};
    std::thread writer([&] {
        while (!done.load()) {
            std::unique_lock lock(mutex);
        }
    });
    std::vector<std::thread> reading;
    for (int i = 0; i < readers; ++i) {
        reading.emplace_back([&] {
            for (int n = 0; n < 500; ++n) std::shared_lock lock(mutex);
        });
    }
    for (std::thread& thread : reading) thread.join();
    done = true;
    writer.join();
}

TEST_CASE("nobody reads what is half written") {
    WriterFirstMutex mutex;
    int a = 0;
    int b = 0;
    std::atomic<bool> done{false};
    std::atomic<int> torn{0};
    std::vector<std::thread> reading;
    for (int i = 0; i < readers; ++i) {
        reading.emplace_back([&] {
            while (!done.load()) {
                std::shared_lock lock(mutex);
                if (a != b) ++torn;
            }
        });
    }
    std::vector<std::thread> writing;
    for (int i = 0; i < 2; ++i) {
        writing.emplace_back([&] {
            for (int n = 0; n < 2'000; ++n) {
                std::unique_lock lock(mutex);
                ++a;
                ++b;
            }
        });
    }
    for (std::thread& thread : writing) thread.join();
    done = true;
    for (std::thread& thread : reading) thread.join();
    CHECK(torn == 0);
    CHECK(a == 4'000);
    CHECK(b == 4'000);
}

TEST_CASE("commits go on while a crowd asks what everybody may see") {
    BoxOffice office(open_memory());
    const SmallSale sale = SmallSale::add(office);
    std::atomic<bool> done{false};
    std::atomic<std::int64_t> asked{0};
    std::vector<std::thread> asking;
    for (int i = 0; i < readers; ++i) {
        asking.emplace_back([&] {
            while (!done.load()) {
                if (office.concert({sale.concert})) ++asked;
            }
        });
    }
    while (asked.load() < 1'000) std::this_thread::yield();
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 200; ++i) {
        REQUIRE(office.charge({.user = SmallSale::user(i), .amount = {100}, .key = "k"}));
    }
    CHECK(std::chrono::steady_clock::now() - began < 60s);
    done = true;
    for (std::thread& thread : asking) thread.join();
}

TEST_CASE("turns are had in the order in which they were asked for") {
    Turns turns;
    std::vector<int> had;
    std::vector<std::thread> waiting;
    turns.lock();
    CHECK(!turns.try_lock());
    for (int i = 0; i < 5; ++i) {
        waiting.emplace_back([&, i] {
            std::lock_guard turn(turns);
            had.push_back(i);
        });
        // Long enough that it has asked; should it not have, the order is wrong and the test says
        // so.
        std::this_thread::sleep_for(50ms);
    }
    turns.unlock();
    turns.lock();  // comes after all of them
    CHECK(had == std::vector<int>{0, 1, 2, 3, 4});
    turns.unlock();
    for (std::thread& thread : waiting) thread.join();
    CHECK(turns.try_lock());
    turns.unlock();
}

TEST_CASE("while one thread of a host makes a backup, another runs the writer") {
    BackupSale at;
    std::atomic<bool> has_begun{false};
    std::atomic<bool> is_whole{false};
    bool was_in_time = false;
    std::thread other([&] {
        has_begun.wait(false);
        static_cast<void>(at.office->next_wake());
        was_in_time = !is_whole.load();
    });
    int slices = 0;
    const auto told =
        at.office->backup({.file = at.copy, .progress = [&](std::size_t done, std::size_t total) {
                               is_whole = done == total;
                               has_begun = true;
                               has_begun.notify_all();
                               // Time for the other to come, and to wait for its turn.
                               if (++slices <= 3) std::this_thread::sleep_for(20ms);
                           }});
    other.join();
    REQUIRE(told);
    REQUIRE(slices > 4);
    CHECK(was_in_time);
}

TEST_CASE("a host's threads that call and wait are all answered, though nobody steps") {
    BoxOffice office(open_memory(), {.running = Running::by_host});
    const SmallSale sale = SmallSale::add(office, SmallSale::draft(5'000, 10));
    std::atomic<int> answered{0};
    std::vector<std::thread> calling;
    for (int t = 0; t < 4; ++t) {
        calling.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i) {
                const UserId user = SmallSale::user(1'000 * t + i);
                if (office.charge({.user = user, .amount = {100}, .key = "k"})) ++answered;
                if (i % 25 == 0 && office.report({sale.concert})) ++answered;
            }
        });
    }
    for (std::thread& thread : calling) thread.join();
    CHECK(answered == 4 * 104);
    CHECK(office.audit()->clean());
}

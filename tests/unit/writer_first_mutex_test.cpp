#include "engine/writer_first_mutex.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

using concertres::WriterFirstMutex;

TEST_CASE("who comes to read while one writes waits until that has been written") {
    WriterFirstMutex mutex;
    int written = 0;
    int seen = 0;
    std::atomic<bool> comes{false};
    std::unique_lock writer(mutex);
    std::thread reader([&] {
        comes = true;
        std::shared_lock lock(mutex);
        seen = written;
    });
    while (!comes) std::this_thread::yield();
    // So that it has come; that it sees what is written does not depend on it.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    written = 7;
    writer.unlock();
    reader.join();
    CHECK(seen == 7);
}

TEST_CASE("many who read are inside at once") {
    WriterFirstMutex mutex;
    std::shared_lock first(mutex);
    std::shared_lock second(mutex);
    CHECK(second.owns_lock());
}

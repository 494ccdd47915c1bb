// Clients that do everything at once and at random: hold, extend, release, charge, pay, refund,
// join, leave and look; two of them are one user. They ask again with the same key where an answer
// was lost, and now and then for no reason, or with other content under the same key.
//
//   Crowd crowd(*stage, {.clients = 16, .calls = 60, .seed = 4});
//   ... server.kill() ...
//   const History history = crowd.end();
//   CHECK(faults_of(history).empty());
//
// Threads: one owner; each client has its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "histories/caller.hpp"

namespace concertres::test {

struct CrowdShape {
    int clients = 16;
    int calls = 60;  // of each
    std::uint32_t seed = 1;
};

class Crowd {
  public:
    Crowd(Stage& stage, const CrowdShape& shape);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // Waits until so many calls have been made; false where all have ended before that.
    [[nodiscard]] bool comes_to(int calls) const;
    // Waits for all clients, has one look at everything that is left, and gives what all were
    // told. Throws what a client has thrown.
    [[nodiscard]] History end();

  private:
    void run(int client);

    Stage& stage_;
    CrowdShape shape_;
    std::atomic<int> asked_{0};
    std::atomic<int> running_;
    std::mutex mutex_;
    std::vector<Event> events_;
    std::exception_ptr thrown_;
    std::vector<std::thread> threads_;
};

}  // namespace concertres::test

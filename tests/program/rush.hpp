// Buyers who buy over HTTP and note what they were told, so that it can be asked for again: after
// a stop, a crash or a broken disk.
//
//   Rush rush(server.url(), sale, {.threads = 4});
//   CHECK(rush.comes_to(40));                 // payments
//   server.kill();
//   const std::vector<Told> told = rush.end();
//   ...                                       // started again
//   check_again(server.url(), sale, told);
//
// Threads: one owner; the buyers have threads of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/client.hpp"
#include "program/commands.hpp"

namespace concertres::test {

// What is bought, and a second concert whose line never moves: one buyer is let in and stays.
struct RushSale {
    ImportedSale bought;
    ImportedSale queued;
};
[[nodiscard]] RushSale import_rush_sale(const std::vector<std::string>& where, int seats);

// What one buyer was told; "" and -1: nothing yet.
struct Told {
    int buyer = 0;  // gives the user, the seat and the keys
    std::string token{};
    std::int64_t place = -1;
    std::int64_t queue_place = -1;
    std::int64_t queue_position = -1;
    std::string reservation{};
    std::string charge{};
    std::string payment{};
    std::vector<std::string> refusals{};        // "503 engine_failed"
    std::vector<std::string> contradictions{};  // answers that take back earlier ones
    bool cut_off = false;                       // the last request had no answer
};

class Shopper {
  public:
    Shopper(const std::string& url, RushSale sale) : client_(url), sale_(std::move(sale)) {}

    // Joins both lines, holds a seat, charges the wallet and pays, with the same keys each time.
    // Whatever was told before must be told again.
    void buy(Told& told);

  private:
    bool show_token(Told& told);
    bool join(Told& told);
    bool queue(Told& told);
    bool wait(Told& told);
    bool hold(Told& told);
    bool charge(Told& told);
    bool pay(Told& told);

    http::Client client_;
    RushSale sale_;
};

class Rush {
  public:
    struct Shape {
        int threads = 4;
        int first_buyer = 0;  // buyer i takes seat i + 1
        int buyers_max = 1'000;
    };
    Rush(const std::string& url, const RushSale& sale, Shape shape);
    ~Rush();
    Rush(const Rush&) = delete;
    Rush& operator=(const Rush&) = delete;

    [[nodiscard]] int paid() const { return paid_; }
    // Whether so many have paid, sooner or later.
    [[nodiscard]] bool comes_to(int payments) const;
    // Whether every thread has found its server gone.
    [[nodiscard]] bool is_over() const { return running_ == 0; }
    // No further buyer comes; those who are buying end as they may.
    std::vector<Told> end();

  private:
    void run(Shopper buyer);

    Shape shape_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> next_;
    std::atomic<int> paid_{0};
    std::atomic<int> running_;
    std::mutex mutex_;
    std::vector<Told> told_;
    std::vector<std::thread> threads_;
};

// Asks for all of it again: nothing that was told is lost, and who was cut off gets what is
// missing.
void check_again(const std::string& url, const RushSale& sale, const std::vector<Told>& all);

// What the buyers were told, counted as an audit counts.
struct Tally {
    std::int64_t places = 0;
    std::int64_t reservations = 0;
    std::int64_t transfers = 0;
    std::int64_t payments = 0;
};
[[nodiscard]] Tally tally(const std::vector<Told>& all);

}  // namespace concertres::test

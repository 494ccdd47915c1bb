// One client with one connection: asks, reads the answer, and writes both down with their moments.
//
//   Stage stage = set_stage(server, {.clients = 16});
//   Caller caller(stage, 3);
//   if (caller.ask({.verb = Verb::charge, .user = 1, .amount = 500, .key = "k7"})) ...
//   history.events = caller.take_events();
//
// It never asks twice for one call: who lost an answer has lost it.
// Threads: one for each caller; the stage is shared.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "histories/history.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/raw_socket.hpp"

namespace concertres::test {

struct Address {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
};
[[nodiscard]] Address address_of(const ServerProcess& server);

// What all callers know of one another: the sales, and whatever answers have named.
struct Stage {
    // Of servers that share their store; whose server is gone goes to the next.
    std::vector<Address> addresses{};
    std::vector<ImportedSale> sales{};
    std::vector<std::string> users{};

    std::mutex mutex{};
    History history{};                                             // `wanted` grows while all call
    std::vector<std::string> reservations{};                       // by hold; "" where none is told
    std::vector<std::string> payments{};                           // by hold
    std::vector<std::string> payment_keys{};                       // by hold: of that payment
    std::map<std::pair<int, std::int64_t>, std::string> tokens{};  // by user and place

    // The number of a hold; the same content under the same key is the same hold.
    [[nodiscard]] int want(Wanted wanted);
};

struct StageShape {
    int users = 8;
    int seats = 10;
    std::int64_t admitted_max = 3;  // of the second sale
    std::int64_t price = 100;
};
// Sale 0 has no waiting room, and everybody is in; in sale 1 people wait.
[[nodiscard]] std::unique_ptr<Stage> set_stage(const ServerProcess& server,
                                               const StageShape& shape);

class Caller {
  public:
    Caller(Stage& stage, int number)
        : stage_(stage),
          number_(number),
          at_(static_cast<std::size_t>(number) % stage.addresses.size()) {}

    // Nothing: no answer came, and nobody knows what became of it.
    std::optional<Answer> ask(const Call& call);
    [[nodiscard]] std::vector<Event> take_events() { return std::move(events_); }

  private:
    [[nodiscard]] bool connect();
    [[nodiscard]] std::string request_for(const Call& call);
    [[nodiscard]] std::optional<RawAnswer> exchange(const std::string& request);
    void learn(const Call& call, const Answer& answer, const std::string& token);

    Stage& stage_;
    int number_;
    std::size_t at_;  // of the addresses
    std::unique_ptr<RawSocket> socket_{};
    std::vector<Event> events_{};
};

}  // namespace concertres::test

// A PaymentSettler brings payments with money from outside to their end: it asks the provider for
// each that is open what its stage wants, and has the box office settle what was answered. It keeps
// nothing that matters: everything is in the payments, so it may die at any moment, and any number
// of settlers may run over one store, each beside an instance of its own: calls are keyed, and an
// answer that tells nothing new changes nothing.
//
//   PaymentSettler settler(office, gateway, {.currency = "KRW"});
//   settler.start();
//   ...
//   settler.stop();
//
// Threads: any, at once. step() may be called in place of start(); on a clock of its own it never
// sleeps.
// Lifetime: the destructor stops it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "concertres/box_office.hpp"
#include "concertres/payment_gateway.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct PaymentSettlerOptions {
    std::string currency = "KRW";  // of the deployment: ISO 4217
    // A payment that is not authorized by then is cancelled: so each is settled in a stated time,
    // as long as the provider can be reached.
    Duration authorize_within = std::chrono::minutes(2);
    // Calls that are under way at once: threads that start() makes.
    std::size_t workers = 8;
    // How soon a payment that has begun is noticed; and one that an instance which is gone has left
    // behind.
    Duration poll = std::chrono::milliseconds(200);
    Duration poll_all = std::chrono::seconds(5);
    // Payments that are known at once; further ones wait for these.
    std::size_t open_max = 10'000;
    // After a call that brought nothing: how long until the next for the same payment, twice as
    // long each time, up to a bound; less up to a half of it, by chance.
    Duration retry_first = std::chrono::milliseconds(500);
    Duration retry_max = std::chrono::seconds(30);
    Clock* clock = nullptr;  // default: the system's. Lifetime: outlives the settler
    // Told of what an operator should know. Threads: the settler's.
    std::function<void(const std::string&)> log{};
};

struct PaymentSettlerStatistics {
    std::int64_t open = 0;  // payments that it knows of
    Duration oldest{};      // how long ago the first of these began
    // Calls by the status that was answered, by its number; and those that were not answered.
    std::array<std::int64_t, 6> answered{};
    std::int64_t unavailable = 0;
    std::int64_t refused =
        0;  // answers that the box office could not take; they are asked for anew
};

class PaymentSettler {
  public:
    // Lifetime: both outlive it. Throws std::invalid_argument where a time or a bound is below 1.
    PaymentSettler(BoxOffice& office, PaymentGateway& gateway, PaymentSettlerOptions options);
    ~PaymentSettler();
    PaymentSettler(const PaymentSettler&) = delete;
    PaymentSettler& operator=(const PaymentSettler&) = delete;

    // Brings one payment one step further, at most. Returns how long there is nothing to do; it may
    // be called earlier.
    Duration step();
    // Steps on threads of its own until it is stopped. Again: no effect.
    void start();
    // Begins no further call, and waits for those that are under way. What is open is for another
    // settler, or for the next start().
    void stop();

    [[nodiscard]] PaymentSettlerStatistics statistics() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace concertres

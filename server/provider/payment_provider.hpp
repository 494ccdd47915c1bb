// The provider of payments that the settings name: a gateway to it, and what settles the payments
// that it takes money for.
//
//   PaymentProvider provider(office, settings.provider, key, settings.currency, log);
//   provider.start();
//   provider.begin_stop();    // what is under way may take until the time-out
//   provider.is_stopped();
//
// Threads: start() and begin_stop() from one; the others from any.
// Lifetime: the box office outlives it. The destructor waits for what is under way.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "concertres/box_office.hpp"
#include "concertres/payment_gateway.hpp"
#include "concertres/payment_settler.hpp"

namespace concertres::server {

struct ProviderSettings {
    std::string url{};            // empty: money comes from wallets alone
    std::filesystem::path key{};  // a file
    std::filesystem::path ca{};   // a file; empty: the system's
    bool plain_http = false;      // also to other machines than this one
    std::chrono::milliseconds timeout = std::chrono::seconds(5);
    std::chrono::milliseconds authorize_within = std::chrono::minutes(2);
};

class PaymentProvider {
  public:
    using Log = std::function<void(const std::string&)>;

    // Throws std::invalid_argument for settings that cannot be used, also where the program was
    // built without what they need. The text has no secret in it.
    PaymentProvider(BoxOffice& office, const ProviderSettings& settings, const std::string& key,
                    const std::string& currency, const Log& log);
    ~PaymentProvider();
    PaymentProvider(const PaymentProvider&) = delete;
    PaymentProvider& operator=(const PaymentProvider&) = delete;

    void start();
    // No further call is made.
    void begin_stop();
    [[nodiscard]] bool is_stopped() const { return is_stopped_; }
    [[nodiscard]] PaymentSettlerStatistics statistics() const { return settler_->statistics(); }
    // From the next call on. Throws std::invalid_argument for one that cannot be used.
    void replace_key(const std::string& key);

  private:
    std::unique_ptr<PaymentGateway> gateway_;
    std::unique_ptr<PaymentSettler> settler_;
    std::atomic<bool> is_stopped_{false};
    std::jthread stopping_;
};

}  // namespace concertres::server

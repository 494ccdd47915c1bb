// The books of a provider of payments, for tests: what docs/reference/payment-provider.md asks of
// one. Each effect is a line of a file, from which the books are read again at the next start:
//
//   0b1f...-...-... captured 70000 KRW
//
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace concertres::test {

struct ProviderAnswer {
    int http_status = 200;
    std::string payment_id{};
    std::string status{};
    std::int64_t amount = 0;
    std::string currency{};
    std::string reference{};
    std::string reason{};

    [[nodiscard]] std::string json() const;
};

class ProviderLedger {
  public:
    // Declines where the method is this.
    static constexpr const char* declined_method = "tok_declined";

    explicit ProviderLedger(const std::string& file);
    ~ProviderLedger();
    ProviderLedger(const ProviderLedger&) = delete;
    ProviderLedger& operator=(const ProviderLedger&) = delete;

    // `key` is the Idempotency-Key: what came with it once is answered as it was then.
    [[nodiscard]] ProviderAnswer perform(const std::string& payment_id, const std::string& step,
                                         const std::string& key, const std::string& body);
    [[nodiscard]] ProviderAnswer look_up(const std::string& payment_id);

  private:
    struct Payment {
        std::string status = "absent";
        std::int64_t amount = 0;
        std::string currency{};
    };
    struct Done {
        std::string body{};
        ProviderAnswer answer{};
    };

    void note(const std::string& payment_id, Payment& payment, const std::string& effect);
    [[nodiscard]] ProviderAnswer answer_of(const std::string& payment_id,
                                           const Payment& payment) const;

    std::mutex mutex_;
    std::map<std::string, Payment> payments_;
    std::map<std::string, Done> done_;  // by key
    int file_ = -1;
};

}  // namespace concertres::test

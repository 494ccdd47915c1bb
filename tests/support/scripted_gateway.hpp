// A provider of payments for tests: it keeps its word, and does what it is told once for each
// payment; but its answers may be lost, before or after the call had its effect, and it may
// decline.
//
//   ScriptedGateway gateway;
//   gateway.script = [&](Call call, const PaymentId&) { return Fault::lost_after; };
//
// Threads: any; the script is called by one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/payment_gateway.hpp"

namespace concertres::test {

class ScriptedGateway final : public PaymentGateway {
  public:
    enum class Call : std::uint8_t { authorize, capture, cancel, refund, lookup };
    enum class Fault : std::uint8_t {
        none,
        lost_before,  // the call never came
        lost_after,   // the call had its effect, and the answer was lost
        throws,       // what no gateway should do
        declined,     // authorize only: it will not pay
        other_sum,    // authorize only: it sets aside 1 less
    };
    struct Account {
        GatewayStatus status = GatewayStatus::absent;
        Money amount{};
        int captures = 0;
        int refunds = 0;
        std::string method{};
    };

    // What becomes of a call; nothing set: all is well. REQUIRES: set while nobody calls
    std::function<Fault(Call call, const PaymentId& id)> script{};

    Result<GatewayAnswer> authorize(const GatewayPayment& payment) override {
        return asked(Call::authorize, payment.id, [&](Account& account, Fault fault) {
            if (account.status != GatewayStatus::absent) return;
            account.method = payment.method;
            account.status =
                fault == Fault::declined ? GatewayStatus::declined : GatewayStatus::authorized;
            account.amount = payment.amount;
            if (fault == Fault::other_sum) --account.amount.minor;
        });
    }
    Result<GatewayAnswer> capture(const GatewayPayment& payment) override {
        return asked(Call::capture, payment.id, [&](Account& account, Fault) {
            if (account.status != GatewayStatus::authorized) return;
            account.status = GatewayStatus::captured;
            ++account.captures;
        });
    }
    Result<GatewayAnswer> cancel(const GatewayPayment& payment) override {
        return asked(Call::cancel, payment.id, [&](Account& account, Fault) {
            if (account.status == GatewayStatus::absent ||
                account.status == GatewayStatus::authorized) {
                account.status = GatewayStatus::voided;
            }
        });
    }
    Result<GatewayAnswer> refund(const GatewayPayment& payment) override {
        return asked(Call::refund, payment.id, [&](Account& account, Fault) {
            if (account.status != GatewayStatus::captured) return;
            account.status = GatewayStatus::refunded;
            ++account.refunds;
        });
    }
    Result<GatewayAnswer> lookup(PaymentId id) override {
        return asked(Call::lookup, id, [](Account&, Fault) {});
    }

    [[nodiscard]] Account account(const PaymentId& id) const {
        std::lock_guard lock(mutex_);
        const auto found = accounts_.find(id);
        return found == accounts_.end() ? Account{} : found->second;
    }
    [[nodiscard]] std::map<PaymentId, Account> accounts() const {
        std::lock_guard lock(mutex_);
        return accounts_;
    }
    // In order.
    [[nodiscard]] std::vector<Call> calls() const {
        std::lock_guard lock(mutex_);
        return calls_;
    }

  private:
    template <class Effect>
    Result<GatewayAnswer> asked(Call call, const PaymentId& id, Effect&& effect) {
        std::lock_guard lock(mutex_);
        calls_.push_back(call);
        const Fault fault = script ? script(call, id) : Fault::none;
        if (fault == Fault::throws) throw std::runtime_error("no such thing as a provider");
        if (fault == Fault::lost_before) return lost();
        Account& account = accounts_[id];
        effect(account, fault);
        if (fault == Fault::lost_after) return lost();
        return answer_of(account, id);
    }
    [[nodiscard]] static Error lost() {
        return {Errc::gateway_unavailable, "the provider does not answer", {}};
    }
    [[nodiscard]] static GatewayAnswer answer_of(const Account& account, const PaymentId& id) {
        const bool has_money = account.status == GatewayStatus::authorized ||
                               account.status == GatewayStatus::captured ||
                               account.status == GatewayStatus::refunded;
        return {.status = account.status,
                .amount = has_money ? account.amount : Money{},
                .reference = "ch_" + id.to_string().substr(0, 8),
                .reason = account.status == GatewayStatus::declined ? "no money" : ""};
    }

    mutable std::mutex mutex_;
    std::map<PaymentId, Account> accounts_;
    std::vector<Call> calls_;
};

}  // namespace concertres::test

// A PaymentGateway is where money from outside comes from: a provider of card payments, say. A
// payment that asks for it is committed as `authorizing` first; then the gateway is called, outside
// any transaction; and what it answered is submitted as a command of its own. Whatever dies in
// between, `lookup` tells later how far the provider came, so each payment is settled in the end.
//
// Every call names the payment, and its id is the key: a provider that is told the same twice does
// it once, and answers the second time as it did the first. A call that the payment's state does
// not allow (to capture what was voided) changes nothing, and answers with the state.
//
// Threads: any, several calls at once. A call may block for as long as its own time-out.
// Lifetime: outlives the box office's PaymentSettler.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"

namespace concertres {

// How far a payment is at the provider.
enum class GatewayStatus : std::uint8_t {
    absent = 0,      // it has never heard of it, so none of the money has moved
    authorized = 1,  // the money is set aside, and not taken
    captured = 2,    // the money is ours
    declined = 3,    // it will not pay; nothing was taken, nor will be
    voided = 4,      // what was set aside is let go; nothing was taken, nor will be
    refunded = 5,    // what was taken is given back, all of it
};
[[nodiscard]] std::string_view gateway_status_name(GatewayStatus status) noexcept;

struct GatewayPayment {
    PaymentId id{};
    Money amount{};
    std::string currency{};  // ISO 4217
    std::string method{};  // what the provider gave the buyer's page for this payment: a token of a
                           // card, never its number
};

struct GatewayAnswer {
    GatewayStatus status = GatewayStatus::absent;
    Money amount{};           // that is set aside, taken or given back; 0 where none is
    std::string reference{};  // the provider's own name for it, for people
    std::string reason{};     // why it was declined, in the provider's words, for people

    friend bool operator==(const GatewayAnswer&, const GatewayAnswer&) = default;
};

class PaymentGateway {
  public:
    virtual ~PaymentGateway() = default;

    // Each refuses with `gateway_unavailable` alone: it is not known whether the call had its
    // effect. What is known, a refusal to pay as well, is an answer.

    // Sets the money aside, or declines.
    [[nodiscard]] virtual Result<GatewayAnswer> authorize(const GatewayPayment& payment) = 0;
    // Takes what was set aside.
    [[nodiscard]] virtual Result<GatewayAnswer> capture(const GatewayPayment& payment) = 0;
    // Lets go of what was set aside; of a payment that is absent: it can never be authorized later.
    [[nodiscard]] virtual Result<GatewayAnswer> cancel(const GatewayPayment& payment) = 0;
    // Gives back what was taken.
    [[nodiscard]] virtual Result<GatewayAnswer> refund(const GatewayPayment& payment) = 0;
    // Changes nothing.
    [[nodiscard]] virtual Result<GatewayAnswer> lookup(PaymentId id) = 0;
};

}  // namespace concertres

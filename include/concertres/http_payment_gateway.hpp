// A provider of payments that is reached by HTTP, through libcurl. It speaks the small protocol of
// docs/reference/payment-provider.md, which an adapter to a provider's own API speaks in its place.
//
//   const auto gateway = open_http_payment_gateway(
//       {.url = "https://payments.example/v1", .key = key, .currency = "KRW"});
//   Result<GatewayAnswer> answer = gateway->capture(payment);
//
// Nothing that the provider says is believed before it has been compared with what was asked: an
// answer of another payment, amount or currency, a status to which the call cannot lead, and what
// is no answer at all, are `gateway_unavailable`. Its detail says what was wrong, without the key,
// the method and the words of the provider.
//
// Certificates are verified, no redirect is followed, and no proxy is asked.
//
// Threads: any; so many calls at once as there are threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "concertres/payment_gateway.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct HttpPaymentGatewayOptions {
    std::string url{};       // https://HOST/PATH; http for this machine alone, unless plain_http
    std::string key{};       // that the provider knows us by; at least 16 characters
    std::string currency{};  // ISO 4217: of all that is sold
    std::string ca_file{};   // the only ones trusted; empty: the system's
    // http to other machines: the key, and what is paid, can be read on the way there. For networks
    // that are encrypted below, like some between containers.
    bool plain_http = false;
    Duration connect_timeout = std::chrono::seconds(3);
    // Of a whole call, from the name to the answer's last byte.
    Duration timeout = std::chrono::seconds(10);
    std::size_t connections = 16;  // kept for the next call, at most
};

class HttpPaymentGateway : public PaymentGateway {
  public:
    // From the next call on. Throws as open_http_payment_gateway().
    virtual void replace_key(const std::string& key) = 0;
};

// Connects to nothing yet. Throws std::invalid_argument for options that cannot be used; the text
// has no secret in it.
//
// lookup() cannot know which amount was asked for: whoever calls it compares that.
[[nodiscard]] std::unique_ptr<HttpPaymentGateway> open_http_payment_gateway(
    const HttpPaymentGatewayOptions& options);

}  // namespace concertres

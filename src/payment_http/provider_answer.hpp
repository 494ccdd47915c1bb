// What a provider of payments says, and whether it can be: docs/reference/payment-provider.md in
// code, without a network.
//
//   auto answer = read_provider_answer(asked, 200, body);
//   if (!answer) return unavailable(answer.error());   // "its answer is of another payment"
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "concertres/payment_gateway.hpp"

namespace concertres::payment_http {

enum class Step : std::uint8_t { authorize, capture, cancel, refund, lookup };
[[nodiscard]] std::string_view step_name(Step step) noexcept;

// What the answer must fit.
struct Asked {
    Step step = Step::lookup;
    PaymentId id{};
    std::optional<Money> amount{};  // nothing where it is looked up
    std::string currency{};
};

// The body of a request.
[[nodiscard]] std::string request_body(const GatewayPayment& payment);

// The answer, or in one line why it is not to be believed: in words of our own, as the provider's
// may repeat what it was sent.
using Judged = std::variant<GatewayAnswer, std::string>;
[[nodiscard]] Judged read_provider_answer(const Asked& asked, long http_status,
                                          std::string_view body);

}  // namespace concertres::payment_http

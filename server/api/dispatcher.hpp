// The Dispatcher stands between a listener and the handlers: it finds the route, checks what every
// request of that route must prove and bring, in the order that http-api.md gives, and hands over
// the exchange.
#pragma once

#include <cstddef>
#include <string_view>

#include "api/exchange.hpp"
#include "api/route.hpp"
#include "api/services.hpp"
#include "http/handler.hpp"

namespace concertres::server {

class Dispatcher final : public http::Handler {
  public:
    // Lifetime: `services` outlives it.
    Dispatcher(Services& services, Side side) : services_(&services), side_(side) {}

    [[nodiscard]] http::BodyLeave leave_for_body(const http::Request& request) override;
    void handle(const http::Request& request, http::Respond respond,
                const Exchange::Home& home) override;
    [[nodiscard]] http::Response refuse(http::Refusal refusal, std::string_view detail,
                                        std::string_view peer) override;

  private:
    [[nodiscard]] std::optional<Problem> check(Exchange& exchange) const;
    [[nodiscard]] std::optional<Problem> find_route(Exchange& exchange) const;
    [[nodiscard]] std::optional<Problem> check_access(Exchange& exchange) const;
    [[nodiscard]] std::optional<Problem> check_admin(const http::Request& request) const;
    [[nodiscard]] std::optional<Problem> check_token(Exchange& exchange) const;
    [[nodiscard]] static std::optional<Problem> check_query(Exchange& exchange);
    [[nodiscard]] static std::optional<Problem> check_body(Exchange& exchange);
    [[nodiscard]] std::optional<Problem> check_rate(Exchange& exchange) const;
    void identify(Exchange& exchange) const;
    // Pages of other origins may ask: the operators' side is no page's business.
    [[nodiscard]] bool takes_cors() const {
        return side_ == Side::buyers && !services_->cors_origins.empty();
    }
    void answer_cors(Exchange& exchange) const;
    // Before there is an exchange.
    [[nodiscard]] http::Response refuse(const Problem& problem, const http::Request& request) const;
    [[nodiscard]] http::Response refuse(const Problem& problem, std::string_view peer,
                                        const std::string& id) const;

    Services* services_;
    Side side_;
};

// Whether the two are the same, in a time that does not tell where they differ.
[[nodiscard]] bool equal_secrets(std::string_view given, std::string_view secret);

}  // namespace concertres::server

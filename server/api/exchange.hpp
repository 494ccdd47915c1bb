// One request on its way through the server: what it asks and proves, and the one answer that it
// gets. A handler owns it, moves it into what it waits for, and ends it with answer(), refuse() or
// answer_with(). Whatever ends it is logged and counted.
//
// Threads: one at a time; it ends on the thread of its connection.
#pragma once

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/problem.hpp"
#include "api/route.hpp"
#include "api/services.hpp"
#include "base/json_reader.hpp"
#include "concertres/asio.hpp"
#include "concertres/token.hpp"
#include "http/handler.hpp"

namespace concertres::server {

class Exchange {
  public:
    // What is posted to it runs on the thread of the request's connection.
    using Home = boost::asio::io_context::executor_type;

    Exchange(Services& services, Side side, const http::Request& request, http::Respond respond,
             const Home& home);

    [[nodiscard]] Services& services() const { return *services_; }
    [[nodiscard]] BoxOffice& office() const { return services_->office; }
    [[nodiscard]] const http::Request& request() const { return *request_; }
    [[nodiscard]] const Route& route() const { return *route_; }
    // Whose listener it came to.
    [[nodiscard]] Side side() const { return side_; }
    [[nodiscard]] std::string_view request_id() const { return request_id_; }
    // Of the route's path, as sent.
    [[nodiscard]] std::string_view parameter(std::size_t index) const { return parameters_[index]; }
    // REQUIRES: has_token()
    [[nodiscard]] const TokenClaims& claims() const { return *claims_; }
    [[nodiscard]] bool has_token() const { return claims_.has_value(); }
    [[nodiscard]] std::string_view token() const { return token_; }
    [[nodiscard]] bool has_api_key() const { return has_api_key_; }
    // Of a route that takes one.
    [[nodiscard]] std::string key() const { return std::string(key_); }
    [[nodiscard]] const boost::json::value& body() const { return body_; }
    // The query's parameter, decoded; nothing where it is absent.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;

    // --- how it ends
    void answer(int status, std::string json, std::string_view content_type = "application/json");
    void answer_with(http::Response response);
    void refuse(const Problem& problem);
    // Further fields of the answer, whatever it is.
    void add_field(std::string_view name, std::string_view value);

    // Asks the box office; `then(exchange, answer)` runs on the connection's thread. Where there is
    // too much to do, the exchange ends here.
    template <class Command, class Then>
    static void ask(Exchange exchange, Command command, Then then);
    // The same, for answers that end the exchange: refusals are told, and `then(exchange, view)`
    // sees what was granted.
    template <class Command, class Then>
    static void ask_or_refuse(Exchange exchange, Command command, Then then);
    [[nodiscard]] const Home& home() const { return home_; }

  private:
    friend class Dispatcher;

    void finish(http::Response response, std::string_view code);

    Services* services_;
    const http::Request* request_;
    http::Respond respond_;
    Home home_;
    Side side_;
    const Route* route_ = nullptr;
    PathParameters parameters_{};
    std::optional<TokenClaims> claims_;
    std::string_view token_;
    std::string_view key_;
    bool has_api_key_ = false;
    std::vector<std::pair<std::string, std::string>> query_;  // decoded
    Address client_;
    std::string request_id_;
    std::string_view traceparent_;
    std::string fields_;
    boost::json::value body_;
    std::chrono::steady_clock::time_point started_;
};

// There is too much to do; see Gate.
void turn_away(Exchange exchange);

template <class Command>
inline constexpr bool begins_purchase =
    std::is_same_v<Command, Join> || std::is_same_v<Command, Hold>;

// Tells of the refusal; who waits is told also where they stand.
void refuse_for_place(Exchange exchange, const Error& error);

template <class Command, class Then>
void Exchange::ask(Exchange exchange, Command command, Then then) {
    // Operators mend what is wrong, so their turn is always.
    Gate::Turn turn;
    if (exchange.route().access != Access::admin) {
        turn = exchange.services().gate.enter(begins_purchase<Command> ? Gate::Asks::to_begin
                                                                       : Gate::Asks::to_go_on);
        if (!turn) return turn_away(std::move(exchange));
    }
    BoxOffice& office = exchange.office();
    const auto home = exchange.home();
    async_call(office, std::move(command),
               boost::asio::bind_executor(
                   home, [exchange = std::move(exchange), then = std::move(then),
                          turn = std::move(turn)](AnswerTo<Command> answer) mutable {
                       turn.reset();
                       then(std::move(exchange), std::move(answer));
                   }));
}

template <class Command, class Then>
void Exchange::ask_or_refuse(Exchange exchange, Command command, Then then) {
    ask(std::move(exchange), std::move(command),
        [then = std::move(then)](Exchange asked, AnswerTo<Command> answer) mutable {
            if (!answer) return refuse_for_place(std::move(asked), answer.error());
            then(std::move(asked), std::move(*answer));
        });
}

}  // namespace concertres::server

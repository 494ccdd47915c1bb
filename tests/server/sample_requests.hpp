// A request of each route that is granted as it stands, so that a test can go through all of them
// and spoil one thing at a time. A route that is not here fails whoever asks for it: whoever adds a
// route adds its sample.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "api/route.hpp"
#include "server/test_server.hpp"

namespace concertres::test {

struct Sample {
    std::string_view operation;
    int status;                  // where it is granted
    std::string_view body = {};  // `$user_id` and the like stand for the stage's
    // It concerns one concert: the token of another is refused, although its place is admitted.
    bool is_of_concert = false;
    bool is_of_draw = false;  // it concerns a concert whose line is drawn
    // What another user is told who asks for the same; empty: it is about the caller alone.
    std::string_view anothers = {};
};

[[nodiscard]] const Sample& sample_of(const server::Route& route);
[[nodiscard]] const server::Route& route_of(std::string_view operation);

// What the parameters of paths and bodies stand for.
struct Stage {
    SmallSale sale{};
    UserId user{};
    SmallSale drawn{};  // whose line is drawn
    std::string reservation = UserId::random().to_string();
    std::string payment = UserId::random().to_string();
};

[[nodiscard]] Ask request_of(const server::Route& route, const Stage& stage,
                             const std::string& token, const std::string& key);
// Sent to the listener that has the route.
Reply ask(TestServer& server, const server::Route& route, const Ask& request);

// A server with a buyer whose every sample request is granted.
struct ReadyStage {
    explicit ReadyStage(ServerSettings settings);

    [[nodiscard]] Ask request(const server::Route& route) {
        return request_of(route, stage, buyer.token, server.new_key());
    }
    Reply ask(const server::Route& route, const Ask& request) {
        return concertres::test::ask(server, route, request);
    }

    TestServer server;
    SmallSale sale;
    Buyer buyer;
    Buyer spent;  // the same, with the token of the place before
    Stage stage;
};

// The codes that openapi.yaml gives each operation, but for those that any request may be refused
// with.
using DescribedCodes = std::map<std::string, std::set<std::string>>;
[[nodiscard]] DescribedCodes described_codes();

}  // namespace concertres::test

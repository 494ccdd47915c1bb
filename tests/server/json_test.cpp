// The table of JSON as bodies of requests: what is no JSON is told as such, with its place, and
// what is JSON gets past the reader, though no request is made of it.
#include <doctest/doctest.h>

#include <string>

#include "server/sample_requests.hpp"
#include "server/test_server.hpp"
#include "support/json_cases.hpp"

using namespace concertres;
using namespace concertres::test;

TEST_CASE("each text of the table of JSON is answered as the table says, and nothing comes of it") {
    ReadyStage set({});
    const std::int64_t before = set.server.office().statistics().events;
    const server::Route& route = route_of("chargeWallet");
    Ask request = set.request(route);
    int malformed = 0;
    for (const JsonCase& text : json_cases()) {
        INFO(text.name);
        request.body = text.text;
        const Reply reply = set.ask(route, request);
        CHECK(reply.outcome() == "400 request_invalid");
        CHECK(reply.field("Content-Type") == "application/problem+json");
        const std::string first = reply.faults().at(0);
        if (text.fault.empty()) {
            CHECK((first == " wrong_type" || first == "/amount missing" ||
                   first.ends_with(" unknown_field")));
        } else {
            CHECK(reply.faults().size() == 1);
            CHECK(first.ends_with(" " + std::string(text.fault)));
        }
        if (text.fault != "malformed") continue;
        ++malformed;
        CHECK(first == " malformed");
        CHECK(reply.text("/errors/0/detail").find(" at line ") != std::string::npos);
    }
    CHECK(malformed > 150);
    CHECK(set.server.office().statistics().events == before);
}

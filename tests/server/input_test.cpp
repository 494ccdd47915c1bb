// What a request may bring wrongly: JSON, fields, numbers, ids, keys, query parameters, bodies. All
// faults of a body are told at once, each with its place; and nothing changes after any of them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cstdint>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/raw_socket.hpp"
#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using server::Access;
using server::Route;

namespace {

using Faulty = std::vector<std::string>;

// A buyer who is in; sees at its end that nothing has happened meanwhile.
class Untouched {
  public:
    Untouched() : set({}), events_(set.server.office().statistics().events) {}
    ~Untouched() {
        CHECK(set.server.office().statistics().events == events_);
        const auto audited = set.server.office().audit();
        CHECK((audited && audited->clean()));
    }
    Untouched(const Untouched&) = delete;
    Untouched& operator=(const Untouched&) = delete;

    Reply send(std::string_view operation, std::string body) {
        Ask request = set.request(route_of(operation));
        request.body = std::move(body);
        return set.ask(route_of(operation), request);
    }
    Faulty faults(std::string_view operation, std::string body) {
        CAPTURE(body);
        const Reply reply = send(operation, std::move(body));
        CHECK(reply.outcome() == "400 request_invalid");
        return reply.faults();
    }
    // Of an amount that is the only fault.
    std::string charge(const std::string& amount) {
        return send("chargeWallet", R"({"amount": )" + amount + "}").outcome();
    }
    // The fault of a seat's number.
    Faulty seat(const std::string& number) {
        return faults("reserve", fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                             set.sale.performance().to_string(), number));
    }

    ReadyStage set;

  private:
    std::int64_t events_;
};

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("what is no JSON is told as such, with the line and column") {
    Untouched untouched;
    for (const Route& route : server::all_routes()) {
        if (!route.takes_body || route.is_import) continue;
        CAPTURE(route.operation);
        for (const char* text : {"", " ", "{", "{]", "nonsense", "{\"a\": 1,}", "{'a': 1}", "{} {}",
                                 "{\"a\": 01}", "{\"a\": NaN}", "{\"a\": \"\\x\"}", "/* */ {}",
                                 "{\"a\": \"\xff\"}", "\xef\xbb\xbf{}"}) {
            CAPTURE(text);
            const Reply reply = untouched.send(route.operation, text);
            CHECK(reply.outcome() == "400 request_invalid");
            CHECK(reply.faults() == Faulty{" malformed"});
            CHECK(reply.text("/errors/0/detail").find("line 1, column ") != std::string::npos);
        }
        for (const char* text : {"[]", "\"text\"", "7", "null", "true"}) {
            CAPTURE(text);
            CHECK(untouched.faults(route.operation, text) == Faulty{" wrong_type"});
        }
    }
}

TEST_CASE("all faults of a body are told at once, each with its place") {
    Untouched untouched;
    CHECK(untouched.faults("reserve", R"({"performance_id": 7, "seats": ["a", 0, 3, 3], "x/y": 1,
                                          "price": 1})") ==
          Faulty{"/x~1y unknown_field", "/price unknown_field", "/performance_id wrong_type",
                 "/seats/0 wrong_type", "/seats/1 out_of_range", "/seats/3 duplicate"});
    CHECK(untouched.faults("askForToken", R"({"user": 1, "again": "yes"})") ==
          Faulty{"/user unknown_field", "/user_id missing", "/again wrong_type"});
    CHECK(untouched.faults("changeRoom", R"({"sale": "ajar", "active_max": 0, "pass_ms": "long",
                                             "window": {"admit_max": 1.5, "per": 2}})") ==
          Faulty{"/sale out_of_range", "/active_max out_of_range", "/pass_ms wrong_type",
                 "/window/per unknown_field", "/window/admit_max wrong_type",
                 "/window/window_ms missing"});
    CHECK(untouched.faults("pay", R"({"reservation_id": "x", "reservation_ids": [1, "y"]})") ==
          Faulty{"/reservation_id unknown_field", "/reservation_ids/0 wrong_type",
                 "/reservation_ids/1 malformed"});
    const Reply twice = untouched.send(
        "pay",
        fmt::format(R"({{"reservation_ids": ["{0}", "{0}"]}})", untouched.set.stage.reservation));
    CHECK(twice.faults() == Faulty{"/reservation_ids/1 duplicate"});
    CHECK(untouched.faults("pay", R"({"reservation_ids": []})") ==
          Faulty{"/reservation_ids out_of_range"});
    CHECK(untouched.faults("backup", R"({"file": ""})") == Faulty{"/file out_of_range"});
    CHECK(untouched.faults("backup", R"({"file": "a\u0000b"})") == Faulty{"/file malformed"});
}

TEST_CASE("a hundred faults are counted, and the first twenty are told") {
    Untouched untouched;
    std::string seats = "0";
    for (int i = 1; i < 100; ++i) seats += ", 0";
    const Reply reply =
        untouched.send("reserve", fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                              untouched.set.sale.performance().to_string(), seats));
    CHECK(reply.outcome() == "400 request_invalid");
    CHECK(reply.faults().size() == 20);
    CHECK(reply.number("/errors_more") == 80);
}

TEST_CASE("a key that comes twice is a fault, wherever it stands") {
    Untouched untouched;
    for (const Route& route : server::all_routes()) {
        if (!route.takes_body || route.is_import) continue;
        CAPTURE(route.operation);
        CHECK(untouched.faults(route.operation, R"({"a": 1, "b": {"c": 1, "c": 2}, "a": 1})") ==
              Faulty{"/b/c duplicate_key", "/a duplicate_key"});
    }
    // Also where both say the same, or are written differently.
    CHECK(untouched.faults("chargeWallet", R"({"amount": 1, "\u0061mount": 1})") ==
          Faulty{"/amount duplicate_key"});
}

TEST_CASE("JSON is nested at most 32 deep, and has at most 10,000 values") {
    Untouched untouched;
    CHECK(untouched.faults("chargeWallet", nested(32)) == Faulty{" wrong_type"});
    CHECK(untouched.faults("chargeWallet", nested(33)) == Faulty{" out_of_range"});
    CHECK(untouched.faults("chargeWallet", nested(20'000)) == Faulty{" out_of_range"});
    std::string many = "[0";
    for (int i = 1; i < 10'000; ++i) many += ",0";
    CHECK(untouched.faults("chargeWallet", many + "]") == Faulty{" out_of_range"});
}

TEST_CASE("an amount is an integer from 1 to 2^53-1, written as one") {
    Untouched untouched;
    for (const char* amount :
         {"0", "-1", "-0", "1.0", "1.5", "1e3", "1E0", "9007199254740992", "9223372036854775807",
          "9223372036854775808", "18446744073709551616", "1e400", "\"50000\"", "true", "null",
          "[1]", "{\"amount\": 1, \"currency\": \"KRW\"}"}) {
        CAPTURE(amount);
        CHECK(untouched.charge(amount) == "400 amount_invalid");
    }
    // With any other fault beside it, the request as a whole is what is wrong.
    CHECK(untouched.faults("chargeWallet", R"({"amount": 1.0, "currency": "KRW"})") ==
          Faulty{"/currency unknown_field", "/amount amount_invalid"});
    CHECK(untouched.faults("chargeWallet", "{}") == Faulty{"/amount missing"});
}

TEST_CASE("a seat's number is an integer of 32 bits, from 1") {
    Untouched untouched;
    for (const char* number : {"0", "-7", "2147483648", "9007199254740993"}) {
        CAPTURE(number);
        CHECK(untouched.seat(number) == Faulty{"/seats/0 out_of_range"});
    }
    for (const char* number : {"7.0", "7e0", "\"7\"", "null", "true", "[7]", "1e400"}) {
        CAPTURE(number);
        CHECK(untouched.seat(number) == Faulty{"/seats/0 wrong_type"});
    }
    CHECK(untouched.seat("") == Faulty{"/seats out_of_range"});
}

TEST_CASE("an id in a body is a UUID in its one form") {
    Untouched untouched;
    const std::string good = UserId::random().to_string();
    for (const std::string& id :
         {std::string("7"), good + "0", good.substr(1), "{" + good + "}", "urn:uuid:" + good,
          std::string(36, '-'), std::string("g") + good.substr(1)}) {
        CAPTURE(id);
        const auto in = [&](const char* name) {
            return fmt::format(R"({{"{}": "{}", "seats": [1]}})", name, id);
        };
        CHECK(untouched.faults("reserve", in("performance_id")) ==
              Faulty{"/performance_id malformed"});
        CHECK(untouched.faults("askForToken", fmt::format(R"({{"user_id": "{}"}})", id)) ==
              Faulty{"/user_id malformed"});
        CHECK(untouched.faults("pay", fmt::format(R"({{"reservation_id": "{}"}})", id)) ==
              Faulty{"/reservation_id malformed"});
    }
    CHECK(
        untouched.faults("askForToken", R"({"user_id": "00000000-0000-0000-0000-000000000000"})") ==
        Faulty{"/user_id malformed"});
}

TEST_CASE("a reservation names a performance, or a concert and a date, and not both") {
    Untouched untouched;
    const std::string id = untouched.set.sale.performance().to_string();
    CHECK(untouched.faults("reserve", R"({"seats": [1]})") ==
          Faulty{"/concert_id missing", "/date missing"});
    CHECK(untouched.faults("reserve", fmt::format(R"({{"performance_id": "{0}", "concert_id": "{0}",
                                                     "date": "2090-12-24", "seats": [1]}})",
                                                  id)) ==
          Faulty{"/concert_id unknown_field", "/date unknown_field"});
    for (const char* date : {"2090-12-32", "2090-02-30", "24.12.2090", "2090-12-24T00:00:00Z",
                             "2090-1-1", "2090-12-24 "}) {
        CAPTURE(date);
        CHECK(untouched.faults("reserve",
                               fmt::format(R"({{"concert_id": "{}", "date": "{}", "seats": [1]}})",
                                           id, date)) == Faulty{"/date malformed"});
    }
    CHECK(untouched.faults("reserve", fmt::format(R"({{"concert_id": "{}", "date": 20901224,
                                                     "seats": [1]}})",
                                                  id)) == Faulty{"/date wrong_type"});
}

TEST_CASE("a reservation names seats, or asks for the best, and not both") {
    Untouched untouched;
    const auto faults = [&](const std::string& fields) {
        return untouched.faults("reserve",
                                fmt::format(R"({{"performance_id": "{}"{}}})",
                                            untouched.set.sale.performance().to_string(), fields));
    };
    CHECK(faults("") == Faulty{"/seats missing"});
    CHECK(faults(R"(, "seats": [1], "best": {"count": 1})") == Faulty{"/seats unknown_field"});
    CHECK(faults(R"(, "areas": [{"section": "A", "count": 1}], "best": {"count": 1})") ==
          Faulty{"/areas unknown_field"});
    CHECK(faults(R"(, "areas": [])") == Faulty{"/areas out_of_range"});
    CHECK(faults(R"(, "areas": {"A": 2})") == Faulty{"/areas wrong_type"});
    CHECK(faults(R"(, "areas": [{"section": "", "count": 0, "row": "1"}, 7])") ==
          Faulty{"/areas/0/row unknown_field", "/areas/0/section out_of_range",
                 "/areas/0/count out_of_range", "/areas/1 wrong_type"});
    CHECK(faults(R"(, "areas": [{"section": "A", "count": 101}, {"count": 1}])") ==
          Faulty{"/areas/0/count out_of_range", "/areas/1/section missing"});
    CHECK(faults(R"(, "areas": [{"section": "A", "count": 1}, {"section": "A", "count": 2}])") ==
          Faulty{"/areas/1/section duplicate"});
    CHECK(faults(R"(, "best": {})") == Faulty{"/best/count missing"});
    CHECK(faults(R"(, "best": 2)") == Faulty{"/best wrong_type"});
    CHECK(faults(R"(, "best": {"count": 0})") == Faulty{"/best/count out_of_range"});
    CHECK(faults(R"(, "best": {"count": 101})") == Faulty{"/best/count out_of_range"});
    CHECK(faults(R"(, "best": {"count": "two", "section": "", "max_price": 1.5, "row": "1"})") ==
          Faulty{"/best/row unknown_field", "/best/count wrong_type", "/best/section out_of_range",
                 "/best/max_price amount_invalid"});
}

TEST_CASE("only application/json is read") {
    Untouched untouched;
    for (const Route& route : server::all_routes()) {
        if (!route.takes_body) continue;
        CAPTURE(route.operation);
        for (const char* type :
             {"", "text/plain", "application/x-www-form-urlencoded", "application/json-patch+json",
              "application/jsonx", "json", "text/html; application/json"}) {
            CAPTURE(type);
            Ask request = untouched.set.request(route);
            request.fields.emplace_back("Content-Type", type);
            CHECK(untouched.set.ask(route, request).outcome() == "415 media_type_unsupported");
        }
        Ask request = untouched.set.request(route);
        request.body.reset();
        CHECK(untouched.set.ask(route, request).outcome() == "411 length_required");
        CHECK(untouched.set.ask(route, request).text("/detail").find("Content-Length") !=
              std::string::npos);
    }
    for (const char* type :
         {"application/json", "APPLICATION/Json", "application/json;charset=utf-8",
          "application/json ; charset=utf-8"}) {
        Ask request = untouched.set.request(route_of("chargeWallet"));
        request.body = R"({"amount": 0})";
        request.fields.emplace_back("Content-Type", type);
        CHECK(untouched.set.server.ask(request).outcome() == "400 amount_invalid");
    }
    // What changes a room is a merge patch, and may be called one.
    for (const auto& [operation, outcome] :
         {std::pair("changeRoom", "400 request_invalid"),
          std::pair("chargeWallet", "415 media_type_unsupported")}) {
        Ask request = untouched.set.request(route_of(operation));
        request.body = "[]";
        request.fields.emplace_back("Content-Type", "application/merge-patch+json");
        CHECK(untouched.set.ask(route_of(operation), request).outcome() == outcome);
    }
}

TEST_CASE("a body may be as large as its route allows, and no larger") {
    Untouched untouched;
    TestServer& server = untouched.set.server;
    server.services().import_bytes_max = 100'000;
    const auto padded = [](std::size_t bytes) {
        const std::string begin = R"({"amount": 0, "pad": ")";
        return begin + std::string(bytes - begin.size() - 2, 'x') + "\"}";
    };
    CHECK(untouched.send("chargeWallet", padded(64 * 1024)).outcome() == "400 request_invalid");
    const Reply large = untouched.send("chargeWallet", padded(64 * 1024 + 1));
    CHECK(large.outcome() == "413 body_too_large");
    CHECK(large.field("Connection") == "close");
    CHECK(untouched.send("addConcert", padded(100'000)).outcome() == "400 request_invalid");
    CHECK(untouched.send("addConcert", padded(100'001)).outcome() == "413 body_too_large");
    // What is not there takes no more than any other.
    CHECK(server.ask({.method = "POST", .target = "/nothing", .body = padded(64 * 1024 + 1)})
              .outcome() == "413 body_too_large");
}

TEST_CASE("the body of an import is read from who may import, and of a few at a time") {
    TestServer server({.admin_key = "the-key"});
    http::Client operators(server.url(server::Side::operators));
    const std::string body(std::size_t{1} << 20, ' ');
    const auto import = [&](const std::string& key) {
        return TestServer::send(operators, {.method = "POST",
                                            .target = "/admin/v1/concerts",
                                            .token = key,
                                            .body = body,
                                            .fields = {{"X-Request-Id", "import-7"}}});
    };
    const Reply stranger = import("another-key");
    CHECK(stranger.outcome() == "401 admin_key_invalid");
    CHECK(stranger.field("WWW-Authenticate") == "Bearer");
    CHECK(stranger.text("/request_id") == "import-7");
    CHECK(stranger.field("X-Request-Id") == "import-7");
    CHECK(import("the-key").outcome() == "400 request_invalid");

    const std::string head =
        "POST /admin/v1/concerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        "the-key\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
    const std::string url = server.url(server::Side::operators);
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    std::list<RawSocket> arriving;
    for (int i = 0; i < 4; ++i) arriving.emplace_back(port).send(head + "{");
    CHECK(eventually([&] { return *server.services().imports_arriving == 4; }));
    const Reply fifth = import("the-key");
    CHECK(fifth.outcome() == "503 overloaded");
    CHECK(fifth.has_field("Retry-After"));
    arriving.clear();
    CHECK(eventually([&] { return *server.services().imports_arriving == 0; }));
    CHECK(import("the-key").outcome() == "400 request_invalid");
}

TEST_CASE("a change of a room keeps what it does not name, also beside another") {
    TestServer server;
    const SmallSale sale = server.add();
    const std::string room = "/admin/v1/concerts/" + sale.concert.to_string() + "/room";
    const auto patch = [&](http::Client& client, const std::string& body) {
        return TestServer::send(client, {.method = "PATCH", .target = room, .body = body});
    };
    http::Client ann(server.url(server::Side::operators));
    http::Client bob(server.url(server::Side::operators));
    CHECK(patch(ann, R"({"window": {"admit_max": 5, "window_ms": 1000}})").status == 200);
    std::thread other([&] {
        for (int i = 1; i <= 50; ++i) {
            (void)patch(bob, fmt::format(R"({{"pass_ms": {}}})", 60'000 + i));
        }
    });
    for (int i = 1; i <= 50; ++i) (void)patch(ann, fmt::format(R"({{"active_max": {}}})", i));
    other.join();
    const Reply all = server.ask_operators({.target = room});
    CAPTURE(all.body);
    CHECK(all.number("/room/active_max") == 50);
    CHECK(all.number("/room/pass_ms") == 60'050);
    CHECK(all.number("/room/window/admit_max") == 5);
    const Reply lifted = patch(ann, R"({"window": null})");
    CHECK(lifted.number("/room/active_max") == 50);
    CHECK(lifted.at("/room/window").is_null());
}

TEST_CASE("a query's parameters are known, single, and well formed") {
    Untouched untouched;
    for (const Route& route : server::all_routes()) {
        if (route.operation == "explain") continue;
        CAPTURE(route.operation);
        const auto with = [&](const std::string& query) {
            Ask request = untouched.set.request(route);
            request.target += "?" + query;
            return untouched.set.ask(route, request);
        };
        for (const char* query : {"nonsense=1", "Limit=1", "=1", "limit%00=1", "a&b"}) {
            CAPTURE(query);
            CHECK(with(query).outcome() == "400 request_invalid");
        }
        CHECK(with("nonsense=1").text("/detail").find("\"nonsense\"") != std::string::npos);
        CHECK(with("nonsense=1").faults().front().ends_with(" unknown_field"));
        for (const std::string_view name : route.query) {
            if (name.empty()) continue;
            CAPTURE(name);
            CHECK(with(fmt::format("{0}=1&{0}=1", name)).faults() ==
                  Faulty{fmt::format("?{} duplicate_key", name)});
            if (name == "verbose") continue;
            for (const char* value : {"", "-1", "1.0", "x", "%31x", "99999999999999999999"}) {
                CAPTURE(value);
                CHECK(with(fmt::format("{}={}", name, value)).outcome() == "400 request_invalid");
            }
        }
    }
    const Buyer& buyer = untouched.set.buyer;
    TestServer& server = untouched.set.server;
    for (const char* limit : {"0", "501", "1000000000000"}) {
        CHECK(server.get(fmt::format("/v1/payments?limit={}", limit), buyer).outcome() ==
              "400 request_invalid");
    }
    // What comes after the target is no part of it, whatever it looks like.
    CHECK(server
              .ask({.target = "/v1/payments?limit=1",
                    .token = buyer.token,
                    .fields = {{"X-Note", "a&limit=2&nonsense=1"}}})
              .outcome() == "200");
    // Percent-encoded, a parameter is what it says.
    CHECK(server.get("/v1/payments?lim%69t=%31", buyer).outcome() == "200");
}

TEST_CASE("an operator who asks what happened names numbers") {
    Untouched untouched;
    const std::string target = "/admin/v1/explain/" + untouched.set.sale.performance().to_string();
    for (const char* query : {"seat=x", "seat=1.0", "seat=-1", "place=", "limit=-1",
                              "seat=2147483648", "seat=1&place=1", "seat=1&seat=1", "other=1"}) {
        CAPTURE(query);
        CHECK(untouched.set.server.ask_operators({.target = target + "?" + query}).outcome() ==
              "400 request_invalid");
    }
}

TEST_CASE("an Idempotency-Key is one text of 1 to 255 visible characters") {
    Untouched untouched;
    for (const Route& route : server::all_routes()) {
        if (!route.takes_key) continue;
        CAPTURE(route.operation);
        const auto with = [&](const std::vector<std::string>& keys) {
            Ask request = untouched.set.request(route);
            request.key.clear();
            for (const std::string& key : keys) request.fields.emplace_back("Idempotency-Key", key);
            return untouched.set.ask(route, request).outcome();
        };
        CHECK(with({}) == "400 idempotency_key_required");
        CHECK(with({""}) == "400 idempotency_key_required");
        CHECK(with({std::string(256, 'k')}) == "400 request_invalid");
        CHECK(with({"two words"}) == "400 request_invalid");
        CHECK(with({"\xc3\xa9"}) == "400 request_invalid");
        CHECK(with({"a", "a"}) == "400 request_invalid");
        CHECK(with({"a", "b"}) == "400 request_invalid");
    }
}

TEST_CASE("a key of 255 characters is a key, and routes without one mind none") {
    ReadyStage set({});
    const std::string key(255, '~');
    CHECK(set.server.charge(set.buyer, 1, key).outcome() == "201");
    CHECK(set.server.charge(set.buyer, 1, key).field("Idempotent-Replayed") == "true");
    for (const Route& route : server::all_routes()) {
        if (route.takes_key || route.operation == "backup" || route.operation == "audit") continue;
        CAPTURE(route.operation);
        if (route.operation == "leave" || route.operation == "releaseReservation") continue;
        Ask request = set.request(route);
        request.fields.emplace_back("Idempotency-Key", "two words");
        CHECK(set.ask(route, request).status == sample_of(route).status);
    }
}

TEST_CASE("an id in a path that is none is as unknown as one that names nothing") {
    Untouched untouched;
    const Buyer& buyer = untouched.set.buyer;
    TestServer& server = untouched.set.server;
    for (const char* id : {"x", "%20", "..", "00000000-0000-0000-0000-000000000000",
                           "00000000%2D0000-0000-0000-000000000000"}) {
        CAPTURE(id);
        const std::string text = id;
        CHECK(server.get("/v1/reservations/" + text, buyer).outcome() == "404 unknown_reservation");
        CHECK(server.get("/v1/payments/" + text, buyer).outcome() == "404 unknown_payment");
        CHECK(server.get("/v1/users/" + text + "/wallet", buyer).outcome() == "404 unknown_user");
        CHECK(server.get("/v1/performances/" + text + "/seats", buyer).outcome() ==
              "404 unknown_performance");
        // The token is another room's than this, whatever it is.
        CHECK(server.get("/v1/concerts/" + text + "/dates", buyer).outcome() ==
              "401 token_invalid");
    }
    for (const char* path : {"/v1/reservations/", "/v1/reservations//extend", "/v1//concerts",
                             "/v1/concerts/", "//", "/V1/concerts", "/v1/concerts%2F"}) {
        CAPTURE(path);
        CHECK(server.get(path, buyer).outcome() == "404 unknown_route");
    }
}

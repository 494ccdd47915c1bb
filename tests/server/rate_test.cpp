// What stands around the routes: limits on asking for tokens, CORS, metrics and the log.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "server/raw_socket.hpp"
#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// Asks for a token as a client whom a proxy speaks for.
Ask token_for(const std::string& client, const SmallSale& sale, const UserId& user) {
    Ask ask = request_of(route_of("askForToken"), {.sale = sale, .user = user}, "", "");
    if (!client.empty()) ask.fields.emplace_back("X-Forwarded-For", client);
    return ask;
}

// Asks until it is refused, which at one a second and 3 at once is soon.
Reply until_refused(TestServer& server, const Ask& ask) {
    Reply reply;
    CHECK(eventually([&] { return (reply = server.ask(ask)).status == 429; }));
    return reply;
}

const server::RateLimiter::Rate slow{.per_second = 1, .burst = 3};

}  // namespace

TEST_CASE("a client that asks for too many tokens is told to wait, and nothing is done") {
    TestServer server({.trusted_proxies = {"127.0.0.1"}, .token_rate = slow});
    const SmallSale sale = server.add();
    const UserId ann = UserId::from_name("ann");
    const Reply refused = until_refused(server, token_for("203.0.113.7", sale, ann));
    CHECK(refused.outcome() == "429 rate_limited");
    CHECK(refused.field("RateLimit-Limit") == "3");
    CHECK(refused.field("RateLimit-Remaining") == "0");
    CHECK(refused.field("RateLimit-Reset") == "3");
    CHECK(refused.field("Retry-After") == "1");

    // A new user from there has to wait as well, and has no place until then.
    const UserId bob = UserId::from_name("bob");
    (void)until_refused(server, token_for("203.0.113.7", sale, bob));
    // Neighbours do not.
    CHECK(server.ask(token_for("203.0.113.8", sale, ann)).status == 200);
    CHECK(server.ask(token_for("2001:db8::1", sale, ann)).status == 200);
    // Whatever else that client asks for is not limited.
    Ask look{.target = "/v1/concerts", .fields = {{"X-Forwarded-For", "203.0.113.7"}}};
    for (int i = 0; i < 10; ++i) CHECK(server.ask(look).status == 200);
    // What is no request for a token that could be granted takes nothing from anybody.
    CHECK(server.ask({.method = "GET", .target = token_for("", sale, ann).target}).status == 405);
}

TEST_CASE("a refusal of the limit makes no place") {
    TestServer server({.trusted_proxies = {"127.0.0.1"}, .token_rate = slow});
    const SmallSale sale = server.add();
    const Ask ask = token_for("203.0.113.7", sale, UserId::from_name("ann"));
    (void)until_refused(server, ask);
    const auto waiting = [&] { return server.office().concert({sale.concert})->waiting; };
    CHECK(waiting() == 1);
    int refused = 0;
    int made = 0;
    for (int i = 0; i < 20; ++i) {
        const Reply reply = server.ask(token_for("203.0.113.7", sale, SmallSale::user(i)));
        ++(reply.status == 429 ? refused : made);
    }
    CHECK(refused > 0);
    CHECK(waiting() == 1 + made);
}

TEST_CASE("only a proxy that is trusted speaks for others, and loopback is never limited") {
    SUBCASE("no proxy is trusted") {
        TestServer server({.token_rate = slow});
        const SmallSale sale = server.add();
        for (int i = 0; i < 20; ++i) {
            CHECK(server.ask(token_for("203.0.113.7", sale, SmallSale::user(1))).status != 429);
        }
    }
    SUBCASE("the proxy's own requests") {
        TestServer server({.trusted_proxies = {"127.0.0.0/8"}, .token_rate = slow});
        const SmallSale sale = server.add();
        for (int i = 0; i < 20; ++i) {
            CHECK(server.ask(token_for("", sale, SmallSale::user(1))).status != 429);
        }
        // What the client says of itself stands to the left of what the proxy saw.
        Reply reply;
        CHECK(eventually([&] {
            reply = server.ask(token_for("127.0.0.1, 198.51.100.4", sale, SmallSale::user(1)));
            return reply.status == 429;
        }));
        CHECK(reply.outcome() == "429 rate_limited");
    }
}

// --- CORS --------------------------------------------------------------------------------------

namespace {

Ask preflight(const std::string& origin, const std::string& target = "/v1/reservations") {
    return {.method = "OPTIONS",
            .target = target,
            .fields = {{"Origin", origin},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "authorization,idempotency-key"}}};
}

}  // namespace

TEST_CASE("without origins that may read answers, nobody's page may") {
    TestServer server;
    const Reply refused = server.ask(preflight("https://tickets.example"));
    CHECK(refused.outcome() == "405 method_not_allowed");
    CHECK_FALSE(refused.has_field("Access-Control-Allow-Origin"));
    const Reply concerts =
        server.ask({.target = "/v1/concerts", .fields = {{"Origin", "https://tickets.example"}}});
    CHECK(concerts.status == 200);
    CHECK_FALSE(concerts.has_field("Access-Control-Allow-Origin"));
    CHECK(concerts.field("Vary") == "Accept-Encoding");
}

TEST_CASE("an origin that was named may ask and read, and another may not") {
    TestServer server({.cors_origins = {"https://tickets.example", "http://localhost:5173"}});
    const Reply allowed = server.ask(preflight("https://tickets.example"));
    CHECK(allowed.status == 204);
    CHECK(allowed.body.empty());
    CHECK(allowed.field("Access-Control-Allow-Origin") == "https://tickets.example");
    CHECK(allowed.field("Vary") == "Origin");
    for (const char* method : {"GET", "HEAD", "POST", "DELETE"}) {
        CHECK(allowed.field("Access-Control-Allow-Methods").find(method) != std::string::npos);
    }
    for (const char* name : {"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"}) {
        CHECK(allowed.field("Access-Control-Allow-Headers").find(name) != std::string::npos);
    }
    CHECK_FALSE(allowed.has_field("Access-Control-Allow-Credentials"));

    for (const char* origin : {"https://evil.example", "https://tickets.example.evil.example",
                               "null", "*", "http://tickets.example"}) {
        CAPTURE(origin);
        CHECK_FALSE(server.ask(preflight(origin)).has_field("Access-Control-Allow-Origin"));
        CHECK(server.ask(preflight(origin)).field("Vary") == "Origin");
    }
    // Also what is refused may be read: a page must know why.
    const Reply refused = server.ask(
        {.target = "/v1/tokens/current", .fields = {{"Origin", "http://localhost:5173"}}});
    CHECK(refused.outcome() == "401 token_required");
    CHECK(refused.field("Access-Control-Allow-Origin") == "http://localhost:5173");
    for (const char* name : {"ETag", "Retry-After", "Idempotent-Replayed", "X-Request-Id"}) {
        CHECK(refused.field("Access-Control-Expose-Headers").find(name) != std::string::npos);
    }
    // Whoever sends no origin is no page; whoever asks the operators' side is none either.
    CHECK(server.ask({.method = "OPTIONS", .target = "/v1/reservations"}).outcome() ==
          "405 method_not_allowed");
    const Reply operators =
        server.ask_operators(preflight("https://tickets.example", "/admin/v1/audit"));
    CHECK(operators.outcome() == "405 method_not_allowed");
    CHECK_FALSE(operators.has_field("Access-Control-Allow-Origin"));
}

// --- Metrics -----------------------------------------------------------------------------------

namespace {

// The value of a series; -1 where there is none.
double value_of(const std::string& text, const std::string& series) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(series + ' ')) return std::stod(line.substr(series.size() + 1));
    }
    return -1;
}

}  // namespace

TEST_CASE("metrics count what was asked, by route, and how the sale stands") {
    ReadyStage set({});
    TestServer& server = set.server;
    (void)server.waiting("bob", set.sale.concert);
    CHECK(server.get("/no/such/path/" + UserId::random().to_string()).status == 404);
    CHECK(server.pay(set.buyer, {UserId::random().to_string()}).status == 404);
    CHECK(server.ask({.method = "HEAD", .target = "/v1/concerts"}).status == 200);
    {
        RawSocket socket(static_cast<std::uint16_t>(
            std::stoi(server.url().substr(server.url().rfind(':') + 1))));
        socket.send("GET / HTTP/1.1\r\n\r\n");
        CHECK(socket.receive().status == 400);
    }
    const Reply metrics = server.ask_operators({.target = "/metrics"});
    CHECK(metrics.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    const std::string& text = metrics.body;
    const std::string concert = set.sale.concert.to_string();
    const std::pair<std::string, double> wanted[] = {
        {R"(concertres_http_requests_total{method="POST",route="/v1/reservations",status="201"})",
         2},
        {R"(concertres_http_requests_total{method="POST",route="/v1/payments",status="404"})", 1},
        {R"(concertres_http_requests_total{method="HEAD",route="/v1/concerts",status="200"})", 1},
        {R"(concertres_payments_total{result="completed"})", 1},
        {R"(concertres_payments_total{result="unknown_reservation"})", 1},
        {R"(concertres_http_refusals_total{code="framing_invalid"})", 1},
        {R"(concertres_waiting{concert=")" + concert + R"("})", 1},
        {R"(concertres_passes_admitted{concert=")" + concert + R"("})", 1},
        {R"(concertres_seats{concert=")" + concert + R"(",state="sold"})", 1},
        {R"(concertres_seats{concert=")" + concert + R"(",state="held"})", 1},
        {R"(concertres_seats{concert=")" + concert + R"(",state="free"})", 48},
        {R"(concertres_seats{concert=")" + concert + R"(",state="blocked"})", 0},
        {"concertres_engine_failed", 0},
        {"concertres_inbox_commands", 0},
        {"concertres_log_lines_dropped_total", 0},
        {R"(concertres_connections_open{listener="operators"})", 1},
        {R"(concertres_payments_minor_units_total{outcome="completed"})", 50'000},
        {R"(concertres_payments_minor_units_total{outcome="refunded"})", 0},
        {R"(concertres_sale_open{concert=")" + concert + R"("})", 1},
        {R"(concertres_http_faults_total{code="storage_full"})", 0},
        {"concertres_ready", 1},
    };
    for (const auto& [series, value] : wanted) {
        CAPTURE(series);
        INFO(text);
        CHECK(value_of(text, series) == value);
    }
    for (const char* family :
         {"concertres_http_request_duration_seconds", "concertres_commands_total",
          "concertres_command_refusals_total", "concertres_groups_total", "concertres_events_total",
          "concertres_rows_written_total", "concertres_received_bytes_total",
          "concertres_sent_bytes_total", "concertres_snapshot_age_seconds",
          "concertres_uptime_seconds"}) {
        CAPTURE(family);
        CHECK(text.find(fmt::format("# TYPE {} ", family)) != std::string::npos);
    }
    // What a client makes up is no label: paths that are none are one, whatever stands in them.
    CHECK(text.find("no/such") == std::string::npos);
    CHECK(text.find(R"(concertres_http_requests_total{method="OTHER",route="unknown",)") !=
          std::string::npos);
}

TEST_CASE("metrics tell whether the server serves, and with which codes it did not") {
    ReadyStage set({});
    const auto value = [&](const std::string& series) {
        return value_of(set.server.ask_operators({.target = "/metrics"}).body, series);
    };
    const std::string overloaded = R"(concertres_http_faults_total{code="overloaded"})";
    CHECK(value(overloaded) == 0);
    set.server.services().ready = false;
    CHECK(set.server.ask_operators({.target = "/readyz"}).outcome() == "503 overloaded");
    CHECK(value("concertres_ready") == 0);
    CHECK(value(overloaded) == 1);
}

TEST_CASE("an answer of 500 is a fault also where no route gave it") {
    TestServer server;
    const std::string internal = R"(concertres_http_faults_total{code="internal"})";
    server.services().metrics.count_refusal("framing_invalid");
    CHECK(value_of(server.ask_operators({.target = "/metrics"}).body, internal) == 0);
    server.services().metrics.count_refusal("internal");
    CHECK(value_of(server.ask_operators({.target = "/metrics"}).body, internal) == 1);
}

TEST_CASE("a payment that is begun with money from outside does not count as completed") {
    TestServer server;
    const auto& pay = route_of("pay");
    constexpr std::chrono::milliseconds took(1);
    server::Metrics& metrics = server.services().metrics;
    metrics.count(&pay, http::Method::post, 202, "", took);
    metrics.count(&pay, http::Method::post, 201, "", took);
    metrics.count(&pay, http::Method::post, 402, "insufficient_balance", took);
    const std::string text = server.ask_operators({.target = "/metrics"}).body;
    for (const char* result : {"begun", "completed", "insufficient_balance"}) {
        CAPTURE(result);
        CHECK(value_of(text, fmt::format(R"(concertres_payments_total{{result="{}"}})", result)) ==
              1);
    }
}

TEST_CASE("metrics count the descriptors that are open") {
    TestServer server;
    const auto value = [&](const std::string& series) {
        return value_of(server.ask_operators({.target = "/metrics"}).body, series);
    };
    const double before = value("process_open_fds");
    const int one_more = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE(one_more >= 0);
    CHECK(value("process_open_fds") == before + 1);
    ::close(one_more);
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(value("process_max_fds") == static_cast<double>(limit.rlim_cur));
}

TEST_CASE("without an admin key no web page, and no host by name, reaches what is for operators") {
    TestServer open;
    const auto asked = [](TestServer& server, std::string name, std::string value,
                          const std::string& key = {}) {
        return server.ask_operators({.method = "POST",
                                     .target = "/admin/v1/audit",
                                     .token = key,
                                     .fields = {{std::move(name), std::move(value)}}});
    };
    for (const auto& [name, value] :
         {std::pair{"Origin", "http://elsewhere.example"}, std::pair{"Origin", "null"},
          std::pair{"Sec-Fetch-Site", "cross-site"}}) {
        CAPTURE(name);
        const Reply refused = asked(open, name, value);
        CHECK(refused.status == 401);
        CHECK(refused.outcome() == "401 admin_key_invalid");
    }
    // Not refused: the store in memory has no copy to audit.
    CHECK(asked(open, "Sec-Fetch-Site", "none").outcome() == "400 request_invalid");
    // The console's own page is none of elsewhere; the buyers', on another port, is.
    const std::string own = open.url(server::Side::operators);
    CHECK(asked(open, "Origin", own).outcome() == "400 request_invalid");
    CHECK(asked(open, "Origin", "https" + own.substr(4)).outcome() == "400 request_invalid");
    CHECK(asked(open, "Sec-Fetch-Site", "same-origin").outcome() == "400 request_invalid");
    for (const std::string& other :
         {open.url(server::Side::buyers), own + "0", own.substr(0, own.rfind(':')), own + "/",
          "ftp" + own.substr(4), "http://localhost" + own.substr(own.rfind(':'))}) {
        CAPTURE(other);
        CHECK(asked(open, "Origin", other).outcome() == "401 admin_key_invalid");
    }
    CHECK(asked(open, "Sec-Fetch-Site", "same-site").outcome() == "401 admin_key_invalid");
    TestServer keyed({.admin_key = "a-key-of-the-operators"});
    CHECK(asked(keyed, "Origin", "http://elsewhere.example", "a-key-of-the-operators").outcome() ==
          "400 request_invalid");
}

TEST_CASE("Prometheus' own tool finds nothing to say about the metrics") {
    if (std::system("command -v promtool > /dev/null 2>&1") != 0) {
        MESSAGE("promtool is not installed: the metrics were not checked by it");
        return;
    }
    ReadyStage set({});
    const Reply metrics = set.server.ask_operators({.target = "/metrics"});
    const std::filesystem::path file = set.server.folder() / "metrics.txt";
    std::ofstream(file) << metrics.body;
    const std::filesystem::path said = set.server.folder() / "said.txt";
    const int result = std::system(
        fmt::format("promtool check metrics < {} > {} 2>&1", file.string(), said.string()).c_str());
    std::ifstream in(said);
    const std::string words{std::istreambuf_iterator<char>(in), {}};
    INFO(words);
    CHECK(result == 0);
    CHECK(words.empty());
}

// --- The log -----------------------------------------------------------------------------------

namespace {

// Standard error goes to a file as long as it lives.
class Redirected {
  public:
    explicit Redirected(const std::filesystem::path& file) : kept_(::dup(STDERR_FILENO)) {
        const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        REQUIRE(to >= 0);
        std::fflush(stderr);
        ::dup2(to, STDERR_FILENO);
        ::close(to);
    }
    ~Redirected() {
        std::fflush(stderr);
        ::dup2(kept_, STDERR_FILENO);
        ::close(kept_);
    }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;

  private:
    int kept_;
};

}  // namespace

TEST_CASE("a log tells of every request, and of no token, key or body") {
    TempDir folder;
    const std::filesystem::path file = folder.path() / "log.txt";
    std::vector<std::string> secrets{"api-key-of-the-host", "admin-key-of-the-host",
                                     "key-of-a-charge",     "in-the-query",
                                     "in-the-path",         "in-the-body"};
    std::size_t asked = 0;
    {
        const Redirected redirected(file);
        TestServer server(
            {.api_key = secrets[0], .admin_key = secrets[1], .log_level = LogLevel::info});
        const SmallSale sale = server.add();
        const UserId ann = UserId::from_name("ann");
        Ask ask = request_of(route_of("askForToken"), {.sale = sale, .user = ann}, "", "");
        ask.fields = {{"X-Api-Key", secrets[0]}, {"X-Request-Id", "first"}};
        const Buyer buyer{.user = ann, .token = server.ask(ask).text("/token")};
        secrets.push_back(buyer.token);
        server.admit(sale.concert);
        (void)server.place(buyer);
        (void)server.place({.user = ann, .token = buyer.token + "x"});
        (void)server.hold(buyer, sale.performance(), {1}, secrets[2]);
        (void)server.get("/v1/payments?cursor=" + secrets[3], buyer);
        (void)server.get("/" + secrets[4], buyer);
        (void)server.get("/v1/payments/" + secrets[4] + "?token=" + buyer.token, buyer);
        (void)server.ask_operators({.target = "/metrics", .token = secrets[1]});
        (void)server.ask_operators({.target = "/metrics", .token = secrets[1] + "x"});
        Ask faulty = request_of(route_of("pay"), {.sale = sale}, buyer.token, secrets[2]);
        faulty.body = R"({"in-the-body": 1})";
        (void)server.ask(faulty);
        asked = 10;
        RawSocket socket(static_cast<std::uint16_t>(
            std::stoi(server.url().substr(server.url().rfind(':') + 1))));
        socket.send("GET /" + secrets[4] + " HTTP/1.1\r\nAuthorization: Bearer " + buyer.token +
                    "\r\n\r\n");
        (void)socket.receive();
    }
    std::ifstream in(file);
    const std::string log{std::istreambuf_iterator<char>(in), {}};
    for (const std::string& secret : secrets) {
        CAPTURE(secret);
        CHECK(log.find(secret) == std::string::npos);
    }
    std::size_t requests = 0;
    std::size_t refused = 0;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        const boost::json::value told = boost::json::parse(line);
        const auto& message = told.at("message").as_string();
        refused += message == "refused" ? 1 : 0;
        if (message != "request") continue;
        ++requests;
        for (const char* name : {"time", "level", "method", "route", "status", "duration_us",
                                 "request_id", "client"}) {
            CHECK(told.as_object().contains(name));
        }
        CHECK(told.as_object().contains("code") == (told.at("status").as_int64() >= 400));
        CHECK(told.at("client").as_string() == "127.0.0.1");
        if (requests != 1) continue;
        CHECK(told.at("route").as_string() == "/v1/concerts/{concert_id}/tokens");
        CHECK(told.at("request_id").as_string() == "first");
    }
    CHECK(requests == asked);
    CHECK(refused == 1);
}

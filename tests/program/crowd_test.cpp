// Five hundred clients on kept connections want two hundred seats at once; and operators import,
// copy and audit while buyers buy.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "concertres/ids.hpp"
#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
namespace json = boost::json;

namespace {

constexpr int visitors = 500;
constexpr int seats = 200;
constexpr int let_in = 120;

// One client with one connection: sends the request that is next, takes its answer, and goes on.
class Visitor {
  public:
    Visitor(std::uint16_t port, const ImportedSale& sale, int number)
        : socket_(port),
          sale_(sale),
          number_(number),
          user_(UserId::from_name(fmt::format("visitor {}", number)).to_string()) {}

    [[nodiscard]] bool done() const { return next_ == Next::nothing; }
    [[nodiscard]] bool waits() const { return next_ == Next::poll; }
    [[nodiscard]] std::int64_t seat() const { return paid_seat_; }
    [[nodiscard]] std::int64_t paid() const { return paid_amount_; }
    // Answers that no rule allows.
    [[nodiscard]] const std::string& odd() const { return odd_; }

    void ask();
    void take();

  private:
    enum class Next { join, poll, hold, look, charge, pay, leave, nothing };

    void send(const char* method, const std::string& target, const std::string& body);
    void take_place(const json::value& place);
    void take_hold(const RawAnswer& answer, const json::value& body);
    void take_seats(const json::value& body);
    void take_payment(const json::value& body);
    void is_odd(const RawAnswer& answer) {
        odd_ = fmt::format("visitor {}, step {}: {}{}", number_, static_cast<int>(next_),
                           answer.head, answer.body);
        next_ = Next::nothing;
    }

    RawSocket socket_;
    const ImportedSale& sale_;
    int number_;
    std::string user_;
    Next next_ = Next::join;
    std::string token_{};
    std::int64_t position_ = -1;
    std::int64_t wanted_ = 1 + number_ % (visitors / 5);  // at first, five want the same
    int refused_ = 0;
    std::string reservation_{};
    std::int64_t paid_seat_ = 0;
    std::int64_t paid_amount_ = 0;
    std::string odd_{};
};

void Visitor::send(const char* method, const std::string& target, const std::string& body) {
    std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: concertres\r\n", method, target);
    if (!token_.empty()) text += fmt::format("Authorization: Bearer {}\r\n", token_);
    if (!body.empty()) {
        text += fmt::format(
            "Idempotency-Key: try-{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            refused_, body.size());
    }
    socket_.send(text + "\r\n" + body);
}

void Visitor::ask() {
    switch (next_) {
        case Next::join:
            return send("POST", "/v1/concerts/" + sale_.concert + "/tokens",
                        fmt::format(R"({{"user_id": "{}"}})", user_));
        case Next::poll:
            return send("GET", "/v1/tokens/current", "");
        case Next::hold:
            return send("POST", "/v1/reservations",
                        fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                    sale_.performance, wanted_));
        case Next::look:
            return send("GET", "/v1/performances/" + sale_.performance + "/seats", "");
        case Next::charge:
            return send("POST", "/v1/users/" + user_ + "/wallet/charges", R"({"amount": 50000})");
        case Next::pay:
            return send("POST", "/v1/payments",
                        fmt::format(R"({{"reservation_id": "{}"}})", reservation_));
        case Next::leave:
            return send("DELETE", "/v1/tokens/current", "");
        case Next::nothing:
            return;
    }
}

void Visitor::take() {
    const RawAnswer answer = socket_.receive(next_ == Next::leave);
    const json::value body = answer.body.empty() ? json::value() : json::parse(answer.body);
    switch (next_) {
        case Next::join:
            if (answer.status != 201) return is_odd(answer);
            token_ = std::string(body.at("token").as_string());
            return take_place(body);
        case Next::poll:
            if (answer.status != 200) return is_odd(answer);
            return take_place(body);
        case Next::hold:
            return take_hold(answer, body);
        case Next::look:
            if (answer.status != 200) return is_odd(answer);
            return take_seats(body);
        case Next::charge:
            if (answer.status != 201) return is_odd(answer);
            next_ = Next::pay;
            return;
        case Next::pay:
            if (answer.status != 201) return is_odd(answer);
            return take_payment(body);
        case Next::leave:
            if (answer.status != 204) return is_odd(answer);
            next_ = Next::nothing;
            return;
        case Next::nothing:
            return;
    }
}

void Visitor::take_place(const json::value& place) {
    const std::int64_t position = place.at("position").as_int64();
    if (position_ >= 0 && position > position_) odd_ = "a position that grew";
    position_ = position;
    if (place.at("status").as_string() == "admitted") {
        next_ = Next::hold;
    } else {
        next_ = place.at("sale").as_string() == "sold_out" ? Next::leave : Next::poll;
    }
}

void Visitor::take_hold(const RawAnswer& answer, const json::value& body) {
    if (answer.status == 201) {
        reservation_ = std::string(body.at("reservation_id").as_string());
        next_ = Next::charge;
        return;
    }
    const std::string code = answer.status == 409 ? std::string(body.at("code").as_string()) : "";
    if (code != "seat_held" && code != "seat_sold") return is_odd(answer);
    ++refused_;
    next_ = Next::look;
}

// What is free according to a list that all share, and that may be some milliseconds old.
void Visitor::take_seats(const json::value& body) {
    const auto& free = body.at("seats").as_array();
    if (free.empty()) {
        next_ = Next::leave;
        return;
    }
    const std::size_t turn = static_cast<std::size_t>(number_ + refused_) % free.size();
    wanted_ = free.at(turn).at("number").as_int64();
    next_ = Next::hold;
}

void Visitor::take_payment(const json::value& body) {
    paid_seat_ = body.at("seats").as_array().at(0).at("number").as_int64();
    paid_amount_ = body.at("amount").at("amount").as_int64();
    next_ = Next::nothing;
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// All who are not done ask, and then all take their answers, until nobody has anything to ask.
void let_all_buy(std::vector<std::unique_ptr<Visitor>>& crowd) {
    for (bool anybody = true; anybody;) {
        anybody = false;
        bool all_wait = true;
        for (auto& visitor : crowd) visitor->ask();
        for (auto& visitor : crowd) {
            if (visitor->done()) continue;
            visitor->take();
            REQUIRE(visitor->odd() == "");
            anybody = true;
            all_wait = all_wait && visitor->waits();
        }
        if (all_wait) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

// The hall of the examples, with a price for each of its categories.
std::vector<std::string> real_hall() {
    return {"import",  CONCERTRES_EXAMPLE_DATA "/riethsporthalle.seating-plan.json",
            "--title", "Handball, and after it a concert",
            "--date",  "2090-12-24T19:00:00+01:00",
            "--date",  "2090-12-25T19:00:00+01:00",
            "--price", "Kategorie I=9000",
            "--price", "Kategorie II=7000",
            "--price", "Kategorie III=5000",
            "--price", "Fanblock=3000",
            "--price", "C unten=6000",
            "--price", "VIP=20000"};
}

Ran ask_server(std::vector<std::string> arguments, const ServerProcess& server) {
    arguments.insert(arguments.end(), {"--server", server.operators_url()});
    return run_command(std::move(arguments));
}

}  // namespace

TEST_CASE("five hundred want two hundred seats at once: each is sold to one") {
    raise_descriptor_limit();
    const TempDir folder;
    const std::string data = folder.path();
    ServerProcess server(
        {.data = data, .arguments = {"--tick-ms", "20", "--log-level", "warning"}});
    const ImportedSale sale =
        import_sale({"--server", server.operators_url()},
                    sale_json(seats, fmt::format(R"("room": {{"active_max": {}}})", let_in)));
    std::vector<std::unique_ptr<Visitor>> crowd;
    for (int i = 0; i < visitors; ++i) {
        crowd.push_back(std::make_unique<Visitor>(server.port(), sale, i));
    }
    let_all_buy(crowd);

    std::set<std::int64_t> sold;
    std::int64_t takings = 0;
    for (const auto& visitor : crowd) {
        if (visitor->seat() == 0) continue;
        CHECK(sold.insert(visitor->seat()).second);
        takings += visitor->paid();
    }
    CHECK(sold.size() == seats);
    CHECK(*sold.begin() == 1);
    CHECK(*sold.rbegin() == seats);
    CHECK(takings == seats * 50'000);

    const auto check_counts = [](const std::vector<std::string>& where) {
        const auto counts = audit(where);
        CHECK(counts.at("places") == visitors);
        CHECK(counts.at("payments") == seats);
        CHECK(counts.at("sold") == seats);
        CHECK(counts.at("held") == 0);
        CHECK(counts.at("free") == 0);
    };
    check_counts({"--server", server.operators_url()});
    CHECK(server.stop() == "exit 0");
    check_counts({"--data", data});
}

TEST_CASE("a real hall is imported, the sale copied and audited, while buyers buy") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const std::string copy = folder.path() / "copy" / "concertres.db";
    std::filesystem::create_directory(folder.path() / "copy");
    ServerProcess server(
        {.data = data, .arguments = {"--tick-ms", "20", "--log-level", "warning"}});
    const RushSale sale = import_rush_sale({"--server", server.operators_url()}, 2'000);
    Rush rush(server.url(), sale, {.threads = 3});
    REQUIRE(rush.comes_to(5));

    const ImportedSale hall = imported(ask_server(real_hall(), server));
    const int paid_before_copy = rush.paid();
    const Ran backup = ask_server({"backup", copy}, server);
    INFO(backup.out, backup.err);
    CHECK(backup.end == "exit 0");
    CHECK(contains(backup.out, copy + " has "));
    const int paid_before_audit = rush.paid();
    CHECK(audit({"--server", server.operators_url()}).at("payments") >= paid_before_audit);
    MESSAGE("payments: ", paid_before_copy, " before the copy, ", paid_before_audit,
            " before the audit, ", rush.paid(), " after it");
    const std::vector<Told> told = rush.end();
    for (const Told& buyer : told) {
        CHECK(buyer.refusals.empty());
        CHECK(buyer.contradictions.empty());
        CHECK(!buyer.payment.empty());
    }

    http::Client client(server.url());
    const Reply dates = TestServer::send(
        client,
        {.target = "/v1/performances/" + hall.performance + "/seats?status=all",
         .token = TestServer::send(
                      client, {.method = "POST",
                               .target = "/v1/concerts/" + hall.concert + "/tokens",
                               .body = R"({"user_id": ")" + Uuid::random().to_string() + "\"}"})
                      .text("/token")});
    CHECK(dates.at("/seats").as_array().size() == 1'252);
    check_again(server.url(), sale, told);
    CHECK(server.stop() == "exit 0");

    // The folder has what belongs there: the copies that were audited are gone.
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
        names.insert(entry.path().filename());
    }
    CHECK(names == std::set<std::string>{"concertres.db"});
    const auto after = audit({"--data", data});
    CHECK(after.at("payments") == static_cast<std::int64_t>(told.size()));
    CHECK(after.at("performances") == 4);
    const auto copied = audit({"--data", folder.path() / "copy"});
    CHECK(copied.at("payments") >= paid_before_copy);
    CHECK(copied.at("payments") <= after.at("payments"));
    CHECK(copied.at("performances") == 4);
}

#include "program/instances.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iterator>
#include <string_view>
#include <utility>

namespace concertres::test {

PostgresServer& durable_postgres() {
    static PostgresServer server(PostgresServer::Sync::yes);
    return server;
}

// A test that is left because something has failed tells of that, not of what cannot be cleared
// away.
SharedDatabase::~SharedDatabase() {
    try {
        durable_postgres().drop_database(name_);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "{}\n", failure.what());
    }
}

Instances::Instances() : database_(std::in_place), stores_(2, database_->address()) {
    for (std::size_t i = 0; i < stores_.size(); ++i) servers_.push_back(start(i));
}

Instances::Instances(std::vector<std::string> stores) : stores_(std::move(stores)) {
    for (std::size_t i = 0; i < stores_.size(); ++i) servers_.push_back(start(i));
}

std::unique_ptr<ServerProcess> Instances::start(std::size_t i) const {
    return std::make_unique<ServerProcess>(
        Serving{.store = stores_.at(i), .arguments = {"--tick-ms", "50"}});
}

void Instances::check_stop() {
    for (auto& server : servers_) CHECK(server->stop() == "exit 0");
}

std::string Instances::id_of(const std::string& user) {
    return UserId::from_name(user).to_string();
}

Reply Instances::ask(std::size_t i, const Ask& ask) {
    http::Client client((*this)[i].url());
    return TestServer::send(client, ask);
}

Reply Instances::join(std::size_t i, const std::string& user, const ImportedSale& sale) {
    return ask(i, {.method = "POST",
                   .target = "/v1/concerts/" + sale.concert + "/tokens",
                   .body = fmt::format(R"({{"user_id": "{}"}})", id_of(user))});
}

std::string Instances::let_in(std::size_t i, const std::string& user, const ImportedSale& sale) {
    const Reply joined = join(i, user, sale);
    REQUIRE(joined.outcome() == "201");
    std::string token = joined.text("/token");
    REQUIRE(eventually([&] { return status(i, token) == "admitted"; }));
    return token;
}

Reply Instances::place(std::size_t i, const std::string& token) {
    return ask(i, {.target = "/v1/tokens/current", .token = token});
}

std::string Instances::status(std::size_t i, const std::string& token) {
    return place(i, token).text("/status");
}

Reply Instances::hold(std::size_t i, const std::string& token, const ImportedSale& sale, int seat) {
    return ask(i, {.method = "POST",
                   .target = "/v1/reservations",
                   .token = token,
                   .body = fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                       sale.performance, seat),
                   .key = fmt::format("hold-{}", seat)});
}

Reply Instances::charge(std::size_t i, const std::string& user, const std::string& token) {
    return ask(i, {.method = "POST",
                   .target = "/v1/users/" + id_of(user) + "/wallet/charges",
                   .token = token,
                   .body = R"({"amount": 50000})",
                   .key = "charge"});
}

Reply Instances::pay(std::size_t i, const std::string& token, const std::string& hold) {
    return ask(i, {.method = "POST",
                   .target = "/v1/payments",
                   .token = token,
                   .body = fmt::format(R"({{"reservation_id": "{}"}})", hold),
                   .key = "pay"});
}

std::string Instances::hall(std::size_t i, const std::string& token, const ImportedSale& sale) {
    const Reply seats = ask(
        i,
        {.target = "/v1/performances/" + sale.performance + "/seats?status=all", .token = token});
    std::string line;
    for (const auto& seat : seats.at("/seats").as_array()) {
        line += fmt::format("{}{} {}", line.empty() ? "" : ", ", seat.at("number").as_int64(),
                            std::string_view(seat.at("status").as_string()));
    }
    return line;
}

bool Instances::knows(std::size_t i, const std::string& concert) {
    return eventually([&] { return contains(ask(i, {.target = "/v1/concerts"}).body, concert); });
}

ImportedSale Instances::import(const std::string& json) {
    ImportedSale sale = import_sale({"--server", (*this)[0].operators_url()}, json);
    for (std::size_t i = 1; i < servers_.size(); ++i) REQUIRE(knows(i, sale.concert));
    return sale;
}

RushSale Instances::import_rush(int seats) {
    RushSale sale = import_rush_sale({"--server", (*this)[0].operators_url()}, seats);
    for (std::size_t i = 1; i < servers_.size(); ++i) REQUIRE(knows(i, sale.queued.concert));
    return sale;
}

void join_lists(std::vector<Told>& all, std::vector<Told> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

void check_nothing_lost(Instances& servers, std::size_t at, const RushSale& sale,
                        std::vector<Told> told) {
    REQUIRE(!told.empty());
    check_again(servers[at].url(), sale, told);
    CHECK(audit(servers.where()).at("payments") == static_cast<std::int64_t>(told.size()));
}

}  // namespace concertres::test

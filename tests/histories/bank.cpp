#include "histories/bank.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "http/client.hpp"
#include "server/test_server.hpp"

namespace concertres::test {

namespace {

struct Movement {
    std::string kind;
    std::int64_t amount;
    std::int64_t balance;
};

// Oldest first.
std::vector<Movement> statement(http::Client& client, const std::string& token,
                                const std::string& user) {
    std::vector<Movement> all;
    std::string cursor;
    do {
        const Reply page = TestServer::send(
            client,
            {.target = "/v1/users/" + user + "/wallet/transfers?limit=7" + cursor, .token = token});
        REQUIRE(page.status == 200);
        for (const auto& each : page.at("/transfers").as_array()) {
            all.push_back({std::string(each.at("kind").as_string()),
                           each.at("amount").at("amount").as_int64(),
                           each.at("balance").at("amount").as_int64()});
        }
        const auto& next = page.at("/next_cursor");
        cursor = next.is_null() ? "" : "&cursor=" + std::string(next.as_string());
    } while (!cursor.empty());
    std::ranges::reverse(all);
    return all;
}

// What the statement comes to.
std::int64_t add_up(const std::vector<Movement>& movements, const std::string& user, Books& books) {
    std::int64_t sum = 0;
    for (const Movement& movement : movements) {
        const bool takes = movement.kind == "payment";
        sum += takes ? -movement.amount : movement.amount;
        (takes                       ? books.paid
         : movement.kind == "refund" ? books.refunded
                                     : books.charged) += movement.amount;
        ++books.movements;
        if (movement.amount <= 0 || sum < 0 || sum != movement.balance) {
            books.faults.push_back(fmt::format("{} of {} leaves {} where it says {}, of {}",
                                               movement.kind, movement.amount, sum,
                                               movement.balance, user));
        }
    }
    return sum;
}

// As the clients were told: each charge, payment and refund once, however often it was told.
struct ToldMoney {
    std::int64_t charged = 0;
    std::int64_t paid = 0;
    std::int64_t refunded = 0;
};
ToldMoney told_money(const History& history) {
    ToldMoney told;
    std::set<std::string> seen;
    for (const Event& event : history.events) {
        if (!event.answer || !event.answer->is_good()) continue;
        const Call& call = event.call;
        const bool moves =
            call.verb == Verb::charge || call.verb == Verb::pay || call.verb == Verb::refund;
        if (!moves ||
            !seen.insert(fmt::format("{} {}", name_of(call.verb), event.answer->id)).second) {
            continue;
        }
        if (call.verb == Verb::charge) {
            told.charged += call.amount;
            continue;
        }
        const auto& seats = history.wanted[static_cast<std::size_t>(call.hold)].seats;
        (call.verb == Verb::pay ? told.paid : told.refunded) +=
            history.price * static_cast<std::int64_t>(seats.size());
    }
    return told;
}

}  // namespace

Books read_books(const ServerProcess& server, const Stage& stage) {
    Books books;
    http::Client client(server.url());
    http::Client operators(server.operators_url());
    for (std::size_t i = 0; i < stage.users.size(); ++i) {
        const std::string& user = stage.users[i];
        const std::string& token = stage.tokens.at({static_cast<int>(i), 0});
        const Reply wallet =
            TestServer::send(client, {.target = "/v1/users/" + user + "/wallet", .token = token});
        const std::int64_t balance = wallet.number("/balance/amount");
        const std::int64_t sum = add_up(statement(client, token, user), user, books);
        if (sum != balance) {
            books.faults.push_back(fmt::format("{} has {}, and was moved {}", user, balance, sum));
        }
        books.balances += balance;
    }
    for (const ImportedSale& sale : stage.sales) {
        books.takings += TestServer::send(operators, {.target = "/admin/v1/concerts/" +
                                                                sale.concert + "/report"})
                             .number("/takings/amount");
    }
    const Reply audit =
        TestServer::send(operators, {.method = "POST", .target = "/admin/v1/audit"});
    if (!audit.at("/clean").as_bool()) books.faults.push_back(audit.body);
    books.audited_balances = audit.number("/wallets/amount");
    books.audited_takings = audit.number("/takings/amount");
    return books;
}

void check_books(const ServerProcess& server, const Stage& stage, const History& history) {
    const Books books = read_books(server, stage);
    MESSAGE(fmt::format("{} movements: {} came in, {} stands in wallets, {} was taken",
                        books.movements, books.charged, books.balances, books.takings));
    INFO(fmt::format("{}", fmt::join(books.faults, "\n")));
    CHECK(books.faults.empty());
    CHECK(books.movements > 0);
    CHECK(books.charged == books.balances + books.takings);
    CHECK(books.paid - books.refunded == books.takings);
    CHECK(books.audited_balances == books.balances);
    CHECK(books.audited_takings == books.takings);
    // Nothing that was told is missing; what was not told may be there.
    const ToldMoney told = told_money(history);
    const bool all_told = counts_of(history).lost == 0;
    CHECK((all_told ? books.charged == told.charged : books.charged >= told.charged));
    CHECK((all_told ? books.paid == told.paid : books.paid >= told.paid));
    CHECK((all_told ? books.refunded == told.refunded : books.refunded >= told.refunded));
}

}  // namespace concertres::test

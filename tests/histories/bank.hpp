// The bank's own books, read over HTTP when all is quiet: every statement adds up, each balance is
// the sum of its movements, and over all accounts (the wallets, what the sales took, what came in
// from outside) there is nothing too much and nothing missing.
//
//   const Books books = read_books(server, *stage);
//   CHECK(books.faults.empty());
//   CHECK(books.charged == books.balances + books.takings);
//
// Threads: that of the test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "histories/caller.hpp"

namespace concertres::test {

struct Books {
    // By the statements of all users.
    std::int64_t charged = 0;
    std::int64_t paid = 0;
    std::int64_t refunded = 0;
    int movements = 0;
    // By the wallets; by the reports of the sales.
    std::int64_t balances = 0;
    std::int64_t takings = 0;
    // By the audit.
    std::int64_t audited_balances = 0;
    std::int64_t audited_takings = 0;
    std::vector<std::string> faults{};
};
[[nodiscard]] Books read_books(const ServerProcess& server, const Stage& stage);
// REQUIREs and CHECKs of doctest on all of it.
void check_books(const ServerProcess& server, const Stage& stage, const History& history);

}  // namespace concertres::test

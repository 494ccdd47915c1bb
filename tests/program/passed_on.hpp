// What happens in sales whose events are passed on, and what is to arrive.
//
//   pause_and_open(server, sale);
//   CHECK(firsts.at(sale.concert) == up_to(2));
//
// Threads: that of the test.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"

namespace concertres::test {

using Numbers = std::vector<std::int64_t>;

inline Numbers up_to(std::int64_t last) {
    Numbers numbers(static_cast<std::size_t>(last));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

// An operator pauses the sale and opens it again: two events of the room.
inline void pause_and_open(const ServerProcess& server, const ImportedSale& sale) {
    for (const char* mode : {"paused", "open"}) {
        concertres::http::Client client(server.operators_url());
        const auto reply = client.send({.method = "PATCH",
                                        .target = "/admin/v1/concerts/" + sale.concert + "/room",
                                        .fields = {{"Content-Type", "application/json"}},
                                        .body = fmt::format(R"({{"sale": "{}"}})", mode)});
        REQUIRE(reply.status == 200);
    }
}

// One event for each, of wallets in turns.
inline void charge(BoxOffice& office, const std::vector<UserId>& users, int from, int to) {
    for (int i = from; i < to; ++i) {
        const auto charged =
            office.charge({.user = users[static_cast<std::size_t>(i) % users.size()],
                           .amount = Money{1},
                           .key = std::to_string(i)});
        REQUIRE(charged);
    }
}

}  // namespace concertres::test

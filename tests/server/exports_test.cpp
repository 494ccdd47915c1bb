// The downloads of what was sold and of what happened, over sockets.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/operations.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"
#include "support/faulty_storage.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

using Row = std::map<std::string, std::string>;

// Reads RFC 4180, by the names of the first row.
std::vector<Row> rows_of(std::string_view csv) {
    std::vector<std::vector<std::string>> lines(1, {""});
    bool is_quoted = false;
    for (std::size_t i = 0; i < csv.size(); ++i) {
        std::string& cell = lines.back().back();
        if (csv[i] == '"' && is_quoted && csv.substr(i + 1, 1) == "\"") {
            cell += csv[++i];
        } else if (csv[i] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && csv[i] == ',') {
            lines.back().emplace_back();
        } else if (!is_quoted && csv.substr(i, 2) == "\r\n") {
            ++i;
            lines.push_back({""});
        } else {
            cell += csv[i];
        }
    }
    REQUIRE(lines.back() == std::vector<std::string>{""});  // the last line ends, too
    lines.pop_back();
    std::vector<Row> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        REQUIRE(lines[i].size() == lines[0].size());
        Row& row = rows.emplace_back();
        for (std::size_t j = 0; j < lines[i].size(); ++j) row[lines[0][j]] = lines[i][j];
    }
    return rows;
}

std::string path(const SmallSale& sale, std::string_view what) {
    return fmt::format("/admin/v1/concerts/{}/{}.csv", sale.concert.to_string(), what);
}

std::vector<Row> download(TestServer& server, const SmallSale& sale, std::string_view what) {
    const Reply reply = server.ask_operators({.target = path(sale, what)});
    REQUIRE(reply.status == 200);
    CHECK(reply.field("Content-Type") == "text/csv; charset=utf-8");
    CHECK(reply.field("Content-Disposition") ==
          fmt::format("attachment; filename=\"{}.csv\"", what));
    CHECK(reply.field("X-Content-Type-Options") == "nosniff");
    CHECK(reply.field("Cache-Control") == "no-store");
    return rows_of(reply.body);
}

// Two dates, in a hall whose organiser likes formulas.
ConcertDraft odd_hall() {
    ConcertDraft draft = SmallSale::draft(10, 2);
    draft.room = RoomPolicy{};
    draft.seats[0].section = "=cmd|' /C calc'!A0";
    draft.seats[0].label = "Row \"A\", Seat 1";
    return draft;
}

}  // namespace

TEST_CASE("every seat that was sold or given back is a row, with its price and who has it") {
    TestServer server;
    const SmallSale sale = server.add(odd_hall());
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply paid = server.buy(ann, sale.performances[1], {1, 2});
    const Buyer bob = server.buyer("bob", sale.concert);
    const Reply back = server.buy(bob, sale.performances[0], {3});
    REQUIRE(server.refund(bob, back.text("/payment_id")).status == 200);
    // Held is not sold.
    const Buyer eve = server.buyer("eve", sale.concert);
    REQUIRE(server.hold(eve, sale.performance(), {5}).status == 201);

    const auto rows = download(server, sale, "sales");
    REQUIRE(rows.size() == 4);
    // By performance, whichever was first.
    CHECK(rows[0].at("event") == "payment.completed");
    CHECK(rows[0].at("user_id") == bob.user.to_string());
    CHECK(rows[0].at("seat") == "3");
    CHECK(rows[1].at("event") == "payment.refunded");
    CHECK(rows[1].at("payment_id") == back.text("/payment_id"));
    CHECK(rows[2].at("performance_id") == sale.performances[1].to_string());
    CHECK(rows[2].at("starts_at") == "2090-12-25T19:00:00.000+09:00");
    CHECK(rows[2].at("reservation_id") == paid.text("/reservation_ids/0"));
    CHECK(rows[2].at("label") == "Row \"A\", Seat 1");
    CHECK(rows[2].at("section") == "'=cmd|' /C calc'!A0");
    CHECK(rows[3].at("seat") == "2");
    std::int64_t sum = 0;
    for (const Row& row : rows) {
        CHECK(row.at("currency") == "KRW");
        const std::int64_t amount = std::stoll(row.at("amount"));
        sum += row.at("event") == "payment.refunded" ? -amount : amount;
    }
    const Reply report = server.ask_operators(
        {.target = fmt::format("/admin/v1/concerts/{}/report", sale.concert.to_string())});
    CHECK(sum == report.number("/takings/amount"));
}

TEST_CASE("every event of the room and of each performance is a row, in order") {
    TestServer server;
    const SmallSale sale = server.add(odd_hall());
    const Buyer ann = server.buyer("ann", sale.concert);
    REQUIRE(server.buy(ann, sale.performances[1], {1, 2}).status == 201);
    REQUIRE(server
                .ask_operators({.method = "POST",
                                .target = fmt::format("/admin/v1/performances/{}/block",
                                                      sale.performances[0].to_string()),
                                .body = R"({"seats": [9, 10], "blocked": true})",
                                .fields = {{"X-Actor", "@eve"}}})
                .status == 200);
    const auto rows = download(server, sale, "events");
    std::vector<std::string> told;
    for (const Row& row : rows) {
        told.push_back(fmt::format("{} {} {} {}", row.at("stream"), row.at("number"),
                                   row.at("event"), row.at("seats")));
    }
    CHECK(told == std::vector<std::string>{
                      "room 1 pass.admitted ", "performance 1 seats.blocked 9 10",
                      "performance 1 reservation.held 1 2", "performance 2 payment.completed 1 2"});
    CHECK(rows[0].at("stream_id") == sale.concert.to_string());
    CHECK(rows[0].at("user_id") == ann.user.to_string());
    CHECK(rows[0].at("place") != "");
    CHECK(rows[1].at("actor") == "'@eve");
    CHECK(rows[1].at("user_id") == "");
    CHECK(rows[2].at("amount") == "100000");
    CHECK(rows[2].at("until") != "");
    CHECK(rows[3].at("stream_id") == sale.performances[1].to_string());
}

TEST_CASE("a concert that has sold nothing has a row of names, and an unknown one has none") {
    TestServer server;
    const SmallSale sale = server.add();
    CHECK(download(server, sale, "sales").empty());
    for (const char* what : {"sales", "events"}) {
        const SmallSale nowhere{.concert = ConcertId::from_name("none"), .performances = {}};
        CHECK(server.ask_operators({.target = path(nowhere, what)}).outcome() ==
              "404 unknown_concert");
        CHECK(server.ask_operators({.method = "HEAD", .target = path(sale, what)}).status == 200);
    }
}

TEST_CASE("a download of many pages has every event once, and leaves nothing behind") {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft(10));
    // Two for each round, and 200 make a page: several pages, the last of them empty.
    for (int i = 0; i < 300; ++i) {
        for (const bool blocked : {true, false}) {
            REQUIRE(server.office()
                        .block_seats({.performance = sale.performance(),
                                      .seats = {1, 2},
                                      .blocked = blocked,
                                      .actor = "test"})
                        .has_value());
        }
    }
    const auto rows = download(server, sale, "events");
    REQUIRE(rows.size() == 600);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(rows[i].at("number") == std::to_string(i + 1));
    }
    CHECK(eventually([&] { return *server.services().exports_running == 0; }));
}

namespace {

std::uint16_t port_of(const TestServer& server) {
    const std::string url = server.url(server::Side::operators);
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

void begin_download(RawSocket& socket, const SmallSale& sale) {
    socket.send("GET " + path(sale, "events") + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(socket.receive_head().starts_with("HTTP/1.1 200 OK\r\n"));
}

// Takes many seats out of the sale and puts them back, so that there is much to tell.
void fill(TestServer& server, const SmallSale& sale, SeatNumber seats, int events) {
    BlockSeats command{.performance = sale.performance(), .seats = {}, .actor = "test"};
    for (SeatNumber number = 1; number <= seats; ++number) command.seats.push_back(number);
    for (int i = 0; i < events; ++i) {
        command.blocked = i % 2 == 0;
        REQUIRE(server.office().block_seats(command).has_value());
    }
}

}  // namespace

TEST_CASE("a download that cannot go on breaks off, so that nobody takes it for all") {
    FaultPlan plan;
    TestServer server({.wrap = [&](std::unique_ptr<Storage> storage) {
        return std::make_unique<FaultyStorage>(std::move(storage), plan);
    }});
    const SmallSale sale = server.add(SmallSale::draft(10));
    fill(server, sale, 2, 500);
    plan.fail(StorageCall::query, 3);
    RawSocket socket(port_of(server));
    begin_download(socket, sale);
    std::string all;
    const auto read_all = [&] {
        for (std::string chunk; !(chunk = socket.receive_chunk()).empty();) all += chunk;
    };
    CHECK_THROWS(read_all());
    CHECK(plan.has_failed());
    CHECK(eventually([&] { return *server.services().exports_running == 0; }));
}

TEST_CASE("a reader who takes nothing keeps a page waiting and nobody else, and may go") {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft(1'000));
    fill(server, sale, 1'000, 1'000);  // about 5 MB
    {
        RawSocket slow(port_of(server), 4'096);
        begin_download(slow, sale);
        CHECK(*server.services().exports_running == 1);
        // Others are answered meanwhile, of the same thread.
        CHECK(server.buyer("ann", sale.concert).token != "");
        CHECK(download(server, sale, "sales").empty());
        CHECK(*server.services().exports_running == 1);
    }
    CHECK(eventually([&] { return *server.services().exports_running == 0; }));
}

TEST_CASE("no more than a few downloads are under way at once") {
    TestServer server;
    const SmallSale sale = server.add();
    *server.services().exports_running = 4;
    CHECK(server.ask_operators({.target = path(sale, "sales")}).outcome() == "503 overloaded");
    *server.services().exports_running = 0;
    CHECK(server.ask_operators({.target = path(sale, "sales")}).status == 200);
}

// A store behind a pgbouncer that gives each transaction another session.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"
#include "support/pgbouncer.hpp"
#include "support/postgres_server.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

struct Pooled {
    ~Pooled() {
        // It keeps connections to the database, which could not be dropped under them.
        postgres_server().drop_database(database);
    }
    [[nodiscard]] std::unique_ptr<Storage> open(const PostgresOptions& options = {}) const {
        return open_postgres(bouncer.address(database), options);
    }

    std::string database = postgres_server().make_database();
    Pgbouncer bouncer{postgres_server()};
};

}  // namespace

TEST_SUITE_BEGIN("postgres: behind a pgbouncer");

TEST_CASE("an address says whether there is a pgbouncer, and nothing else of that name") {
    CHECK(check_conninfo("postgres://sale@db/tickets?pgbouncer=on") == Conninfo::good);
    CHECK(check_conninfo("postgres://sale@db/tickets?pgbouncer=off&sslmode=require") ==
          Conninfo::good);
    CHECK(check_conninfo("postgres://sale@db/tickets?sslmode=require&pgbouncer=on") ==
          Conninfo::good);
    CHECK(check_conninfo("postgres://sale@db/tickets?pgbouncer=perhaps") == Conninfo::malformed);
    CHECK(check_conninfo("postgres://sale@db/tickets?locking=optimistic&pgbouncer=on") ==
          Conninfo::good);
    CHECK(check_conninfo("postgres://sale@db/tickets?locking=late") == Conninfo::malformed);
    CHECK(check_conninfo("postgres://sale@db/tickets?pgbouncer=on&password=x") ==
          Conninfo::has_password);
}

TEST_CASE("instances behind it sell each seat once, and see what the others do") {
    const Pooled at;
    // Beside one that has its own way to the database.
    std::vector<std::unique_ptr<BoxOffice>> offices;
    for (int i = 0; i < 3; ++i) offices.push_back(std::make_unique<BoxOffice>(at.open()));
    offices.push_back(
        std::make_unique<BoxOffice>(open_postgres(postgres_server().conninfo(at.database))));
    const SmallSale sale = SmallSale::add(*offices[0]);
    for (const auto& office : offices) {
        while (!office->concert({.concert = sale.concert})) std::this_thread::sleep_for(1ms);
    }
    std::vector<std::thread> buyers;
    std::vector<int> won(8);
    for (int buyer = 0; buyer < 8; ++buyer) {
        buyers.emplace_back([&, buyer] {
            BoxOffice& office = *offices[static_cast<std::size_t>(buyer) % offices.size()];
            const UserId user = SmallSale::user(buyer);
            std::vector<ReservationId> held;
            for (SeatNumber seat = 1; seat <= 24; ++seat) {
                const auto hold = office.hold({.user = user,
                                               .performance = sale.performance(),
                                               .seats = {seat},
                                               .key = std::to_string(seat)});
                if (hold) held.push_back(hold->id);
                if (held.size() == 3) break;
            }
            won[static_cast<std::size_t>(buyer)] = static_cast<int>(held.size());
            if (held.empty()) return;
            static_cast<void>(office.charge({.user = user, .amount = {1'000'000}, .key = "c"}));
            static_cast<void>(office.pay({.user = user, .reservations = held, .key = "p"}));
        });
    }
    for (std::thread& buyer : buyers) buyer.join();
    int sold = 0;
    for (const int seats : won) sold += seats;
    CHECK(sold >= 8);
    const auto report = offices[1]->audit();
    REQUIRE(report);
    for (const Finding& finding : report->findings) FAIL_CHECK(finding.rule, ": ", finding.what);
    CHECK(postgres_server().run(at.database,
                                "SELECT count(*) FROM concertres.seat WHERE status = 3") ==
          std::to_string(sold));
    for (const auto& office : offices) CHECK_FALSE(office->statistics().failed);
}

TEST_CASE("nothing is left in a session behind it: no statement, no lock, no setting") {
    const Pooled at;
    BoxOffice office(at.open());
    const SmallSale sale = SmallSale::add(office);
    REQUIRE(office.hold({.user = SmallSale::user(1),
                         .performance = sale.performance(),
                         .seats = {1},
                         .key = "hold"}));
    REQUIRE(office.audit());
    // Whoever comes next finds a session as it was made.
    PostgresServer& server = postgres_server();
    CHECK(server.run(at.database,
                     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                     " (SELECT oid FROM pg_database WHERE datname = current_database())") == "0");
    for (const char* kept : {"SELECT count(*) FROM pg_prepared_statements", "SHOW search_path",
                             "SHOW statement_timeout"}) {
        CAPTURE(kept);
        const std::string mine = server.run(at.database, kept);
        for (int i = 0; i < 8; ++i) CHECK(at.bouncer.run(at.database, kept) == mine);
    }
}

TEST_CASE("a budget of connections is refused behind it, as nobody could count them") {
    const Pooled at;
    CHECK_THROWS_WITH_AS(static_cast<void>(at.open({.connections_budget = 4})),
                         doctest::Contains("behind a pgbouncer"), StorageError);
}

TEST_SUITE_END();

}  // namespace concertres::test

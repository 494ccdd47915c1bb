// What opening a store in PostgreSQL does with whatever it finds there, and what it says.
#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "postgres/postgres_storage.hpp"
#include "support/postgres_server.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using Kind = StorageError::Kind;
using postgres::MigrationStep;
using postgres::Schema;

struct Database {
    std::string name = postgres_server().make_database();
    std::string conninfo = postgres_server().conninfo(name);

    Database() = default;
    Database(const Database&) = delete;
    ~Database() { postgres_server().drop_database(name); }

    std::string run(const std::string& sql) { return postgres_server().run(name, sql); }
    // All tables and their columns.
    std::string shape() {
        return run(
            "SELECT string_agg(table_schema || '.' || table_name || '.' || column_name, ' ' ORDER "
            "BY 1) FROM (SELECT * FROM information_schema.columns WHERE table_schema NOT IN "
            "('pg_catalog', 'information_schema') ORDER BY table_schema, table_name, column_name) "
            "AS c");
    }
};

struct Refusal {
    Kind kind;
    std::string what;
};
template <class Open>
Refusal refusal_of(const Open& open) {
    try {
        open();
    } catch (const StorageError& error) {
        return {error.kind(), error.what()};
    }
    FAIL("the store was opened");
    return {};
}
template <class Open>
void check_refused(const Open& open, Kind kind, const std::string& words) {
    const Refusal refusal = refusal_of(open);
    CAPTURE(refusal.what);
    CHECK(refusal.kind == kind);
    CHECK(refusal.what.find(words) != std::string::npos);
}

void open_and_close(const std::string& conninfo) { open_postgres(conninfo).reset(); }

}  // namespace

TEST_SUITE_BEGIN("postgres: opening");

TEST_CASE("a server that is not there is told, with its place and what libpq says of it") {
    check_refused([] { open_and_close("host=/no/such/folder dbname=tickets"); }, Kind::unavailable,
                  "the PostgreSQL database tickets at /no/such/folder cannot be opened");
    check_refused([] { open_and_close("host=127.0.0.1 port=1 dbname=tickets"); }, Kind::unavailable,
                  "refused");
}

TEST_CASE("a database that is not there is told") {
    check_refused([] { open_and_close(postgres_server().conninfo("nowhere")); }, Kind::unavailable,
                  "\"nowhere\" does not exist");
}

TEST_CASE("a wrong password is told, and not repeated") {
    Database database;
    database.run("CREATE ROLE locked LOGIN PASSWORD 'open sesame'");
    const auto rules = postgres_server().socket_folder() / "data/pg_hba.conf";
    std::ofstream(rules) << "local all locked scram-sha-256\nlocal all all trust\n";
    database.run("SELECT pg_reload_conf()");
    const std::string as_locked = "host=" + postgres_server().socket_folder().string() +
                                  " dbname=" + database.name + " user=locked password=";
    // The rules are read a moment later.
    Refusal refusal{};
    for (int i = 0; i < 200 && refusal.what.find("password") == std::string::npos; ++i) {
        refusal = refusal_of([&] { open_and_close(as_locked + "abracadabra"); });
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    CAPTURE(refusal.what);
    CHECK(refusal.kind == Kind::unavailable);
    CHECK(refusal.what.find("password authentication failed") != std::string::npos);
    CHECK(refusal.what.find("abracadabra") == std::string::npos);
    // The right one lets in whoever may not make the schema.
    check_refused([&] { open_and_close(as_locked + "'open sesame'"); }, Kind::unavailable,
                  "permission denied");
    database.run("DROP ROLE locked");
}

TEST_CASE("a store of a later version is refused and left as it is") {
    Database database;
    open_and_close(database.conninfo);
    database.run("UPDATE concertres.store SET format = 99");
    check_refused([&] { open_and_close(database.conninfo); }, Kind::newer, "its format is 99");
    CHECK(database.run("SELECT format FROM concertres.store") == "99");
}

TEST_CASE("a schema of another application is refused and left as it is") {
    Database database;
    database.run("CREATE SCHEMA concertres; CREATE TABLE concertres.concert (title text)");
    const std::string before = database.shape();
    check_refused([&] { open_and_close(database.conninfo); }, Kind::foreign,
                  "is not a concertres store");
    CHECK(database.shape() == before);
}

TEST_CASE("a server that is too old is told") {
    Database database;
    Schema schema = postgres::current_schema();
    schema.server_min = 990'000;
    check_refused([&] { static_cast<void>(postgres::open_with(database.conninfo, {}, schema)); },
                  Kind::unavailable, "which is too old: concertres needs 99 or later");
    CHECK(database.shape().empty());
}

TEST_CASE("tables of others in the database are none of ours") {
    Database database;
    database.run("CREATE TABLE public.store (id text); INSERT INTO public.store VALUES ('theirs')");
    open_and_close(database.conninfo);
    CHECK(database.run("SELECT id FROM public.store") == "theirs");
}

TEST_CASE("a schema that is there and empty becomes the store") {
    Database database;
    database.run("CREATE SCHEMA concertres");
    open_and_close(database.conninfo);
    CHECK(database.run("SELECT count(*) FROM concertres.store") == "1");
}

TEST_CASE("two schemas of one database are two stores") {
    Database database;
    const auto one = open_postgres(database.conninfo, {.schema = "one"});
    const auto other = open_postgres(database.conninfo, {.schema = "the \"other\""});
    add_concert(*one);
    CHECK(one->concerts().size() == 1);
    CHECK(other->concerts().empty());
    CHECK(one->secrets().ids != other->secrets().ids);
}

TEST_CASE("of many instances that open an empty database at once, all find the same store") {
    Database database;
    std::array<std::unique_ptr<Storage>, 8> opened;
    std::vector<std::thread> threads;
    for (auto& storage : opened) {
        threads.emplace_back([&] { storage = open_postgres(database.conninfo); });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& storage : opened) {
        REQUIRE(storage);
        CHECK(storage->secrets().ids == opened[0]->secrets().ids);
    }
}

TEST_CASE("an instance more than the budget of connections allows is refused") {
    Database database;
    const PostgresOptions two = {.connections_budget = 2};
    const auto first = open_postgres(database.conninfo, two);
    auto second = open_postgres(database.conninfo, two);
    // Those of another store in the database are not counted.
    const auto elsewhere = open_postgres(database.conninfo, {.schema = "elsewhere"});
    const auto open_third = [&] { static_cast<void>(open_postgres(database.conninfo, two)); };
    check_refused(open_third, Kind::unavailable,
                  "has 2 connections of instances already, and the budget is 2");
    // One whose connection was cut, and has been made anew, is still one.
    database.run(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <>"
        " pg_backend_pid() AND datname = current_database()");
    CHECK(first->concerts().empty());
    CHECK(second->concerts().empty());
    check_refused(open_third, Kind::unavailable, "the budget is 2");
    second.reset();
    for (bool is_open = false; !is_open;) {
        // The server notices a moment later.
        try {
            open_third();
            is_open = true;
        } catch (const StorageError&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
}

TEST_CASE("a store of an earlier version is brought up to date, with its rows") {
    Database database;
    Schema future = postgres::current_schema();
    const MigrationStep steps[] = {
        {future.version, "ALTER TABLE wallet ADD COLUMN note bigint NOT NULL DEFAULT 7"}};
    {
        const auto store = open_postgres(database.conninfo);
        put(*store, Wallet{.user = {5}, .balance = {100}});
    }
    ++future.version;
    future.steps = steps;
    {
        const auto store = postgres::open_with(database.conninfo, {}, future);
        CHECK(read_row<Wallet>(*store, {5})->row.balance == Money{100});
    }
    CHECK(database.run("SELECT note FROM concertres.wallet") == "7");
    check_refused([&] { open_and_close(database.conninfo); }, Kind::newer, "later version");
}

TEST_CASE("a store of format 2, whose payments had no providers, is brought up to date") {
    Database database;
    const Payment payment{.row = {7}, .id = {uuid_of(7)}, .user = {5}, .amount = {100}};
    {
        const auto store = open_postgres(database.conninfo);
        put(*store, payment);
    }
    database.run(
        "ALTER TABLE concertres.payment DROP COLUMN stage, DROP COLUMN method,"
        " DROP COLUMN reference, DROP COLUMN failure, DROP COLUMN begun_at");
    database.run("ALTER TABLE concertres.line DROP COLUMN closed_until");
    database.run("UPDATE concertres.store SET format = 2");
    {
        const auto store = open_postgres(database.conninfo);
        CHECK(read_row<Payment>(*store, {7})->row == payment);
        CHECK(store->open_payments({}, 10).empty());
    }
    CHECK(database.run("SELECT format FROM concertres.store") == "4");
    CHECK(database.run("SELECT count(*) FROM pg_indexes WHERE indexname = 'payment_open'") == "1");
}

TEST_CASE("a store of format 3, which kept all lines itself, is brought up to date") {
    Database database;
    Line line{.concert = {7}, .epoch = 2, .next_sequence = 5};
    {
        const auto store = open_postgres(database.conninfo);
        put(*store, line);
    }
    database.run("ALTER TABLE concertres.line DROP COLUMN closed_until");
    database.run("UPDATE concertres.store SET format = 3");
    const auto store = open_postgres(database.conninfo);
    CHECK(read_row<Line>(*store, line.key())->row == line);
    line.closed_until = Time{} + std::chrono::seconds(5);
    put(*store, line);
    CHECK(read_row<Line>(*store, line.key())->row == line);
}

TEST_CASE(
    "tables are not changed under an instance that runs, nor does one go on with tables changed") {
    Database database;
    Schema future = postgres::current_schema();
    const MigrationStep steps[] = {{future.version, "ALTER TABLE wallet ADD COLUMN note bigint"}};
    ++future.version;
    future.steps = steps;
    const auto migrate = [&] {
        static_cast<void>(postgres::open_with(database.conninfo, {}, future));
    };
    auto store = open_postgres(database.conninfo);
    const std::string before = database.shape();
    check_refused(migrate, Kind::in_use, "stop what runs on it (1 connections)");
    CHECK(database.shape() == before);
    put(*store, Wallet{.user = {5}, .balance = {100}});
    // One that the server has lost is not seen; it finds out when it comes back.
    database.run(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <>"
        " pg_backend_pid() AND datname = current_database()");
    for (bool is_done = false; !is_done;) {
        // The server notices a moment later.
        try {
            migrate();
            is_done = true;
        } catch (const StorageError&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    check_refused([&] { static_cast<void>(store->concerts()); }, Kind::failed,
                  "a later version has changed its tables");
}

TEST_CASE("a migration that fails leaves the store as it was") {
    Database database;
    open_and_close(database.conninfo);
    const std::string before = database.shape();
    Schema future = postgres::current_schema();
    const MigrationStep steps[] = {
        {future.version, "ALTER TABLE wallet ADD COLUMN note bigint; SELECT 1 / 0"}};
    ++future.version;
    future.steps = steps;
    check_refused([&] { static_cast<void>(postgres::open_with(database.conninfo, {}, future)); },
                  Kind::unavailable, "division by zero");
    CHECK(database.shape() == before);
    open_and_close(database.conninfo);
}

TEST_SUITE_END();

}  // namespace concertres::test

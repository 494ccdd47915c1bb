// A server that goes away, and connections that are cut: what a store then says of its commits is
// what became of them.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"
#include "support/postgres_proxy.hpp"
#include "support/postgres_server.hpp"
#include "support/sample_rows.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Cut = PostgresProxy::Cut;

// The last cut may have been noticed by nobody yet: then the first question is refused.
template <class Ask>
auto asked_again(const Ask& ask) {
    auto answer = ask();
    for (int i = 0; i < 10 && !answer; ++i) answer = ask();
    return answer;
}

struct Database {
    explicit Database(PostgresServer& of = postgres_server())
        : server(of), name(of.make_database()) {}
    Database(const Database&) = delete;
    ~Database() { server.drop_database(name); }

    // Ends every connection to it but the one that says so.
    void cut_all() {
        server.run("postgres",
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                   " WHERE datname = '" +
                       name + "'");
    }

    // Waits until a connection to it waits for a lock.
    void wait_for_waiting() {
        const std::string count =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '" +
            name + "'";
        while (server.run("postgres", count) != "1") std::this_thread::sleep_for(1ms);
    }

    PostgresServer& server;
    std::string name;
};

ChangeSet new_balance(Storage& storage, std::int64_t balance) {
    ChangeSet changes;
    changes.at = storage.now();
    add_to(changes, storage, Wallet{.user = {1}, .balance = {balance}});
    return changes;
}

std::optional<Versioned<Wallet>> wallet(Storage& storage) {
    return read_row<Wallet>(storage, UserKey{1});
}

// Holds the row of the wallet.
void load(Storage& storage) {
    RowKeys wanted;
    wanted.of<Wallet>().push_back({{1}});
    Rows found;
    static_cast<void>(storage.load(wanted, found));
}

}  // namespace

TEST_SUITE_BEGIN("postgres: faults");

TEST_CASE("a commit whose answer was lost is found to be there") {
    Database database;
    PostgresProxy proxy(database.server);
    const auto store = open_postgres(proxy.conninfo(database.name));
    proxy.cut_next(Cut::answer);
    CHECK(store->commit(new_balance(*store, 5)) == CommitOutcome::committed);
    CHECK(proxy.cuts() == 1);
    CHECK(wallet(*store) == Versioned<Wallet>{{.user = {1}, .balance = {5}}, 1});
    CHECK(store->commit(new_balance(*store, 6)) == CommitOutcome::committed);
    CHECK(wallet(*store)->version == 2);
}

TEST_CASE("a commit that never arrived is found not to be there, and can be made again") {
    Database database;
    PostgresProxy proxy(database.server);
    const auto store = open_postgres(proxy.conninfo(database.name));
    proxy.cut_next(Cut::question);
    const ChangeSet changes = new_balance(*store, 5);
    CHECK(store->commit(changes) == CommitOutcome::conflict);
    CHECK(proxy.cuts() == 1);
    CHECK_FALSE(wallet(*store));
    CHECK(store->commit(changes) == CommitOutcome::committed);
    CHECK(wallet(*store)->version == 1);
}

TEST_CASE("what became of a commit is not known as long as the server is away") {
    PostgresServer server(PostgresServer::Sync::yes);
    Database database(server);
    const auto store = [&](Duration settle_timeout) {
        return open_postgres(server.conninfo(database.name),
                             {.connect_timeout = 100ms, .settle_timeout = settle_timeout});
    };
    const auto patient = store(1min);
    const auto impatient = store(250ms);
    const ChangeSet changes = new_balance(*patient, 5);
    const ChangeSet others = new_balance(*impatient, 6);
    server.kill();
    CHECK(patient->commit(changes) == CommitOutcome::unknown);
    CHECK(patient->settle() == CommitOutcome::unknown);
    CommitOutcome outcome = impatient->commit(others);
    CHECK(outcome == CommitOutcome::unknown);
    while (outcome == CommitOutcome::unknown) outcome = impatient->settle();
    CHECK(outcome == CommitOutcome::lost);
    server.start();
    CHECK(patient->settle() == CommitOutcome::conflict);
    CHECK(patient->commit(changes) == CommitOutcome::committed);
    CHECK(wallet(*patient) == Versioned<Wallet>{{.user = {1}, .balance = {5}}, 1});
    CHECK_THROWS_AS(static_cast<void>(wallet(*impatient)), StorageError);
}

TEST_CASE("of a hundred commits with cuts among them each is what it is said to be") {
    Database database;
    PostgresProxy proxy(database.server);
    const auto store = open_postgres(proxy.conninfo(database.name));
    std::mt19937 random(2026);
    std::uint64_t version = 0;
    for (std::int64_t i = 1; i <= 100; ++i) {
        load(*store);
        const ChangeSet changes = new_balance(*store, i);
        proxy.cut_next(static_cast<Cut>(random() % 3));
        const CommitOutcome outcome = store->commit(changes);
        proxy.cut_next(Cut::none);
        REQUIRE((outcome == CommitOutcome::committed || outcome == CommitOutcome::conflict));
        if (outcome == CommitOutcome::committed) ++version;
        const auto row = wallet(*store);
        CHECK((row ? row->version : 0) == version);
    }
    CHECK(proxy.cuts() > 30);
    CHECK(version > 50);
}

TEST_CASE("rows whose locks have gone with their connection are not committed") {
    Database database;
    const auto store = open_postgres(database.server.conninfo(database.name));
    REQUIRE(store->commit(new_balance(*store, 1)) == CommitOutcome::committed);
    load(*store);
    const ChangeSet changes = new_balance(*store, 2);
    database.cut_all();
    CHECK(store->commit(changes) == CommitOutcome::conflict);
    CHECK(wallet(*store)->row.balance == Money{1});
    // It is the same where something was read in between, on a connection of its own.
    load(*store);
    database.cut_all();
    CHECK(wallet(*store)->version == 1);
    CHECK(store->commit(new_balance(*store, 3)) == CommitOutcome::conflict);
    CHECK(store->commit(new_balance(*store, 4)) == CommitOutcome::committed);
}

TEST_CASE("a row that another instance has changed since is not overwritten") {
    Database database;
    const auto a = open_postgres(database.server.conninfo(database.name));
    const auto b = open_postgres(database.server.conninfo(database.name));
    const ChangeSet by_a = new_balance(*a, 1);
    const ChangeSet by_b = new_balance(*b, 2);
    CHECK(a->commit(by_a) == CommitOutcome::committed);
    CHECK(b->commit(by_b) == CommitOutcome::conflict);
    const ChangeSet next_a = new_balance(*a, 3);
    const ChangeSet next_b = new_balance(*b, 4);
    CHECK(b->commit(next_b) == CommitOutcome::committed);
    CHECK(a->commit(next_a) == CommitOutcome::conflict);
    CHECK(wallet(*a)->row.balance == Money{4});
}

TEST_CASE("what was loaded is locked until the commit, also one without changes") {
    Database database;
    const auto a = open_postgres(database.server.conninfo(database.name));
    const auto b = open_postgres(database.server.conninfo(database.name));
    REQUIRE(a->commit(new_balance(*a, 1)) == CommitOutcome::committed);
    for (const bool changes_it : {true, false}) {
        load(*a);
        std::atomic<bool> loaded{false};
        std::thread other([&] {
            load(*b);
            loaded = true;
        });
        database.wait_for_waiting();
        CHECK_FALSE(loaded);
        const ChangeSet changes = changes_it ? new_balance(*a, 2) : ChangeSet{};
        CHECK(a->commit(changes) == CommitOutcome::committed);
        other.join();
        CHECK(b->commit({}) == CommitOutcome::committed);
    }
}

TEST_CASE("instances look at a sale at the same time, and who changes it has it alone") {
    Database database;
    const auto a = open_postgres(database.server.conninfo(database.name));
    const auto b = open_postgres(database.server.conninfo(database.name));
    Sale sale{.concert = {7}};
    put(*a, sale);
    const auto load_sale = [](Storage& storage, bool ticks) {
        RowKeys wanted;
        wanted.of<Sale>().push_back({{7}});
        if (ticks) wanted.of<RoomLine>().push_back({{7}});
        Rows found;
        static_cast<void>(storage.load(wanted, found));
    };
    const auto closed = [&] {
        sale.mode = SaleMode::closed;
        ChangeSet changes;
        changes.at = a->now();
        add_to(changes, *b, sale);
        return changes;
    };
    load_sale(*a, false);
    load_sale(*b, false);
    CHECK(a->commit({}) == CommitOutcome::committed);
    CHECK(b->commit({}) == CommitOutcome::committed);

    const ChangeSet changes = closed();
    load_sale(*a, false);
    load_sale(*b, false);
    // Both might want this, so neither waits for the other.
    CHECK(a->commit(changes) == CommitOutcome::conflict);
    CHECK(b->commit({}) == CommitOutcome::committed);
    // Now it has the sale alone, as one that ticks has from the start.
    for (const bool ticks : {false, true}) {
        Storage& alone = ticks ? *b : *a;
        Storage& late = ticks ? *a : *b;
        const ChangeSet change = closed();
        load_sale(alone, ticks);
        std::thread other([&] { load_sale(late, false); });
        database.wait_for_waiting();
        CHECK(alone.commit(change) == CommitOutcome::committed);
        other.join();
        CHECK(late.commit({}) == CommitOutcome::committed);
    }
}

TEST_CASE("store time is never below the stamp of a row that was loaded") {
    Database database;
    const auto a = open_postgres(database.server.conninfo(database.name));
    const auto b = open_postgres(database.server.conninfo(database.name));
    ChangeSet changes = new_balance(*a, 1);
    changes.at += 1h;
    REQUIRE(a->commit(changes) == CommitOutcome::committed);
    CHECK(b->now() < changes.at);
    RowKeys wanted;
    wanted.of<Wallet>().push_back({{1}});
    Rows found;
    CHECK(b->load(wanted, found) >= changes.at);
}

TEST_CASE("a box office outlives its server's restart, and says what it cannot do meanwhile") {
    PostgresServer server(PostgresServer::Sync::yes);
    Database database(server);
    BoxOffice office(open_postgres(server.conninfo(database.name), {.connect_timeout = 200ms}));
    const SmallSale sale = SmallSale::add(office);
    const UserId user = SmallSale::user(1);
    REQUIRE(office.charge({.user = user, .amount = {100'000}, .key = "first"}));
    server.kill();
    const auto refused = office.charge({.user = user, .amount = {100'000}, .key = "second"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::storage_unavailable);
    CHECK_FALSE(office.statistics().failed);
    server.start();
    while (!office.charge({.user = user, .amount = {100'000}, .key = "second"})) {
        std::this_thread::sleep_for(10ms);
    }
    CHECK(office.wallet({.user = user})->balance == Money{200'000});
    REQUIRE(office.audit());
    CHECK(office.audit()->clean());
}

TEST_CASE("what a crash of the server takes with it is nothing that an instance goes by") {
    PostgresServer server(PostgresServer::Sync::yes);
    Database database(server);
    const auto a = open_postgres(server.conninfo(database.name));
    const auto b = open_postgres(server.conninfo(database.name));
    const std::int64_t mine = a->allocate(10);
    server.kill();
    server.start();
    CHECK(b->allocate(10) >= mine + 10);
    const std::vector<News::Heard> heard = {
        {.place = {.concert = {7}, .number = {1}}, .at = a->now()}};
    CHECK_FALSE(a->tell(heard));  // its connection has gone with the server
    CHECK(a->tell(heard));
    server.kill();
    server.start();
    CHECK(a->commit(new_balance(*a, 1)) == CommitOutcome::committed);
    CHECK_NOTHROW(static_cast<void>(b->follow()));
}

TEST_CASE("who was heard of is told once the server is back, however long it was away") {
    PostgresServer server(PostgresServer::Sync::yes);
    Database database(server);
    const auto a = open_postgres(server.conninfo(database.name),
                                 {.connect_timeout = 100ms, .settle_timeout = 100ms});
    const auto b = open_postgres(server.conninfo(database.name));
    const std::vector<News::Heard> heard = {
        {.place = {.concert = {7}, .number = {1}}, .at = a->now()}};
    server.kill();
    CHECK_FALSE(a->tell(heard));  // it may have arrived, for all that is known
    for (int i = 0; i < 3; ++i) {
        const auto told = [&] { static_cast<void>(a->tell(heard)); };
        CHECK_THROWS_WITH_AS(told(), doctest::Contains("cannot be reached"), StorageError);
    }
    server.start();
    CHECK(a->tell(heard));
    CHECK(b->follow().heard == heard);
}

TEST_CASE("what was told is told again where its answer was lost, whether it is there or not") {
    Database database;
    PostgresProxy proxy(database.server);
    const auto a = open_postgres(proxy.conninfo(database.name));
    const auto b = open_postgres(database.server.conninfo(database.name));
    const std::vector<News::Heard> heard = {
        {.place = {.concert = {7}, .number = {1}}, .at = a->now()}};
    proxy.cut_next(Cut::question);
    CHECK_FALSE(a->tell(heard));
    CHECK(proxy.cuts() == 1);
    CHECK(b->follow().heard.empty());
    CHECK(a->tell(heard));
    CHECK(b->follow().heard == heard);
    proxy.cut_next(Cut::answer);
    CHECK_FALSE(a->tell(heard));
    CHECK(proxy.cuts() == 2);
    SUBCASE("and at once") {}
    SUBCASE("and what becomes of it is asked twice, as that is lost too") {
        proxy.cut_next(Cut::rollback);
    }
    CHECK(a->tell(heard));
    CHECK(b->follow().heard.size() == 2);
    CHECK(a->commit(new_balance(*a, 5)) == CommitOutcome::committed);
    CHECK_NOTHROW(static_cast<void>(b->follow()));
}

TEST_CASE(
    "a primary whose standby is lost acknowledges nothing until an operator does without it") {
    PostgresServer primary(PostgresServer::Sync::yes);
    PostgresServer standby(PostgresServer::StandbyOf{primary});
    const std::string database = primary.make_database();
    BoxOffice office(open_postgres(primary.conninfo(database)));
    const auto charge = [&](const std::string& key) {
        return office.charge({.user = SmallSale::user(1), .amount = {100}, .key = key});
    };
    REQUIRE(charge("with"));
    standby.kill();
    auto waiting = std::async(std::launch::async, [&] { return charge("without"); });
    CHECK(waiting.wait_for(1s) == std::future_status::timeout);
    primary.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
    primary.run("postgres", "SELECT pg_reload_conf()");
    CHECK(waiting.get());
    CHECK(office.wallet({.user = SmallSale::user(1)})->balance == Money{200});
}

TEST_CASE("while connections are cut all the time, what was acknowledged is there, and once") {
    Database database;
    BoxOffice one(open_postgres(database.server.conninfo(database.name)));
    BoxOffice other(open_postgres(database.server.conninfo(database.name)));
    std::atomic<bool> done{false};
    std::thread cutter([&] {
        while (!done) {
            database.cut_all();
            std::this_thread::sleep_for(15ms);
        }
    });
    std::vector<std::thread> people;
    for (int person = 0; person < 6; ++person) {
        people.emplace_back([&, person] {
            BoxOffice& office = person % 2 == 0 ? one : other;
            for (int i = 0; i < 25; ++i) {
                const Charge charge{.user = SmallSale::user(person % 3),
                                    .amount = {10},
                                    .key = std::to_string(person) + "-" + std::to_string(i)};
                // Whoever is not told asks again.
                while (!office.charge(charge)) std::this_thread::sleep_for(1ms);
            }
        });
    }
    for (auto& person : people) person.join();
    done = true;
    cutter.join();
    for (int user = 0; user < 3; ++user) {
        const auto wallet =
            asked_again([&] { return one.wallet({.user = SmallSale::user(user)}); });
        REQUIRE(wallet);
        CHECK(wallet->balance == Money{500});
    }
    CHECK_FALSE(one.statistics().failed);
    CHECK_FALSE(other.statistics().failed);
    const auto report = asked_again([&] { return other.audit(); });
    REQUIRE(report);
    CHECK(report->clean());
}

TEST_SUITE_END();

}  // namespace concertres::test

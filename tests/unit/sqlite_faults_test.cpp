// What a store does when its disk is full, or fails.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "concertres/assert.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/faulty_vfs.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using sqlite::SqliteStorage;
using std::filesystem::path;

constexpr UserKey user{4};

std::unique_ptr<SqliteStorage> open(const path& file, const SqliteOptions& options = {}) {
    return sqlite::open_with(file, options, sqlite::current_schema());
}

// A store with the sample in it, on a disk that does as it is told.
struct OnDisk {
    TempDir folder;
    FaultyVfs disk;
    path file = folder.path() / "sale.db";
    std::unique_ptr<SqliteStorage> store;

    explicit OnDisk(const SqliteOptions& options = {}) {
        store = open(file, options);
        write_sample(*store);
    }
    ~OnDisk() { disk.before = nullptr; }

    void fail_always(DiskCall::Kind kind, int error) {
        disk.before = [=](const DiskCall& call) { return call.kind == kind ? error : SQLITE_OK; };
    }
    void reopen() {
        store.reset();
        disk.before = nullptr;
        store = open(file);
    }
    Money balance() { return read_row<Wallet>(*store, user)->row.balance; }
};

// Sets the balance of the sample's first user.
ChangeSet new_balance(Storage& store, std::int64_t balance) {
    ChangeSet changes;
    changes.at = store.now();
    add_to(changes, store, Wallet{.user = user, .balance = {balance}, .next_number = 3});
    return changes;
}

// More than fits into a few pages.
ChangeSet much(Storage& store, int rows) {
    ChangeSet changes = new_balance(store, 1);
    const std::int64_t first = store.allocate(static_cast<std::size_t>(rows));
    for (int i = 0; i < rows; ++i) {
        changes.rows.of<Wallet>().push_back({{.user = {first + i}}, 1});
    }
    return changes;
}

// All that may wait until nobody does.
void tidy_up(Storage& store) {
    while (store.tidy()) {
    }
}

void check_dead(Storage& store) {
    const auto check = [](auto&& call) {
        try {
            call();
            FAIL("a store that has failed went on");
        } catch (const StorageError& error) {
            CHECK(error.kind() == StorageError::Kind::failed);
        }
    };
    Rows found;
    check([&] { store.read({}, found); });
    check([&] { static_cast<void>(store.load({}, found)); });
    check([&] { static_cast<void>(store.commit({})); });
    check([&] { static_cast<void>(store.allocate(1)); });
    check([&] { store.add({}, {}); });
    check([&] { store.tidy(); });
    check([&] { static_cast<void>(store.concerts()); });
    check([&] { static_cast<void>(store.performances({1}, {})); });
    check([&] { static_cast<void>(store.seats({2}, 0, SIZE_MAX)); });
    check([&] { static_cast<void>(store.dead_seats({})); });
    check([&] { static_cast<void>(store.next_deadline()); });
    check([&] { static_cast<void>(store.waiting({1}, {}, 1)); });
    check([&] { static_cast<void>(store.admitted({1}, {}, 1)); });
    check([&] { static_cast<void>(store.reservations({4}, {}, 1)); });
    check([&] { static_cast<void>(store.payments({4}, {}, 1)); });
    check([&] { static_cast<void>(store.transfers({4}, {}, 1)); });
    check([&] { static_cast<void>(store.events({}, 0, 1)); });
    check([&] { static_cast<void>(everything_in(store)); });
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: faults");

// --- A full disk -------------------------------------------------------------------------------

TEST_CASE("a commit for which there is no space is not there, and the store goes on") {
    const TempDir folder;
    const auto store = open(folder.path() / "sale.db");
    write_sample(*store);
    SQLite::Database& database = store->connection().database();
    const std::string pages = database.execAndGet("PRAGMA page_count").getString();
    database.exec("PRAGMA max_page_count = " + pages);
    for (int i = 0; i < 3; ++i) {
        CHECK(store->commit(much(*store, 10'000)) == CommitOutcome::not_committed);
    }
    CHECK(everything_in(*store) == sample_contents());
    CHECK(store->commit(new_balance(*store, 5)) == CommitOutcome::committed);
    CHECK(read_row<Wallet>(*store, user)->row.balance == Money{5});
    database.exec("PRAGMA max_page_count = 1000000");
    CHECK(store->commit(much(*store, 10'000)) == CommitOutcome::committed);
    CHECK(everything_in(*store).of<Wallet>().size() == 10'002);
}

TEST_CASE("a concert for which there is no space is not there, and the store goes on") {
    const TempDir folder;
    const auto store = open(folder.path() / "sale.db");
    write_sample(*store);
    SQLite::Database& database = store->connection().database();
    const std::string pages = database.execAndGet("PRAGMA page_count").getString();
    database.exec("PRAGMA max_page_count = " + pages);
    const NewConcert concert = new_concert(*store, {.performances = 2, .seats = 5'000});
    try {
        store->add(concert, {});
        FAIL("it was added");
    } catch (const StorageError& error) {
        CHECK(error.kind() == StorageError::Kind::full);
    }
    CHECK(everything_in(*store) == sample_contents());
    CHECK(!read_row<Sale>(*store, concert.concert.key));
    database.exec("PRAGMA max_page_count = 1000000");
    store->add(concert, {});
    CHECK(read_row<Sale>(*store, concert.concert.key));
    CHECK(store->seats(concert.performances[1].key, 0, SIZE_MAX).size() == 5'000);
}

TEST_CASE("wherever a full disk stops a commit, it is not there, also after a crash") {
    SqliteOptions options;
    SUBCASE("in a WAL that goes on") {}
    SUBCASE("in a WAL that begins anew after a checkpoint") { options.wal_bytes_max = 0; }
    OnDisk on(options);
    for (int writes = 0;; ++writes) {
        CAPTURE(writes);
        int left = writes;
        on.disk.before = [&](const DiskCall& call) {
            return call.kind == DiskCall::write && left-- <= 0 ? SQLITE_FULL : SQLITE_OK;
        };
        const CommitOutcome outcome = on.store->commit(new_balance(*on.store, 1'000 + writes));
        on.disk.before = nullptr;
        if (outcome == CommitOutcome::committed) {
            CHECK(writes >= 2);
            break;
        }
        CHECK(outcome == CommitOutcome::not_committed);
        CHECK(on.balance() == Money{30'000});
        // As a power cut at this moment would leave it.
        const TempDir after;
        std::filesystem::copy_file(on.file, after.path() / "sale.db");
        std::filesystem::copy_file(on.file.string() + "-wal", after.path() / "sale.db-wal");
        CHECK(everything_in(*open(after.path() / "sale.db")) == sample_contents());
    }
}

TEST_CASE("a checkpoint for which there is no space waits, and nothing is lost") {
    OnDisk on({.wal_bytes_max = 0});
    on.disk.before = [](const DiskCall& call) {
        return call.kind == DiskCall::write && !call.to_wal ? SQLITE_FULL : SQLITE_OK;
    };
    for (int i = 1; i <= 20; ++i) {
        CHECK(on.store->commit(new_balance(*on.store, i)) == CommitOutcome::committed);
        on.store->tidy();
    }
    CHECK(on.balance() == Money{20});
    on.disk.before = nullptr;
    CHECK(on.store->commit(new_balance(*on.store, 21)) == CommitOutcome::committed);
    on.reopen();
    CHECK(on.balance() == Money{21});
    CHECK(everything_in(*on.store).intact());
}

TEST_CASE("a new store for which there is no space is not made") {
    const TempDir folder;
    FaultyVfs disk;
    disk.before = [](const DiskCall& call) {
        return call.kind == DiskCall::write ? SQLITE_FULL : SQLITE_OK;
    };
    try {
        open(folder.path() / "sale.db").reset();
        FAIL("it was made");
    } catch (const StorageError& error) {
        CHECK(error.kind() == StorageError::Kind::full);
    }
    disk.before = nullptr;
    CHECK(open(folder.path() / "sale.db")->concerts().empty());
}

// --- A disk that fails -------------------------------------------------------------------------

TEST_CASE(
    "after a sync that failed nobody knows, and nothing goes on until the store is reopened") {
    OnDisk on;
    on.fail_always(DiskCall::sync, SQLITE_IOERR_FSYNC);
    CHECK(on.store->commit(new_balance(*on.store, 1)) == CommitOutcome::lost);
    on.disk.before = nullptr;
    check_dead(*on.store);
    on.reopen();
    // The commit may be there or not; all else is.
    const Money balance = on.balance();
    CHECK((balance == Money{1} || balance == Money{30'000}));
    CHECK(everything_in(*on.store).intact());
    CHECK(on.store->commit(new_balance(*on.store, 2)) == CommitOutcome::committed);
}

TEST_CASE("wherever a disk fails in a commit, it is lost, and the store opens again") {
    OnDisk on;
    for (int calls = 0;; ++calls) {
        CAPTURE(calls);
        int left = calls;
        on.disk.before = [&](const DiskCall&) { return left-- <= 0 ? SQLITE_IOERR : SQLITE_OK; };
        const CommitOutcome outcome = on.store->commit(new_balance(*on.store, 1'000 + calls));
        on.disk.before = nullptr;
        if (outcome == CommitOutcome::committed) break;
        CHECK(outcome == CommitOutcome::lost);
        check_dead(*on.store);
        on.reopen();
        CHECK(everything_in(*on.store).intact());
    }
    CHECK(on.balance() >= Money{1'000});
}

TEST_CASE("a failed store is not cleaned up when it is closed") {
    OnDisk on;
    on.fail_always(DiskCall::sync, SQLITE_IOERR_FSYNC);
    CHECK(on.store->commit(new_balance(*on.store, 1)) == CommitOutcome::lost);
    on.disk.before = nullptr;
    int calls = 0;
    on.disk.before = [&](const DiskCall&) { return ++calls, SQLITE_OK; };
    on.store.reset();
    CHECK(calls == 0);
    CHECK(std::filesystem::file_size(on.file.string() + "-wal") > 0);
}

TEST_CASE("a checkpoint that fails stops the store, and the next open has everything") {
    OnDisk on({.wal_bytes_max = 0});
    CHECK(on.store->commit(new_balance(*on.store, 1)) == CommitOutcome::committed);
    on.disk.before = [](const DiskCall& call) {
        return call.kind == DiskCall::sync && !call.to_wal ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    };
    SUBCASE("between two commits") {
        CHECK_THROWS_AS(static_cast<void>(on.store->commit({})), StorageError);
    }
    SUBCASE("when there is nothing to do") { CHECK_THROWS_AS(tidy_up(*on.store), StorageError); }
    check_dead(*on.store);
    on.reopen();
    CHECK(on.balance() == Money{1});
    CHECK(everything_in(*on.store).intact());
}

TEST_CASE("a checkpoint runs once the WAL has passed its bound, and not before") {
    OnDisk on({.wal_bytes_max = 64 * 1024});
    tidy_up(*on.store);
    int checkpoints = 0;
    on.disk.before = [&](const DiskCall& call) {
        if (call.kind == DiskCall::sync && !call.to_wal) ++checkpoints;
        return SQLITE_OK;
    };
    std::int64_t most = 0;
    int commits = 0;
    while (checkpoints < 3) {
        REQUIRE(++commits < 1'000);
        CHECK(on.store->commit(new_balance(*on.store, commits)) == CommitOutcome::committed);
        most = std::max(most, on.store->connection().wal_bytes());
        if (commits == 5) CHECK(checkpoints == 0);
    }
    CHECK(most > 64 * 1024);
    CHECK(most < 80 * 1024);
    CHECK(std::filesystem::file_size(on.file.string() + "-wal") < 80 * 1024);
}

TEST_CASE("the WAL that a large commit has made long is cut when there is nothing to do") {
    OnDisk on({.wal_bytes_max = 64 * 1024});
    CHECK(on.store->commit(much(*on.store, 50'000)) == CommitOutcome::committed);
    CHECK(on.store->commit(new_balance(*on.store, 2)) == CommitOutcome::committed);
    const path wal = on.file.string() + "-wal";
    CHECK(std::filesystem::file_size(wal) > 300'000);
    tidy_up(*on.store);
    CHECK(std::filesystem::file_size(wal) == 0);
    CHECK(on.balance() == Money{2});
}

// --- Bugs --------------------------------------------------------------------------------------

TEST_CASE("a commit that cannot be right is an assertion, and leaves no trace") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    auto store = open(file);
    write_sample(*store);
    ChangeSet changes = new_balance(*store, 1);
    SUBCASE("a new row that is there") {
        changes.rows.of<User>().push_back({sample_contents().of<User>().front(), 1});
    }
    SUBCASE("a row that is not there") {
        changes.rows.of<Payment>().push_back({{.row = {99}, .id = {uuid_of(5)}}, 2});
    }
    SUBCASE("a row as it was before the last commit") {
        changes.rows.of<Wallet>().front().version = 1'000;
    }
    SUBCASE("an id twice") {
        Reservation reservation = sample_contents().of<Reservation>().front();
        reservation.row = {store->allocate(1)};
        changes.rows.of<Reservation>().push_back({reservation, 1});
    }
    SUBCASE("a version of 0") { changes.rows.of<Line>().push_back({{.concert = {1}}, 0}); }
    SUBCASE("a transfer twice") {
        changes.transfers.push_back(sample_contents().of<Transfer>().front());
    }
    SUBCASE("an event twice") { changes.events.push_back(sample_contents().of<Event>().front()); }
    CHECK_THROWS_AS(static_cast<void>(store->commit(changes)), AssertionFailed);
    check_dead(*store);
    store.reset();
    CHECK(everything_in(*open(file)) == sample_contents());
}

TEST_CASE("what a progress callback throws passes through, and nothing was added") {
    const TempDir folder;
    const auto store = open(folder.path() / "sale.db");
    write_sample(*store);
    const NewConcert concert = new_concert(*store, {.seats = 10'000});
    struct Stop {};
    CHECK_THROWS_AS(store->add(concert, [](std::size_t, std::size_t) { throw Stop(); }), Stop);
    CHECK(everything_in(*store) == sample_contents());
    store->add(concert, {});
    CHECK(store->concerts().size() == 2);
}

TEST_SUITE_END();

}  // namespace concertres::test

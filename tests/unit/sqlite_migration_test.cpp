// How a store of an earlier version becomes one of a later, and the stores that released versions
// have written.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using sqlite::MigrationStep;
using sqlite::Schema;
using std::filesystem::path;

// A schema of the future: two versions on, with a step for each beside those of today.
constexpr const char* add_note = "ALTER TABLE concert ADD COLUMN note TEXT NOT NULL DEFAULT ''";
constexpr const char* add_parking =
    "CREATE TABLE parking (concert INTEGER PRIMARY KEY, places INTEGER NOT NULL) STRICT;"
    "INSERT INTO parking SELECT key, 7 FROM concert";

std::int32_t today() { return sqlite::current_schema().version; }

std::vector<MigrationStep> future_steps() {
    const auto past = sqlite::current_schema().steps;
    std::vector<MigrationStep> steps(past.begin(), past.end());
    steps.push_back({today(), add_note});
    steps.push_back({today() + 1, add_parking});
    return steps;
}

std::string version_text(std::int32_t version) { return std::to_string(version) + "\n"; }

struct Future {
    std::string create =
        std::string(sqlite::current_schema().create) + add_note + ';' + add_parking;
    std::vector<MigrationStep> steps = future_steps();
    Schema schema{.version = today() + 2, .create = create.c_str(), .steps = steps};
};

path sample_in(const TempDir& folder) {
    const path file = folder.path() / "sale.db";
    write_sample(*open_sqlite(file));
    return file;
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: versions");

TEST_CASE("a store of an earlier version is brought up to date, step by step") {
    const TempDir folder;
    const path file = sample_in(folder);
    const Future future;
    {
        const auto store = sqlite::open_with(file, {}, future.schema);
        CHECK(everything_in(*store) == sample_contents());
        put(*store, Wallet{.user = {4}, .balance = {1}, .next_number = 3});
    }
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today() + 2));
    CHECK(run_sql(file, "SELECT places FROM parking") == "7\n");
    CHECK(run_sql(file, "SELECT note FROM concert") == "\n");
    const auto store = sqlite::open_with(file, {}, future.schema);
    CHECK(read_row<Wallet>(*store, {4})->row.balance == Money{1});
}

TEST_CASE("a store in the middle takes the steps that it lacks") {
    const TempDir folder;
    const path file = sample_in(folder);
    run_sql(file, std::string(add_note) + "; PRAGMA user_version = " + std::to_string(today() + 1));
    const Future future;
    CHECK(everything_in(*sqlite::open_with(file, {}, future.schema)) == sample_contents());
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today() + 2));
}

TEST_CASE("a new store is made in the latest version at once") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    const Future future;
    write_sample(*sqlite::open_with(file, {}, future.schema));
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today() + 2));
    CHECK(run_sql(file, "SELECT count(*) FROM parking") == "0\n");
}

TEST_CASE("a step that fails leaves the store in its earlier version") {
    const TempDir folder;
    const path file = sample_in(folder);
    const FolderImage before = image_of(folder.path());
    const Future future;
    std::vector<MigrationStep> steps = future_steps();
    SUBCASE("because its SQL is wrong") { steps.back().sql = "INSERT INTO nothing VALUES (1)"; }
    SUBCASE("because it makes other tables than a new store has") {
        steps.back().sql = "CREATE TABLE parking (concert INTEGER PRIMARY KEY) STRICT";
    }
    const Schema broken{.version = today() + 2, .create = future.schema.create, .steps = steps};
    CHECK_THROWS_AS(static_cast<void>(sqlite::open_with(file, {}, broken)), StorageError);
    const bool untouched = image_of(folder.path()) == before;
    CHECK(untouched);
    CHECK(everything_in(*open_sqlite(file)) == sample_contents());
}

TEST_CASE("an earlier library refuses what a later one has brought up to date") {
    const TempDir folder;
    const path file = sample_in(folder);
    const Future future;
    sqlite::open_with(file, {}, future.schema).reset();
    const FolderImage before = image_of(folder.path());
    try {
        open_sqlite(file).reset();
        FAIL("it was opened");
    } catch (const StorageError& error) {
        CHECK(error.kind() == StorageError::Kind::newer);
    }
    const bool untouched = image_of(folder.path()) == before;
    CHECK(untouched);
}

TEST_CASE("the store that version 1 has written is opened, with all that is in it") {
    const TempDir folder;
    const path file = folder.path() / "v1.db";
    // How the fixture was made, once: see fixtures/sqlite/README.md.
    if (const char* write_to = std::getenv("CONCERTRES_WRITE_FIXTURE")) {
        write_sample(*open_sqlite(write_to));
    }
    std::filesystem::copy_file(path(CONCERTRES_FIXTURES) / "sqlite" / "v1.db", file);
    CHECK(run_sql(file, "PRAGMA user_version") == "1\n");
    TestClock clock(sample_mark() - std::chrono::hours(1));
    {
        const auto store = open_sqlite(file, {.clock = &clock});
        // What version 1 had no word for is as it was then: orphans are allowed, no line is drawn.
        CHECK(everything_in(*store) == sample_contents());
        CHECK(store->now() == sample_mark());
        CHECK(store->allocate(1) == 9);
        CHECK(store->secrets().tokens.size() == 1);
        put(*store, Wallet{.user = {4}, .balance = {1}, .next_number = 3});
    }
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today()));
    CHECK(run_sql(file, "SELECT copied FROM store") == "0\n");
    const auto store = open_sqlite(file, {.clock = &clock});
    CHECK(read_row<Wallet>(*store, {4}) ==
          Versioned<Wallet>{{.user = {4}, .balance = {1}, .next_number = 3}, 2});
}

TEST_CASE("the store that version 2 has written is opened, and passes its events on") {
    const TempDir folder;
    const path file = folder.path() / "v2.db";
    std::filesystem::copy_file(path(CONCERTRES_FIXTURES) / "sqlite" / "v2.db", file);
    CHECK(run_sql(file, "PRAGMA user_version") == "2\n");
    TestClock clock(sample_mark());
    const auto store = open_sqlite(file, {.clock = &clock});
    CHECK(everything_in(*store) == sample_contents());
    CHECK(store->outbox()->sinks().empty());
    store->outbox()->attach("kafka");
    store->outbox()->rewind("kafka", Time::min());
    StoreContents contents = sample_contents();
    std::size_t events = 0;
    const auto claimed = store->outbox()->claim("kafka", "a", std::chrono::seconds(10));
    for (const auto& run : store->outbox()->take("kafka", claimed.leases, {})) {
        events += run.events.size();
    }
    CHECK(events == contents.of<Event>().size());
}

TEST_CASE("the store that version 3 has written is opened, and its payments have no providers") {
    const TempDir folder;
    const path file = folder.path() / "v3.db";
    std::filesystem::copy_file(path(CONCERTRES_FIXTURES) / "sqlite" / "v3.db", file);
    CHECK(run_sql(file, "PRAGMA user_version") == "3\n");
    TestClock clock(sample_mark());
    Payment payment = sample_contents().of<Payment>().front();
    {
        const auto store = open_sqlite(file, {.clock = &clock});
        CHECK(everything_in(*store) == sample_contents());
        CHECK(store->open_payments({}, 10).empty());
        payment.stage = PaymentStage::refund;
        payment.method = "card";
        put(*store, payment);
    }
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today()));
    const auto store = open_sqlite(file, {.clock = &clock});
    CHECK(store->open_payments({}, 10) == std::vector<Payment>{payment});
}

TEST_CASE("the store that version 4 has written is opened, and keeps its lines itself") {
    const TempDir folder;
    const path file = folder.path() / "v4.db";
    std::filesystem::copy_file(path(CONCERTRES_FIXTURES) / "sqlite" / "v4.db", file);
    CHECK(run_sql(file, "PRAGMA user_version") == "4\n");
    TestClock clock(sample_mark());
    Line line = sample_contents().of<Line>().front();
    {
        const auto store = open_sqlite(file, {.clock = &clock});
        CHECK(everything_in(*store) == sample_contents());
        line.closed_until = sample_mark();
        put(*store, line);
    }
    CHECK(run_sql(file, "PRAGMA user_version") == version_text(today()));
    const auto store = open_sqlite(file, {.clock = &clock});
    CHECK(read_row<Line>(*store, line.key())->row == line);
}

TEST_CASE("the store that version 5 has written is opened, and finds its rows by their names") {
    const TempDir folder;
    const path file = folder.path() / "v5.db";
    std::filesystem::copy_file(path(CONCERTRES_FIXTURES) / "sqlite" / "v5.db", file);
    CHECK(run_sql(file, "PRAGMA user_version") == "5\n");
    StoreContents contents = sample_contents();
    const auto store = open_sqlite(file);
    CHECK(everything_in(*store) == contents);
    for (const User& user : contents.of<User>()) {
        CHECK(read_row<User>(*store, user.id) == Versioned<User>{user, 1});
    }
    for (const Reservation& each : contents.of<Reservation>()) {
        CHECK(read_row<ReservationName>(*store, each.id)->row.named == each.row);
        const auto of_user = store->reservations(each.user, {}, 10);
        CHECK(std::ranges::count(of_user, each) == 1);
    }
    for (const Payment& each : contents.of<Payment>()) {
        CHECK(read_row<PaymentName>(*store, each.id)->row.named == each.row);
        const auto of_user = store->payments(each.user, {}, 10);
        CHECK(std::ranges::count(of_user, each) == 1);
    }
    for (const Transfer& each : contents.of<Transfer>()) {
        CHECK(read_row<Transfer>(*store, each.id)->row == each);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

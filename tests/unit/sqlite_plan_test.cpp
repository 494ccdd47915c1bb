// How SQLite runs each statement of a store: by an index or a key, never by reading a whole table;
// and that each index is there for one of them.
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/sqlite_storage.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

struct Opened {
    TempDir folder;
    std::unique_ptr<sqlite::SqliteStorage> storage =
        sqlite::open_with(folder.path() / "sale.db", {}, sqlite::current_schema());

    Opened() { write_sample(*storage); }

    std::vector<std::string> plan_of(const std::string& sql) {
        SQLite::Statement plan(storage->connection().database(), "EXPLAIN QUERY PLAN " + sql);
        std::vector<std::string> steps;
        while (plan.executeStep()) steps.push_back(plan.getColumn(3).getString());
        return steps;
    }
    std::map<std::string, std::vector<std::string>> all_plans() {
        std::map<std::string, std::vector<std::string>> plans;
        storage->statements().for_each([&](const SQLite::Statement& statement) {
            const std::string& sql = statement.getQuery();
            if (!sql.starts_with("BEGIN") && !sql.starts_with("COMMIT")) plans[sql] = plan_of(sql);
        });
        return plans;
    }
    std::set<std::string> names_of(const std::string& type) {
        SQLite::Statement rows(storage->connection().database(),
                               "SELECT name FROM sqlite_schema WHERE type = '" + type +
                                   "' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
        std::set<std::string> names;
        while (rows.executeStep()) names.insert(rows.getColumn(0).getString());
        return names;
    }
    // The steps of the one statement that holds `words`, one a line.
    std::string plan_with(const std::string& words) {
        std::vector<std::string> found;
        for (const auto& [sql, steps] : all_plans()) {
            if (sql.find(words) == std::string::npos) continue;
            std::string& text = found.emplace_back();
            for (const std::string& step : steps) text += step + '\n';
        }
        REQUIRE_MESSAGE(found.size() == 1, words);
        return found.front();
    }
};

std::string without(std::string text, std::string_view word) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
        text.erase(at, word.size());
    }
    return text;
}

constexpr std::array live_indexes = {"INDEX reservation_held", "INDEX place_waiting",
                                     "INDEX place_passed", "INDEX pass_ending"};

}  // namespace

TEST_SUITE_BEGIN("sqlite: plans");

TEST_CASE("no statement of the port reads a whole table, or sorts") {
    Opened store;
    const auto plans = store.all_plans();
    CHECK(plans.size() > 50);
    for (const auto& [sql, steps] : plans) {
        for (const std::string& step : steps) {
            CAPTURE(sql);
            CAPTURE(step);
            // What is read to its end when a store is opened is an index of what is not over.
            const bool of_live_rows = std::ranges::any_of(live_indexes, [&](const char* index) {
                return step.starts_with("SCAN ") && step.ends_with(index);
            });
            CHECK((step.starts_with("SEARCH ") || of_live_rows));
            CHECK(step.find("TEMP B-TREE") == std::string::npos);
            CHECK(step.find("AUTOMATIC") == std::string::npos);
        }
    }
}

TEST_CASE("each query of the port uses the index that is there for it") {
    Opened store;
    const auto check = [&](const std::string& words, const std::vector<std::string>& expected) {
        std::string steps;
        for (const std::string& step : expected) steps += step + '\n';
        CAPTURE(words);
        const std::string plan = store.plan_with(words);
        CAPTURE(plan);
        // A newer SQLite finds all it needs in more indexes: 3.46 does where 3.40 reads the table.
        CHECK((plan == steps || without(plan, "COVERING ") == steps));
    };
    for (const std::string table : {"reservation_name", "payment_name", "transfer_name", "user"}) {
        check("FROM " + table + " WHERE id", {"SEARCH " + table + " USING PRIMARY KEY (id=?)"});
    }
    check("FROM transfer WHERE wallet = ?1 AND number = ?2",
          {"SEARCH transfer USING PRIMARY KEY (wallet=? AND number=?)"});
    check("FROM performance p",
          {"SEARCH p USING COVERING INDEX performance_start (concert=? AND starts_at>?)",
           "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)"});
    check("FROM seat WHERE performance = ?1 AND number > ?2 ORDER",
          {"SEARCH seat USING PRIMARY KEY (performance=? AND number>?)"});
    check("held_until, place, performance, seats FROM reservation",
          {"SCAN reservation USING INDEX reservation_held"});
    check("number, expires_at FROM pass", {"SCAN pass USING COVERING INDEX pass_ending"});
    check("SELECT concert, number FROM place INDEXED BY place_waiting",
          {"SCAN place USING COVERING INDEX place_waiting"});
    check("SELECT concert, number FROM place INDEXED BY place_passed",
          {"SCAN place USING INDEX place_passed"});
    check("passed_at FROM place INDEXED BY place_waiting",
          {"SEARCH place USING INDEX place_waiting (concert=? AND number>?)"});
    check("passed_at FROM place INDEXED BY place_passed",
          {"SEARCH place USING INDEX place_passed (concert=? AND number>?)"});
    check("FROM pass WHERE concert = ?1 AND number > ?2",
          {"SEARCH pass USING PRIMARY KEY (concert=? AND number>?)"});
    check("FROM reservation_owner WHERE user",
          {"SEARCH reservation_owner USING PRIMARY KEY (user=? AND reservation<?)"});
    check("FROM payment_owner WHERE user",
          {"SEARCH payment_owner USING PRIMARY KEY (user=? AND payment<?)"});
    check("key FROM payment INDEXED BY payment_open",
          {"SEARCH payment USING COVERING INDEX payment_open (stage>?)"});
    check("crc FROM transfer WHERE wallet = ?1 AND number < ?2",
          {"SEARCH transfer USING PRIMARY KEY (wallet=? AND number<?)"});
    check("crc FROM event WHERE stream",
          {"SEARCH event USING PRIMARY KEY (stream=? AND owner=? AND number>?)"});
    check("max(number), 0) FROM event", {"SEARCH event USING PRIMARY KEY (stream=? AND owner=?)"});
    check("max(number), 0) FROM transfer", {"SEARCH transfer USING PRIMARY KEY (wallet=?)"});
}

TEST_CASE("each index is there for a query of the port") {
    Opened store;
    std::string all;
    for (const auto& [sql, steps] : store.all_plans()) {
        for (const std::string& step : steps) all += step + '\n';
    }
    for (const std::string& index : store.names_of("index")) {
        CAPTURE(index);
        CHECK(all.find("INDEX " + index) != std::string::npos);
    }
}

TEST_CASE("each row is written by its key") {
    Opened store;
    int updates = 0;
    for (const auto& [sql, steps] : store.all_plans()) {
        if (!sql.starts_with("UPDATE")) continue;
        ++updates;
        CAPTURE(sql);
        REQUIRE(steps.size() == 1);
        CHECK(steps[0].find("PRIMARY KEY (") != std::string::npos);
    }
    CHECK(updates == 14);  // twelve tables, one of them in two ways, and the store's counters
}

TEST_CASE("every table is STRICT") {
    Opened store;
    SQLite::Statement tables(store.storage->connection().database(),
                             "SELECT name, strict FROM pragma_table_list "
                             "WHERE schema = 'main' AND type = 'table' "
                             "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
    int count = 0;
    while (tables.executeStep()) {
        CAPTURE(tables.getColumn(0).getString());
        CHECK(tables.getColumn(1).getInt() == 1);
        ++count;
    }
    CHECK(count == static_cast<int>(store.names_of("table").size()));
}

TEST_CASE("the connection is set up to lose nothing") {
    Opened store;
    SQLite::Database& database = store.storage->connection().database();
    const auto pragma = [&](const char* name) {
        return database.execAndGet(std::string("PRAGMA ") + name).getString();
    };
    CHECK(pragma("journal_mode") == "wal");
    CHECK(pragma("locking_mode") == "exclusive");
    CHECK(pragma("synchronous") == "2");
    CHECK(pragma("wal_autocheckpoint") == "0");
    CHECK(pragma("trusted_schema") == "0");
    CHECK(pragma("cell_size_check") == "1");
    CHECK(pragma("mmap_size") == "0");
    CHECK_THROWS(database.exec("SELECT load_extension('x')"));
}

TEST_SUITE_END();

}  // namespace concertres::test

// That docs/reference/schema.md tells of every table and column, and that its queries answer.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "concertres/sqlite.hpp"
#include "sqlite/schema.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;
using Columns = std::map<std::string, std::set<std::string>>;  // by table

std::string reference() {
    const std::string text =
        bytes_of(path(CONCERTRES_FIXTURES) / ".." / ".." / "docs" / "reference" / "schema.md");
    REQUIRE(!text.empty());
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines(1);
    for (const char c : text) {
        if (c == '\n') {
            lines.emplace_back();
        } else {
            lines.back() += c;
        }
    }
    return lines;
}

// "**seat** - ..." begins a table, "| status | ..." and "| x, y | ..." tell of its columns.
Columns told() {
    Columns columns;
    std::string table;
    for (const std::string& line : lines_of(reference())) {
        if (line.starts_with("**")) table = line.substr(2, line.find("**", 2) - 2);
        if (!line.starts_with("| ") || line.starts_with("| column ")) continue;
        std::string name;
        for (const char c : line.substr(2, line.find(" |", 2) - 2) + ',') {
            if (c == ',') {
                columns[table].insert(name);
                name.clear();
            } else if (c != ' ') {
                name += c;
            }
        }
    }
    return columns;
}

Columns present(const path& file) {
    SQLite::Database database(file.string());
    SQLite::Statement rows(database,
                           "SELECT m.name, c.name FROM sqlite_schema m "
                           "JOIN pragma_table_info(m.name) c WHERE m.type = 'table'");
    Columns columns;
    while (rows.executeStep()) {
        columns[rows.getColumn(0).getString()].insert(rows.getColumn(1).getString());
    }
    return columns;
}

std::vector<std::string> queries() {
    std::vector<std::string> found;
    bool inside = false;
    for (const std::string& line : lines_of(reference())) {
        if (line == "```sql") {
            found.emplace_back();
            inside = true;
        } else if (line.starts_with("```")) {
            inside = false;
        } else if (inside) {
            found.back() += line + '\n';
        }
    }
    return found;
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: the reference of tables");

TEST_CASE("every table and column is told of, and no other") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    open_sqlite(file).reset();
    const Columns documented = told();
    const Columns there = present(file);
    for (const auto& [table, columns] : there) {
        CAPTURE(table);
        REQUIRE(documented.contains(table));
        for (const std::string& column : columns) {
            CAPTURE(column);
            CHECK(documented.at(table).contains(column));
        }
        CHECK(documented.at(table).size() == columns.size());
    }
    CHECK(documented.size() == there.size());
}

TEST_CASE("its numbers of the header are those that are written") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    open_sqlite(file).reset();
    const std::string text = reference();
    const std::string application = run_sql(file, "PRAGMA application_id");
    CHECK(text.find("`application_id` " + application.substr(0, application.size() - 1)) !=
          std::string::npos);
    CHECK(text.find("`user_version` " + std::to_string(sqlite::current_schema().version)) !=
          std::string::npos);
}

TEST_CASE("each of its queries answers on the sample") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    write_sample(*open_sqlite(file));
    SQLite::Database database(file.string());
    const std::vector<std::string> all = queries();
    CHECK(all.size() == 8);
    for (const std::string& sql : all) {
        CAPTURE(sql);
        SQLite::Statement query(database, sql);
        int rows = 0;
        while (query.executeStep()) ++rows;
        const bool looks_for_faults = sql.find("<>") != std::string::npos;
        CHECK((rows > 0) == !looks_for_faults);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

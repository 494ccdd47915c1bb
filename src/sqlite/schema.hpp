// The tables of a store, and how a store of an earlier version becomes one of this version.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <span>
#include <string>

namespace concertres::sqlite {

// Stands in the file's header, so that a store is known as such ("CRES").
inline constexpr std::int32_t application_id = 0x43524553;

// Makes a store of version `from` one of version `from + 1`.
struct MigrationStep {
    std::int32_t from = 0;
    const char* sql = nullptr;
};

// A version of the tables: how they are made, and the steps that lead there from earlier ones.
struct Schema {
    std::int32_t version = 0;
    const char* create = nullptr;
    std::span<const MigrationStep> steps;
};

// Those of this library; released ones never change.
[[nodiscard]] std::span<const MigrationStep> migration_steps();
// The one of this library.
[[nodiscard]] const Schema& current_schema();

// What a file holds, as its header and its list of tables say.
struct Contents {
    std::int32_t application = 0;
    std::int32_t version = 0;
    std::int64_t tables = 0;

    [[nodiscard]] bool empty() const { return application == 0 && version == 0 && tables == 0; }
};
[[nodiscard]] Contents contents_of(SQLite::Database& database);

// Throws StorageError(foreign, newer) unless the file is empty or a store that this schema knows.
// `name` is what the message calls it.
void check_contents(const Contents& contents, const Schema& schema, const std::string& name);

// Creates the tables, or brings those of an earlier version up to date, in one transaction; then
// compares them with what `schema` creates.
// Throws StorageError(foreign) where they differ, SQLite::Exception where SQLite failed.
// REQUIRES: check_contents() passed
void prepare_tables(SQLite::Database& database, const Schema& schema, const std::string& name);

}  // namespace concertres::sqlite

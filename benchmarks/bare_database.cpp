#include "bare_database.hpp"

#include <stdexcept>

namespace bench {

namespace {

// As the backend has them, so that both do the same work on the disk.
constexpr std::int64_t wal_bytes_max = 16 * 1024 * 1024;
constexpr std::int64_t frame_header_bytes = 24;

[[noreturn]] void throw_failed(sqlite3* database, const std::string& what) {
    throw std::runtime_error("the bare loop: " + what + ": " + sqlite3_errmsg(database));
}

}  // namespace

BareDatabase::BareDatabase(const std::filesystem::path& file) {
    sqlite3* database = nullptr;
    const int opened =
        sqlite3_open_v2(file.c_str(), &database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(database);
    if (opened != SQLITE_OK) throw_failed(database, "open " + file.string());
    for (const char* pragma :
         {"locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL",
          "wal_autocheckpoint = 0", "mmap_size = 0", "cell_size_check = ON", "temp_store = MEMORY",
          "secure_delete = OFF", "cache_size = -65536"}) {
        execute(std::string("PRAGMA ") + pragma);
    }
    page_bytes_ = select("PRAGMA page_size")[0][0];
    sqlite3_wal_hook(
        database,
        [](void* self, sqlite3*, const char*, int pages) {
            auto& bare = *static_cast<BareDatabase*>(self);
            bare.wal_bytes_ = pages * (bare.page_bytes_ + frame_header_bytes);
            return SQLITE_OK;
        },
        this);
}

void BareDatabase::execute(const std::string& sql) {
    if (sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw_failed(get(), sql);
    }
}

std::vector<std::vector<std::int64_t>> BareDatabase::select(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        throw_failed(get(), sql);
    }
    std::vector<std::vector<std::int64_t>> rows;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        auto& row = rows.emplace_back();
        for (int i = 0; i < sqlite3_column_count(statement); ++i) {
            row.push_back(sqlite3_column_int64(statement, i));
        }
    }
    sqlite3_finalize(statement);
    return rows;
}

void BareDatabase::checkpoint_if_due() {
    if (wal_bytes_ <= wal_bytes_max) return;
    if (sqlite3_wal_checkpoint_v2(get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) !=
        SQLITE_OK) {
        throw_failed(get(), "checkpoint");
    }
    wal_bytes_ = 0;
}

BareStatement::BareStatement(const BareDatabase& database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr) != SQLITE_OK) {
        throw_failed(database.get(), sql);
    }
    statement_.reset(statement);
}

void BareStatement::finish() {
    const int result = sqlite3_step(statement_.get());
    if (result != SQLITE_DONE) {
        throw_failed(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
    }
    sqlite3_reset(statement_.get());
}

}  // namespace bench

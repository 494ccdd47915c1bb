// The one connection to a store's file: opened with every check before the first write, and set up
// so that what is committed is on the disk. The file is locked from open to close.
//
// Of SQLite's own interface it uses what SQLiteCpp has no call for: configuration, the length of
// the WAL, checkpoints, and a look at a file through the VFS.
//
// Threads: one call at a time.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "concertres/sqlite.hpp"
#include "sqlite/portion.hpp"
#include "sqlite/schema.hpp"

namespace concertres::sqlite {

// What an error of SQLite's means to whoever wanted to open a store.
[[noreturn]] void throw_as_open_error(const SQLite::Exception& error, const std::string& name);

class Connection {
  public:
    // Throws StorageError(unavailable, in_use, newer, foreign, corrupt, full); the file is then as
    // it was, and nothing new stands beside it.
    Connection(const std::filesystem::path& file, const SqliteOptions& options,
               const Schema& schema);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] SQLite::Database& database() { return *database_; }
    // By which is measured how long something takes.
    [[nodiscard]] Duration elapsed() { return clock_.elapsed(); }
    // What messages call the file.
    [[nodiscard]] const std::string& name() const { return name_; }
    // The file's one name: absolute, and no link.
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // --- transactions
    // Whether none is open. False after a commit that failed means that it can still be undone.
    [[nodiscard]] bool idle() const;
    // Undoes what is open. True: certainly undone.
    [[nodiscard]] bool roll_back() noexcept;

    // --- the WAL
    // Copies the WAL into the file if it has grown past its bound: what the options say, or less
    // where that would take too long. Throws SQLite::Exception where the WAL or the file cannot be
    // trusted any more.
    void checkpoint_if_due();
    // The same when there is nothing else to do: sooner, and with the WAL's file cut to nothing.
    void checkpoint_if_worth_it();
    [[nodiscard]] std::int64_t page_bytes() const { return page_bytes_; }
    [[nodiscard]] std::int64_t wal_bytes() const { return wal_bytes_; }

    // The file is not to be touched any more, nor cleaned up at the end: what is in it is for the
    // next open to find out.
    void abandon() noexcept;
    [[nodiscard]] bool is_abandoned() const { return is_abandoned_; }

  private:
    void configure();
    void make_durable();
    // `mode` is SQLite's. False: not now.
    bool checkpoint(int mode);
    static int on_commit(void* self, sqlite3*, const char*, int pages);

    std::string name_;
    std::filesystem::path path_;
    std::unique_ptr<SQLite::Database> database_;
    std::int64_t page_bytes_ = 0;
    Clock& clock_;
    Portion wal_bytes_max_;
    std::int64_t wal_bytes_ = 0;       // in the WAL and not yet in the file
    std::int64_t wal_file_bytes_ = 0;  // how long its file has become
    std::int64_t checkpoint_at_;       // wal_bytes_ at which the next one is due
    bool is_abandoned_ = false;
};

}  // namespace concertres::sqlite

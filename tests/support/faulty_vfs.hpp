// A disk that fails when a test says so: SQLite's default way to reach files, with a question
// before each read, write, sync and cut, and before a file is made or removed. While it exists,
// every database is opened through it.
//
//   FaultyVfs disk;
//   auto store = open_sqlite(file);
//   disk.before = [](DiskCall call) { return call.kind == DiskCall::sync ? SQLITE_IOERR_FSYNC : 0;
//   };
//
// Threads: one at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <string_view>

namespace concertres::test {

struct DiskCall {
    enum Kind { write, sync, truncate, read, create, remove };
    Kind kind = write;
    bool to_wal = false;       // else to the database's own file, or its journal
    bool syncs_name = false;   // of a sync or a removal: the folder is synced with it
    std::string_view file{};   // its full name
    std::int64_t at = 0;       // of a read or write: where; of a cut: the new size
    std::string_view bytes{};  // of a write
};

class FaultyVfs {
  public:
    FaultyVfs();
    ~FaultyVfs();
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

    // Gives the error that the call shall fail with, or SQLITE_OK. Nothing fails by itself.
    std::function<int(const DiskCall&)> before;
    // The same of a read; the other is not asked of it.
    std::function<int(const DiskCall&)> before_read;
    // As `before`, but what was asked for has been done when it fails.
    std::function<int(const DiskCall&)> after;
    // The disk below is not waited for: who keeps an account of the syncs needs none.
    bool skips_syncs = false;

  private:
    sqlite3_vfs* real_;
    sqlite3_vfs vfs_;
};

}  // namespace concertres::test

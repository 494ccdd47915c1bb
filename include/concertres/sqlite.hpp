// Storage in one SQLite file: the default for one process. What was acknowledged survives kill -9,
// a crash of the system and a power cut (WAL, synchronous=FULL, every sync checked).
//
//   BoxOffice office(open_sqlite("sale.db"));
//
// The file belongs to one process at a time. While it is open, and after a crash, a file of the
// same name with `-wal` stands beside it and is part of it: copy both, or none. The tables are
// plain SQL; docs/reference/schema.md explains them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "concertres/storage.hpp"

namespace concertres {

struct SqliteOptions {
    Clock* clock = nullptr;  // default: the system's. Lifetime: outlives the storage
    // A checkpoint runs between two groups once the WAL has grown past this, or past less where one
    // has taken longer than 50 ms: smaller means shorter checkpoints, larger means fewer.
    std::int64_t wal_bytes_max = std::int64_t{16} << 20;
    // A commit is one record in the file's journal; the tables follow in idle moments, and beside
    // the commits once the journal has grown past a quarter of this, the more the longer it is: it
    // keeps within this but for a commit, and passes it for a while only where commits many times
    // as large follow upon small ones, or it was left longer than this. Larger means longer bursts
    // at full speed, and a longer start after a crash: some seconds for 64 MiB. What only the
    // journal has is also in memory, three to five times as large.
    std::int64_t journal_bytes_max = std::int64_t{64} << 20;
    // Rows kept in memory that were read or written lately, so that a hot seat costs no query; 100
    // to 400 bytes each. Beside them SQLite keeps up to 64 MiB of pages.
    std::size_t cached_rows_max = 1'000'000;
};

// Opens the file, or makes it: for its owner's eyes, because it holds the keys that sign tokens.
// Migrates a file of an earlier version, in one transaction. Throws StorageError(unavailable,
// in_use, newer, foreign, corrupt); the file is then as it was.
[[nodiscard]] std::unique_ptr<Storage> open_sqlite(const std::filesystem::path& file,
                                                   const SqliteOptions& options = {});

}  // namespace concertres

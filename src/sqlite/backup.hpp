// A copy of a store's file, made page by page through the store's own connection. SQLite carries
// pages that are written meanwhile over to the copy, so the copy is always a state that was
// committed; when it is whole it takes its name, in one step.
//
// Threads: those of the connection.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "concertres/storage.hpp"
#include "sqlite/connection.hpp"

namespace concertres::sqlite {

class FileBackup final : public BackupJob {
  public:
    // Lifetime: `source` outlives what is made.
    // Refuses: request_invalid (something has that name, or there is no such folder), storage_full,
    // storage_unavailable.
    [[nodiscard]] static Result<std::unique_ptr<BackupJob>> begin(
        Connection& source, const std::filesystem::path& file);
    ~FileBackup() override;
    FileBackup(const FileBackup&) = delete;
    FileBackup& operator=(const FileBackup&) = delete;

    [[nodiscard]] Result<bool> step(Duration budget) override;
    [[nodiscard]] std::size_t done() const override { return done_; }
    [[nodiscard]] std::size_t total() const override { return total_; }

  private:
    FileBackup(std::filesystem::path file, std::filesystem::path partial);

    // These throw SQLite::Exception.
    void open(Connection& source);
    [[nodiscard]] bool copy_pages();
    void sync();
    void close_copy();
    [[nodiscard]] Result<bool> take_name();
    [[nodiscard]] Error failed(int code, const std::string& what) const;

    std::filesystem::path file_;
    std::filesystem::path partial_;  // empty once it has its name
    std::unique_ptr<SQLite::Database> copy_;
    sqlite3_backup* backup_ = nullptr;
    int pages_per_step_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
};

}  // namespace concertres::sqlite

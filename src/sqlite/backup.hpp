// A copy of a store's file, made page by page through the store's own connection. SQLite carries
// pages that are written meanwhile over to the copy, so the copy is always a state that was
// committed; when it is whole it is marked as a copy and takes its name, in one step. On the way
// the journal is folded, so that the tables of the copy have everything.
//
// It ends, whatever the store does meanwhile: each slice copies some pages, and one that has copied
// far more of them than there were is given up.
//
// Threads: those of the connection.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "concertres/storage.hpp"
#include "sqlite/connection.hpp"

namespace concertres::sqlite {

enum class Folded : std::uint8_t { all, some, no_space };
// Folds so many items of the store's journal into its tables. Throws StorageError(failed).
using Fold = std::function<Folded(std::size_t items)>;

class FileBackup final : public BackupJob {
  public:
    // Lifetime: `source`, and what `fold` needs, outlive what is made.
    // Refuses: request_invalid (something has that name, or there is no such folder), storage_full,
    // storage_unavailable.
    [[nodiscard]] static Result<std::unique_ptr<BackupJob>> begin(
        Connection& source, Fold fold, const std::filesystem::path& file);
    ~FileBackup() override;
    FileBackup(const FileBackup&) = delete;
    FileBackup& operator=(const FileBackup&) = delete;

    [[nodiscard]] Result<bool> step(Duration budget) override;
    [[nodiscard]] std::size_t done() const override { return done_; }
    [[nodiscard]] std::size_t total() const override { return total_; }

  private:
    struct Names {
        std::filesystem::path file;
        std::filesystem::path partial;
    };
    // `descriptor` is open on names.partial, which is there and empty.
    FileBackup(Connection& source, Fold fold, Names names, int descriptor);

    [[nodiscard]] Result<bool> copy_until(std::chrono::steady_clock::time_point end);
    // Nothing is left of it.
    void discard();

    // These throw SQLite::Exception; copy_pages() throws StorageError(failed) where it is the store
    // that cannot be read.
    void open();
    [[nodiscard]] bool copy_pages();
    [[nodiscard]] bool is_near_the_end() const;
    [[nodiscard]] Folded fold_before_the_end(std::chrono::steady_clock::time_point end);
    void mark();
    void sync();

    void start_writing() const;
    void close_copy();
    [[nodiscard]] Result<bool> take_name();
    [[nodiscard]] Error no_space_to_fold() const;
    [[nodiscard]] Error given_up() const;
    [[nodiscard]] Error failed(int code, const std::string& what) const;

    Connection& source_;
    Fold fold_;
    std::filesystem::path file_;
    std::filesystem::path partial_;  // empty once it has its name
    int descriptor_;                 // of the copy, beside SQLite's own
    std::unique_ptr<SQLite::Database> copy_;
    sqlite3_backup* backup_ = nullptr;
    std::int64_t unsynced_bytes_ = 0;
    std::int64_t pages_copied_ = 0;  // a page that was copied twice counts twice
    std::int64_t pages_max_ = 0;     // that may be copied; known with the first of them
    std::size_t items_at_the_end_ = 1'000;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
};

}  // namespace concertres::sqlite

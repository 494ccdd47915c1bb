// SQLite before 3.51.3 has a race: while one connection begins a checkpoint, another that commits
// may begin the WAL anew; the checkpoint then notes frames as copied that are yet to be written,
// and those are lost. Here it is, step by step; and that nobody can be the other connection of
// ours.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/sqlite.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/faulty_vfs.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;

// The moment at which a checkpoint has read how long the WAL is, and has not yet looked how much of
// it is copied: a connection that others share a WAL with then gives up its memory maps. SQLite's
// files are as they are but for that.
// REQUIRES: one at a time
class AtCheckpoint {
  public:
    explicit AtCheckpoint(std::function<void()> then) {
        then_ = std::move(then);
        real_ = sqlite3_vfs_find(nullptr);
        vfs_ = *real_;
        vfs_.zName = "at checkpoint";
        vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
            const int result = real_->xOpen(real_, name, file, flags, out);
            if (result == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
                real_methods_ = file->pMethods;
                methods_ = *file->pMethods;
                methods_.xUnfetch = unfetch;
                file->pMethods = &methods_;
            }
            return result;
        };
        sqlite3_vfs_register(&vfs_, 0);
    }
    ~AtCheckpoint() {
        sqlite3_vfs_unregister(&vfs_);
        then_ = nullptr;
    }
    AtCheckpoint(const AtCheckpoint&) = delete;
    AtCheckpoint& operator=(const AtCheckpoint&) = delete;

    [[nodiscard]] static const char* name() { return "at checkpoint"; }

  private:
    static int unfetch(sqlite3_file* file, sqlite3_int64 at, void* page) {
        if (page == nullptr && then_) std::exchange(then_, nullptr)();
        return real_methods_->xUnfetch(file, at, page);
    }

    static inline std::function<void()> then_;
    static inline sqlite3_vfs* real_ = nullptr;
    static inline sqlite3_vfs vfs_{};
    static inline const sqlite3_io_methods* real_methods_ = nullptr;
    static inline sqlite3_io_methods methods_{};
};

constexpr int read_write = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

// What becomes of the rows that one of two ordinary connections commits.
std::string left_between_two(const path& file, bool at_once) {
    int committed = 0;
    {
        SQLite::Database writer(file.string(), read_write);
        writer.exec("PRAGMA journal_mode = WAL");
        writer.exec("PRAGMA wal_autocheckpoint = 0");
        writer.exec("CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)");
        const auto commit = [&] {
            ++committed;
            writer.exec("INSERT INTO t VALUES (" + std::to_string(committed) +
                        ", hex(zeroblob(1000)))");
        };
        AtCheckpoint hook([&] {
            if (at_once) commit();
        });
        SQLite::Database checkpointer(file.string(), read_write, 0, AtCheckpoint::name());
        checkpointer.exec("PRAGMA wal_autocheckpoint = 0");
        static_cast<void>(checkpointer.execAndGet("SELECT count(*) FROM t"));
        for (int i = 0; i < 20; ++i) commit();
        // All of the WAL is copied: whoever commits next begins it anew...
        writer.exec("PRAGMA wal_checkpoint(PASSIVE)");
        // ...and does so just now.
        checkpointer.exec("PRAGMA wal_checkpoint(PASSIVE)");
        for (int i = 0; i < 9; ++i) commit();
    }
    try {
        SQLite::Database after(file.string(), read_write);
        const std::string state = after.execAndGet("PRAGMA integrity_check").getString();
        if (state != "ok") return state;
        const int left = after.execAndGet("SELECT count(*) FROM t").getInt();
        return left == committed ? "all" : std::to_string(committed - left) + " are lost";
    } catch (const SQLite::Exception& error) {
        return error.what();
    }
}

// What an ordinary connection is told that wants to look, to write, or to checkpoint.
std::vector<int> told_to_an_outsider(const path& file) {
    std::vector<int> told;
    for (const char* sql : {"SELECT count(*) FROM user", "UPDATE store SET mark = mark",
                            "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA journal_mode = DELETE"}) {
        SQLite::Database outsider(file.string(), SQLite::OPEN_READWRITE);
        told.push_back(outsider.tryExec(sql));
    }
    return told;
}

}  // namespace

TEST_SUITE_BEGIN("crash: two connections");

TEST_CASE("two ordinary connections lose what one commits while the other begins a checkpoint") {
    const TempDir folder;
    CHECK(left_between_two(folder.path() / "apart.db", false) == "all");
    const std::string left = left_between_two(folder.path() / "at_once.db", true);
    MESSAGE("SQLite ", std::string(sqlite3_libversion()), ": ", left);
    // With a later version, or one that a distribution has mended, this may be gone.
    if (sqlite3_libversion_number() == 3'040'001) CHECK(left != "all");
}

TEST_CASE("nobody else has a connection to a store, at whatever moment of its commits") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    const std::vector<int> refused(4, SQLITE_BUSY);
    int moments = 0;
    int of_checkpoints = 0;
    FaultyVfs vfs;
    const auto store = open_sqlite(file, {.wal_bytes_max = 0});
    write_sample(*store);
    bool is_busy = false;  // the outsider reaches the file through the same disk
    vfs.before = [&](const DiskCall& call) {
        if (is_busy) return SQLITE_OK;
        is_busy = true;
        CHECK(told_to_an_outsider(file) == refused);
        CHECK_THROWS_AS(static_cast<void>(open_sqlite(file)), StorageError);
        is_busy = false;
        ++moments;
        of_checkpoints += call.to_wal ? 0 : 1;
        return SQLITE_OK;
    };
    for (std::int64_t i = 1; i <= 5; ++i) {
        put(*store, Wallet{.user = {4}, .balance = {i}, .next_number = 3});
        store->tidy();
    }
    vfs.before = nullptr;
    CHECK(moments > 20);
    CHECK(of_checkpoints > 5);
    CHECK(read_row<Wallet>(*store, UserKey{4})->row.balance == Money{5});
}

TEST_SUITE_END();

}  // namespace concertres::test

// Power cuts: whatever of the writes since the last sync had reached the disk, all that was
// acknowledged is there, and nothing is half done. (No kill of a process can show this: the
// system's cache outlives it.)
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "concertres/sqlite.hpp"
#include "support/faulty_vfs.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;

// What a disk holds of a store's two files: what was synced, and what may or may not be there.
class Disk {
  public:
    explicit Disk(const path& file) {
        files_[0].synced = bytes_of(file);
        files_[1].synced = bytes_of(file.string() + "-wal");
    }

    void note(const DiskCall& call) {
        File& file = files_[call.to_wal ? 1 : 0];
        if (call.kind == DiskCall::sync) {
            for (const Pending& pending : file.pending) apply(file.synced, pending);
            file.pending.clear();
        } else {
            const bool cut = call.kind == DiskCall::truncate;
            file.pending.push_back(
                {cut, static_cast<std::size_t>(call.at), std::string(call.bytes)});
        }
    }

    // Writes the files as they may be found after a cut at this moment: of what was not synced,
    // each piece is there, or not, or torn, in no order.
    void write_after_cut(const path& file, std::mt19937_64& random) const {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            std::string bytes = files_[i].synced;
            for (Pending pending : files_[i].pending) {
                const auto fate = random() % 8;
                if (fate < 3) continue;
                if (fate == 3 && !pending.is_cut) {
                    pending.bytes.resize(random() % (pending.bytes.size() + 1));
                }
                apply(bytes, pending);
            }
            write_bytes(i == 0 ? file : path(file.string() + "-wal"), bytes);
        }
    }

  private:
    struct Pending {
        bool is_cut = false;
        std::size_t at = 0;
        std::string bytes;
    };
    struct File {
        std::string synced;
        std::vector<Pending> pending;
    };

    static void apply(std::string& file, const Pending& pending) {
        if (pending.is_cut) {
            file.resize(pending.at);
            return;
        }
        if (file.size() < pending.at + pending.bytes.size()) {
            file.resize(pending.at + pending.bytes.size());
        }
        file.replace(pending.at, pending.bytes.size(), pending.bytes);
    }

    std::array<File, 2> files_;  // the database's own, the WAL
};

constexpr UserKey user{4};

// A commit that touches several tables, so that half of it would be seen: the balance is its
// number, as many users and events have been made.
ChangeSet numbered(Storage& store, std::int64_t number) {
    ChangeSet changes;
    changes.at = store.now();
    add_to(changes, store, Wallet{.user = user, .balance = {number}, .next_number = 3 + number});
    const UserKey made{store.allocate(1)};
    changes.rows.of<User>().push_back({{{uuid_of(10'000 + number)}, made}, 1});
    changes.rows.of<Member>().push_back({{{1}, made, {number}}, 1});
    changes.events.push_back(
        {.stream = {StreamKind::wallet, user.value},
         .number = 2 + number,
         .kind = EventKind::wallet_charged,
         .at = changes.at,
         .actor = std::string(static_cast<std::size_t>(number * 97 % 5'000), 'x')});
    return changes;
}

// The number of the last commit in the store; all before it are there, and nothing of the next.
std::int64_t last_in(const path& file) {
    const auto store = open_sqlite(file);
    StoreContents found = everything_in(*store);
    CHECK(found.intact());
    const std::int64_t number = found.of<Wallet>().front().balance.minor;
    const auto made = static_cast<std::size_t>(number);
    CHECK(found.of<Wallet>().front().next_number == 3 + number);
    CHECK(found.of<User>().size() == 2 + made);
    CHECK(found.of<Member>().size() == 2 + made);
    CHECK(found.of<Event>().size() == sample_contents().of<Event>().size() + made);
    return number;
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: power cuts");

TEST_CASE("what was acknowledged survives a power cut at any moment, and nothing is half done") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    const path found = folder.path() / "found.db";
    std::mt19937_64 random(20'261'224);
    FaultyVfs vfs;
    // A small bound, so that checkpoints are as frequent as commits.
    auto store = open_sqlite(file, {.wal_bytes_max = 100'000});
    write_sample(*store);
    ChangeSet start;
    add_to(start, *store, Wallet{.user = user, .balance = {0}, .next_number = 3});
    REQUIRE(store->commit(start) == CommitOutcome::committed);

    std::int64_t acknowledged = 0;
    std::int64_t cuts = 0;
    Disk disk(file);
    bool is_busy = false;  // the files that were found are opened through the same disk
    vfs.before = [&](const DiskCall& call) {
        if (is_busy) return SQLITE_OK;
        // A write is a moment as good as any other; of them, one in a few.
        if (random() % 10 == 0) {
            is_busy = true;
            disk.write_after_cut(found, random);
            const std::int64_t last = last_in(found);
            CHECK(last >= acknowledged);
            CHECK(last <= acknowledged + 1);
            is_busy = false;
            ++cuts;
        }
        disk.note(call);
        return SQLITE_OK;
    };
    for (std::int64_t number = 1; number <= 150; ++number) {
        REQUIRE(store->commit(numbered(*store, number)) == CommitOutcome::committed);
        acknowledged = number;
        if (number % 40 == 0) store->tidy();
    }
    CHECK(cuts > 100);
    // The last one: between two commits.
    vfs.before = nullptr;
    disk.write_after_cut(found, random);
    CHECK(last_in(found) == acknowledged);
    store.reset();
    CHECK(last_in(file) == acknowledged);
}

TEST_CASE("a disk that forgets its syncs is noticed by this test") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    const path found = folder.path() / "found.db";
    std::mt19937_64 random(1);
    FaultyVfs vfs;
    const auto store = open_sqlite(file);
    write_sample(*store);
    Disk disk(file);
    vfs.before = [&](const DiskCall& call) {
        if (call.kind != DiskCall::sync) disk.note(call);
        return SQLITE_OK;
    };
    int lost = 0;
    for (std::int64_t number = 1; number <= 20; ++number) {
        put(*store, Wallet{.user = user, .balance = {number}, .next_number = 3});
        auto paused = std::move(vfs.before);
        vfs.before = nullptr;
        disk.write_after_cut(found, random);
        const auto reopened = open_sqlite(found);
        if (read_row<Wallet>(*reopened, user)->row.balance != Money{number}) ++lost;
        vfs.before = std::move(paused);
    }
    vfs.before = nullptr;  // closing the store writes, and the disk is gone by then
    vfs.before = nullptr;
    CHECK(lost > 10);
}

TEST_SUITE_END();

}  // namespace concertres::test

// Backups of a store's file: always a state that was committed, and never more than a little of the
// writer's time.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/sqlite.hpp"
#include "support/backup_sale.hpp"
#include "support/sqlite_sample.hpp"

namespace concertres::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

}  // namespace

TEST_SUITE_BEGIN("sqlite backup");

TEST_CASE("a backup has every row of its store, for its owner's eyes, and opens as one") {
    TempDir folder;
    const auto store = open_sqlite(folder.path() / "sale.db");
    write_sample(*store);
    const fs::path file = folder.path() / "copy.db";
    auto job = store->backup(file);
    REQUIRE(job);
    CHECK(!fs::exists(file));
    for (bool whole = false; !whole; whole = *(*job)->step(5ms)) {
    }
    job->reset();
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    // As the sqlite3 shell sees it, where nothing may be written.
    SQLite::Database plain(file.string(), SQLite::OPEN_READONLY);
    CHECK(plain.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK(plain.execAndGet("PRAGMA journal_mode").getString() == "delete");
    CHECK(plain.execAndGet("SELECT count(*) FROM reservation").getInt() > 0);
    CHECK(names_in(folder.path()).size() == 3);  // with the store and its WAL
    const auto opened = open_sqlite(file);
    CHECK(everything_in(*store) == sample_contents());
    CHECK(everything_in(*opened) == as_copied(sample_contents()));
}

TEST_CASE("what is sold while a backup is made is wholly in it or not at all") {
    BackupSale at;
    for (int i = 0; i < 20; ++i) at.sell();
    std::size_t slices = 0;
    at.begin([&](std::size_t done, std::size_t total) {
        ++slices;
        CHECK(done <= total);
    });
    int sold_at_end = 0;
    while (!at.answer) {
        REQUIRE(at.office->step());
        if (at.sold < 200) at.sell();
        sold_at_end = at.sold;
    }
    REQUIRE(*at.answer);
    CHECK(slices > 3);
    const BackupView& told = **at.answer;
    CHECK(told.file == at.copy);
    CHECK(told.bytes == static_cast<std::int64_t>(fs::file_size(at.copy)));
    CHECK(told.now <= at.office->now());
    CHECK(names_in(at.backups.path()) == std::vector<std::string>{"copy.db"});
    for (int i = 0; i < 5; ++i) at.sell();

    const AuditReport report = audit(*open_sqlite(at.copy));
    CHECK(report.clean());
    for (const Finding& finding : report.findings) MESSAGE(finding.rule, ": ", finding.what);
    // The store as it stood at the end: what came between the last slice and here is not in it.
    CHECK(report.payments >= sold_at_end - 1);
    CHECK(report.payments <= sold_at_end);
    CHECK(report.takings.minor == report.payments * SmallSale::price.minor);
    CHECK(at.office->audit()->payments == sold_at_end + 5);
}

TEST_CASE("a backup takes no name that is taken, or that is the store's") {
    BackupSale at(100);
    const auto refused = [&](const fs::path& file, const char* why) {
        const auto answer = at.office->backup({.file = file});
        REQUIRE(!answer);
        CHECK(answer.error().code == Errc::request_invalid);
        CAPTURE(answer.error().detail);
        CHECK(answer.error().detail.find(why) != std::string::npos);
    };
    write_bytes(at.copy, "mine");
    refused(at.copy, "is there already");
    CHECK(bytes_of(at.copy) == "mine");
    const fs::path link = at.backups.path() / "link.db";
    fs::create_symlink(at.backups.path() / "nowhere", link);
    refused(link, "is there already");
    refused(at.backups.path(), "is there already");
    refused(at.backups.path() / "none" / "copy.db", "there is no folder");
    refused(at.copy / "copy.db", "there is no folder");
    refused("", "name the file");
    refused(at.backups.path() / std::string(300, 'x'), "File name too long");
    refused(at.backups.path() / std::string("copy\0.db", 8), "has a NUL");
    refused("/proc/copy.db", "cannot be made");
    refused(at.file, "belongs to the store itself");
    refused(at.file.string() + "-journal", "belongs to the store itself");
    refused(at.file.string() + "-wal", "belongs to the store itself");
    refused(at.folder.path() / "." / "sale.db-shm", "belongs to the store itself");
    // By another way to the same folder.
    fs::create_directory_symlink(at.folder.path(), at.backups.path() / "way");
    refused(at.backups.path() / "way" / "sale.db-journal", "belongs to the store itself");
    CHECK(at.office->audit()->clean());
}

TEST_CASE("a name that is taken while the backup is made stays whose it is") {
    BackupSale at;
    at.begin();
    for (int i = 0; i < 3; ++i) REQUIRE(at.office->step());
    REQUIRE(!at.answer);
    write_bytes(at.copy, "mine");
    at.finish();
    REQUIRE(!*at.answer);
    CHECK(at.answer->error().code == Errc::request_invalid);
    CHECK(bytes_of(at.copy) == "mine");
    CHECK(names_in(at.backups.path()) == std::vector<std::string>{"copy.db"});
}

TEST_CASE("a slice goes on until its time is used, a few pages at a time") {
    BackupSale at;
    {
        auto job = at.store->backup(at.copy);
        REQUIRE(job);
        REQUIRE(!*(*job)->step(no_time));
        CHECK((*job)->done() <= 16);
        REQUIRE(!*(*job)->step(no_time));
        CHECK((*job)->done() <= 32);
        CHECK((*job)->total() > 500);
        REQUIRE(*(*job)->step(1h));
    }
    fs::remove(at.copy);
    // On a disk that takes a millisecond for each write.
    int written = 0;
    at.disk.before = [&](const DiskCall& call) {
        if (is_copy(call) && call.kind == DiskCall::write) {
            ++written;
            std::this_thread::sleep_for(1ms);
        }
        return SQLITE_OK;
    };
    auto job = at.store->backup(at.copy);
    REQUIRE(job);
    for (int slices = 0; slices < 10; ++slices) {
        written = 0;
        REQUIRE(!*(*job)->step(5ms));
        CHECK(written <= 5 + 2 * 16);
    }
}

TEST_CASE("what is copied is synced by its size, and never much of it at once") {
    constexpr std::int64_t unsynced_max = std::int64_t{4} << 20;
    constexpr std::int64_t at_once = std::int64_t{64} << 10;
    BackupSale at(80'000);
    int syncs = 0;
    std::int64_t written = 0;
    std::int64_t unsynced = 0;
    std::int64_t unsynced_at_once = 0;
    at.disk.before = [&](const DiskCall& call) {
        if (!is_copy(call)) return SQLITE_OK;
        if (call.kind == DiskCall::write) {
            unsynced += static_cast<std::int64_t>(call.bytes.size());
            written += static_cast<std::int64_t>(call.bytes.size());
        }
        if (call.kind == DiskCall::sync) {
            ++syncs;
            unsynced_at_once = std::max(unsynced_at_once, std::exchange(unsynced, 0));
        }
        return SQLITE_OK;
    };
    auto job = at.store->backup(at.copy);
    REQUIRE(job);
    int slices = 0;
    for (bool whole = false; !whole; whole = *(*job)->step(no_time)) ++slices;
    CHECK(unsynced == 0);  // all of it is on the disk when it is called whole
    CHECK(unsynced_at_once <= unsynced_max + 2 * at_once);
    CHECK(written > 2 * unsynced_max);
    CHECK(slices > 100);
    // At the end each of three commits syncs: all pages, the mode, the mark.
    CHECK(syncs <= written / unsynced_max + 6);
}

TEST_CASE("a backup is refused where another's WAL, journal or index would be taken for its own") {
    BackupSale at(100);
    for (const char* suffix : {"-wal", "-journal", "-shm"}) {
        CAPTURE(suffix);
        const std::string stale = at.copy.string() + suffix;
        write_bytes(stale, "old");
        const auto answer = at.office->backup({.file = at.copy});
        REQUIRE(!answer);
        CHECK(answer.error().code == Errc::request_invalid);
        CHECK(answer.error().detail.find(stale + " is there already") != std::string::npos);
        CHECK(bytes_of(stale) == "old");
        CHECK(names_in(at.backups.path()).size() == 1);
        fs::remove(stale);
    }
    REQUIRE(at.office->backup({.file = at.copy}));
}

TEST_CASE("a backup into the current folder is refused where there is none any more") {
    BackupSale at(100);
    const fs::path here = fs::current_path();
    const fs::path gone = at.folder.path() / "gone";
    fs::create_directory(gone);
    fs::current_path(gone);
    fs::remove(gone);
    const auto answer = at.office->backup({.file = "copy.db"});
    fs::current_path(here);
    REQUIRE(!answer);
    CHECK(answer.error().code == Errc::request_invalid);
    CAPTURE(answer.error().detail);
    CHECK(answer.error().detail.find("copy.db") != std::string::npos);
    CHECK(!at.office->statistics().failed);
    at.sell();
}

TEST_CASE("a store that is written all the time is backed up all the same") {
    TempDir folder;
    BoxOffice office(open_sqlite(folder.path() / "sale.db"));
    const SmallSale sale = SmallSale::add(office, SmallSale::draft(20'000, 6));
    std::atomic<bool> done{false};
    std::atomic<int> charged{0};
    std::thread selling([&] {
        for (int i = 0; !done.load(); ++i) {
            if (office.charge({.user = SmallSale::user(i), .amount = {100}, .key = "c"})) ++charged;
        }
    });
    const int before = charged;
    const auto told = office.backup({.file = folder.path() / "copy.db"});
    const int after = charged;
    done = true;
    selling.join();
    REQUIRE(told);
    const AuditReport report = audit(*open_sqlite(told->file));
    CHECK(report.clean());
    CHECK(report.transfers >= before);
    CHECK(report.transfers <= after + 1);
}

TEST_SUITE_END();

}  // namespace concertres::test

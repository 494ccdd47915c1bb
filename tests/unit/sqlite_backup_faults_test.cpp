// Backups that fail: never half of one under its name, nothing left of it when its caller hears,
// and no harm to the store whatever happens to the copy.
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include "concertres/audit.hpp"
#include "concertres/sqlite.hpp"
#include "support/backup_sale.hpp"
#include "support/sqlite_sample.hpp"

namespace concertres::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

}  // namespace

TEST_SUITE_BEGIN("sqlite backup: faults");

TEST_CASE("a backup that is given up at any slice leaves nothing behind") {
    TempDir folder;
    TempDir backups;
    const fs::path file = folder.path() / "sale.db";
    {
        BoxOffice office(open_sqlite(file), {.running = Running::by_host});
        SmallSale::add(office, SmallSale::draft(10'000, 6));
    }
    const auto store = open_sqlite(file);
    for (int slices = 0; slices < 4; ++slices) {
        auto job = store->backup(backups.path() / "copy.db");
        REQUIRE(job);
        for (int i = 0; i < slices; ++i) REQUIRE(!*(*job)->step(no_time));
        CHECK(names_in(backups.path()).size() >= 1);
        CHECK(!fs::exists(backups.path() / "copy.db"));
        job->reset();
        CHECK(names_in(backups.path()).empty());
    }
}

TEST_CASE("a process that is killed half-way leaves no backup under its name") {
    TempDir folder;
    TempDir backups;
    const fs::path file = folder.path() / "sale.db";
    const fs::path copy = backups.path() / "copy.db";
    {
        BoxOffice office(open_sqlite(file), {.running = Running::by_host});
        SmallSale::add(office, SmallSale::draft(10'000, 6));
    }
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto store = open_sqlite(file);
        const auto job = store->backup(copy);
        const bool on_its_way = job && !*(*job)->step(no_time) && !*(*job)->step(no_time);
        ::_exit(on_its_way ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(!fs::exists(copy));
    for (const std::string& name : names_in(backups.path())) {
        CHECK(name.starts_with("copy.db.partial-"));
    }
    // What it left is in nobody's way.
    BoxOffice office(open_sqlite(file));
    CHECK(office.audit()->clean());
    REQUIRE(office.backup({.file = copy}));
    CHECK(audit(*open_sqlite(copy)).clean());
}

TEST_CASE("a full disk ends the backup and not the sale") {
    for (const int after : {0, 2}) {
        CAPTURE(after);
        BackupSale at;
        at.begin();
        for (int i = 0; i < after; ++i) REQUIRE(at.office->step());
        REQUIRE(!at.answer);
        at.fail_copy(DiskCall::write, SQLITE_FULL);
        at.sell();  // its pages go to the copy too
        at.finish();
        at.check_refused(Errc::storage_full);
    }
}

TEST_CASE("a disk that fails under the backup ends it and not the sale") {
    for (const auto& [kind, error] : {std::pair{DiskCall::write, SQLITE_IOERR_WRITE},
                                      std::pair{DiskCall::sync, SQLITE_IOERR_FSYNC}}) {
        BackupSale at;
        at.fail_copy(kind, error);
        at.begin();
        at.finish();
        at.check_refused(Errc::storage_unavailable);
    }
}

TEST_CASE("a disk that becomes full at any moment ends the backup and leaves nothing of it") {
    TempDir folder;
    TempDir backups;
    FaultyVfs disk;
    const auto store = open_sqlite(folder.path() / "sale.db");
    write_sample(*store);
    int refused = 0;
    for (int room = 0;; ++room) {
        CAPTURE(room);
        int left = room;
        disk.before = [&](const DiskCall& call) {
            return is_copy(call) && call.kind == DiskCall::write && left-- <= 0 ? SQLITE_FULL
                                                                                : SQLITE_OK;
        };
        auto job = store->backup(backups.path() / "copy.db");
        REQUIRE(job);
        Result<bool> finished = false;
        for (int slices = 0; finished && !*finished; ++slices) {
            REQUIRE(slices < 100);
            finished = (*job)->step(no_time);
        }
        disk.before = nullptr;
        if (finished) break;
        ++refused;
        REQUIRE(finished.error().code == Errc::storage_full);
        REQUIRE(names_in(backups.path()).empty());  // though the job is there still
    }
    CHECK(refused > 10);
    const auto copy = open_sqlite(backups.path() / "copy.db");
    CHECK(everything_in(*copy) == as_copied(sample_contents()));
}

TEST_CASE("a store that undoes changes again and again does not keep its backup going for ever") {
    BackupSale at;
    auto job = at.store->backup(at.copy);
    REQUIRE(job);
    REQUIRE(!*(*job)->step(no_time));
    at.disk.before = [](const DiskCall& call) {
        return call.to_wal && call.kind == DiskCall::write ? SQLITE_FULL : SQLITE_OK;
    };
    Result<bool> finished = false;
    for (int slices = 0; finished; ++slices) {
        REQUIRE(slices < 10'000);
        REQUIRE(!*finished);
        // SQLite begins the copy anew whenever a transaction is undone.
        const Charge charge{.user = SmallSale::user(1), .amount = {100}, .key = "c"};
        REQUIRE(at.office->charge(charge).error().code == Errc::storage_full);
        finished = (*job)->step(no_time);
    }
    CHECK(finished.error().code == Errc::storage_unavailable);
    CHECK(finished.error().detail.find("was given up") != std::string::npos);
    CHECK(names_in(at.backups.path()).empty());
    job->reset();
    at.disk.before = nullptr;
    at.sell();
    REQUIRE(at.office->backup({.file = at.copy}));
    CHECK(audit(*open_sqlite(at.copy)).clean());
}

TEST_CASE("a backup that is whole is not given up for what its progress function throws then") {
    for (const bool is_exception : {true, false}) {
        BackupSale at(20);
        const auto made = at.office->backup(
            {.file = at.copy, .progress = [&](std::size_t done, std::size_t total) {
                 if (done < total) return;
                 if (is_exception) throw std::runtime_error("too late");
                 throw 7;
             }});
        REQUIRE(made);
        CHECK(made->bytes > 0);
        CHECK(audit(*open_sqlite(at.copy)).clean());
    }
}

TEST_CASE("of a backup that somebody has already moved away the size is not known") {
    BackupSale at(20);
    const auto moved = at.backups.path() / "moved.db";
    const auto made =
        at.office->backup({.file = at.copy, .progress = [&](std::size_t done, std::size_t total) {
                               if (done == total) std::filesystem::rename(at.copy, moved);
                           }});
    REQUIRE(made);
    CHECK(made->file == at.copy);
    CHECK(made->bytes == 0);
    CHECK(audit(*open_sqlite(moved)).clean());
}

TEST_CASE("a store that cannot be read for its backup stops, and the backup says so") {
    bool in_wal = false;
    SUBCASE("the file") { in_wal = false; }
    SUBCASE("its WAL") { in_wal = true; }
    BackupSale at;
    at.reopen();  // all that there is so far is in the file then
    for (int i = 0; i < 50; ++i) at.sell();
    // Nothing is left to fold, or that would fail first.
    while (at.store->tidy()) continue;
    at.forget_pages();
    int failed = 0;
    at.disk.before_read = [&](const DiskCall& call) {
        if (is_copy(call) || call.to_wal != in_wal) return SQLITE_OK;
        ++failed;
        return SQLITE_IOERR_READ;
    };
    at.begin();
    at.finish();
    CHECK(failed > 0);
    REQUIRE(!*at.answer);
    CHECK(at.answer->error().code == Errc::engine_failed);
    CAPTURE(at.answer->error().detail);
    CHECK(at.answer->error().detail.find("could not be read for a backup") != std::string::npos);
    CHECK(at.answer->error().detail.find("reopen the store") != std::string::npos);
    CHECK(at.there_at_answer.empty());
    // Nothing more is acknowledged, whether the disk has got over it or not.
    at.disk.before_read = nullptr;
    CHECK(at.office->statistics().failed);
    const Charge charge{.user = SmallSale::user(1), .amount = {100}, .key = "after"};
    CHECK(at.office->charge(charge).error().code == Errc::engine_failed);
    CHECK(at.office->backup({.file = at.copy}).error().code == Errc::engine_failed);
    CHECK(names_in(at.backups.path()).empty());
    // What was acknowledged is there when it is reopened.
    at.reopen();
    const auto report = at.office->audit();
    CHECK(report->clean());
    CHECK(report->payments == at.sold);
    REQUIRE(at.office->backup({.file = at.copy}));
}

TEST_CASE("a group that the store has no space for is not in the backup") {
    BackupSale at;
    const ReservationId first = at.sell();
    at.begin();
    for (int i = 0; i < 3; ++i) REQUIRE(at.office->step());
    REQUIRE(!at.answer);
    at.fail_when([](const DiskCall& call) {
        return call.to_wal && call.kind == DiskCall::write ? SQLITE_FULL : SQLITE_OK;
    });
    const Charge charge{.user = SmallSale::user(99'999), .amount = {100}, .key = "c"};
    CHECK(at.office->charge(charge).error().code == Errc::storage_full);
    at.fail_when(nullptr);
    at.sell();
    at.finish();
    REQUIRE(*at.answer);
    CHECK(audit(*open_sqlite(at.copy)).clean());
    BoxOffice copied(open_sqlite(at.copy), {.running = Running::by_host});
    CHECK(copied.wallet({charge.user})->balance == Money{0});
    CHECK(!copied.charge(charge)->replayed);
    CHECK(copied.reservation({.user = SmallSale::user(1), .reservation = first})->status ==
          ReservationStatus::paid);
}

TEST_CASE("a progress function that throws gives the backup up") {
    for (const bool is_exception : {true, false}) {
        BackupSale at;
        at.begin([=](std::size_t, std::size_t) {
            if (is_exception) throw std::runtime_error("no more");
            throw 7;
        });
        at.finish();
        REQUIRE(!*at.answer);
        const char* const told = is_exception ? "no more" : "its progress function threw";
        CHECK(at.answer->error().detail.find(told) != std::string::npos);
        CHECK(at.there_at_answer.empty());
        at.sell();
    }
}

TEST_CASE("an engine that stops lets its backup go before it says so") {
    BackupSale at;
    at.begin();
    for (int i = 0; i < 2; ++i) REQUIRE(at.office->step());
    REQUIRE(!at.answer);
    at.plan.fail(StorageCall::read);
    const Charge charge{.user = SmallSale::user(1), .amount = {100}, .key = "c"};
    CHECK(at.office->charge(charge).error().code == Errc::engine_failed);
    REQUIRE(at.answer.has_value());
    CHECK(at.answer->error().code == Errc::engine_failed);
    CHECK(at.there_at_answer.empty());
}

TEST_CASE("of too many long queries at once a backup that is refused leaves nothing") {
    BackupSale at(3'000);
    for (int i = 0; i < 64; ++i) {
        at.office->submit<GetReport>({at.sale.concert}, [](const AnswerTo<GetReport>&) {});
    }
    at.begin();
    at.finish();
    REQUIRE(!*at.answer);
    CHECK(at.answer->error().code == Errc::overloaded);
    CHECK(at.there_at_answer.empty());
}

TEST_CASE("a box office that stops gives its backup up") {
    BackupSale at;
    at.begin();
    for (int i = 0; i < 2; ++i) REQUIRE(at.office->step());
    at.office->stop();
    REQUIRE(at.answer.has_value());
    CHECK(at.answer->error().code == Errc::draining);
    CHECK(at.there_at_answer.empty());
}

TEST_SUITE_END();

}  // namespace concertres::test

// Backups of a store's file: always a state that was committed, never half of one under its name,
// and no harm to the store whatever happens to the copy.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "support/faulty_storage.hpp"
#include "support/faulty_vfs.hpp"
#include "support/small_sale.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// So little that a slice copies as few pages as it may.
constexpr Duration no_time{1};

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        names.push_back(entry.path().filename());
    }
    return names;
}

// A box office on a file of some megabytes, and a folder for its backups.
struct Sale {
    TempDir folder;
    TempDir backups;
    FaultyVfs disk;
    fs::path file = folder.path() / "sale.db";
    fs::path copy = backups.path() / "copy.db";
    FaultPlan plan;
    std::optional<BoxOffice> office;
    SmallSale sale;
    int sold = 0;

    explicit Sale(SeatNumber seats = 20'000) {
        open();
        sale = SmallSale::add(*office, SmallSale::draft(seats, 6));
    }
    ~Sale() {
        disk.before = nullptr;
        office.reset();
    }
    void open() {
        office.emplace(std::make_unique<FaultyStorage>(open_sqlite(file), plan),
                       Options{.running = Running::by_host});
    }
    // Somebody charges, holds and pays: each of these is one commit.
    ReservationId sell() {
        const UserId user = SmallSale::user(++sold);
        REQUIRE(office->charge({.user = user, .amount = SmallSale::price, .key = "c"}));
        // From both ends, so that pages which are copied already change as well as those to come.
        const SeatNumber seat = sold % 2 == 0 ? sold : 20'001 - sold;
        const auto held = office->hold(
            {.user = user, .performance = sale.performance(), .seats = {seat}, .key = "h"});
        REQUIRE(held);
        REQUIRE(office->pay({.user = user, .reservations = {held->id}, .key = "p"}));
        return held->id;
    }
    // Begins one; what it is answered comes to `answer`.
    void begin(Progress progress = {}) {
        answer.reset();
        office->submit<Backup>({.file = copy, .progress = std::move(progress)},
                               [this](AnswerTo<Backup> told) { answer = std::move(told); });
    }
    void finish() {
        while (!answer) REQUIRE(office->step());
    }
    // The next write to the copy fails so.
    void fail_copy(DiskCall::Kind kind, int error) {
        disk.before = [=](const DiskCall& call) {
            const bool is_copy = call.file.find(".partial-") != std::string_view::npos;
            return is_copy && call.kind == kind ? error : SQLITE_OK;
        };
    }
    // The copy is refused so, nothing is left of it, and the sale goes on.
    void check_refused(Errc code) {
        REQUIRE(answer.has_value());
        REQUIRE(!*answer);
        CHECK(answer->error().code == code);
        CHECK(answer->error().detail.find(copy.string()) != std::string::npos);
        CHECK(names_in(backups.path()).empty());
        disk.before = nullptr;
        CHECK(!office->statistics().failed);
        sell();
        CHECK(office->audit()->clean());
        begin();
        finish();
        CHECK(*answer);
    }

    std::optional<AnswerTo<Backup>> answer;
};

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
    CHECK(everything_in(*opened) == everything_in(*store));
    CHECK(everything_in(*opened) == sample_contents());
}

TEST_CASE("what is sold while a backup is made is wholly in it or not at all") {
    Sale at;
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

TEST_CASE("a backup takes no name that is taken, or that is the store's") {
    Sale at(100);
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
    Sale at;
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

TEST_CASE("a full disk ends the backup and not the sale") {
    for (const int after : {0, 2}) {
        CAPTURE(after);
        Sale at;
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
        Sale at;
        at.fail_copy(kind, error);
        at.begin();
        at.finish();
        at.check_refused(Errc::storage_unavailable);
    }
}

TEST_CASE("a group that the store has no space for is not in the backup") {
    Sale at;
    const ReservationId first = at.sell();
    at.begin();
    for (int i = 0; i < 3; ++i) REQUIRE(at.office->step());
    REQUIRE(!at.answer);
    at.disk.before = [](const DiskCall& call) {
        return call.to_wal && call.kind == DiskCall::write ? SQLITE_FULL : SQLITE_OK;
    };
    const Charge charge{.user = SmallSale::user(99'999), .amount = {100}, .key = "c"};
    CHECK(at.office->charge(charge).error().code == Errc::storage_full);
    at.disk.before = nullptr;
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
    Sale at;
    at.begin([](std::size_t, std::size_t) { throw std::runtime_error("no more"); });
    at.finish();
    REQUIRE(!*at.answer);
    CHECK(at.answer->error().detail.find("no more") != std::string::npos);
    CHECK(names_in(at.backups.path()).empty());
    at.sell();
}

TEST_CASE("a box office that stops gives its backup up") {
    Sale at;
    at.begin();
    for (int i = 0; i < 2; ++i) REQUIRE(at.office->step());
    at.office->stop();
    REQUIRE(at.answer.has_value());
    CHECK(at.answer->error().code == Errc::draining);
    CHECK(names_in(at.backups.path()).empty());
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

// A sale on a file of some megabytes, on a disk that fails when told to, and a folder for its
// backups: for tests of what a backup is, and of what becomes of one that fails.
//
//   BackupSale at;
//   at.begin();
//   at.fail_copy(DiskCall::write, SQLITE_FULL);
//   at.finish();
//   at.check_refused(Errc::storage_full);
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/faulty_storage.hpp"
#include "support/faulty_vfs.hpp"
#include "support/small_sale.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

// So little that a slice copies as few pages as it may.
inline constexpr Duration no_time{1};

inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        names.push_back(entry.path().filename());
    }
    return names;
}

inline bool is_copy(const DiskCall& call) {
    return call.file.find(".partial-") != std::string_view::npos;
}

// What a copy of `store` holds once it is opened: its lines go on in the next epoch.
inline StoreContents as_copied(StoreContents store) {
    for (Line& line : store.of<Line>()) {
        ++line.epoch;
        line.next_sequence = 1;
    }
    return store;
}

// A box office on a file of some megabytes, and a folder for its backups.
struct BackupSale {
    TempDir folder;
    TempDir backups;
    FaultyVfs disk;
    std::filesystem::path file = folder.path() / "sale.db";
    std::filesystem::path copy = backups.path() / "copy.db";
    FaultPlan plan;
    std::optional<BoxOffice> office;
    SmallSale sale;
    SeatNumber seats;
    int sold = 0;

    explicit BackupSale(SeatNumber seats_in_hall = 20'000) : seats(seats_in_hall) {
        open();
        sale = SmallSale::add(*office, SmallSale::draft(seats, 6));
        fail_when(nullptr);
    }
    ~BackupSale() {
        disk.before = nullptr;
        disk.before_read = nullptr;
        office.reset();
    }
    void open() {
        auto opened = sqlite::open_with(file, {}, sqlite::current_schema());
        store = opened.get();
        office.emplace(std::make_unique<FaultyStorage>(std::move(opened), plan),
                       Options{.running = Running::by_host});
    }
    void reopen() {
        office.reset();
        open();
    }
    // What is read from now on is read from the disk.
    void forget_pages() { store->connection().database().exec("PRAGMA shrink_memory"); }
    // Somebody charges, holds and pays: each of these is one commit.
    ReservationId sell() {
        const UserId user = SmallSale::user(++sold);
        REQUIRE(office->charge({.user = user, .amount = SmallSale::price, .key = "c"}));
        // From both ends, so that pages which are copied already change as well as those to come.
        const SeatNumber seat = sold % 2 == 0 ? sold : seats + 1 - sold;
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
                               [this](AnswerTo<Backup> told) {
                                   answer = std::move(told);
                                   there_at_answer = names_in(backups.path());
                               });
    }
    void finish() {
        while (!answer) REQUIRE(office->step());
    }
    // What `fails` says of a call to the disk; copies are written slowly, so that they take many
    // slices.
    void fail_when(std::function<int(const DiskCall&)> fails) {
        disk.before = [fails = std::move(fails)](const DiskCall& call) {
            if (is_copy(call) && call.kind == DiskCall::write) {
                std::this_thread::sleep_for(std::chrono::microseconds(100));
            }
            return fails ? fails(call) : SQLITE_OK;
        };
    }
    // The next write to the copy fails so.
    void fail_copy(DiskCall::Kind kind, int error) {
        fail_when([=](const DiskCall& call) {
            return is_copy(call) && call.kind == kind ? error : SQLITE_OK;
        });
    }
    // The copy is refused so, nothing is left of it, and the sale goes on.
    void check_refused(Errc code) {
        REQUIRE(answer.has_value());
        REQUIRE(!*answer);
        CHECK(answer->error().code == code);
        CHECK(answer->error().detail.find(copy.string()) != std::string::npos);
        CHECK(there_at_answer.empty());
        CHECK(names_in(backups.path()).empty());
        fail_when(nullptr);
        CHECK(!office->statistics().failed);
        sell();
        CHECK(office->audit()->clean());
        begin();
        finish();
        CHECK(*answer);
    }

    sqlite::SqliteStorage* store = nullptr;
    std::optional<AnswerTo<Backup>> answer;
    std::vector<std::string> there_at_answer;  // beside the store's own folder
};

}  // namespace concertres::test

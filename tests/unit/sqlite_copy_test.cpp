// What a backup is when it is opened as a store: it goes on in an epoch of its own, so that no
// number is given again that the original has given since.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "support/faulty_vfs.hpp"
#include "support/small_sale.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

namespace fs = std::filesystem;

// A store with two rooms whose sale has not begun, and a copy of it. Two people wait in the first,
// one in the second; in the first a third has come since.
struct Copied {
    TempDir folder;
    fs::path file = folder.path() / "sale.db";
    fs::path copy = folder.path() / "copy.db";
    ConcertId first;
    ConcertId second;
    std::string late_token;

    Copied() {
        BoxOffice office = opened(file);
        first = SmallSale::add(office, room()).concert;
        second = SmallSale::add(office, room()).concert;
        CHECK(join(office, first, 1) == PlaceNumber::of(0, 1));
        CHECK(join(office, first, 2) == PlaceNumber::of(0, 2));
        CHECK(join(office, second, 1) == PlaceNumber::of(0, 1));
        REQUIRE(office.backup({.file = copy}));
        const auto late = office.join({.concert = first, .user = SmallSale::user(3)});
        CHECK(late->number == PlaceNumber::of(0, 3));
        late_token = office.sign(*late);
    }
    static BoxOffice opened(const fs::path& file) {
        return BoxOffice(open_sqlite(file), {.running = Running::by_host});
    }
    static ConcertDraft room() {
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{};
        draft.opens_at = parse_rfc3339("2090-12-01T10:00:00Z")->time;
        return draft;
    }
    static PlaceNumber join(BoxOffice& office, const ConcertId& concert, int user) {
        return office.join({.concert = concert, .user = SmallSale::user(user)}).value().number;
    }
    static std::string marked(const fs::path& file) {
        return run_sql(file, "SELECT copied FROM store");
    }
};

}  // namespace

TEST_SUITE_BEGIN("sqlite: a copy as a store");

TEST_CASE("a copy gives no number that its original has given since") {
    Copied at;
    CHECK(Copied::marked(at.copy) == "1\n");
    BoxOffice office = Copied::opened(at.copy);
    CHECK(Copied::join(office, at.first, 4) == PlaceNumber::of(1, 1));
    CHECK(Copied::join(office, at.first, 5) == PlaceNumber::of(1, 2));
    CHECK(Copied::join(office, at.second, 5) == PlaceNumber::of(1, 1));
    // Those who waited keep their numbers, and stand before everybody who has come since.
    CHECK(Copied::join(office, at.first, 2) == PlaceNumber::of(0, 2));
    const auto behind = office.place(
        {.concert = at.first, .user = SmallSale::user(4), .place = PlaceNumber::of(1, 1)});
    CHECK(behind->ahead == 2);
    const auto report = office.audit();
    CHECK(report->clean());
}

TEST_CASE("a token of a place that was given after the copy was made opens nothing in it") {
    Copied at;
    BoxOffice office = Copied::opened(at.copy);
    for (int user = 4; user < 10; ++user) Copied::join(office, at.first, user);
    const auto claims = office.verify(at.late_token);
    REQUIRE(claims);
    const auto place =
        office.place({.concert = claims->concert, .user = claims->user, .place = claims->number});
    REQUIRE(!place);
    CHECK(place.error().code == Errc::token_invalid);
    // Its holder joins anew, and is told of the new place.
    CHECK(Copied::join(office, at.first, 3) == PlaceNumber::of(1, 7));
}

TEST_CASE("a store that was once a copy begins no further epoch, nor does one that never was") {
    Copied at;
    Copied::join(*std::make_unique<BoxOffice>(open_sqlite(at.copy)), at.first, 4);
    CHECK(Copied::marked(at.copy) == "0\n");
    Copied::join(*std::make_unique<BoxOffice>(open_sqlite(at.copy)), at.first, 5);
    CHECK(run_sql(at.copy,
                  "SELECT epoch || ' ' || next_sequence || ' ' || version FROM line "
                  "ORDER BY concert") == "1 3 6\n1 1 3\n");
    Copied::join(*std::make_unique<BoxOffice>(open_sqlite(at.file)), at.first, 5);
    CHECK(Copied::marked(at.file) == "0\n");
    CHECK(run_sql(at.file, "SELECT DISTINCT epoch FROM line") == "0\n");
}

TEST_CASE("in a copy all classes go on in the next epoch, also those that nobody was in yet") {
    Copied at;
    const auto join_as = [&](BoxOffice& office, int user, const std::string& line_class) {
        return office
            .join({.concert = at.first, .user = SmallSale::user(user), .line_class = line_class})
            .value()
            .number;
    };
    const fs::path copy = at.folder.path() / "with_classes.db";
    {
        BoxOffice office = Copied::opened(at.file);
        SaleChange change;
        change.patch.emplace().classes = {{"general", 1}, {"fan_club", 3}, {"press", 1}};
        REQUIRE(office.change_sale({.concert = at.first, .change = change}));
        CHECK(join_as(office, 10, "fan_club") == PlaceNumber::of({1, 0, 1}));
        REQUIRE(office.backup({.file = copy}));
        CHECK(join_as(office, 11, "press") == PlaceNumber::of({2, 0, 1}));
    }
    BoxOffice office = Copied::opened(copy);
    CHECK(join_as(office, 12, "fan_club") == PlaceNumber::of({1, 1, 1}));
    CHECK(join_as(office, 13, "press") == PlaceNumber::of({2, 1, 1}));
    CHECK(join_as(office, 14, "") == PlaceNumber::of(1, 1));
    CHECK(office
              .place({.concert = at.first,
                      .user = SmallSale::user(12),
                      .place = PlaceNumber::of({1, 1, 1})})
              ->ahead == 1);
    CHECK(office.audit()->clean());
}

TEST_CASE("a copy of a copy begins one more epoch") {
    Copied at;
    const fs::path next = at.folder.path() / "next.db";
    {
        BoxOffice office = Copied::opened(at.copy);
        Copied::join(office, at.first, 4);
        REQUIRE(office.backup({.file = next}));
    }
    BoxOffice office = Copied::opened(next);
    CHECK(Copied::join(office, at.first, 5) == PlaceNumber::of(2, 1));
    CHECK(office.audit()->clean());
}

TEST_CASE("a copy that cannot be written when it is opened is a copy still") {
    Copied at;
    for (const int error : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC}) {
        CAPTURE(error);
        FaultyVfs disk;
        disk.before = [=](const DiskCall& call) {
            const auto kind = error == SQLITE_IOERR_FSYNC ? DiskCall::sync : DiskCall::write;
            return call.to_wal && call.kind == kind ? error : SQLITE_OK;
        };
        CHECK_THROWS_AS(open_sqlite(at.copy).reset(), StorageError);
    }
    const std::string state = "SELECT epoch || ' ' || copied FROM line, store";
    // Of a failed sync nobody knows: either it is as it was, or it is done as a whole.
    const std::string found = run_sql(at.copy, state);
    CAPTURE(found);
    CHECK((found == "0 1\n0 1\n" || found == "1 0\n1 0\n"));
    BoxOffice office = Copied::opened(at.copy);
    CHECK(Copied::join(office, at.first, 4) == PlaceNumber::of(1, 1));
}

TEST_SUITE_END();

}  // namespace concertres::test

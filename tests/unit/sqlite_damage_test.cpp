// That a scan finds what has changed in a file without the store's doing.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "support/sample_rows.hpp"
#include "support/small_sale.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;

struct Sample {
    TempDir folder;
    path file = folder.path() / "sale.db";
    std::string whole;

    Sample() {
        write_sample(*open_sqlite(file));
        run_sql(file, "VACUUM");  // or what the journal had stands in pages that nobody uses
        whole = bytes_of(file);
    }
    // Whether a scan of the store with these bytes finds fault, or the store is not even opened.
    bool is_found(const std::string& bytes) {
        write_bytes(file, bytes);
        try {
            return !everything_in(*open_sqlite(file)).intact();
        } catch (const StorageError&) {
            return true;
        }
    }
    std::string flipped(std::size_t at, int bit) const {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1u << bit));
        return bytes;
    }
    // Where `needle` stands in the file, each time.
    std::vector<std::size_t> all_of(std::string_view needle) const {
        std::vector<std::size_t> places;
        for (auto at = whole.find(needle); at != std::string::npos;
             at = whole.find(needle, at + 1)) {
            places.push_back(at);
        }
        return places;
    }
};

std::string bytes_of_id(const Uuid& id) {
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: damage");

TEST_CASE("a store that nobody has touched is intact") {
    Sample sample;
    CHECK(!sample.is_found(sample.whole));
    CHECK(everything_in(*open_sqlite(sample.file)) == sample_contents());
}

TEST_CASE("a flipped bit anywhere in an event is found") {
    Sample sample;
    const Event event = sample_contents().of<Event>().front();
    const std::string data = encode(event);
    const auto places = sample.all_of(data);
    REQUIRE(places.size() == 1);
    // The record before its text: key, sizes and types; behind it the checksum.
    const std::size_t begin = places[0] - 24;
    const std::size_t crc_size = checksum(event, data) > INT32_MAX ? 6 : 4;
    const std::size_t end = places[0] + data.size() + crc_size;
    for (std::size_t at = begin; at < end; ++at) {
        CAPTURE(at - begin);
        CHECK(sample.is_found(sample.flipped(at, static_cast<int>(at % 8))));
    }
}

TEST_CASE("a flipped bit anywhere in a transfer is found") {
    Sample sample;
    const Transfer transfer = sample_contents().of<Transfer>().front();
    const auto places = sample.all_of(bytes_of_id(transfer.id.uuid));
    // In the transfer itself, in the index of ids, and in no event: there it is text.
    REQUIRE(places.size() == 2);
    for (const std::size_t place : places) {
        for (std::size_t at = place - 16; at < std::min(place + 60, sample.whole.size()); ++at) {
            const std::string bytes = sample.flipped(at, static_cast<int>(at % 8));
            CAPTURE(at - place);
            // Around the index entry lie bytes that nobody uses.
            const bool in_entry = at >= place && at < place + 16;
            if (place == places[0] || in_entry) CHECK(sample.is_found(bytes));
        }
    }
}

TEST_CASE("a changed number in a transfer or an event is found, though the database is sound") {
    Sample sample;
    const char* change = nullptr;
    SUBCASE("an amount") { change = "UPDATE transfer SET amount = amount + 1 WHERE number = 1"; }
    SUBCASE("an account") { change = "UPDATE transfer SET credit = 5 WHERE number = 1"; }
    SUBCASE("a time") { change = "UPDATE transfer SET at = at - 1 WHERE number = 2"; }
    SUBCASE("a checksum") { change = "UPDATE transfer SET crc = crc + 1 WHERE number = 2"; }
    SUBCASE("an owner, and its name with it") {
        change =
            "UPDATE transfer SET wallet = 5 WHERE number = 2;"
            "UPDATE transfer_name SET wallet = 5 WHERE number = 2";
    }
    SUBCASE("a kind that there is not") { change = "UPDATE transfer SET kind = 9"; }
    SUBCASE("an event's kind") { change = "UPDATE event SET kind = kind + 1 WHERE stream = 3"; }
    SUBCASE("an event's kind by 256") { change = "UPDATE event SET kind = kind + 256"; }
    SUBCASE("an event's number") { change = "UPDATE event SET number = 9 WHERE stream = 3"; }
    SUBCASE("an event's facts") {
        change = "UPDATE event SET data = replace(data, '50000', '50001') WHERE stream = 1";
    }
    SUBCASE("an event's facts that are none") { change = "UPDATE event SET data = ''"; }
    run_sql(sample.file, change);
    const StoreContents found = everything_in(*open_sqlite(sample.file));
    CHECK(found.flipped > 0);
    CHECK(found.damage.empty());
}

TEST_CASE("a name that leads elsewhere, or is not there, is found, though the database is sound") {
    Sample sample;
    const char* change = nullptr;
    std::string found;
    const auto expect = [&](std::string_view kind, std::string_view names,
                            std::string_view counts) {
        found = fmt::format("the table {0}_{1} does not name what the table {0} has: {2}", kind,
                            names, counts);
    };
    SUBCASE("a reservation without a name") {
        change = "DELETE FROM reservation_name WHERE reservation = 7";
        expect("reservation", "name", "2 rows, 1 names, 1 of them right");
    }
    SUBCASE("a name that leads to another reservation") {
        change = "UPDATE reservation_name SET reservation = 8 WHERE reservation = 7";
        expect("reservation", "name", "2 rows, 2 names, 1 of them right");
    }
    SUBCASE("a reservation that its user does not find") {
        change = "UPDATE reservation_owner SET user = user + 1 WHERE reservation = 7";
        expect("reservation", "owner", "2 rows, 2 names, 1 of them right");
    }
    SUBCASE("a name of a payment that there is not") {
        change = "INSERT INTO payment_name VALUES (x'00', 5)";
        expect("payment", "name", "1 rows, 2 names, 1 of them right");
    }
    SUBCASE("a payment that its user does not find") {
        change = "DELETE FROM payment_owner";
        expect("payment", "owner", "1 rows, 0 names, 0 of them right");
    }
    SUBCASE("transfers under the names of others") {
        change = "UPDATE transfer_name SET number = 3 - number";
        expect("transfer", "name", "2 rows, 2 names, 0 of them right");
    }
    run_sql(sample.file, change);
    const auto damage = everything_in(*open_sqlite(sample.file)).damage;
    REQUIRE(damage.size() == 1);
    CHECK(damage.front() == found);
}

TEST_CASE("a row that cannot be read is told of, and all others are shown") {
    Sample sample;
    const char* change = nullptr;
    std::string where;
    SUBCASE("a status that there is not") {
        change = "UPDATE seat SET status = 4 WHERE performance = 2 AND number = 3";
        where = "the table seat: the row (2, 3) cannot be read (status)";
    }
    SUBCASE("a list that is none") {
        change = "UPDATE reservation SET seats = '[[2,50000],[3' WHERE key = 7";
        where = "the table reservation: the row (7) cannot be read (seats)";
    }
    SUBCASE("a list with more behind it") {
        change = "UPDATE pass SET held = '[7] ' WHERE number = 2";
        where = "the table pass: the row (1, 2) cannot be read (held)";
    }
    SUBCASE("an id that is too short") {
        change = "UPDATE place SET user_id = x'00' WHERE number = 3";
        where = "the table place: the row (1, 3) cannot be read (user_id)";
    }
    SUBCASE("a number that is too large") {
        change = "UPDATE seat_limit SET paid = 5000000000 WHERE user = 4 AND scope = 1";
        where = "the table seat_limit: the row (4, 1) cannot be read (paid)";
    }
    run_sql(sample.file, change);
    StoreContents found = everything_in(*open_sqlite(sample.file));
    CHECK(found.damage == std::vector<std::string>{where});
    CHECK(found.flipped == 0);
    CHECK(found.of<Event>() == sample_contents().of<Event>());
    CHECK(found.of<Wallet>() == sample_contents().of<Wallet>());
}

TEST_CASE("a row that cannot be read stops a store that needs it") {
    Sample sample;
    run_sql(sample.file, "UPDATE wallet SET balance = 1; UPDATE reservation SET status = 9");
    const auto store = open_sqlite(sample.file);
    CHECK(read_row<Wallet>(*store, {4})->row.balance == Money{1});
    try {
        static_cast<void>(read_row<Reservation>(*store, {6}));
        FAIL("it was read");
    } catch (const StorageError& error) {
        CHECK(error.kind() == StorageError::Kind::failed);
        CHECK(std::string(error.what()).find("reservation is damaged") != std::string::npos);
    }
    CHECK_THROWS_AS(static_cast<void>(read_row<Wallet>(*store, {4})), StorageError);
}

TEST_CASE("a page that is overwritten is found, whichever it is") {
    Sample sample;
    constexpr std::size_t page = 4096;
    for (std::size_t at = 0; at < sample.whole.size(); at += page) {
        std::string bytes = sample.whole;
        bytes.replace(at, page, std::string(page, '\x33'));
        CAPTURE(at / page);
        CHECK(sample.is_found(bytes));
        if (at == 0) continue;
        bytes.replace(at, page, std::string(page, '\0'));
        CHECK(sample.is_found(bytes));
    }
}

TEST_CASE("a row that is missing stops the engine that needs it, and nothing is made up") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    SmallSale sale;
    {
        BoxOffice office(open_sqlite(file));
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{.active_max = 1, .waiting_list = true};
        sale = SmallSale::add(office, std::move(draft));
        for (const int user : {1, 2}) {
            REQUIRE(office.join({.concert = sale.concert, .user = SmallSale::user(user)}));
        }
    }
    const char* change = nullptr;
    SUBCASE("the state of a performance") { change = "DELETE FROM performance_state"; }
    SUBCASE("the sale") { change = "DELETE FROM sale"; }
    run_sql(file, change);
    try {
        BoxOffice office(open_sqlite(file), {.tick = std::chrono::hours(1)});
        const auto admitted = office.tick({sale.concert});
        REQUIRE(!admitted);
        CHECK(admitted.error().code == Errc::engine_failed);
    } catch (const StorageError& error) {
        CHECK(error.kind() == StorageError::Kind::failed);  // seen at the opening
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

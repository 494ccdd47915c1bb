// The rows at hand: they are those that are committed, and never more than allowed.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "sqlite/row_cache.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/sample_rows.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using Cache = sqlite::RowCache<Wallet, Seat>;

std::optional<Versioned<Wallet>> wallet(std::int64_t user, std::int64_t balance) {
    return Versioned<Wallet>{{.user = {user}, .balance = {balance}}, 1};
}
std::optional<Versioned<Seat>> seat(SeatNumber number) {
    return Versioned<Seat>{{.performance = {1}, .number = number}, 1};
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: rows at hand");

TEST_CASE("a row that was put is found, and the last one put") {
    Cache cache(10);
    CHECK(cache.find<Wallet>({1}) == nullptr);
    cache.put<Wallet>({1}, wallet(1, 5));
    CHECK(*cache.find<Wallet>({1}) == wallet(1, 5));
    cache.put<Wallet>({1}, wallet(1, 6));
    CHECK(*cache.find<Wallet>({1}) == wallet(1, 6));
    CHECK(cache.find<Seat>({{1}, 1}) == nullptr);
    CHECK(cache.size() == 1);
}

TEST_CASE("that there is no row is known as well") {
    Cache cache(10);
    cache.put<Wallet>({1}, std::nullopt);
    REQUIRE(cache.find<Wallet>({1}) != nullptr);
    CHECK(!*cache.find<Wallet>({1}));
    cache.put<Wallet>({1}, wallet(1, 5));
    CHECK(*cache.find<Wallet>({1}) == wallet(1, 5));
}

TEST_CASE("there are never more rows than allowed, and each that is there is the right one") {
    for (const std::size_t rows_max : {0u, 1u, 2u, 3u, 10u, 1'000u}) {
        Cache cache(rows_max);
        CAPTURE(rows_max);
        std::size_t found = 0;
        for (std::int64_t i = 0; i < 5'000; ++i) {
            cache.put<Wallet>({i % 1'700}, wallet(i % 1'700, i % 1'700));
            cache.put<Seat>({{1}, static_cast<SeatNumber>(i)}, seat(static_cast<SeatNumber>(i)));
            CHECK(cache.size() <= rows_max);
            const std::int64_t asked = (i * 7) % 1'700;
            if (const auto* entry = cache.find<Wallet>({asked})) {
                ++found;
                CHECK(*entry == wallet(asked, asked));
            }
        }
        CHECK(cache.size() == rows_max);
        if (rows_max == 1'000) CHECK(found > 500);
    }
}

TEST_CASE("a row that is asked for stays, however many others come and go") {
    Cache cache(100);
    cache.put<Seat>({{1}, 1}, seat(1));
    cache.put<Wallet>({1}, wallet(1, 1));
    for (std::int64_t i = 2; i < 20'000; ++i) {
        cache.put<Wallet>({i}, wallet(i, i));
        CHECK(cache.find<Seat>({{1}, 1}) != nullptr);
        CHECK(cache.find<Wallet>({1}) != nullptr);
    }
    CHECK(cache.size() == 100);
}

TEST_CASE("where all rows are asked for, a new one still finds room") {
    Cache cache(1'000);
    for (std::int64_t i = 0; i < 3'000; ++i) {
        cache.put<Wallet>({i}, wallet(i, i));
        CHECK(cache.find<Wallet>({i}) != nullptr);
    }
    CHECK(cache.size() == 1'000);
}

TEST_CASE("a table that has had its time makes room for another") {
    Cache cache(1'000);
    for (std::int64_t i = 0; i < 1'000; ++i) cache.put<Wallet>({i}, wallet(i, i));
    for (SeatNumber i = 0; i < 500; ++i) cache.put<Seat>({{1}, i}, seat(i));
    for (SeatNumber i = 0; i < 500; ++i) CHECK(cache.find<Seat>({{1}, i}) != nullptr);
    CHECK(cache.size() == 1'000);
}

TEST_CASE("a store keeps no more rows at hand than allowed, whatever is read and written") {
    const TempDir folder;
    const auto store = sqlite::open_with(folder.path() / "sale.db", {.cached_rows_max = 100},
                                         sqlite::current_schema());
    const NewConcert concert = add_concert(*store, {.performances = 2, .seats = 500});
    for (const Performance& performance : concert.performances) {
        for (SeatNumber number = 1; number <= 500; ++number) {
            CHECK(read_row<Seat>(*store, {performance.key, number})->version == 1);
            CHECK(store->cached_rows() <= 100);
        }
    }
    ChangeSet changes;
    const std::int64_t first = store->allocate(1'000);
    for (std::int64_t i = 0; i < 1'000; ++i) {
        changes.rows.of<Wallet>().push_back({{.user = {first + i}, .balance = {i}}, 1});
    }
    REQUIRE(store->commit(changes) == CommitOutcome::committed);
    while (store->tidy()) {
    }
    CHECK(store->cached_rows() == 100);
    for (std::int64_t i = 0; i < 1'000; ++i) {
        CHECK(read_row<Wallet>(*store, {first + i})->row.balance == Money{i});
    }
    CHECK(store->cached_rows() == 100);
}

TEST_CASE("a row that was read as absent is there once it has been written") {
    const TempDir folder;
    const auto store = sqlite::open_with(folder.path() / "sale.db", {}, sqlite::current_schema());
    const NewConcert concert = new_concert(*store, {.room = true});
    const ConcertKey key = concert.concert.key;
    const SeatKey seat_key{concert.performances[0].key, 1};
    const UserKey user = new_key<UserKey>(*store);
    CHECK(!read_row<Wallet>(*store, user));
    CHECK(!read_row<Sale>(*store, key));
    CHECK(!read_row<Line>(*store, {key, 0}));
    CHECK(!read_row<RoomLine>(*store, key));
    CHECK(!read_row<Seat>(*store, seat_key));
    CHECK(!read_row<PerformanceState>(*store, seat_key.performance));
    store->add(concert, {});
    put(*store, Wallet{.user = user});
    CHECK(read_row<Wallet>(*store, user));
    CHECK(read_row<Sale>(*store, key));
    CHECK(read_row<Line>(*store, {key, 0}));
    CHECK(read_row<RoomLine>(*store, key));
    CHECK(read_row<Seat>(*store, seat_key));
    CHECK(read_row<PerformanceState>(*store, seat_key.performance));
}

TEST_SUITE_END();

}  // namespace concertres::test

#include "queries.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "concertres/sqlite.hpp"
#include "sqlite/statements.hpp"

namespace bench {

namespace {

struct Sizes {
    std::int64_t concerts = 1'000;
    std::int64_t dates = 10;  // of each concert
    std::int64_t seats = 50;  // of each date
    std::int64_t users = 100'000;
    std::int64_t reservations = 10;  // of each user
    std::int64_t transfers = 5;      // likewise
    std::int64_t held = 10'000;      // of all reservations; the others have ended

    [[nodiscard]] std::int64_t all_dates() const { return concerts * dates; }
    [[nodiscard]] std::int64_t all_reservations() const { return users * reservations; }
};

// Microseconds. Reservation `i` is held until `first_end + i`.
constexpr std::int64_t first_end = 1'000'000'000;

std::string numbers(std::int64_t count) {
    return fmt::format(
        "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {}) ",
        count);
}

// The rows that the queries look at, and no others. Users and performances come in no order.
void fill(SQLite::Database& store, const Sizes& sizes) {
    store.exec(numbers(sizes.all_dates()) +
               fmt::format("INSERT INTO performance(key, concert, position, id, starts_at,"
                           " utc_offset, date) SELECT i, i % {0}, i / {0}, randomblob(16),"
                           " 1000000 * (i / {0}), 540, '2026-12-24' FROM n",
                           sizes.concerts));
    store.exec(
        "INSERT INTO performance_state(performance, version, free, blocked, held, sold,"
        " next_event) SELECT key, 1, 50, 0, 0, 0, 1 FROM performance");
    store.exec(numbers(sizes.all_dates() * sizes.seats) +
               fmt::format("INSERT INTO seat(performance, number, version, status, reservation,"
                           " held_until) SELECT i / {0}, i % {0} + 1, 1, 0, 0, 0 FROM n",
                           sizes.seats));
    store.exec(
        numbers(sizes.all_reservations()) +
        fmt::format("INSERT INTO reservation(key, version, id, user, user_id, concert, performance,"
                    " place, seats, total, status, held_at, held_until, extend_until, payment,"
                    " fingerprint) SELECT i, 2, randomblob(16), i * 7919 % {}, randomblob(16),"
                    " i % {}, i * 7919 % {}, i, '[[7,50000]]', 50000,"
                    " iif(i % {} = 0, 1, 3), {} + i - 1, {} + i, {} + i, 0, i FROM n",
                    sizes.users, sizes.concerts, sizes.all_dates(),
                    sizes.all_reservations() / sizes.held, first_end, first_end, first_end));
    store.exec(numbers(sizes.users * sizes.transfers) +
               fmt::format("INSERT INTO transfer(wallet, number, id, kind, debit, credit, amount,"
                           " balance_after, at, reference, fingerprint, crc) SELECT i / {0},"
                           " i % {0} + 1, randomblob(16), 1, -1, i / {0}, 50000, 50000, i,"
                           " zeroblob(16), i, 0 FROM n",
                           sizes.transfers));
}

constexpr std::array filled_tables{"performance", "performance_state", "seat", "reservation",
                                   "transfer"};

// One store with its indexes, and beside it one with the same rows and none: tables in the order in
// which rows came, without even a primary key.
class Stores {
  public:
    explicit Stores(const Settings& settings) : folder_(settings.folder) {
        remove();
        { const auto made = concertres::open_sqlite(indexed_file()); }
        indexed_ = open(indexed_file());
        Sizes sizes;
        if (settings.quick) sizes.concerts = 100, sizes.users = 2'000, sizes.held = 1'000;
        indexed_->exec("BEGIN");
        fill(*indexed_, sizes_ = sizes);
        indexed_->exec("COMMIT");
        bare_ = open(bare_file());
        bare_->exec("ATTACH '" + indexed_file().string() + "' AS indexed");
        for (const char* table : filled_tables) {
            bare_->exec(fmt::format("CREATE TABLE {0} AS SELECT * FROM indexed.{0}", table));
        }
        bare_->exec("DETACH indexed");
        statements_ = std::make_unique<concertres::sqlite::Statements>(*indexed_);
    }
    ~Stores() {
        statements_.reset();
        indexed_.reset();
        bare_.reset();
        remove();
    }
    Stores(const Stores&) = delete;
    Stores& operator=(const Stores&) = delete;

    SQLite::Database& indexed() { return *indexed_; }
    SQLite::Database& bare() { return *bare_; }
    concertres::sqlite::Statements& statements() { return *statements_; }
    const Sizes& sizes() const { return sizes_; }

  private:
    [[nodiscard]] std::filesystem::path indexed_file() const { return folder_ / "queries.db"; }
    [[nodiscard]] std::filesystem::path bare_file() const { return folder_ / "queries-bare.db"; }
    void remove() const {
        for (const auto& file : {indexed_file(), bare_file()}) {
            std::filesystem::remove(file);
            std::filesystem::remove(file.string() + "-wal");
        }
    }
    static std::unique_ptr<SQLite::Database> open(const std::filesystem::path& file) {
        auto store = std::make_unique<SQLite::Database>(
            file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        // Nothing here needs to survive, and the cache is the backend's.
        store->exec("PRAGMA synchronous = OFF");
        store->exec("PRAGMA cache_size = -65536");
        return store;
    }

    std::filesystem::path folder_;
    Sizes sizes_;
    std::unique_ptr<SQLite::Database> indexed_;
    std::unique_ptr<SQLite::Database> bare_;
    std::unique_ptr<concertres::sqlite::Statements> statements_;
};

std::unique_ptr<Stores>& stores() {
    static std::unique_ptr<Stores> made;
    return made;
}

// A query of the backend's, and what it asks for the `i`-th time.
struct Query {
    const char* name;
    const char* index;
    SQLite::Statement& (*statement)(concertres::sqlite::Statements&);
    std::vector<std::int64_t> (*ask)(const Sizes&, std::int64_t i);
};

const std::array queries{
    Query{"the dates of a concert that can be reserved", "performance_start",
          [](auto& s) -> SQLite::Statement& { return s.performances; },
          [](const Sizes& sizes, std::int64_t i) {
              return std::vector<std::int64_t>{i * 619 % sizes.concerts, 0};
          }},
    Query{"the seats of a date", "seat's primary key",
          [](auto& s) -> SQLite::Statement& { return s.seats; },
          [](const Sizes& sizes, std::int64_t i) {
              return std::vector<std::int64_t>{i * 619 % sizes.all_dates(), 0, INT32_MAX};
          }},
    Query{"a user's reservations", "reservation_owner's primary key",
          [](auto& s) -> SQLite::Statement& { return s.reservations_of; },
          [](const Sizes& sizes, std::int64_t i) {
              return std::vector<std::int64_t>{i * 619 % sizes.users, INT64_MAX, 100};
          }},
    Query{"a wallet's statement", "transfer's primary key",
          [](auto& s) -> SQLite::Statement& { return s.transfers; },
          [](const Sizes& sizes, std::int64_t i) {
              return std::vector<std::int64_t>{i * 619 % sizes.users, INT64_MAX, 100};
          }},
};

// The statement for tables that have no index.
std::string without_index(std::string sql) {
    const std::string promise = " INDEXED BY ";
    const std::size_t at = sql.find(promise);
    if (at == sql.npos) return sql;
    const std::size_t end = sql.find_first_of(" ", at + promise.size());
    return sql.erase(at, end - at);
}

void run(benchmark::State& state, const Settings& settings, const Query& query, bool indexed) {
    if (!stores()) stores() = std::make_unique<Stores>(settings);
    Stores& at = *stores();
    const std::string sql = query.statement(at.statements()).getQuery();
    SQLite::Statement statement(indexed ? at.indexed() : at.bare(),
                                indexed ? sql : without_index(sql));
    std::int64_t asked = 0;
    std::int64_t rows = 0;
    for (auto _ : state) {
        int column = 0;
        for (const std::int64_t value : query.ask(at.sizes(), ++asked)) {
            statement.bind(++column, value);
        }
        while (statement.executeStep()) ++rows;
        statement.reset();
    }
    if (rows == 0) state.SkipWithError("the query found nothing");
}

}  // namespace

void register_queries(const Settings& settings) {
    for (const Query& query : queries) {
        for (const bool indexed : {true, false}) {
            const std::string name =
                fmt::format("{}, {} {}", query.name, indexed ? "with" : "without", query.index);
            benchmark::RegisterBenchmark(name.c_str(), [&, indexed](benchmark::State& state) {
                run(state, settings, query, indexed);
            })->Unit(benchmark::kMicrosecond);
        }
    }
}

void end_queries() { stores().reset(); }

}  // namespace bench

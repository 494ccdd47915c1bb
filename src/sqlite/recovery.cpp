// What a store is opened with: the tables' part of what is not over, and the journal's commits that
// the tables have not got.
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {

// The tables' part of what is not over; recover() adds the journal's.
void SqliteStorage::read_live() {
    Use held(statements_.live_reservations);
    std::vector<ReservedSeat> seats;
    while (held.step()) {
        ReservationKey key;
        Time until;
        PerformanceKey performance;
        seats.clear();
        CellReader cells(*held);
        cells.get(key).get(until).get(performance).get(seats);
        // Whoever needs the row will find out, and the audit tells.
        if (!cells.intact()) seats.clear();
        held_.add(key, until, performance, static_cast<std::int64_t>(seats.size()));
    }
    ConcertKey concert;
    PlaceNumber number;
    Use waiting(statements_.live_waiting);
    while (waiting.step()) {
        read_cells(*waiting, concert, number);
        rooms_[concert].add_waiting(number);
    }
    Use passed(statements_.live_passed);
    while (passed.step()) {
        read_cells(*passed, concert, number);
        rooms_[concert].add_passed(number);
    }
    Use admitted(statements_.live_passes);
    while (admitted.step()) {
        Time ends_at;
        read_cells(*admitted, concert, number, ends_at);
        rooms_[concert].add_admitted(number, ends_at);
    }
}

namespace {

// The last keys that the tables have. Most of what a journal holds are rows that were made one
// after another, and above the last there is none to be looked for.
class LastKeys {
  public:
    explicit LastKeys(Statements& statements) : statements_(&statements) {}

    [[nodiscard]] bool are_below(const User& row) {
        return last(statements_->last_user) < row.user.value;
    }
    [[nodiscard]] bool are_below(const Member& row) {
        return last(statements_->last_member, row.concert) < row.user.value;
    }
    [[nodiscard]] bool are_below(const Place& row) {
        return last(statements_->last_place, row.concert) < row.number.value;
    }
    [[nodiscard]] bool are_below(const Limit& row) {
        return last(statements_->last_limit) < row.user.value;
    }
    [[nodiscard]] bool are_below(const Reservation& row) {
        return last(statements_->last_reservation) < row.row.value;
    }
    [[nodiscard]] bool are_below(const Wallet& row) {
        return last(statements_->last_wallet) < row.user.value;
    }
    [[nodiscard]] bool are_below(const Payment& row) {
        return last(statements_->last_payment) < row.row.value;
    }
    template <class Row>
    [[nodiscard]] bool are_below(const Row&) {
        return false;
    }

  private:
    std::int64_t last(SQLite::Statement& statement, std::optional<ConcertKey> of_concert = {}) {
        const auto [known, added] = known_.try_emplace({&statement, of_concert}, INT64_MIN);
        if (added) {
            Use use(statement);
            if (of_concert) CellBinder(*use).add(*of_concert);
            std::optional<std::int64_t> found;
            if (use.step()) read_cells(*use, found);
            if (found) known->second = *found;
        }
        return known->second;
    }

    Statements* statements_;
    std::map<std::pair<const SQLite::Statement*, std::optional<ConcertKey>>, std::int64_t> known_;
};

struct NumberHash {
    std::size_t operator()(UserKey wallet) const { return std::hash<std::int64_t>{}(wallet.value); }
    std::size_t operator()(const Stream& stream) const {
        return std::hash<std::int64_t>{}(stream.owner * 8 + static_cast<std::int64_t>(stream.kind));
    }
};

}  // namespace

template <class Row>
std::uint64_t SqliteStorage::version_in_table(const KeyOf<Row>& key) {
    Use use(statements_.of<Row>().select);
    CellBinder cells(*use);
    bind_key<Row>(cells, key);
    std::uint64_t version = 0;
    if (use.step()) read_cells(*use, version);
    return version;
}

// Takes the journal's records one after another as commits that have just been made, but for what
// the tables have of them.
class SqliteStorage::Recovery {
  public:
    explicit Recovery(SqliteStorage& storage)
        : storage_(storage), last_keys_(storage.statements_) {}

    void take(Record& record) {
        storage_.mark_ = std::max(storage_.mark_.load(), record.changes.at);
        storage_.next_key_ = std::max(storage_.next_key_, record.next_key);
        record.changes.rows.for_each([&](const auto& rows) {
            for (const auto& row : rows) take(row);
        });
        for (const Transfer& transfer : record.changes.transfers) {
            if (follows(transfer.number, last_of(wallets_, transfer.wallet))) {
                storage_.pending_.add(transfer);
            }
        }
        for (std::size_t i = 0; i < record.texts.size(); ++i) {
            const Event& event = record.changes.events[i];
            storage_.outbox_.recover(event);
            if (!follows(event.number, last_of(streams_, event.stream))) continue;
            storage_.pending_.add(event, std::move(record.texts[i]));
        }
    }

  private:
    // What the tables have is looked up once: of a journal that is half folded it is the same again
    // and again.
    template <class Key>
    using LastNumbers = boost::unordered_flat_map<Key, std::int64_t, NumberHash>;
    template <class Row>
    struct Versions {
        boost::unordered_flat_map<KeyOf<Row>, std::uint64_t, KeyHash> known;
    };
    template <class>
    struct AllVersions;
    template <template <class> class Cell, class... Rows>
    struct AllVersions<Tables<Cell, Rows...>> {
        using type = std::tuple<Versions<Rows>...>;
    };

    template <class Key>
    std::int64_t& last_of(LastNumbers<Key>& numbers, const Key& key) {
        const auto [known, added] = numbers.try_emplace(key, 0);
        if (added) known->second = storage_.last_number(key);
        return known->second;
    }
    // False: the tables have it. True: `last` is that number now.
    static bool follows(std::int64_t number, std::int64_t& last) {
        if (number > last + 1) throw Damaged("its journal leaves out what was committed");
        if (number <= last) return false;
        last = number;
        return true;
    }
    template <class Row>
    void take(const Versioned<Row>& row) {
        const std::uint64_t stored = stored_version(row);
        if (stored >= row.version) return;
        if (row.version != stored + 1) {
            throw Damaged("a row of the table " + std::string(Table<Row>::name) +
                          " does not go with the journal");
        }
        storage_.remember(row);
    }
    // 0: there is none.
    template <class Row>
    std::uint64_t stored_version(const Versioned<Row>& row) {
        if (const auto* known = storage_.cache_.find<Row>(row.row.key())) {
            return *known ? (*known)->version : 0;
        }
        if (row.version == 1 && last_keys_.are_below(row.row)) return 0;
        const auto [known, added] =
            std::get<Versions<Row>>(versions_).known.try_emplace(row.row.key(), 0);
        if (added) known->second = storage_.version_in_table<Row>(row.row.key());
        return known->second;
    }

    SqliteStorage& storage_;
    LastKeys last_keys_;
    LastNumbers<UserKey> wallets_;
    LastNumbers<Stream> streams_;
    AllVersions<WritableTables<Versioned>>::type versions_;
};

void SqliteStorage::recover() {
    Recovery recovery(*this);
    SQLite::Statement records(connection_.database(),
                              "SELECT number, record FROM journal ORDER BY number");
    Record record;
    while (records.executeStep()) {
        std::int64_t number = 0;
        Bytes<std::string> bytes_of_record{record_};
        read_cells(records, number, bytes_of_record);
        if (!read_record(record_, record)) throw Damaged("a record of its journal is damaged");
        recovery.take(record);
        const auto bytes = static_cast<std::int64_t>(record_.size());
        journal_.push_back({number, bytes});
        journal_bytes_ += bytes;
        last_record_ = number;
    }
}

}  // namespace concertres::sqlite

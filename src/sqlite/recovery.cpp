// What a store is opened with: the tables' part of what is not over, and the journal's commits that
// the tables have not got.
#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <span>
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
        live::HeldReservations::Hold hold;
        seats.clear();
        CellReader cells(*held);
        cells.get(key).get(hold.until).get(hold.place).get(hold.performance).get(seats);
        // Whoever needs the row will find out, and the audit tells.
        if (cells.intact()) hold.seats = static_cast<std::int64_t>(seats.size());
        held_.add(key, hold);
    }
    ConcertKey concert;
    PlaceNumber number;
    PaymentKey payment;
    Use open(statements_.open_payments);
    while (open.step()) {
        read_cells(*open, payment);
        open_payments_.add(payment);
    }
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

// Of the journal's records that are taken together: several times as much memory.
constexpr std::int64_t batch_bytes_max = std::int64_t{8} << 20;

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
    explicit Recovery(SqliteStorage& storage) : storage_(storage) {}

    // Finds out which versions the tables have of what these records change: in the order of keys,
    // so that a page is read once for all that it has.
    void look_up(std::span<const Record> records) {
        std::apply([&](auto&... versions) { (look_up(records, versions), ...); }, versions_);
    }
    void take(Record& record) {
        storage_.mark_ = std::max(storage_.mark_.load(), record.changes.at);
        storage_.next_key_ = std::max(storage_.next_key_, record.next_key);
        record.changes.rows.for_each([&](const auto& rows) { take(rows); });
        for (const Transfer& transfer : record.changes.transfers) {
            if (!follows(transfer.number, last_of(wallets_, transfer.wallet))) continue;
            storage_.pending_.add(transfer);
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
        bool has_all_new = true;  // so far
    };
    template <class>
    struct AllVersions;
    template <template <class> class Cell, class... Rows>
    struct AllVersions<Tables<Cell, Rows...>> {
        using type = std::tuple<Versions<Rows>...>;
    };

    template <class Row>
    void look_up(std::span<const Record> records, Versions<Row>& versions) {
        std::vector<std::pair<KeyOf<Row>, std::uint64_t>> rows;
        for (const Record& record : records) {
            for (const Versioned<Row>& row : record.changes.rows.of<Row>()) {
                rows.emplace_back(row.row.key(), row.version);
            }
        }
        std::sort(rows.begin(), rows.end());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto& [key, version] = rows[i];
            if (i > 0 && rows[i - 1].first == key) continue;
            // See take(): few of the new ones are looked up.
            const bool is_new = version == 1 && !has_random_key<Row>;
            if (is_new || storage_.cache_.find<Row>(key) != nullptr) continue;
            const auto [known, added] = versions.known.try_emplace(key, 0);
            if (added) known->second = storage_.version_in_table<Row>(key);
        }
    }
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
    // Of what the tables have they have the names, for those are folded first. Whether they have
    // those of other new rows is not looked up: they are written once more.
    // New rows are folded in the order in which they came, so those that a table has are the first
    // ones of the journal: where it has the last of a record it has all of them, and after a record
    // of which it has not all it has none. So a journal of many new rows takes few look-ups.
    template <class Row>
    void take(const std::vector<Versioned<Row>>& rows) {
        const auto is_new = [](const Versioned<Row>& row) {
            return row.version == 1 && !has_random_key<Row>;
        };
        const auto is_there = [&](const Versioned<Row>& row) {
            return storage_.version_in_table<Row>(row.row.key()) > 0;
        };
        const auto first = std::find_if(rows.begin(), rows.end(), is_new);
        const auto last = std::find_if(rows.rbegin(), rows.rend(), is_new);
        bool& has_all_new = std::get<Versions<Row>>(versions_).has_all_new;
        const bool has_some = has_all_new;
        if (first != rows.end() && has_all_new) {
            has_all_new = is_there(*last);
        } else if (first != rows.end() && is_there(*first)) {
            throw Damaged("the table " + std::string(Table<Row>::name) +
                          " has what came after a row that it has not");
        }
        for (const Versioned<Row>& row : rows) {
            if (!is_new(row)) {
                take(row);
            } else if (!has_all_new && !(has_some && is_there(row))) {
                storage_.note_new(row.row);
                storage_.remember(row);
            }
        }
    }
    template <class Row>
    void take(const Versioned<Row>& row) {
        const KeyOf<Row> key = row.row.key();
        const std::uint64_t stored = stored_version<Row>(key);
        if (stored >= row.version) {
            std::get<Versions<Row>>(versions_).known.try_emplace(key, stored);
            return;
        }
        if (row.version != stored + 1) {
            throw Damaged("a row of the table " + std::string(Table<Row>::name) +
                          " does not go with the journal");
        }
        storage_.remember(row);
    }
    // 0: there is none.
    template <class Row>
    std::uint64_t stored_version(const KeyOf<Row>& key) {
        if (const auto* cached = storage_.cache_.find<Row>(key)) {
            return *cached ? (*cached)->version : 0;
        }
        const auto& known = std::get<Versions<Row>>(versions_).known;
        const auto found = known.find(key);
        return found != known.end() ? found->second : storage_.version_in_table<Row>(key);
    }

    SqliteStorage& storage_;
    LastNumbers<UserKey> wallets_;
    LastNumbers<Stream> streams_;
    AllVersions<WritableTables<Versioned>>::type versions_;
};

void SqliteStorage::recover() {
    Recovery recovery(*this);
    SQLite::Statement records(connection_.database(),
                              "SELECT number, record FROM journal ORDER BY number");
    std::vector<Record> batch;
    for (bool more = true; more;) {
        std::int64_t bytes = 0;
        std::size_t size = 0;
        while (bytes < batch_bytes_max && (more = records.executeStep())) {
            if (size == batch.size()) batch.emplace_back();
            bytes += read_journal(records, batch[size++]);
        }
        recovery.look_up({batch.data(), size});
        for (std::size_t i = 0; i < size; ++i) recovery.take(batch[i]);
    }
}

// The record that `records` stands on; returns how many bytes it has.
std::int64_t SqliteStorage::read_journal(SQLite::Statement& records, Record& record) {
    std::int64_t number = 0;
    Bytes<std::string> bytes_of_record{record_};
    read_cells(records, number, bytes_of_record);
    if (!read_record(record_, record)) throw Damaged("a record of its journal is damaged");
    const auto bytes = static_cast<std::int64_t>(record_.size());
    journal_.push_back({number, bytes});
    journal_bytes_ += bytes;
    last_record_ = number;
    return bytes;
}

}  // namespace concertres::sqlite

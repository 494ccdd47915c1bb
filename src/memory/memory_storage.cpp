#include "memory/memory_storage.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "concertres/assert.hpp"

namespace concertres::memory {
namespace {

StoreSecrets new_secrets() {
    StoreSecrets secrets;
    fill_random(secrets.ids);
    TokenKey key{.id = 1};
    fill_random(key.secret);
    secrets.tokens.push_back(key);
    return secrets;
}

// The row's first version, as a commit would write it.
template <class Row>
void insert_first(TableOf<Row>& table, Row row, const Group& group) {
    Slot<Row>& slot = table.rows().find_or_make(row.key(), group);
    CONCERTRES_ASSERT(!slot.is_there());
    slot.stored = {std::move(row), 1};
}

}  // namespace

MemoryStorage::MemoryStorage(const MemoryOptions& options)
    : clock_(options.clock ? *options.clock : system_clock(), Time{}), secrets_(new_secrets()) {}

Time MemoryStorage::now() { return std::max(clock_.now(), mark_.load()); }

// --- The catalog -------------------------------------------------------------------------------

std::vector<NewConcert> MemoryStorage::concerts() {
    std::vector<NewConcert> result;
    result.reserve(shows_.size());
    shows_.for_each([&](const Show& show) { result.push_back(as_it_stands(show)); });
    return result;
}

NewConcert MemoryStorage::as_it_stands(const Show& show) const {
    NewConcert concert = show.as_added;
    concert.sale = table<Sale>().find(concert.concert.key)->row;
    return concert;
}

std::int64_t MemoryStorage::allocate(std::size_t count) {
    const std::int64_t first = group_.key_end;
    group_.key_end += static_cast<std::int64_t>(count);
    return first;
}

void MemoryStorage::add(const NewConcert& concert, const Progress& progress) {
    check_new(concert);
    std::vector<SeatNumber> numbers;
    numbers.reserve(concert.seats.size());
    for (const HallSeat& seat : concert.seats) numbers.push_back(seat.number);
    std::sort(numbers.begin(), numbers.end());

    // The progress is the caller's code and may throw, so the store is untouched until it is done.
    const std::size_t total = numbers.size() * concert.performances.size();
    std::vector<Hall> halls;
    halls.reserve(concert.performances.size());
    for (const Performance& performance : concert.performances) {
        halls.push_back(new_hall(performance.key, numbers));
        if (progress) progress(halls.size() * numbers.size(), total);
    }
    insert(concert, std::move(halls));
}

void MemoryStorage::check_new(const NewConcert& concert) const {
    const ConcertKey key = concert.concert.key;
    CONCERTRES_ASSERT(key.value > 0 && key.value < group_.key_end);
    CONCERTRES_ASSERT(show_index_.find(key.value) == nullptr);
    CONCERTRES_ASSERT(concert.sale.concert == key);
    std::vector<PerformanceKey> performances;
    for (const Performance& performance : concert.performances) {
        CONCERTRES_ASSERT(performance.concert == key);
        CONCERTRES_ASSERT(performance.key.value > 0 && performance.key.value < group_.key_end);
        CONCERTRES_ASSERT(!table<PerformanceState>().find(performance.key));
        performances.push_back(performance.key);
    }
    std::sort(performances.begin(), performances.end());
    CONCERTRES_ASSERT(std::adjacent_find(performances.begin(), performances.end()) ==
                      performances.end());
}

void MemoryStorage::insert(const NewConcert& concert, std::vector<Hall> halls) {
    const ConcertKey key = concert.concert.key;
    Show& show = shows_.make();
    show.as_added = concert;
    show_index_.at(key.value, group_.key_end) = &show;
    insert_first(table<Sale>(), concert.sale, group_);
    insert_first(table<Line>(), Line{.concert = key}, group_);
    for (std::size_t i = 0; i < concert.performances.size(); ++i) {
        const Performance& performance = concert.performances[i];
        show.by_start.emplace_back(performance.starts_at, performance.key);
        PerformanceState state{.performance = performance.key};
        state.counts.free = static_cast<std::int64_t>(halls[i].seats.size());
        insert_first(table<PerformanceState>(), state, group_);
        table<Seat>().rows().add(performance.key, std::move(halls[i]), group_);
    }
    std::sort(show.by_start.begin(), show.by_start.end());
}

// --- A commit ----------------------------------------------------------------------------------

CommitOutcome MemoryStorage::commit(const ChangeSet& changes) {
    ++group_.number;
    stage(changes);
    apply(changes);
    if (changes.at > mark_.load()) mark_.store(changes.at);
    return CommitOutcome::committed;
}

void MemoryStorage::stage(const ChangeSet& changes) {
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        table<Row>().stage(rows, group_,
                           [&](const Slot<Row>& slot, const Row& row) { check(slot, row); });
    });
    ledger_.stage(changes.transfers, users_, group_);
    events_.stage(changes.events, group_);
}

void MemoryStorage::apply(const ChangeSet& changes) {
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        table<Row>().apply(
            rows, [&](const Slot<Row>& slot, const Row& row) { before_change(slot, row); });
    });
    ledger_.apply(changes.transfers);
    events_.apply(changes.events);
    for (const Event& event : changes.events) outbox_.note(event);
}

void MemoryStorage::check(const Slot<Reservation>& slot, const Reservation& row) {
    CONCERTRES_ASSERT(!slot.is_there() || slot.stored.row.user == row.user);
    reservation_names_.stage(slot, row, group_);
    users_.find_or_make(row.user, group_);
}

void MemoryStorage::check(const Slot<Payment>& slot, const Payment& row) {
    CONCERTRES_ASSERT(!slot.is_there() || slot.stored.row.user == row.user);
    payment_names_.stage(slot, row, group_);
    users_.find_or_make(row.user, group_);
}

void MemoryStorage::check(const Slot<Line>& slot, const Line& row) {
    CONCERTRES_ASSERT(show_index_.find(row.concert.value) != nullptr);
    CONCERTRES_ASSERT(slot.is_there() || row.line_class != 0);
}

void MemoryStorage::check(const Slot<Place>&, const Place& row) {
    CONCERTRES_ASSERT(show_index_.find(row.concert.value) != nullptr);
}

void MemoryStorage::check(const Slot<Pass>&, const Pass& row) {
    CONCERTRES_ASSERT(show_index_.find(row.concert.value) != nullptr);
}

template <class Row>
void MemoryStorage::check(const Slot<Row>& slot, const Row&) {
    constexpr bool comes_with_its_concert =
        std::is_same_v<Row, PerformanceState> || std::is_same_v<Row, Sale>;
    CONCERTRES_ASSERT(slot.is_there() || !comes_with_its_concert);
}

void MemoryStorage::before_change(const Slot<Reservation>& slot, const Reservation& row) {
    held_.change(row);
    if (!slot.is_there()) insert_by_key(users_.find(row.user)->reservations, slot, row.row);
}

void MemoryStorage::before_change(const Slot<Payment>& slot, const Payment& row) {
    open_payments_.change(row);
    if (!slot.is_there()) insert_by_key(users_.find(row.user)->payments, slot, row.row);
}

void MemoryStorage::before_change(const Slot<Place>&, const Place& row) {
    show_index_.find(row.concert.value)->room.change(row);
}

void MemoryStorage::before_change(const Slot<Pass>&, const Pass& row) {
    show_index_.find(row.concert.value)->room.change(row);
}

}  // namespace concertres::memory

namespace concertres {

std::unique_ptr<Storage> open_memory(const MemoryOptions& options) {
    return std::make_unique<memory::MemoryStorage>(options);
}

}  // namespace concertres

// Folding: how what is in the journal gets into the tables. A round takes all that is there as it
// begins and writes it a piece at a time, each row once however often it was committed, and as it
// stands when its turn comes; then the records that the round began with are deleted. So at
// any moment the tables and the records that are left make up the store: rows have versions, and
// events and transfers numbers, and recover() passes over what the tables have already.
#include <algorithm>
#include <memory>

#include "concertres/assert.hpp"
#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

// A commit stays short until half of the journal is full: 10 ms of writing.
constexpr std::size_t items_per_commit_max = 2'000;
// Small commits leave it to one of them, once as much as this is due: what is written together
// shares pages, and all others take no longer than their record.
constexpr std::size_t items_together_min = 500;
// Of records that are deleted at once, if no more come in: their pages are read and given back one
// by one.
constexpr std::int64_t deleted_bytes_max = std::int64_t{1} << 20;

}  // namespace

// --- A piece of a round ------------------------------------------------------------------------

std::size_t SqliteStorage::fold_due(std::size_t items) {
    if (journal_bytes_ <= journal_bytes_max_ / 4) return 0;
    // More than comes in, so that it ends.
    fold_due_ += 2 * items;
    // What comes in while a round is folded is half as much as the round: from two thirds of the
    // bound on nothing is put off, and so the bound holds.
    constexpr double from = 1.0 / 2;
    constexpr double to = 2.0 / 3;
    const double full = static_cast<double>(journal_bytes_) /
                        static_cast<double>(std::max<std::int64_t>(journal_bytes_max_, 1));
    const double hurry = std::clamp((full - from) / (to - from), 0.0, 1.0);
    if (hurry == 0 && fold_due_ < items_together_min) return 0;
    if (fold_due_ <= items_per_commit_max) return fold_due_;
    const auto beyond = static_cast<double>(fold_due_ - items_per_commit_max);
    return items_per_commit_max + static_cast<std::size_t>(hurry * beyond);
}

void SqliteStorage::begin_round() {
    pending_.unfolded_transfers().begin_round();
    pending_.unfolded_events().begin_round();
    cache_.for_each_unfolded([](auto, auto& queue) { queue.begin_round(); });
    round_through_ = last_record_;
}

bool SqliteStorage::round_is_over() {
    bool over =
        pending_.unfolded_transfers().round_is_over() && pending_.unfolded_events().round_is_over();
    cache_.for_each_unfolded([&](auto, auto& queue) { over = over && queue.round_is_over(); });
    return over;
}

void SqliteStorage::fold(std::size_t budget, std::int64_t bytes_coming_in) {
    if (!round_through_) begin_round();
    pending_.unfolded_transfers().write(budget, [&](const Transfer& each) { write(each); });
    pending_.unfolded_events().write(budget, [&](const PendingEvent& each) { write(each); });
    cache_.for_each_unfolded([&]<class Row>(std::type_identity<Row>, auto& queue) {
        queue.write(budget, [&](const auto& slot) { write<Row>(*slot); });
    });
    if (round_is_over()) delete_records(budget, bytes_coming_in);
}

// What the tables have all of, from the front, and not too much of it at once.
void SqliteStorage::delete_records(std::size_t budget, std::int64_t bytes_coming_in) {
    // Or a crowd would add as much as is deleted.
    const std::int64_t enough = std::max(deleted_bytes_max, 2 * bytes_coming_in);
    std::int64_t bytes = 0;
    for (const JournalEntry& entry : journal_) {
        if (entry.number > *round_through_) break;
        if (bytes >= enough && budget != SIZE_MAX) break;
        bytes += entry.bytes;
        deleted_through_ = entry.number;
    }
    Use use(statements_.delete_records);
    CellBinder(*use).add(*deleted_through_);
    use.run();
    write_counters();
}

void SqliteStorage::settle_pending() {
    pending_.settle();
    cache_.for_each_unfolded([&]<class Row>(std::type_identity<Row>, auto& queue) {
        queue.settle([&](std::unique_ptr<typename Cache::template Slot<Row>>&& slot) {
            if (slot->is_new) forget_new(slot->entry->row);
            cache_.template fold<Row>(std::move(slot));
        });
    });
    if (!deleted_through_) return;
    while (!journal_.empty() && journal_.front().number <= *deleted_through_) {
        journal_bytes_ -= journal_.front().bytes;
        journal_.pop_front();
    }
    if (*deleted_through_ == *round_through_) round_through_.reset();
    deleted_through_.reset();
}

void SqliteStorage::unwrite() {
    pending_.unfolded_transfers().unwrite();
    pending_.unfolded_events().unwrite();
    cache_.for_each_unfolded([](auto, auto& queue) { queue.unwrite(); });
    deleted_through_.reset();
}

bool SqliteStorage::fold_now(std::size_t budget) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        fold_alone(budget);
        return true;
    } catch (const SQLite::Exception& error) {
        if (undo(error) == CommitOutcome::not_committed) return false;
        fail(error.what());
    }
}

void SqliteStorage::fold_alone(std::size_t budget) {
    try {
        Use(statements_.begin).run();
        fold(budget, 0);
        Use(statements_.commit).run();
        settle_pending();
    } catch (const SQLite::Exception&) {
        unwrite();
        throw;
    } catch (...) {
        give_up();
        throw;
    }
}

template <class Row>
void SqliteStorage::write(const typename Cache::template Slot<Row>& slot) {
    if constexpr (!std::is_same_v<Row, ReservationName>) {
        RowStatements<Row>& statements = statements_.of<Row>();
        // SQLite writes an index anew wherever one of its columns is set, even to the same value: a
        // hold would cost its pass four writes more.
        Use use(slot.is_new          ? statements.insert
                : slot.seldom_differ ? statements.update
                                     : statements.update_often);
        CellBinder cells(*use);
        cells.add(slot.entry->version);
        bind(cells, slot.entry->row);
        CONCERTRES_ASSERT(use.run() == 1);
    }
}

void SqliteStorage::write(const Transfer& transfer) {
    Use use(statements_.insert_transfer);
    CellBinder cells(*use);
    bind(cells, transfer);
    cells.add(checksum(transfer));
    use.run();
}

void SqliteStorage::write(const PendingEvent& event) {
    Use use(statements_.insert_event);
    CellBinder cells(*use);
    RowBinder<CellBinder> binder(cells);
    Table<Event>::visit(binder, event);
    cells.add(event.text).add(event.crc);
    use.run();
}

void SqliteStorage::write_counters() {
    Use counters(statements_.set_counters);
    CellBinder(*counters).add(mark_.load()).integer(next_key_);
    CONCERTRES_ASSERT(counters.run() == 1);
}

}  // namespace concertres::sqlite

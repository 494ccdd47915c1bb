// Folding: how what is in the journal gets into the tables. A round takes all that is there as it
// begins and writes it a piece at a time, each row once however often it was committed, and as it
// stands when its turn comes; then the records that the round began with are deleted. So at
// any moment the tables and the records that are left make up the store: rows have versions, and
// events and transfers numbers, and recover() passes over what the tables have already.
#include <algorithm>
#include <cmath>
#include <memory>

#include "concertres/assert.hpp"
#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

// Small commits leave it to one of them, once as much as this is due: what is written together
// shares pages, and all others take no longer than their record.
constexpr std::size_t items_together_min = 500;
// A hurried commit folds at most so many times what is folded in an idle moment: some 50 ms of it.
constexpr std::int64_t hurried_portions_max = 10;
// Of records that are deleted at once, if no more come in: their pages are read and given back one
// by one.
constexpr std::int64_t deleted_bytes_max = std::int64_t{1} << 20;

// What has to be written of them one day.
std::size_t items_of(const ChangeSet& changes) {
    const auto new_ones = [](const auto& rows) {
        const auto is_new = [](const auto& row) { return row.version == 1; };
        return static_cast<std::size_t>(std::ranges::count_if(rows, is_new));
    };
    const std::size_t named =
        new_ones(changes.rows.of<Reservation>()) + new_ones(changes.rows.of<Payment>());
    return changes.rows.size() + 2 * named + 2 * changes.transfers.size() + changes.events.size();
}

}  // namespace

// --- A piece of a round ------------------------------------------------------------------------

// Nothing while the journal is short, and then more and more of what comes in, so that the pace of
// a crowd falls slowly to what the tables can take, and not at once. What comes in while a round is
// folded must fit: a round that began with 0.4 of the bound ends at 0.8 of it, and leaves the next
// one with 0.4; one that began with half ends at 0.83. That is so of items that are alike. Where
// larger ones follow upon small ones a round is hurried as the space for them gets less, so that it
// is over when there is none; but by no more than a commit's callers may wait for.
std::size_t SqliteStorage::fold_due(const ChangeSet& changes) {
    constexpr double from = 0.25;
    constexpr double hurry = 0.75;
    const auto bound = static_cast<double>(std::max<std::int64_t>(journal_bytes_max_, 1));
    const double full = static_cast<double>(journal_bytes_) / bound;
    if (full <= from) {
        fold_due_ = 0;
        return 0;
    }
    const double beyond = std::min(full, 2.0) - from;
    fold_due_ += 8 * beyond * beyond * static_cast<double>(items_of(changes));
    if (full >= hurry && !short_of_space_) {
        const auto coming_in = static_cast<double>(record_.size());
        const double space = std::max(bound - static_cast<double>(journal_bytes_), coming_in);
        const double in_time = static_cast<double>(left_of_round()) * coming_in / space;
        const auto most = static_cast<double>(hurried_portions_max * when_idle_.amount());
        fold_due_ = std::max(fold_due_, std::min(in_time, most));
    }
    const auto due = static_cast<std::size_t>(std::ceil(fold_due_));
    if (due < items_together_min && full < hurry) return 0;
    // Also where nothing comes of it, for want of space: the next commit owes no more by that.
    fold_due_ = 0;
    return due;
}

void SqliteStorage::begin_round() {
    pending_.for_each_unfolded([](auto& queue) { queue.begin_round(); });
    cache_.for_each_unfolded([](auto, auto& queue) { queue.begin_round(); });
    round_through_ = last_record_;
}

std::size_t SqliteStorage::left_of_round() {
    std::size_t left = 0;
    const auto add = [&](const auto& queue) {
        left += round_through_ ? queue.left_of_round() : queue.size();
    };
    pending_.for_each_unfolded(add);
    cache_.for_each_unfolded([&](auto, const auto& queue) { add(queue); });
    return left;
}

std::size_t SqliteStorage::fold(std::size_t items, std::int64_t bytes_coming_in) {
    std::size_t budget = items;
    if (!round_through_) begin_round();
    pending_.for_each_unfolded(
        [&](auto& queue) { queue.write(budget, [&](const auto& item) { write(item); }); });
    cache_.for_each_unfolded([&]<class Row>(std::type_identity<Row>, auto& queue) {
        queue.write(budget, [&](const auto& slot) { write<Row>(*slot); });
    });
    if (left_of_round() == 0) delete_records(budget, bytes_coming_in);
    return items - budget;
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
            cache_.template fold<Row>(std::move(slot));
        });
    });
    if (!deleted_through_) return;
    short_of_space_ = false;
    while (!journal_.empty() && journal_.front().number <= *deleted_through_) {
        journal_bytes_ -= journal_.front().bytes;
        journal_.pop_front();
    }
    if (*deleted_through_ == *round_through_) round_through_.reset();
    deleted_through_.reset();
}

void SqliteStorage::unwrite() {
    pending_.for_each_unfolded([](auto& queue) { queue.unwrite(); });
    cache_.for_each_unfolded([](auto, auto& queue) { queue.unwrite(); });
    deleted_through_.reset();
}

std::optional<std::size_t> SqliteStorage::fold_now(std::size_t items) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        return fold_alone(items);
    } catch (const SQLite::Exception& error) {
        if (undo(error) == CommitOutcome::not_committed) return std::nullopt;
        fail(error.what());
    }
}

bool SqliteStorage::fold_some() {
    guarded([&] { connection_.checkpoint_if_due(); });  // which has a time of its own
    const Duration began = connection_.elapsed();
    const auto folded = fold_now(static_cast<std::size_t>(when_idle_.amount()));
    if (!folded) return false;
    when_idle_.took(static_cast<std::int64_t>(*folded), connection_.elapsed() - began);
    return true;
}

std::size_t SqliteStorage::fold_alone(std::size_t items) {
    try {
        Use(statements_.begin).run();
        const std::size_t folded = fold(items, 0);
        Use(statements_.commit).run();
        settle_pending();
        return folded;
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

void SqliteStorage::write(const NameEntry<Reservation>& entry) {
    Use use(statements_.insert_reservation_name);
    CellBinder(*use).add(entry.id).add(entry.row);
    use.run();
}

void SqliteStorage::write(const NameEntry<Payment>& entry) {
    Use use(statements_.insert_payment_name);
    CellBinder(*use).add(entry.id).add(entry.row);
    use.run();
}

void SqliteStorage::write(const OwnerEntry<Reservation>& entry) {
    Use use(statements_.insert_reservation_owner);
    CellBinder(*use).add(entry.user).add(entry.row);
    use.run();
}

void SqliteStorage::write(const OwnerEntry<Payment>& entry) {
    Use use(statements_.insert_payment_owner);
    CellBinder(*use).add(entry.user).add(entry.row);
    use.run();
}

void SqliteStorage::write(const TransferNameEntry& entry) {
    Use use(statements_.insert_transfer_name);
    CellBinder(*use).add(entry.id).add(entry.place.wallet).integer(entry.place.number);
    use.run();
}

void SqliteStorage::write_counters() {
    Use counters(statements_.set_counters);
    CellBinder(*counters).add(mark_.load()).integer(next_key_);
    CONCERTRES_ASSERT(counters.run() == 1);
}

}  // namespace concertres::sqlite

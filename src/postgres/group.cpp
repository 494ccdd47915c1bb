// A commit: all that a group changes, in one round trip; and what became of it.
#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "concertres/assert.hpp"
#include "concertres/outbox.hpp"
#include "postgres/postgres_storage.hpp"

namespace concertres::postgres {
namespace {

// A sale that was changed is likely to be changed again soon.
constexpr std::chrono::seconds own_sales_for{2};

// By what two instances that make the same row would both call it: a key is given once.
template <class Row>
auto name_in(const Row& row) {
    if constexpr (requires { row.id; }) {
        return row.id;
    } else {
        return row.key();
    }
}

}  // namespace

CommitOutcome PostgresStorage::commit(const ChangeSet& changes) {
    require_alive();
    const CommitOutcome outcome = write(changes);
    conflicts_ = outcome == CommitOutcome::conflict ? conflicts_ + 1 : 0;
    return outcome;
}

CommitOutcome PostgresStorage::write(const ChangeSet& changes) {
    // Rows that were read and not written may have changed since: only their locks kept them.
    if (group_ == Group::unlocked) {
        group_ = Group::none;
        return CommitOutcome::conflict;
    }
    try {
        if (changes.empty()) {
            end_transaction();
            raise_mark(changes.at);
            return CommitOutcome::committed;
        }
        if (!connection_) reconnect();
    } catch (const ConnectionLost&) {
        lose_connection();
        group_ = Group::none;
        return changes.empty() ? CommitOutcome::committed : CommitOutcome::conflict;
    }
    try {
        send_changes(changes);
        connection_->send(statements_.commit);
        static_cast<void>(connection_->finish());
    } catch (const SqlError& error) {
        return undo(error);
    } catch (const ConnectionLost&) {
        return doubt(changes.at);
    }
    note_committed(changes.at);
    return CommitOutcome::committed;
}

void PostgresStorage::note_committed(Time at) {
    group_ = Group::none;
    ++next_group_;
    raise_mark(at);
}

// A statement was refused, so nothing of its transaction is there.
CommitOutcome PostgresStorage::undo(const SqlError& error) {
    abandon_transaction();
    group_ = Group::none;
    if (error.is_refusal_of_server()) lose_connection();
    if (error.is_conflict() || error.is_refusal_of_server()) return CommitOutcome::conflict;
    if (error.is_disk_full()) return CommitOutcome::not_committed;
    fail(error.what());
}

// --- What became of a commit whose answer was lost ---------------------------------------------

// The group's own row tells. It is inserted once more, without anything else: that waits for the
// lost transaction, should it still run; and once it has succeeded the lost one never can.
CommitOutcome PostgresStorage::doubt(Time at) {
    group_ = Group::none;
    unsettled_ = {.at = at, .since = std::chrono::steady_clock::now()};
    return settle();
}

CommitOutcome PostgresStorage::settle() {
    CONCERTRES_ASSERT(unsettled_);
    if (const auto outcome = settle_once(unsettled_->at)) {
        unsettled_.reset();
        return *outcome;
    }
    const auto give_up = unsettled_->since + options_.settle_timeout;
    if (std::chrono::steady_clock::now() < give_up) return CommitOutcome::unknown;
    failed_ = true;
    lose_connection();
    return CommitOutcome::lost;
}

// Nothing: it is still not known.
std::optional<CommitOutcome> PostgresStorage::settle_once(Time at) {
    try {
        lose_connection();
        reconnect();
        return settle_here(at);
    } catch (const ConnectionLost&) {
        return std::nullopt;
    } catch (const SqlError&) {
        return std::nullopt;
    }
}

// Over a connection that is there. Throws where it is still not known.
CommitOutcome PostgresStorage::settle_here(Time at) {
    try {
        connection_->send(statements_.begin);
        send_group(at, {});
        connection_->send(statements_.commit);
        static_cast<void>(connection_->finish());
    } catch (const SqlError& error) {
        abandon_transaction();
        if (!error.is_duplicate()) throw;
        // Not over another one, whose making would settle it too.
        if (!connection_) throw ConnectionLost("the connection was lost");
        connection_->send(statements_.group,
                          {Param::integer(instance_), Param::integer(next_group_)});
        std::string changed;
        read_cells(connection_->finish().front(), 0, changed);
        // An empty one is this very insertion, of an attempt whose answer was lost too.
        if (!changed.empty()) {
            doubted_.reset();
            note_committed(at);
            return CommitOutcome::committed;
        }
    }
    doubted_.reset();
    ++next_group_;  // of this name there is a group, an empty one
    return CommitOutcome::conflict;
}

// --- What is written ---------------------------------------------------------------------------

void PostgresStorage::send_group(Time at, const std::string& changed) {
    connection_->send(statements_.note_group,
                      {Param::integer(instance_), Param::integer(next_group_), Param::of(at),
                       Param::bytes(changed)});
}

void PostgresStorage::send_changes(const ChangeSet& changes) {
    if (group_ != Group::locked) connection_->send(statements_.begin);
    Changed changed;
    changed.add(changes);
    send_group(changes.at, encode(changed));
    if (group_ == Group::seen) seen_.send_locks(statements_, *connection_, changes);
    if (group_ == Group::locked && shares_sales_) {
        own_shared_sales(changes.rows.of<Sale>(), changes.at);
    }
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        if (!rows.empty()) send_rows(rows, changes.at);
    });
    if (!changes.transfers.empty()) send_transfers(changes.transfers);
    if (!changes.events.empty()) send_events(changes.events);
}

// Nobody waits for another who has looked at the sale, as that one may want the same: where there
// is one, the group is decided anew, and the sale is its own from the start.
void PostgresStorage::own_shared_sales(const std::vector<Versioned<Sale>>& sales, Time now) {
    std::vector<Wanted<Sale>> keys;
    for (const Versioned<Sale>& sale : sales) {
        if (sale.version == 1) continue;
        keys.push_back({sale.row.key()});
        owned_sales_[sale.row.key()] = now + own_sales_for;
    }
    if (!keys.empty()) connection_->send(statements_.own_sales, key_params(keys));
}

template <class Row>
void PostgresStorage::send_rows(const std::vector<Versioned<Row>>& rows, Time stamp) {
    // What two instances may both make they make in one order, and neither waits for the other in a
    // circle. Rows that are changed are locked already.
    std::vector<const Versioned<Row>*> in_order;
    in_order.reserve(rows.size());
    for (const Versioned<Row>& row : rows) in_order.push_back(&row);
    std::sort(in_order.begin(), in_order.end(),
              [](const auto* a, const auto* b) { return name_in(a->row) < name_in(b->row); });
    RowArrays made = RowArrays::of_columns<Row>();
    RowArrays changed = RowArrays::of_columns<Row>();
    ArrayParam versions(Type::integer);
    std::int64_t made_count = 0;
    std::int64_t changed_count = 0;
    for (const Versioned<Row>* row : in_order) {
        CONCERTRES_ASSERT(row->version >= 1);
        if (row->version == 1) {
            made.add(row->row);
            ++made_count;
        } else {
            versions.add(row->version);
            changed.add(row->row);
            ++changed_count;
        }
    }
    if (made_count > 0) {
        std::vector<Param> params = {Param::of(stamp)};
        made.finish(params);
        connection_->send(statements_.of<Row>().insert, params);
    }
    if (changed_count > 0) {
        std::vector<Param> params = {Param::integer(changed_count), Param::of(stamp),
                                     versions.finish()};
        changed.finish(params);
        connection_->send(statements_.of<Row>().update, params);
    }
}

void PostgresStorage::send_transfers(const std::vector<Transfer>& transfers) {
    RowArrays rows = RowArrays::of_columns<Transfer>();
    ArrayParam checksums(Type::integer);
    for (const Transfer& transfer : transfers) {
        rows.add(transfer);
        checksums.add(checksum(transfer));
    }
    std::vector<Param> params;
    rows.finish(params);
    params.push_back(checksums.finish());
    connection_->send(statements_.insert_transfers, params);
}

void PostgresStorage::send_events(const std::vector<Event>& events) {
    RowArrays rows = RowArrays::of_columns<Event>();
    ArrayParam facts(Type::bytes);
    ArrayParam checksums(Type::integer);
    for (const Event& event : events) {
        const std::string data = encode(event);
        rows.add(event);
        facts.add(data);
        checksums.add(checksum(event, data));
    }
    std::vector<Param> params;
    rows.finish(params);
    params.push_back(facts.finish());
    params.push_back(checksums.finish());
    connection_->send(statements_.insert_events, params);
    note_unpublished(events);
}

// After the events: whoever makes a sink known waits for those who write events, and only then
// relies on it that this is done for the sink.
void PostgresStorage::note_unpublished(const std::vector<Event>& events) {
    std::map<Stream, std::pair<std::int64_t, std::int64_t>> ranges;
    for (const Event& event : events) {
        ranges.try_emplace(event.stream, event.number, event.number).first->second.second =
            event.number;
    }
    std::vector<ArrayParam> columns(5, ArrayParam(Type::integer));
    for (const auto& [stream, range] : ranges) {
        columns[0].add(stream.kind);
        columns[1].add(stream.owner);
        columns[2].add(shard_of(stream));
        columns[3].add(range.first);
        columns[4].add(range.second);
    }
    std::vector<Param> params;
    for (ArrayParam& column : columns) params.push_back(column.finish());
    connection_->send(statements_.note_unpublished, params);
}

}  // namespace concertres::postgres

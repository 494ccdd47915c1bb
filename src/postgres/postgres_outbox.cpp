#include "postgres/postgres_outbox.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "concertres/assert.hpp"
#include "postgres/asked.hpp"
#include "postgres/registry.hpp"
#include "postgres/schema.hpp"

namespace concertres::postgres {
namespace {

constexpr std::int64_t heads_per_page = 10'000;

// Arrays have at least one item: whoever has none to send does not ask.
std::vector<Param> with_sink(const std::string& sink, std::vector<ArrayParam>&& columns) {
    std::vector<Param> params = {Param::bytes(sink)};
    for (ArrayParam& column : columns) params.push_back(column.finish());
    return params;
}

std::vector<ArrayParam> integers(std::size_t count) {
    return std::vector<ArrayParam>(count, ArrayParam(Type::integer));
}

}  // namespace

template <class Work>
auto PostgresOutbox::asked(Work&& work) {
    try {
        return work();
    } catch (const std::exception& error) {
        connection_.reset();
        throw StorageError(StorageError::Kind::unavailable,
                           name_of(conninfo_) + " cannot be asked for events: " + error.what());
    }
}

PostgresOutbox::PostgresOutbox(const std::string& conninfo, const PostgresOptions& options)
    : conninfo_(conninfo), options_(options) {
    if (options.clock != nullptr) clock_.emplace(*options.clock, Time{});
    asked([&] {
        connection_ = std::make_unique<Connection>(conninfo_, options_);
        connection_->send_once("SELECT format FROM store WHERE id = 1");
        std::int64_t format = 0;
        read_cells(connection_->finish().front(), 0, format);
        if (format != current_schema().version) {
            throw Damaged("the store has the format " + std::to_string(format) + ", not " +
                          std::to_string(current_schema().version) +
                          "; an instance of this version migrates an earlier one when it starts");
        }
        enter(*connection_, options_.connections_budget);
        connection_->send(statements_.touch);
        static_cast<void>(connection_->finish());
    });
}

// What a server that was started again shows may not have reached its standby; what is committed
// after it waits for it.
Connection& PostgresOutbox::connection() {
    if (connection_) return *connection_;
    auto fresh = std::make_unique<Connection>(conninfo_, options_);
    enter(*fresh, 0);  // it was let in when the outbox was opened
    fresh->send(statements_.touch);
    static_cast<void>(fresh->finish());
    connection_ = std::move(fresh);
    return *connection_;
}

Time PostgresOutbox::now(const Answer& store_time) const {
    Time time;
    read_cells(store_time, 0, time);
    return clock_ ? clock_->now() : time;
}

// --- Sinks -------------------------------------------------------------------------------------

// Who writes events has its lock before it looks which sinks there are: once those who had it have
// ended, all others see this one.
void PostgresOutbox::attach(const std::string& sink) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.insert_sink, {Param::bytes(sink)});
        static_cast<void>(at.finish());
        at.send(statements_.begin);
        at.send(statements_.await_writers);
        at.send(statements_.commit);
        static_cast<void>(at.finish());
    });
}

void PostgresOutbox::detach(const std::string& sink) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.detach, {Param::bytes(sink)});
        static_cast<void>(at.finish());
    });
}

void PostgresOutbox::disable(const std::string& sink) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.store_time);
        const Time time = now(at.finish().front());
        at.send(statements_.disable, {Param::bytes(sink), Param::of(time)});
        static_cast<void>(at.finish());
    });
}

void PostgresOutbox::enable(const std::string& sink) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.enable, {Param::bytes(sink)});
        static_cast<void>(at.finish());
    });
}

std::vector<SinkState> PostgresOutbox::sinks() {
    return asked([&] {
        Connection& at = connection();
        at.send(statements_.sinks);
        const Answer answer = std::move(at.finish().front());
        std::vector<SinkState> states;
        for (int row = 0; row < answer.rows(); ++row) {
            SinkState& state = states.emplace_back();
            read_cells(answer, row, state.sink, state.disabled_at, state.events, state.streams);
        }
        return states;
    });
}

// A page at a time, so that no sale waits for long. Nobody has a lease meanwhile: what was taken
// before cannot be marked after. One that is broken off leaves the sink disabled.
void PostgresOutbox::rewind(const std::string& sink, Time since) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.begin);
        at.send(statements_.store_time);
        const Time time = now(at.finish()[1]);
        at.send(statements_.lock_sink, {Param::bytes(sink)});
        at.send(statements_.disable, {Param::bytes(sink), Param::of(time)});
        at.send(statements_.void_leases, {Param::bytes(sink)});
        at.send(statements_.commit);
        if (at.finish()[0].rows() == 0) return;
        const Param before = since == Time::min() ? Param::null() : Param::of(since);
        rewind_streams(sink, StreamKind::performance, statements_.performance_heads, before);
        rewind_streams(sink, StreamKind::wallet, statements_.wallet_heads, before);
        rewind_streams(sink, StreamKind::room, statements_.room_heads, before);
        at.send(statements_.enable, {Param::bytes(sink)});
        static_cast<void>(at.finish());
    });
}

void PostgresOutbox::rewind_streams(const std::string& sink, StreamKind kind,
                                    const Statement& heads, const Param& since) {
    std::int64_t after = 0;
    while (true) {
        connection_->send(heads, {Param::integer(after), since, Param::integer(heads_per_page)});
        const Answer answer = std::move(connection_->finish().front());
        std::vector<ArrayParam> columns = integers(5);
        bool any = false;
        for (int row = 0; row < answer.rows(); ++row) {
            std::int64_t head = 0;
            std::int64_t published = 0;
            read_cells(answer, row, after, head, published);
            if (published >= head) continue;
            any = true;
            columns[0].add(kind);
            columns[1].add(after);
            columns[2].add(shard_of({kind, after}));
            columns[3].add(published);
            columns[4].add(head);
        }
        if (any) connection_->send(statements_.rewind, with_sink(sink, std::move(columns)));
        static_cast<void>(connection_->finish());
        if (answer.rows() < heads_per_page) return;
    }
}

// --- Leases ------------------------------------------------------------------------------------

Claimed PostgresOutbox::claim(const std::string& sink, const std::string& relay, Duration ttl) {
    return asked([&]() -> Claimed {
        Connection& at = connection();
        const Param name = Param::bytes(sink);
        at.send(statements_.begin);
        at.send(statements_.lock_sink, {name});
        at.send(statements_.leases, {name});
        at.send(statements_.relays, {name});
        at.send(statements_.store_time);
        const Answers answers = at.finish();
        Claimed claimed;
        claimed.attached = answers[1].rows() > 0;
        std::optional<Time> disabled_at;
        if (claimed.attached) read_cells(answers[1], 0, disabled_at);
        claimed.disabled = disabled_at.has_value();
        if (claimed.attached && !claimed.disabled) {
            Leases leases;
            for (int row = 0; row < answers[2].rows(); ++row) {
                Shard shard = 0;
                ShardLease lease;
                read_cells(answers[2], row, shard, lease.epoch, lease.relay, lease.until);
                leases.shards.at(static_cast<std::size_t>(shard)) = lease;
            }
            for (int row = 0; row < answers[3].rows(); ++row) {
                std::string each;
                Time until;
                read_cells(answers[3], row, each, until);
                leases.relays[each] = until;
            }
            claimed.leases = leases.claim(relay, now(answers[4]), ttl);
            put(sink, leases);
        }
        at.send(statements_.commit);
        static_cast<void>(at.finish());
        return claimed;
    });
}

void PostgresOutbox::put(const std::string& sink, const Leases& leases) {
    std::vector<ArrayParam> shards = {ArrayParam(Type::integer), ArrayParam(Type::integer),
                                      ArrayParam(Type::bytes), ArrayParam(Type::integer)};
    for (std::size_t i = 0; i < leases.shards.size(); ++i) {
        shards[0].add(static_cast<std::int64_t>(i));
        shards[1].add(leases.shards[i].epoch);
        shards[2].add(leases.shards[i].relay);
        shards[3].add(leases.shards[i].until);
    }
    connection_->send(statements_.put_leases, with_sink(sink, std::move(shards)));
    std::vector<ArrayParam> relays = {ArrayParam(Type::bytes), ArrayParam(Type::integer)};
    for (const auto& [relay, until] : leases.relays) {
        relays[0].add(relay);
        relays[1].add(until);
    }
    connection_->send(statements_.forget_relays, {Param::bytes(sink)});
    connection_->send(statements_.put_relays, with_sink(sink, std::move(relays)));
}

void PostgresOutbox::leave(const std::string& sink, const std::string& relay) {
    asked([&] {
        Connection& at = connection();
        at.send(statements_.begin);
        at.send(statements_.lock_sink, {Param::bytes(sink)});
        at.send(statements_.give_up, {Param::bytes(sink), Param::bytes(relay)});
        at.send(statements_.forget_relay, {Param::bytes(sink), Param::bytes(relay)});
        at.send(statements_.commit);
        static_cast<void>(at.finish());
    });
}

// --- Passing on --------------------------------------------------------------------------------

std::vector<Unpublished> PostgresOutbox::take(const std::string& sink,
                                              const std::vector<Lease>& leases,
                                              const TakeOptions& wanted) {
    std::vector<Unpublished> taken;
    if (leases.empty() || wanted.events_max == 0) return taken;
    return asked([&] {
        ArrayParam shards(Type::integer);
        for (const Lease& lease : leases) shards.add(lease.shard);
        ArrayParam but(Type::integer);
        but.add(0);  // none
        for (const Stream& stream : wanted.but) {
            but.add(stream.owner * 4 + static_cast<std::int64_t>(stream.kind));
        }
        const std::optional<Stream>& after = wanted.after;
        const auto limit = [](std::size_t most) {
            return Param::integer(
                static_cast<std::int64_t>(std::min<std::size_t>(most, INT32_MAX)));
        };
        Connection& at = connection();
        at.send(statements_.take,
                {Param::bytes(sink), shards.finish(),
                 Param::integer(after ? static_cast<std::int64_t>(after->kind) : 0),
                 Param::integer(after ? after->owner : 0), limit(wanted.events_max),
                 limit(wanted.of_one_max), but.finish()});
        const Answer answer = std::move(at.finish().front());
        for (int row = 0; row < answer.rows(); ++row) {
            CellReader cells = answer.row(row);
            std::optional<PerformanceId> owner;
            cells.get(owner);
            Event event = event_of(answer, row, 1);
            if (taken.empty() || taken.back().stream != event.stream) {
                taken.push_back({event.stream, owner ? owner->uuid : event.user.uuid, {}});
            }
            taken.back().events.push_back(std::move(event));
        }
        return std::move(taken);
    });
}

// They stay as they are until the transaction ends.
std::vector<Lease> PostgresOutbox::current(const std::string& sink,
                                           const std::vector<Lease>& leases) {
    std::vector<ArrayParam> columns = integers(2);
    for (const Lease& lease : leases) {
        columns[0].add(lease.shard);
        columns[1].add(lease.epoch);
    }
    connection_->send(statements_.begin);
    connection_->send(statements_.commit_soon);
    connection_->send(statements_.lock_leases, with_sink(sink, std::move(columns)));
    const Answers answers = connection_->finish();
    std::array<bool, outbox_shards> is_current{};
    for (int row = 0; row < answers[2].rows(); ++row) {
        Shard shard = 0;
        read_cells(answers[2], row, shard);
        is_current.at(static_cast<std::size_t>(shard)) = true;
    }
    std::vector<Lease> current;
    for (const Lease& lease : leases) {
        if (is_current.at(static_cast<std::size_t>(lease.shard))) current.push_back(lease);
    }
    return current;
}

// A mark that is lost in a crash costs a repetition; nobody waits for the disk for it, least of all
// a sale that wants the same row.
std::vector<Shard> PostgresOutbox::mark(const std::string& sink, const std::vector<Lease>& leases,
                                        const std::vector<Mark>& marks) {
    std::vector<Shard> lost;
    if (leases.empty() || marks.empty()) return lost;
    return asked([&] {
        Connection& at = connection();
        const std::vector<Lease> held = current(sink, leases);
        std::array<bool, outbox_shards> is_held{};
        for (const Lease& lease : held) is_held.at(static_cast<std::size_t>(lease.shard)) = true;
        for (const Lease& lease : leases) {
            if (!is_held.at(static_cast<std::size_t>(lease.shard))) lost.push_back(lease.shard);
        }
        std::vector<ArrayParam> streams = integers(2);
        std::vector<ArrayParam> columns = integers(3);
        bool any = false;
        for (const Mark& mark : marks) {
            if (!is_held.at(static_cast<std::size_t>(shard_of(mark.stream)))) continue;
            any = true;
            streams[0].add(mark.stream.kind);
            streams[1].add(mark.stream.owner);
            columns[0].add(mark.stream.kind);
            columns[1].add(mark.stream.owner);
            columns[2].add(mark.published);
        }
        if (any) {
            const std::vector<Param> of_streams = with_sink(sink, std::move(streams));
            at.send(statements_.lock_marked, of_streams);
            at.send(statements_.mark, with_sink(sink, std::move(columns)));
            at.send(statements_.settle, of_streams);
        }
        at.send(statements_.commit);
        static_cast<void>(at.finish());
        return std::move(lost);
    });
}

}  // namespace concertres::postgres

namespace concertres {

std::unique_ptr<Outbox> open_postgres_outbox(const std::string& conninfo,
                                             const PostgresOptions& options) {
    return std::make_unique<postgres::PostgresOutbox>(conninfo, options);
}

}  // namespace concertres

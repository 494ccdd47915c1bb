#include "sqlite/sqlite_outbox.hpp"

#include <algorithm>
#include <utility>

#include "concertres/assert.hpp"
#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

// Every stream that has events, and the number of its last: what is numbered has the next number in
// its own row.
constexpr const char* heads =
    "(SELECT 1 AS stream, performance AS owner, next_event - 1 AS number FROM performance_state"
    " WHERE next_event > 1"
    " UNION ALL SELECT 2, user, next_number - 1 FROM wallet WHERE next_number > 1"
    " UNION ALL SELECT 3, concert, next_event - 1 FROM sale WHERE next_event > 1)";

}  // namespace

// --- Opening -----------------------------------------------------------------------------------

void SqliteOutbox::open() {
    SQLite::Statement sinks(storage_.connection_.database(), "SELECT name, disabled_at FROM sink");
    while (sinks.executeStep()) {
        std::string name;
        std::optional<Time> disabled_at;
        read_cells(sinks, name, disabled_at);
        live::OutboxState::Sink& sink = state().sinks[name];
        sink.disabled_at = disabled_at;
        read_behind(name, sink);
    }
}

void SqliteOutbox::read_behind(const std::string& name, live::OutboxState::Sink& sink) {
    sink.behind.clear();
    sink.events = 0;
    SQLite::Statement behind(storage_.connection_.database(),
                             "SELECT h.stream, h.owner, ifnull(p.number, 0), h.number FROM " +
                                 std::string(heads) +
                                 " h LEFT JOIN published p ON p.sink = ?1 AND p.stream = h.stream"
                                 " AND p.owner = h.owner WHERE ifnull(p.number, 0) < h.number");
    behind.bind(1, name);
    while (behind.executeStep()) {
        Stream stream;
        live::OutboxState::Behind by;
        read_cells(behind, stream.kind, stream.owner, by.published, by.head);
        sink.add(stream, by);
    }
}

// The row that a stream's last number stands in may be behind the journal, and what is published
// may be ahead of that row.
void SqliteOutbox::recover(const Event& event) {
    for (auto& [name, sink] : state().sinks) {
        if (sink.behind.contains(event.stream)) {
            sink.raise(event.stream, event.number);
            continue;
        }
        Use use(storage_.statements_.published);
        CellBinder(*use).add(name).add(event.stream.kind).integer(event.stream.owner);
        std::int64_t published = 0;
        if (use.step()) read_cells(*use, published);
        if (published < event.number) sink.add(event.stream, {published, event.number});
    }
}

// --- Sinks -------------------------------------------------------------------------------------

void SqliteOutbox::attach(const std::string& sink) {
    if (state().sinks.contains(sink)) return;
    storage_.fold_all();
    storage_.write_alone([&](SQLite::Database& database) {
        SQLite::Statement known(database, "INSERT INTO sink(name) VALUES (?1)");
        known.bind(1, sink);
        known.exec();
        SQLite::Statement all(database,
                              "INSERT INTO published(sink, stream, owner, number) SELECT ?1, h.* "
                              "FROM " +
                                  std::string(heads) + " h");
        all.bind(1, sink);
        all.exec();
    });
    state().sinks.try_emplace(sink);
}

void SqliteOutbox::detach(const std::string& sink) {
    storage_.write_alone([&](SQLite::Database& database) {
        for (const char* sql :
             {"DELETE FROM published WHERE sink = ?1", "DELETE FROM sink WHERE name = ?1"}) {
            SQLite::Statement statement(database, sql);
            statement.bind(1, sink);
            statement.exec();
        }
    });
    state().sinks.erase(sink);
}

// Times never go back within a stream.
void SqliteOutbox::rewind(const std::string& sink, Time since) {
    const auto found = state().sinks.find(sink);
    if (found == state().sinks.end()) return;
    storage_.fold_all();
    storage_.write_alone([&](SQLite::Database& database) {
        SQLite::Statement back(
            database,
            since == Time::min()
                ? "DELETE FROM published WHERE sink = ?1"
                : "UPDATE published SET number = min(number, ifnull((SELECT e.number FROM event e"
                  " WHERE e.stream = published.stream AND e.owner = published.owner"
                  " AND e.at < ?2 ORDER BY e.number DESC LIMIT 1), 0)) WHERE sink = ?1");
        back.bind(1, sink);
        if (since != Time::min()) back.bind(2, since.time_since_epoch().count());
        back.exec();
        SQLite::Statement enabled(database, "UPDATE sink SET disabled_at = NULL WHERE name = ?1");
        enabled.bind(1, sink);
        enabled.exec();
    });
    found->second.disabled_at.reset();
    found->second.leases.void_all();
    storage_.guarded([&] { read_behind(sink, found->second); });
}

void SqliteOutbox::disable(const std::string& sink) {
    const auto found = state().sinks.find(sink);
    if (found == state().sinks.end() || found->second.disabled_at) return;
    const Time at = now();
    storage_.write_alone([&](SQLite::Database& database) {
        SQLite::Statement disabled(database, "UPDATE sink SET disabled_at = ?2 WHERE name = ?1");
        disabled.bind(1, sink);
        disabled.bind(2, at.time_since_epoch().count());
        disabled.exec();
    });
    found->second.disabled_at = at;
}

void SqliteOutbox::enable(const std::string& sink) {
    const auto found = state().sinks.find(sink);
    if (found == state().sinks.end() || !found->second.disabled_at) return;
    storage_.write_alone([&](SQLite::Database& database) {
        SQLite::Statement enabled(database, "UPDATE sink SET disabled_at = NULL WHERE name = ?1");
        enabled.bind(1, sink);
        enabled.exec();
    });
    found->second.disabled_at.reset();
}

// --- Passing on --------------------------------------------------------------------------------

Time SqliteOutbox::now() { return storage_.now(); }

std::vector<Event> SqliteOutbox::read(const Stream& stream, std::int64_t after, std::size_t limit) {
    return storage_.events(stream, after, limit);
}

Uuid SqliteOutbox::id_of(const Stream& stream) {
    return storage_.guarded([&] {
        Use use(stream.kind == StreamKind::room ? storage_.statements_.concert_id
                                                : storage_.statements_.performance_id);
        CellBinder(*use).integer(stream.owner);
        if (!use.step()) throw Damaged("a stream has no owner");
        PerformanceId id;
        read_cells(*use, id);
        return id.uuid;
    });
}

void SqliteOutbox::keep(const std::string& sink, const std::vector<Mark>& marks) {
    storage_.write_alone([&](SQLite::Database&) {
        for (const Mark& mark : marks) {
            Use use(storage_.statements_.publish);
            CellBinder(*use)
                .add(sink)
                .add(mark.stream.kind)
                .integer(mark.stream.owner)
                .add(mark.published);
            use.run();
        }
    });
}

}  // namespace concertres::sqlite

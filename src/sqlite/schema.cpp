#include "sqlite/schema.hpp"

#include <SQLiteCpp/Statement.h>

#include "base/random.hpp"
#include "concertres/assert.hpp"
#include "concertres/storage.hpp"

namespace concertres::sqlite {
namespace {

// docs/reference/schema.md says what each column means. A row's primary key is a dense integer, or
// two of them; an id of 16 random bytes as primary key would spread the writes of one group over
// the whole file. Each index serves a query of the port, which a test asserts.
//
// `event` has no rowid: its streams lie together, each in order, in one tree.
//
// The status stands in place_waiting and pass_ending although it is always 1 there: SQLite would
// otherwise look each row up in its table, to see. (Where there is a rowid it puts that off until a
// column is asked for, and none is.)
constexpr const char* tables = R"sql(
CREATE TABLE store (
    id INTEGER PRIMARY KEY,
    mark INTEGER NOT NULL,
    next_key INTEGER NOT NULL,
    ids_secret BLOB NOT NULL,
    copied INTEGER NOT NULL
) STRICT;

CREATE TABLE token_key (
    position INTEGER PRIMARY KEY,
    id INTEGER NOT NULL,
    secret BLOB NOT NULL
) STRICT;

CREATE TABLE concert (
    key INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    title TEXT NOT NULL,
    venue TEXT NOT NULL,
    per_performance INTEGER NOT NULL,
    per_concert INTEGER NOT NULL,
    hold_ttl INTEGER NOT NULL,
    refunds_allowed INTEGER NOT NULL,
    refunds_until_before_start INTEGER NOT NULL,
    orphans INTEGER NOT NULL
) STRICT;

CREATE TABLE performance (
    key INTEGER PRIMARY KEY,
    concert INTEGER NOT NULL,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    starts_at INTEGER NOT NULL,
    utc_offset INTEGER NOT NULL,
    date TEXT NOT NULL
) STRICT;
CREATE INDEX performance_start ON performance (concert, starts_at);

CREATE TABLE performance_state (
    performance INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    free INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    held INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    next_event INTEGER NOT NULL
) STRICT;

CREATE TABLE hall_seat (
    concert INTEGER NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    section TEXT NOT NULL,
    row TEXT NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    price INTEGER NOT NULL,
    plan_id TEXT NOT NULL,
    general INTEGER NOT NULL,
    allotted_to INTEGER,
    PRIMARY KEY (concert, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE seat (
    performance INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    status INTEGER NOT NULL,
    reservation INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    PRIMARY KEY (performance, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sale (
    concert INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    opens_at INTEGER,
    room INTEGER NOT NULL,
    active_max INTEGER,
    window_admit_max INTEGER,
    window_length INTEGER,
    pass_ttl INTEGER,
    custom_policy TEXT NOT NULL,
    policy_state BLOB NOT NULL,
    next_event INTEGER NOT NULL,
    draw INTEGER NOT NULL,
    draw_seed BLOB,
    drawn_at INTEGER,
    waiting_list INTEGER NOT NULL,
    loop_floor INTEGER,
    loop_ceiling INTEGER,
    loop_add INTEGER,
    loop_cut INTEGER,
    loop_every INTEGER,
    loop_load_max REAL,
    loop_commit_max INTEGER,
    loop_seats_per_pass_min INTEGER,
    classes TEXT NOT NULL,
    share_state BLOB NOT NULL,
    silent_after INTEGER,
    no_show_grace INTEGER
) STRICT;

CREATE TABLE line (
    concert INTEGER NOT NULL,
    class INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL,
    drawn_epoch INTEGER,
    drawn_size INTEGER,
    drawn_next_rank INTEGER,
    closed_until INTEGER,
    PRIMARY KEY (concert, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    id BLOB PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    key INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    concert INTEGER NOT NULL,
    user INTEGER NOT NULL,
    version INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    PRIMARY KEY (concert, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE place (
    concert INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    status INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    passed_at INTEGER,
    PRIMARY KEY (concert, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_waiting ON place (concert, number, status) WHERE status = 1;
CREATE INDEX place_passed ON place (concert, number) WHERE status = 4;

CREATE TABLE pass (
    concert INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    status INTEGER NOT NULL,
    admitted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ceiling INTEGER NOT NULL,
    held TEXT NOT NULL,
    PRIMARY KEY (concert, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX pass_ending ON pass (concert, expires_at, number, status) WHERE status = 1;

CREATE TABLE seat_limit (
    user INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    version INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    held TEXT NOT NULL,
    PRIMARY KEY (user, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation (
    key INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    id BLOB NOT NULL,
    user INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    concert INTEGER NOT NULL,
    performance INTEGER NOT NULL,
    place INTEGER NOT NULL,
    seats TEXT NOT NULL,
    total INTEGER NOT NULL,
    status INTEGER NOT NULL,
    held_at INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    extend_until INTEGER NOT NULL,
    payment INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL
) STRICT;
CREATE INDEX reservation_held ON reservation (held_until) WHERE status = 1;

CREATE TABLE wallet (
    user INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    next_number INTEGER NOT NULL
) STRICT;

CREATE TABLE payment (
    key INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    id BLOB NOT NULL,
    user INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    concert INTEGER NOT NULL,
    place INTEGER NOT NULL,
    reservations TEXT NOT NULL,
    released TEXT NOT NULL,
    amount INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    status INTEGER NOT NULL,
    paid_at INTEGER NOT NULL,
    refunded_at INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    method TEXT NOT NULL,
    reference TEXT NOT NULL,
    failure TEXT NOT NULL,
    begun_at INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_open ON payment (stage) WHERE stage > 1;

CREATE TABLE transfer (
    wallet INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    debit INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reference BLOB NOT NULL,
    fingerprint INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (wallet, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation_name (
    id BLOB PRIMARY KEY NOT NULL,
    reservation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation_owner (
    user INTEGER NOT NULL,
    reservation INTEGER NOT NULL,
    PRIMARY KEY (user, reservation)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_name (
    id BLOB PRIMARY KEY NOT NULL,
    payment INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_owner (
    user INTEGER NOT NULL,
    payment INTEGER NOT NULL,
    PRIMARY KEY (user, payment)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer_name (
    id BLOB PRIMARY KEY NOT NULL,
    wallet INTEGER NOT NULL,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    record BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    stream INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (stream, owner, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sink (
    name TEXT PRIMARY KEY,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE published (
    sink TEXT NOT NULL,
    stream INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (sink, stream, owner)
) STRICT, WITHOUT ROWID;
)sql";

// Every table with its columns, and every index with its text, in a fixed order. ALTER TABLE leaves
// a table's text different from one created anew, so the columns count, not the text.
std::string shape_of(SQLite::Database& database) {
    SQLite::Statement rows(database, R"sql(
        SELECT m.type || ' ' || m.name || ' ' ||
               coalesce(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk, m.sql, '')
        FROM sqlite_schema m LEFT JOIN pragma_table_xinfo(m.name) c ON m.type = 'table'
        WHERE m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
        ORDER BY m.type, m.name, c.name)sql");
    std::string shape;
    while (rows.executeStep()) {
        shape += rows.getColumn(0).getString();
        shape += '\n';
    }
    return shape;
}

// The first line that is in one of the two and not in the other.
std::string first_difference(std::string_view a, std::string_view b) {
    const auto only_in = [](std::string_view one, std::string_view other) {
        std::string_view rest = one;
        while (!rest.empty()) {
            const std::string_view line = rest.substr(0, rest.find('\n') + 1);
            if (other.find(line) == std::string_view::npos) {
                return std::string(line.substr(0, line.size() - 1));
            }
            rest.remove_prefix(line.size());
        }
        return std::string();
    };
    std::string line = only_in(a, b);
    return line.empty() ? only_in(b, a) : line;
}

void check_shape(SQLite::Database& database, const Schema& schema, const std::string& name) {
    SQLite::Database model(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    model.exec(schema.create);
    const std::string wanted = shape_of(model);
    const std::string present = shape_of(database);
    if (wanted == present) return;
    throw StorageError(StorageError::Kind::foreign,
                       name + ": its tables are not those of a concertres store of version " +
                           std::to_string(schema.version) + "; the first difference is \"" +
                           first_difference(present, wanted) + "\"; it was left as it is");
}

void set_version(SQLite::Database& database, std::int32_t version) {
    database.exec("PRAGMA user_version = " + std::to_string(version));
}

void create(SQLite::Database& database, const Schema& schema) {
    database.exec(schema.create);
    database.exec("PRAGMA application_id = " + std::to_string(application_id));
    set_version(database, schema.version);

    StoreSecrets secrets;
    fill_random(secrets.ids);
    TokenKey token{.id = 1};
    fill_random(token.secret);
    SQLite::Statement store(database,
                            "INSERT INTO store(id, mark, next_key, ids_secret, copied)"
                            " VALUES (1, 0, 1, ?1, 0)");
    store.bind(1, secrets.ids.data(), static_cast<int>(secrets.ids.size()));
    store.exec();
    SQLite::Statement key(database,
                          "INSERT INTO token_key(position, id, secret) VALUES (1, ?1, ?2)");
    key.bind(1, token.id);
    key.bind(2, token.secret.data(), static_cast<int>(token.secret.size()));
    key.exec();
}

void migrate(SQLite::Database& database, const Schema& schema, std::int32_t version) {
    for (const MigrationStep& step : schema.steps) {
        if (step.from != version) continue;
        database.exec(step.sql);
        set_version(database, ++version);
    }
    CONCERTRES_ASSERT(version == schema.version);
}

}  // namespace

const Schema& current_schema() {
    // A step is added here, with its text, whenever `version` rises; released ones never change.
    static const Schema schema{.version = 6, .create = tables, .steps = migration_steps()};
    return schema;
}

Contents contents_of(SQLite::Database& database) {
    Contents contents;
    contents.application = database.execAndGet("PRAGMA application_id").getInt();
    contents.version = database.execAndGet("PRAGMA user_version").getInt();
    contents.tables = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt64();
    return contents;
}

void check_contents(const Contents& contents, const Schema& schema, const std::string& name) {
    if (contents.empty()) return;
    if (contents.application != application_id) {
        throw StorageError(StorageError::Kind::foreign,
                           name +
                               " is a database of another application, not a concertres store; "
                               "it was left as it is");
    }
    if (contents.version > schema.version) {
        throw StorageError(StorageError::Kind::newer,
                           name + " was written by a later version of concertres (its format is " +
                               std::to_string(contents.version) + ", this one knows up to " +
                               std::to_string(schema.version) +
                               "): open it with that version; it was left as it is");
    }
    const std::int32_t oldest = schema.steps.empty() ? schema.version : schema.steps.front().from;
    if (contents.version < oldest) {
        throw StorageError(StorageError::Kind::foreign,
                           name + " has the format " + std::to_string(contents.version) +
                               ", which no version of concertres has written; it was left as it "
                               "is");
    }
}

void prepare_tables(SQLite::Database& database, const Schema& schema, const std::string& name) {
    const Contents contents = contents_of(database);
    if (contents.version != schema.version) {
        database.exec("BEGIN IMMEDIATE");
        try {
            if (contents.empty()) {
                create(database, schema);
            } else {
                migrate(database, schema, contents.version);
            }
            check_shape(database, schema, name);
            database.exec("COMMIT");
        } catch (...) {
            database.tryExec("ROLLBACK");
            throw;
        }
        return;
    }
    check_shape(database, schema, name);
}

}  // namespace concertres::sqlite

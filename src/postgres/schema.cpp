#include "postgres/schema.hpp"

#include <optional>
#include <vector>

#include "base/hex.hpp"
#include "base/random.hpp"
#include "concertres/assert.hpp"
#include "concertres/storage.hpp"
#include "postgres/registry.hpp"

namespace concertres::postgres {
namespace {

// docs/reference/schema.md and postgres.md say what each column means. Rows with a version carry
// the stamp of the commit that wrote them: store time never goes below it for whoever loads them.
// Each index serves a query of the port, which a test asserts.
//
// `commit_group` has a row for each group of each instance, in order without a gap: it tells what
// became of a commit whose answer was lost, and the other instances what to read anew.
//
// `clock` has what instances share of the server's clock (server_clock.hpp).
constexpr const char* tables = R"sql(
CREATE TABLE store (
    id bigint PRIMARY KEY,
    format bigint NOT NULL,
    next_key bigint NOT NULL,
    ids_secret bytea NOT NULL
);
CREATE TABLE token_key (
    position bigint PRIMARY KEY,
    id bigint NOT NULL,
    secret bytea NOT NULL
);
CREATE SEQUENCE instance;
CREATE TABLE commit_group (
    instance bigint NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    changed bytea NOT NULL,
    PRIMARY KEY (instance, number)
);

CREATE TABLE clock (
    id bigint PRIMARY KEY,
    confirmations bigint NOT NULL,
    jump bigint NOT NULL
);
INSERT INTO clock(id, confirmations, jump) VALUES (1, 0, 0);

CREATE FUNCTION store_time() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
CREATE FUNCTION expect_rows(changed bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS '
BEGIN
    IF changed <> expected THEN
        RAISE EXCEPTION ''% of % rows have been changed'', expected - changed, expected
            USING ERRCODE = ''CR001'';
    END IF;
END';
CREATE FUNCTION confirm_clock() RETURNS double precision LANGUAGE sql
    SET search_path FROM CURRENT AS
    'UPDATE clock SET confirmations = clock.confirmations + 1, jump = 0 FROM clock AS before
     WHERE before.id = clock.id RETURNING before.jump / 1000000.0::double precision';

CREATE TABLE concert (
    key bigint PRIMARY KEY,
    position bigint NOT NULL,
    id bytea NOT NULL,
    title bytea NOT NULL,
    venue bytea NOT NULL,
    per_performance bigint NOT NULL,
    per_concert bigint NOT NULL,
    hold_ttl bigint NOT NULL,
    refunds_allowed bigint NOT NULL,
    refunds_until_before_start bigint NOT NULL,
    orphans bigint NOT NULL
);
CREATE TABLE performance (
    key bigint PRIMARY KEY,
    concert bigint NOT NULL,
    position bigint NOT NULL,
    id bytea NOT NULL,
    starts_at bigint NOT NULL,
    utc_offset bigint NOT NULL,
    date bytea NOT NULL
);
CREATE INDEX performance_start ON performance (concert, starts_at);
CREATE TABLE performance_state (
    performance bigint PRIMARY KEY,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    free bigint NOT NULL,
    blocked bigint NOT NULL,
    held bigint NOT NULL,
    sold bigint NOT NULL,
    next_event bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE hall_seat (
    concert bigint NOT NULL,
    number bigint NOT NULL,
    position bigint NOT NULL,
    label bytea NOT NULL,
    section bytea NOT NULL,
    "row" bytea NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL,
    price bigint NOT NULL,
    plan_id bytea NOT NULL,
    general bigint NOT NULL,
    allotted_to bigint,
    PRIMARY KEY (concert, number)
);
CREATE TABLE seat (
    performance bigint NOT NULL,
    number bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    status bigint NOT NULL,
    reservation bigint NOT NULL,
    held_until bigint NOT NULL,
    PRIMARY KEY (performance, number)
) WITH (fillfactor = 50);

CREATE TABLE sale (
    concert bigint PRIMARY KEY,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    mode bigint NOT NULL,
    opens_at bigint,
    policy_state bytea NOT NULL,
    next_event bigint NOT NULL,
    room bigint NOT NULL,
    active_max bigint,
    window_admit_max bigint,
    window_length bigint,
    pass_ttl bigint,
    draw bigint NOT NULL,
    waiting_list bigint NOT NULL,
    loop_floor bigint,
    loop_ceiling bigint,
    loop_add bigint,
    loop_cut bigint,
    loop_every bigint,
    loop_load_max double precision,
    loop_commit_max bigint,
    loop_seats_per_pass_min bigint,
    classes text NOT NULL,
    silent_after bigint,
    no_show_grace bigint,
    custom_policy bytea NOT NULL,
    draw_seed bytea,
    drawn_at bigint,
    share_state bytea NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE line (
    concert bigint NOT NULL,
    class bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    next_sequence bigint NOT NULL,
    drawn_epoch bigint,
    drawn_size bigint,
    drawn_next_rank bigint,
    closed_until bigint,
    PRIMARY KEY (concert, class)
) WITH (fillfactor = 50);
CREATE TABLE "user" (
    id bytea PRIMARY KEY,
    key bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE member (
    concert bigint NOT NULL,
    "user" bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    latest bigint NOT NULL,
    PRIMARY KEY (concert, "user")
);
CREATE TABLE place (
    concert bigint NOT NULL,
    number bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    "user" bigint NOT NULL,
    user_id bytea NOT NULL,
    status bigint NOT NULL,
    joined_at bigint NOT NULL,
    passed_at bigint,
    PRIMARY KEY (concert, number)
);
CREATE INDEX place_waiting ON place (concert, number) WHERE status = 1;
CREATE INDEX place_passed ON place (concert, number) WHERE status = 4;
CREATE TABLE pass (
    concert bigint NOT NULL,
    number bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    "user" bigint NOT NULL,
    user_id bytea NOT NULL,
    status bigint NOT NULL,
    admitted_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ceiling bigint NOT NULL,
    held text NOT NULL,
    PRIMARY KEY (concert, number)
) WITH (fillfactor = 70);
CREATE INDEX pass_admitted ON pass (concert, number) WHERE status = 1;
CREATE INDEX pass_ending ON pass (concert, expires_at, number) WHERE status = 1;
CREATE TABLE seat_limit (
    "user" bigint NOT NULL,
    scope bigint NOT NULL,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    paid bigint NOT NULL,
    held text NOT NULL,
    PRIMARY KEY ("user", scope)
) WITH (fillfactor = 70);

CREATE TABLE reservation (
    key bigint PRIMARY KEY,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    id bytea NOT NULL,
    "user" bigint NOT NULL,
    user_id bytea NOT NULL,
    concert bigint NOT NULL,
    performance bigint NOT NULL,
    place bigint NOT NULL,
    seats text NOT NULL,
    total bigint NOT NULL,
    status bigint NOT NULL,
    held_at bigint NOT NULL,
    held_until bigint NOT NULL,
    extend_until bigint NOT NULL,
    payment bigint NOT NULL,
    fingerprint bigint NOT NULL
);
CREATE UNIQUE INDEX reservation_id ON reservation (id);
CREATE INDEX reservation_user ON reservation ("user", key);
CREATE INDEX reservation_held ON reservation (held_until, key) WHERE status = 1;
CREATE TABLE wallet (
    "user" bigint PRIMARY KEY,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    balance bigint NOT NULL,
    next_number bigint NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE payment (
    key bigint PRIMARY KEY,
    stamp bigint NOT NULL,
    version bigint NOT NULL,
    id bytea NOT NULL,
    "user" bigint NOT NULL,
    user_id bytea NOT NULL,
    concert bigint NOT NULL,
    place bigint NOT NULL,
    reservations text NOT NULL,
    released text NOT NULL,
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    status bigint NOT NULL,
    paid_at bigint NOT NULL,
    refunded_at bigint NOT NULL,
    fingerprint bigint NOT NULL,
    stage bigint NOT NULL,
    method bytea NOT NULL,
    reference bytea NOT NULL,
    failure bytea NOT NULL,
    begun_at bigint NOT NULL
);
CREATE UNIQUE INDEX payment_id ON payment (id);
CREATE INDEX payment_user ON payment ("user", key);
CREATE INDEX payment_open ON payment (key) WHERE stage > 1;
CREATE TABLE transfer (
    wallet bigint NOT NULL,
    number bigint NOT NULL,
    id bytea NOT NULL,
    kind bigint NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    at bigint NOT NULL,
    reference bytea NOT NULL,
    fingerprint bigint NOT NULL,
    crc bigint NOT NULL,
    PRIMARY KEY (wallet, number)
);
CREATE UNIQUE INDEX transfer_id ON transfer (id);
CREATE TABLE event (
    stream bigint NOT NULL,
    owner bigint NOT NULL,
    number bigint NOT NULL,
    kind bigint NOT NULL,
    at bigint NOT NULL,
    data bytea NOT NULL,
    crc bigint NOT NULL,
    PRIMARY KEY (stream, owner, number)
);
CREATE TABLE sink (
    name bytea PRIMARY KEY,
    disabled_at bigint
);
CREATE TABLE outbox (
    sink bytea NOT NULL,
    stream bigint NOT NULL,
    owner bigint NOT NULL,
    shard bigint NOT NULL,
    published bigint NOT NULL,
    head bigint NOT NULL,
    PRIMARY KEY (sink, stream, owner)
);
CREATE TABLE outbox_lease (
    sink bytea NOT NULL,
    shard bigint NOT NULL,
    epoch bigint NOT NULL,
    relay bytea NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (sink, shard)
);
CREATE TABLE outbox_relay (
    sink bytea NOT NULL,
    relay bytea NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (sink, relay)
);
)sql";

// What a database holds under the schema's name.
struct Contents {
    bool has_schema = false;
    bool has_tables = false;
    std::optional<std::int64_t> format;  // nothing: it is not ours
};

std::int64_t number_in(Connection& connection, const Statement& statement,
                       const std::vector<Param>& params = {}) {
    connection.send(statement, params);
    const Answers answers = connection.finish();
    std::int64_t number = 0;
    answers.front().row(0).get(number);
    return number;
}

Contents contents_of(Connection& connection, const PostgresOptions& options) {
    static const Statement count_schemas = {
        "count_schemas",
        "SELECT count(*) FROM pg_namespace WHERE nspname = convert_from($1::bytea, 'UTF8')"};
    static const Statement count_tables = {
        "count_tables",
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = convert_from($1::bytea, 'UTF8')"};
    static const Statement count_store = {
        "count_store",
        "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = convert_from($1::bytea, 'UTF8') AND c.relname = 'store'"
        " AND a.attname IN ('id', 'format', 'next_key', 'ids_secret')"};
    static const Statement format = {"format", "SELECT format FROM store WHERE id = 1"};
    const Param schema = Param::bytes(options.schema);
    Contents contents;
    contents.has_schema = number_in(connection, count_schemas, {schema}) > 0;
    contents.has_tables = number_in(connection, count_tables, {schema}) > 0;
    if (contents.has_tables && number_in(connection, count_store, {schema}) == 4) {
        contents.format = number_in(connection, format);
    }
    return contents;
}

std::string bytes_literal(std::span<const std::uint8_t> bytes) {
    return "'\\x" + to_hex(bytes) + "'::bytea";
}

void create(Connection& connection, const Schema& schema) {
    connection.run_script(schema.create);
    StoreSecrets secrets;
    fill_random(secrets.ids);
    TokenKey token{.id = 1};
    fill_random(token.secret);
    connection.run_script("INSERT INTO store(id, format, next_key, ids_secret) VALUES (1, " +
                          std::to_string(schema.version) + ", 1, " + bytes_literal(secrets.ids) +
                          "); INSERT INTO token_key(position, id, secret) VALUES (1, " +
                          std::to_string(token.id) + ", " + bytes_literal(token.secret) + ")");
}

void migrate(Connection& connection, const Schema& schema, std::int64_t version) {
    for (const MigrationStep& step : schema.steps) {
        if (step.from != version) continue;
        connection.run_script(step.sql);
        ++version;
        connection.run_script("UPDATE store SET format = " + std::to_string(version));
    }
    CONCERTRES_ASSERT(version == schema.version);
}

// Throws unless the schema is empty or a store that this library knows.
void check_contents(const Contents& contents, const Schema& schema, const std::string& name) {
    if (!contents.has_tables) return;
    if (!contents.format) {
        throw StorageError(StorageError::Kind::foreign,
                           name + " is not a concertres store: its tables are of another " +
                               "application; it was left as it is");
    }
    if (*contents.format > schema.version) {
        throw StorageError(StorageError::Kind::newer,
                           name + " was written by a later version of concertres (its format is " +
                               std::to_string(*contents.format) + ", this one knows up to " +
                               std::to_string(schema.version) +
                               "): open it with that version; it was left as it is");
    }
    const std::int64_t oldest = schema.steps.empty() ? schema.version : schema.steps.front().from;
    if (*contents.format < oldest) {
        throw StorageError(StorageError::Kind::foreign,
                           name + " has the format " + std::to_string(*contents.format) +
                               ", which no version of concertres wrote; it was left as it is");
    }
}

void check_server(const Connection& connection, const Schema& schema) {
    if (connection.server_version() >= schema.server_min) return;
    throw StorageError(StorageError::Kind::unavailable,
                       connection.name() + " is served by PostgreSQL " +
                           std::to_string(connection.server_version() / 10'000) +
                           ", which is too old: concertres needs " +
                           std::to_string(schema.server_min / 10'000) + " or later");
}

}  // namespace

const Schema& current_schema() {
    static const Schema schema = {
        .version = 4, .create = tables, .steps = migration_steps(), .server_min = 130'000};
    return schema;
}

void prepare_tables(Connection& connection, const PostgresOptions& options, const Schema& schema) {
    check_server(connection, schema);
    const std::string name = "the schema \"" + options.schema + "\" of " + connection.name();
    Contents contents = contents_of(connection, options);
    check_contents(contents, schema, name);
    if (contents.format == schema.version) return;
    if (!contents.has_tables && options.must_exist) {
        throw StorageError(StorageError::Kind::unavailable, "there is no store in " + name);
    }
    // Large tables take their time to be changed.
    connection.run_script("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0" +
                          ("; SET LOCAL search_path = " + connection.in_quotes(options.schema)));
    try {
        // The number is any: whoever else prepares a store in this database waits.
        connection.run_script("SELECT pg_advisory_xact_lock(4850472219375235411)");
        contents = contents_of(connection, options);
        check_contents(contents, schema, name);
        if (!contents.has_tables) {
            if (!contents.has_schema) {
                connection.run_script("CREATE SCHEMA " + connection.in_quotes(options.schema));
            }
            create(connection, schema);
        } else if (contents.format != schema.version) {
            require_alone(connection, name, *contents.format);
            migrate(connection, schema, *contents.format);
        }
        connection.run_script("COMMIT");
    } catch (const ConnectionLost&) {
        throw;
    } catch (...) {
        connection.run_script("ROLLBACK");
        throw;
    }
}

}  // namespace concertres::postgres

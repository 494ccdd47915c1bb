// How a store of an earlier version becomes one of the next, step by step.
#include <array>

#include "sqlite/schema.hpp"

namespace concertres::sqlite {
namespace {

// Stores of version 1 made no marked copies: a copy of theirs cannot be told from the store itself.
// Their rooms drew no lines, had one class, no waiting lists and no closed loops, and passed nobody
// over; their halls had no areas, and knew no rule for orphans: they allow them.
constexpr const char* to_v2 = R"sql(
ALTER TABLE store ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sale ADD COLUMN draw INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sale ADD COLUMN draw_seed BLOB;
ALTER TABLE sale ADD COLUMN drawn_at INTEGER;
ALTER TABLE sale ADD COLUMN waiting_list INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sale ADD COLUMN loop_floor INTEGER;
ALTER TABLE sale ADD COLUMN loop_ceiling INTEGER;
ALTER TABLE sale ADD COLUMN loop_add INTEGER;
ALTER TABLE sale ADD COLUMN loop_cut INTEGER;
ALTER TABLE sale ADD COLUMN loop_every INTEGER;
ALTER TABLE sale ADD COLUMN loop_load_max REAL;
ALTER TABLE sale ADD COLUMN loop_commit_max INTEGER;
ALTER TABLE sale ADD COLUMN loop_seats_per_pass_min INTEGER;
ALTER TABLE sale ADD COLUMN classes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE sale ADD COLUMN share_state BLOB NOT NULL DEFAULT x'';
ALTER TABLE sale ADD COLUMN silent_after INTEGER;
ALTER TABLE sale ADD COLUMN no_show_grace INTEGER;
ALTER TABLE place ADD COLUMN passed_at INTEGER;
CREATE INDEX place_passed ON place (concert, number) WHERE status = 4;
ALTER TABLE line RENAME TO line_of_v1;
CREATE TABLE line (
    concert INTEGER NOT NULL,
    class INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL,
    drawn_epoch INTEGER,
    drawn_size INTEGER,
    drawn_next_rank INTEGER,
    PRIMARY KEY (concert, class)
) STRICT, WITHOUT ROWID;
INSERT INTO line(concert, class, version, epoch, next_sequence)
    SELECT concert, 0, version, epoch, next_sequence FROM line_of_v1;
DROP TABLE line_of_v1;
ALTER TABLE concert ADD COLUMN orphans INTEGER NOT NULL DEFAULT 1;
ALTER TABLE hall_seat ADD COLUMN general INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hall_seat ADD COLUMN allotted_to INTEGER;
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    record BLOB NOT NULL
) STRICT;
DROP INDEX pass_admitted;
)sql";

// Stores of version 2 passed no events on.
constexpr const char* to_v3 = R"sql(
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

// Payments of version 3 had no providers.
constexpr const char* to_v4 = R"sql(
ALTER TABLE payment ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN failure TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN begun_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payment_open ON payment (stage) WHERE stage > 1;
)sql";

// Stores of version 4 kept all lines themselves.
constexpr const char* to_v5 = R"sql(
ALTER TABLE line ADD COLUMN closed_until INTEGER;
)sql";

// What rows are found by beside their keys was an index of SQLite's in version 5. A table of its
// own is written in its order, many rows of a page at a time.
constexpr const char* to_v6 = R"sql(CREATE TABLE reservation_name (
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

INSERT INTO reservation_name SELECT id, key FROM reservation ORDER BY id;
INSERT INTO reservation_owner SELECT user, key FROM reservation ORDER BY user, key;
INSERT INTO payment_name SELECT id, key FROM payment ORDER BY id;
INSERT INTO payment_owner SELECT user, key FROM payment ORDER BY user, key;
INSERT INTO transfer_name SELECT id, wallet, number FROM transfer ORDER BY id;
DROP INDEX reservation_id;
DROP INDEX reservation_user;
DROP INDEX payment_id;
DROP INDEX payment_user;
DROP INDEX transfer_id;
ALTER TABLE user RENAME TO user_of_v5;
CREATE TABLE user (
    id BLOB PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    key INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO user SELECT id, version, key FROM user_of_v5 ORDER BY id;
DROP TABLE user_of_v5;
)sql";

constexpr std::array steps = {MigrationStep{1, to_v2}, MigrationStep{2, to_v3},
                              MigrationStep{3, to_v4}, MigrationStep{4, to_v5},
                              MigrationStep{5, to_v6}};

}  // namespace

std::span<const MigrationStep> migration_steps() { return steps; }

}  // namespace concertres::sqlite

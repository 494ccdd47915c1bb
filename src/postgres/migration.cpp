// How a store of an earlier version becomes one of the next, step by step.
#include <array>

#include "postgres/schema.hpp"

namespace concertres::postgres {
namespace {

// Stores of format 1 passed no events on.
constexpr const char* to_2 = R"sql(
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
// Payments of format 2 had no providers.
constexpr const char* to_3 = R"sql(
ALTER TABLE payment ADD COLUMN stage bigint NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN method bytea NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN reference bytea NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN failure bytea NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN begun_at bigint NOT NULL DEFAULT 0;
CREATE INDEX payment_open ON payment (key) WHERE stage > 1;
)sql";
// Stores of format 3 kept all lines themselves.
constexpr const char* to_4 = R"sql(
ALTER TABLE line ADD COLUMN closed_until bigint;
)sql";
constexpr std::array steps = {MigrationStep{1, to_2}, MigrationStep{2, to_3},
                              MigrationStep{3, to_4}};

}  // namespace

std::span<const MigrationStep> migration_steps() { return steps; }

}  // namespace concertres::postgres

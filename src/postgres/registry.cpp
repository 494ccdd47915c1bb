#include "postgres/registry.hpp"

#include <string>

#include "concertres/storage.hpp"

namespace concertres::postgres {
namespace {

// The lock's two numbers: "CRES", and the store's schema, whose object id fits once it is signed.
#define CONCERTRES_OF_SCHEMA \
    "(quote_ident(current_schema())::regnamespace::oid::bigint - 2147483648)::integer"

const Statement wait_turn = {"wait_turn",
                             "SELECT pg_advisory_xact_lock(1129465172, " CONCERTRES_OF_SCHEMA ")"};
const Statement count_entered = {
    "count_entered",
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1129465171"
    " AND objid = " CONCERTRES_OF_SCHEMA
    "::oid AND objsubid = 2 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"};
const Statement enter_now = {
    "enter_now", "SELECT pg_advisory_lock_shared(1129465171, " CONCERTRES_OF_SCHEMA ")"};
const Statement begin = {"begin_entering", "BEGIN"};
const Statement commit = {"commit_entering", "COMMIT"};

#undef CONCERTRES_OF_SCHEMA

}  // namespace

void enter(Connection& connection, std::int64_t budget) {
    if (connection.is_pooled()) {
        if (budget == 0) return;
        throw StorageError(StorageError::Kind::unavailable,
                           connection.name() +
                               " is behind a pgbouncer, where connections cannot "
                               "be counted: bound them there, and set no budget");
    }
    connection.send(begin);
    connection.send(wait_turn);
    connection.send(count_entered);
    const Answers answers = connection.finish();
    std::int64_t entered = 0;
    answers[2].row(0).get(entered);
    if (budget == 0 || entered < budget) connection.send(enter_now);
    connection.send(commit);
    static_cast<void>(connection.finish());
    if (budget == 0 || entered < budget) return;
    throw StorageError(StorageError::Kind::unavailable,
                       connection.name() + " has " + std::to_string(entered) +
                           " connections of instances already, and the budget is " +
                           std::to_string(budget) + ": stop one, or raise the budget");
}

}  // namespace concertres::postgres

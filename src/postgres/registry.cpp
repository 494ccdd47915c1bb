#include "postgres/registry.hpp"

#include <chrono>
#include <string>
#include <thread>

#include "concertres/storage.hpp"

namespace concertres::postgres {
namespace {

// The lock's two numbers: "CRES", and the store's schema, whose object id fits once it is signed.
#define CONCERTRES_OF_SCHEMA \
    "(quote_ident(current_schema())::regnamespace::oid::bigint - 2147483648)::integer"

const Statement wait_turn = {"wait_turn",
                             "SELECT pg_advisory_xact_lock(1129465172, " CONCERTRES_OF_SCHEMA ")"};
const Statement count_locks = {
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

// How often, and how long between, those who run on a store are counted before it is migrated.
constexpr int looks_max = 40;
constexpr std::chrono::milliseconds look_pause{25};

std::int64_t count_entered(Connection& connection) {
    connection.send(count_locks);
    std::int64_t entered = 0;
    connection.finish().front().row(0).get(entered);
    return entered;
}

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
    connection.send(count_locks);
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

// An instance that goes on would write rows of the format that it knows. Of one that was stopped a
// moment ago the server may not have noticed yet.
void require_alone(Connection& connection, const std::string& name, std::int64_t format) {
    // Whoever comes back waits for this row before going on, and then sees what became of it.
    connection.run_script("SELECT 1 FROM store FOR UPDATE");
    std::int64_t others = count_entered(connection);
    for (int looks = 1; others > 0 && looks < looks_max; ++looks) {
        std::this_thread::sleep_for(look_pause);
        others = count_entered(connection);
    }
    if (others == 0) return;
    throw StorageError(StorageError::Kind::in_use,
                       name + " has the format " + std::to_string(format) +
                           ", which this version brings up to date once nobody uses it: stop what "
                           "runs on it (" +
                           std::to_string(others) +
                           " connections), then start this one; it was left as it is");
}

}  // namespace concertres::postgres

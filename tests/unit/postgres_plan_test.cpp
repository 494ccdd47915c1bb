// How PostgreSQL runs the statements of a store: each finds its rows by an index, however large the
// tables are, and those that are bounded stop at their bound.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "postgres/outbox_statements.hpp"
#include "postgres/postgres_storage.hpp"
#include "support/postgres_server.hpp"

namespace concertres::test {
namespace {

using postgres::Statement;

struct Opened {
    std::string database = postgres_server().make_database();
    std::unique_ptr<postgres::PostgresStorage> storage =
        postgres::open_with(postgres_server().conninfo(database), {}, postgres::current_schema());

    ~Opened() {
        storage.reset();
        postgres_server().drop_database(database);
    }

    // As it is planned without a look at the parameters, which is how it is run.
    std::string plan_of(const Statement& statement) {
        int params = 0;
        while (statement.sql.find('$' + std::to_string(params + 1)) != std::string::npos) ++params;
        std::string arguments;
        for (int i = 0; i < params; ++i) arguments += i == 0 ? "(NULL" : ", NULL";
        if (params > 0) arguments += ')';
        postgres::Connection& connection = storage->connection();
        connection.send_once("PREPARE asked AS " + statement.sql);
        connection.send_once("EXPLAIN (COSTS off) EXECUTE asked" + arguments);
        connection.send_once("DEALLOCATE asked");
        const postgres::Answers answers = connection.finish();
        std::string plan;
        for (int row = 0; row < answers[1].rows(); ++row) {
            std::string line;
            answers[1].row(row).get(line);
            plan += line + '\n';
        }
        return plan;
    }
    std::set<std::string> indexes() {
        postgres::Connection& connection = storage->connection();
        connection.send_once(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'concertres'");
        const postgres::Answers answers = connection.finish();
        std::set<std::string> names;
        for (int row = 0; row < answers[0].rows(); ++row) {
            std::string name;
            answers[0].row(row).get(name);
            names.insert(name);
        }
        return names;
    }
};

// What is asked once for each concert, or when a store is opened, and not in a sale.
bool is_of_catalog(const std::string& index) {
    return index == "concert_pkey" || index == "performance_pkey" || index == "hall_seat_pkey" ||
           index == "store_pkey" || index == "token_key_pkey" || index == "commit_group_pkey";
}

}  // namespace

TEST_SUITE_BEGIN("postgres: plans");

TEST_CASE("every statement of a store finds its rows by an index") {
    Opened store;
    store.storage->statements().for_each([&](const Statement& statement) {
        const std::string plan = store.plan_of(statement);
        CAPTURE(statement.sql);
        CAPTURE(plan);
        // The rooms are few, and looked through for the next that ends.
        const bool may_scan = statement.name == "next_deadline";
        CHECK((may_scan || plan.find("Seq Scan") == std::string::npos));
        CHECK(plan.find("Hash Join") == std::string::npos);
    });
}

TEST_CASE("every statement of an outbox finds its rows by an index, and takes them in its order") {
    Opened store;
    const postgres::OutboxStatements all;
    all.for_each([&](const Statement& statement) {
        const std::string plan = store.plan_of(statement);
        CAPTURE(statement.sql);
        CAPTURE(plan);
        CHECK(plan.find("Seq Scan") == std::string::npos);
        CHECK(plan.find("Hash Join") == std::string::npos);
    });
    const std::string plan = store.plan_of(all.take);
    CAPTURE(plan);
    CHECK(plan.find("Limit") != std::string::npos);
    CHECK(plan.find("Sort") == std::string::npos);
}

TEST_CASE("what is bounded is not sorted first") {
    Opened store;
    const auto& all = store.storage->statements();
    for (const Statement* bounded :
         {&all.seats, &all.waiting_places, &all.passed_places, &all.admitted, &all.ending,
          &all.expiring, &all.reservations, &all.payments, &all.transfers, &all.events}) {
        const std::string plan = store.plan_of(*bounded);
        CAPTURE(bounded->sql);
        CAPTURE(plan);
        CHECK(plan.find("Limit") != std::string::npos);
        CHECK(plan.find("Sort") == std::string::npos);
    }
}

TEST_CASE("rows are locked one after the other in the order of their keys") {
    Opened store;
    const std::string plan = store.plan_of(store.storage->statements().of<Seat>().lock);
    CAPTURE(plan);
    const auto lock = plan.find("LockRows");
    const auto sort = plan.find("Sort");
    REQUIRE(lock != std::string::npos);
    REQUIRE(sort != std::string::npos);
    CHECK(lock < sort);  // the sort is below: done before
}

TEST_CASE("every index serves a statement") {
    Opened store;
    std::string plans;
    store.storage->statements().for_each(
        [&](const Statement& statement) { plans += store.plan_of(statement); });
    const postgres::OutboxStatements of_outbox;
    of_outbox.for_each([&](const Statement& statement) { plans += store.plan_of(statement); });
    for (const std::string& index : store.indexes()) {
        CAPTURE(index);
        CHECK((is_of_catalog(index) || plans.find(index) != std::string::npos));
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

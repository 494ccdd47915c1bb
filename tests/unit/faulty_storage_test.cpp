// The fault injector of the tests fails when it is told to, and not otherwise.
#include "support/faulty_storage.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "concertres/memory.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

CommitOutcome charge(Storage& storage, UserKey user) {
    ChangeSet changes;
    add_to(changes, storage, Wallet{.user = user});
    return storage.commit(changes);
}

}  // namespace

TEST_SUITE_BEGIN("faulty storage");

TEST_CASE("storage that is not told to fail passes everything on, and counts it") {
    FaultPlan plan;
    FaultyStorage storage(open_memory(), plan);
    const NewConcert concert = add_concert(storage);
    CHECK(same(storage.concerts().front(), concert));
    CHECK(storage.seats(concert.performances.front().key, 0, SIZE_MAX).size() == 10);
    const auto user = new_key<UserKey>(storage);
    CHECK(charge(storage, user) == CommitOutcome::committed);
    CHECK(read_row<Wallet>(storage, user));
    CHECK(plan.count(StorageCall::read) == 2);
    CHECK(plan.count(StorageCall::commit) == 1);
    CHECK(plan.count(StorageCall::add) == 1);
    CHECK(plan.count(StorageCall::query) == 2);
    CHECK(!plan.has_failed());
}

TEST_CASE("the commit that shall fail fails, and no other") {
    struct Case {
        CommitFault fault;
        bool applied;
        bool fatal;
    };
    for (const Case& expected :
         {Case{CommitFault::not_committed, false, false},
          Case{CommitFault::lost_not_applied, false, true},
          Case{CommitFault::lost_but_applied, true, true}, Case{CommitFault::failed, false, true},
          Case{CommitFault::failed_but_applied, true, true}}) {
        FaultPlan plan;
        FaultyStorage storage(open_memory(), plan);
        const auto a = new_key<UserKey>(storage);
        const auto b = new_key<UserKey>(storage);
        plan.fail_commit(2, expected.fault);
        CHECK(charge(storage, a) == CommitOutcome::committed);
        CommitOutcome outcome = CommitOutcome::lost;
        try {
            outcome = charge(storage, b);
        } catch (const StorageError& error) {
            CHECK(error.kind() == StorageError::Kind::failed);
        }
        CHECK((outcome == CommitOutcome::lost) == expected.fatal);
        CHECK(plan.has_failed() == expected.fatal);
        CHECK(plan.calls_after_failure() == 0);
        CHECK(read_row<Wallet>(storage, b).has_value() == expected.applied);
        CHECK((plan.calls_after_failure() > 0) == expected.fatal);
    }
}

TEST_CASE("the read that shall fail fails, counted from when the plan was made") {
    FaultPlan plan;
    FaultyStorage storage(open_memory(), plan);
    const auto user = new_key<UserKey>(storage);
    CHECK(!read_row<Wallet>(storage, user));
    plan.fail(StorageCall::read, 2);
    CHECK(!read_row<Wallet>(storage, user));
    CHECK_THROWS_AS(static_cast<void>(read_row<Wallet>(storage, user)), StorageError);
    CHECK(!read_row<Wallet>(storage, user));
    plan.fail(StorageCall::query);
    CHECK_THROWS_AS(static_cast<void>(storage.next_deadline()), StorageError);
    plan.fail(StorageCall::query, 0);
    CHECK(!storage.next_deadline());
}

TEST_SUITE_END();

}  // namespace concertres::test

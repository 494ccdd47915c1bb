#include "support/faulty_storage.hpp"

namespace concertres::test {

void FaultPlan::fail(StorageCall call, std::int64_t n) {
    if (call == StorageCall::commit) return fail_commit(n, CommitFault::failed);
    Counter& of_call = counter(call);
    of_call.fails_at = n == 0 ? 0 : of_call.count.load() + n;
}

void FaultPlan::fail_commit(std::int64_t n, CommitFault fault) {
    Counter& commits = counter(StorageCall::commit);
    commit_fault_ = fault;
    commits.fails_at = n == 0 ? 0 : commits.count.load() + n;
}

std::int64_t FaultPlan::count(StorageCall call) const { return counter(call).count.load(); }

bool FaultPlan::begin(StorageCall call) {
    if (has_failed_.load()) ++calls_after_failure_;
    Counter& of_call = counter(call);
    return ++of_call.count == of_call.fails_at.load();
}

void FaultPlan::fail_now() {
    has_failed_ = true;
    throw StorageError(StorageError::Kind::failed, "storage fails because the test says so");
}

void FaultyStorage::pass(StorageCall call) {
    if (plan_->begin(call)) plan_->fail_now();
}

CommitOutcome FaultyStorage::commit(const ChangeSet& changes) {
    // An empty one only lets go of what a shared store has locked: nothing was decided.
    if (changes.empty() || !plan_->begin(StorageCall::commit)) return inner_->commit(changes);
    switch (plan_->commit_fault_.load()) {
        case CommitFault::not_committed:
            return CommitOutcome::not_committed;
        case CommitFault::lost_not_applied:
            plan_->has_failed_ = true;
            return CommitOutcome::lost;
        case CommitFault::lost_but_applied:
            static_cast<void>(inner_->commit(changes));
            plan_->has_failed_ = true;
            return CommitOutcome::lost;
        case CommitFault::failed_but_applied:
            static_cast<void>(inner_->commit(changes));
            break;
        case CommitFault::failed:
            break;
    }
    plan_->fail_now();
}

std::vector<NewConcert> FaultyStorage::concerts() {
    pass(StorageCall::query);
    return inner_->concerts();
}

std::int64_t FaultyStorage::allocate(std::size_t count) {
    pass(StorageCall::allocate);
    return inner_->allocate(count);
}

void FaultyStorage::add(const NewConcert& concert, const Progress& progress) {
    pass(StorageCall::add);
    inner_->add(concert, progress);
}

void FaultyStorage::read(const RowKeys& wanted, Rows& found) {
    pass(StorageCall::read);
    inner_->read(wanted, found);
}

Time FaultyStorage::load(const RowKeys& wanted, Rows& found) {
    pass(StorageCall::read);
    return inner_->load(wanted, found);
}

std::vector<PerformanceState> FaultyStorage::performances(ConcertKey concert, Time after) {
    pass(StorageCall::query);
    return inner_->performances(concert, after);
}

std::vector<Seat> FaultyStorage::seats(PerformanceKey performance, SeatNumber after,
                                       std::size_t limit) {
    pass(StorageCall::query);
    return inner_->seats(performance, after, limit);
}

std::map<PerformanceKey, std::int64_t> FaultyStorage::dead_seats(Time now) {
    pass(StorageCall::query);
    return inner_->dead_seats(now);
}

std::optional<Time> FaultyStorage::next_deadline() {
    pass(StorageCall::query);
    return inner_->next_deadline();
}

std::vector<Place> FaultyStorage::waiting(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    pass(StorageCall::query);
    return inner_->waiting(concert, after, limit);
}

std::vector<Place> FaultyStorage::passed(ConcertKey concert, PlaceNumber after, std::size_t limit) {
    pass(StorageCall::query);
    return inner_->passed(concert, after, limit);
}

std::vector<Pass> FaultyStorage::admitted(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    pass(StorageCall::query);
    return inner_->admitted(concert, after, limit);
}

std::vector<std::optional<HoldEnd>> FaultyStorage::ends_of_holds(
    std::span<const ReservationKey> keys) {
    pass(StorageCall::query);
    return inner_->ends_of_holds(keys);
}

std::vector<Reservation> FaultyStorage::reservations(UserKey user,
                                                     std::optional<ReservationKey> before,
                                                     std::size_t limit) {
    pass(StorageCall::query);
    return inner_->reservations(user, before, limit);
}

std::vector<Payment> FaultyStorage::open_payments(PaymentKey after, std::size_t limit) {
    pass(StorageCall::query);
    return inner_->open_payments(after, limit);
}

std::vector<Payment> FaultyStorage::payments(UserKey user, std::optional<PaymentKey> before,
                                             std::size_t limit) {
    pass(StorageCall::query);
    return inner_->payments(user, before, limit);
}

std::vector<Transfer> FaultyStorage::transfers(UserKey user, std::optional<std::int64_t> before,
                                               std::size_t limit) {
    pass(StorageCall::query);
    return inner_->transfers(user, before, limit);
}

std::vector<Event> FaultyStorage::events(const Stream& stream, std::int64_t after,
                                         std::size_t limit) {
    pass(StorageCall::query);
    return inner_->events(stream, after, limit);
}

void FaultyStorage::scan(ScanVisitor& visitor) {
    pass(StorageCall::scan);
    inner_->scan(visitor);
}

}  // namespace concertres::test

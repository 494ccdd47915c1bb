// Storage that fails when it is told to. It stands before any other and passes calls on until their
// turn to fail has come, so that one test can try every moment in which storage may fail.
//
//   FaultPlan plan;
//   plan.fail_commit(2, CommitFault::lost_but_applied);
//   BoxOffice office(std::make_unique<FaultyStorage>(store.take(), plan));
//   ...
//   CHECK(plan.calls_after_failure() == 0);
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "concertres/storage.hpp"

namespace concertres::test {

// Calls are counted by what they are.
enum class StorageCall : std::uint8_t {
    read,  // read and load
    commit,
    allocate,
    add,
    query,  // the bounded queries
    scan,
};

enum class CommitFault : std::uint8_t {
    not_committed,     // and nothing was applied
    lost_not_applied,  // lost, and nothing was applied
    lost_but_applied,  // lost, though all of it was
    failed,            // StorageError(failed), and nothing was applied
    failed_but_applied,
};

// What shall fail, and what was called.
// Threads: any, at once.
class FaultPlan {
  public:
    // The n-th call from now on, 1 being the next, throws StorageError(failed). 0: none does.
    void fail(StorageCall call, std::int64_t n = 1);
    void fail_commit(std::int64_t n, CommitFault fault);

    [[nodiscard]] std::int64_t count(StorageCall call) const;
    // Calls that were made although storage had thrown, or had lost a commit: nobody may.
    [[nodiscard]] std::int64_t calls_after_failure() const { return calls_after_failure_.load(); }
    [[nodiscard]] bool has_failed() const { return has_failed_.load(); }

  private:
    friend class FaultyStorage;

    // Counts the call; true where it shall fail.
    [[nodiscard]] bool begin(StorageCall call);
    [[noreturn]] void fail_now();

    struct Counter {
        std::atomic<std::int64_t> count{0};
        std::atomic<std::int64_t> fails_at{0};  // 0: never
    };
    Counter& counter(StorageCall call) { return counters_[static_cast<std::size_t>(call)]; }
    [[nodiscard]] const Counter& counter(StorageCall call) const {
        return counters_[static_cast<std::size_t>(call)];
    }

    std::array<Counter, 6> counters_;
    std::atomic<CommitFault> commit_fault_{CommitFault::failed};
    std::atomic<std::int64_t> calls_after_failure_{0};
    std::atomic<bool> has_failed_{false};
};

class FaultyStorage final : public Storage {
  public:
    // Lifetime: `plan` outlives it.
    FaultyStorage(std::unique_ptr<Storage> inner, FaultPlan& plan)
        : inner_(std::move(inner)), plan_(&plan) {}

    bool exclusive() const override { return inner_->exclusive(); }
    const StoreSecrets& secrets() const override { return inner_->secrets(); }
    Time now() override { return inner_->now(); }

    std::vector<NewConcert> concerts() override;
    std::int64_t allocate(std::size_t count) override;
    void add(const NewConcert& concert, const Progress& progress) override;

    void read(const RowKeys& wanted, Rows& found) override;
    Time load(const RowKeys& wanted, Rows& found) override;
    CommitOutcome commit(const ChangeSet& changes) override;
    bool tidy() override { return inner_->tidy(); }
    Outbox* outbox() override { return inner_->outbox(); }

    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override;
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override;
    std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override;
    std::optional<Time> next_deadline() override;
    std::vector<Place> waiting(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<Place> passed(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override;
    std::vector<Reservation> reservations(UserKey user, std::optional<ReservationKey> before,
                                          std::size_t limit) override;
    std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override;
    std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                  std::size_t limit) override;
    std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                    std::size_t limit) override;
    std::vector<Event> events(const Stream& stream, std::int64_t after, std::size_t limit) override;
    void scan(ScanVisitor& visitor) override;
    Result<std::unique_ptr<BackupJob>> backup(const std::filesystem::path& file) override {
        return inner_->backup(file);
    }

  private:
    // Throws where the call's turn to fail has come.
    void pass(StorageCall call);

    std::unique_ptr<Storage> inner_;
    FaultPlan* plan_;
};

}  // namespace concertres::test

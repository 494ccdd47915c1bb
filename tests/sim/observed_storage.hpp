// Storage that tells what it is asked for: each group's time, and each commit with how it ended.
// It gives a store in memory, which outlives its box office, the time that a file would have:
// the wall is read again each time it is opened. And it can die: then nothing works any more, as
// for a process that is killed.
//
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "support/kept_storage.hpp"
#include "support/test_clock.hpp"

namespace concertres::sim {

class ObservedStorage final : public test::KeptStorage {
  public:
    struct Observer {
        std::function<void(Time)> loaded;
        // Before storage is asked.
        std::function<void(const ChangeSet&)> committing;
        std::function<void(const ChangeSet&, CommitOutcome)> committed;
    };

    // `clock`: store time comes from here, and not from the store. Null: from the store.
    ObservedStorage(std::shared_ptr<Storage> inner, const Observer& observer,
                    std::optional<StoreClock> clock)
        : KeptStorage(std::move(inner)), observer_(&observer), clock_(clock) {}

    void die() { is_dead_ = true; }

    Time now() override { return clock_ ? clock_->now() : KeptStorage::now(); }
    Time load(const RowKeys& wanted, Rows& found) override {
        check_alive();
        const Time stored = KeptStorage::load(wanted, found);
        const Time now = clock_ ? clock_->now() : stored;
        observer_->loaded(now);
        return now;
    }
    void read(const RowKeys& wanted, Rows& found) override {
        check_alive();
        KeptStorage::read(wanted, found);
    }
    CommitOutcome commit(const ChangeSet& changes) override {
        check_alive();
        observer_->committing(changes);
        const CommitOutcome outcome = KeptStorage::commit(changes);
        observer_->committed(changes, outcome);
        return outcome;
    }
    bool tidy() override {
        check_alive();
        return KeptStorage::tidy();
    }

  private:
    void check_alive() const {
        if (is_dead_) throw StorageError(StorageError::Kind::failed, "the process was killed");
    }

    const Observer* observer_;
    std::optional<StoreClock> clock_;
    bool is_dead_ = false;
};

}  // namespace concertres::sim

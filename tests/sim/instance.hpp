// An Instance is one of a world's box offices: it comes and goes, with all that it was asked. Where
// the store is not shared there is just one.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "concertres/box_office.hpp"
#include "sim/door.hpp"
#include "sim/observed_storage.hpp"
#include "sim/shared_store.hpp"
#include "support/faulty_storage.hpp"

namespace concertres::sim {

// What somebody wants to know of the box office, whichever command it is.
struct Asked {
    int who = 0;
    std::int64_t number = 0;
    UserId user{};
    int tries = 0;
    int first_at = -1;  // which instance was asked first
    bool is_done = false;
    bool is_answered = false;     // finally, wherever that went: it may not be asked again
    std::optional<Uuid> first{};  // what it was answered with, wherever that went
    bool was_lost = false;        // an answer was
};

struct Instance final : EventSink {
    explicit Instance(int which) : number(which) {}
    void on_committed(std::span<const Event> events) override { sink(events); }

    const int number;
    std::function<void(std::span<const Event>)> sink;
    Options options{};

    // --- of its storage: one of both
    std::unique_ptr<test::FaultPlan> faults{};
    ObservedStorage::Observer observer{};
    ObservedStorage* observed = nullptr;
    StoreObserver shared_observer{};

    std::unique_ptr<Door> door{};  // where there is one; it goes after the office
    std::unique_ptr<BoxOffice> office{};

    std::int64_t generation = 0;
    std::int64_t outstanding = 0;  // asked of this box office and not answered
    struct Copies {
        std::shared_ptr<const Asked> errand{};
        int asked = 0;
    };
    std::map<std::int64_t, Copies> copies{};  // of those: by errand
    bool is_failing = false;   // its storage was told to fail, or it has been stopped
    bool has_failed = false;   // it did
    bool answers_due = false;  // a commit was made, and nothing was answered since
    bool crash_at_commit = false;
    bool crash_at_load = false;
    bool is_reopening = false;
    bool stop_at_load = false;

    Time opened_at{};
    Duration opened_elapsed{};
    Time last_load{};
    // The last event of each stream that its sink was told of.
    std::map<Stream, std::int64_t> sunk{};

    // --- where the store is shared
    bool must_answer = false;  // its group was decided, and nobody else steps before it answers
    Duration stands_until{};   // it stands still until then; 0: it does not
    Duration hindered_at{};    // when it last stood still, waited, or did not reach the store
    Duration followed_at{};    // when it last asked what the others have done
    Time looked_at{};          // its store time, when the line was watched last
    // Who was heard of when, in elapsed and in store time, and the others have not been told.
    std::map<PlaceNumber, std::pair<Duration, Time>> untold{};
    std::map<Stream, std::int64_t> opened_with{};         // so many events of a stream there were
    std::map<Stream, std::set<std::int64_t>> heard_of{};  // and these its sink was told of since
};

}  // namespace concertres::sim

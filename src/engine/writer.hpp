// The writer decides commands, a group at a time: it gathers what has arrived, reads the rows,
// loads them at the store's time, decides, commits one ChangeSet, and answers. It is a step
// machine: each step makes at most one call to storage, so that tests can interleave several
// writers in a thread.
//
// Threads: submit from any; step from one at a time (see BoxOffice::Impl, which sees to it).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/options.hpp"
#include "concertres/storage.hpp"
#include "engine/board.hpp"
#include "engine/commit_counters.hpp"
#include "engine/seat_pictures.hpp"
#include "engine/task.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

class Writer {
  public:
    // Lifetime: all of them outlive it.
    Writer(Storage& storage, Catalog& catalog, Board& board, const Surroundings& surroundings);

    // From now on whoever this is lets in those who stand in lines outside: told of the room, every
    // tick. REQUIRES: before the first step
    void tick_outside_by(std::function<void(ConcertKey)> tick) { tick_outside_ = std::move(tick); }

    // From now on what storage may put off is done only where nothing has been asked for as long as
    // this: between two calls of a crowd it would keep all of them waiting. REQUIRES: before the
    // first step
    void tidy_after(Duration lull) { lull_ = lull; }

    // Takes the work, or fails it at once: `overloaded`, `draining`, `engine_failed`.
    void submit(std::unique_ptr<Work> work);
    // From now on nothing is taken any more.
    void close();

    // Does the next piece of work. False: there was nothing to do.
    bool step();
    // The last step was a slice of something long: a good moment for another thread to go on.
    [[nodiscard]] bool after_slice() const { return after_slice_; }
    // Something was submitted that no step has taken, or a group is on its way.
    [[nodiscard]] bool has_work() const;
    // When a step will have something to do by itself. Calls storage, so it counts as a step.
    [[nodiscard]] std::optional<Time> next_wake();
    // How long it may be left alone while nothing is submitted: until the next tick is due, or it
    // is time to tidy up, or in a shared store the next look at what others have done. Counts as a
    // step.
    [[nodiscard]] Duration idle_max() const;
    [[nodiscard]] Statistics statistics() const;

  private:
    enum class Stage : std::uint8_t { gather, resolve, load, commit, settle, answer };

    [[nodiscard]] bool is_closed() const;
    void take_inbox();
    [[nodiscard]] Duration lull_left() const;
    void pulse(Time now);
    void follow_others(Time now);
    template <class Command>
    void submit_own(Command command);
    bool start_group();
    bool begin_work();
    bool run_next_query();
    void run_front(std::deque<std::unique_ptr<QueryTask>>& queries);
    void keep_going(std::unique_ptr<QueryTask> query);
    void resolve();
    void load();
    void decide();
    void commit();
    void settle();
    void conclude(CommitOutcome outcome);
    void wait_for_outcome();
    void answer();
    [[nodiscard]] bool has_left() const;
    template <class Answer>
    void deliver(Answer&& answer);
    void take_back_group();
    void fail_group(const Error& error);
    void fail_all(const Error& error);
    void fail_waiting(const Error& error);
    void fail_engine(const std::string& why);
    void miss_storage(const StorageError& failure);
    [[nodiscard]] bool refuse_by_clock();
    void note_clock();
    void log(LogLevel level, const std::string& text) const;

    Storage& storage_;
    Catalog& catalog_;
    Board& board_;
    const Options& options_;
    std::function<void(ConcertKey)> tick_outside_;
    SeatPictures pictures_;
    UnitOfWork rows_;

    mutable std::mutex inbox_mutex_;
    std::deque<std::unique_ptr<Work>> inbox_;
    bool closed_ = false;
    std::string failure_;  // why the engine stopped; empty while it runs

    Stage stage_ = Stage::gather;
    std::deque<std::unique_ptr<Task>> tasks_;     // taken, not yet in a group
    std::deque<std::unique_ptr<Task>> deferred_;  // to be taken before them
    std::deque<std::unique_ptr<QueryTask>> queries_;
    std::deque<std::unique_ptr<QueryTask>> sliced_;  // the long ones, which take turns
    std::size_t unfinished_ = 0;                     // of those, how many have had a slice
    int queries_in_a_row_ = 0;
    bool slice_is_due_ = true;
    bool after_slice_ = false;
    std::vector<std::unique_ptr<Task>> group_;
    int rounds_ = 0;
    std::vector<bool> decided_;  // of the group, in order
    ChangeSet changes_;
    std::chrono::steady_clock::time_point commit_began_;
    Time commit_began_at_{};  // in store time
    Time next_pulse_ = Time::min();
    Duration next_follow_ = Duration::min();  // in elapsed time
    Time followed_at_ = Time::min();          // in store time
    News news_;                               // of others; what is not shown here yet
    Time told_until_ = Time::min();           // who was heard of before that, others have been told
    Duration next_tell_ = Duration::min();    // in elapsed time, where it was in vain
    bool tidy_due_ = false;
    Duration lull_{0};
    std::chrono::steady_clock::time_point last_taken_;
    bool clock_jumped_ = false;  // as was last logged

    struct Counters {
        std::atomic<std::int64_t> commands{0};
        std::atomic<std::int64_t> refusals{0};
        std::atomic<std::int64_t> overloaded{0};
        std::atomic<std::int64_t> timed_out{0};
        std::atomic<std::int64_t> groups{0};
        std::atomic<std::int64_t> grouped{0};
        std::atomic<std::int64_t> deferred{0};
        std::atomic<std::int64_t> rows{0};
        std::atomic<std::int64_t> events{0};
    } counters_;
    CommitCounters committed_;
    std::atomic<bool> busy_{false};  // a group is on its way, or taken work waits
};

}  // namespace concertres

// A model of a store in PostgreSQL that several instances share, in one thread and in virtual time.
// Its rows are kept in memory; what it is for is how they are reached: what src/postgres promises
// of locks, versions, conflicts, lost replies, connections and clocks, and all that goes wrong with
// them, drawn from dice.
//
//   SharedStore store(clock, settings, seed);
//   BoxOffice office(store.open(0, observer), options);
//
// A load that meets a row which another instance has locked throws Kernel::Waits: its instance is
// not stepped on until something else has happened, as a statement that waits. Or, where the store
// is optimistic, nothing is locked, and a commit compares the versions of all that was loaded.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"
#include "sim/dice.hpp"
#include "sim/mix.hpp"
#include "support/test_clock.hpp"

namespace concertres::sim {

// What a world hears of one instance's storage, as it happens.
struct StoreObserver {
    std::function<void()> about_to_read;  // others may do something first
    std::function<void(Time)> loaded;
    // In truth, whatever the instance is told.
    std::function<void(const ChangeSet&)> applied;
    // `stands`: all that was loaded is still so.
    std::function<void(const ChangeSet&, CommitOutcome, bool stands)> told;
    std::function<void(CommitOutcome)> settled;  // what became of one that was unknown
    // It knows as many of all commits now, and what it was told beside.
    std::function<void(std::int64_t commits, const News&)> followed;
    std::function<void(const std::vector<News::Heard>&)> heard;  // were told to the others
    std::function<void()> waits;                                 // for what another has locked
    std::function<void()> failing;                               // it will not work again
};

class SharedStore {
  public:
    // Lifetime: `clock` outlives it.
    SharedStore(test::TestClock& clock, const Sharing& sharing, std::uint64_t seed);

    // Throws StorageError(unavailable) while it is away.
    // Lifetime: the store outlives what it opens, and `observer` both.
    [[nodiscard]] std::unique_ptr<Storage> open(int instance, const StoreObserver& observer);
    // The rows, past all that goes wrong.
    [[nodiscard]] Storage& rows() { return *rows_; }

    // --- what goes wrong
    // Nothing of it any more.
    void heal();
    // Nobody reaches it for so long, or this one does not.
    void go_away(Duration pause);
    void cut_off(int instance, Duration pause);
    // Its process is gone: what it may still ask for comes to nothing.
    void kill(int instance);
    // This one's next commit, or the reply to it, goes wrong.
    void trouble_commit(int instance);
    void step_clock(Duration by);
    void confirm_clock();
    [[nodiscard]] Duration clock_jump() const { return jump_; }
    [[nodiscard]] bool reaches(int instance) const;

  private:
    friend class SharedStorage;

    // When each row of a table was committed last.
    template <class Row>
    struct Stamps {
        std::map<KeyOf<Row>, Time> at;
    };
    template <class Row>
    [[nodiscard]] std::map<KeyOf<Row>, Time>& stamps() {
        return std::get<Stamps<Row>>(stamps_).at;
    }
    enum class Loaded : std::uint8_t { nothing, locked, unlocked };
    struct Session {
        int instance = 0;
        std::int64_t number = 0;
        bool is_alive = true;  // or its process was killed, and it is its locks that are left
        bool fails = false;
        const StoreObserver* observer = nullptr;
        std::size_t followed = 0;  // of the groups
        Duration followed_at{};
        Time mark{};
        Duration offset{};  // of store time from elapsed time, as it believes
        Duration jump{};
        std::int64_t confirmations = 0;
        Loaded loaded = Loaded::nothing;
        bool shares_sales = false;
        Rows rows{};  // that were loaded
        Duration loaded_at{};
        std::optional<Duration> waits_since{};
        std::map<ConcertKey, Duration> owned_sales{};
        bool trouble = false;  // with its next commit
        // What became of its last commit, and how often it is asked before that is found out.
        CommitOutcome in_truth = CommitOutcome::lost;
        std::int64_t doubts = 0;
    };
    // What one commit tells the others.
    struct Group {
        std::int64_t by = 0;  // which session
        Duration added{};
        std::int64_t commits = 0;  // so far
        bool is_forgotten = false;
        std::vector<ConcertKey> concerts{};
        RowKeys rows{};
        std::vector<Event> events{};
        std::vector<News::Heard> heard{};
    };

    [[nodiscard]] Duration elapsed() const { return clock_->elapsed(); }
    [[nodiscard]] Time store_time(const Session& session) const;
    void learn_time(Session& session) const;
    // Throws where it cannot be used, now or any more.
    void require(const Session& session) const;
    [[noreturn]] static void fail(Session& session, const char* why);
    void end(const Session& session);

    [[nodiscard]] Time load(Session& session, const RowKeys& wanted, Rows& found);
    [[nodiscard]] bool may_share_sales(Session& session, const RowKeys& wanted) const;
    void wait_for_locks(Session& session, const Rows& wanted);
    void expire_locks();

    [[nodiscard]] CommitOutcome commit(Session& session, const ChangeSet& changes);
    [[nodiscard]] bool stands(const Session& session);
    [[nodiscard]] bool can_apply(Session& session, const ChangeSet& changes);
    [[nodiscard]] bool owns_sales(Session& session, const ChangeSet& changes);
    [[nodiscard]] bool is_made_already(const ChangeSet& changes);
    [[nodiscard]] CommitOutcome go_wrong(Session& session, const ChangeSet& changes);
    [[nodiscard]] CommitOutcome doubt(Session& session, CommitOutcome in_truth);
    [[nodiscard]] CommitOutcome settle(Session& session);
    void apply(Session& session, const ChangeSet& changes);

    [[nodiscard]] News follow(Session& session);
    void forget_groups();
    [[nodiscard]] bool tell(Session& session, const std::vector<News::Heard>& heard);
    [[nodiscard]] News read_news(const Session& session, std::size_t until);

    test::TestClock* clock_;
    Sharing sharing_;
    Dice dice_;
    std::shared_ptr<Storage> rows_;
    std::tuple<Stamps<PerformanceState>, Stamps<Wallet>, Stamps<Sale>, Stamps<User>, Stamps<Line>,
               Stamps<Member>, Stamps<Place>, Stamps<Pass>, Stamps<Limit>, Stamps<Reservation>,
               Stamps<Payment>, Stamps<Seat>>
        stamps_;
    Time mark_{};
    std::vector<std::shared_ptr<Session>> sessions_;
    std::vector<Group> groups_;
    std::int64_t commits_ = 0;
    std::int64_t session_numbers_ = 0;
    bool is_healed_ = false;
    Duration away_until_{};
    std::map<int, Duration> cut_until_;  // by instance
    Duration server_{};                  // the server's clock, from elapsed time
    Duration jump_{};                    // that somebody has seen and nobody believes
    std::int64_t confirmations_ = 0;
    Duration next_forget_{};
};

}  // namespace concertres::sim

// The desk in front of a line that a LineStore keeps (line.hpp). Whoever joins such a room, asks
// where the place stands, or leaves, asks the line past the writer, and storage only where it must
// say more; and every tick the desk looks at the heads of the line and has the writer let them in.
//
// What the line cannot do is seen to here: numbers are reserved for it, its epoch is raised when it
// has lost something, and whoever comes back to it meanwhile is led to the place of the token. Each
// of these is done once for all who wait for it.
//
// Threads: any. Answers come on a thread of the line's or on the writer's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/line.hpp"
#include "engine/board.hpp"
#include "engine/catalog.hpp"
#include "engine/handlers/outside.hpp"
#include "engine/queries.hpp"
#include "engine/query_work.hpp"
#include "engine/task.hpp"

namespace concertres {

class LineDesk {
  public:
    // `submit` takes work for the writer, from any thread.
    // Lifetime: line and queries outlive it; it is idle when it ends.
    LineDesk(LineStore& line, const QueryContext& queries,
             std::function<void(std::unique_ptr<Work>)> submit);

    // The line of this concert's room is there, or will be when somebody joins it.
    [[nodiscard]] bool keeps(const ConcertId& concert) const;

    // As of a line in storage; may be refused with storage_unavailable, too.
    // REQUIRES: it keeps the concert
    void ask(Join command, Done<Join> done);
    void ask(GetPlace query, Done<GetPlace> done);
    void ask(Leave command, Done<Leave> done);
    void ask(Admit command, Done<Admit> done);
    void ask(Tick command, Done<Tick> done);
    // The same by the office's own clock.
    void tick(ConcertKey concert);

    // From now on nobody is answered but with `draining`.
    void close() { is_closed_ = true; }
    // Nothing is asked of the line any more, and nothing it answers will find this gone.
    // REQUIRES: the writer takes nothing any more
    void wait_until_idle();

  private:
    [[nodiscard]] static Error unreachable(const LineFault& fault);
    [[nodiscard]] static Error draining();

    // What somebody wants who has to wait for the line to be mended first.
    struct Waiting {
        std::function<void()> retry;
        std::function<void(Error)> refuse;
    };
    // Since when it is being done, and for whom.
    struct Mending {
        Time since{};
        std::vector<Waiting> waiting{};
    };
    struct Round;
    struct Room {
        std::mutex mutex;
        std::optional<Board::Outside> known;  // as storage has said, maybe before the board heard
        bool is_in_storage = false;           // for ever
        std::optional<Mending> raising;       // its epoch is
        Time raise_after{Duration::min()};
        std::map<LineClass, std::optional<Mending>> extending;  // numbers are reserved
        bool was_missed = false;  // somebody came back to the line in vain
        bool is_new = true;       // no round of it has been
        std::optional<Time> reachable_since;
        std::int64_t reachable_in = 0;     // in that epoch
        std::atomic<int> looking{0};       // so many ask storage because the line is away
        std::unordered_set<UserId> heard;  // since the last round
        bool is_erased = false;
        std::shared_ptr<Round> round;  // that is under way
        std::vector<Done<Tick>> next_round;
    };
    struct Joining;
    struct Asking;
    struct Admitting;
    // Something that is asked of the line again once that has been mended, within reason.
    struct Attempt {
        const CatalogConcert* concert = nullptr;
        LineClass line_class = 0;  // in which numbers may be wanted
        int left = 8;
    };

    [[nodiscard]] const CatalogConcert& concert_of(const ConcertId& id) const;
    [[nodiscard]] Room& room(ConcertKey concert) const;
    [[nodiscard]] std::optional<Board::Outside> outside(ConcertKey concert) const;
    [[nodiscard]] static LineRoom line_room(const CatalogConcert& concert,
                                            const Board::Outside& at);
    [[nodiscard]] Time now() const { return queries_.now(); }

    template <class Command, class Then>
    void command(Command command, Then then);
    template <class Query, class Then>
    void query(Query query, Then then);
    // Counts the call as under way until it is answered.
    template <class T, class Then>
    [[nodiscard]] LineDone<T> then(Then then);

    // --- what the line lacks
    void mend(Attempt& attempt, const Board::Outside& at, const LineFault& fault, Waiting waiting);
    // True: it is the first to wait for that, and has it done. Refuses who would wait too long.
    [[nodiscard]] bool wait_for(Room& room, std::optional<Mending>& mending, Waiting waiting);
    static void end(Room& room, std::optional<Mending>& mending,
                    const std::optional<Error>& refused);
    // Whoever waits for what takes too long.
    void refuse_late(Room& room);
    void raise(const CatalogConcert& concert, const RaiseEpoch& raise, Waiting waiting);
    void send_raise(const CatalogConcert& concert, const RaiseEpoch& raise, int tries);
    void begin(const CatalogConcert& concert, const Board::Outside& at, int tries);
    void raised(const CatalogConcert& concert, const std::optional<Error>& refused);
    // Somebody could not come back.
    void miss(const CatalogConcert& concert);
    void miss(const std::shared_ptr<Asking>& asking, const Board::Outside& at);
    void extend(const CatalogConcert& concert, const Board::Outside& at, LineClass line_class,
                Waiting waiting);

    // --- joining
    void join(const std::shared_ptr<Joining>& joining);
    void look_before(const std::shared_ptr<Joining>& joining, std::int64_t epoch);
    void join_line(const std::shared_ptr<Joining>& joining, const Board::Outside& at);
    // Whoever may not join anew still has the place that there is.
    // Otherwise takes a new one, unless that is `refused`.
    void find_joined(const std::shared_ptr<Joining>& joining, const Board::Outside& at,
                     const std::optional<Error>& refused);
    void take_place(const std::shared_ptr<Joining>& joining, const Board::Outside& at);
    void joined(const std::shared_ptr<Joining>& joining, const LinePlace& place);
    // The line has it waiting; storage may know better.
    void was_waiting(const std::shared_ptr<Joining>& joining, const LinePlace& place);
    // It waits no more: storage knows what became of it.
    void was_joined(const std::shared_ptr<Joining>& joining, PlaceNumber number);
    void ended(const std::shared_ptr<Joining>& joining, PlaceView place);
    void mend(const std::shared_ptr<Joining>& joining, const Board::Outside& at,
              const LineFault& fault);

    // --- who names a place
    void find(const std::shared_ptr<Asking>& asking);
    void found(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
               const LinePlace& latest);
    void look_up(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                 const LinePlace& latest);
    void not_kept(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                  const LinePlace& latest, const Error& refused);
    void find_away(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                   const LineFault& fault);
    void come_back(const std::shared_ptr<Asking>& asking, const Board::Outside& at);
    void mend(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
              const LineFault& fault);
    [[nodiscard]] PlaceView waiting(const CatalogConcert& concert, const UserId& user,
                                    const LinePlace& place) const;
    [[nodiscard]] PlaceView gone(const CatalogConcert& concert, const UserId& user,
                                 PlaceNumber number) const;
    void admit(const std::shared_ptr<Admitting>& admitting);
    void note_heard(const CatalogConcert& concert, const UserId& user);
    void drop_one(const CatalogConcert& concert, const LineEntry& entry);

    // --- letting in
    void begin_round(const CatalogConcert& concert, std::vector<Done<Tick>> asked);
    void tell_heard(const CatalogConcert& concert, const Board::Outside& at);
    // Before anybody is let in, whoever came back in vain is given time to try again.
    [[nodiscard]] bool is_to_be_put_off(const Round& round);
    void put_off(const std::shared_ptr<Round>& round);
    void start(const std::shared_ptr<Round>& round);
    void finish(const std::shared_ptr<Round>& round);
    void look(const std::shared_ptr<Round>& round);
    void peek(const std::shared_ptr<Round>& round);
    void let_in(const std::shared_ptr<Round>& round);
    [[nodiscard]] bool has_work(const Round& round) const;
    // The line has been answering, without a break.
    [[nodiscard]] std::optional<Time> reachable_since(const Round& round) const;
    void note_reached(const Round& round, bool is_reached);
    void note_crowd(const Round& round, const std::vector<LineEntry>& over);
    void drop(const std::shared_ptr<Round>& round, const std::vector<LineEntry>& over, bool again);
    void end_round(const std::shared_ptr<Round>& round, const std::optional<Error>& refused);

    // Users that were heard of and have not been told of yet; more of them are told of later, when
    // they ask again.
    static constexpr std::size_t heard_max = 200'000;
    static constexpr int looking_max = 64;

    LineStore& line_;
    const QueryContext& queries_;
    const std::function<void(std::unique_ptr<Work>)> submit_;

    mutable std::mutex rooms_mutex_;
    mutable std::unordered_map<std::int64_t, std::unique_ptr<Room>> rooms_;

    std::atomic<bool> is_closed_{false};
    std::mutex idle_mutex_;
    std::condition_variable idle_;
    std::int64_t under_way_ = 0;
};

template <class Command, class Then>
void LineDesk::command(Command command, Then then) {
    submit_(std::make_unique<CommandTask<Command>>(std::move(command), std::move(then)));
}

template <class Query, class Then>
void LineDesk::query(Query query, Then then) {
    submit_(std::make_unique<QueryWork<Query>>(queries_, std::move(query), std::move(then)));
}

template <class T, class Then>
LineDone<T> LineDesk::then(Then then) {
    {
        std::lock_guard lock(idle_mutex_);
        ++under_way_;
    }
    return [this, then = std::move(then)](LineAnswer<T> answer) mutable {
        {
            // What it holds goes before it counts as answered.
            auto run = std::move(then);
            run(std::move(answer));
        }
        std::lock_guard lock(idle_mutex_);
        --under_way_;
        idle_.notify_all();
    };
}

}  // namespace concertres

// The board: what everybody may see of the sales, kept in memory from what has been committed: who
// waits, who is in, how many seats are left. A poll is answered from it, on the caller's own
// thread, without storage. Nothing is decided by it but whether a newcomer still finds a place, and
// who is there when a turn comes.
//
// Threads: any; the writer changes it, after each commit.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/line.hpp"
#include "concertres/queries.hpp"
#include "concertres/storage.hpp"
#include "engine/admission_rate.hpp"
#include "engine/allotted_seats.hpp"
#include "engine/catalog.hpp"
#include "engine/line_index.hpp"
#include "engine/passed_places.hpp"
#include "engine/signals.hpp"
#include "engine/writer_first_mutex.hpp"

namespace concertres {

class Board {
  public:
    // A load is shown for `load_stale` after it was reported. Lifetime: `catalog` outlives it.
    explicit Board(const Catalog& catalog, Duration load_stale = std::chrono::seconds(10));

    [[nodiscard]] const Catalog& catalog() const { return *catalog_; }

    // A concert's sale as it stands, with nobody in its line yet.
    void add(const CatalogConcert& concert, const Sale& sale,
             std::span<const PerformanceState> performances);
    // As if it had never been added.
    void forget(const CatalogConcert& concert);
    // Who waits (passed over or not) and who is in, when a store is opened. All who wait count as
    // heard of at that moment, and as come back: nobody could ask while it was closed.
    void restore(ConcertKey concert, std::span<const Place> waiting, Time now);
    // `ends`: of what they hold, pass by pass; nothing of what has ended.
    void restore(ConcertKey concert, std::span<const Pass> admitted,
                 std::span<const std::optional<HoldEnd>> ends);
    // Where others give numbers too; before those who wait.
    void restore_given(const Line& line);
    // After all who wait. All lines of a room, and before anything is shown of it.
    void restore(const Line& line);
    // Of a hall that has allotments.
    void restore(std::span<const Seat> seats);

    void apply(const ChangeSet& changes);
    // Who waits and was heard of since `since`, in the rooms where that matters; and of others, who
    // was heard of by another instance.
    [[nodiscard]] std::vector<News::Heard> heard_since(Time since) const;
    void hear(std::span<const News::Heard> heard);

    // Where the place of view.user stands, who is heard of by that; fills all of `view` but whether
    // it is the latest. False: it neither waits nor is in (then only storage knows what became of
    // it), or it is somebody else's: status and pass_expires_at stay as they are, what the room
    // says is filled in all the same.
    bool fill(const CatalogConcert& concert, PlaceNumber number, Time now, PlaceView& view) const;
    // The same of one who stands in a line outside, which has just said where.
    void fill(const CatalogConcert& concert, const LinePlace& place, Time now,
              PlaceView& view) const;
    [[nodiscard]] std::int64_t waiting(ConcertKey concert) const;
    [[nodiscard]] ConcertView view(const CatalogConcert& concert, Time now) const;
    // Of the seats that are allotted to a class. REQUIRES: the hall has allotments
    [[nodiscard]] SeatCounts allotted(PerformanceKey performance, LineClass line_class) const;
    // How many are in, and by class how many of them hold no seat.
    struct Insiders {
        std::int64_t all = 0;
        std::array<std::int64_t, PlaceNumber::classes_max> seeking{};
    };
    [[nodiscard]] Insiders insiders(ConcertKey concert, Time now) const;
    [[nodiscard]] Signals& signals() { return signals_; }
    // What the room's policy may go by beside the rows.
    void tell_signals(ConcertKey concert, Time now, RoomSnapshot& room) const;
    // Nothing: the room draws no line.
    [[nodiscard]] std::optional<DrawView> draw(const CatalogConcert& concert, Time now) const;

    // --- lines that a LineStore keeps
    // What storage says of one.
    struct Outside {
        std::int64_t epoch = 0;
        Time closed_until{};
        bool is_unused = false;  // no number of the epoch has been reserved, as far as is known
    };
    // Nothing: the room's line is in storage, or nobody has joined it yet.
    [[nodiscard]] std::optional<Outside> outside(ConcertKey concert) const;
    // Nobody has joined its room, nor will its line be drawn; without a room there is no line.
    [[nodiscard]] bool may_leave_storage(ConcertKey concert) const;
    // How many wait there, as it has said just now.
    struct Crowd {
        std::vector<std::int64_t> waiting{};  // by class
        std::int64_t passed_over = 0;         // of them
    };
    void note_crowd(ConcertKey concert, Crowd crowd);
    // One more, or less, until then.
    void note_one(ConcertKey concert, LineClass line_class, std::int64_t more);
    // What a newcomer is refused by. REQUIRES: the concert has a room
    [[nodiscard]] JoinFacts join_facts(ConcertKey concert, LineClass line_class, Time now) const;
    // Of the sale, over all its seats.
    [[nodiscard]] SaleState state(ConcertKey concert, Time now) const;
    // No performance of it is to come.
    [[nodiscard]] bool is_over(ConcertKey concert, Time now) const;
    // Somebody in such a room may be past the end of the pass, or a loop watches those who are in.
    [[nodiscard]] bool needs_tick(ConcertKey concert, Time now) const;
    // Nobody with this number or a later one of its class has been let in, as far as is known here.
    [[nodiscard]] bool is_beyond_all(PlaceKey place) const;
    [[nodiscard]] std::optional<RoomPolicy> policy(ConcertKey concert) const;
    [[nodiscard]] std::optional<NoShows> no_shows(ConcertKey concert) const;

    // --- who is there
    // One who waits and has not been heard of in time.
    [[nodiscard]] bool is_silent(PlaceKey place, const NoShows& rule, Time now) const;
    // When the user was heard of last; nothing of one who does not wait.
    [[nodiscard]] std::optional<Time> heard(PlaceKey place) const;
    // The first `limit` of a class who were passed over and have been heard of since, in order.
    [[nodiscard]] std::vector<PlaceNumber> back(ConcertKey concert, LineClass line_class, Time now,
                                                std::size_t limit) const;
    // Of those who were passed over and have not come back, `limit` at most whose grace may be
    // over.
    [[nodiscard]] std::vector<PlaceNumber> overdue(ConcertKey concert, Time now,
                                                   std::size_t limit) const;

    // Rooms where a tick has something to do: a draw is due, somebody waits and may be let in, or
    // loses a place, a closed loop watches those who are in, or (`passes`) somebody is in whose
    // pass may end.
    [[nodiscard]] std::vector<ConcertKey> rooms_to_tick(Time now, bool passes) const;
    // The earliest time from which on a tick draws, admits somebody, takes away a place or moves a
    // loop; nothing where nobody waits and no draw is to come.
    [[nodiscard]] std::optional<Time> next_admission() const;

  private:
    struct Inside {
        UserId user{};
        Time expires_at{};
        std::vector<std::pair<ReservationKey, Time>> holds{};  // and when each ends

        // As long as the pass lives.
        [[nodiscard]] bool is_seeking(Time now) const;
    };
    // The numbers of a class that somebody has been given: all of its epoch before `next`.
    struct Given {
        std::int64_t epoch = 0;
        std::int64_t next = 1;
    };
    struct Room {
        Sale sale;
        bool was_joined = false;  // somebody has a number of its line
        std::optional<Outside> outside;
        Crowd crowd;                                // there
        std::map<LineClass, PlaceNumber> furthest;  // who was let in, by class
        LineIndex line;                             // of all classes
        std::unique_ptr<PassedPlaces> passed = std::make_unique<PassedPlaces>();  // of the line
        std::map<LineClass, Drawn> drawn;                           // where the room was
        std::map<LineClass, Given> given;                           // where others give too
        boost::unordered_flat_map<std::int64_t, Inside> admitted;   // by number
        std::vector<std::pair<PerformanceKey, Time>> performances;  // and when each starts
        std::map<LineClass, AdmissionRate> rates;
    };

    // What the line keeps of whose a number is.
    [[nodiscard]] LineIndex::Owner owner(const UserId& user) const;
    const Room& room(ConcertKey concert) const;
    Room& room(ConcertKey concert);
    [[nodiscard]] SeatCounts counts_to_come(const Room& room, Time now) const;
    // Those that people of this class may take.
    [[nodiscard]] SeatCounts counts_to_come(const Room& room, LineClass line_class, Time now) const;
    // REQUIRES: view.ahead and view.sale are filled in
    static void fill_eta(const Room& room, PlaceNumber number, Time now, PlaceView& view);
    void note_admissions(const ChangeSet& changes);
    static void follow_given(Room& room, const Line& line, Time now);
    // Somebody may be let in, or a loop move, as soon as the sale has opened.
    [[nodiscard]] static bool is_busy(const Room& room);
    [[nodiscard]] std::optional<LoopView> loop(const Room& room, Time now) const;
    // When the first of those who were passed over may lose a place.
    [[nodiscard]] static std::optional<Time> next_loss(const Room& room);
    void follow_place(Room& room, const Place& place) const;
    void follow_hold(const Reservation& reservation);
    // A line was drawn, or the draw has gone on.
    static void follow_draw(Room& room, const Line& line);
    static void follow_outside(Room& room, const Line& line);
    static void follow_furthest(Room& room, PlaceNumber admitted);
    [[nodiscard]] static bool is_over(const Room& room, Time now);
    [[nodiscard]] static std::int64_t waiting_in(const Room& room);
    [[nodiscard]] static std::int64_t waiting_in(const Room& room, LineClass line_class);
    void fill_room(const Room& room, PlaceNumber number, Time now, PlaceView& view) const;
    static void fill_position(const Room& room, std::int64_t ahead, Time now, PlaceView& view);

    const Catalog* catalog_;
    const Duration load_stale_;
    Signals signals_;
    mutable WriterFirstMutex mutex_;
    std::uint64_t salt_;
    boost::unordered_flat_map<std::int64_t, Room>
        rooms_;  // every concert has one, if only for its sale
    boost::unordered_flat_map<std::int64_t, SeatCounts> counts_;
    AllottedSeats allotted_;
};

}  // namespace concertres

// The board: what everybody may see of the sales, kept in memory from what has been committed: who
// waits, who is in, how many seats are left. A poll is answered from it, on the caller's own
// thread, without storage. Nothing is decided by it but whether a newcomer still finds a place.
//
// Threads: any; the writer changes it, after each commit.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/queries.hpp"
#include "concertres/storage.hpp"
#include "engine/catalog.hpp"
#include "engine/line_index.hpp"
#include "engine/writer_first_mutex.hpp"

namespace concertres {

class Board {
  public:
    // Lifetime: `catalog` outlives it.
    explicit Board(const Catalog& catalog);

    [[nodiscard]] const Catalog& catalog() const { return *catalog_; }

    // A concert's sale as it stands, with nobody in its line yet.
    void add(const CatalogConcert& concert, const Sale& sale,
             std::span<const PerformanceState> performances);
    // Who waits and who is in, when a store is opened.
    // REQUIRES: each is there
    void restore(ConcertKey concert, std::span<const Found<Place>> waiting);
    void restore(ConcertKey concert, std::span<const Pass> admitted);
    // After all who wait.
    void restore_draw(ConcertKey concert);

    void apply(const ChangeSet& changes);

    // Where the place of view.user stands; fills all of `view` but whether it is the latest. False:
    // it neither waits nor is in (then only storage knows what became of it), or it is somebody
    // else's: status and pass_expires_at stay as they are, what the room says is filled in all the
    // same.
    bool fill(const CatalogConcert& concert, PlaceNumber number, Time now, PlaceView& view) const;
    [[nodiscard]] SaleState state(const CatalogConcert& concert, Time now) const;
    [[nodiscard]] std::int64_t waiting(ConcertKey concert) const;
    [[nodiscard]] std::int64_t seats_left(const CatalogConcert& concert, Time now) const;
    [[nodiscard]] ConcertView view(const CatalogConcert& concert, Time now) const;
    [[nodiscard]] std::optional<SeatCounts> counts(PerformanceKey performance) const;
    // Nothing: the room draws no line.
    [[nodiscard]] std::optional<DrawView> draw(const CatalogConcert& concert, Time now) const;

    // Rooms where a tick has something to do: a draw is due, somebody waits and may be let in, or
    // (`passes`) somebody is in whose pass may end.
    [[nodiscard]] std::vector<ConcertKey> rooms_to_tick(Time now, bool passes) const;
    // The earliest time from which on a tick draws, or admits somebody; nothing where nobody waits
    // and no draw is to come.
    [[nodiscard]] std::optional<Time> next_admission() const;

  private:
    struct Inside {
        UserId user{};
        Time expires_at{};
    };
    struct Room {
        Sale sale;
        LineIndex line;
        boost::unordered_flat_map<std::int64_t, Inside> admitted;   // by number
        std::vector<std::pair<PerformanceKey, Time>> performances;  // and when each starts
        std::deque<std::pair<Time, std::int64_t>> admissions;  // of the last minutes, for the ETA
    };

    // What the line keeps of whose a number is.
    [[nodiscard]] LineIndex::Owner owner(const UserId& user) const;
    const Room& room(ConcertKey concert) const;
    Room& room(ConcertKey concert);
    [[nodiscard]] SeatCounts counts_to_come(const Room& room, Time now) const;
    static std::optional<Duration> eta(const Room& room, std::int64_t ahead, Time now);
    static void note_admission(Room& room, Time at);
    static void follow_draw(Room& room);

    const Catalog* catalog_;
    mutable WriterFirstMutex mutex_;
    std::uint64_t salt_;
    boost::unordered_flat_map<std::int64_t, Room>
        rooms_;  // every concert has one, if only for its sale
    boost::unordered_flat_map<std::int64_t, SeatCounts> counts_;
};

}  // namespace concertres

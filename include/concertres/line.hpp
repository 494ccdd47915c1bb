// A LineStore keeps who waits in the rooms of a box office, outside of its storage: so that a very
// long line, and all who ask where they stand in it, cost the storage nothing. redis.hpp opens the
// one that comes with the library; the suite in tests/line says what a further one must do.
//
//   line->join(room, {.user = user, .waiting_max = 100'000}, [](LineAnswer<LinePlace> joined) {
//       if (!joined) return refuse(joined.fault());  // `away`, say: try again soon
//       ...
//   });
//
// It may be lost, wiped, put back to what it was a while ago, or stand still, at any moment; so it
// decides nothing that cannot be had again. Seats, money and passes are the storage's. So are the
// two things that let a line be lost without harm:
//
// - Numbers are given from blocks that storage has reserved. A block is handed to extend() once,
//   ever: whoever does not know whether that arrived reserves another. Then no two people have one
//   number, whatever is lost.
// - Every call names the room's epoch, as storage has it. A line that has lost anything, or may
//   have, answers `lost` until it is begun in a higher one. For a while then whoever holds a token
//   comes back to its number (reenter), and whoever comes newly stands behind all of them, as
//   numbers of a higher epoch are higher. How long that takes is storage's to say, too; nobody is
//   let in before, and nobody comes back after it.
//
// Each call may be repeated, and is then answered as it stands by then; extend alone is made once.
//
// Threads: any may call, at once; `done` is called once, on a thread of the line's own or from
// within the call, and neither throws nor blocks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "concertres/callback.hpp"
#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct LineFault {
    enum class Kind : std::uint8_t {
        away,        // it cannot be reached, or has too much to do; nothing was done
        unknown,     // no answer came: it may have been done, or may yet be
        lost,        // it has lost something, or may have: begin a higher epoch
        outdated,    // another instance has begun a higher epoch, `epoch`: see storage
        full,        // as many wait as may
        no_numbers,  // what was reserved is used up: extend, and ask again
    };
    Kind kind = Kind::away;
    std::string detail{};    // for people
    std::int64_t epoch = 0;  // of `outdated`
};

template <class T>
class [[nodiscard]] LineAnswer {
  public:
    LineAnswer(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    LineAnswer(LineFault fault) : state_(std::in_place_index<1>, std::move(fault)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    // REQUIRES: it is one
    [[nodiscard]] const T& value() const { return std::get<0>(state_); }
    // REQUIRES: it is none
    [[nodiscard]] const LineFault& fault() const { return std::get<1>(state_); }

  private:
    std::variant<T, LineFault> state_;
};
template <class T>
using LineDone = Callback<void(LineAnswer<T>)>;

// A room, in the epoch that storage has it in: 1 or more.
struct LineRoom {
    ConcertId concert{};
    std::int64_t epoch = 0;
};

// Numbers of a class that nobody else has been or will be given: sequences `first` to `last` of the
// epoch that the call names.
struct LineBlock {
    LineClass line_class = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
};

struct LineJoin {
    UserId user{};
    LineClass line_class = 0;
    // The user's latest place where storage says that it is over: a newer one is wanted, later in
    // its epoch or of a later one.
    PlaceNumber over{};
    std::int64_t waiting_max = INT64_MAX;  // for a place that is new
};

// Who has which number.
struct LineEntry {
    PlaceNumber number{};
    UserId user{};

    friend bool operator==(const LineEntry&, const LineEntry&) = default;
};

struct LinePlace {
    // The user's latest; 0: there is none.
    PlaceNumber number{};
    bool made = false;   // by this call
    bool waits = false;  // else it was dropped, has left or was lost: storage knows whether it has
                         // a pass
    // How many of its class wait with smaller numbers, passed over or not. Of one who waits.
    std::int64_t ahead = 0;

    friend bool operator==(const LinePlace&, const LinePlace&) = default;
};

struct LinePeek {
    LineClass line_class = 0;
    std::size_t count = 0;  // at most heads_max; 0: nobody is looked at
    Time now{};
    // Whoever was heard of before is not there, and is passed over: neither shown nor looked at
    // again until heard of. Time::min(): everybody is there. One who was never heard of is by being
    // looked at.
    Time silent_before = Time::min();
    // Whoever was passed over before, and not heard of since, loses the place, in any class.
    Time lost_before = Time::min();

    static constexpr std::size_t heads_max = 512;
};
struct LineHead {
    std::vector<LineEntry> waiting{};  // who is next in the class, in order
    std::int64_t passed_over = 0;      // by this call
    std::int64_t lost = 0;             // likewise
    // Of the class, after that: how many wait, and how many of them were passed over.
    std::int64_t class_waiting = 0;
    std::int64_t class_passed_over = 0;
    // It has not looked at all that it was to: peek again.
    bool is_cut = false;

    friend bool operator==(const LineHead&, const LineHead&) = default;
};

struct LinePositions {
    std::vector<LinePlace> places{};  // one for each who was asked for, in that order
    std::int64_t waiting = 0;         // in all classes, passed over or not
};

// Nothing but that it was done.
struct LineDid {};

class LineStore {
  public:
    // How many users one call may name.
    static constexpr std::size_t users_max = 512;

    virtual ~LineStore() = default;

    // Begins the epoch, without any numbers to give. What it has kept of earlier ones stays; where
    // a part of that is missing the rest is thrown away.
    // Faults: away, unknown, outdated (also of an epoch that was begun and has lost something
    // since). REQUIRES: storage is in that epoch
    virtual void begin(const LineRoom& room, LineDone<LineDid> done) = 0;
    // More numbers to give. What is left of those before is given first, and where some are, or
    // where numbers beyond the new ones have been given, the new ones are forgotten. Faults: away,
    // unknown, lost, outdated.
    virtual void extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) = 0;

    // The user's latest place, or a new one at the tail. Faults: away, unknown, lost, outdated,
    // full, no_numbers.
    virtual void join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) = 0;
    // A token has been presented for this place. Where the line lost it, and was begun anew since,
    // it comes back; the answer is the user's latest place by then.
    // Faults: away, unknown, lost, outdated. REQUIRES: it has no pass
    virtual void reenter(const LineRoom& room, const LineEntry& place,
                         LineDone<LinePlace> done) = 0;
    // Its owner gives it up. True: it waited. Faults: away, unknown, lost, outdated.
    virtual void leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) = 0;
    // These are there. The answer is how many of them had been passed over, and stand in the line
    // again. Faults: away, unknown, lost, outdated. REQUIRES: at most users_max
    virtual void heard(const LineRoom& room, std::span<const UserId> users, Time now,
                       LineDone<std::int64_t> done) = 0;
    // Who is next. Faults: away, unknown, lost, outdated.
    virtual void peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) = 0;
    // These have a pass now, and wait no more; the line knows them by it, so that they do not come
    // back or join anew, also where it had lost them. Faults: away, unknown, lost, outdated.
    // REQUIRES: at most users_max
    virtual void drop(const LineRoom& room, std::span<const LineEntry> places,
                      LineDone<LineDid> done) = 0;
    // Where these stand, without being heard of by that. Faults: away, unknown, lost, outdated.
    // REQUIRES: at most users_max
    virtual void position(const LineRoom& room, std::span<const UserId> users,
                          LineDone<LinePositions> done) = 0;
    // The concert is over. Faults: away, unknown.
    virtual void erase(const ConcertId& concert, LineDone<LineDid> done) = 0;
};

}  // namespace concertres

// The waiting room: who may go on, and when. A Place is one user's number in a room's line; a Pass
// is what it gets when it is admitted, with an end. Whether people are let in is the state of the
// sale; how many, and how fast, is an AdmissionPolicy: a pure function that hosts may replace.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/draw.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/result.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

// --- The sale ----------------------------------------------------------------------------------

// What an operator has set.
enum class SaleMode : std::uint8_t { open = 1, paused = 2, draining = 3, closed = 4 };
// What it comes to, with the clock and the seats.
enum class SaleState : std::uint8_t { scheduled, open, paused, draining, sold_out, closed };

[[nodiscard]] std::string_view sale_name(SaleState state) noexcept;

// A concert's sale, with or without a room; its row is also the room's stream's.
struct Sale {
    ConcertKey concert{};
    SaleMode mode = SaleMode::open;
    std::optional<Time> opens_at{};
    std::optional<RoomPolicy> room{};
    std::string policy_state{};  // the admission policy's own bytes
    std::int64_t next_event = 1;
    std::optional<DrawState> draw{};  // from when the room is first set to draw its line
    std::string share_state{};        // what share_out remembers

    friend bool operator==(const Sale&, const Sale&) = default;

    [[nodiscard]] ConcertKey key() const { return concert; }
    // Gives `event` the next number of this stream.
    void number(Event& event);
};

// The state of a sale whose reservable performances have `counts` together. First match wins:
// closed (by the operator, or nothing is reservable any more), draining, paused, scheduled,
// sold_out, open.
[[nodiscard]] SaleState state_of(const Sale& sale, const SeatCounts& counts, Time now);

// Refuses: sale_not_open (before opens_at, unless closed), sale_closed (closed, or the performance
// has started).
[[nodiscard]] Result<void> check_holdable(const Sale& sale, Time starts_at, Time now);

struct SaleChange {
    std::optional<SaleMode> mode{};
    std::optional<RoomPolicy> room{};  // in place of what the room has
    std::optional<RoomPatch> patch{};  // on top of it; makes a room where none is
    std::optional<Time> opens_at{};
    std::string actor{};
};
// An operator changes the sale; places are kept. `seed` is that of the draw, if this change makes
// one: once a sale has a seed it keeps it, and what has been drawn stays drawn.
// Refuses: request_invalid (a policy's numbers; classes that are not those of before with others
// appended; a draw without an opening that is to come).
// REQUIRES: not is_draw_due(sale, now)
[[nodiscard]] Result<Event> change_sale(Sale& sale, const SaleChange& change, const DrawSeed& seed,
                                        Time now);

// --- Places and passes -------------------------------------------------------------------------

struct PlaceKey {
    ConcertKey concert{};
    PlaceNumber number{};

    friend auto operator<=>(const PlaceKey&, const PlaceKey&) = default;
};

// Passed: its turn has come and its user was not there, see NoShows. To everybody but those who let
// people in it still waits.
enum class PlaceStatus : std::uint8_t { waiting = 1, admitted = 2, left = 3, passed = 4 };

// A number in a line. Once admitted, the pass of the same number tells what became of it.
struct Place {
    ConcertKey concert{};
    PlaceNumber number{};
    UserKey user{};
    UserId user_id{};
    PlaceStatus status = PlaceStatus::waiting;
    Time joined_at{};
    // When it was passed over. Stays when it is admitted after all, and when it is lost for it.
    std::optional<Time> passed_at{};

    friend bool operator==(const Place&, const Place&) = default;

    [[nodiscard]] PlaceKey key() const { return {concert, number}; }
    [[nodiscard]] bool waits() const {
        return status == PlaceStatus::waiting || status == PlaceStatus::passed;
    }
    // It is gone because its user did not come back in time; who leaves was not late.
    [[nodiscard]] bool is_lost() const { return status == PlaceStatus::left && passed_at; }
};

struct MemberKey {
    ConcertKey concert{};
    UserKey user{};

    friend auto operator<=>(const MemberKey&, const MemberKey&) = default;
};

// The latest place of a user in a room: the only one that opens anything.
struct Member {
    ConcertKey concert{};
    UserKey user{};
    PlaceNumber latest{};

    friend bool operator==(const Member&, const Member&) = default;

    [[nodiscard]] MemberKey key() const { return {concert, user}; }
};

struct LineKey {
    ConcertKey concert{};
    LineClass line_class = 0;

    friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

// Where the line of a room's class ends. That of the first class is there from the start, those of
// the others from when somebody first joins them. All lines of a room are in one epoch.
struct Line {
    ConcertKey concert{};
    LineClass line_class = 0;
    std::int64_t epoch = 0;
    std::int64_t next_sequence = 1;
    std::optional<Drawn> drawn{};  // of this class, once the room was drawn
    // Of the first class of a room whose line a LineStore keeps (line.hpp): nobody is let in
    // before, as people come back to a line that was lost. The other rows of such a room only say
    // which numbers have been reserved.
    std::optional<Time> closed_until{};

    friend bool operator==(const Line&, const Line&) = default;

    [[nodiscard]] LineKey key() const { return {concert, line_class}; }
};
// The line of a class that nobody has joined yet. `first` is that of the room's first class.
[[nodiscard]] Line new_line(const Line& first, LineClass line_class);

enum class PassStatus : std::uint8_t { admitted = 1, spent = 2, expired = 3, left = 4 };

struct Pass {
    ConcertKey concert{};
    PlaceNumber number{};
    UserKey user{};
    UserId user_id{};
    PassStatus status = PassStatus::admitted;
    Time admitted_at{};
    Time expires_at{};
    Time ceiling{};                      // admitted_at + Options::pass_max; never passed
    std::vector<ReservationKey> held{};  // its reservations that may still be held

    friend bool operator==(const Pass&, const Pass&) = default;

    [[nodiscard]] PlaceKey key() const { return {concert, number}; }
    [[nodiscard]] PassStatus status_at(Time now) const {
        return status == PassStatus::admitted && expires_at <= now ? PassStatus::expired : status;
    }
};

// What a command's place comes to. A pass tells all of it; only without one does the place count.
struct Standing {
    bool has_room = false;  // without one, everybody is admitted
    std::optional<Place> place{};
    std::optional<Pass> pass{};

    friend bool operator==(const Standing&, const Standing&) = default;
};
// Refuses, first match wins: not_admitted (still waiting, or no such place of this user),
// pass_expired, pass_spent, pass_left.
[[nodiscard]] Result<void> check_admitted(const Standing& standing, UserKey user, Time now);

enum class TokenStatus : std::uint8_t { waiting, admitted, spent, expired, left };
[[nodiscard]] std::string_view token_status_name(TokenStatus status) noexcept;
[[nodiscard]] TokenStatus status_of(const Standing& standing, Time now);

// --- The draw ----------------------------------------------------------------------------------

// The line's order will be drawn, and has not been: nobody has a position.
[[nodiscard]] bool awaits_draw(const Sale& sale);
// The sale has opened, so nothing may happen to its line before the draw.
[[nodiscard]] bool is_draw_due(const Sale& sale, Time now);
// What the draw is of: all numbers that have been given in the line's epoch. Who has left has a
// rank as well, which is passed over. Numbers of earlier epochs, from before a copy of the store
// was opened in its place, stay ahead of it.
[[nodiscard]] Drawn draw_of(const Line& line);
// Draws each line of the room, once and for ever. REQUIRES: is_draw_due(sale, now)
void hold_draw(Sale& sale, std::span<Line> lines, Time now, std::vector<Event>& events);

struct JoinRows {
    Line line{};  // of the class that is asked for
    std::optional<Member> member{};
    Standing latest{};  // of the member
    std::optional<Place> made{};

    friend bool operator==(const JoinRows&, const JoinRows&) = default;
};
struct JoinFacts {
    UserKey user{};
    UserId user_id{};
    ConcertKey concert{};
    SaleState state = SaleState::open;
    bool again = false;         // a new place, where the latest is spent, expired or left
    bool waiting_list = false;  // people may wait for seats that come back
    std::int64_t waiting = 0;   // how many wait now
    std::int64_t waiting_max = 0;
    Time now{};
};
// The user's latest place, of whatever class, or a new one at the tail (`rows.made`).
// Refuses a new place: sold_out (without a waiting list), room_closed (draining or closed),
// room_full.
// REQUIRES: the concert has a room
[[nodiscard]] Result<PlaceNumber> join(JoinRows& rows, const JoinFacts& facts);
// Refuses a new place, as join does.
[[nodiscard]] Result<void> check_joinable(const JoinFacts& facts);

// Its owner gives up a place that waits. REQUIRES: place.waits()
void leave(Place& place);

// --- A line that a LineStore keeps (line.hpp) --------------------------------------------------

// Whether this room's line may still be kept outside of its storage: nobody has joined it, and it
// will not be drawn. `lines` are all that the room has.
[[nodiscard]] bool may_leave_storage(const Sale& sale, std::span<const Line> lines);
// Nothing: the room's line is places. `lines` are all that the room has.
[[nodiscard]] std::optional<Time> closed_until(std::span<const Line> lines);
// What the sale of a line outside has come to. Refuses: request_invalid (its line would be drawn).
[[nodiscard]] Result<void> check_outside(const Sale& sale);
// All lines of a room go to the epoch after theirs, and after `above`, where numbers begin anew;
// nobody is let in before `closed_until`.
// Refuses: room_closed (there are no more epochs).
// REQUIRES: it is kept outside, or may_leave_storage
[[nodiscard]] Result<void> raise_epoch(std::span<Line> lines, std::int64_t above,
                                       Time closed_until);
// The first of `count` numbers that nobody else is given.
// Refuses: room_closed (there are no more numbers).
[[nodiscard]] Result<std::int64_t> reserve_numbers(Line& line, std::int64_t count);
// One who stood in the line outside, as it is kept with the pass, or once it has left.
[[nodiscard]] Place place_outside(ConcertKey concert, PlaceNumber number, UserKey user,
                                  const UserId& user_id, Time now);

// --- No-shows ----------------------------------------------------------------------------------

// Whoever was heard of last at `heard` is not there at `now`.
[[nodiscard]] bool is_silent(const NoShows& rule, Time heard, Time now);
// The turn of one who is not there has come. REQUIRES: place.status == waiting
void pass_over(Place& place, Time now);
// From then on it is lost, if its user is not there. REQUIRES: place.status == passed
[[nodiscard]] bool is_grace_over(const NoShows& rule, const Place& place, Time now);
// REQUIRES: is_grace_over(rule, place, now)
void lose(const NoShows& rule, Place& place, Time now);

// --- Letting in --------------------------------------------------------------------------------

struct PassTerms {
    Duration ttl{0};
    Duration max{0};
};
// The place's turn has come, or that of one passed over has come again; or an operator, `actor`,
// has said so, and then its event tells who.
[[nodiscard]] Pass admit(Sale& sale, Place& place, const PassTerms& terms, Time now,
                         std::vector<Event>& events, std::string_view actor = {});
// Whether an operator may let somebody in by hand; a pause, being an operator's own, is no
// obstacle. Refuses: room_closed (closed, or no performance is to come), sale_not_open, sold_out.
[[nodiscard]] Result<void> check_admit_by_hand(const Sale& sale, const SeatCounts& counts,
                                               Time now);
// REQUIRES: pass.status_at(now) == expired, and it is still marked admitted
void expire(Sale& sale, Pass& pass, Time now, std::vector<Event>& events);

// Its owner gives the pass back; the caller releases its holds.
// REQUIRES: pass.status_at(now) == admitted
void give_back(Sale& sale, Pass& pass, Time now, std::vector<Event>& events);

// --- How many ----------------------------------------------------------------------------------

struct RoomSnapshot {
    std::int64_t admitted = 0;  // passes marked admitted, after those past their time are off
    // How many stand at the head of the line, there or not; at most a batch.
    std::int64_t waiting = 0;
    std::int64_t seats_left = 0;  // free or held, of performances to come
    std::int64_t seats_free = 0;
    // Of the free ones, how many those who are in and hold none may be about to take. Known where
    // there is a waiting list.
    std::int64_t seats_sought = 0;
    std::optional<double> load{};           // the host's; nothing: not reported for a while
    std::optional<Duration> commit_time{};  // of recent commits; nothing before the first
};

// No policy can let in anybody just now. `room_full`, with what to do about it.
[[nodiscard]] Error full_room(const Sale& sale, const RoomSnapshot& room);

// Decides how many to admit. Pure: all that it remembers between two ticks are the bytes that it
// returned last, which are stored with the room.
// Threads: called from the writers of its engine, one at a time for a room, several for several.
class AdmissionPolicy {
  public:
    static constexpr std::int64_t unlimited = INT64_MAX;

    virtual ~AdmissionPolicy() = default;

    // How many more may be admitted at `now`; below 0 counts as 0. `state` is empty at first, and
    // again after an operator has put this policy in another's place.
    [[nodiscard]] virtual std::int64_t quota(const RoomSnapshot& room, std::string_view state,
                                             Time now) const = 0;
    // The state after `admitted` (maybe 0) of them were.
    [[nodiscard]] virtual std::string record(std::string_view state, std::int64_t admitted,
                                             Time now) const = 0;
    // The state after a tick as a whole: `room` as quota was shown it, of which `admitted` were let
    // in. Called after record, also where nobody was; for a policy that goes by what it sees.
    [[nodiscard]] virtual std::string observe(const RoomSnapshot& room, std::string_view state,
                                              std::int64_t admitted, Time now) const;
};

// At most `active_max` passes at once.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> at_most_active(std::int64_t active_max);
// At most window.admit_max admissions in any half-open interval of window.length. Exact while an
// interval holds no more than 1,024 distinct admission times; beyond that neighbours are counted at
// the later time, which admits later, never more.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> at_most_per_window(AdmissionWindow window);
// At most as many passes at once as the loop allows now. It begins at its floor, or at what is live
// where that is more, within its ceiling; its first step is `every` later.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> by_closed_loop(const ClosedLoop& loop);
// The minimum of all; each records what was admitted, in bytes of its own.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> all_of(
    std::vector<std::shared_ptr<const AdmissionPolicy>> policies);
// How many passes may be live at once by the closed loop of a room that has `admitted`; nothing
// where it has none.
[[nodiscard]] std::optional<std::int64_t> loop_limit(const Sale& sale, std::int64_t admitted);
// What a room's settings come to, without its custom policy; where there is one, ask
// all_of({policy_of(room), custom}). It records admissions whatever is set, in a form that stays
// valid when the settings change: a window that is new, or longer, begins with what was admitted
// before it (counted up to a quarter of its age late). So no change admits more than the new window
// allows. Throws, until an operator sets the room again, where the record cannot be read.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> policy_of(const RoomPolicy& room);

// One of a room's classes, as a tick looks at it.
struct ClassDemand {
    std::int64_t weight = 1;
    std::int64_t waiting = 0;  // how many can be admitted now
    bool has_more = false;     // others wait behind them, and were not looked at
    // Of them, how many find a seat that is for this class alone. Beyond that it takes part in what
    // all have in common.
    std::int64_t own_seats = INT64_MAX;
};
struct ClassShares {
    std::vector<std::int64_t> admitted{};  // by class, from the front of its line
    std::string state{};
};
// Whose turn it is: divides `total` admissions among the classes, by their weights. `state` is what
// the last call returned, empty at first; it stays valid when weights change and classes are added.
//
// As long as the same classes have people who wait, and their weights stay, each has its share of
// the admissions at every moment, to within one person; counted from a moment in between, or from
// when another class ran empty, to within three. A class in which nobody waits saves nothing up:
// when people come again, it begins as if it had just had its share. So nobody starves: whoever
// stands first in a class waits for no more than about total weight / weight admissions.
//
// Beyond their own seats, classes are given no more than `common` between them; one for which no
// seat is left is as one in which nobody waits.
//
// Fewer than `total` are given out where too few wait or too few seats are left, and where the turn
// is a class's that has more than were looked at.
[[nodiscard]] ClassShares share_out(std::int64_t total, std::span<const ClassDemand> classes,
                                    std::string_view state, std::int64_t common = INT64_MAX);

// --- What people are told ----------------------------------------------------------------------

// When to ask again: about a tenth of the expected wait, between 1 s and 60 s, spread by `jitter`
// in [0, 1) over +-20%, so that a crowd does not come back at once. Without an `eta`, as if ten
// people a second were admitted.
[[nodiscard]] Duration poll_after(std::int64_t ahead, std::optional<Duration> eta, double jitter);

// The same while the line waits for its draw, or for the opening, which is `until` away. All want
// to know their position then: they are spread over the seconds after it, so that no more than some
// 20,000 come in one; nobody is told to wait much over a minute.
[[nodiscard]] Duration poll_after_draw(std::int64_t waiting, Duration until, double jitter);

}  // namespace concertres

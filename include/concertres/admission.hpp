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
// Refuses: request_invalid (a policy's numbers; a draw without an opening that is to come).
// REQUIRES: not is_draw_due(sale, now)
[[nodiscard]] Result<Event> change_sale(Sale& sale, const SaleChange& change, const DrawSeed& seed,
                                        Time now);

// --- Places and passes -------------------------------------------------------------------------

struct PlaceKey {
    ConcertKey concert{};
    PlaceNumber number{};

    friend auto operator<=>(const PlaceKey&, const PlaceKey&) = default;
};

enum class PlaceStatus : std::uint8_t { waiting = 1, admitted = 2, left = 3 };

// A number in the line. Once admitted, the pass of the same number tells what became of it.
struct Place {
    ConcertKey concert{};
    PlaceNumber number{};
    UserKey user{};
    UserId user_id{};
    PlaceStatus status = PlaceStatus::waiting;
    Time joined_at{};

    friend bool operator==(const Place&, const Place&) = default;

    [[nodiscard]] PlaceKey key() const { return {concert, number}; }
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

// Where a room's line ends.
struct Line {
    ConcertKey concert{};
    std::int64_t epoch = 0;
    std::int64_t next_sequence = 1;

    friend bool operator==(const Line&, const Line&) = default;

    [[nodiscard]] ConcertKey key() const { return concert; }
};

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
[[nodiscard]] Drawn draw_of(const Line& line, Time now);
// Draws, once and for ever. REQUIRES: is_draw_due(sale, now)
void hold_draw(Sale& sale, const Line& line, Time now, std::vector<Event>& events);

struct JoinRows {
    Line line{};
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
    bool again = false;        // a new place, where the latest is spent, expired or left
    std::int64_t waiting = 0;  // how many wait now
    std::int64_t waiting_max = 0;
    Time now{};
};
// The user's latest place, or a new one at the tail (`rows.made`).
// Refuses a new place: sold_out, room_closed (draining or closed), room_full.
// REQUIRES: the concert has a room
[[nodiscard]] Result<PlaceNumber> join(JoinRows& rows, const JoinFacts& facts);

struct PassTerms {
    Duration ttl{0};
    Duration max{0};
};
// The place's turn has come.
[[nodiscard]] Pass admit(Sale& sale, Place& place, const PassTerms& terms, Time now,
                         std::vector<Event>& events);
// REQUIRES: pass.status_at(now) == expired, and it is still marked admitted
void expire(Sale& sale, Pass& pass, Time now, std::vector<Event>& events);

// Its owner gives the pass back; the caller releases its holds.
// REQUIRES: pass.status_at(now) == admitted
void give_back(Sale& sale, Pass& pass, Time now, std::vector<Event>& events);

// --- How many ----------------------------------------------------------------------------------

struct RoomSnapshot {
    std::int64_t admitted = 0;  // passes marked admitted, after those past their time are off
    std::int64_t waiting = 0;   // how many could be admitted now, at least; bounded by a batch
    std::int64_t seats_left = 0;
};

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
};

// At most `active_max` passes at once.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> at_most_active(std::int64_t active_max);
// At most window.admit_max admissions in any half-open interval of window.length. Exact while an
// interval holds no more than 1,024 distinct admission times; beyond that neighbours are counted at
// the later time, which admits later, never more.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> at_most_per_window(AdmissionWindow window);
// The minimum of all; each records what was admitted, in bytes of its own.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> all_of(
    std::vector<std::shared_ptr<const AdmissionPolicy>> policies);
// What a room's settings come to, without its custom policy; where there is one, ask
// all_of({policy_of(room), custom}). It records admissions whatever is set, in a form that stays
// valid when the settings change: a window that is new, or longer, begins with what was admitted
// before it (counted up to a quarter of its age late). So no change admits more than the new window
// allows. Throws, until an operator sets the room again, where the record cannot be read.
[[nodiscard]] std::shared_ptr<const AdmissionPolicy> policy_of(const RoomPolicy& room);

// --- What people are told ----------------------------------------------------------------------

// When to ask again: about a tenth of the expected wait, between 1 s and 60 s, spread by `jitter`
// in [0, 1) over +-20%, so that a crowd does not come back at once. Without an `eta`, as if ten
// people a second were admitted.
[[nodiscard]] Duration poll_after(std::int64_t ahead, std::optional<Duration> eta, double jitter);

// The same while the line waits for its draw, which is `until` away. All of them want to know their
// position then: they are spread over the seconds after it, so that no more than some 20,000 come
// in one; nobody is told to wait much over a minute.
[[nodiscard]] Duration poll_after_draw(std::int64_t waiting, Duration until, double jitter);

}  // namespace concertres

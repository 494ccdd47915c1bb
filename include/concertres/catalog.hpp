// What is for sale: a Concert, its Performances (dates) and the seats of its hall, each with a
// number; those of an area (general admission) are sold by quantity. All of it is fixed when the
// concert is added; what changes during a sale (who holds which seat, whether the sale is open) is
// elsewhere (seat.hpp, admission.hpp).
//
//   ConcertDraft draft{.title = "Winter Songs",
//                      .performances = {{*parse_rfc3339("2026-12-24T19:00:00+09:00")}},
//                      .seats = numbered_seats(50, Money{50'000})};
//   Result<ConcertView> concert = office.add_concert(draft);
//
// seating_plan.hpp reads drafts from files.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

// One numbered place of a hall. Labels may repeat ("Row 3 Seat 7" in two blocks); numbers do not,
// and neither does a plan's own id where there is one.
struct HallSeat {
    SeatNumber number = 0;  // from 1
    std::string label{};
    std::string section{};
    std::string row{};
    double x = 0;
    double y = 0;
    Money price{};
    std::string plan_id{};  // pretix: seat_guid; empty where the hall has none
    // General admission: the seat is of an area, a section whose seats are as good as each other
    // and are never named one by one. Its label, row and coordinates mean nothing.
    bool general = false;
    // The seat is in the allotment of this class of the room: see kept_for(). Nothing: in none.
    std::optional<LineClass> allotted_to{};

    friend bool operator==(const HallSeat&, const HallSeat&) = default;
};

// Seats 1..count with their number as label, ten to a row, all at one price.
[[nodiscard]] std::vector<HallSeat> numbered_seats(SeatNumber count, Money price);

// An area: "Standing, 3,000 at 60,000 each".
struct AreaDraft {
    std::string section{};
    std::int32_t capacity = 0;
    Money price{};
};
// Adds the seats of an area to a hall, numbered on from the highest number that there is.
// REQUIRES: capacity is 1 or more; so many numbers are left
void add_area(std::vector<HallSeat>& seats, const AreaDraft& area);

// At most R admissions in any half-open interval of length `length`.
struct AdmissionWindow {
    std::int64_t admit_max = 0;
    Duration length{0};

    friend bool operator==(const AdmissionWindow&, const AdmissionWindow&) = default;
};

// Moves the number of passes that may be live at once by how well the sale bears them, as TCP does:
// up by `add` where all that is watched is well and the limit is reached, down to `cut` percent
// where any of it is not, once as many have gone as the last step down asked for. What is not known
// (the host has not reported for a while) moves nothing up. What is watched: at least one of the
// three.
struct ClosedLoop {
    std::int64_t floor = 1;
    std::int64_t ceiling = 0;
    std::int64_t add = 1;
    std::int64_t cut = 50;                             // percent of the limit that remains, 1 to 99
    Duration every = std::chrono::seconds(1);          // at most one step in this
    std::optional<double> load_max{};                  // of what the host reports; 1 is full
    std::optional<Duration> commit_max{};              // how long the box office's commits take
    std::optional<std::int64_t> seats_per_pass_min{};  // seats left for each live pass

    friend bool operator==(const ClosedLoop&, const ClosedLoop&) = default;
};

// Some of those who come to a room stand in a line of their own, say a fan club or people who need
// an accessible seat. Of those who are let in while somebody waits in each of two lines, each line
// has a share by its weight; a line in which nobody waits leaves its share to the others.
struct RoomClass {
    static constexpr std::size_t count_max = PlaceNumber::classes_max;
    static constexpr std::size_t name_max = 40;
    static constexpr std::int64_t weight_max = 1'000;

    std::string name{};  // 1 to 40 of a-z, 0-9, '_' and '-'
    std::int64_t weight = 1;
    // The seats that are allotted to the class are for everybody now.
    bool allotment_released = false;

    friend bool operator==(const RoomClass&, const RoomClass&) = default;
};

// One whose turn comes and who has not been heard of for `silent_after` is passed over: the next
// who is there is let in instead. The place is kept, and comes first again as soon as its user is
// heard of; it is lost where that has not happened for `grace`. Who joins, asks for the place or
// follows its stream is heard of.
struct NoShows {
    // Whoever asks again when they are told to is heard of in time.
    static constexpr Duration silent_after_min = std::chrono::seconds(90);
    static constexpr Duration grace_min = std::chrono::seconds(1);

    Duration silent_after{0};
    Duration grace{0};

    friend bool operator==(const NoShows&, const NoShows&) = default;
};

// How a room admits. What is absent does not limit; a room with none of the limits admits all who
// come.
struct RoomPolicy {
    std::optional<std::int64_t> active_max{};  // passes that are live at once
    std::optional<AdmissionWindow> window{};
    std::optional<Duration> pass_ttl{};  // default: Options::pass_ttl
    std::string custom{};                // the name of a policy in Options::policies, asked as well
    // Who came before the sale opens is let in by lot, and not by who came first; needs an opening.
    bool draw = false;
    // None: all stand in one line. A place names its class by where that stands here, so classes
    // can be appended and weights changed, and nothing else.
    std::vector<RoomClass> classes{};
    std::optional<ClosedLoop> closed_loop{};
    // People may join while all seats are sold, and nobody is let in for whom no seat is free: what
    // comes back goes to those who wait, in order.
    bool waiting_list = false;
    std::optional<NoShows> no_shows{};  // absent: nobody is passed over

    friend bool operator==(const RoomPolicy&, const RoomPolicy&) = default;
};

// The room's classes; where it names none, the one that all are in: {"general", 1}.
[[nodiscard]] std::vector<RoomClass> classes_of(const RoomPolicy& room);
// Of whom alone the seat is: of those whose place is of this class. Nothing: anybody may take it,
// as the class's allotment has been released, or there is no room any more that has the class.
[[nodiscard]] std::optional<LineClass> kept_for(const HallSeat& seat,
                                                const std::optional<RoomPolicy>& room);
// The classes but `own` whose allotments are kept.
[[nodiscard]] std::vector<LineClass> kept_for_others(const std::optional<RoomPolicy>& room,
                                                     LineClass own);
// Nothing: the room has no such class. An empty name is the first's.
[[nodiscard]] std::optional<LineClass> class_named(const RoomPolicy& room, std::string_view name);

// A change to some of a room's settings; it merges with what the room has when it is decided, so
// that two at once lose nothing. Nothing: stays. A value of nothing: does not limit any more.
struct RoomPatch {
    std::optional<std::optional<std::int64_t>> active_max{};
    std::optional<std::optional<AdmissionWindow>> window{};
    std::optional<std::optional<Duration>> pass_ttl{};
    std::optional<bool> draw{};
    std::optional<std::vector<RoomClass>> classes{};  // all of them
    std::optional<std::optional<ClosedLoop>> closed_loop{};
    std::optional<bool> waiting_list{};
    std::optional<std::optional<NoShows>> no_shows{};

    friend bool operator==(const RoomPatch&, const RoomPatch&) = default;

    [[nodiscard]] RoomPolicy applied_to(RoomPolicy room) const;
};

// How many seats one user may have, paid and held together.
struct SeatLimits {
    std::int32_t per_performance = 8;
    std::int32_t per_concert = 16;

    friend bool operator==(const SeatLimits&, const SeatLimits&) = default;
};

// Whether a payment can be given back, and until how long before the performance starts.
struct RefundPolicy {
    bool allowed = true;
    Duration until_before_start{0};

    friend bool operator==(const RefundPolicy&, const RefundPolicy&) = default;
};

// Whether somebody may choose seats so that a single free one is left between taken ones, where it
// need not be (avoidable_orphans in seating.hpp).
enum class OrphanRule : std::uint8_t { allowed = 1, refused = 2 };

struct PerformanceDraft {
    OffsetTime starts_at{};
};

struct ConcertDraft {
    std::string title{};
    std::string venue{};
    std::vector<PerformanceDraft> performances{};
    std::vector<HallSeat> seats{};
    std::optional<Time> opens_at{};    // absent: the sale is open at once
    std::optional<RoomPolicy> room{};  // absent: no waiting room
    SeatLimits limits{};
    std::optional<Duration> hold_ttl{};  // default: Options::hold_ttl
    RefundPolicy refunds{};
    OrphanRule orphans = OrphanRule::allowed;
};

// Refuses: request_invalid, naming the first fault and its place ("performances/1/starts_at: ..."):
// no title; a text over 500 bytes; no performance or over 1,000; two performances at one time; no
// seat or over 200,000; a seat number, or a plan id, that is not unique; a number below 1; a
// coordinate that is not finite; a general seat without a section, in a section with numbered
// seats, or at another price or in another allotment than the rest of its area; an allotment of a
// class that the room does not have; a room with a draw and no opening, or with
// over 16 classes, two of one name, or one whose name or weight is not as RoomClass says; a price
// below 0, or so high that the seats which one user may have come to over Money::max_minor; a time
// out of the years 1970 to 9999; limits, durations or policy numbers below 1 (`until_before_start`:
// below 0), or durations over 3,650 days; a closed loop that watches nothing, whose ceiling is
// below its floor, or whose cut is not 1 to 99; no-shows that are silent for less than 90 s or have
// a grace below 1 s.
[[nodiscard]] Result<void> check(const ConcertDraft& draft);
// The checks of a room's policy alone. Refuses: request_invalid.
[[nodiscard]] Result<void> check(const RoomPolicy& policy);

struct Concert {
    ConcertKey key{};
    ConcertId id{};
    std::string title{};
    std::string venue{};
    SeatLimits limits{};
    Duration hold_ttl{0};
    RefundPolicy refunds{};
    OrphanRule orphans = OrphanRule::allowed;

    friend bool operator==(const Concert&, const Concert&) = default;
};

struct Performance {
    PerformanceKey key{};
    PerformanceId id{};
    ConcertKey concert{};
    Time starts_at{};
    std::chrono::minutes utc_offset{0};
    std::string date{};  // local, in that offset: "2026-12-24"

    friend bool operator==(const Performance&, const Performance&) = default;
};

}  // namespace concertres

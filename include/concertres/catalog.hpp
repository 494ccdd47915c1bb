// What is for sale: a Concert, its Performances (dates) and the numbered seats of its hall. All of
// it is fixed when the concert is added; what changes during a sale (who holds which seat, whether
// the sale is open) is elsewhere (seat.hpp, admission.hpp).
//
//   ConcertDraft draft{.title = "Winter Songs",
//                      .performances = {{*parse_rfc3339("2026-12-24T19:00:00+09:00")}},
//                      .seats = numbered_seats(50, Money{50'000})};
//   Result<Concert> concert = office.add_concert(draft);
//
// seating_plan.hpp reads drafts from files.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
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

    friend bool operator==(const HallSeat&, const HallSeat&) = default;
};

// Seats 1..count with their number as label, ten to a row, all at one price.
[[nodiscard]] std::vector<HallSeat> numbered_seats(SeatNumber count, Money price);

// At most R admissions in any half-open interval of length `length`.
struct AdmissionWindow {
    std::int64_t admit_max = 0;
    Duration length{0};

    friend bool operator==(const AdmissionWindow&, const AdmissionWindow&) = default;
};

// How a room admits. What is absent does not limit; a room with neither admits all who come.
struct RoomPolicy {
    std::optional<std::int64_t> active_max{};  // passes that are live at once
    std::optional<AdmissionWindow> window{};
    std::optional<Duration> pass_ttl{};  // default: Options::pass_ttl
    std::string custom{};                // the name of a policy in Options::policies, asked as well
    // Who came before the sale opens is let in by lot, and not by who came first; needs an opening.
    bool draw = false;

    friend bool operator==(const RoomPolicy&, const RoomPolicy&) = default;
};

// A change to some of a room's settings; it merges with what the room has when it is decided, so
// that two at once lose nothing. Nothing: stays. A value of nothing: does not limit any more.
struct RoomPatch {
    std::optional<std::optional<std::int64_t>> active_max{};
    std::optional<std::optional<AdmissionWindow>> window{};
    std::optional<std::optional<Duration>> pass_ttl{};
    std::optional<bool> draw{};

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
// coordinate that is not finite; a room with a draw and no opening; a price below 0, or so high
// that the seats which one user may have come to over Money::max_minor; a time out of the years
// 1970 to 9999; limits, durations or policy numbers below 1 (`until_before_start`: below 0), or
// durations over 3,650 days.
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

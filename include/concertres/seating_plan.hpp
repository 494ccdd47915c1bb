// Reads what is for sale from a file: the project's own JSON, or a bare seating plan as the pretix
// editor exports it.
//
//   ImportOptions options{.dates = {*parse_rfc3339("2026-12-24T19:00:00+01:00")},
//                         .prices = {{"Stalls", Money{4'500}}, {"Gallery", Money{2'500}}}};
//   Result<ConcertDraft> draft = read_concert(plan, options);
//   if (draft) office.add_concert(*draft);
//
// Our own JSON. Title, venue, performances, and seats or areas are required:
//
//   {"title": "Winter Songs", "venue": "Town Hall",
//    "performances": [{"starts_at": "2026-12-24T19:00:00+09:00"}],
//    "seats": {"count": 50, "price": 50000},
//    "areas": [{"section": "Standing", "capacity": 3000, "price": 60000}],
//    "opens_at": "2026-12-01T10:00:00+09:00",
//    "room": {"active_max": 100, "window": {"admit_max": 50, "window_ms": 60000},
//             "pass_ms": 600000, "draw": true, "waiting_list": true,
//             "classes": [{"name": "general", "weight": 1}, {"name": "fan_club", "weight": 3}],
//             "closed_loop": {"floor": 50, "ceiling": 2000, "add": 20, "load_max": 0.8},
//             "no_shows": {"silent_ms": 120000, "grace_ms": 600000}},
//    "limits": {"per_performance": 8, "per_concert": 16},
//    "hold_ms": 300000,
//    "refunds": {"until_ms_before_start": 86400000},
//    "orphans": "refused",
//    "allotments": [{"class": "fan_club", "sections": ["Stalls"], "seats": [101, 102]}]}
//
// "seats" may also be a list of {"number", "label", "section", "row", "x", "y", "price"}, of which
// number and price are required; or in its place stand "plan": {a pretix plan} and
// "prices": {"Stalls": 4500}. "room": {} is a room that admits all; "refunds" may also be "allowed"
// or "none". "areas" are sections for general admission, beside the seats or the plan or in their
// place; their seats are numbered on from the highest seat number. "orphans" is "allowed" or
// "refused". "allotments" keep sections, areas among them, and single seats for people of a class
// of the room; a class's "allotment" is "kept" or "released". "closed_loop" may also have "cut"
// (percent), "every_ms", "commit_ms_max" and "seats_per_pass_min" (see ClosedLoop). Keys that are
// not known are refused.
//
// A pretix plan has categories but no prices: these are given beside it, one for each category that
// has seats. Fields that this reader does not need are ignored. Seats are numbered 1, 2, 3, ... in
// the plan's order; a seat_guid is unique in its plan, while labels may repeat.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/callback.hpp"
#include "concertres/catalog.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

// 60,000 seats of a plan with all its extra fields take 9 MB.
inline constexpr std::size_t import_bytes_max = std::size_t{64} << 20;

// What the file does not say, or says otherwise: what is set here beats the file.
struct ImportOptions {
    std::string title{};              // empty: the file's
    std::vector<OffsetTime> dates{};  // performances besides the file's; a bare plan needs one
    std::map<std::string, Money> prices{};  // by category, of a plan
    std::optional<RoomPolicy> room{};
    std::optional<Time> opens_at{};
};

// How many seats have been read, of how many. Called now and then, and once at the end.
using ImportProgress = Callback<void(std::size_t done, std::size_t total)>;

// Refuses: request_invalid, with all faults of the document and their JSON pointers (the first 20,
// and the number of the others), or else what check(ConcertDraft) says. What `progress` throws
// passes through.
[[nodiscard]] Result<ConcertDraft> read_concert(std::string_view json,
                                                const ImportOptions& options = {},
                                                ImportProgress progress = {});

}  // namespace concertres

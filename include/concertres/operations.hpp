// What operators ask of a box office that is running: a copy of the store, what a concert has
// taken, and all that ever happened to one thing.
//
//   auto copy = office.backup({.file = "/backups/sale.db"});
//   AuditReport report = audit(*open_sqlite(copy->file));
//
// Each takes as long as there is data, so it is done in slices of a few milliseconds on the writer:
// between two of them everything else goes on. What changes meanwhile is in or not; each says how.
// One that is not at its end when the box office stops is refused with `draining`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/seat.hpp"
#include "concertres/storage.hpp"
#include "concertres/time.hpp"

namespace concertres {

// --- A copy of the store -----------------------------------------------------------------------

struct BackupView {
    std::filesystem::path file{};
    std::int64_t bytes = 0;
    Time now{};  // the copy is the store as it stood then, with every command answered before
};

// Makes a copy of the store's file, for its owner's eyes (mode 0600): a store like any other. Until
// it is whole it stands beside its place as `<file>.partial-...`; a process that is killed leaves
// only that, and it may be deleted. Refuses: request_invalid (the store is no file; `file` is
// there, its folder is not, or it can be no file of ours), storage_full, storage_unavailable (the
// copy could not be written, or the store changed too fast for it; the sale goes on), engine_failed
// (the store cannot be read).
struct Backup {
    using Answer = BackupView;
    std::filesystem::path file{};
    Progress progress{};  // on the writer's thread, after each slice
};

// --- What a concert has taken ------------------------------------------------------------------

struct PerformanceReport {
    PerformanceId id{};
    std::string date{};
    Time starts_at{};
    std::chrono::minutes utc_offset{0};
    SeatCounts seats{};  // a hold past its time counts as free
    Money takings{};     // what its sold seats cost
};

struct ReportView {
    ConcertView concert{};
    Money takings{};                                // of all performances
    std::vector<PerformanceReport> performances{};  // by start
    Time now{};
};

// How many seats of each performance are sold and held, and what they brought in. Of a seat that
// changes hands while the report is made, either state is counted, with its money.
// Refuses: unknown_concert.
struct GetReport {
    using Answer = ReportView;
    ConcertId concert{};
};

// --- Who was let in by lot ---------------------------------------------------------------------

struct Admission {
    PlaceNumber number{};
    Time at{};
    bool by_hand = false;  // by an operator, whatever the order
    // Its turn had come then and nobody was there; it came back, and was let in with those behind
    // it.
    std::optional<Time> passed_at{};

    friend bool operator==(const Admission&, const Admission&) = default;
};
struct AdmissionsView {
    std::vector<Admission> admissions{};
    std::optional<std::int64_t> next{};  // the `after` of what follows; nothing: that is all so far
};

// The admissions of those who were drawn, in the order in which they took place, so that it can be
// compared with the drawn order. A page may be empty and others follow: `limit` is how many events
// of the room are read for it. Refuses: unknown_concert, unknown_draw (nothing has been drawn).
struct ListAdmissions {
    using Answer = AdmissionsView;
    ConcertId concert{};
    std::int64_t after = 0;
    std::size_t limit = 1'000;  // at most Options::page_max
};

// --- What happened to one thing ----------------------------------------------------------------

// An event, and whose stream it is in.
struct ToldEvent {
    Event event{};
    Uuid owner{};  // the performance, the wallet's user, or the room's concert
};

enum class ExplainedKind : std::uint8_t {
    concert,
    performance,
    seat,
    place,
    reservation,
    payment,
    transfer,
    user,
};
// "concert", "performance", ...
[[nodiscard]] std::string_view explained_name(ExplainedKind kind) noexcept;

struct Explanation {
    ExplainedKind kind = ExplainedKind::concert;
    Uuid id{};
    std::string state{};              // how it stands now, in words
    std::vector<ToldEvent> events{};  // by time, then by stream and number: the newest `limit`
    std::int64_t total = 0;           // events there are
    Time now{};
};

// Everything that concerns one thing, by its id: a concert (what its room's stream holds), a
// performance, a reservation, a payment, a transfer (a charge, say) or a user; with `seat`, that
// seat of the performance; with `place`, that place in the concert's room. Events that are
// committed while the streams are read may be missing. Refuses: request_invalid (both `seat` and
// `place`), unknown_performance, unknown_seat, unknown_concert, unknown_user (nobody has had that
// place; or nothing has the id).
struct Explain {
    using Answer = Explanation;
    Uuid id{};
    std::optional<SeatNumber> seat{};
    std::optional<PlaceNumber> place{};
    std::size_t limit = 1'000;  // at most Options::page_max
};

}  // namespace concertres

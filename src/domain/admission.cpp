#include "concertres/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hex.hpp"
#include "domain/policy.hpp"

namespace concertres {
namespace {

Error refusal(Errc code, std::string detail) {
    return {.code = code, .detail = std::move(detail), .seats = {}};
}

// What the room cannot become, by a field of it.
Error room_refusal(const std::string& field, std::string_view code, const std::string& detail) {
    return {.code = Errc::request_invalid,
            .detail = fmt::format("room/{}: {}", field, detail),
            .seats = {},
            .faults = {{"/" + field, std::string(code), detail}}};
}

bool is_before_opening(const Sale& sale, Time now) { return sale.opens_at && *sale.opens_at > now; }

// --- What an operator set, in words --------------------------------------------------------------

std::string_view mode_name(SaleMode mode) {
    switch (mode) {
        case SaleMode::open:
            return "open";
        case SaleMode::paused:
            return "paused";
        case SaleMode::draining:
            return "draining";
        case SaleMode::closed:
            return "closed";
    }
    CONCERTRES_ASSERT(false && "no such mode");
    return {};
}

std::string in_words(Duration duration) {
    constexpr std::int64_t per_ms = 1'000;
    if (duration.count() % per_ms != 0) return fmt::format("{} us", duration.count());
    return fmt::format("{} ms", duration.count() / per_ms);
}

std::string in_words(const ClosedLoop& loop) {
    std::string watched;
    const auto add = [&watched](const std::string& part) {
        if (!watched.empty()) watched += ", ";
        watched += part;
    };
    if (loop.load_max) add(fmt::format("load up to {}", *loop.load_max));
    if (loop.commit_max) add("commits within " + in_words(*loop.commit_max));
    if (loop.seats_per_pass_min) {
        add(fmt::format("at least {} seats for each pass", *loop.seats_per_pass_min));
    }
    return fmt::format("{} to {} at once by a closed loop ({}; +{} or down to {}% every {})",
                       loop.floor, loop.ceiling, watched, loop.add, loop.cut, in_words(loop.every));
}

std::string in_words(const RoomPolicy& room) {
    std::string text = "room: ";
    if (room.active_max) {
        text += fmt::format("at most {} at once", *room.active_max);
    } else if (!room.closed_loop) {
        text += "any number at once";
    }
    if (room.closed_loop) {
        text += (room.active_max ? ", " : "") + in_words(*room.closed_loop);
    }
    if (room.window) {
        text += fmt::format(", at most {} per {}", room.window->admit_max,
                            in_words(room.window->length));
    }
    if (room.pass_ttl) text += fmt::format(", passes for {}", in_words(*room.pass_ttl));
    if (!room.custom.empty()) text += fmt::format(", policy {}", room.custom);
    if (room.waiting_list) text += ", with a waiting list";
    if (room.no_shows) {
        text += fmt::format(", passing over who is silent for {}, whose place is kept for {}",
                            in_words(room.no_shows->silent_after), in_words(room.no_shows->grace));
    }
    if (room.draw) text += ", drawn at the opening";
    const char* before = ", classes ";
    for (const RoomClass& each : room.classes) {
        text +=
            fmt::format("{}{} of weight {}{}", std::exchange(before, ", "), each.name, each.weight,
                        each.allotment_released ? " whose allotment is released" : "");
    }
    return text;
}

// `room`: what the change makes of the room, where it does; `made`: the draw that it makes.
std::string in_words(const SaleChange& change, const std::optional<RoomPolicy>& room,
                     const DrawSeed* made) {
    std::string text;
    const auto add = [&text](const std::string& part) {
        if (!text.empty()) text += "; ";
        text += part;
    };
    if (change.mode) add(fmt::format("sale: {}", mode_name(*change.mode)));
    if (room) add(in_words(*room));
    if (change.opens_at) add(fmt::format("opens at: {}", to_rfc3339(*change.opens_at)));
    if (made != nullptr) {
        add(fmt::format("draw: {}, SHA-256 of its seed {}", draw_algorithm,
                        to_hex(commitment_of(*made))));
    }
    return text.empty() ? "nothing" : text;
}

// A line is drawn when the sale opens, so that must be to come: of those who wait at a sale that is
// open somebody is the first already.
Result<void> check_draw(const Sale& sale, const RoomPolicy& room, const SaleChange& change,
                        Time now) {
    const bool was_set = sale.room && sale.room->draw;
    const bool is_drawn = sale.draw && sale.draw->drawn_at;
    if (!room.draw || was_set || is_drawn) return {};
    const std::optional<Time> opens_at = change.opens_at ? change.opens_at : sale.opens_at;
    if (!opens_at) {
        return room_refusal("draw", "missing",
                            "a draw takes place when the sale opens: give opens_at too");
    }
    if (*opens_at > now) return {};
    return room_refusal("draw", "out_of_range",
                        fmt::format("the sale has opened at {}, and its line cannot be drawn any "
                                    "more",
                                    to_rfc3339(*opens_at)));
}

// Places name their class by where it stands in the list, for ever.
Result<void> check_classes(const Sale& sale, const RoomPolicy& room) {
    if (!sale.room) return {};
    const std::vector<RoomClass> before = classes_of(*sale.room);
    const std::vector<RoomClass> after = classes_of(room);
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (i < after.size() && after[i].name == before[i].name) continue;
        return room_refusal(fmt::format("classes/{}", i), "out_of_range",
                            fmt::format("must stay \"{}\": people hold places in the classes that "
                                        "there are; weights may change, and others be added after "
                                        "the last",
                                        before[i].name));
    }
    return {};
}

void apply_room(Sale& sale, const RoomPolicy& room, Time now) {
    const bool same_custom = sale.room && sale.room->custom == room.custom;
    sale.policy_state = carried_over(sale.policy_state, same_custom, now, room.closed_loop);
    sale.room = room;
}

// --- Places and passes ---------------------------------------------------------------------------

TokenStatus status_of(const Pass& pass, Time now) {
    switch (pass.status_at(now)) {
        case PassStatus::admitted:
            return TokenStatus::admitted;
        case PassStatus::spent:
            return TokenStatus::spent;
        case PassStatus::expired:
            return TokenStatus::expired;
        case PassStatus::left:
            return TokenStatus::left;
    }
    CONCERTRES_ASSERT(false && "no such status");
    return {};
}

PlaceNumber apply_join(JoinRows& rows, const JoinFacts& facts) {
    CONCERTRES_ASSERT(rows.line.concert == facts.concert);
    CONCERTRES_ASSERT(rows.line.epoch >= 0 && rows.line.epoch < PlaceNumber::epochs_max);
    CONCERTRES_ASSERT(rows.line.next_sequence >= 1 &&
                      rows.line.next_sequence < PlaceNumber::sequences_max);
    const PlaceNumber number = PlaceNumber::of({.line_class = rows.line.line_class,
                                                .epoch = rows.line.epoch,
                                                .sequence = rows.line.next_sequence++});
    rows.made = Place{.concert = facts.concert,
                      .number = number,
                      .user = facts.user,
                      .user_id = facts.user_id,
                      .status = PlaceStatus::waiting,
                      .joined_at = facts.now};
    rows.member = Member{.concert = facts.concert, .user = facts.user, .latest = number};
    return number;
}

void add_pass_event(Sale& sale, const Pass& pass, EventKind kind, Time now,
                    std::vector<Event>& events, std::string_view actor = {}) {
    Event event{.kind = kind,
                .at = now,
                .user = pass.user_id,
                .place = pass.number,
                .actor = std::string(actor)};
    if (pass.status == PassStatus::admitted) event.pass_expires_at = pass.expires_at;
    sale.number(event);
    events.push_back(std::move(event));
}

void end_pass(Sale& sale, Pass& pass, PassStatus status, Time now, std::vector<Event>& events) {
    CONCERTRES_ASSERT(sale.concert == pass.concert);
    CONCERTRES_ASSERT(pass.status == PassStatus::admitted);
    pass.status = status;
    add_pass_event(sale, pass,
                   status == PassStatus::left ? EventKind::pass_left : EventKind::pass_expired, now,
                   events);
}

}  // namespace

// --- The sale ------------------------------------------------------------------------------------

std::string_view sale_name(SaleState state) noexcept {
    switch (state) {
        case SaleState::scheduled:
            return "scheduled";
        case SaleState::open:
            return "open";
        case SaleState::paused:
            return "paused";
        case SaleState::draining:
            return "draining";
        case SaleState::sold_out:
            return "sold_out";
        case SaleState::closed:
            return "closed";
    }
    return "unknown";
}

void Sale::number(Event& event) {
    CONCERTRES_ASSERT(event.number == 0);
    event.stream = {StreamKind::room, concert.value};
    event.number = next_event++;
}

SaleState state_of(const Sale& sale, const SeatCounts& counts, Time now) {
    if (sale.mode == SaleMode::closed || counts.total() == 0) return SaleState::closed;
    if (sale.mode == SaleMode::draining) return SaleState::draining;
    if (sale.mode == SaleMode::paused) return SaleState::paused;
    if (is_before_opening(sale, now)) return SaleState::scheduled;
    if (counts.free == 0 && counts.held == 0) return SaleState::sold_out;
    return SaleState::open;
}

Result<void> check_holdable(const Sale& sale, Time starts_at, Time now) {
    // Not by state_of: a sale that is paused or drained before it opens is not open either.
    if (sale.mode != SaleMode::closed && is_before_opening(sale, now)) {
        return refusal(Errc::sale_not_open,
                       fmt::format("the sale opens at {}", to_rfc3339(*sale.opens_at)));
    }
    if (sale.mode == SaleMode::closed) return refusal(Errc::sale_closed, "the sale is closed");
    if (starts_at <= now) {
        return refusal(Errc::sale_closed,
                       fmt::format("the performance started at {}", to_rfc3339(starts_at)));
    }
    return {};
}

Result<Event> change_sale(Sale& sale, const SaleChange& change, const DrawSeed& seed, Time now) {
    CONCERTRES_ASSERT(!is_draw_due(sale, now));
    std::optional<RoomPolicy> room = change.room;
    if (change.patch) {
        room = change.patch->applied_to(room ? *room : sale.room.value_or(RoomPolicy{}));
    }
    if (room) {
        if (auto r = check(*room); !r) return r.error();
        if (auto r = check_classes(sale, *room); !r) return r.error();
        if (auto r = check_draw(sale, *room, change, now); !r) return r.error();
        apply_room(sale, *room, now);
    }
    if (change.mode) sale.mode = *change.mode;
    if (change.opens_at) sale.opens_at = change.opens_at;
    const bool makes_draw = sale.room && sale.room->draw && !sale.draw;
    if (makes_draw) sale.draw = DrawState{.seed = seed, .drawn_at = {}};
    Event event{.kind = EventKind::sale_changed,
                .at = now,
                .actor = change.actor,
                .detail = in_words(change, room, makes_draw ? &seed : nullptr)};
    sale.number(event);
    return event;
}

// --- Places and passes ---------------------------------------------------------------------------

Result<void> check_admitted(const Standing& standing, UserKey user, Time now) {
    if (!standing.has_room) return {};
    const bool own = standing.pass ? standing.pass->user == user
                                   : standing.place && standing.place->user == user;
    if (!own) {
        return refusal(Errc::not_admitted, "the user has no such place in this waiting room");
    }
    switch (status_of(standing, now)) {
        case TokenStatus::waiting:
            return refusal(Errc::not_admitted, "the place is still waiting");
        case TokenStatus::admitted:
            return {};
        case TokenStatus::expired:
            CONCERTRES_ASSERT(standing.pass);
            return refusal(Errc::pass_expired, fmt::format("the pass ended at {}",
                                                           to_rfc3339(standing.pass->expires_at)));
        case TokenStatus::spent:
            return refusal(Errc::pass_spent, "a payment has spent the pass");
        case TokenStatus::left:
            if (!standing.pass && standing.place->is_lost()) {
                return refusal(Errc::pass_left,
                               fmt::format("the place is lost: its turn came at {}, and nobody "
                                           "asked for it until its grace was over",
                                           to_rfc3339(*standing.place->passed_at)));
            }
            return refusal(Errc::pass_left, "the place was given up");
    }
    CONCERTRES_ASSERT(false && "no such status");
    return {};
}

std::string_view token_status_name(TokenStatus status) noexcept {
    switch (status) {
        case TokenStatus::waiting:
            return "waiting";
        case TokenStatus::admitted:
            return "admitted";
        case TokenStatus::spent:
            return "spent";
        case TokenStatus::expired:
            return "expired";
        case TokenStatus::left:
            return "left";
    }
    return "unknown";
}

TokenStatus status_of(const Standing& standing, Time now) {
    if (!standing.has_room) return TokenStatus::admitted;
    if (standing.pass) return status_of(*standing.pass, now);
    CONCERTRES_ASSERT(standing.place && standing.place->status != PlaceStatus::admitted);
    return standing.place->waits() ? TokenStatus::waiting : TokenStatus::left;
}

bool awaits_draw(const Sale& sale) {
    return sale.room && sale.room->draw && sale.draw && !sale.draw->drawn_at;
}

bool is_draw_due(const Sale& sale, Time now) {
    return awaits_draw(sale) && !is_before_opening(sale, now);
}

Line new_line(const Line& first, LineClass line_class) {
    CONCERTRES_ASSERT(first.line_class == 0 && line_class > 0);
    return {.concert = first.concert, .line_class = line_class, .epoch = first.epoch};
}

Drawn draw_of(const Line& line) {
    return {.line_class = line.line_class,
            .epoch = line.epoch,
            .size = line.next_sequence - 1,
            .next_rank = 0};
}

void hold_draw(Sale& sale, std::span<Line> lines, Time now, std::vector<Event>& events) {
    CONCERTRES_ASSERT(is_draw_due(sale, now));
    sale.draw->drawn_at = now;
    for (Line& line : lines) {
        CONCERTRES_ASSERT(sale.concert == line.concert && !line.drawn);
        line.drawn = draw_of(line);
        Event event{.kind = EventKind::room_drawn, .at = now};
        event.draw = {.seed = sale.draw->seed,
                      .line_class = line.line_class,
                      .epoch = line.drawn->epoch,
                      .size = line.drawn->size};
        sale.number(event);
        events.push_back(std::move(event));
    }
}

Result<void> check_joinable(const JoinFacts& facts) {
    if (facts.state == SaleState::sold_out && !facts.waiting_list) {
        return refusal(Errc::sold_out, "all seats are sold");
    }
    if (facts.state == SaleState::draining || facts.state == SaleState::closed) {
        return refusal(Errc::room_closed, "this waiting room takes nobody any more");
    }
    if (facts.waiting >= facts.waiting_max) {
        return refusal(Errc::room_full,
                       fmt::format("{} people wait already, as many as may", facts.waiting));
    }
    return {};
}

Result<PlaceNumber> join(JoinRows& rows, const JoinFacts& facts) {
    if (rows.member) {
        CONCERTRES_ASSERT(rows.latest.has_room && (rows.latest.place || rows.latest.pass));
        const TokenStatus status = status_of(rows.latest, facts.now);
        const bool is_live = status == TokenStatus::waiting || status == TokenStatus::admitted;
        if (is_live || !facts.again) return rows.member->latest;
    }
    if (auto r = check_joinable(facts); !r) return r.error();
    return apply_join(rows, facts);
}

Pass admit(Sale& sale, Place& place, const PassTerms& terms, Time now, std::vector<Event>& events,
           std::string_view actor) {
    CONCERTRES_ASSERT(sale.concert == place.concert);
    CONCERTRES_ASSERT(place.waits());
    place.status = PlaceStatus::admitted;
    Pass pass{.concert = place.concert,
              .number = place.number,
              .user = place.user,
              .user_id = place.user_id,
              .status = PassStatus::admitted,
              .admitted_at = now,
              .expires_at = now + std::min(terms.ttl, terms.max),
              .ceiling = now + terms.max,
              .held = {}};
    add_pass_event(sale, pass, EventKind::pass_admitted, now, events, actor);
    return pass;
}

Result<void> check_admit_by_hand(const Sale& sale, const SeatCounts& counts, Time now) {
    const SaleState state = state_of(sale, counts, now);
    if (state == SaleState::closed) {
        return refusal(Errc::room_closed, "the sale is closed, and nobody is let in any more");
    }
    if (is_before_opening(sale, now)) {
        return refusal(Errc::sale_not_open,
                       fmt::format("the sale opens at {}", to_rfc3339(*sale.opens_at)));
    }
    if (counts.free == 0 && counts.held == 0) {
        return refusal(Errc::sold_out, "all seats are sold: there is nothing to let anybody in to");
    }
    return {};
}

Error full_room(const Sale& sale, const RoomSnapshot& room) {
    CONCERTRES_ASSERT(sale.room);
    return refusal(
        Errc::room_full,
        fmt::format("{} are in, {} seats are free, and the room lets in nobody more just now "
                    "({}): raise what limits it, or try again when somebody has left",
                    room.admitted, room.seats_free, in_words(*sale.room)));
}

void expire(Sale& sale, Pass& pass, Time now, std::vector<Event>& events) {
    CONCERTRES_ASSERT(pass.status_at(now) == PassStatus::expired);
    end_pass(sale, pass, PassStatus::expired, now, events);
}

void give_back(Sale& sale, Pass& pass, Time now, std::vector<Event>& events) {
    CONCERTRES_ASSERT(pass.status_at(now) == PassStatus::admitted);
    end_pass(sale, pass, PassStatus::left, now, events);
}

// --- What people are told ------------------------------------------------------------------------

Duration poll_after(std::int64_t ahead, std::optional<Duration> eta, double jitter) {
    // Spread by a fifth either way, these give 1 s to 60 s: the bounds are spread as well.
    constexpr Duration least = std::chrono::milliseconds(1'250);
    constexpr Duration most = std::chrono::seconds(50);
    // Where nobody is admitted just now, no wait is known: as if ten a second were.
    constexpr std::int64_t assumed_per_second = 10;

    CONCERTRES_ASSERT(jitter >= 0 && jitter < 1);
    const std::int64_t people = std::clamp<std::int64_t>(ahead, 0, 1'000'000'000);
    const Duration wait = eta.value_or(std::chrono::seconds(people / assumed_per_second));
    const Duration base = std::clamp(wait / 10, least, most);
    return Duration(
        static_cast<std::int64_t>(static_cast<double>(base.count()) * (0.8 + 0.4 * jitter)));
}

Duration poll_after_draw(std::int64_t waiting, Duration until, double jitter) {
    constexpr Duration at_most = std::chrono::seconds(50);
    constexpr std::int64_t per_second = 20'000;

    CONCERTRES_ASSERT(jitter >= 0 && jitter < 1);
    const auto times = [](Duration duration, double factor) {
        return Duration(static_cast<std::int64_t>(static_cast<double>(duration.count()) * factor));
    };
    if (until > at_most) return times(at_most, 0.8 + 0.4 * jitter);
    // A second for the draw itself, which a tick makes.
    const Duration spread = std::clamp<Duration>(std::chrono::seconds(waiting / per_second),
                                                 std::chrono::seconds(2), std::chrono::seconds(30));
    return std::max(until, Duration(0)) + std::chrono::seconds(1) + times(spread, jitter);
}

}  // namespace concertres

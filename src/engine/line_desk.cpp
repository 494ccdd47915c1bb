#include "engine/line_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <tuple>
#include <utility>

#include "engine/query_work.hpp"

namespace concertres {

namespace {

using Kind = LineFault::Kind;

bool is_away(const LineFault& fault) {
    return fault.kind == Kind::away || fault.kind == Kind::unknown;
}

}  // namespace

Error LineDesk::unreachable(const LineFault& fault) {
    return {Errc::storage_unavailable,
            fault.detail.empty()
                ? std::string("the waiting room's line cannot be asked just now; no place is lost, "
                              "try again shortly")
                : fmt::format("the waiting room's line cannot be asked just now ({}); no place is "
                              "lost, try again shortly",
                              fault.detail),
            {}};
}

Error LineDesk::draining() { return {Errc::draining, "the box office is stopping", {}}; }

LineDesk::LineDesk(LineStore& line, const QueryContext& queries,
                   std::function<void(std::unique_ptr<Work>)> submit)
    : line_(line), queries_(queries), submit_(std::move(submit)) {}

// --- What it works with ------------------------------------------------------------------------

const CatalogConcert& LineDesk::concert_of(const ConcertId& id) const {
    const CatalogConcert* concert = queries_.catalog->find(id);
    CONCERTRES_ASSERT(concert != nullptr);
    return *concert;
}

LineDesk::Room& LineDesk::room(ConcertKey concert) const {
    std::lock_guard lock(rooms_mutex_);
    auto& room = rooms_[concert.value];
    if (!room) room = std::make_unique<Room>();
    return *room;
}

// The later of what the board has heard and what storage has said here.
std::optional<Board::Outside> LineDesk::outside(ConcertKey concert) const {
    const auto shown = queries_.board->outside(concert);
    Room& at = room(concert);
    std::lock_guard lock(at.mutex);
    const auto order = [](const Board::Outside& outside) {
        return std::tuple(outside.epoch, outside.closed_until, !outside.is_unused);
    };
    if (shown && (!at.known || order(*shown) > order(*at.known))) at.known = shown;
    return at.known;
}

LineRoom LineDesk::line_room(const CatalogConcert& concert, const Board::Outside& at) {
    return {.concert = concert.concert.id, .epoch = at.epoch};
}

bool LineDesk::keeps(const ConcertId& id) const {
    const CatalogConcert* concert = queries_.catalog->find(id);
    if (concert == nullptr) return false;
    if (outside(concert->concert.key)) return true;
    if (!queries_.board->may_leave_storage(concert->concert.key)) return false;
    Room& at = room(concert->concert.key);
    std::lock_guard lock(at.mutex);
    return !at.is_in_storage;
}

void LineDesk::wait_until_idle() {
    std::unique_lock lock(idle_mutex_);
    idle_.wait(lock, [this] { return under_way_ == 0; });
}

// --- What the line lacks -----------------------------------------------------------------------

void LineDesk::mend(Attempt& attempt, const Board::Outside& at, const LineFault& fault,
                    Waiting waiting) {
    const CatalogConcert& concert = *attempt.concert;
    if (fault.kind == Kind::full) {
        return waiting.refuse(
            {Errc::room_full,
             fmt::format("{} people wait already, as many as may", queries_.options->waiting_max),
             {}});
    }
    if (!is_away(fault) && attempt.left-- > 0) {
        if (fault.kind == Kind::no_numbers) {
            return extend(concert, at, attempt.line_class, std::move(waiting));
        }
        return raise(concert,
                     {.concert = concert.concert.id,
                      .from = at.epoch,
                      .above = fault.epoch,
                      .was_unused = at.is_unused},
                     std::move(waiting));
    }
    waiting.refuse(unreachable(fault));
}

void LineDesk::miss(const CatalogConcert& concert) {
    Room& at = room(concert.concert.key);
    std::lock_guard lock(at.mutex);
    at.was_missed = true;
}

bool LineDesk::wait_for(Room& room, std::optional<Mending>& mending, Waiting waiting) {
    {
        std::lock_guard lock(room.mutex);
        const bool is_first = !mending;
        if (is_first) mending.emplace(Mending{.since = now()});
        const bool is_late = now() - mending->since > queries_.options->request_timeout;
        if (!is_late && mending->waiting.size() < queries_.options->inbox_max) {
            mending->waiting.push_back(std::move(waiting));
            return is_first;
        }
    }
    waiting.refuse(
        {Errc::overloaded, "too many wait for this waiting room; try again shortly", {}});
    return false;
}

void LineDesk::end(Room& room, std::optional<Mending>& mending,
                   const std::optional<Error>& refused) {
    std::vector<Waiting> waiting;
    {
        std::lock_guard lock(room.mutex);
        waiting.swap(mending.value().waiting);
        mending.reset();
    }
    for (const Waiting& each : waiting) refused ? each.refuse(*refused) : each.retry();
}

void LineDesk::refuse_late(Room& room) {
    std::vector<Waiting> late;
    {
        std::lock_guard lock(room.mutex);
        const auto take = [&](std::optional<Mending>& mending) {
            if (!mending || now() - mending->since <= queries_.options->request_timeout) return;
            std::ranges::move(mending->waiting, std::back_inserter(late));
            mending->waiting.clear();
        };
        take(room.raising);
        for (auto& [line_class, extending] : room.extending) take(extending);
    }
    for (const Waiting& each : late) {
        each.refuse({Errc::request_timeout,
                     "the waiting room's line was not ready in time; try again",
                     {}});
    }
}

void LineDesk::raise(const CatalogConcert& concert, const RaiseEpoch& raise, Waiting waiting) {
    Room& at = room(concert.concert.key);
    const bool is_soon = [&] {
        std::lock_guard lock(at.mutex);
        return now() < at.raise_after;
    }();
    if (is_soon) return waiting.refuse(unreachable({}));
    if (wait_for(at, at.raising, std::move(waiting))) send_raise(concert, raise, 2);
}

void LineDesk::send_raise(const CatalogConcert& concert, const RaiseEpoch& raise, int tries) {
    command(raise, [this, &concert, tries](AnswerTo<RaiseEpoch> answer) {
        if (!answer) return raised(concert, answer.error());
        {
            Room& of = room(concert.concert.key);
            std::lock_guard lock(of.mutex);
            of.is_in_storage = !answer->outside;
            if (answer->outside) of.known = answer->outside;
        }
        // In an epoch that numbers are given in, it has been begun, and what it has lost since
        // would go unnoticed.
        if (!answer->outside || !answer->outside->is_unused) return raised(concert, std::nullopt);
        begin(concert, *answer->outside, tries);
    });
}

// Also where another instance is about to: to begin an epoch again does nothing.
void LineDesk::begin(const CatalogConcert& concert, const Board::Outside& at, int tries) {
    {
        Room& of = room(concert.concert.key);
        std::lock_guard lock(of.mutex);
        of.is_erased = false;
    }
    auto begun = [this, &concert, at, tries](LineAnswer<LineDid> did) {
        if (did) return raised(concert, std::nullopt);
        if (!is_away(did.fault()) && tries > 0) {
            return send_raise(
                concert,
                {.concert = concert.concert.id, .from = at.epoch, .above = did.fault().epoch},
                tries - 1);
        }
        {
            // Storage is not asked again and again what the line then cannot do.
            Room& of = room(concert.concert.key);
            std::lock_guard lock(of.mutex);
            of.raise_after = now() + std::chrono::seconds(1);
        }
        raised(concert, unreachable(did.fault()));
    };
    line_.begin(line_room(concert, at), then<LineDid>(std::move(begun)));
}

void LineDesk::raised(const CatalogConcert& concert, const std::optional<Error>& refused) {
    Room& at = room(concert.concert.key);
    end(at, at.raising, refused);
}

void LineDesk::extend(const CatalogConcert& concert, const Board::Outside& at, LineClass line_class,
                      Waiting waiting) {
    Room& of = room(concert.concert.key);
    std::optional<Mending>& extending = [&]() -> std::optional<Mending>& {
        std::lock_guard lock(of.mutex);
        return of.extending[line_class];
    }();
    if (!wait_for(of, extending, std::move(waiting))) return;
    const ReserveNumbers reserve{
        .concert = concert.concert.id, .epoch = at.epoch, .line_class = line_class};
    command(reserve, [this, &concert, &of, &extending, at](AnswerTo<ReserveNumbers> block) {
        if (!block) return end(of, extending, block.error());
        if (!*block) return end(of, extending, std::nullopt);
        auto extended = [&of, &extending](LineAnswer<LineDid> did) {
            end(of, extending,
                did || !is_away(did.fault()) ? std::nullopt
                                             : std::optional(unreachable(did.fault())));
        };
        line_.extend(line_room(concert, at), **block, then<LineDid>(std::move(extended)));
    });
}

}  // namespace concertres

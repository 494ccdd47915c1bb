#include "engine/line_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
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
        return std::pair(outside.epoch, outside.closed_until);
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
                     {.concert = concert.concert.id, .from = at.epoch, .above = fault.epoch},
                     std::move(waiting));
    }
    // Whoever could not come back just now is waited for.
    if (now() < at.closed_until) {
        command(
            RaiseEpoch{
                .concert = concert.concert.id, .why = RaiseEpoch::Why::unreached, .from = at.epoch},
            Done<RaiseEpoch>{});
    }
    waiting.refuse(unreachable(fault));
}

void LineDesk::raise(const CatalogConcert& concert, const RaiseEpoch& raise, Waiting waiting) {
    Room& at = room(concert.concert.key);
    {
        std::lock_guard lock(at.mutex);
        const bool is_under_way = at.raising.has_value();
        if (!is_under_way) at.raising.emplace();
        at.raising->push_back(std::move(waiting));
        if (is_under_way) return;
    }
    command(raise, [this, &concert](AnswerTo<RaiseEpoch> answer) {
        if (!answer) return raised(concert, answer.error());
        Room& of = room(concert.concert.key);
        if (!*answer) {
            {
                std::lock_guard lock(of.mutex);
                of.is_in_storage = true;
            }
            return raised(concert, std::nullopt);
        }
        {
            std::lock_guard lock(of.mutex);
            of.known = **answer;
        }
        begin(concert, **answer);
    });
}

// Also where another instance has raised it, and is about to: to begin an epoch again does nothing.
void LineDesk::begin(const CatalogConcert& concert, const Board::Outside& at) {
    line_.begin(line_room(concert, at), then<LineDid>([this, &concert](LineAnswer<LineDid> begun) {
                    raised(concert, begun || !is_away(begun.fault())
                                        ? std::nullopt
                                        : std::optional(unreachable(begun.fault())));
                }));
}

void LineDesk::raised(const CatalogConcert& concert, const std::optional<Error>& refused) {
    std::vector<Waiting> waiting;
    Room& at = room(concert.concert.key);
    {
        std::lock_guard lock(at.mutex);
        waiting.swap(at.raising.value());
        at.raising.reset();
    }
    for (const Waiting& each : waiting) refused ? each.refuse(*refused) : each.retry();
}

void LineDesk::extend(const CatalogConcert& concert, const Board::Outside& at, LineClass line_class,
                      Waiting waiting) {
    Room& of = room(concert.concert.key);
    {
        std::lock_guard lock(of.mutex);
        const auto [line, is_first] = of.extending.try_emplace(line_class);
        line->second.push_back(std::move(waiting));
        if (!is_first) return;
    }
    const ReserveNumbers reserve{
        .concert = concert.concert.id, .epoch = at.epoch, .line_class = line_class};
    command(reserve, [this, &concert, at, line_class](AnswerTo<ReserveNumbers> block) {
        if (!block) return extended(concert, line_class, block.error());
        if (!*block) return extended(concert, line_class, std::nullopt);
        line_.extend(line_room(concert, at), **block,
                     then<LineDid>([this, &concert, line_class](LineAnswer<LineDid> did) {
                         extended(concert, line_class,
                                  did || !is_away(did.fault())
                                      ? std::nullopt
                                      : std::optional(unreachable(did.fault())));
                     }));
    });
}

void LineDesk::extended(const CatalogConcert& concert, LineClass line_class,
                        const std::optional<Error>& refused) {
    Room& of = room(concert.concert.key);
    std::vector<Waiting> waiting;
    {
        std::lock_guard lock(of.mutex);
        waiting = std::move(of.extending.extract(line_class).mapped());
    }
    for (const Waiting& each : waiting) refused ? each.refuse(*refused) : each.retry();
}

}  // namespace concertres

// What the board shows of lines that a LineStore keeps.
#include <algorithm>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <utility>

#include "engine/board.hpp"

namespace concertres {

std::int64_t Board::waiting_in(const Room& room) {
    const auto& outside = room.crowd.waiting;
    return room.outside ? std::accumulate(outside.begin(), outside.end(), std::int64_t{0})
                        : room.line.size();
}

std::int64_t Board::waiting_in(const Room& room, LineClass line_class) {
    if (!room.outside) return room.line.size(line_class);
    const auto at = static_cast<std::size_t>(line_class);
    return at < room.crowd.waiting.size() ? room.crowd.waiting[at] : 0;
}

std::optional<Board::Outside> Board::outside(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    return room(concert).outside;
}

bool Board::may_leave_storage(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    return at.sale.room && !at.sale.room->draw && !at.sale.draw && !at.was_joined;
}

void Board::note_crowd(ConcertKey concert, Crowd crowd) {
    std::unique_lock lock(mutex_);
    room(concert).crowd = std::move(crowd);
}

void Board::note_one(ConcertKey concert, LineClass line_class, std::int64_t more) {
    std::unique_lock lock(mutex_);
    auto& waiting = room(concert).crowd.waiting;
    const auto at = static_cast<std::size_t>(line_class);
    if (waiting.size() <= at) waiting.resize(at + 1);
    waiting[at] = std::max<std::int64_t>(0, waiting[at] + more);
}

JoinFacts Board::join_facts(ConcertKey concert, LineClass line_class, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    return {.concert = concert,
            .state = state_of(at.sale, counts_to_come(at, line_class, now), now),
            .waiting_list = at.sale.room.value().waiting_list,
            .waiting = waiting_in(at),
            .waiting_max = INT64_MAX,
            .now = now};
}

void Board::follow_furthest(Room& room, PlaceNumber admitted) {
    PlaceNumber& furthest = room.furthest[admitted.line_class()];
    furthest = std::max(furthest, admitted);
}

bool Board::is_beyond_all(PlaceKey place) const {
    std::shared_lock lock(mutex_);
    const auto& furthest = room(place.concert).furthest;
    const auto at = furthest.find(place.number.line_class());
    return at == furthest.end() || place.number > at->second;
}

bool Board::is_over(const Room& room, Time now) {
    return std::ranges::none_of(room.performances,
                                [now](const auto& each) { return each.second > now; });
}

bool Board::is_over(ConcertKey concert, Time now) const {
    std::shared_lock lock(mutex_);
    return is_over(room(concert), now);
}

SaleState Board::state(ConcertKey concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    return state_of(at.sale, counts_to_come(at, now), now);
}

bool Board::needs_tick(ConcertKey concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    if (at.sale.room && at.sale.room->closed_loop && !at.admitted.empty()) return true;
    return std::ranges::any_of(at.admitted,
                               [now](const auto& in) { return in.second.expires_at <= now; });
}

std::optional<NoShows> Board::no_shows(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    const auto& policy = room(concert).sale.room;
    return policy ? policy->no_shows : std::nullopt;
}

std::optional<RoomPolicy> Board::policy(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    return room(concert).sale.room;
}

void Board::follow_outside(Room& room, const Line& line) {
    room.was_joined = room.was_joined || line.line_class > 0 || line.next_sequence > 1;
    std::optional<Outside>& outside = room.outside;
    const bool is_known = outside && outside->epoch == line.epoch;
    if (line.closed_until) {
        outside = {line.epoch, *line.closed_until, is_known ? outside->is_unused : true};
    }
    if (outside && outside->epoch == line.epoch && line.next_sequence > 1) {
        outside->is_unused = false;
    }
}

void Board::fill(const CatalogConcert& concert, const LinePlace& place, Time now,
                 PlaceView& view) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    view.concert = concert.concert.id;
    fill_room(at, place.number, now, view);
    view.status = TokenStatus::waiting;
    view.pass_expires_at = std::nullopt;
    fill_position(at, place.ahead, now, view);
}

}  // namespace concertres

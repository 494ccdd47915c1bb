#include "engine/board.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <mutex>
#include <numeric>
#include <shared_mutex>

#include "base/random.hpp"
#include "concertres/assert.hpp"

namespace concertres {

namespace {

// Spreads polls; any well-mixed function of the number and the time will do.
double jitter_of(PlaceNumber number, Time now) {
    const auto mixed =
        (static_cast<std::uint64_t>(number.value) * 0x9e3779b97f4a7c15u) ^
        (static_cast<std::uint64_t>(now.time_since_epoch().count()) * 0xc2b2ae3d27d4eb4fu);
    return static_cast<double>((mixed ^ (mixed >> 29)) >> 40) / static_cast<double>(1 << 24);
}

bool admits(const Sale& sale) {
    return sale.mode == SaleMode::open || sale.mode == SaleMode::draining;
}

// How many of those who stand first the next ticks let in, as long as they do: not more than they
// can in a second or two, and 0 where that goes by more than how many are in.
std::int64_t turns_of(const RoomPolicy& room, std::int64_t admitted) {
    constexpr std::int64_t turns_max = 8 * RoomLine::batch;
    const bool goes_by_more = room.window || room.closed_loop || room.waiting_list ||
                              !room.custom.empty() || !room.classes.empty();
    return goes_by_more ? 0 : std::min(turns_max, room.active_max.value_or(INT64_MAX) - admitted);
}

}  // namespace

Board::Board(const Catalog& catalog, Duration load_stale)
    : catalog_(&catalog), load_stale_(load_stale) {
    std::array<std::uint8_t, sizeof salt_> bytes{};
    fill_random(bytes);
    std::memcpy(&salt_, bytes.data(), sizeof salt_);
    salt_ |= 1;
}

LineIndex::Owner Board::owner(const UserId& user) const {
    const std::uint64_t mixed = (std::hash<Uuid>{}(user.uuid) ^ salt_) * salt_;
    return static_cast<LineIndex::Owner>(mixed >> 32);
}

const Board::Room& Board::room(ConcertKey concert) const {
    auto at = rooms_.find(concert.value);
    CONCERTRES_ASSERT(at != rooms_.end());
    return at->second;
}

Board::Room& Board::room(ConcertKey concert) {
    return const_cast<Room&>(std::as_const(*this).room(concert));
}

bool Board::Inside::is_seeking(Time now) const {
    return std::ranges::none_of(holds, [now](const auto& hold) { return hold.second > now; });
}

void Board::follow_hold(const Reservation& reservation) {
    Room& at = room(reservation.concert);
    const auto inside = at.admitted.find(reservation.place.value);
    if (inside == at.admitted.end()) return;
    auto& holds = inside->second.holds;
    std::erase_if(holds, [&](const auto& hold) { return hold.first == reservation.row; });
    if (reservation.status == ReservationStatus::held) {
        holds.emplace_back(reservation.row, reservation.held_until);
    }
}

void Board::follow_draw(Room& room, const Line& line) {
    if (!line.drawn) return;
    CONCERTRES_ASSERT(room.sale.draw.has_value());
    room.drawn[line.line_class] = *line.drawn;
    if (room.line.is_drawn(line.line_class)) return;
    room.line.draw(room.sale.draw->seed, *line.drawn);
    room.passed->reorder([&](PlaceNumber number) { return room.line.standing_of(number); });
}

// Numbers that other instances gave and of which nothing has been heard yet: whoever has one waits,
// as far as is known here, or a position would grow once that is heard.
void Board::follow_given(Room& room, const Line& line, Time now) {
    const auto known = room.given.find(line.line_class);
    if (known == room.given.end() || room.outside) return;
    Given& given = known->second;
    if (given.epoch != line.epoch) given = {line.epoch, 1};
    for (; given.next < line.next_sequence; ++given.next) {
        room.line.add(PlaceNumber::of({line.line_class, line.epoch, given.next}), {}, now);
    }
}

void Board::follow_place(Room& room, const Place& place) const {
    if (!place.waits()) {
        room.line.remove(place.number);
        room.passed->remove(place.number);
        return;
    }
    room.line.add(place.number, owner(place.user_id), place.joined_at);
    if (!place.passed_at) return;
    // Whoever asked while this was being committed is back.
    const bool is_back = room.line.heard(place.number) >= *place.passed_at;
    room.passed->add(place.number, room.line.standing_of(place.number), *place.passed_at, is_back);
}

void Board::apply(const ChangeSet& changes) {
    std::unique_lock lock(mutex_);
    for (const auto& [sale, version] : changes.rows.of<Sale>()) {
        Room& at = room(sale.concert);
        if (at.sale.mode != sale.mode || at.sale.room != sale.room) at.rates.clear();
        at.sale = sale;
    }
    // Before the places: who joins with the commit that draws is not among those drawn.
    for (const auto& [line, version] : changes.rows.of<Line>()) {
        follow_outside(room(line.concert), line);
        follow_draw(room(line.concert), line);
        follow_given(room(line.concert), line, changes.at);
    }
    for (const auto& [state, version] : changes.rows.of<PerformanceState>()) {
        counts_[state.performance.value] = state.counts;
    }
    allotted_.apply(changes);
    for (const auto& [place, version] : changes.rows.of<Place>()) {
        follow_place(room(place.concert), place);
    }
    for (const auto& [pass, version] : changes.rows.of<Pass>()) {
        Room& at = room(pass.concert);
        follow_furthest(at, pass.number);
        if (pass.status == PassStatus::admitted) {
            Inside& inside = at.admitted[pass.number.value];
            inside.user = pass.user_id;
            inside.expires_at = pass.expires_at;
        } else {
            at.admitted.erase(pass.number.value);
        }
    }
    for (const auto& [reservation, version] : changes.rows.of<Reservation>()) {
        follow_hold(reservation);
    }
    note_admissions(changes);
}

// A commit may let in many, of several lines: the rate of each is worked out once.
void Board::note_admissions(const ChangeSet& changes) {
    std::vector<AdmissionRate*> noted;
    for (const auto& [pass, version] : changes.rows.of<Pass>()) {
        if (version != 1) continue;
        AdmissionRate& rate = room(pass.concert).rates[pass.number.line_class()];
        rate.note(pass.admitted_at);
        if (std::ranges::find(noted, &rate) == noted.end()) noted.push_back(&rate);
    }
    for (AdmissionRate* rate : noted) rate->settle();
}

SeatCounts Board::counts_to_come(const Room& room, Time now) const {
    SeatCounts sum;
    for (const auto& [performance, starts_at] : room.performances) {
        if (starts_at > now) sum += counts_.at(performance.value);
    }
    return sum;
}

SeatCounts Board::counts_to_come(const Room& room, LineClass line_class, Time now) const {
    SeatCounts sum = counts_to_come(room, now);
    for (const auto& [performance, starts_at] : room.performances) {
        if (starts_at <= now || !allotted_.has(performance)) continue;
        for (const LineClass other : kept_for_others(room.sale.room, line_class)) {
            sum -= allotted_.counts(performance, other);
        }
    }
    return sum;
}

void Board::fill_eta(const Room& room, PlaceNumber number, Time now, PlaceView& view) {
    // While nobody is let in, what was so before says nothing.
    if (view.sale != SaleState::open && view.sale != SaleState::draining) return;
    const auto rate = room.rates.find(number.line_class());
    if (rate == room.rates.end()) return;
    const auto range = rate->second.until(*view.ahead + 1, now);
    if (!range) return;
    view.eta_min = range->min;
    view.eta_max = range->max;
    view.eta = range->min + (range->max - range->min) / 2;
}

void Board::fill_room(const Room& room, PlaceNumber number, Time now, PlaceView& view) const {
    const SeatCounts counts = counts_to_come(room, number.line_class(), now);
    view.number = number;
    view.sale = state_of(room.sale, counts, now);
    view.seats_left = counts.free;
    view.seats_held = counts.held;
    view.now = now;
    view.position = view.ahead = std::nullopt;
    view.eta = view.eta_min = view.eta_max = std::nullopt;
    view.poll_after = poll_after(0, std::nullopt, jitter_of(number, now));
    if (!room.sale.room) return;
    const auto& classes = room.sale.room->classes;
    const auto line_class = static_cast<std::size_t>(number.line_class());
    view.line_class = line_class < classes.size() ? classes[line_class].name : std::string();
}

void Board::fill_position(const Room& room, std::int64_t ahead, Time now, PlaceView& view) {
    view.ahead = ahead;
    view.position = ahead + 1;
    fill_eta(room, view.number, now, view);
    const double jitter = jitter_of(view.number, now);
    const auto admitted = static_cast<std::int64_t>(room.admitted.size());
    const Duration until = room.sale.opens_at.value_or(now) - now;
    const bool lets_in = (view.sale == SaleState::open || view.sale == SaleState::draining) &&
                         until <= Duration(0) &&
                         !(room.outside && now < room.outside->closed_until);
    const bool is_next = lets_in && ahead < turns_of(room.sale.room.value(), admitted);
    view.poll_after =
        is_next ? poll_after(0, std::nullopt, jitter) : poll_after(ahead, view.eta, jitter);
    if (until > Duration(0)) {
        view.poll_after =
            std::min(view.poll_after, poll_after_draw(waiting_in(room), until, jitter));
    }
}

bool Board::fill(const CatalogConcert& concert, PlaceNumber number, Time now,
                 PlaceView& view) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    view.concert = concert.concert.id;
    fill_room(at, number, now, view);
    if (!at.sale.room) {
        view.status = TokenStatus::admitted;
        view.number = {};
        view.position = view.ahead = 0;
        view.pass_expires_at = std::nullopt;
        return true;
    }
    if (at.line.contains(number)) {
        if (at.line.owner_of(number) != owner(view.user)) return false;
        at.line.hear(number, now);
        if (at.passed->contains(number)) at.passed->come_back(number);
        view.status = TokenStatus::waiting;
        view.pass_expires_at = std::nullopt;
        if (awaits_draw(at.sale)) {
            const Duration until = at.sale.opens_at.value_or(now) - now;
            view.poll_after = poll_after_draw(at.line.size(), until, jitter_of(number, now));
            return true;
        }
        fill_position(at, at.line.ahead_of(number), now, view);
        return true;
    }
    const auto pass = at.admitted.find(number.value);
    if (pass == at.admitted.end() || pass->second.user != view.user) return false;
    view.pass_expires_at = pass->second.expires_at;
    if (pass->second.expires_at <= now) {
        view.status = TokenStatus::expired;
    } else {
        view.status = TokenStatus::admitted;
        view.position = view.ahead = 0;
    }
    return true;
}

std::int64_t Board::waiting(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    return waiting_in(room(concert));
}

SeatCounts Board::allotted(PerformanceKey performance, LineClass line_class) const {
    std::shared_lock lock(mutex_);
    return allotted_.counts(performance, line_class);
}

Board::Insiders Board::insiders(ConcertKey concert, Time now) const {
    std::shared_lock lock(mutex_);
    Insiders found;
    for (const auto& [number, pass] : room(concert).admitted) {
        if (pass.expires_at <= now) continue;
        ++found.all;
        const LineClass line_class = PlaceNumber{number}.line_class();
        if (pass.is_seeking(now)) ++found.seeking[static_cast<std::size_t>(line_class)];
    }
    return found;
}

std::optional<DrawView> Board::draw(const CatalogConcert& concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    const Sale& sale = at.sale;
    const bool is_drawn = sale.draw && sale.draw->drawn_at;
    if (!is_drawn && !awaits_draw(sale)) return std::nullopt;
    DrawView view{.concert = concert.concert.id,
                  .commitment = commitment_of(sale.draw->seed),
                  .opens_at = sale.opens_at,
                  .drawn_at = sale.draw->drawn_at,
                  .now = now};
    if (!is_drawn) return view;
    view.seed = sale.draw->seed;
    const std::vector<RoomClass> classes = classes_of(sale.room.value_or(RoomPolicy{}));
    for (const auto& [line_class, drawn] : at.drawn) {
        view.lines.push_back({classes.at(static_cast<std::size_t>(line_class)).name, drawn});
    }
    return view;
}

ConcertView Board::view(const CatalogConcert& concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    ConcertView view;
    view.id = concert.concert.id;
    view.title = concert.concert.title;
    view.venue = concert.concert.venue;
    view.sale = state_of(at.sale, counts_to_come(at, now), now);
    view.opens_at = at.sale.opens_at;
    view.room = at.sale.room;
    view.waiting = waiting_in(at);
    if (at.sale.room) {
        const auto classes = static_cast<LineClass>(at.sale.room->classes.size());
        for (LineClass i = 0; i < classes; ++i) view.class_waiting.push_back(waiting_in(at, i));
    }
    view.passed_over = at.outside ? at.crowd.passed_over : at.passed->size();
    view.admitted = static_cast<std::int64_t>(at.admitted.size());
    view.loop = loop(at, now);
    view.seats = counts_to_come(at, Time::min());
    for (const CatalogPerformance& entry : concert.performances) {
        view.performances.push_back(entry.performance.id);
    }
    view.now = now;
    return view;
}

void Board::tell_signals(ConcertKey concert, Time now, RoomSnapshot& room) const {
    room.load = signals_.load(concert, now, load_stale_);
    room.commit_time = signals_.commit_time();
}

std::optional<LoopView> Board::loop(const Room& room, Time now) const {
    const auto admitted = static_cast<std::int64_t>(room.admitted.size());
    const auto limit = loop_limit(room.sale, admitted);
    if (!limit) return std::nullopt;
    LoopView view{.limit = *limit,
                  .load = signals_.load(room.sale.concert, now, load_stale_),
                  .commit_time = signals_.commit_time(),
                  .seats_per_pass = {}};
    if (admitted > 0) {
        const SeatCounts counts = counts_to_come(room, now);
        view.seats_per_pass =
            static_cast<double>(counts.free + counts.held) / static_cast<double>(admitted);
    }
    return view;
}

// --- Who is there --------------------------------------------------------------------------------

bool Board::is_silent(PlaceKey place, const NoShows& rule, Time now) const {
    const auto since = heard(place);
    return since && concertres::is_silent(rule, *since, now);
}

std::vector<News::Heard> Board::heard_since(Time since) const {
    std::shared_lock lock(mutex_);
    std::vector<News::Heard> heard;
    for (const auto& [key, at] : rooms_) {
        if (!at.sale.room || !at.sale.room->no_shows) continue;
        const LineIndex& line = at.line;
        const auto add = [&heard, &line, concert = ConcertKey{key}](PlaceNumber number) {
            heard.push_back({{concert, number}, line.heard(number)});
        };
        line.for_each_heard_since(since, add);
    }
    return heard;
}

void Board::hear(std::span<const News::Heard> heard) {
    std::unique_lock lock(mutex_);
    for (const auto& [place, at] : heard) {
        const auto found = rooms_.find(place.concert.value);
        if (found == rooms_.end() || !found->second.line.contains(place.number)) continue;
        found->second.line.hear(place.number, at);
        if (found->second.passed->contains(place.number)) {
            found->second.passed->come_back(place.number);
        }
    }
}

std::optional<Time> Board::heard(PlaceKey place) const {
    std::shared_lock lock(mutex_);
    const LineIndex& line = room(place.concert).line;
    return line.contains(place.number) ? std::optional(line.heard(place.number)) : std::nullopt;
}

std::vector<PlaceNumber> Board::back(ConcertKey concert, LineClass line_class, Time now,
                                     std::size_t limit) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    if (!at.sale.room || at.passed->size() == 0) return {};
    const auto& rule = at.sale.room->no_shows;
    return at.passed->back(line_class, limit, [&](PlaceNumber number) {
        const Time heard = at.line.heard(number);
        const bool is_away = rule && concertres::is_silent(*rule, heard, now);
        return is_away ? std::optional(heard) : std::nullopt;
    });
}

std::vector<PlaceNumber> Board::overdue(ConcertKey concert, Time now, std::size_t limit) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert);
    if (!at.sale.room || !at.sale.room->no_shows) return {};
    return at.passed->away(now - at.sale.room->no_shows->grace, limit);
}

std::optional<Time> Board::next_loss(const Room& room) {
    if (!room.sale.room || !room.sale.room->no_shows) return std::nullopt;
    const auto first = room.passed->first_away();
    if (!first) return std::nullopt;
    return *first + room.sale.room->no_shows->grace;
}

// --- When to tick --------------------------------------------------------------------------------

bool Board::is_busy(const Room& room) {
    if (!room.sale.room || !admits(room.sale)) return false;
    // Only the line outside knows whether somebody has joined it by another instance.
    return room.outside || room.line.size() > 0 ||
           (room.sale.room->closed_loop && !room.admitted.empty());
}

std::vector<ConcertKey> Board::rooms_to_tick(Time now, bool passes) const {
    std::shared_lock lock(mutex_);
    std::vector<ConcertKey> found;
    for (const auto& [key, at] : rooms_) {
        if (!at.sale.room) continue;
        const bool opened = !at.sale.opens_at || *at.sale.opens_at <= now;
        const auto loss = next_loss(at);
        // How many wait outside only the line knows; and once, that it is all over.
        const bool is_watched =
            at.outside && (at.sale.mode != SaleMode::closed || is_over(at, now));
        const bool has_work = is_watched || (is_busy(at) && opened) || is_draw_due(at.sale, now) ||
                              (loss && *loss <= now);
        if (has_work || (passes && !at.admitted.empty())) found.push_back({key});
    }
    return found;
}

std::optional<Time> Board::next_admission() const {
    std::shared_lock lock(mutex_);
    std::optional<Time> earliest;
    for (const auto& [key, at] : rooms_) {
        std::optional<Time> next = next_loss(at);
        if (is_busy(at) || awaits_draw(at.sale)) {
            const Time opens = at.sale.opens_at.value_or(Time::min());
            next = next ? std::min(*next, opens) : opens;
        }
        if (next) earliest = earliest ? std::min(*earliest, *next) : *next;
    }
    return earliest;
}

}  // namespace concertres

#include "engine/board.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <mutex>
#include <shared_mutex>

#include "base/random.hpp"
#include "concertres/assert.hpp"

namespace concertres {

namespace {

// The ETA looks back this far: long enough to be steady, short enough to follow a changed policy.
constexpr Duration eta_window = std::chrono::minutes(5);

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

}  // namespace

Board::Board(const Catalog& catalog) : catalog_(&catalog) {
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

void Board::add(const CatalogConcert& concert, const Sale& sale,
                std::span<const PerformanceState> performances) {
    std::unique_lock lock(mutex_);
    Room& added = rooms_[concert.concert.key.value];
    added.sale = sale;
    for (const CatalogPerformance& entry : concert.performances) {
        added.performances.emplace_back(entry.performance.key, entry.performance.starts_at);
    }
    for (const PerformanceState& state : performances) {
        counts_[state.performance.value] = state.counts;
    }
}

void Board::restore(ConcertKey concert, std::span<const Found<Place>> waiting) {
    std::unique_lock lock(mutex_);
    Room& at = room(concert);
    for (const Found<Place>& found : waiting) {
        CONCERTRES_ASSERT(found.row.has_value());
        at.line.add(found.key.number, owner(found.row->row.user_id));
    }
}

void Board::restore(ConcertKey concert, std::span<const Pass> admitted) {
    std::unique_lock lock(mutex_);
    for (const Pass& pass : admitted) {
        room(concert).admitted[pass.number.value] = {pass.user_id, pass.expires_at};
    }
}

void Board::restore_draw(ConcertKey concert) {
    std::unique_lock lock(mutex_);
    follow_draw(room(concert));
}

void Board::follow_draw(Room& room) {
    const auto& draw = room.sale.draw;
    if (draw && draw->drawn) room.line.draw(draw->seed, *draw->drawn);
}

void Board::apply(const ChangeSet& changes) {
    std::unique_lock lock(mutex_);
    for (const auto& [sale, version] : changes.rows.of<Sale>()) {
        Room& at = room(sale.concert);
        at.sale = sale;
        follow_draw(at);
    }
    for (const auto& [state, version] : changes.rows.of<PerformanceState>()) {
        counts_[state.performance.value] = state.counts;
    }
    for (const auto& [place, version] : changes.rows.of<Place>()) {
        Room& at = room(place.concert);
        if (place.status == PlaceStatus::waiting) {
            at.line.add(place.number, owner(place.user_id));
        } else {
            at.line.remove(place.number);
        }
    }
    for (const auto& [pass, version] : changes.rows.of<Pass>()) {
        Room& at = room(pass.concert);
        if (version == 1) note_admission(at, pass.admitted_at);
        if (pass.status == PassStatus::admitted) {
            at.admitted[pass.number.value] = {pass.user_id, pass.expires_at};
        } else {
            at.admitted.erase(pass.number.value);
        }
    }
}

void Board::note_admission(Room& room, Time at) {
    auto& log = room.admissions;
    if (!log.empty() && log.back().first == at) {
        ++log.back().second;
    } else {
        log.emplace_back(at, 1);
    }
    while (log.front().first + eta_window < at) log.pop_front();
}

SeatCounts Board::counts_to_come(const Room& room, Time now) const {
    SeatCounts sum;
    for (const auto& [performance, starts_at] : room.performances) {
        if (starts_at <= now) continue;
        const SeatCounts& counts = counts_.at(performance.value);
        sum.free += counts.free;
        sum.blocked += counts.blocked;
        sum.held += counts.held;
        sum.sold += counts.sold;
    }
    return sum;
}

std::optional<Duration> Board::eta(const Room& room, std::int64_t ahead, Time now) {
    if (!admits(room.sale) || room.admissions.empty()) return std::nullopt;
    std::int64_t admitted = 0;
    Time first = now;
    for (const auto& [at, count] : room.admissions) {
        if (at + eta_window < now) continue;
        first = std::min(first, at);
        admitted += count;
    }
    // One moment's admissions tell no rate.
    const Duration seen = now - first;
    if (admitted == 0 || seen < std::chrono::seconds(2)) return std::nullopt;
    const double per_person = static_cast<double>(seen.count()) / static_cast<double>(admitted);
    return Duration(static_cast<std::int64_t>(per_person * static_cast<double>(ahead + 1)));
}

bool Board::fill(const CatalogConcert& concert, PlaceNumber number, Time now,
                 PlaceView& view) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    const SeatCounts counts = counts_to_come(at, now);
    view.concert = concert.concert.id;
    view.number = number;
    view.sale = state_of(at.sale, counts, now);
    view.seats_left = counts.free;
    view.seats_held = counts.held;
    view.now = now;
    view.position = view.ahead = std::nullopt;
    view.eta = std::nullopt;
    view.poll_after = poll_after(0, std::nullopt, jitter_of(number, now));
    if (!at.sale.room) {
        view.status = TokenStatus::admitted;
        view.number = {};
        view.position = view.ahead = 0;
        view.pass_expires_at = std::nullopt;
        return true;
    }
    if (at.line.contains(number)) {
        if (at.line.owner_of(number) != owner(view.user)) return false;
        view.status = TokenStatus::waiting;
        view.pass_expires_at = std::nullopt;
        if (awaits_draw(at.sale)) {
            const Duration until = at.sale.opens_at.value_or(now) - now;
            view.poll_after = poll_after_draw(at.line.size(), until, jitter_of(number, now));
            return true;
        }
        view.ahead = at.line.ahead_of(number);
        view.position = *view.ahead + 1;
        view.eta = eta(at, *view.ahead, now);
        view.poll_after = poll_after(*view.ahead, view.eta, jitter_of(number, now));
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

SaleState Board::state(const CatalogConcert& concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Room& at = room(concert.concert.key);
    return state_of(at.sale, counts_to_come(at, now), now);
}

std::int64_t Board::waiting(ConcertKey concert) const {
    std::shared_lock lock(mutex_);
    return room(concert).line.size();
}

std::int64_t Board::seats_left(const CatalogConcert& concert, Time now) const {
    std::shared_lock lock(mutex_);
    return counts_to_come(room(concert.concert.key), now).free;
}

std::optional<SeatCounts> Board::counts(PerformanceKey performance) const {
    std::shared_lock lock(mutex_);
    auto at = counts_.find(performance.value);
    return at == counts_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<DrawView> Board::draw(const CatalogConcert& concert, Time now) const {
    std::shared_lock lock(mutex_);
    const Sale& sale = room(concert.concert.key).sale;
    const bool is_drawn = sale.draw && sale.draw->drawn;
    if (!is_drawn && !awaits_draw(sale)) return std::nullopt;
    DrawView view{.concert = concert.concert.id,
                  .commitment = commitment_of(sale.draw->seed),
                  .opens_at = sale.opens_at,
                  .drawn = sale.draw->drawn,
                  .now = now};
    if (is_drawn) view.seed = sale.draw->seed;
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
    view.waiting = at.line.size();
    view.admitted = static_cast<std::int64_t>(at.admitted.size());
    view.seats = counts_to_come(at, Time::min());
    for (const CatalogPerformance& entry : concert.performances) {
        view.performances.push_back(entry.performance.id);
    }
    view.now = now;
    return view;
}

std::vector<ConcertKey> Board::rooms_to_tick(Time now, bool passes) const {
    std::shared_lock lock(mutex_);
    std::vector<ConcertKey> found;
    for (const auto& [key, at] : rooms_) {
        if (!at.sale.room) continue;
        const bool opened = !at.sale.opens_at || *at.sale.opens_at <= now;
        const bool someone_waits = at.line.size() > 0 && admits(at.sale) && opened;
        const bool has_work = someone_waits || is_draw_due(at.sale, now);
        if (has_work || (passes && !at.admitted.empty())) found.push_back({key});
    }
    return found;
}

std::optional<Time> Board::next_admission() const {
    std::shared_lock lock(mutex_);
    std::optional<Time> earliest;
    for (const auto& [key, at] : rooms_) {
        const bool someone_waits = at.sale.room && at.line.size() > 0 && admits(at.sale);
        if (!someone_waits && !awaits_draw(at.sale)) continue;
        const Time opens = at.sale.opens_at.value_or(Time::min());
        earliest = earliest ? std::min(*earliest, opens) : opens;
    }
    return earliest;
}

}  // namespace concertres

#include "api/seat_map.hpp"

#include <algorithm>

#include "api/answers.hpp"
#include "concertres/assert.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

namespace {

// Counted for as long as anybody has it.
std::shared_ptr<const std::string> counted(std::string text,
                                           const std::shared_ptr<RenderedBytes>& rendered) {
    const auto size = static_cast<std::int64_t>(text.size());
    rendered->now += size;
    return {new std::string(std::move(text)), [rendered, size](const std::string* gone) {
                delete gone;
                rendered->now -= size;
            }};
}

}  // namespace

std::string_view seat_status_name(SeatStatus status) {
    switch (status) {
        case SeatStatus::free:
            return "available";
        case SeatStatus::blocked:
            return "blocked";
        case SeatStatus::held:
            return "held";
        case SeatStatus::sold:
            return "sold";
    }
    return "blocked";
}

HallTexts::HallTexts(const std::vector<SeatView>& seats, std::string_view currency) {
    numbers.reserve(seats.size());
    ends.reserve(seats.size());
    for (const SeatView& seat : seats) {
        std::string part;
        JsonWriter json(part);
        json.begin_object()
            .field("number", seat.number)
            .field("label", seat.label)
            .field("section", seat.section)
            .field("row", seat.row)
            .field("x", seat.x)
            .field("y", seat.y);
        json.key("price");
        write_money(json, seat.price, currency);
        json.key("status");
        numbers.push_back(seat.number);
        prices.push_back(seat.price);
        text += part;
        ends.push_back(text.size());
    }
}

SeatMap::SeatMap(std::shared_ptr<const HallTexts> hall, const SeatsView& view,
                 std::shared_ptr<RenderedBytes> rendered)
    : hall_(std::move(hall)),
      rendered_(std::move(rendered)),
      performance_(view.performance),
      date_(view.date),
      instance_(Uuid::random().to_string().substr(0, 8)),
      last_event_(view.revision),
      revision_(view.revision) {
    CONCERTRES_ASSERT(hall_->numbers.size() == view.seats.size());
    cells_.reserve(view.seats.size());
    changed_.reserve(view.seats.size());  // events find room, whatever else has none
    for (const SeatView& seat : view.seats) {
        cells_.push_back({.status = seat.status, .until = seat.held_until.value_or(Time{})});
        if (seat.held_until) earliest_end_ = std::min(earliest_end_, *seat.held_until);
    }
}

void SeatMap::apply(const Event& event) {
    std::lock_guard lock(mutex_);
    if (event.number <= last_event_) return;
    last_event_ = event.number;
    SeatStatus status = SeatStatus::free;
    switch (event.kind) {
        case EventKind::reservation_held:
        case EventKind::reservation_extended:
            status = SeatStatus::held;
            break;
        case EventKind::payment_completed:
            status = SeatStatus::sold;
            break;
        case EventKind::seats_blocked:
            status = SeatStatus::blocked;
            break;
        case EventKind::reservation_released:
        case EventKind::reservation_expired:
        case EventKind::payment_refunded:
        case EventKind::seats_unblocked:
            status = SeatStatus::free;
            break;
        default:
            return;  // no seat changes
    }
    for (const EventItem& item : event.items) {
        for (const SeatNumber number : item.seats) set(number, status, event.until);
    }
}

void SeatMap::set(SeatNumber number, SeatStatus status, Time until) {
    const auto at = std::ranges::lower_bound(hall_->numbers, number);
    CONCERTRES_ASSERT(at != hall_->numbers.end() && *at == number);
    set(static_cast<std::size_t>(at - hall_->numbers.begin()), status, until);
    if (status == SeatStatus::held) earliest_end_ = std::min(earliest_end_, until);
}

void SeatMap::set(std::size_t at, SeatStatus status, Time until) {
    Cell& cell = cells_[at];
    if (cell.status != status) {
        ++revision_;
        if (!std::exchange(cell.changed, true)) changed_.push_back(at);
    }
    cell.status = status;
    cell.until = until;
}

// A hold is dead at its deadline, whether or not an event has told of it.
void SeatMap::end_holds(Time now) {
    if (now < earliest_end_) return;
    earliest_end_ = Time::max();
    for (std::size_t at = 0; at < cells_.size(); ++at) {
        if (cells_[at].status != SeatStatus::held) continue;
        if (cells_[at].until <= now) {
            set(at, SeatStatus::free, {});
        } else {
            earliest_end_ = std::min(earliest_end_, cells_[at].until);
        }
    }
}

SeatChanges SeatMap::take_changes(Time now) {
    std::lock_guard lock(mutex_);
    end_holds(now);
    SeatChanges changes{.performance = performance_, .revision = revision_, .seats = {}};
    changes.seats.reserve(changed_.size());
    for (const std::size_t at : changed_) {
        cells_[at].changed = false;
        changes.seats.emplace_back(hall_->numbers[at], cells_[at].status);
    }
    changed_.clear();
    return changes;
}

Snapshot SeatMap::get(bool all, Time now, std::chrono::milliseconds age_max,
                      std::chrono::steady_clock::duration& age) {
    // The writer never waits for who renders: it holds mutex_ alone, and only for a copy.
    std::lock_guard rendering(render_mutex_);
    Made& made = made_[all ? 1 : 0];
    const auto moment = std::chrono::steady_clock::now();
    std::vector<Cell> cells;
    std::int64_t revision = 0;
    {
        std::lock_guard lock(mutex_);
        end_holds(now);
        if (made.revision == revision_) {
            made.good = moment;
        } else if (made.revision < 0 ||
                   (moment - made.written >= age_max && rendered_->now < rendered_->most)) {
            revision_ = std::max(revision_, last_event_);
            cells = cells_;
        }
        revision = revision_;
    }
    if (!cells.empty()) {
        made.snapshot.body = counted(write(all, cells, revision), rendered_);
        made.snapshot.etag =
            '"' + instance_ + '-' + std::to_string(revision) + (all ? "-all\"" : "\"");
        made.revision = revision;
        made.written = made.good = moment;
    }
    age = moment - made.good;
    return made.snapshot;
}

std::optional<SeatMap::FreeSeat> SeatMap::free_seat(Time now) {
    std::lock_guard lock(mutex_);
    end_holds(now);
    const std::size_t count = cells_.size();
    // Not the same for everybody who asks.
    const auto from = static_cast<std::size_t>(now.time_since_epoch().count()) % count;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = (from + i) % count;
        if (cells_[at].status == SeatStatus::free) {
            return FreeSeat{hall_->numbers[at], hall_->prices[at]};
        }
    }
    return std::nullopt;
}

std::string SeatMap::write(bool all, const std::vector<Cell>& cells, std::int64_t revision) const {
    std::string body;
    body.reserve(all ? hall_->text.size() + cells.size() * 16 : 4096);
    JsonWriter json(body);
    json.begin_object()
        .field("performance_id", performance_)
        .field("date", date_)
        .field("revision", revision);
    json.key("seats").begin_array();
    std::size_t begin = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::size_t end = hall_->ends[i];
        if (all || cells[i].status == SeatStatus::free) {
            json.raw(std::string_view(hall_->text).substr(begin, end - begin));
            json.value(seat_status_name(cells[i].status)).end_object();
        }
        begin = end;
    }
    json.end_array().end_object();
    return body;
}

}  // namespace concertres::server

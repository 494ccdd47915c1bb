#include "api/seat_map.hpp"

#include <algorithm>

#include "api/answers.hpp"
#include "concertres/assert.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

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

HallTexts::HallTexts(const SeatsView& view, std::string_view currency) {
    for (const AreaView& area : view.areas) {
        Area& made = areas_.emplace_back(Area{area.section, area.price, {}});
        JsonWriter json(made.text);
        json.begin_object().field("section", area.section).key("price");
        write_money(json, area.price, currency);
        if (!area.allotted_to.empty()) json.field("allotted_to", area.allotted_to);
        json.key("total").value(area.seats.total());
    }
    numbers_.reserve(view.seats.size());
    for (const SeatView& seat : view.seats) {
        if (!seat.general) add_numbered(seat, currency);
    }
    for (const SeatView& seat : view.seats) {
        if (!seat.general) continue;
        const auto area = std::ranges::find(areas_, seat.section, &Area::section);
        CONCERTRES_ASSERT(area != areas_.end());
        numbers_.push_back(seat.number);
        allotted_.push_back(!seat.allotted_to.empty());
        area_of_.push_back(static_cast<std::uint32_t>(area - areas_.begin()));
    }
}

void HallTexts::add_numbered(const SeatView& seat, std::string_view currency) {
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
    if (!seat.allotted_to.empty()) json.field("allotted_to", seat.allotted_to);
    json.key("status");
    numbers_.push_back(seat.number);
    allotted_.push_back(!seat.allotted_to.empty());
    prices_.push_back(seat.price);
    text_ += part;
    ends_.push_back(text_.size());
}

std::size_t HallTexts::find(SeatNumber number) const {
    const auto middle = numbers_.begin() + static_cast<std::ptrdiff_t>(numbered());
    auto at = std::lower_bound(numbers_.begin(), middle, number);
    if (at == middle || *at != number) at = std::lower_bound(middle, numbers_.end(), number);
    CONCERTRES_ASSERT(at != numbers_.end() && *at == number);
    return static_cast<std::size_t>(at - numbers_.begin());
}

Money HallTexts::price(std::size_t at) const {
    return at < numbered() ? prices_[at] : areas_[area_of(at)].price;
}

std::string_view HallTexts::text(std::size_t at) const {
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(text_).substr(begin, ends_[at] - begin);
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
    CONCERTRES_ASSERT(hall_->size() == view.seats.size());
    cells_.resize(hall_->size());
    changed_.reserve(hall_->numbered());  // events find room, whatever else has none
    for (const SeatView& seat : view.seats) {
        cells_[hall_->find(seat.number)] = {.until = seat.held_until.value_or(Time{}),
                                            .event = view.revision,
                                            .status = seat.status};
        if (seat.held_until) earliest_end_ = std::min(earliest_end_, *seat.held_until);
    }
    for (const AreaView& area : view.areas) areas_.push_back(area.seats);
    area_changed_.resize(areas_.size());
}

void SeatMap::apply(const Event& event) {
    std::lock_guard lock(mutex_);
    last_event_ = std::max(last_event_, event.number);
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
        for (const SeatNumber number : item.seats) {
            const std::size_t at = hall_->find(number);
            if (event.number <= cells_[at].event) continue;
            cells_[at].event = event.number;
            set(at, status, event.until);
            if (status == SeatStatus::held) earliest_end_ = std::min(earliest_end_, event.until);
        }
    }
}

void SeatMap::set(std::size_t at, SeatStatus status, Time until) {
    Cell& cell = cells_[at];
    if (cell.status != status) {
        ++revision_;
        if (at >= hall_->numbered()) {
            const std::size_t area = hall_->area_of(at);
            areas_[area].move(cell.status, status, 1);
            area_changed_[area] = true;
        } else if (!std::exchange(cell.changed, true)) {
            changed_.push_back(at);
        }
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
    SeatChanges changes{
        .performance = performance_, .revision = revision_, .seats = {}, .areas = {}};
    changes.seats.reserve(changed_.size());
    for (const std::size_t at : changed_) {
        cells_[at].changed = false;
        changes.seats.emplace_back(hall_->number(at), cells_[at].status);
    }
    changed_.clear();
    for (std::size_t area = 0; area < areas_.size(); ++area) {
        if (!area_changed_[area]) continue;
        area_changed_[area] = false;
        changes.areas.push_back({hall_->areas()[area].section, areas_[area]});
    }
    return changes;
}

// Not so often that more is made than can be packed, or read.
bool SeatMap::may_be_made_anew(const Made& made, std::chrono::steady_clock::time_point moment,
                               std::chrono::milliseconds age_max) const {
    return moment - made.written >= age_max && rendered_->now < rendered_->most &&
           !made.snapshot.text->is_being_packed();
}

Snapshot SeatMap::get(bool all, Time now, std::chrono::milliseconds age_max,
                      std::chrono::steady_clock::duration& age) {
    // The writer never waits for who renders: it holds mutex_ alone, and only for a copy.
    std::lock_guard rendering(render_mutex_);
    Made& made = made_[all ? 1 : 0];
    const auto moment = std::chrono::steady_clock::now();
    std::optional<Picture> picture;
    {
        std::lock_guard lock(mutex_);
        end_holds(now);
        if (made.revision == revision_) {
            made.good = moment;
        } else if (made.revision < 0 || may_be_made_anew(made, moment, age_max)) {
            revision_ = std::max(revision_, last_event_);
            const auto numbered = static_cast<std::ptrdiff_t>(hall_->numbered());
            picture = {{cells_.begin(), cells_.begin() + numbered}, areas_, revision_};
        }
    }
    if (picture) {
        made.snapshot.text = SharedText::make(write(all, *picture), rendered_);
        made.snapshot.etag =
            '"' + instance_ + '-' + std::to_string(picture->revision) + (all ? "-all\"" : "\"");
        made.revision = picture->revision;
        made.written = made.good = moment;
    }
    age = moment - made.good;
    return made.snapshot;
}

std::optional<SeatMap::FreeSeat> SeatMap::free_seat(Time now) {
    std::lock_guard lock(mutex_);
    end_holds(now);
    const std::size_t count = hall_->numbered();
    const auto is_open = [&](std::size_t at) {
        return cells_[at].status == SeatStatus::free && !hall_->is_allotted(at);
    };
    // Not the same for everybody who asks.
    const auto moment = static_cast<std::size_t>(now.time_since_epoch().count());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = (moment % count + i) % count;
        if (is_open(at)) {
            return FreeSeat{hall_->number(at), hall_->price(at), {}};
        }
    }
    for (std::size_t at = count; at < cells_.size(); ++at) {
        if (is_open(at)) {
            return FreeSeat{hall_->number(at), hall_->price(at),
                            hall_->areas()[hall_->area_of(at)].section};
        }
    }
    return std::nullopt;
}

std::string SeatMap::write(bool all, const Picture& picture) const {
    const auto& [cells, areas, revision] = picture;
    std::string body;
    body.reserve(all ? hall_->bytes() + cells.size() * 16 : 4096);
    JsonWriter json(body);
    json.begin_object()
        .field("performance_id", performance_)
        .field("date", date_)
        .field("revision", revision);
    json.key("seats").begin_array();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!all && cells[i].status != SeatStatus::free) continue;
        json.raw(hall_->text(i));
        json.value(seat_status_name(cells[i].status)).end_object();
    }
    json.end_array();
    if (!areas.empty()) {
        json.key("areas").begin_array();
        for (std::size_t i = 0; i < areas.size(); ++i) {
            json.raw(hall_->areas()[i].text);
            write_area_counts(json, areas[i]);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    return body;
}

}  // namespace concertres::server

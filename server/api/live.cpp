#include "api/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "api/answers.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds place_every{1};
// Seats come and go all the time, and to who waits they are only numbers.
constexpr std::chrono::seconds numbers_every{5};
constexpr std::size_t kept_bytes_max = 256 * 1024;

bool has_ended(const PlaceView& place) {
    return place.status != TokenStatus::waiting && place.status != TokenStatus::admitted;
}

// What a hold has become, in the words of the API; nothing where the event is about something else.
std::optional<std::string_view> hold_status(EventKind kind) {
    switch (kind) {
        case EventKind::reservation_held:
        case EventKind::reservation_extended:
            return "held";
        case EventKind::reservation_released:
            return "released";
        case EventKind::reservation_expired:
            return "expired";
        case EventKind::payment_completed:
            return "paid";
        case EventKind::payment_refunded:
            return "refunded";
        default:
            return std::nullopt;
    }
}

std::string hold_json(const Event& event, const EventItem& item, std::string_view status) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("reservation_id", item.reservation).field("status", status);
    json.key("seats").begin_array();
    for (const SeatNumber seat : item.seats) json.value(seat);
    json.end_array().field("held_until",
                           event.until == Time{} ? std::nullopt : std::optional(event.until));
    json.field("now", event.at).end_object();
    return body;
}

std::string seats_json(const SeatChanges& changes) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("performance_id", changes.performance)
        .field("revision", changes.revision);
    json.key("seats").begin_array();
    for (const auto& [number, status] : changes.seats) {
        json.begin_object().field("number", number).field("status", seat_status_name(status));
        json.end_object();
    }
    json.end_array().end_object();
    return body;
}

}  // namespace

void Live::bind(BoxOffice& office) {
    office_ = &office;
    instance_ = Uuid::random().to_string().substr(0, 8);
    pulse();
}

void Live::on_committed(std::span<const Event> events) {
    snapshots_->on_committed(events);
    if (followed_ == 0) return;
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
        const auto status = hold_status(event.kind);
        if (!status || !users_.contains(event.user)) continue;
        for (const EventItem& item : event.items) {
            own_.push_back({event.user, hold_json(event, item, *status)});
        }
    }
}

void Live::follow(const PlaceView& place, std::string_view last_event_id,
                  std::shared_ptr<http::Stream> stream) {
    const std::lock_guard lock(mutex_);
    users_.insert(place.user);
    ++followed_;
    newcomers_.push_back(
        {.stream = std::move(stream), .told = place, .last_event_id = std::string(last_event_id)});
}

// --- The pulse ---------------------------------------------------------------------------------

void Live::pulse() {
    const auto now = steady_clock::now();
    take_newcomers();
    tell_ended();
    tell_own();
    tell_seats();
    tell_places(now);
    forget_closed();
    timer_.expires_after(period);
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed) pulse();
    });
}

void Live::take_newcomers() {
    const std::lock_guard lock(mutex_);
    std::ranges::move(newcomers_, std::back_inserter(followers_));
    newcomers_.clear();
}

void Live::begin(Follower& follower) {
    follower.begun = true;
    const PlaceView& place = follower.told;
    const bool is_in = place.status == TokenStatus::admitted;
    say(follower,
        "retry: 3000\n\n" + event(place.concert, is_in ? "admitted" : "place", place_json(place)));
    resume(follower);
    if (has_ended(place)) say_bye(follower, token_status_name(place.status));
}

// What was missed is told, or that too much was.
void Live::resume(const Follower& follower) {
    if (follower.last_event_id.empty() || follower.told.status != TokenStatus::admitted) return;
    const ConcertId concert = follower.told.concert;
    const Seats& seats = seats_[concert];
    const std::string_view id = follower.last_event_id;
    const std::string prefix = instance_ + "-";
    std::int64_t heard = -1;
    if (id.starts_with(prefix)) {
        const auto digits = id.substr(prefix.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), heard);
    }
    const auto kept = static_cast<std::int64_t>(seats.kept.size());
    if (heard < seats.last - kept || heard > seats.last) {
        follower.stream->push(event(concert, "reset", "{}"));
        return;
    }
    for (std::int64_t i = heard - (seats.last - kept); i < kept; ++i) {
        follower.stream->push(seats.kept[static_cast<std::size_t>(i)]);
    }
}

void Live::tell_places(steady_clock::time_point now) {
    for (Follower& follower : followers_) {
        if (!follower.stream->is_open()) continue;
        if (!follower.begun) {
            begin(follower);
            follower.told_at = follower.said_at = now;
        } else if (now - follower.told_at >= place_every) {
            tell_place(follower, now);
        }
        if (stopping_ && follower.stream->is_open()) say_bye(follower, "draining");
        if (now - follower.said_at >= heartbeat) {
            follower.stream->push(std::string(": still here\n\n"));
            follower.said_at = now;
        }
    }
}

void Live::tell_place(Follower& follower, steady_clock::time_point now) {
    if (follower.asking) return;
    const PlaceView& told = follower.told;
    const GetPlace query{
        .concert = told.concert,
        .user = told.user,
        .place = told.number,
        .last = told.status == TokenStatus::waiting ? told.position : std::nullopt};
    const auto place = office_->place_in_memory(query);
    if (!place || has_ended(*place)) {
        follower.asking = true;
        office_->submit<GetPlace>(query, [this, stream = follower.stream](Result<PlaceView> found) {
            if (!found) return stream->end();
            const std::lock_guard lock(mutex_);
            ended_.push_back({stream, std::move(*found)});
        });
        return;
    }
    const bool admitted =
        place->status == TokenStatus::admitted && told.status == TokenStatus::waiting;
    const bool moved = admitted || place->position != told.position || place->sale != told.sale ||
                       place->pass_expires_at != told.pass_expires_at;
    const bool counted =
        place->seats_left != told.seats_left || place->seats_held != told.seats_held;
    if (!moved && !(counted && now - follower.told_at >= numbers_every)) return;
    say(follower, event(place->concert, admitted ? "admitted" : "place", place_json(*place)));
    follower.told = *place;
    follower.told_at = follower.said_at = now;
}

void Live::tell_ended() {
    std::vector<Ended> ended;
    {
        const std::lock_guard lock(mutex_);
        ended.swap(ended_);
    }
    for (Ended& each : ended) {
        const auto at = std::ranges::find(followers_, each.stream, &Follower::stream);
        if (at == followers_.end()) continue;
        at->asking = false;
        if (!has_ended(each.place)) continue;
        at->told = each.place;
        say(*at, event(each.place.concert, "place", place_json(each.place)));
        say_bye(*at, token_status_name(each.place.status));
    }
}

void Live::tell_own() {
    std::vector<OwnChange> own;
    {
        const std::lock_guard lock(mutex_);
        own.swap(own_);
    }
    if (own.empty()) return;
    std::unordered_multimap<UserId, Follower*> by_user;
    for (Follower& follower : followers_) by_user.emplace(follower.told.user, &follower);
    for (const OwnChange& change : own) {
        const auto [first, last] = by_user.equal_range(change.user);
        for (auto at = first; at != last; ++at) {
            Follower& follower = *at->second;
            // Who has not begun yet is told by the calls that it makes first.
            if (follower.begun) {
                say(follower, event(follower.told.concert, "hold", change.text));
            }
        }
    }
}

// Seats are for those who are in, as they are everywhere else.
void Live::tell_seats() {
    std::map<ConcertId, std::vector<Follower*>> watching;
    for (Follower& follower : followers_) {
        if (follower.begun && follower.told.status == TokenStatus::admitted) {
            watching[follower.told.concert].push_back(&follower);
        }
    }
    for (auto& [concert, followers] : watching) {
        Seats& seats = seats_[concert];
        for (const SeatChanges& changes : snapshots_->take_changes(concert)) {
            ++seats.last;
            const auto text =
                std::make_shared<const std::string>(event(concert, "seats", seats_json(changes)));
            seats.kept_bytes += text->size();
            seats.kept.push_back(text);
            while (seats.kept_bytes > kept_bytes_max) {
                seats.kept_bytes -= seats.kept.front()->size();
                seats.kept.pop_front();
            }
            for (Follower* follower : followers) follower->stream->push(text);
        }
    }
}

void Live::forget_closed() {
    const auto closed = std::ranges::partition(
        followers_, [](const Follower& follower) { return follower.stream->is_open(); });
    if (closed.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const Follower& follower : closed) users_.erase(users_.find(follower.told.user));
    followed_ -= static_cast<std::int64_t>(closed.size());
    followers_.erase(closed.begin(), closed.end());
}

// --- What is said ------------------------------------------------------------------------------

void Live::say(Follower& follower, std::string text) {
    follower.stream->push(std::move(text));
    follower.said_at = steady_clock::now();
}

void Live::say_bye(Follower& follower, std::string_view why) {
    say(follower, event(follower.told.concert, "bye", fmt::format(R"({{"reason":"{}"}})", why)));
    follower.stream->end();
}

// The id is that of the last change of seats: whoever names it later has heard all up to it.
std::string Live::event(const ConcertId& concert, std::string_view name, std::string_view data) {
    return fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", instance_, seats_[concert].last, name,
                       data);
}

}  // namespace concertres::server

#include "api/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <new>

#include "api/answers.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds place_every{1};
// Seats come and go all the time, and to who waits they are only numbers.
constexpr std::chrono::seconds numbers_every{5};
constexpr std::size_t kept_bytes_max = 256 * 1024;
// More are told as `reset`: asking for all of them costs less.
constexpr std::size_t seats_told_max = 1'000;
// What the box office is asked in one pulse; the others wait for the next.
constexpr std::size_t asks_max = 1'024;
constexpr std::size_t own_max = 8'192;
// Of the followers so many have their turn together, for a quarter of a millisecond of a
// connection's thread, and then there is a rest; where they are very many, more, so that a pulse
// ends.
constexpr std::size_t told_at_once = 16;
constexpr std::size_t turns_max = 150;
constexpr std::chrono::milliseconds rest{1};

bool has_ended(const PlaceView& place) {
    return place.status != TokenStatus::waiting && place.status != TokenStatus::admitted;
}

bool is_of_hold(EventKind kind) {
    switch (kind) {
        case EventKind::reservation_held:
        case EventKind::reservation_extended:
        case EventKind::reservation_released:
        case EventKind::reservation_expired:
        case EventKind::payment_completed:
        case EventKind::payment_refunded:
            return true;
        default:
            return false;
    }
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
    json.end_array();
    if (!changes.areas.empty()) {
        json.key("areas").begin_array();
        for (const SeatChanges::Area& area : changes.areas) {
            json.begin_object().field("section", area.section);
            write_area_counts(json, area.seats);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    return body;
}

}  // namespace

void Live::bind(BoxOffice& office, std::string currency, std::size_t streams_max) {
    office_ = &office;
    currency_ = std::move(currency);
    streams_max_ = streams_max;
    instance_ = Uuid::random().to_string().substr(0, 8);
    go_on();
}

void Live::on_committed(std::span<const Event> events) {
    snapshots_->on_committed(events);
    if (followed_ == 0) return;
    const std::lock_guard lock(mutex_);
    try {
        for (const Event& event : events) {
            if (!is_of_hold(event.kind) || !users_.contains(event.user)) continue;
            for (const EventItem& item : event.items) {
                own_.emplace_back(event.user, item.reservation);
            }
        }
    } catch (const std::bad_alloc&) {
        // What was committed stands: nobody loses more than a word of it.
        own_missed_ = true;
    }
    if (own_.size() <= own_max) return;
    own_.clear();
    own_missed_ = true;
}

bool Live::follow(const PlaceView& place, std::string_view last_event_id,
                  std::shared_ptr<http::Stream> stream) {
    const std::lock_guard lock(mutex_);
    if (users_.size() >= streams_max_ || users_.count(place.user) >= streams_per_user_max) {
        return false;
    }
    users_.insert(place.user);
    ++followed_;
    newcomers_.push_back(
        {.stream = std::move(stream), .told = place, .last_event_id = std::string(last_event_id)});
    return true;
}

// --- The pulse ---------------------------------------------------------------------------------

void Live::go_on() {
    try {
        now_ = steady_clock::now();
        if (left_ == 0) begin_pulse();
        tell_some();
        if (left_ == 0) end_pulse();
    } catch (const std::exception&) {
        // Memory is short: the next pulse looks again, and tells all to ask anew.
        left_ = 0;
        for (Follower& follower : followers_) follower.asked_holds = 0;
        const std::lock_guard lock(mutex_);
        own_missed_ = true;
    }
    const auto earliest = steady_clock::now() + rest;
    timer_.expires_at(left_ > 0 ? earliest : std::max(earliest, began_ + period));
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed) go_on();
    });
}

void Live::begin_pulse() {
    began_ = now_;
    ++pulse_;
    asks_left_ = asks_max;
    take_newcomers();
    tell_own();
    note_seats();
    from_ = first_;
    left_ = followers_.size();
}

// Begins where the last pulse had asked all that it may, so that everybody's turn comes.
void Live::tell_some() {
    const std::size_t count = followers_.size();
    const std::size_t until = left_ - std::min(left_, std::max(told_at_once, count / turns_max));
    for (; left_ > until; --left_) {
        const std::size_t at = (from_ + count - left_) % count;
        Follower& follower = followers_[at];
        if (asks_left_ > 0) first_ = at;
        if (!follower.stream->is_open()) continue;
        if (!follower.asking) {
            tell_place(follower);
            tell_seats(follower);
        }
        if (stopping_ && follower.stream->is_open()) say_bye(follower, "draining");
        if (now_ - follower.said_at >= heartbeat) {
            follower.stream->push(": still here\n\n");
            follower.said_at = now_;
        }
    }
}

void Live::end_pulse() {
    tell_answers();
    tell_ends();
    forget_closed();
}

void Live::take_newcomers() {
    std::vector<Follower> newcomers;
    {
        const std::lock_guard lock(mutex_);
        newcomers.swap(newcomers_);
    }
    for (Follower& newcomer : newcomers) {
        const PlaceView& place = newcomer.told;
        const bool missed = !pick_up(newcomer);
        newcomer.stream->push("retry: 3000\n\n");
        const bool is_in = place.status == TokenStatus::admitted;
        say(newcomer, is_in ? "admitted" : "place", place_json(place));
        if (missed) say(newcomer, "reset", "{}");
        if (has_ended(place)) say_bye(newcomer, token_status_name(place.status));
        newcomer.told_at = now_;
        followers_.push_back(std::move(newcomer));
    }
}

// Goes on after what it heard last. False: too much was missed.
bool Live::pick_up(Follower& newcomer) {
    const Seats& seats = seats_[newcomer.told.concert];
    newcomer.heard = seats.last;
    const std::string_view id = newcomer.last_event_id;
    if (id.empty() || newcomer.told.status != TokenStatus::admitted) return true;
    const std::string prefix = instance_ + "-";
    std::int64_t heard = -1;
    if (id.starts_with(prefix)) {
        const auto digits = id.substr(prefix.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), heard);
    }
    if (heard < seats.first_kept() - 1 || heard > seats.last) return false;
    newcomer.heard = heard;
    return true;
}

// What has changed is written once; the followers' turns come.
void Live::note_seats() {
    std::unordered_set<ConcertId> watched;
    for (const Follower& follower : followers_) {
        if (follower.told.status == TokenStatus::admitted) watched.insert(follower.told.concert);
    }
    for (const ConcertId& concert : watched) {
        Seats& seats = seats_[concert];
        for (const SeatChanges& changes : snapshots_->take_changes(concert)) {
            const std::int64_t number = seats.last + 1;
            auto text = std::make_shared<const std::string>(
                changes.seats.size() <= seats_told_max ? event(number, "seats", seats_json(changes))
                                                       : event(number, "reset", "{}"));
            seats.kept.push_back(text);
            seats.last = number;
            seats.kept_bytes += text->size();
            while (seats.kept_bytes > kept_bytes_max) {
                seats.kept_bytes -= seats.kept.front()->size();
                seats.kept.pop_front();
            }
        }
    }
}

// Seats are for those who are in, as they are everywhere else.
void Live::tell_seats(Follower& follower) {
    const Seats& seats = seats_[follower.told.concert];
    if (follower.told.status != TokenStatus::admitted) {
        follower.heard = seats.last;
        return;
    }
    if (follower.heard == seats.last) return;
    follower.said_at = now_;
    if (follower.heard < seats.first_kept() - 1) {
        follower.heard = seats.last;
        return say(follower, "reset", "{}");
    }
    for (; follower.heard < seats.last; ++follower.heard) {
        const auto at = static_cast<std::size_t>(follower.heard + 1 - seats.first_kept());
        follower.stream->push(seats.kept[at]);
    }
}

void Live::tell_place(Follower& follower) {
    const PlaceView& told = follower.told;
    const bool waited = told.status == TokenStatus::waiting;
    const GetPlace query{.concert = told.concert,
                         .user = told.user,
                         .place = told.number,
                         .last = waited ? told.position : std::nullopt};
    const auto place = office_->place_in_memory(query);
    if (!place || has_ended(*place)) return ask_place(follower, query);
    tell_change(follower, *place);
}

void Live::tell_change(Follower& follower, const PlaceView& place) {
    const PlaceView& told = follower.told;
    const bool admitted =
        place.status == TokenStatus::admitted && told.status == TokenStatus::waiting;
    // That there is nothing left to wait for, or something again, is told at once.
    const bool turned = place.sale != told.sale;
    const bool moved = place.position != told.position ||
                       place.pass_expires_at != told.pass_expires_at ||
                       (place.seats_left == 0) != (told.seats_left == 0);
    const bool counted = place.seats_left != told.seats_left || place.seats_held != told.seats_held;
    const auto since = now_ - follower.told_at;
    const bool due = admitted || turned || (moved && since >= place_every) ||
                     (counted && since >= numbers_every);
    if (!due) return;
    say(follower, admitted ? "admitted" : "place", place_json(place));
    follower.told = place;
    follower.told_at = now_;
}

void Live::tell_end(Follower& follower, const PlaceView& place) {
    follower.told = place;
    say(follower, "place", place_json(place));
    say_bye(follower, token_status_name(place.status));
}

// Only storage knows what became of a place that has ended, and where one stands in a line that is
// kept outside only that does.
void Live::ask_place(Follower& follower, const GetPlace& query) {
    if (asks_left_ == 0 || now_ - follower.asked_at < place_every) return;
    --asks_left_;
    follower.asking = true;
    follower.asked_at = now_;
    office_->submit<GetPlace>(query, [this, stream = follower.stream](Result<PlaceView> found) {
        answered(
            {.stream = stream, .place = found ? std::optional(std::move(*found)) : std::nullopt});
    });
}

void Live::tell_own() {
    std::vector<std::pair<UserId, ReservationId>> own;
    bool missed = false;
    {
        const std::lock_guard lock(mutex_);
        missed = std::exchange(own_missed_, false);
        while (!own_.empty() && own.size() < asks_left_) {
            // Many changes of one hold come one after the other: it is asked for once.
            if (own.empty() || own.back() != own_.front()) own.push_back(own_.front());
            own_.pop_front();
        }
        own_waits_ = !own_.empty();
    }
    if (missed) {
        for (Follower& follower : followers_) {
            say(follower, "reset", "{}");
        }
    }
    if (own.empty()) return;
    std::unordered_multimap<UserId, Follower*> by_user;
    for (Follower& follower : followers_) by_user.emplace(follower.told.user, &follower);
    for (const auto& [user, hold] : own) {
        const auto [first, last] = by_user.equal_range(user);
        for (auto at = first; at != last; ++at) ask_hold(*at->second, hold);
    }
}

// A hold at another concert is refused, and not told.
void Live::ask_hold(Follower& follower, const ReservationId& hold) {
    ++follower.asked_holds;
    const GetReservation query{
        .user = follower.told.user, .concert = follower.told.concert, .reservation = hold};
    office_->submit<GetReservation>(
        query, [this, stream = follower.stream](Result<ReservationView> found) {
            answered({.stream = stream,
                      .of_hold = true,
                      .hold = found ? std::optional(std::move(*found)) : std::nullopt});
        });
}

// On the writer's thread; the next pulse tells of it.
void Live::answered(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
}

void Live::tell_answers() {
    std::vector<Answer> answers;
    {
        const std::lock_guard lock(mutex_);
        answers.swap(answers_);
    }
    if (answers.empty()) return;
    std::unordered_map<const http::Stream*, Follower*> by_stream;
    for (Follower& follower : followers_) by_stream.emplace(follower.stream.get(), &follower);
    for (const Answer& answer : answers) {
        const auto at = by_stream.find(answer.stream.get());
        if (at == by_stream.end()) continue;
        Follower& follower = *at->second;
        if (answer.of_hold) {
            --follower.asked_holds;
            if (!answer.hold) continue;
            std::string data;
            JsonWriter json(data);
            write_reservation(json, *answer.hold, currency_);
            say(follower, "hold", data);
            continue;
        }
        if (answer.place && has_ended(*answer.place)) {
            follower.ended = answer.place;
            follower.ended_in = pulse_;
            continue;
        }
        follower.asking = false;
        // What could not be told just now is asked for again.
        if (answer.place && follower.stream->is_open()) tell_change(follower, *answer.place);
    }
}

// A payment tells of the hold, and then that the pass is spent: whatever changed before a place
// ended has been asked for when the next pulse has begun.
void Live::tell_ends() {
    for (Follower& follower : followers_) {
        const bool all_told =
            follower.ended_in < pulse_ && follower.asked_holds <= 0 && !own_waits_;
        if (follower.ended && all_told && follower.stream->is_open()) {
            tell_end(follower, *follower.ended);
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

void Live::say(Follower& follower, std::string_view name, std::string_view data) {
    follower.stream->push(event(follower.heard, name, data));
    follower.said_at = now_;
}

void Live::say_bye(Follower& follower, std::string_view why) {
    say(follower, "bye", fmt::format(R"({{"reason":"{}"}})", why));
    follower.stream->end();
}

// The id is that of the last change of seats that its reader has heard: whoever names it later goes
// on after that.
std::string Live::event(std::int64_t heard, std::string_view name, std::string_view data) const {
    return fmt::format("id: {}-{}\nevent: {}\ndata: {}\n\n", instance_, heard, name, data);
}

}  // namespace concertres::server

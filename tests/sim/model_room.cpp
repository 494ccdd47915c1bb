// The line: who is let in, in which order, and how many.
#include <fmt/format.h>

#include <algorithm>

#include "sim/marks.hpp"
#include "sim/model.hpp"
#include "support/drawn_order.hpp"

namespace concertres::sim {
namespace {

// The box office keeps to the second when somebody was heard of, and who comes back is found by the
// next tick.
constexpr Duration heard_slack = std::chrono::seconds(2);

bool waits_now(PlaceStatus status) {
    return status == PlaceStatus::waiting || status == PlaceStatus::passed;
}

}  // namespace

void Model::heard(PlaceNumber number, Time now) {
    const auto place = places_.find(number);
    if (place == places_.end()) return;
    place->second.heard[by_].push_back(now);
}

void Model::on_sale(const Event& event) {
    if (event.kind == EventKind::sale_changed) {
        expect(!event.actor.empty(), "O1", "a sale was changed by nobody");
        sale_changed_ = true;
        // From here on in this commit the new policy is in force.
        if (sale_.room != sale_after_.room) {
            by_policy_since_.push_back(event.at);
            mark(Mark::policy_changed);
        }
        sale_.room = sale_after_.room;
        sale_.mode = sale_after_.mode;
        sale_.opens_at = sale_after_.opens_at;
        return;
    }
    mark(Mark::drawn);
    if (!event.draw || !sale_.room || !sale_.room->draw || !sale_.draw) {
        return complain_("Q7", "a line was drawn that is not to be");
    }
    const EventDraw& draw = *event.draw;
    expect(draw.seed == sale_.draw->seed, "Q7",
           "the draw is not of the seed that was committed to");
    expect(!sale_.opens_at || *sale_.opens_at <= event.at, "C1", "a line was drawn too early");
    std::int64_t given = 0;
    for (const auto& [number, place] : places_before_) {
        if (number.line_class() == draw.line_class) given = std::max(given, number.sequence());
    }
    expect(draw.size == given, "Q7", "a draw is of more numbers than were given, or of fewer");
    expect(draws_.emplace(draw.line_class, draw).second, "Q7", "a line was drawn twice");
    drawn_in_ = commits_;
}

// Whoever has the smaller standing of a class is let in first: of those drawn whoever has the
// smaller rank, then the others by number.
Model::Standing Model::standing_of(PlaceNumber number) const {
    const LineClass line_class = number.line_class();
    const auto draw = draws_.find(line_class);
    if (draw == draws_.end() || number.sequence() > draw->second.size) {
        return {line_class, 1, number.value};
    }
    auto [rank, is_new] = ranks_.try_emplace(number, 0);
    if (is_new) {
        rank->second = static_cast<std::int64_t>(test::rank_by_hand(
            draw->second.seed, static_cast<std::uint64_t>(draw->second.size),
            static_cast<std::uint64_t>(number.sequence()), static_cast<std::uint64_t>(line_class)));
    }
    return {line_class, 0, rank->second};
}

std::optional<Time> Model::heard_before(const InLine& place, Time at, int by) const {
    std::optional<Time> last;
    const auto by_this = place.heard.find(by);
    if (by_this == place.heard.end()) return place.joined;
    for (const Time heard : by_this->second) {
        if (heard <= at) last = std::max(last.value_or(heard), heard);
    }
    return last;
}

bool Model::surely_present(const InLine& place, Time at, int by) const {
    if (!sale_.room->no_shows) return true;
    const auto heard = heard_before(place, at - heard_slack, by);
    // Another instance, to which it was silent, may pass over who was heard of here just before.
    if (place.status == PlaceStatus::passed && heard && heard <= place.passed_at) return false;
    return heard && at - *heard <= sale_.room->no_shows->silent_after - heard_slack;
}

void Model::on_admitted(const Event& event) {
    expect(sale_.room.has_value(), "Q1", "somebody was let in where there is no room");
    if (!sale_.room) return;
    const auto place = places_.find(event.place);
    const bool is_known = place != places_.end();
    const bool is_by_hand = !event.actor.empty();
    // An operator may let in who joined in this very commit; that place is told of with its row.
    expect(is_known || is_by_hand, "Q1", "who never joined was let in");
    expect(!passes_.contains(event.place), "Q3", "a place was let in twice");
    if (is_known) {
        expect(waits_now(place->second.status), "Q3", "who does not wait was let in");
        expect(place->second.user == event.user, "Q1", "a place was let in as another's");
    }
    const Duration ttl = sale_.room->pass_ttl.value_or(mix_.options.pass_ttl);
    const Duration most = std::min(ttl, mix_.options.pass_max);
    expect(event.pass_expires_at == event.at + most, "T4", "a pass is not as long as passes are");
    expect(!sale_.opens_at || *sale_.opens_at <= event.at, "C1",
           "somebody was let in before the sale opens");
    expect(!sale_.room->draw || !sale_.draw || draws_.contains(0), "Q7",
           "somebody was let in before the draw");
    if (!is_by_hand) {
        expect(sale_.mode == SaleMode::open || sale_.mode == SaleMode::draining, "Q1",
               "somebody was let in though the sale is paused or closed");
        check_overtaken(event);
        check_shares(event);
    } else {
        mark(Mark::admitted_by_hand);
    }
    check_quota(event);
    if (sale_.room->waiting_list) mark(Mark::waiting_list_admitted);
    if (is_known) {
        if (place->second.status == PlaceStatus::passed) mark(Mark::passed_over_and_back);
        place->second.status = PlaceStatus::admitted;
        place->second.ended_in = commits_;
    }
    passes_[event.place] = {event.user, PassStatus::admitted, event.at, event.pass_expires_at,
                            false};
    passes_touched_.insert(event.place);
    admissions_.push_back(event.at);
}

void Model::check_overtaken(const Event& event) {
    const auto own_place = places_before_.find(event.place);
    if (own_place == places_before_.end()) return;
    const Standing own = standing_of(event.place);
    for (const auto& [number, place] : places_) {
        if (number.line_class() != event.place.line_class() || number == event.place) continue;
        if (!places_before_.contains(number) || !waits_now(place.status)) continue;
        if (standing_of(number) > own) continue;
        expect(!surely_present(place, event.at, by_), "Q1",
               fmt::format("place {} was let in before {}, which was there", event.place.value,
                           number.value));
    }
    if (!sale_.room->no_shows) return;
    // Where a server's clock was set back it may have been later.
    const auto heard = heard_before(own_place->second, is_shared() ? Time::max() : event.at, by_);
    expect(heard && event.at - *heard <= sale_.room->no_shows->silent_after + heard_slack, "Q1",
           fmt::format("place {} was let in, and was not there: last heard of at {}",
                       event.place.value, heard ? heard->time_since_epoch().count() : 0));
}

// As long as somebody of a class is there, others are not let in for longer than its share says,
// give or take three.
void Model::check_shares(const Event& event) {
    const std::vector<RoomClass> classes = sale_.room->classes;
    if (classes.size() < 2) return;
    std::int64_t total = 0;
    for (const RoomClass& each : classes) total += each.weight;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const auto line_class = static_cast<LineClass>(i);
        const bool is_there =
            std::any_of(places_before_.begin(), places_before_.end(), [&](const auto& place) {
                return place.first.line_class() == line_class && waits(place.first) &&
                       surely_present(place.second, event.at, by_);
            });
        std::int64_t& passed_by = passed_by_[line_class];
        passed_by = is_there && event.place.line_class() != line_class ? passed_by + 1 : 0;
        expect(passed_by <= total / classes[i].weight + 3, "Q6", "a class does not get its share");
    }
}

std::int64_t Model::live_passes(Time at) const {
    return std::count_if(passes_.begin(), passes_.end(), [&](const auto& pass) {
        return pass.second.status == PassStatus::admitted && at < pass.second.ends;
    });
}

std::int64_t Model::seeking_passes(Time at) const {
    std::set<PlaceNumber> holders;
    for (const auto& [id, booking] : bookings_) {
        const bool is_live = booking.status == ReservationStatus::held && at < booking.until;
        if (is_live) holders.insert(booking.place);
    }
    return std::count_if(passes_.begin(), passes_.end(), [&](const auto& pass) {
        return pass.second.status == PassStatus::admitted && at < pass.second.ends &&
               !holders.contains(pass.first);
    });
}

std::int64_t Model::admitted_within(Duration length, Time at) const {
    return std::count_if(admissions_.begin(), admissions_.end(),
                         [&](Time admitted) { return admitted > at - length; });
}

SeatCounts Model::counts_to_come(Time now, bool dead_are_free) const {
    SeatCounts counts;
    for (const auto& [key, seat] : seats_) {
        if (starts_.at(key.first) <= now) continue;
        const bool is_dead = seat.status == SeatStatus::held && seat.until <= now;
        if (seat.status == SeatStatus::free || (is_dead && dead_are_free)) ++counts.free;
        if (seat.status == SeatStatus::blocked) ++counts.blocked;
        if (seat.status == SeatStatus::held && !(is_dead && dead_are_free)) ++counts.held;
        if (seat.status == SeatStatus::sold) ++counts.sold;
    }
    return counts;
}

// Before this one is counted itself. What is marked admitted counts, past its time or not: those
// are ended in the same commit, before anybody has their slot.
void Model::check_quota(const Event& event) {
    const auto marked = std::count_if(passes_.begin(), passes_.end(), [](const auto& pass) {
        return pass.second.status == PassStatus::admitted;
    });
    const RoomPolicy& room = *sale_.room;
    if (room.active_max) {
        expect(marked < *room.active_max, "Q2", "more are in at once than may be");
    }
    if (room.closed_loop) {
        expect(marked < room.closed_loop->ceiling, "Q2", "more are in than a loop's ceiling");
    }
    if (room.window) {
        const auto within = admitted_within(room.window->length, event.at);
        expect(within < room.window->admit_max, "Q2",
               "more were let in within a window than may be");
        if (within + 1 == room.window->admit_max) mark(Mark::window_was_full);
    }
    if (room.active_max && marked + 1 == *room.active_max) mark(Mark::room_was_full);
    const SeatCounts counts = counts_to_come(event.at, true);
    // Who is in and holds nothing is known from memory.
    if (room.waiting_list && group().is_current) {
        expect(counts.free > seeking_passes(event.at), "Q2",
               "somebody was let in for whom there is no seat");
    }
}

void Model::on_pass(const Event& event) {
    const auto found = passes_.find(event.place);
    if (found == passes_.end()) return complain_("Q3", "a pass ended that nobody was given");
    PassNow& pass = found->second;
    expect(pass.user == event.user, "S6", "another's pass was ended");
    expect(pass.status == PassStatus::admitted, "Q3", "a pass ended twice");
    const bool is_expired = event.kind == EventKind::pass_expired;
    expect(!is_expired || pass.ends <= event.at, "C1", "a pass was expired before its time");
    expect(is_expired || event.at < pass.ends, "T4", "a pass past its time was given back");
    pass.status = is_expired ? PassStatus::expired : PassStatus::left;
    passes_touched_.insert(event.place);
    if (is_expired) return;
    for (const auto& [id, booking] : bookings_) {
        if (booking.place != event.place || !bookings_touched_.contains(id)) continue;
        if (booking.status == ReservationStatus::released) mark(Mark::left_with_holds);
    }
}

void Model::on_row(const Place& row, std::uint64_t version) {
    if (version == 1) {
        const LineClass line_class = row.number.line_class();
        std::int64_t& next = next_sequence_.try_emplace(line_class, 1).first->second;
        expect(row.number.epoch() == 0 && row.number.sequence() == next, "Q4",
               "a new place has not the next number of its line");
        next = row.number.sequence() + 1;
        expect(!places_.contains(row.number), "Q4", "a number was given twice");
        expect(row.joined_at == last_at_, "Q4", "a place is older than its commit");
        places_[row.number] = {.user = row.user_id, .joined = row.joined_at, .made_in = commits_};
        for (const auto& [instance, group] : groups_) {
            places_[row.number].heard[instance] = {last_at_};
        }
    }
    InLine& place = places_[row.number];
    const bool is_in = passes_.contains(row.number);
    expect((row.status == PlaceStatus::admitted) == is_in, "Q3",
           "a place is let in without a pass, or has one and waits");
    expect(place.user == row.user_id, "Q4", "a place is another's now");
    const bool had_left = place.status == PlaceStatus::left;
    expect(!had_left, "Q3", "a place that was left is written again");
    if (row.status == PlaceStatus::passed) {
        mark(Mark::passed_over);
        expect(sale_.room && sale_.room->no_shows && place.status == PlaceStatus::waiting, "Q1",
               "a place was passed over where none is");
        const auto heard = heard_before(place, last_at_, by_);
        expect(heard && sale_.room->no_shows &&
                   last_at_ - *heard > sale_.room->no_shows->silent_after - heard_slack,
               "Q1", "who was there was passed over");
        place.passed_at = row.passed_at;
    }
    if (row.is_lost()) {
        mark(Mark::place_lost);
        const auto heard = heard_before(place, last_at_, by_);
        expect(place.status == PlaceStatus::passed && place.passed_at && sale_.room->no_shows &&
                   last_at_ - *place.passed_at >= sale_.room->no_shows->grace && heard &&
                   last_at_ - *heard > sale_.room->no_shows->silent_after - heard_slack,
               "Q4", "a place was lost before its grace was over");
    }
    place.status = row.status;
    if (!waits_now(place.status) && place.ended_in == 0) place.ended_in = commits_;
}

void Model::on_row(const Pass& row, std::uint64_t version) {
    const auto found = passes_.find(row.number);
    if (found == passes_.end()) return complain_("O1", "a pass without an event");
    PassNow& pass = found->second;
    expect((version == 1) == !pass.has_row, "Q3", "a pass was written anew");
    pass.has_row = true;
    expect(row.user_id == pass.user, "S6", "a pass is another's now");
    expect(row.status == pass.status, "O1", "a pass is not as its events have it");
    expect(row.expires_at == pass.ends, "T4", "a pass has another end than its events say");
    expect(row.admitted_at == pass.admitted &&
               row.ceiling == pass.admitted + mix_.options.pass_max &&
               row.expires_at <= row.ceiling,
           "T4", "a pass's ceiling is not that of its admission");
}

void Model::on_row(const Line& row) {
    const std::int64_t next = next_sequence_.try_emplace(row.line_class, 1).first->second;
    expect(row.next_sequence == next, "Q4", "a line's next number is not the next");
}

// --- What is asked of it -------------------------------------------------------------------------

bool Model::waits(PlaceNumber number) const {
    const auto place = places_.find(number);
    return place != places_.end() && waits_now(place->second.status);
}

std::optional<std::int64_t> Model::position_of(PlaceNumber number) const {
    if (sale_.room->draw && draws_.empty()) return std::nullopt;
    std::int64_t ahead = 0;
    for (const auto& [other, place] : places_) {
        if (other.line_class() != number.line_class() || !waits_now(place.status)) continue;
        if (standing_of(other) < standing_of(number)) ++ahead;
    }
    return ahead + 1;
}

SaleState Model::sale_state(Time now) const {
    const SeatCounts counts = counts_to_come(now, false);
    if (sale_.mode == SaleMode::closed || counts.total() == 0) return SaleState::closed;
    if (sale_.mode == SaleMode::draining) return SaleState::draining;
    if (sale_.mode == SaleMode::paused) return SaleState::paused;
    if (sale_.opens_at && *sale_.opens_at > now) return SaleState::scheduled;
    if (counts.free + counts.held == 0) return SaleState::sold_out;
    return SaleState::open;
}

std::optional<PlaceNumber> Model::overdue(Time now, const std::vector<int>& to) const {
    if (!sale_.room) return std::nullopt;
    const RoomPolicy& room = *sale_.room;
    const SaleState state = sale_state(now);
    if (state != SaleState::open && state != SaleState::draining) return std::nullopt;
    if (sale_.opens_at && *sale_.opens_at > now) return std::nullopt;
    if (room.closed_loop) return std::nullopt;
    if (room.active_max && live_passes(now) >= *room.active_max) return std::nullopt;
    if (room.window) {
        if (admitted_within(room.window->length, now) >= room.window->admit_max)
            return std::nullopt;
        // What was admitted before a change may count for longer.
        const bool was_changed =
            std::any_of(by_policy_since_.begin(), by_policy_since_.end(),
                        [&](Time at) { return now - at < 2 * room.window->length; });
        if (was_changed) return std::nullopt;
    }
    if (room.waiting_list) {
        const SeatCounts counts = counts_to_come(now, true);
        if (counts.free <= seeking_passes(now)) return std::nullopt;
    }
    for (const auto& [number, place] : places_) {
        const bool is_there = std::ranges::all_of(
            to, [&](int instance) { return surely_present(place, now, instance); });
        if (waits_now(place.status) && is_there) return number;
    }
    return std::nullopt;
}

}  // namespace concertres::sim

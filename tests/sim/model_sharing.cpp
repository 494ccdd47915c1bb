// What an instance of several can know: its own commits, and those of the others up to when it last
// asked for them.
#include <fmt/format.h>

#include <algorithm>

#include "sim/marks.hpp"
#include "sim/model.hpp"

namespace concertres::sim {

void Model::turn_to(int instance) {
    by_ = instance;
    loaded_ = group().loaded;
    commits_at_load_ = group().commits;
}

void Model::followed(std::int64_t commits, const News& news) {
    expect(commits >= group().known, "O5", "an instance knows less than it did");
    // Who has joined elsewhere counts as heard of when that is known here.
    for (auto& [number, place] : places_) {
        if (knows(place.made_in) || place.made_in > commits) continue;
        place.heard[by_].push_back(news.changes.at);
    }
    group().known = commits;
    for (const News::Heard& each : news.heard) {
        const auto place = places_.find(each.place.number);
        if (place == places_.end()) continue;
        place->second.heard[by_].push_back(each.at);
        mark(Mark::heard_of_by_another);
    }
}

bool Model::knows(std::int64_t commit) const {
    return commit <= group().known || makers_.at(static_cast<std::size_t>(commit)) == by_;
}

bool Model::knows_all() const {
    for (std::int64_t commit = group().known + 1; commit <= commits_; ++commit) {
        if (!knows(commit)) return false;
    }
    return true;
}

bool Model::is_known(PlaceNumber number) const {
    const auto place = places_.find(number);
    return place != places_.end() && knows(place->second.made_in);
}

// With all who have gone since, as far as this instance cannot know. Whose number is smaller was
// there before, and whoever gave a number knows of those.
std::int64_t Model::known_position(PlaceNumber number) const {
    std::int64_t ahead = 0;
    for (const auto& [other, place] : places_) {
        if (other.line_class() != number.line_class()) continue;
        const bool is_there = waits(other) || !knows(place.ended_in);
        if (is_there && standing_of(other) < standing_of(number)) ++ahead;
    }
    return ahead + 1;
}

// What is shown may be what was so a moment ago: nothing older, and nothing that never was.
void Model::check_shown(const PlaceView& view) {
    if (!is_shared() || view.status != TokenStatus::waiting || !sale_.room) return;
    const auto place = places_.find(view.number);
    if (place == places_.end()) {
        return complain_("D2",
                         fmt::format("place {} is shown, and is not committed", view.number.value));
    }
    const InLine& at = place->second;
    const std::string name = fmt::format("place {}", view.number.value);
    if (!waits(view.number)) {
        expect(!knows(at.ended_in), "D2", name + " is shown as waiting, and has been let in");
        return mark(Mark::shown_as_it_was_a_moment_before);
    }
    const bool is_drawn = drawn_in_ != 0;
    const bool draw_is_known = !sale_.room->draw || (is_drawn && knows(drawn_in_));
    if (!view.position) {
        return expect(!draw_is_known || !knows(at.made_in), "Q5", name + " is told no position");
    }
    if (sale_.room->draw && !is_drawn) {
        return complain_("Q5", name + " is told a position before the draw");
    }
    const std::int64_t now = position_of(view.number).value_or(1);
    const std::int64_t before = known_position(view.number);
    expect(now <= *view.position && *view.position <= before, "Q5",
           fmt::format("{} is told {} and stands at {}; from what is known there, {}", name,
                       *view.position, now, before));
    if (*view.position != now) mark(Mark::shown_as_it_was_a_moment_before);
}

// Of an instance that knows everything.
void Model::check_shown(const ConcertView& view) const {
    if (!knows_all()) return;
    SeatCounts counts;
    for (const auto& [key, seat] : seats_) {
        ++(seat.status == SeatStatus::free      ? counts.free
           : seat.status == SeatStatus::blocked ? counts.blocked
           : seat.status == SeatStatus::held    ? counts.held
                                                : counts.sold);
    }
    expect(view.seats == counts, "D2", "the hall is shown otherwise than it is");
    if (!sale_.room) return;
    const auto waiting = std::count_if(places_.begin(), places_.end(),
                                       [&](const auto& place) { return waits(place.first); });
    expect(view.waiting == waiting, "D2", "more are shown to wait than do, or fewer");
    const auto admitted = std::count_if(passes_.begin(), passes_.end(), [](const auto& pass) {
        return pass.second.status == PassStatus::admitted;
    });
    expect(view.admitted == admitted, "D2", "more are shown to be in than are, or fewer");
}

}  // namespace concertres::sim

#include "support/memory_line.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace concertres::test {
namespace {

using Room = MemoryLine::Room;
using Kind = LineFault::Kind;

// As the numbers of one class, whatever the class.
std::int64_t within_class(PlaceNumber number) {
    return PlaceNumber::of(number.epoch(), number.sequence()).value;
}

std::int64_t smaller(const std::map<PlaceNumber, UserId>& among, PlaceNumber number) {
    const auto first = among.lower_bound(PlaceNumber::of({.line_class = number.line_class()}));
    return std::distance(first, among.lower_bound(number));
}

LinePlace place_of(const Room& room, const UserId& user) {
    LinePlace place;
    const auto found = room.latest.find(user);
    if (found == room.latest.end()) return place;
    place.number = found->second;
    place.waits = room.waiting.contains(place.number) || room.passed.contains(place.number);
    if (place.waits) {
        place.ahead = smaller(room.waiting, place.number) + smaller(room.passed, place.number);
    }
    return place;
}

void take_out(Room& room, PlaceNumber number, const UserId& user) {
    room.waiting.erase(number);
    room.passed.erase(number);
    room.passed_at.erase(number);
    room.heard.erase(user);
}

void stand(Room& room, const UserId& user, PlaceNumber number) {
    const auto before = room.latest.find(user);
    if (before != room.latest.end()) take_out(room, before->second, user);
    room.latest[user] = number;
    room.waiting[number] = user;
}

std::int64_t lose(Room& room, Time before) {
    std::int64_t lost = 0;
    for (auto at = room.passed_at.begin(); at != room.passed_at.end();) {
        const auto [number, time] = *at++;
        if (time >= before) continue;
        take_out(room, number, UserId(room.passed.at(number)));
        ++lost;
    }
    return lost;
}

}  // namespace

void MemoryLine::wipe() {
    const std::lock_guard lock(mutex_);
    rooms_.clear();
}

MemoryLine::Copy MemoryLine::copy() const {
    const std::lock_guard lock(mutex_);
    return rooms_;
}

void MemoryLine::roll_back(const Copy& copy) {
    const std::lock_guard lock(mutex_);
    rooms_ = copy;
    ++home_;
}

void MemoryLine::go_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
}

void MemoryLine::refuse_beginning(bool refuses) {
    const std::lock_guard lock(mutex_);
    refuses_beginning_ = refuses;
}

void MemoryLine::lose_answers(int calls) {
    const std::lock_guard lock(mutex_);
    answers_to_lose_ = calls;
}

template <class T, class Act>
void MemoryLine::answer(LineDone<T>& done, const Act& act) {
    std::optional<LineAnswer<T>> told;
    {
        const std::lock_guard lock(mutex_);
        if (away_) {
            told.emplace(LineFault{.kind = Kind::away, .detail = "it is away"});
        } else {
            told.emplace(act());
            if (answers_to_lose_ > 0) {
                --answers_to_lose_;
                told.emplace(LineFault{.kind = Kind::unknown, .detail = "the answer was lost"});
            }
        }
    }
    done(std::move(*told));
}

template <class T, class Act>
void MemoryLine::in_room(const LineRoom& room, LineDone<T>& done, const Act& act) {
    answer(done, [&]() -> LineAnswer<T> {
        const auto found = rooms_.find(room.concert);
        if (found == rooms_.end() || found->second.epoch < room.epoch) {
            return LineFault{.kind = Kind::lost, .detail = "the epoch has not been begun"};
        }
        if (found->second.epoch > room.epoch) {
            return LineFault{.kind = Kind::outdated, .epoch = found->second.epoch};
        }
        if (found->second.home != home_) {
            return LineFault{.kind = Kind::lost, .detail = "it is not what it was"};
        }
        return act(found->second);
    });
}

void MemoryLine::begin(const LineRoom& room, LineDone<LineDid> done) {
    answer(done, [&]() -> LineAnswer<LineDid> {
        if (refuses_beginning_) return LineFault{.kind = Kind::away};
        Room& line = rooms_[room.concert];
        const bool is_other = line.epoch == room.epoch && line.home != home_;
        if (line.epoch > room.epoch || is_other) {
            return LineFault{.kind = Kind::outdated, .epoch = line.epoch};
        }
        if (line.epoch == room.epoch) return LineDid{};
        line.epoch = room.epoch;
        line.home = home_;
        line.blocks.clear();
        return LineDid{};
    });
}

void MemoryLine::extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LineDid> {
        LineBlock& left = line.blocks[block.line_class];
        const bool is_used_up = left.first == 0 || left.first > left.last;
        if (is_used_up && block.first > left.last) left = block;
        return LineDid{};
    });
}

void MemoryLine::join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LinePlace> {
        LinePlace latest = place_of(line, join.user);
        const bool is_over = within_class(latest.number) <= within_class(join.over);
        if (latest.number != PlaceNumber{} && !is_over) return latest;
        const auto waiting = static_cast<std::int64_t>(line.waiting.size() + line.passed.size());
        if (waiting >= join.waiting_max) return LineFault{.kind = Kind::full};
        LineBlock& left = line.blocks[join.line_class];
        if (left.first == 0 || left.first > left.last) return LineFault{.kind = Kind::no_numbers};
        stand(line, join.user, PlaceNumber::of({join.line_class, line.epoch, left.first++}));
        latest = place_of(line, join.user);
        latest.made = true;
        return latest;
    });
}

void MemoryLine::reenter(const LineRoom& room, const LineEntry& place, LineDone<LinePlace> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LinePlace> {
        const LinePlace latest = place_of(line, place.user);
        const bool is_newer = latest.number == PlaceNumber{} ||
                              within_class(place.number) > within_class(latest.number);
        if (!is_newer || place.number.epoch() >= line.epoch) return latest;
        stand(line, place.user, place.number);
        LinePlace back = place_of(line, place.user);
        back.made = true;
        return back;
    });
}

void MemoryLine::leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<bool> {
        const LinePlace latest = place_of(line, place.user);
        if (latest.number != place.number || !latest.waits) return false;
        take_out(line, place.number, place.user);
        return true;
    });
}

void MemoryLine::heard(const LineRoom& room, std::span<const UserId> users, Time now,
                       LineDone<std::int64_t> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<std::int64_t> {
        std::int64_t back = 0;
        for (const UserId& user : users) {
            const LinePlace place = place_of(line, user);
            if (!place.waits) continue;
            line.heard[user] = now;
            if (line.passed.erase(place.number) == 0) continue;
            line.passed_at.erase(place.number);
            line.waiting[place.number] = user;
            ++back;
        }
        return back;
    });
}

void MemoryLine::peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LineHead> {
        LineHead head;
        head.lost = lose(line, peek.lost_before);
        auto next = line.waiting.lower_bound(PlaceNumber::of({.line_class = peek.line_class}));
        const auto last = PlaceNumber::last_of(peek.line_class);
        while (next != line.waiting.end() && next->first <= last &&
               head.waiting.size() < peek.count) {
            const auto [number, user] = *next++;
            const bool counts = peek.silent_before != Time::min();
            if (!counts ||
                line.heard.try_emplace(user, peek.now).first->second >= peek.silent_before) {
                head.waiting.push_back({number, user});
                continue;
            }
            line.waiting.erase(number);
            line.passed[number] = user;
            line.passed_at[number] = peek.now;
            ++head.passed_over;
        }
        const auto of_class = [&](const auto& entry) {
            return entry.first.line_class() == peek.line_class;
        };
        head.class_passed_over = std::ranges::count_if(line.passed, of_class);
        head.class_waiting = head.class_passed_over + std::ranges::count_if(line.waiting, of_class);
        return head;
    });
}

void MemoryLine::drop(const LineRoom& room, std::span<const LineEntry> places,
                      LineDone<LineDid> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LineDid> {
        for (const LineEntry& place : places) {
            const LinePlace latest = place_of(line, place.user);
            if (within_class(latest.number) > within_class(place.number)) continue;
            take_out(line, latest.number, place.user);
            line.latest[place.user] = place.number;
        }
        return LineDid{};
    });
}

void MemoryLine::position(const LineRoom& room, std::span<const UserId> users,
                          LineDone<LinePositions> done) {
    in_room(room, done, [&](Room& line) -> LineAnswer<LinePositions> {
        LinePositions positions;
        for (const UserId& user : users) positions.places.push_back(place_of(line, user));
        positions.waiting = static_cast<std::int64_t>(line.waiting.size() + line.passed.size());
        return positions;
    });
}

void MemoryLine::erase(const ConcertId& concert, LineDone<LineDid> done) {
    answer(done, [&]() -> LineAnswer<LineDid> {
        rooms_.erase(concert);
        return LineDid{};
    });
}

}  // namespace concertres::test

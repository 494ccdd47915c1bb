#include "live/room.hpp"

namespace concertres::live {
namespace {

std::vector<PlaceNumber> above(const NumberSet& numbers, PlaceNumber after, std::size_t limit) {
    std::vector<PlaceNumber> result;
    if (limit == 0) return result;
    numbers.for_each_above(after, [&](PlaceNumber number) {
        result.push_back(number);
        return result.size() < limit;
    });
    return result;
}

}  // namespace

void Room::change(const Place& after) {
    if (after.status == PlaceStatus::waiting) {
        waiting_.insert(after.number);
    } else {
        waiting_.erase(after.number);
    }
    if (after.status == PlaceStatus::passed) {
        passed_.insert(after.number);
    } else {
        passed_.erase(after.number);
    }
}

void Room::change(const Pass& after) {
    const auto known = end_of_.find(after.number.value);
    const bool is_admitted = after.status == PassStatus::admitted;
    if (known != end_of_.end()) {
        if (is_admitted && known->second == after.expires_at) return;
        by_end_.erase({known->second, after.number});
        end_of_.erase(known);
        if (!is_admitted) admitted_.erase(after.number);
    }
    if (is_admitted) add_admitted(after.number, after.expires_at);
}

void Room::add_admitted(PlaceNumber number, Time expires_at) {
    admitted_.insert(number);
    end_of_.insert_or_assign(number.value, expires_at);
    by_end_.emplace_hint(by_end_.end(), expires_at, number);
}

// The first `batch` numbers of each class, which stand together.
RoomLine Room::line(ConcertKey concert) const {
    RoomLine line;
    line.concert = concert;
    line.admitted = static_cast<std::int64_t>(admitted_.size());
    for (PlaceNumber after{};;) {
        const std::vector<PlaceNumber> next = waiting(after, RoomLine::batch);
        if (next.empty()) break;
        const PlaceNumber last = PlaceNumber::last_of(next.front().line_class());
        if (next.front() > last) break;  // no number that a store gives
        for (const PlaceNumber number : next) {
            if (number > last) break;
            line.waiting.push_back(number);
        }
        after = last;
    }
    for (const auto& [end, number] : by_end_) {
        if (line.expiring.size() == RoomLine::batch) break;
        line.expiring.push_back({number, end});
    }
    return line;
}

std::optional<Time> Room::first_end() const {
    if (by_end_.empty()) return std::nullopt;
    return by_end_.begin()->first;
}

std::vector<PlaceNumber> Room::waiting(PlaceNumber after, std::size_t limit) const {
    return above(waiting_, after, limit);
}

std::vector<PlaceNumber> Room::passed(PlaceNumber after, std::size_t limit) const {
    return above(passed_, after, limit);
}

std::vector<PlaceNumber> Room::admitted(PlaceNumber after, std::size_t limit) const {
    return above(admitted_, after, limit);
}

}  // namespace concertres::live

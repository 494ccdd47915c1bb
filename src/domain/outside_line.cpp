#include <algorithm>

#include "concertres/admission.hpp"
#include "concertres/assert.hpp"
#include "concertres/error.hpp"

namespace concertres {
namespace {

Error used_up(const char* what) {
    return {Errc::room_closed,
            std::string("this waiting room takes nobody any more: it has used up its ") + what,
            {}};
}

}  // namespace

bool may_leave_storage(const Sale& sale, std::span<const Line> lines) {
    return sale.room && !sale.room->draw && !sale.draw && lines.size() == 1 &&
           lines.front().next_sequence == 1 && !lines.front().closed_until;
}

std::optional<Time> closed_until(std::span<const Line> lines) {
    const auto first = std::ranges::find(lines, 0, &Line::line_class);
    return first == lines.end() ? std::nullopt : first->closed_until;
}

Result<void> check_outside(const Sale& sale) {
    if (!sale.room || !sale.room->draw) return {};
    const std::string detail =
        "the line of this waiting room is kept outside of the store, and cannot be drawn";
    return Error{.code = Errc::request_invalid,
                 .detail = "room/draw: " + detail,
                 .seats = {},
                 .faults = {{"/draw", "out_of_range", detail}}};
}

Result<void> raise_epoch(std::span<Line> lines, std::int64_t above, Time closed_until) {
    CONCERTRES_ASSERT(!lines.empty() && lines.front().line_class == 0);
    const std::int64_t epoch = std::max(lines.front().epoch, above) + 1;
    if (epoch >= PlaceNumber::epochs_max) return used_up("epochs");
    for (Line& line : lines) {
        line.epoch = epoch;
        line.next_sequence = 1;
    }
    lines.front().closed_until = closed_until;
    return {};
}

Result<std::int64_t> reserve_numbers(Line& line, std::int64_t count) {
    CONCERTRES_ASSERT(count > 0);
    if (line.next_sequence > PlaceNumber::sequences_max - count) return used_up("numbers");
    line.next_sequence += count;
    return line.next_sequence - count;
}

Place place_outside(ConcertKey concert, PlaceNumber number, UserKey user, const UserId& user_id,
                    Time now) {
    return {.concert = concert,
            .number = number,
            .user = user,
            .user_id = user_id,
            .status = PlaceStatus::waiting,
            .joined_at = now};
}

}  // namespace concertres

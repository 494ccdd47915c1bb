// What the witness says of seats and admissions together: whoever comes from a waiting list has
// one.
#include <algorithm>
#include <array>
#include <utility>

#include "support/witness.hpp"

namespace concertres::test {
namespace {

// Seats by the class in whose allotment they are, and last those of none.
constexpr std::size_t in_none = PlaceNumber::classes_max;
using ByClass = std::array<std::int64_t, in_none + 1>;

// The seats of a sale as its events come, with holds ending by themselves.
class SeatsOverTime {
  public:
    explicit SeatsOverTime(const std::map<SeatNumber, LineClass>& allotted)
        : allotted_(&allotted) {}

    void apply(const Event& event) {
        switch (event.kind) {
            case EventKind::reservation_held:
            case EventKind::reservation_extended:
                held_[event.items.front().reservation] = {event.until, event.place,
                                                          seats_of(event)};
                break;
            case EventKind::payment_completed:
                add(sold_, seats_of(event), 1);
                [[fallthrough]];
            case EventKind::reservation_released:
            case EventKind::reservation_expired:
                for (const EventItem& item : event.items) held_.erase(item.reservation);
                break;
            case EventKind::payment_refunded:
                add(sold_, seats_of(event), -1);
                break;
            default:
                break;
        }
    }
    [[nodiscard]] static bool frees(const Event& event) {
        return event.kind == EventKind::reservation_released ||
               event.kind == EventKind::reservation_expired ||
               event.kind == EventKind::payment_refunded;
    }
    // Of all seats, those that are neither sold nor held.
    [[nodiscard]] ByClass free(const ByClass& all, Time at) const {
        ByClass seats = all;
        add(seats, sold_, -1);
        for (const auto& [id, hold] : held_) {
            if (hold.until > at) add(seats, hold.seats, -1);
        }
        return seats;
    }
    [[nodiscard]] bool holds_any(PlaceNumber place, Time at) const {
        return std::ranges::any_of(held_, [&](const auto& entry) {
            return entry.second.place == place && entry.second.until > at;
        });
    }

  private:
    static void add(ByClass& sum, const ByClass& seats, std::int64_t times) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += times * seats[i];
    }
    [[nodiscard]] ByClass seats_of(const Event& event) const {
        ByClass seats{};
        for (const EventItem& item : event.items) {
            for (const SeatNumber number : item.seats) {
                const auto at = allotted_->find(number);
                ++seats[at == allotted_->end() ? in_none : static_cast<std::size_t>(at->second)];
            }
        }
        return seats;
    }

    struct Held {
        Time until;
        PlaceNumber place;
        ByClass seats;
    };

    const std::map<SeatNumber, LineClass>* allotted_;
    std::map<ReservationId, Held> held_;
    ByClass sold_{};
};

// How many of those who look for a seat find none among their own class's, and need another.
std::int64_t beyond_their_own(const ByClass& seeking, const ByClass& free) {
    std::int64_t people = 0;
    for (std::size_t i = 0; i < in_none; ++i) {
        people += std::max<std::int64_t>(0, seeking[i] - free[i]);
    }
    return people;
}

}  // namespace

// Of what happened at one moment it is taken that seats came free before somebody was admitted, and
// were taken after: so it complains of nothing that may have been right.
void Witness::check_seat_for_each(const std::vector<Event>& performances,
                                  const std::vector<Admitted>& admitted,
                                  const std::map<PlaceNumber, Time>& ends) {
    std::vector<const Event*> events;
    for (const Event& event : performances) events.push_back(&event);
    const auto order = [](const Event* event) {
        return std::pair(event->at, SeatsOverTime::frees(*event) ? 0 : 1);
    };
    std::ranges::stable_sort(events, {}, order);
    ByClass all{};
    for (const auto& [number, line_class] : allotted_) {
        all[static_cast<std::size_t>(line_class)] += performances_;
    }
    all[in_none] = performances_ * static_cast<std::int64_t>(prices_.size() - allotted_.size());
    SeatsOverTime seats(allotted_);
    auto next = events.begin();
    for (std::size_t i = 0; i < admitted.size(); ++i) {
        const Time at = admitted[i].event->at;
        for (; next != events.end() && order(*next) < std::pair(at, 1); ++next) {
            seats.apply(**next);
        }
        if (!admitted[i].policy->waiting_list) continue;
        ByClass seeking{};
        for (std::size_t j = 0; j <= i; ++j) {
            const PlaceNumber place = admitted[j].event->place;
            const auto end = ends.find(place);
            const bool is_in = end == ends.end() || end->second > at;
            if (!is_in || seats.holds_any(place, at)) continue;
            ++seeking[static_cast<std::size_t>(place.line_class())];
        }
        const ByClass free = seats.free(all, at);
        const auto own = static_cast<std::size_t>(admitted[i].event->place.line_class());
        expect(seeking[own] <= free[own] || beyond_their_own(seeking, free) <= free[in_none],
               "somebody was let in from a waiting list for whom no seat is free");
    }
}

}  // namespace concertres::test

// A small sale for tests: one concert, one or more dates, numbered seats at one price, and users by
// number.
#pragma once

#include <string>
#include <vector>

#include "concertres/box_office.hpp"

namespace concertres::test {

[[nodiscard]] inline std::vector<SeatNumber> numbers_of(const ReservationView& view) {
    std::vector<SeatNumber> numbers;
    for (const SeatPrice& seat : view.seats) numbers.push_back(seat.number);
    return numbers;
}

struct SmallSale {
    ConcertId concert;
    std::vector<PerformanceId> performances;

    static constexpr Money price{50'000};

    // A draft with `dates` performances far in the future.
    static ConcertDraft draft(SeatNumber seats = 50, int dates = 1) {
        ConcertDraft draft;
        draft.title = "Winter Songs";
        draft.venue = "Little Hall";
        for (int i = 0; i < dates; ++i) {
            OffsetTime at = *parse_rfc3339("2090-12-24T19:00:00+09:00");
            at.time += std::chrono::days(i);
            draft.performances.push_back({at});
        }
        draft.seats = numbered_seats(seats, price);
        return draft;
    }
    static SmallSale add(BoxOffice& office, ConcertDraft draft = SmallSale::draft()) {
        const auto added = office.add_concert(std::move(draft));
        return {added.value().id, added.value().performances};
    }
    static UserId user(int number) { return UserId::from_name("user " + std::to_string(number)); }
    PerformanceId performance() const { return performances.front(); }
};

}  // namespace concertres::test

#include "concertres/assert.hpp"
#include "engine/handlers/common.hpp"
#include "engine/slices.hpp"

namespace concertres {

namespace {

void count(const CatalogConcert& concert, const Seat& seat, Time now, PerformanceReport& report) {
    switch (seat.status_at(now)) {
        case SeatStatus::free:
            ++report.seats.free;
            return;
        case SeatStatus::blocked:
            ++report.seats.blocked;
            return;
        case SeatStatus::held:
            ++report.seats.held;
            return;
        case SeatStatus::sold:
            const HallSeat* hall = concert.seat(seat.number);
            CONCERTRES_ASSERT(hall != nullptr);
            ++report.seats.sold;
            // A hall's prices never change, so this is what its reservation was made at.
            report.takings.minor += hall->price.minor;
            return;
    }
}

}  // namespace

std::optional<Result<ReportView>> Slices<GetReport>::step(const QueryContext& at) {
    if (concert_ == nullptr) {
        concert_ = at.catalog->find(query_.concert);
        if (concert_ == nullptr) {
            return unknown(Errc::unknown_concert, "concert", query_.concert.uuid);
        }
        CONCERTRES_ASSERT(!concert_->performances.empty());
    }
    count_seats(at);
    const bool whole = after_ == concert_->seats.back().number;
    if (!whole || view_.performances.size() < concert_->performances.size()) return std::nullopt;
    for (const PerformanceReport& performance : view_.performances) {
        view_.takings.minor += performance.takings.minor;
    }
    view_.now = at.now();
    view_.concert = at.board->view(*concert_, view_.now);
    return std::move(view_);
}

// The next seats of a performance. Each seat is counted once, so that seats and money agree,
// whatever is sold between two slices.
void Slices<GetReport>::count_seats(const QueryContext& at) {
    if (view_.performances.empty() || after_ == concert_->seats.back().number) {
        const Performance& next = concert_->performances[view_.performances.size()].performance;
        view_.performances.push_back({.id = next.id,
                                      .date = next.date,
                                      .starts_at = next.starts_at,
                                      .utc_offset = next.utc_offset});
        after_ = 0;
    }
    PerformanceReport& report = view_.performances.back();
    const PerformanceKey key =
        concert_->performances[view_.performances.size() - 1].performance.key;
    const Time now = at.now();
    const auto seats = at.storage->seats(key, after_, seats_per_slice);
    CONCERTRES_ASSERT(!seats.empty());
    for (const Seat& seat : seats) count(*concert_, seat, now, report);
    after_ = seats.back().number;
}

}  // namespace concertres

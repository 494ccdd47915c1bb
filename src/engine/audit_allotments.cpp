// Allotments: who has held seats that are kept for people of a class.

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class AllotmentChecks {
  public:
    AllotmentChecks(const Audited& audited, Findings& findings)
        : rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const ShownConcert& concert : rows_->concerts) check_classes(concert);
        for (const Reservation& reservation : rows_->reservations) check_reservation(reservation);
    }

  private:
    void check_classes(const ShownConcert& concert);
    void check_reservation(const Reservation& reservation);
    [[nodiscard]] const RoomPolicy* room_of(const ShownConcert& concert) const {
        const Sale* sale = rows_->sales.find(concert.row);
        return sale == nullptr || !sale->room ? nullptr : &*sale->room;
    }

    const AuditRows* rows_;
    Findings* findings_;
};

void AllotmentChecks::check_classes(const ShownConcert& concert) {
    const RoomPolicy* room = room_of(concert);
    const std::size_t classes = room == nullptr ? 0 : room->classes.size();
    for (const auto& [seat, line_class] : concert.allotted) {
        findings_->expect(line_class >= 0 && static_cast<std::size_t>(line_class) < classes, "S9",
                          "seat {} of concert {} is allotted to class {}, but its room has {}",
                          seat, concert.id, line_class, classes);
    }
}

// Events tell in words what an operator has made of a room. So only what was held since the last
// change is known to have been held under what the room says now.
void AllotmentChecks::check_reservation(const Reservation& reservation) {
    const ShownConcert* concert = rows_->hall_of(reservation.performance);
    if (concert == nullptr || concert->allotted.empty()) return;
    const RoomPolicy* room = room_of(*concert);
    if (room == nullptr) return;
    const auto changed = rows_->sale_changed_at.find(concert->row);
    if (changed != rows_->sale_changed_at.end() && reservation.held_at <= changed->second) return;
    for (const ReservedSeat& seat : reservation.seats) {
        const auto allotted = concert->allotted.find(seat.number);
        if (allotted == concert->allotted.end()) continue;
        const auto line_class = static_cast<std::size_t>(allotted->second);
        if (line_class >= room->classes.size()) continue;  // told above
        const bool is_kept = !room->classes[line_class].allotment_released;
        findings_->expect(!is_kept || reservation.place.line_class() == allotted->second, "S9",
                          "reservation {} of place {}, which is of class {}, has seat {}, which is "
                          "kept for class {}",
                          reservation.id, reservation.place, reservation.place.line_class(),
                          seat.number, allotted->second);
    }
}

}  // namespace

void check_allotments(const Audited& audited, Findings& findings) {
    AllotmentChecks(audited, findings).check();
}

}  // namespace concertres

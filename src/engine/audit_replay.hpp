// The audit's own view of what the events of performances say: from free seats, event by event, to
// what the rows should show. It shares no rule with the code that wrote the events.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/audit_findings.hpp"
#include "engine/audit_rows.hpp"

namespace concertres {

struct ReplayedReservation {
    ReservationId id{};
    PerformanceKey performance{};
    UserId user{};
    PlaceNumber place{};
    std::vector<SeatNumber> seats{};  // sorted
    Money amount{};
    ReservationStatus status = ReservationStatus::held;
    Time held_at{};
    Time held_until{};
    PaymentId payment{};              // paid by
    PaymentId released_by{};          // let go by the payment of another
    PaymentId asked_by{};             // to be paid by, with money from outside that is on its way
    bool has_room = false;            // it was held with a pass
    bool extended_into_room = false;  // held without a pass, extended with one
    Time pass_expires_at{};           // the latest that holding or extending made of the pass

    [[nodiscard]] ReservationId key() const { return id; }
};

struct ReplayedPayment {
    PaymentId id{};
    PerformanceKey performance{};  // the first that it was told of
    UserId user{};
    PlaceNumber place{};
    TransferId transfer{};
    TransferId refund_transfer{};
    bool is_paid = false;
    bool is_refunded = false;
    bool is_begun = false;  // with money from outside
    bool is_failed = false;
    bool spends_pass = false;
    Time begun_at{};
    Time paid_at{};
    Time refunded_at{};
    Wide amount = 0;
    Wide refunded = 0;
    Wide asked = 0;
    std::vector<ReservationId> reservations_asked{};
    std::int64_t reservations = 0;
    std::int64_t reservations_refunded = 0;

    [[nodiscard]] PaymentId key() const { return id; }
};

struct ReplayedSeat {
    SeatKey seat{};
    SeatStatus status = SeatStatus::free;
    ReservationId reservation{};  // held or sold to
    ReservationId paid_by{};      // paid for and not refunded

    [[nodiscard]] SeatKey key() const { return seat; }
};

class SeatReplay {
  public:
    // Lifetime: both outlive it.
    SeatReplay(const AuditRows& rows, Findings& findings) : rows_(&rows), findings_(&findings) {}

    // The next event of a performance's stream; those of one stream in order.
    void apply(const Event& event);

    [[nodiscard]] const ShownTable<ReplayedSeat>& seats() const { return seats_; }
    [[nodiscard]] const ShownTable<ReplayedReservation>& reservations() const {
        return reservations_;
    }
    [[nodiscard]] const ShownTable<ReplayedPayment>& payments() const { return payments_; }

  private:
    void hold(const Event& event);
    void extend(const Event& event);
    void end(const Event& event, ReservationStatus status);
    void block(const Event& event, bool blocked);
    void pay(const Event& event);
    void pay(const Event& event, ReplayedReservation& reservation);
    void ask(const Event& event);
    void fail(const Event& event);
    void let_go(const ReplayedPayment& payment, const Event& event);
    void refund(const Event& event);
    void refund(const Event& event, ReplayedReservation& reservation);

    void take(const Event& event, SeatNumber number, const ReplayedReservation& by);
    void sell(SeatNumber number, const ReplayedReservation& to);
    void free(SeatNumber number, SeatStatus from, const ReplayedReservation& of);
    void prolong_pass(const Event& event, ReplayedReservation& reservation) const;

    // The reservation that the item names; none, with a finding, where no event held it.
    ReplayedReservation* find(const Event& event, const EventItem& item);
    bool check_one_item(const Event& event);
    ReplayedSeat& seat(PerformanceKey performance, SeatNumber number) {
        const SeatKey key{performance, number};
        return seats_.at(key, {.seat = key});
    }
    ReplayedPayment& payment(const Event& event) {
        return payments_.at(event.payment, {.id = event.payment,
                                            .performance = {event.stream.owner},
                                            .user = event.user,
                                            .place = event.place});
    }
    [[nodiscard]] NameIn<PerformanceKey> performance(const Event& event) const {
        return name(*rows_, PerformanceKey{event.stream.owner});
    }

    const AuditRows* rows_;
    Findings* findings_;
    ShownTable<ReplayedSeat> seats_;
    ShownTable<ReplayedReservation> reservations_;
    ShownTable<ReplayedPayment> payments_;
};

}  // namespace concertres

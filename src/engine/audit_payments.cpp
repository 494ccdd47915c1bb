// Payments against what they paid for, what they moved, and what the events say of them.

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

// The transfers that name a payment.
struct Moved {
    const Transfer* paid = nullptr;
    const Transfer* refunded = nullptr;
    const Transfer* charged = nullptr;  // with money from outside
};

// Whether it bought anything; what is no status at all is taken for a sale.
bool is_sale(const Payment& payment) {
    return payment.status != PaymentStatus::authorizing && payment.status != PaymentStatus::failed;
}

bool fits(PaymentStatus status, PaymentStage stage) {
    switch (status) {
        case PaymentStatus::authorizing:
            return stage == PaymentStage::authorize || stage == PaymentStage::capture;
        case PaymentStatus::failed:
            return stage == PaymentStage::cancel || stage == PaymentStage::refund ||
                   stage == PaymentStage::done;
        default:
            return stage == PaymentStage::none || stage == PaymentStage::done;
    }
}

class PaymentChecks {
  public:
    PaymentChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Transfer& transfer : rows_->transfers) find_payment(transfer);
        for (const Payment& payment : rows_->payments) {
            check_reservations(payment);
            check_released(payment);
            check_paid(payment);
            check_charged(payment);
            check_stage(payment);
            check_refunded(payment);
            check_told(payment);
        }
        for (const Reservation& reservation : rows_->reservations) check_reservation(reservation);
        for (const ReplayedPayment& told : audited_->seats->payments()) {
            findings_->expect(rows_->payment(told.id) != nullptr, "O1",
                              "events tell of payment {}, which does not exist", told.id);
        }
    }

  private:
    void find_payment(const Transfer& transfer);
    void check_reservations(const Payment& payment);
    void check_released(const Payment& payment);
    void check_asked(const Payment& payment, const Reservation& reservation);
    void check_sold(const Payment& payment, const Reservation& reservation);
    void check_paid(const Payment& payment);
    void check_charged(const Payment& payment);
    void check_stage(const Payment& payment);
    void check_refunded(const Payment& payment);
    void check_told(const Payment& payment);
    void check_begin_told(const Payment& payment, const ReplayedPayment& told);
    void check_sale_told(const Payment& payment, const ReplayedPayment& told);
    void check_refund_told(const Payment& payment, const ReplayedPayment& told);
    void check_reservation(const Reservation& reservation);
    [[nodiscard]] Moved moved(const Payment& payment) const {
        const auto found = moved_.find(payment.id);
        return found == moved_.end() ? Moved{} : found->second;
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<PaymentId, Moved> moved_;
    AuditMap<ReservationKey, PaymentKey> paid_by_;
    AuditMap<ReservationKey, PaymentKey> asked_by_;  // of payments that are on their way
};

void PaymentChecks::find_payment(const Transfer& transfer) {
    const bool is_charge = transfer.kind == TransferKind::charge;
    if (is_charge ? transfer.reference.is_nil() : !is_known(transfer.kind)) return;
    findings_->expect(rows_->payment(transfer.reference) != nullptr, "P2",
                      "transfer {} is for payment {}, which does not exist", transfer.id,
                      transfer.reference);
    Moved& moved = moved_[transfer.reference];
    const Transfer*& place = is_charge                                ? moved.charged
                             : transfer.kind == TransferKind::payment ? moved.paid
                                                                      : moved.refunded;
    findings_->expect(place == nullptr, "P2",
                      "payment {} has more than one {} transfer: {} besides {}", transfer.reference,
                      transfer.kind, transfer.id, place == nullptr ? TransferId{} : place->id);
    place = &transfer;
}

// --- What it paid for --------------------------------------------------------------------------

void PaymentChecks::check_reservations(const Payment& payment) {
    findings_->expect(!payment.reservations.empty(), "P2", "payment {} paid for nothing",
                      payment.id);
    Wide total = 0;
    for (const ReservationKey key : payment.reservations) {
        if (payment.status != PaymentStatus::failed) {
            auto& by = is_sale(payment) ? paid_by_ : asked_by_;
            const auto [earlier, is_first] = by.emplace(key, payment.row);
            findings_->expect(is_first, "P3", "reservation {} is paid for by payments {} and {}",
                              name(*rows_, key), name(*rows_, earlier->second), payment.id);
        }
        const Reservation* found = rows_->reservations.find(key);
        if (!findings_->expect(found != nullptr, "P2",
                               "payment {} paid for reservation {}, which does not exist",
                               payment.id, name(*rows_, key))) {
            continue;
        }
        total += found->total.minor;
        if (is_sale(payment)) {
            check_sold(payment, *found);
        } else {
            check_asked(payment, *found);
        }
        findings_->expect(found->user == payment.user && found->concert == payment.concert, "P2",
                          "payment {} of user {} paid for reservation {} of user {}, at concerts "
                          "{} and {}",
                          payment.id, name(*rows_, payment.user), found->id,
                          name(*rows_, found->user), name(*rows_, payment.concert),
                          name(*rows_, found->concert));
    }
    findings_->expect(total == payment.amount.minor, "P2",
                      "payment {} is of {}, but its reservations cost {}", payment.id,
                      payment.amount, total);
}

void PaymentChecks::check_sold(const Payment& payment, const Reservation& reservation) {
    const ReservationStatus expected = payment.status == PaymentStatus::refunded
                                           ? ReservationStatus::refunded
                                           : ReservationStatus::paid;
    findings_->expect(reservation.status == expected && reservation.payment == payment.row, "P2",
                      "payment {} is {} and paid for reservation {}, which is {} with payment "
                      "{}, expected {} with this one",
                      payment.id, payment.status, reservation.id, reservation.status,
                      name(*rows_, reservation.payment), expected);
}

// As long as it is on its way its reservations name it, whatever has become of them.
void PaymentChecks::check_asked(const Payment& payment, const Reservation& reservation) {
    const bool names_it = reservation.payment == payment.row;
    findings_->expect(names_it == (payment.status == PaymentStatus::authorizing), "P2",
                      "payment {} is {}, and its reservation {} names payment {}", payment.id,
                      payment.status, reservation.id, name(*rows_, reservation.payment));
}

// What it let go: no longer held, and by this payment.
void PaymentChecks::check_released(const Payment& payment) {
    for (const ReservationKey key : payment.released) {
        const Reservation* found = rows_->reservations.find(key);
        const ReplayedReservation* told =
            found == nullptr ? nullptr : audited_->seats->reservations().find(found->id);
        findings_->expect(found != nullptr && found->status == ReservationStatus::released &&
                              told != nullptr && told->released_by == payment.id,
                          "P1",
                          "payment {} released reservation {}, which is {} and, by its events, "
                          "released by payment {}",
                          payment.id, name(*rows_, key),
                          found == nullptr ? ReservationStatus{} : found->status,
                          told == nullptr ? PaymentId{} : told->released_by);
    }
}

void PaymentChecks::check_reservation(const Reservation& reservation) {
    const bool is_paid = reservation.status == ReservationStatus::paid ||
                         reservation.status == ReservationStatus::refunded;
    const auto found = paid_by_.find(reservation.row);
    const auto asked = asked_by_.find(reservation.row);
    const PaymentKey asked_by = asked == asked_by_.end() ? PaymentKey{} : asked->second;
    const PaymentKey paid_by = found == paid_by_.end() ? asked_by : found->second;
    findings_->expect(is_paid == (found != paid_by_.end()) && reservation.payment == paid_by, "P2",
                      "reservation {} is {} and names payment {}, and payment {} says that it paid "
                      "for it",
                      reservation.id, reservation.status, name(*rows_, reservation.payment),
                      name(*rows_, paid_by));
    const ReplayedReservation* told = audited_->seats->reservations().find(reservation.id);
    if (told == nullptr || told->released_by.is_nil()) return;
    findings_->expect(rows_->payment(told->released_by) != nullptr, "P1",
                      "reservation {} was released by payment {}, which does not exist",
                      reservation.id, told->released_by);
}

// --- What it moved -----------------------------------------------------------------------------

// Seats that cost nothing move no money.
void PaymentChecks::check_paid(const Payment& payment) {
    findings_->expect(is_known(payment.status), "P2", "payment {} is {}", payment.id,
                      payment.status);
    const Transfer* paid = moved(payment).paid;
    const bool moves_money = is_sale(payment) && payment.amount != Money{};
    if (!findings_->expect((paid != nullptr) == moves_money, "P2",
                           "payment {} of {} has {} payment transfer", payment.id, payment.amount,
                           paid == nullptr ? "no" : "a") ||
        paid == nullptr) {
        return;
    }
    findings_->expect(paid->amount == payment.amount && paid->wallet == payment.user &&
                          paid->at == payment.paid_at,
                      "P2",
                      "payment {} is of {}, of user {}, at {}, but its transfer {} is of {}, of "
                      "user {}, at {}",
                      payment.id, payment.amount, name(*rows_, payment.user), At{payment.paid_at},
                      paid->id, paid->amount, name(*rows_, paid->wallet), At{paid->at});
    findings_->expect(paid->balance_after == payment.balance_after, "P2",
                      "payment {} says that it left {}, its transfer {}", payment.id,
                      payment.balance_after, paid->balance_after);
}

// Money from outside comes in with the payment that it is for, and with nothing else.
void PaymentChecks::check_charged(const Payment& payment) {
    const Transfer* charged = moved(payment).charged;
    const bool is_from_outside = is_sale(payment) && payment.stage != PaymentStage::none;
    if (!findings_->expect((charged != nullptr) == is_from_outside, "P2",
                           "payment {} is {}, with its provider: {}, and has {} charge", payment.id,
                           payment.status, payment.stage, charged == nullptr ? "no" : "a") ||
        charged == nullptr) {
        return;
    }
    findings_->expect(charged->amount == payment.amount && charged->wallet == payment.user &&
                          charged->at == payment.paid_at,
                      "P1",
                      "payment {} is of {}, of user {}, at {}, but its charge {} is of {}, of user "
                      "{}, at {}",
                      payment.id, payment.amount, name(*rows_, payment.user), At{payment.paid_at},
                      charged->id, charged->amount, name(*rows_, charged->wallet), At{charged->at});
}

void PaymentChecks::check_stage(const Payment& payment) {
    findings_->expect(fits(payment.status, payment.stage), "P4",
                      "payment {} is {}, but with its provider it is at: {}", payment.id,
                      payment.status, payment.stage);
    findings_->expect((payment.begun_at != Time{}) == (payment.stage != PaymentStage::none), "P4",
                      "payment {} began at {}, and with its provider it is at: {}", payment.id,
                      At{payment.begun_at}, payment.stage);
    findings_->expect((payment.paid_at != Time{}) == is_sale(payment), "P2",
                      "payment {} is {}, but says that it was paid at {}", payment.id,
                      payment.status, At{payment.paid_at});
}

void PaymentChecks::check_refunded(const Payment& payment) {
    const bool is_refunded = payment.status == PaymentStatus::refunded;
    const Transfer* refunded = moved(payment).refunded;
    findings_->expect(is_refunded == (payment.refunded_at != Time{}), "P2",
                      "payment {} is {}, but says that it was refunded at {}", payment.id,
                      payment.status, At{payment.refunded_at});
    if (!findings_->expect((refunded != nullptr) == (is_refunded && payment.amount != Money{}),
                           "P2", "payment {} of {} is {}, but has {} refund transfer", payment.id,
                           payment.amount, payment.status, refunded == nullptr ? "no" : "a") ||
        refunded == nullptr) {
        return;
    }
    findings_->expect(refunded->amount == payment.amount && refunded->wallet == payment.user &&
                          refunded->at == payment.refunded_at,
                      "P2",
                      "payment {} of {}, of user {}, was refunded at {}, but its transfer {} is of "
                      "{}, of user {}, at {}",
                      payment.id, payment.amount, name(*rows_, payment.user),
                      At{payment.refunded_at}, refunded->id, refunded->amount,
                      name(*rows_, refunded->wallet), At{refunded->at});
}

// --- What the events say -----------------------------------------------------------------------

void PaymentChecks::check_told(const Payment& payment) {
    const ReplayedPayment* told = audited_->seats->payments().find(payment.id);
    if (!findings_->expect(told != nullptr && told->is_paid == is_sale(payment), "O1",
                           "{} event tells of payment {}, which is {}",
                           told == nullptr || !told->is_paid ? "no" : "an", payment.id,
                           payment.status)) {
        return;
    }
    check_begin_told(payment, *told);
    const ShownPerformance* performance = rows_->performances.find(told->performance);
    findings_->expect(
        told->user == payment.user_id && told->place == payment.place &&
            told->paid_at == payment.paid_at && performance != nullptr &&
            performance->concert == payment.concert,
        "O1",
        "payment {} is of user {}, from place {}, at {}; its events say user {}, place {}, {}",
        payment.id, payment.user_id, payment.place, At{payment.paid_at}, told->user, told->place,
        At{told->paid_at});
    if (is_sale(payment)) check_sale_told(payment, *told);
}

void PaymentChecks::check_begin_told(const Payment& payment, const ReplayedPayment& told) {
    const bool is_failed = payment.status == PaymentStatus::failed;
    findings_->expect(told.is_failed == is_failed && told.begun_at == payment.begun_at, "O1",
                      "payment {} is {}, and began at {}; by its events it began at {}, and {}",
                      payment.id, payment.status, At{payment.begun_at}, At{told.begun_at},
                      told.is_failed ? "failed" : "did not fail");
    if (!told.is_begun) return;
    findings_->expect(
        told.asked == payment.amount.minor &&
            told.reservations_asked.size() == payment.reservations.size(),
        "P2", "payment {} is of {} for {} reservations, but began, by its events, with {} for {}",
        payment.id, payment.amount, payment.reservations.size(), told.asked,
        told.reservations_asked.size());
}

void PaymentChecks::check_sale_told(const Payment& payment, const ReplayedPayment& told) {
    findings_->expect(
        told.amount == payment.amount.minor &&
            told.reservations == static_cast<std::int64_t>(payment.reservations.size()),
        "P2", "payment {} paid {} for {} reservations, by its events {} for {}", payment.id,
        payment.amount, payment.reservations.size(), told.amount, told.reservations);
    const Transfer* paid = moved(payment).paid;
    const TransferId transfer = paid == nullptr ? TransferId{} : paid->id;
    findings_->expect(told.transfer == transfer, "P2",
                      "payment {} has transfer {}, by its events {}", payment.id, transfer,
                      told.transfer);
    check_refund_told(payment, told);
}

void PaymentChecks::check_refund_told(const Payment& payment, const ReplayedPayment& told) {
    const bool is_refunded = payment.status == PaymentStatus::refunded;
    if (!findings_->expect(told.is_refunded == is_refunded, "O1",
                           "payment {} is {}, but {} event tells of a refund", payment.id,
                           payment.status, told.is_refunded ? "an" : "no") ||
        !is_refunded) {
        return;
    }
    const Transfer* refunded = moved(payment).refunded;
    const TransferId transfer = refunded == nullptr ? TransferId{} : refunded->id;
    findings_->expect(
        told.refunded == payment.amount.minor && told.refunded_at == payment.refunded_at &&
            told.reservations_refunded == static_cast<std::int64_t>(payment.reservations.size()) &&
            told.refund_transfer == transfer,
        "P2",
        "payment {} was refunded {} at {} with transfer {}, by its events {} at {} with transfer "
        "{}",
        payment.id, payment.amount, At{payment.refunded_at}, transfer, told.refunded,
        At{told.refunded_at}, told.refund_transfer);
}

}  // namespace

void check_payments(const Audited& audited, Findings& findings) {
    PaymentChecks(audited, findings).check();
}

}  // namespace concertres

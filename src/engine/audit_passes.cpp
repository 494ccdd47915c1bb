// Passes: each place is admitted once, its pass ends once, and what was held with it does not
// outlive it.

#include <algorithm>

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

// The payment that spent a pass, as events tell it.
struct Spent {
    PaymentId payment{};
    Time at{};
};

class PassChecks {
  public:
    PassChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const ReplayedPayment& payment : audited_->seats->payments()) spend(payment);
        for (const ReplayedReservation& told : audited_->seats->reservations()) prolong(told);
        for (const Pass& pass : rows_->passes) {
            check_row(pass);
            check_told(pass);
            check_end(pass);
            check_until(pass);
            check_held(pass);
        }
        for (const Place& place : rows_->places) {
            findings_->expect(
                place.status != PlaceStatus::admitted || rows_->passes.find(place.key()) != nullptr,
                "Q3", "place {} at concert {} is admitted, but has no pass", place.number,
                name(*rows_, place.concert));
        }
        for (const ReplayedPass& told : audited_->rooms->passes()) {
            findings_->expect(rows_->passes.find(told.place) != nullptr, "Q3",
                              "events tell of the pass of place {} at concert {}, which does not "
                              "exist",
                              told.place.number, name(*rows_, told.place.concert));
        }
        for (const Reservation& reservation : rows_->reservations) check_reservation(reservation);
    }

  private:
    void spend(const ReplayedPayment& payment);
    void prolong(const ReplayedReservation& told);
    void check_row(const Pass& pass);
    void check_told(const Pass& pass);
    void check_end(const Pass& pass);
    void check_spent(const Pass& pass, const Spent& spent);
    void check_until(const Pass& pass);
    void check_held(const Pass& pass);
    void check_reservation(const Reservation& reservation);
    [[nodiscard]] ConcertKey concert_of(PerformanceKey key) const {
        const ShownPerformance* performance = rows_->performances.find(key);
        return performance == nullptr ? ConcertKey{} : performance->concert;
    }
    // "place 7 at concert 5f0c...", once a finding is kept.
    [[nodiscard]] NameIn<ConcertKey> concert(const Pass& pass) const {
        return name(*rows_, pass.concert);
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<PlaceKey, Spent> spent_;
    AuditMap<PlaceKey, Time> told_until_;
    // Members whose pass was prolonged by a hold that does not tell which: see SeatReplay.
    AuditMap<MemberKey, bool> prolonged_;
    AuditMap<ReservationKey, PlaceKey> listed_;
};

// --- What events of performances do to passes --------------------------------------------------

void PassChecks::spend(const ReplayedPayment& payment) {
    if (!payment.spends_pass) return;
    const PlaceKey key{concert_of(payment.performance), payment.place};
    const auto [earlier, is_first] = spent_.emplace(key, Spent{payment.id, payment.paid_at});
    findings_->expect(is_first, "P1", "payments {} and {} spent one pass: that of place {} at {}",
                      earlier->second.payment, payment.id, key.number, name(*rows_, key.concert));
    const Pass* pass = rows_->passes.find(key);
    findings_->expect(pass != nullptr && pass->user_id == payment.user, "P1",
                      "payment {} of user {} spent the pass of place {} at concert {}, which is "
                      "not that user's",
                      payment.id, payment.user, key.number, name(*rows_, key.concert));
}

void PassChecks::prolong(const ReplayedReservation& told) {
    const ConcertKey concert = concert_of(told.performance);
    if (told.has_room) {
        Time& until = told_until_[{concert, told.place}];
        until = std::max(until, told.pass_expires_at);
    } else if (told.extended_into_room) {
        if (const Reservation* row = rows_->reservation(told.id)) {
            prolonged_[{concert, row->user}] = true;
        }
    }
}

// --- A pass ------------------------------------------------------------------------------------

void PassChecks::check_row(const Pass& pass) {
    findings_->expect(is_known(pass.status), "Q3", "the pass of place {} at concert {} is {}",
                      pass.number, concert(pass), pass.status);
    findings_->expect(pass.admitted_at <= pass.expires_at && pass.expires_at <= pass.ceiling, "Q2",
                      "the pass of place {} at concert {} was admitted at {}, ends at {} and must "
                      "end by {}",
                      pass.number, concert(pass), At{pass.admitted_at}, At{pass.expires_at},
                      At{pass.ceiling});
    const Place* place = rows_->places.find(pass.key());
    findings_->expect(place != nullptr && place->status == PlaceStatus::admitted, "Q3",
                      "place {} at concert {} has a pass, but {}", pass.number, concert(pass),
                      place == nullptr ? "does not exist" : "is not marked admitted");
    findings_->expect(
        place == nullptr || (place->user == pass.user && place->user_id == pass.user_id), "Q3",
        "place {} at concert {} is of user {}, its pass of user {}", pass.number, concert(pass),
        place == nullptr ? UserId{} : place->user_id, pass.user_id);
}

void PassChecks::check_told(const Pass& pass) {
    const ReplayedPass* told = audited_->rooms->passes().find(pass.key());
    findings_->expect(told != nullptr && told->is_admitted &&
                          told->admitted_at == pass.admitted_at && told->user == pass.user_id,
                      "Q3",
                      "the pass of place {} at concert {} is of user {}, admitted at {}, but no "
                      "event tells that",
                      pass.number, concert(pass), pass.user_id, At{pass.admitted_at});
}

// It ends once: by a payment, by the clock or by its owner.
void PassChecks::check_end(const Pass& pass) {
    const ReplayedPass* told = audited_->rooms->passes().find(pass.key());
    const auto spent = spent_.find(pass.key());
    const bool is_spent = spent != spent_.end();
    const bool is_ended = told != nullptr && told->is_ended;
    findings_->expect(!(is_spent && is_ended), "P1",
                      "the pass of place {} at concert {} was spent, and ended besides",
                      pass.number, concert(pass));
    findings_->expect(is_spent == (pass.status == PassStatus::spent), "P1",
                      "the pass of place {} at concert {} is {}, but {} payment spent it",
                      pass.number, concert(pass), pass.status, is_spent ? "a" : "no");
    if (is_spent) return check_spent(pass, spent->second);

    const bool is_expired = is_ended && told->end == EventKind::pass_expired;
    const bool is_left = is_ended && told->end == EventKind::pass_left;
    findings_->expect(
        is_expired == (pass.status == PassStatus::expired) &&
            is_left == (pass.status == PassStatus::left),
        "O1", "the pass of place {} at concert {} is {}, but the events leave it {}", pass.number,
        concert(pass), pass.status,
        is_expired ? PassStatus::expired : (is_left ? PassStatus::left : PassStatus::admitted));
    findings_->expect(!is_expired || told->ended_at >= pass.expires_at, "C1",
                      "the pass of place {} at concert {} expired at {}, before its end at {}",
                      pass.number, concert(pass), At{is_expired ? told->ended_at : Time{}},
                      At{pass.expires_at});
    findings_->expect(!is_left || told->ended_at < pass.expires_at, "Q3",
                      "the pass of place {} at concert {} was given back at {}, after its end at "
                      "{}",
                      pass.number, concert(pass), At{is_left ? told->ended_at : Time{}},
                      At{pass.expires_at});
}

void PassChecks::check_spent(const Pass& pass, const Spent& spent) {
    findings_->expect(pass.admitted_at <= spent.at && spent.at < pass.expires_at, "Q2",
                      "payment {} spent the pass of place {} at concert {} at {}, and that was "
                      "live from {} to {}",
                      spent.payment, pass.number, concert(pass), At{spent.at}, At{pass.admitted_at},
                      At{pass.expires_at});
    findings_->expect(pass.held.empty(), "P1",
                      "the pass of place {} at concert {} is spent, but still holds {} "
                      "reservations",
                      pass.number, concert(pass), pass.held.size());
}

// Its end is where its admission and its holds have put it.
void PassChecks::check_until(const Pass& pass) {
    const ReplayedPass* admission = audited_->rooms->passes().find(pass.key());
    if (admission == nullptr || !admission->is_admitted) return;
    Time told = admission->expires_at;
    const auto by_holds = told_until_.find(pass.key());
    if (by_holds != told_until_.end()) told = std::max(told, by_holds->second);
    const bool may_be_later = prolonged_.contains({pass.concert, pass.user});
    findings_->expect(pass.expires_at == told || (may_be_later && pass.expires_at > told), "O1",
                      "the pass of place {} at concert {} ends at {}, by its events at {}",
                      pass.number, concert(pass), At{pass.expires_at}, At{told});
}

void PassChecks::check_held(const Pass& pass) {
    for (const ReservationKey key : pass.held) {
        findings_->expect(listed_.emplace(key, pass.key()).second, "S6",
                          "reservation {} stands twice in passes: also in that of place {} at "
                          "concert {}",
                          name(*rows_, key), pass.number, concert(pass));
        const Reservation* held = rows_->reservations.find(key);
        findings_->expect(
            held != nullptr && held->user == pass.user && held->concert == pass.concert, "S6",
            "the pass of place {} at concert {} holds reservation {}, which is not its user's",
            pass.number, concert(pass), name(*rows_, key));
    }
}

// --- What is held with it ----------------------------------------------------------------------

void PassChecks::check_reservation(const Reservation& reservation) {
    const ReplayedReservation* told = audited_->seats->reservations().find(reservation.id);
    if (told == nullptr || !told->has_room) return;
    const Pass* pass = rows_->passes.find({reservation.concert, reservation.place});
    if (!findings_->expect(pass != nullptr && pass->user == reservation.user, "Q3",
                           "reservation {} was held from place {} at concert {}, which has no pass "
                           "of its user",
                           reservation.id, reservation.place, name(*rows_, reservation.concert))) {
        return;
    }
    findings_->expect(
        pass->admitted_at <= reservation.held_at && reservation.held_until <= pass->expires_at,
        "Q2", "reservation {} is held from {} to {}, but its pass is live from {} to {}",
        reservation.id, At{reservation.held_at}, At{reservation.held_until}, At{pass->admitted_at},
        At{pass->expires_at});
    const bool is_live =
        reservation.status == ReservationStatus::held && reservation.held_until > audited_->now;
    if (!is_live) return;
    const auto listed = listed_.find(reservation.row);
    const bool is_listed = listed != listed_.end() && listed->second == pass->key();
    findings_->expect(pass->status == PassStatus::admitted && is_listed, "P1",
                      "reservation {} is held until {}, but its pass is {} and does {}list it",
                      reservation.id, At{reservation.held_until}, pass->status,
                      is_listed ? "" : "not ");
}

}  // namespace

void check_passes(const Audited& audited, Findings& findings) {
    PassChecks(audited, findings).check();
}

}  // namespace concertres

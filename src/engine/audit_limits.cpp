// How many seats a user has: the limit rows against the reservations that they count.

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class LimitChecks {
  public:
    LimitChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Reservation& reservation : rows_->reservations) {
            if (reservation.status != ReservationStatus::paid) continue;
            const auto seats = static_cast<std::int64_t>(reservation.seats.size());
            paid_[{reservation.user, reservation.performance.value}] += seats;
            paid_[{reservation.user, reservation.concert.value}] += seats;
        }
        for (const Limit& limit : rows_->limits) check_limit(limit);
        for (const auto& [key, paid] : paid_) {
            findings_->expect(rows_->limits.find(key) != nullptr, "S8",
                              "user {} paid for {} seats in {}, but no limit counts them",
                              name(*rows_, key.user), paid, key.scope);
        }
        for (const Reservation& reservation : rows_->reservations) check_listed(reservation);
    }

  private:
    // Which of its two limits list a reservation.
    enum Listed : std::uint8_t { in_performance = 1, in_concert = 2 };

    void check_limit(const Limit& limit);
    void check_entry(const Limit& limit, const LimitEntry& entry);
    void check_used(const Limit& limit);
    void check_listed(const Reservation& reservation);
    [[nodiscard]] bool is_live(const Reservation& reservation) const {
        return reservation.status == ReservationStatus::held &&
               reservation.held_until > audited_->now;
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<LimitKey, std::int64_t> paid_;
    AuditMap<ReservationKey, std::uint8_t> listed_;
};

void LimitChecks::check_limit(const Limit& limit) {
    const auto found = paid_.find(limit.key());
    const std::int64_t paid = found == paid_.end() ? 0 : found->second;
    findings_->expect(limit.paid == paid, "S8",
                      "the limit of user {} in {} counts {} paid seats, but the user has {}",
                      name(*rows_, limit.user), limit.scope, limit.paid, paid);
    for (const LimitEntry& entry : limit.held) check_entry(limit, entry);
    check_used(limit);
}

// Entries past their time stay until their owner's next command; until then they are as they were.
void LimitChecks::check_entry(const Limit& limit, const LimitEntry& entry) {
    const Reservation* found = rows_->reservations.find(entry.reservation);
    if (!findings_->expect(found != nullptr, "S8",
                           "the limit of user {} in {} lists reservation {}, which does not exist",
                           name(*rows_, limit.user), limit.scope,
                           name(*rows_, entry.reservation))) {
        return;
    }
    const bool is_of_performance = found->performance.value == limit.scope;
    findings_->expect(
        found->user == limit.user && (is_of_performance || found->concert.value == limit.scope),
        "S8", "the limit of user {} in {} lists reservation {}, which is of user {} in {} and {}",
        name(*rows_, limit.user), limit.scope, found->id, name(*rows_, found->user),
        found->performance, found->concert);
    findings_->expect(
        found->status == ReservationStatus::held || found->status == ReservationStatus::expired,
        "S8", "the limit of user {} in {} lists reservation {} as held, but it is {}",
        name(*rows_, limit.user), limit.scope, found->id, found->status);
    findings_->expect(
        static_cast<std::size_t>(entry.seats) == found->seats.size() &&
            entry.held_until == found->held_until,
        "S8",
        "the limit of user {} in {} lists reservation {} with {} seats until {}, expected {} seats "
        "until {}",
        name(*rows_, limit.user), limit.scope, found->id, entry.seats, At{entry.held_until},
        found->seats.size(), At{found->held_until});
    std::uint8_t& listed = listed_[entry.reservation];
    const std::uint8_t here = is_of_performance ? in_performance : in_concert;
    findings_->expect((listed & here) == 0, "S8",
                      "the limit of user {} in {} lists reservation {} twice",
                      name(*rows_, limit.user), limit.scope, found->id);
    listed = static_cast<std::uint8_t>(listed | here);
}

void LimitChecks::check_used(const Limit& limit) {
    const ShownConcert* of_concert = rows_->concerts.find({limit.scope});
    const ShownConcert* of_performance = rows_->hall_of({limit.scope});
    if (!findings_->expect(of_concert != nullptr || of_performance != nullptr, "D2",
                           "a limit of user {} is in {}, which is neither a concert nor a "
                           "performance",
                           name(*rows_, limit.user), limit.scope)) {
        return;
    }
    const std::int32_t allowed = of_concert != nullptr ? of_concert->limits.per_concert
                                                       : of_performance->limits.per_performance;
    Wide used = limit.paid;
    for (const LimitEntry& entry : limit.held) {
        if (entry.held_until > audited_->now) used += entry.seats;
    }
    findings_->expect(used <= allowed, "S8",
                      "user {} has {} seats in {}, paid and held, of {} that are allowed",
                      name(*rows_, limit.user), used, limit.scope, allowed);
}

void LimitChecks::check_listed(const Reservation& reservation) {
    if (!is_live(reservation)) return;
    const auto found = listed_.find(reservation.row);
    const std::uint8_t listed = found == listed_.end() ? std::uint8_t{0} : found->second;
    findings_->expect((listed & in_performance) != 0, "S8",
                      "reservation {} is held, but the limit of user {} in its performance does "
                      "not list it",
                      reservation.id, name(*rows_, reservation.user));
    findings_->expect((listed & in_concert) != 0, "S8",
                      "reservation {} is held, but the limit of user {} in its concert does not "
                      "list it",
                      reservation.id, name(*rows_, reservation.user));
}

}  // namespace

void check_limits(const Audited& audited, Findings& findings) {
    LimitChecks(audited, findings).check();
}

}  // namespace concertres

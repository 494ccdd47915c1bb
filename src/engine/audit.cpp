#include "concertres/audit.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "engine/audit_checks.hpp"
#include "engine/audit_streams.hpp"

namespace concertres {
namespace {

// Takes in all that the store shows. What needs an order is followed as it comes; the rest waits
// until everything is there.
class Gatherer final : public ScanVisitor {
  public:
    // Lifetime: all of them outlive it.
    Gatherer(AuditReport& report, Findings& findings, Audited& audited)
        : report_(&report),
          findings_(&findings),
          rows_(&audited.rows),
          seats_(audited.rows, findings),
          rooms_(audited.rows, findings),
          streams_(audited.rows, findings, audited.now) {
        audited.seats = &seats_;
        audited.rooms = &rooms_;
    }

    void on_concert(const NewConcert& shown) override;
    void on(const User& user) override;
    void on(const Sale& sale) override { add("sales of one concert", rows_->sales, sale); }
    void on(const Line& line) override { add("lines of one class", rows_->lines, line); }
    void on(const Member& member) override { add("members", rows_->members, member); }
    void on(const Place& place) override {
        ++report_->places;
        add("places of one number", rows_->places, place);
    }
    void on(const Pass& pass) override {
        ++report_->passes;
        add("passes of one place", rows_->passes, pass);
    }
    void on(const PerformanceState& state) override {
        add("counts of one performance", rows_->states, state);
    }
    void on(const Limit& limit) override { add("limits", rows_->limits, limit); }
    void on(const Reservation& reservation) override;
    void on(const Payment& payment) override;
    void on(const Seat& seat) override { add("seats of one number", rows_->seats, seat); }
    void on(const Wallet& wallet) override { add("wallets of one user", rows_->wallets, wallet); }
    void on(const Transfer& transfer, bool intact) override;
    void on(const Event& event, bool intact) override;
    void on_damage(const std::string& what) override { findings_->add("storage", "{}", what); }

    void check_streams() const { streams_.check_next(); }

  private:
    template <class Row>
    void add(std::string_view what, ShownTable<Row>& table, const Row& row) {
        findings_->expect(table.add(row), "I1", "there are two {} with the same key", what);
    }
    void move_money(const Event& event);
    void check_areas(const NewConcert& shown);

    AuditReport* report_;
    Findings* findings_;
    AuditRows* rows_;
    SeatReplay seats_;
    RoomReplay rooms_;
    StreamChecks streams_;
};

// A section is an area or it is not, and all seats of an area are at one price.
void Gatherer::check_areas(const NewConcert& shown) {
    std::unordered_map<std::string_view, const HallSeat*> first_of_section;
    for (const HallSeat& seat : shown.seats) {
        const HallSeat& first = *first_of_section.try_emplace(seat.section, &seat).first->second;
        findings_->expect(seat.general == first.general, "S1",
                          "section \"{}\" of concert {} has numbered seats and general ones, such "
                          "as {} and {}",
                          seat.section, shown.concert.id, first.number, seat.number);
        findings_->expect(!seat.general || seat.price == first.price, "S1",
                          "seat {} of the area \"{}\" of concert {} costs {}, but seat {} {}",
                          seat.number, seat.section, shown.concert.id, seat.price.minor,
                          first.number, first.price.minor);
        findings_->expect(!seat.general || seat.allotted_to == first.allotted_to, "S9",
                          "the area \"{}\" of concert {} is in an allotment in part: seats {} and "
                          "{} differ",
                          seat.section, shown.concert.id, first.number, seat.number);
    }
}

void Gatherer::on_concert(const NewConcert& shown) {
    ++report_->concerts;
    check_areas(shown);
    const Concert& concert = shown.concert;
    ShownConcert row{.row = concert.key, .id = concert.id, .limits = concert.limits};
    for (const HallSeat& seat : shown.seats) {
        row.seats.push_back(seat.number);
        if (seat.allotted_to) row.allotted[seat.number] = *seat.allotted_to;
    }
    std::sort(row.seats.begin(), row.seats.end());
    const auto twice = std::unique(row.seats.begin(), row.seats.end());
    findings_->expect(twice == row.seats.end(), "I1", "concert {} has a seat number twice",
                      concert.id);
    row.seats.erase(twice, row.seats.end());
    for (const Performance& performance : shown.performances) {
        ++report_->performances;
        findings_->expect(performance.concert == concert.key, "D2",
                          "performance {} of concert {} says that it is of another", performance.id,
                          concert.id);
        add("performances", rows_->performances,
            {.row = performance.key, .id = performance.id, .concert = performance.concert});
    }
    add("concerts", rows_->concerts, row);
}

void Gatherer::on(const User& user) {
    add("users of one id", rows_->users, user);
    findings_->expect(rows_->user_ids.emplace(user.user, user.id).second, "I1",
                      "user {} has key {}, which is another user's", user.id, user.user);
}

void Gatherer::on(const Reservation& reservation) {
    ++report_->reservations;
    add("reservations", rows_->reservations, reservation);
    findings_->expect(rows_->reservation_keys.emplace(reservation.id, reservation.row).second, "I1",
                      "there are two reservations {}", reservation.id);
}

void Gatherer::on(const Payment& payment) {
    ++report_->payments;
    add("payments", rows_->payments, payment);
    findings_->expect(rows_->payment_keys.emplace(payment.id, payment.row).second, "I1",
                      "there are two payments {}", payment.id);
}

void Gatherer::on(const Transfer& transfer, bool intact) {
    ++report_->transfers;
    streams_.follow(transfer, intact);
    findings_->expect(rows_->transfers.add(transfer), "I1", "there are two transfers {}",
                      transfer.id);
}

void Gatherer::on(const Event& event, bool intact) {
    ++report_->events;
    streams_.follow(event, intact);
    switch (event.stream.kind) {
        case StreamKind::performance:
            return seats_.apply(event);
        case StreamKind::room:
            if (event.kind == EventKind::sale_changed) {
                Time& last = rows_->sale_changed_at.try_emplace({event.stream.owner}).first->second;
                last = std::max(last, event.at);
            }
            return rooms_.apply(event);
        case StreamKind::wallet:
            return move_money(event);
    }
}

void Gatherer::move_money(const Event& event) {
    const bool is_new = rows_->movements.add({.transfer = event.transfer,
                                              .stream = event.stream,
                                              .number = event.number,
                                              .kind = event.kind,
                                              .at = event.at,
                                              .user = event.user,
                                              .payment = event.payment,
                                              .amount = event.amount,
                                              .balance = event.balance});
    findings_->expect(is_new, "O1", "two events tell of transfer {}", event.transfer);
}

// --- What it comes to --------------------------------------------------------------------------

Money clamped(Wide sum) {
    constexpr Wide most = std::numeric_limits<std::int64_t>::max();
    return {static_cast<std::int64_t>(std::clamp(sum, -most, most))};
}

void sum_up(const AuditRows& rows, AuditReport& report) {
    for (const Seat& seat : rows.seats) {
        if (seat.status == SeatStatus::free) ++report.seats.free;
        if (seat.status == SeatStatus::blocked) ++report.seats.blocked;
        if (seat.status == SeatStatus::held) ++report.seats.held;
        if (seat.status == SeatStatus::sold) ++report.seats.sold;
    }
    Wide wallets = 0;
    for (const Wallet& wallet : rows.wallets) wallets += wallet.balance.minor;
    report.wallets = clamped(wallets);
    Wide takings = 0;
    for (const Transfer& transfer : rows.transfers) {
        if (transfer.kind == TransferKind::payment) takings += transfer.amount.minor;
        if (transfer.kind == TransferKind::refund) takings -= transfer.amount.minor;
    }
    report.takings = clamped(takings);
}

}  // namespace

AuditReport audit(Storage& storage) {
    AuditReport report;
    Findings findings(report);
    Audited audited;
    // Nobody writes meanwhile, so whatever is stamped was stamped before this.
    audited.now = storage.now();
    Gatherer gatherer(report, findings, audited);
    try {
        storage.scan(gatherer);
    } catch (const StorageError& damage) {
        if (damage.kind() != StorageError::Kind::corrupt) throw;
        // What was not read must not be taken for missing: nothing more can be said.
        findings.add("storage", "the store cannot be read to its end: {}", damage.what());
        return report;
    }

    gatherer.check_streams();
    check_names(audited, findings);
    check_seats(audited, findings);
    check_allotments(audited, findings);
    check_limits(audited, findings);
    check_ledger(audited, findings);
    check_payments(audited, findings);
    check_lines(audited, findings);
    check_draws(audited, findings);
    check_passes(audited, findings);
    check_policies(audited, findings);
    sum_up(audited.rows, report);
    return report;
}

}  // namespace concertres

// Keys and times: every key names one thing that exists, and nothing is stamped after now.

#include <algorithm>
#include <string_view>

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

struct Keyed {
    std::int64_t key = 0;
    std::string_view what;
};

class NameChecks {
  public:
    NameChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        check_keys();
        check_catalog();
        check_users();
        check_concerts();
        check_times();
    }

  private:
    void check_keys();
    void check_catalog();
    void check_users();
    void check_concerts();
    void check_times();

    void expect_user(std::string_view what, UserKey user) {
        findings_->expect(rows_->user_ids.contains(user), "D2",
                          "{} is of the user with key {}, who does not exist", what, user);
    }
    void expect_user(std::string_view what, UserKey user, const UserId& id) {
        const auto found = rows_->user_ids.find(user);
        findings_->expect(found != rows_->user_ids.end() && found->second == id, "D2",
                          "{} is of user {} with key {}, which is not that user's", what, id, user);
    }
    void expect_concert(std::string_view what, ConcertKey concert) {
        findings_->expect(rows_->concerts.find(concert) != nullptr, "D2",
                          "{} is of the concert with key {}, which does not exist", what, concert);
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
};

// Keys come from one sequence: a limit's scope, for one, is either a concert or a performance.
void NameChecks::check_keys() {
    std::vector<Keyed> keys;
    keys.reserve(rows_->concerts.size() + rows_->performances.size() + rows_->users.size() +
                 rows_->reservations.size() + rows_->payments.size());
    for (const auto& concert : rows_->concerts) keys.push_back({concert.row.value, "concert"});
    for (const auto& one : rows_->performances) keys.push_back({one.row.value, "performance"});
    for (const auto& user : rows_->users) keys.push_back({user.user.value, "user"});
    for (const auto& one : rows_->reservations) keys.push_back({one.row.value, "reservation"});
    for (const auto& payment : rows_->payments) keys.push_back({payment.row.value, "payment"});
    std::sort(keys.begin(), keys.end(),
              [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
    for (std::size_t i = 0; i < keys.size(); ++i) {
        findings_->expect(keys[i].key > 0, "I1", "a {} has key {}", keys[i].what, keys[i].key);
        if (i == 0) continue;
        findings_->expect(keys[i].key != keys[i - 1].key, "I1", "key {} names a {} and a {}",
                          keys[i].key, keys[i - 1].what, keys[i].what);
    }
}

// A concert comes whole: with its sale, its line and the states of its performances.
void NameChecks::check_catalog() {
    for (const ShownConcert& concert : rows_->concerts) {
        findings_->expect(rows_->sales.find(concert.row) != nullptr, "D2",
                          "the sale of concert {} is missing", concert.id);
        findings_->expect(rows_->lines.find({concert.row, 0}) != nullptr, "D2",
                          "the line of concert {} is missing", concert.id);
    }
    for (const ShownPerformance& performance : rows_->performances) {
        findings_->expect(rows_->states.find(performance.row) != nullptr, "D2",
                          "the seat counts of performance {} are missing", performance.id);
        expect_concert("a performance", performance.concert);
    }
    for (const PerformanceState& state : rows_->states) {
        findings_->expect(rows_->performances.find(state.performance) != nullptr, "D2",
                          "there are seat counts of performance {}, which does not exist",
                          name(*rows_, state.performance));
    }
    for (const Sale& sale : rows_->sales) {
        expect_concert("a sale", sale.concert);
        const auto mode = static_cast<unsigned>(sale.mode);
        findings_->expect(mode >= 1 && mode <= 4, "D2", "the sale of concert {} is in mode {}",
                          name(*rows_, sale.concert), mode);
    }
}

void NameChecks::check_users() {
    for (const Member& member : rows_->members) expect_user("a member", member.user);
    for (const Place& place : rows_->places) expect_user("a place", place.user, place.user_id);
    for (const Pass& pass : rows_->passes) expect_user("a pass", pass.user, pass.user_id);
    for (const Limit& limit : rows_->limits) expect_user("a limit", limit.user);
    for (const Wallet& wallet : rows_->wallets) expect_user("a wallet", wallet.user);
    for (const Reservation& reservation : rows_->reservations) {
        expect_user("a reservation", reservation.user, reservation.user_id);
    }
    for (const Payment& payment : rows_->payments) {
        expect_user("a payment", payment.user, payment.user_id);
    }
}

void NameChecks::check_concerts() {
    for (const Line& line : rows_->lines) expect_concert("a line", line.concert);
    for (const Member& member : rows_->members) expect_concert("a member", member.concert);
    for (const Place& place : rows_->places) expect_concert("a place", place.concert);
    for (const Pass& pass : rows_->passes) expect_concert("a pass", pass.concert);
    for (const Payment& payment : rows_->payments) expect_concert("a payment", payment.concert);
}

// Transfers and events are looked at as they are shown.
void NameChecks::check_times() {
    const auto check = [this](std::string_view what, const auto& which, Time at) {
        findings_->expect(at <= audited_->now, "C1", "{} {} is stamped {}, and now it is {}", what,
                          which, At{at}, At{audited_->now});
    };
    for (const Place& place : rows_->places) check("place", place.number, place.joined_at);
    for (const Pass& pass : rows_->passes)
        check("the pass of place", pass.number, pass.admitted_at);
    for (const Reservation& reservation : rows_->reservations) {
        check("reservation", reservation.id, reservation.held_at);
    }
    for (const Payment& payment : rows_->payments) {
        check("payment", payment.id, payment.paid_at);
        check("the refund of payment", payment.id, payment.refunded_at);
    }
}

}  // namespace

void check_names(const Audited& audited, Findings& findings) {
    NameChecks(audited, findings).check();
}

}  // namespace concertres

// How many a room let in: never more at once, or in any window, than its policy allows.
//
// The policy that is stored is the one since the room's last sale.changed event, so it is asked of
// the admissions after that; what was admitted before counts for them too.

#include <algorithm>

#include "domain/policy.hpp"
#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class PolicyChecks {
  public:
    PolicyChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        gather_spent();
        for (const Pass& pass : rows_->passes) {
            if (pass.status == PassStatus::admitted) ++admitted_[pass.concert];
        }
        for (const Sale& sale : rows_->sales) {
            if (!sale.room) continue;
            const ReplayedRoom* room = audited_->rooms->rooms().find(sale.concert);
            if (room != nullptr) check_room(*room, *sale.room);
            if (room == nullptr || first_judged(*room) == 0) check_rows(sale);
            check_loop(sale);
        }
    }

  private:
    void gather_spent();
    void check_room(const ReplayedRoom& room, const RoomPolicy& policy);
    void check_active(const ReplayedRoom& room, std::int64_t active_max);
    void check_window(const ReplayedRoom& room, const AdmissionWindow& window);
    void check_rows(const Sale& sale);
    void check_loop(const Sale& sale);

    // Where a closed loop has taken the limit nobody can tell afterwards; never above its ceiling.
    [[nodiscard]] static std::optional<std::int64_t> active_max_of(const RoomPolicy& policy) {
        if (!policy.closed_loop) return policy.active_max;
        const std::int64_t ceiling = policy.closed_loop->ceiling;
        return std::min(ceiling, policy.active_max.value_or(ceiling));
    }
    // The first step that the stored policy is to be asked of.
    [[nodiscard]] static std::size_t first_judged(const ReplayedRoom& room) {
        for (std::size_t i = room.steps.size(); i > 0; --i) {
            if (room.steps[i - 1].kind == EventKind::sale_changed) return i;
        }
        return 0;
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<ConcertKey, std::vector<Time>> spent_;  // when passes were, sorted
    AuditMap<ConcertKey, std::int64_t> admitted_;    // passes that are marked so
};

void PolicyChecks::gather_spent() {
    for (const ReplayedPayment& payment : audited_->seats->payments()) {
        if (!payment.spends_pass) continue;
        const ShownPerformance* performance = rows_->performances.find(payment.performance);
        if (performance != nullptr) spent_[performance->concert].push_back(payment.paid_at);
    }
    for (auto& [concert, times] : spent_) std::sort(times.begin(), times.end());
}

void PolicyChecks::check_room(const ReplayedRoom& room, const RoomPolicy& policy) {
    if (const auto most = active_max_of(policy)) check_active(room, *most);
    if (policy.window) check_window(room, *policy.window);
}

// Payments are in other streams, which have no order with this one but time; one at the very moment
// of an admission is taken to have come before it. So this may miss one too many, and never finds
// one that was not.
void PolicyChecks::check_active(const ReplayedRoom& room, std::int64_t active_max) {
    const std::vector<Time>& spent = spent_[room.concert];
    const std::size_t judged = first_judged(room);
    auto next_spent = spent.begin();
    std::int64_t active = 0;
    for (std::size_t i = 0; i < room.steps.size(); ++i) {
        const RoomStep& step = room.steps[i];
        if (step.kind == EventKind::sale_changed) continue;
        active += step.kind == EventKind::pass_admitted ? 1 : -1;
        for (; next_spent != spent.end() && *next_spent <= step.at; ++next_spent) --active;
        if (step.kind != EventKind::pass_admitted || i < judged) continue;
        if (!findings_->expect(active <= active_max, "Q2",
                               "the admission of place {} at concert {} at {} made {} live passes, "
                               "of {} that are allowed",
                               step.number, name(*rows_, room.concert), At{step.at}, active,
                               active_max)) {
            return;
        }
    }
}

void PolicyChecks::check_window(const ReplayedRoom& room, const AdmissionWindow& window) {
    const std::size_t judged = first_judged(room);
    std::vector<Time> admitted;
    std::size_t first = 0;  // the first that is within the window that ends with the last
    for (std::size_t i = 0; i < room.steps.size(); ++i) {
        const RoomStep& step = room.steps[i];
        if (step.kind != EventKind::pass_admitted) continue;
        admitted.push_back(step.at);
        while (wide(step.at) - wide(admitted[first]) >= window.length.count() &&
               first + 1 < admitted.size()) {
            ++first;
        }
        if (i < judged) continue;
        const auto within = static_cast<std::int64_t>(admitted.size() - first);
        if (!findings_->expect(within <= window.admit_max, "Q2",
                               "the admission of place {} at concert {} at {} was number {} within "
                               "{} us, of {} that are allowed",
                               step.number, name(*rows_, room.concert), At{step.at}, within,
                               window.length.count(), window.admit_max)) {
            return;
        }
    }
}

void PolicyChecks::check_rows(const Sale& sale) {
    const auto most = active_max_of(*sale.room);
    if (!most) return;
    const auto found = admitted_.find(sale.concert);
    const std::int64_t admitted = found == admitted_.end() ? 0 : found->second;
    findings_->expect(admitted <= *most, "Q2",
                      "{} passes are marked admitted at concert {}, of {} that are allowed",
                      admitted, name(*rows_, sale.concert), *most);
}

void PolicyChecks::check_loop(const Sale& sale) {
    const auto limit = stored_limit(sale.policy_state);
    if (!limit || !sale.room->closed_loop) return;
    const ClosedLoop& loop = *sale.room->closed_loop;
    findings_->expect(loop.floor <= *limit && *limit <= loop.ceiling, "Q2",
                      "the closed loop of concert {} allows {} live passes, and its bounds are {} "
                      "and {}",
                      name(*rows_, sale.concert), *limit, loop.floor, loop.ceiling);
}

}  // namespace

void check_policies(const Audited& audited, Findings& findings) {
    PolicyChecks(audited, findings).check();
}

}  // namespace concertres

#include "memory/indexes.hpp"

#include <algorithm>

namespace concertres::memory {
namespace {

std::vector<PlaceNumber> above(const std::set<PlaceNumber>& numbers, PlaceNumber after,
                               std::size_t limit) {
    std::vector<PlaceNumber> result;
    for (auto at = numbers.upper_bound(after); at != numbers.end() && result.size() < limit; ++at) {
        result.push_back(*at);
    }
    return result;
}

}  // namespace

void HeldReservations::before_change(const Slot<Reservation>& slot, const Reservation& after) {
    const Reservation& before = slot.stored.row;
    const bool was_held = slot.is_there() && before.status == ReservationStatus::held;
    const bool is_held = after.status == ReservationStatus::held;
    if (was_held && is_held && before.held_until == after.held_until) return;
    if (was_held && --by_deadline_.get(before.held_until).held == 0) {
        by_deadline_.erase(before.held_until);
    }
    if (!is_held) return;
    Ending& ending = by_deadline_.find_or_make(after.held_until);
    const bool is_last =
        ending.entries.empty() || ending.entries.back()->stored.row.row < after.row;
    // One that was moved away and comes back stands there twice, which also counts as not sorted.
    ending.sorted = ending.sorted && is_last;
    ending.entries.push_back(&slot);
    ++ending.held;
}

bool HeldReservations::is_held(const Slot<Reservation>& slot, Time deadline) {
    const Reservation& row = slot.stored.row;
    return row.status == ReservationStatus::held && row.held_until == deadline;
}

void HeldReservations::tidy_up(Ending& ending, Time deadline) {
    auto& entries = ending.entries;
    std::erase_if(entries, [&](const auto* slot) { return !is_held(*slot, deadline); });
    std::sort(entries.begin(), entries.end(),
              [](const auto* a, const auto* b) { return a->stored.row.row < b->stored.row.row; });
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    CONCERTRES_ASSERT(entries.size() == ending.held);
    ending.front = 0;
    ending.sorted = true;
}

ExpiringHolds HeldReservations::batch() {
    ExpiringHolds holds;
    for (auto& [deadline, ending] : by_deadline_) {
        const auto& entries = ending.entries;
        // As many have ended as are passed over: tidying up costs no more than that did.
        const bool sparse = entries.size() - ending.front > 2 * ending.held + ExpiringHolds::batch;
        if (sparse || !ending.sorted) tidy_up(ending, deadline);
        while (!is_held(*entries[ending.front], deadline)) ++ending.front;
        for (std::size_t i = ending.front; i < entries.size(); ++i) {
            if (holds.reservations.size() == ExpiringHolds::batch) return holds;
            if (!is_held(*entries[i], deadline)) continue;
            holds.reservations.push_back({entries[i]->stored.row.row, deadline});
        }
    }
    return holds;
}

void Room::before_change(const Slot<Place>& slot, const Place& after) {
    const bool was_waiting = slot.is_there() && slot.stored.row.status == PlaceStatus::waiting;
    const bool is_waiting = after.status == PlaceStatus::waiting;
    if (is_waiting && !was_waiting) waiting_.insert(waiting_.end(), after.number);
    if (was_waiting && !is_waiting) waiting_.erase(after.number);
    if (after.status == PlaceStatus::passed) {
        passed_.insert(after.number);
    } else if (slot.is_there() && slot.stored.row.status == PlaceStatus::passed) {
        passed_.erase(after.number);
    }
}

void Room::before_change(const Slot<Pass>& slot, const Pass& after) {
    const bool was_admitted = slot.is_there() && slot.stored.row.status == PassStatus::admitted;
    const bool is_admitted = after.status == PassStatus::admitted;
    if (was_admitted && is_admitted && slot.stored.row.expires_at == after.expires_at) return;
    if (was_admitted) by_end_.erase({slot.stored.row.expires_at, after.number});
    if (is_admitted) by_end_.emplace_hint(by_end_.end(), after.expires_at, after.number);
    if (was_admitted && !is_admitted) admitted_.erase(after.number);
    if (is_admitted && !was_admitted) admitted_.insert(admitted_.end(), after.number);
}

RoomLine Room::line(ConcertKey concert) const {
    RoomLine line;
    line.concert = concert;
    line.admitted = static_cast<std::int64_t>(admitted_.size());
    for (auto first = waiting_.upper_bound({}); first != waiting_.end();) {
        const PlaceNumber last = PlaceNumber::last_of(first->line_class());
        if (*first > last) break;  // no number that a store gives
        auto next = first;
        for (std::size_t i = 0; i < RoomLine::batch && next != waiting_.end() && *next <= last;
             ++i, ++next) {
            line.waiting.push_back(*next);
        }
        first = waiting_.upper_bound(last);
    }
    for (const auto& [end, number] : by_end_) {
        if (line.expiring.size() == RoomLine::batch) break;
        line.expiring.push_back({number, end});
    }
    return line;
}

std::optional<Time> Room::first_end() const {
    if (by_end_.empty()) return std::nullopt;
    return by_end_.begin()->first;
}

std::vector<PlaceNumber> Room::waiting(PlaceNumber after, std::size_t limit) const {
    return above(waiting_, after, limit);
}

std::vector<PlaceNumber> Room::passed(PlaceNumber after, std::size_t limit) const {
    return above(passed_, after, limit);
}

std::vector<PlaceNumber> Room::admitted(PlaceNumber after, std::size_t limit) const {
    return above(admitted_, after, limit);
}

UserRows& Users::find_or_make(UserKey user, const Group& group) {
    UserRows*& entry = index_.at(user.value, group.key_end);
    if (!entry) entry = &users_.make();
    return *entry;
}

void Ledger::stage(const std::vector<Transfer>& transfers, Users& users, const Group& group) {
    staged_.clear();
    staged_.reserve(transfers.size());
    for (const Transfer& transfer : transfers) {
        UserRows& user = users.find_or_make(transfer.wallet, group);
        if (user.staged_by != group.number) {
            user.staged_by = group.number;
            user.staged_transfers = 0;
        }
        const auto last = static_cast<std::int64_t>(user.transfers.size()) + user.staged_transfers;
        CONCERTRES_ASSERT(transfer.number == last + 1);
        ++user.staged_transfers;

        Named& named = by_id_[transfer.id];
        CONCERTRES_ASSERT(named.slot == nullptr && named.staged_by != group.number);
        named.staged_by = group.number;
        staged_.push_back(&user);
    }
}

void Ledger::apply(const std::vector<Transfer>& transfers) {
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        TransferSlot& slot = slots_.make();
        slot = {transfers[i], checksum(transfers[i])};
        by_id_.find(transfers[i].id)->second.slot = &slot;
        staged_[i]->transfers.push_back(&slot);
    }
}

const Transfer* Ledger::find(const TransferId& id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() || !at->second.slot ? nullptr : &at->second.slot->transfer;
}

}  // namespace concertres::memory

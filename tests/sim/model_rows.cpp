// A commit as a whole: its rows are what its events say, and what must always hold does.
#include <fmt/format.h>

#include <algorithm>

#include "sim/marks.hpp"
#include "sim/model.hpp"

namespace concertres::sim {

void Model::added(const NewConcert& concert) {
    concert_ = concert.concert;
    sale_ = sale_after_ = concert.sale;
    std::get<Table<Sale>>(rows_)[concert.sale.key()] = concert.sale;
    for (const Performance& performance : concert.performances) {
        starts_[performance.key] = performance.starts_at;
        next_of_[performance.key] = 1;
        performance_keys_[performance.id] = performance.key;
        PerformanceState state{.performance = performance.key};
        state.counts.free = static_cast<std::int64_t>(concert.seats.size());
        std::get<Table<PerformanceState>>(rows_)[performance.key] = state;
        for (const HallSeat& seat : concert.seats) {
            seats_[{performance.key, seat.number}] = {};
            std::get<Table<Seat>>(rows_)[{performance.key, seat.number}] = {
                .performance = performance.key, .number = seat.number};
        }
    }
    std::get<Table<Line>>(rows_)[{concert.concert.key, 0}] = {.concert = concert.concert.key};
    for (const HallSeat& seat : concert.seats) prices_[seat.number] = seat.price.minor;
}

void Model::opened(Time now) {
    expect(now >= last_at_, "C1", "store time went back across a restart");
    // What was only looked at may have been later than the last commit, and the wall set back
    // since.
    loaded_ = now;
    for (auto& [number, place] : places_) place.heard[by_] = {now};
    group() = {.loaded = now, .commits = commits_, .known = commits_};
}

void Model::loaded(Time now) {
    // A server's clock may be set back a little: then it is for each row that time does not go
    // back.
    expect(now >= loaded_ || is_shared(), "C1", "store time went back");
    loaded_ = now;
    commits_at_load_ = commits_;
    group() = {.loaded = now,
               .commits = commits_,
               .stands = true,
               .is_current = knows_all(),
               .known = group().known};
}

void Model::committed(const ChangeSet& changes) {
    expect(changes.at == loaded_, "C1", "a commit is not of the time that was loaded for it");
    expect(changes.at >= last_at_ || is_shared(), "C1", "a commit is stamped before another");
    last_at_ = changes.at;
    ++commits_;
    makers_.push_back(by_);
    places_before_ = places_;
    sale_before_ = sale_;
    sale_changed_ = false;
    seats_touched_.clear();
    bookings_touched_.clear();
    purchases_touched_.clear();
    passes_touched_.clear();
    transfers_announced_.clear();
    seats_expired_.clear();
    for (const auto& [row, version] : changes.rows.of<Sale>()) sale_after_ = row;
    for (const Event& event : changes.events) on(event);
    check_rows(changes);
    check_touched(changes);
    check_passes(changes);
    check_after();
    const bool any_held =
        std::any_of(changes.events.begin(), changes.events.end(),
                    [](const Event& event) { return event.kind == EventKind::reservation_held; });
    if (!seats_expired_.empty() && !any_held) mark(Mark::hold_swept);
}

void Model::check_rows(const ChangeSet& changes) {
    for (const Transfer& transfer : changes.transfers) on(transfer);
    for (const auto& [row, version] : changes.rows.of<Reservation>()) on_row(row, version);
    for (const auto& [row, version] : changes.rows.of<Payment>()) on_row(row, version);
    for (const auto& [row, version] : changes.rows.of<Seat>()) on_row(row);
    for (const auto& [row, version] : changes.rows.of<Wallet>()) on_row(row);
    for (const auto& [row, version] : changes.rows.of<PerformanceState>()) on_row(row);
    for (const auto& [row, version] : changes.rows.of<Place>()) on_row(row, version);
    for (const auto& [row, version] : changes.rows.of<Pass>()) on_row(row, version);
    for (const auto& [row, version] : changes.rows.of<Line>()) on_row(row);
    for (const auto& [row, version] : changes.rows.of<Sale>()) on_row(row);
    for (const auto& [row, version] : changes.rows.of<Member>()) {
        const auto place = places_.find(row.latest);
        expect(place != places_.end(), "Q4", "a user's latest place is none");
        if (place != places_.end()) latest_[place->second.user] = row.latest;
    }
    changes.rows.for_each([&](const auto& column) {
        for (const auto& [row, version] : column) {
            using Row = std::remove_cvref_t<decltype(row)>;
            auto& table = std::get<Table<Row>>(rows_);
            expect((version == 1) == !table.contains(row.key()), "D2",
                   "a row's version is not that of its table");
            table[row.key()] = row;
        }
    });
}

void Model::on_row(const Seat& row) {
    const SeatNow& now = seats_[{row.performance, row.number}];
    const std::string name = fmt::format("seat {}", row.number);
    expect(row.status == now.status, "O1", name + " is written in another state than its events");
    const bool is_taken = row.status == SeatStatus::held || row.status == SeatStatus::sold;
    const auto by = booking_names_.find(row.reservation);
    expect(!is_taken || (by != booking_names_.end() && by->second == now.by), "S1",
           name + " is written as another's than its events say");
    expect(is_taken || row.reservation == ReservationKey{}, "S1", name + " is free and somebody's");
    if (row.status == SeatStatus::held) {
        expect(row.held_until == now.until, "S1", name + " has another deadline than its hold");
    }
}

void Model::on_row(const Reservation& row, std::uint64_t version) {
    const auto found = bookings_.find(row.id);
    if (found == bookings_.end()) return complain_("O1", "a reservation without an event");
    Booking& booking = found->second;
    if (version == 1) {
        expect(booking.made_in == commits_, "O1", "a reservation's event was in another commit");
        booking.row = row.row;
        booking.extend_until = row.extend_until;
        booking_names_[row.row] = row.id;
        purses_[row.user].user = row.user_id;
    }
    std::vector<SeatNumber> numbers;
    std::int64_t total = 0;
    for (const ReservedSeat& seat : row.seats) {
        numbers.push_back(seat.number);
        total += seat.price.minor;
        expect(seat.price.minor == prices_[seat.number], "L6",
               "a seat was reserved at a wrong price");
    }
    expect(row.status == booking.status, "O1", "a reservation is not as its events have it");
    expect(row.user_id == booking.user && row.place == booking.place, "S6",
           "a reservation is written as another's");
    expect(numbers == booking.seats, "S7", "a reservation has other seats than its event");
    expect(row.total.minor == total && total == booking.total, "L6",
           "a reservation's total is not the sum of its prices");
    expect(row.held_until == booking.until && row.held_until <= row.extend_until &&
               row.extend_until <= booking.held_at + mix_.options.extend_max,
           "S4", "a reservation's deadline is not that of its events");
}

void Model::on_row(const Payment& row, std::uint64_t version) {
    const auto found = purchases_.find(row.id);
    if (found == purchases_.end()) return complain_("P1", "a payment without an event");
    Purchase& purchase = found->second;
    if (version == 1) {
        expect(purchase.made_in == commits_, "P1", "a payment's event was in another commit");
        purchase_names_[row.row] = row.id;
        purchase.has_row = true;
    }
    std::vector<ReservationId> named;
    for (const ReservationKey key : row.reservations) named.push_back(booking_names_[key]);
    std::sort(named.begin(), named.end());
    std::vector<ReservationId> paid = purchase.reservations;
    std::sort(paid.begin(), paid.end());
    expect(named == paid, "P2", "a payment is written for other reservations than were paid");
    expect(row.amount.minor == purchase.amount, "P2", "a payment is written with another amount");
    expect(row.user_id == purchase.user, "P2", "a payment is written as another's");
    expect((row.status == PaymentStatus::refunded) == purchase.is_refunded, "O1",
           "a payment is not as its events have it");
}

void Model::on(const Transfer& row) {
    expect(transfers_.insert(row.id).second, "P3", "a transfer was made twice");
    expect(transfers_announced_.contains(row.id), "O1", "money moved without an event");
    Purse& purse = purses_[row.wallet];
    expect(row.number == purse.next_transfer, "L5", "a wallet's transfers have a gap");
    purse.next_transfer = row.number + 1;
    const Account own{row.wallet.value};
    const bool is_out = row.kind == TransferKind::payment;
    const Account house = is_out ? sales : row.kind == TransferKind::charge ? cash_in : refunds;
    expect(
        is_out ? row.debit == own && row.credit == house : row.debit == house && row.credit == own,
        "L1", "a transfer is not between a wallet and the house's account for it");
    expect(row.amount.minor >= 1 && row.amount.minor <= Money::max_minor, "L6",
           "a transfer is out of bounds");
    accounts_[row.debit.value] -= row.amount.minor;
    accounts_[row.credit.value] += row.amount.minor;
    purse.sum += is_out ? -row.amount.minor : row.amount.minor;
    expect(row.balance_after.minor == purse.sum, "L4", "a transfer tells a wrong balance");
    transfer_rows_[{row.wallet, row.number}] = row;
}

void Model::on_row(const Wallet& row) {
    const Purse& purse = purses_[row.user];
    expect(row.balance.minor >= 0, "L3", "a wallet is written below zero");
    expect(row.balance.minor == purse.sum && purse.sum == purse.balance, "L4",
           "a wallet is not the sum of its transfers");
    expect(row.next_number == purse.next_transfer, "L5", "a wallet's next number is wrong");
}

void Model::on_row(const PerformanceState& row) {
    SeatCounts counts;
    for (const auto& [key, seat] : seats_) {
        if (key.first != row.performance) continue;
        ++(seat.status == SeatStatus::free      ? counts.free
           : seat.status == SeatStatus::blocked ? counts.blocked
           : seat.status == SeatStatus::held    ? counts.held
                                                : counts.sold);
    }
    expect(row.counts == counts, "S3", "a performance's counts are not those of its seats");
    expect(row.counts.total() == mix_.seats + mix_.standing, "S3", "seats were lost, or made");
    const auto& log = log_[{StreamKind::performance, row.performance.value}];
    expect(row.next_event == static_cast<std::int64_t>(log.size()) + 1, "L5",
           "a performance's next event is not the next");
}

void Model::on_row(const Sale& row) {
    const auto& log = log_[{StreamKind::room, row.concert.value}];
    expect(row.next_event == static_cast<std::int64_t>(log.size()) + 1, "L5",
           "a room's next event is not the next");
    const bool is_same = row.mode == sale_.mode && row.room == sale_.room;
    expect(is_same || sale_changed_, "O1", "a sale was changed without an event");
    if (row.policy_state != sale_.policy_state && row.room && row.room->closed_loop) {
        mark(Mark::closed_loop_moved);
    }
    sale_ = row;
}

// Each thing that an event changed is written in the same commit, and nothing else is.
void Model::check_touched(const ChangeSet& changes) {
    std::set<std::pair<PerformanceKey, SeatNumber>> seats;
    for (const auto& [row, version] : changes.rows.of<Seat>()) {
        seats.insert({row.performance, row.number});
    }
    std::set<ReservationId> bookings;
    for (const auto& [row, version] : changes.rows.of<Reservation>()) bookings.insert(row.id);
    std::set<PaymentId> purchases;
    for (const auto& [row, version] : changes.rows.of<Payment>()) purchases.insert(row.id);
    std::set<PlaceNumber> passes;
    for (const auto& [row, version] : changes.rows.of<Pass>()) passes.insert(row.number);
    std::set<TransferId> transfers;
    for (const Transfer& transfer : changes.transfers) transfers.insert(transfer.id);
    const auto covers = [](const auto& rows, const auto& touched) {
        return std::includes(rows.begin(), rows.end(), touched.begin(), touched.end());
    };
    expect(covers(seats, seats_touched_), "P1", "an event's seats are not in its commit");
    expect(covers(bookings, bookings_touched_), "P1",
           "an event's reservations are not in its commit");
    expect(purchases == purchases_touched_, "P1",
           "a payment's row and event are not in one commit");
    expect(covers(passes, passes_touched_), "P1", "an event's pass is not in its commit");
    expect(transfers == transfers_announced_, "P1",
           "a transfer and its event are not in one commit");
    for (const PaymentId& id : purchases_touched_) {
        const Purchase& purchase = purchases_[id];
        if (purchase.amount == 0) continue;
        const auto moved = std::count_if(
            changes.transfers.begin(), changes.transfers.end(), [&](const Transfer& transfer) {
                return transfer.reference == id && transfer.amount.minor == purchase.amount;
            });
        expect(moved == 1, "P1", "a payment and its one transfer are not in one commit");
    }
}

// A pass that is spent or given back holds nothing any more; and nobody has two places that live.
void Model::check_passes(const ChangeSet& changes) {
    for (const PlaceNumber& number : passes_touched_) {
        const PassStatus status = passes_[number].status;
        if (status != PassStatus::spent && status != PassStatus::left) continue;
        for (const auto& [id, booking] : bookings_) {
            const bool lives =
                booking.status == ReservationStatus::held && last_at_ < booking.until;
            expect(booking.place != number || !lives, "P1",
                   "a pass that was spent or given back still holds seats");
        }
    }
    for (const auto& [row, version] : changes.rows.of<Place>()) {
        if (version != 1) continue;
        for (const auto& [number, place] : places_) {
            if (place.user != row.user_id || number == row.number) continue;
            const auto pass = passes_.find(number);
            const bool is_in = pass != passes_.end() &&
                               pass->second.status == PassStatus::admitted &&
                               last_at_ < pass->second.ends;
            expect(!is_in && !waits(number), "Q4",
                   "who has a place that lives was given another, further back");
        }
    }
}

void Model::check_after() {
    std::int64_t sum = 0;
    for (const auto& [account, balance] : accounts_) sum += balance;
    expect(sum == 0, "L2", "all accounts together are not zero");
    for (const auto& [user, purse] : purses_) {
        expect(purse.balance >= 0, "L3", "a wallet is below zero");
        expect(purse.next == purse.next_transfer, "L5", "a wallet's events and transfers differ");
    }
    check_limits();
}

std::int64_t Model::seats_of(UserId user, std::optional<PerformanceKey> in, Time now) const {
    std::int64_t seats = 0;
    for (const auto& [id, booking] : bookings_) {
        const bool counts = booking.status == ReservationStatus::paid ||
                            (booking.status == ReservationStatus::held && now < booking.until);
        if (!counts || booking.user != user || (in && booking.performance != *in)) continue;
        seats += static_cast<std::int64_t>(booking.seats.size());
    }
    return seats;
}

void Model::check_limits() {
    std::set<UserId> users;
    for (const ReservationId& id : bookings_touched_) users.insert(bookings_[id].user);
    for (const UserId& user : users) {
        expect(seats_of(user, std::nullopt, last_at_) <= mix_.limits.per_concert, "S8",
               "somebody has more seats of the concert than the limit");
        for (const auto& [performance, starts] : starts_) {
            expect(seats_of(user, performance, last_at_) <= mix_.limits.per_performance, "S8",
                   "somebody has more seats of a performance than the limit");
        }
    }
}

}  // namespace concertres::sim

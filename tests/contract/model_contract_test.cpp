// Random commits on every backend, against a model of storage that is too simple to be wrong: maps
// by key, and queries that look at every row. The seed is fixed, so a failure comes again.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr SeatNumber seat_count = 40;
constexpr std::size_t concert_count = 3;
constexpr std::size_t user_count = 12;

template <class Row>
struct TableModel {
    std::map<KeyOf<Row>, Versioned<Row>> rows;
    std::set<KeyOf<Row>> changed;  // since the last commit

    void set(const Row& row) {
        rows[row.key()].row = row;
        changed.insert(row.key());
    }
    void commit(ChangeSet& changes) {
        for (const KeyOf<Row>& key : changed) {
            ++rows[key].version;
            changes.rows.of<Row>().push_back(rows[key]);
        }
        changed.clear();
    }
};

struct Model {
    TableModel<Seat> seats;
    TableModel<Reservation> reservations;
    TableModel<Place> places;
    TableModel<Pass> passes;
    TableModel<Wallet> wallets;
    std::map<UserKey, std::vector<Transfer>> transfers;
    std::map<Stream, std::vector<Event>> events;

    [[nodiscard]] std::map<PerformanceKey, std::int64_t> dead_seats(Time now) const {
        std::map<PerformanceKey, std::int64_t> dead;
        for (const auto& [key, seat] : seats.rows) {
            if (seat.row.is_dead_hold(now)) ++dead[key.performance];
        }
        return dead;
    }
    [[nodiscard]] std::vector<EndOf<ReservationKey>> expiring() const {
        std::vector<EndOf<ReservationKey>> ends;
        for (const auto& [key, row] : reservations.rows) {
            if (row.row.status != ReservationStatus::held) continue;
            ends.push_back({key, row.row.held_until});
        }
        return first_batch(ends);
    }
    [[nodiscard]] std::vector<Place> waiting_places(ConcertKey concert, PlaceNumber after) const {
        std::vector<Place> found;
        for (const PlaceNumber number : waiting(concert, after)) {
            found.push_back(places.rows.at({concert, number}).row);
        }
        return found;
    }
    [[nodiscard]] std::vector<PlaceNumber> waiting(ConcertKey concert, PlaceNumber after) const {
        std::vector<PlaceNumber> numbers;
        for (const auto& [key, row] : places.rows) {
            const bool waits = row.row.status == PlaceStatus::waiting;
            if (key.concert == concert && waits && after < key.number) {
                numbers.push_back(key.number);
            }
        }
        return numbers;
    }
    [[nodiscard]] std::vector<Place> passed(ConcertKey concert, PlaceNumber after) const {
        std::vector<Place> found;
        for (const auto& [key, row] : places.rows) {
            const bool is_passed = row.row.status == PlaceStatus::passed;
            if (key.concert == concert && is_passed && after < key.number) {
                found.push_back(row.row);
            }
        }
        return found;
    }
    [[nodiscard]] std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after) const {
        std::vector<Pass> result;
        for (const auto& [key, row] : passes.rows) {
            const bool is_admitted = row.row.status == PassStatus::admitted;
            if (key.concert == concert && is_admitted && after < key.number) {
                result.push_back(row.row);
            }
        }
        return result;
    }
    [[nodiscard]] RoomLine line(ConcertKey concert) const {
        RoomLine line{.concert = concert};
        std::map<LineClass, std::size_t> shown;
        for (const PlaceNumber number : waiting(concert, {})) {
            if (++shown[number.line_class()] <= RoomLine::batch) line.waiting.push_back(number);
        }
        for (const Pass& pass : admitted(concert, {})) {
            ++line.admitted;
            line.expiring.push_back({pass.number, pass.expires_at});
        }
        line.expiring = first_batch(line.expiring);
        return line;
    }
    [[nodiscard]] std::optional<Time> next_deadline() const {
        std::optional<Time> next;
        for (const auto& [key, row] : reservations.rows) {
            if (row.row.status != ReservationStatus::held) continue;
            next = next ? std::min(*next, row.row.held_until) : row.row.held_until;
        }
        for (const auto& [key, row] : passes.rows) {
            if (row.row.status != PassStatus::admitted) continue;
            next = next ? std::min(*next, row.row.expires_at) : row.row.expires_at;
        }
        return next;
    }

  private:
    template <class Name>
    static std::vector<EndOf<Name>> first_batch(std::vector<EndOf<Name>> ends) {
        std::stable_sort(ends.begin(), ends.end(),
                         [](const auto& a, const auto& b) { return a.ends_at < b.ends_at; });
        if (ends.size() > RoomLine::batch) ends.resize(RoomLine::batch);
        return ends;
    }
};

// Makes commits, and applies each to the store and to the model.
class Run {
  public:
    Run(TestStore& store, std::uint64_t seed) : store_(store), random_(seed) {
        for (std::size_t i = 0; i < concert_count; ++i) {
            const NewConcert concert =
                add_concert(*store_, {.performances = 2, .seats = seat_count, .room = true});
            concerts_.push_back(concert.concert.key);
            for (const Performance& performance : concert.performances) {
                performances_.push_back(performance.key);
                for (SeatNumber number = 1; number <= seat_count; ++number) {
                    const Seat seat{.performance = performance.key, .number = number};
                    model_.seats.rows[seat.key()] = {seat, 1};
                }
            }
        }
        for (std::size_t i = 0; i < user_count; ++i) users_.push_back(new_key<UserKey>(*store_));
    }

    void commit() {
        changes_ = {};
        changes_.at = store_->now();
        for (std::uint64_t steps = 1 + below(30); steps > 0; --steps) step();
        model_.seats.commit(changes_);
        model_.reservations.commit(changes_);
        model_.places.commit(changes_);
        model_.passes.commit(changes_);
        model_.wallets.commit(changes_);
        REQUIRE(store_->commit(changes_) == CommitOutcome::committed);
        if (below(20) == 0) store_->tidy();
        if (store_.backend().lasts && below(25) == 0) store_.reopen();
    }

    void check_queries() {
        const Time now = some_time();
        CHECK(store_->dead_seats(now) == model_.dead_seats(now));
        CHECK(store_->next_deadline() == model_.next_deadline());
        CHECK(read_row<ExpiringHolds>(*store_, 0)->row.reservations == model_.expiring());
        const ConcertKey concert = pick(concerts_);
        const PlaceNumber after{static_cast<std::int64_t>(below(60))};
        CHECK(read_row<RoomLine>(*store_, concert)->row == model_.line(concert));
        CHECK(store_->waiting(concert, after, 1'000) == model_.waiting_places(concert, after));
        CHECK(store_->passed(concert, after, 1'000) == model_.passed(concert, after));
        CHECK(store_->admitted(concert, after, 1'000) == model_.admitted(concert, after));
        check_user(pick(users_));
        check_performance(pick(performances_));
    }

    void check_rows() {
        check_table(model_.seats);
        check_table(model_.reservations);
        check_table(model_.places);
        check_table(model_.passes);
        check_table(model_.wallets);
    }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }
    Time some_time() { return at(1s * below(100)); }

    void step() {
        switch (below(6)) {
            case 0:
                return hold();
            case 1:
                return end_hold();
            case 2:
                return move_hold();
            case 3:
                return walk_place();
            case 4:
                return walk_pass();
            default:
                return charge();
        }
    }
    void hold();
    void end_hold();
    void move_hold();
    void walk_place();
    void walk_pass();
    void charge();
    void log(const Stream& stream, EventKind kind);
    [[nodiscard]] std::optional<Reservation> some_held();
    void set_seats(const Reservation& reservation, SeatStatus status);

    void check_user(UserKey user);
    void check_performance(PerformanceKey performance);
    template <class Row>
    void check_table(const TableModel<Row>& table);

    TestStore& store_;
    std::mt19937_64 random_;
    Model model_;
    std::vector<ConcertKey> concerts_;
    std::vector<PerformanceKey> performances_;
    std::vector<UserKey> users_;
    ChangeSet changes_;
};

// Up to three seats, from whoever has them; a hold that loses one expires whole.
void Run::hold() {
    const PerformanceKey performance = pick(performances_);
    Reservation reservation;
    reservation.row = new_key<ReservationKey>(*store_);
    reservation.id = {uuid_of(reservation.row.value)};
    reservation.user = pick(users_);
    reservation.performance = performance;
    reservation.held_until = some_time();
    const auto first = static_cast<SeatNumber>(1 + below(seat_count));
    for (SeatNumber number = first; number < first + 3 && number <= seat_count; ++number) {
        const Seat seat = model_.seats.rows[{performance, number}].row;
        if (seat.status == SeatStatus::sold) continue;
        if (seat.status == SeatStatus::held) {
            Reservation over = model_.reservations.rows[seat.reservation].row;
            over.status = ReservationStatus::expired;
            model_.reservations.set(over);
            set_seats(over, SeatStatus::free);
        }
        reservation.seats.push_back({number, {1}});
    }
    model_.reservations.set(reservation);
    set_seats(reservation, SeatStatus::held);
    log({StreamKind::performance, performance.value}, EventKind::reservation_held);
}

void Run::set_seats(const Reservation& reservation, SeatStatus status) {
    for (const ReservedSeat& reserved : reservation.seats) {
        Seat seat{.performance = reservation.performance, .number = reserved.number};
        seat.status = status;
        if (status != SeatStatus::free) seat.reservation = reservation.row;
        if (status == SeatStatus::held) seat.held_until = reservation.held_until;
        model_.seats.set(seat);
    }
}

std::optional<Reservation> Run::some_held() {
    std::vector<ReservationKey> held;
    for (const auto& [key, row] : model_.reservations.rows) {
        if (row.row.status == ReservationStatus::held) held.push_back(key);
    }
    if (held.empty()) return std::nullopt;
    return model_.reservations.rows[pick(held)].row;
}

void Run::end_hold() {
    auto held = some_held();
    if (!held) return;
    const bool paid = below(4) == 0;
    held->status = paid ? ReservationStatus::paid : ReservationStatus::released;
    model_.reservations.set(*held);
    set_seats(*held, paid ? SeatStatus::sold : SeatStatus::free);
}

void Run::move_hold() {
    auto held = some_held();
    if (!held) return;
    held->held_until = some_time();
    model_.reservations.set(*held);
    set_seats(*held, SeatStatus::held);
}

void Run::walk_place() {
    const auto number = static_cast<std::int64_t>(1 + below(50));
    Place place = waiting_place(pick(concerts_), number, users_.front());
    const auto known = model_.places.rows.find(place.key());
    if (known != model_.places.rows.end()) {
        using enum PlaceStatus;
        place.status = pick(std::vector{admitted, left, passed});
        if (place.status == passed) place.passed_at = some_time();
    }
    model_.places.set(place);
}

void Run::walk_pass() {
    const auto number = static_cast<std::int64_t>(1 + below(50));
    Pass pass = admitted_place(pick(concerts_), number, users_.front(), some_time()).pass;
    const auto known = model_.passes.rows.find(pass.key());
    if (known != model_.passes.rows.end()) {
        using enum PassStatus;
        pass.status = pick(std::vector{admitted, admitted, spent, expired, left});
    }
    model_.passes.set(pass);
    log({StreamKind::room, pass.concert.value}, EventKind::pass_admitted);
}

void Run::charge() {
    const UserKey user = pick(users_);
    auto& transfers = model_.transfers[user];
    const auto number = static_cast<std::int64_t>(transfers.size()) + 1;
    transfers.push_back({.id = {uuid_of(user.value * 1'000'000 + number)},
                         .wallet = user,
                         .number = number,
                         .debit = cash_in,
                         .credit = {user.value},
                         .amount = {1},
                         .balance_after = {number}});
    changes_.transfers.push_back(transfers.back());
    model_.wallets.set({user, {number}, number + 1});
    log({StreamKind::wallet, user.value}, EventKind::wallet_charged);
}

void Run::log(const Stream& stream, EventKind kind) {
    auto& events = model_.events[stream];
    const auto number = static_cast<std::int64_t>(events.size()) + 1;
    events.push_back({.stream = stream, .number = number, .kind = kind, .at = changes_.at});
    changes_.events.push_back(events.back());
}

void Run::check_user(UserKey user) {
    std::vector<Reservation> reservations;
    for (const auto& [key, row] : model_.reservations.rows) {
        if (row.row.user == user) reservations.insert(reservations.begin(), row.row);
    }
    CHECK(store_->reservations(user, {}, 100'000) == reservations);
    const std::vector<Transfer>& transfers = model_.transfers[user];
    CHECK(store_->transfers(user, {}, 100'000) ==
          std::vector(transfers.rbegin(), transfers.rend()));
    const Stream stream{StreamKind::wallet, user.value};
    CHECK(store_->events(stream, 0, 100'000) == model_.events[stream]);
}

void Run::check_performance(PerformanceKey performance) {
    std::vector<Seat> seats;
    for (SeatNumber number = 1; number <= seat_count; ++number) {
        seats.push_back(model_.seats.rows[{performance, number}].row);
    }
    CHECK(store_->seats(performance, 0, SIZE_MAX) == seats);
    const Stream stream{StreamKind::performance, performance.value};
    CHECK(store_->events(stream, 0, 100'000) == model_.events[stream]);
}

template <class Row>
void Run::check_table(const TableModel<Row>& table) {
    RowKeys wanted;
    for (const auto& [key, row] : table.rows) wanted.of<Row>().push_back({key});
    Rows found;
    store_->read(wanted, found);
    REQUIRE(found.of<Row>().size() == table.rows.size());
    bool all = true;
    for (const Found<Row>& row : found.of<Row>()) {
        all = all && row.row == table.rows.at(row.key);
    }
    CHECK(all);
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: model");

CONCERTRES_BACKEND_TEST("after any commits, storage shows what a simple model shows") {
    for (std::uint64_t seed : {1u, 2u, 3u}) {
        CAPTURE(seed);
        TestStore store(backend);
        Run run(store, seed);
        for (int i = 0; i < 150; ++i) {
            CAPTURE(i);
            run.commit();
            run.check_queries();
            if (i % 30 == 0) run.check_rows();
        }
        run.check_rows();
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

// A store that shows what a test likes: rows that belong together, and then one that does not. It
// can only be scanned.
//
//   ShownStore store = a_sale();
//   store.row<Wallet>(alice).balance.minor += 1;
//   CHECK(broken_rules(store) == "L2 L4");
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"

namespace concertres::test {

class ShownStore final : public Storage {
  public:
    Time time{};
    std::vector<NewConcert> catalog;
    std::vector<Transfer> transfers_shown;
    std::vector<Event> events_shown;
    // Whose checksum is another, by their position above.
    std::vector<std::size_t> flipped_transfers;
    std::vector<std::size_t> flipped_events;
    std::vector<std::string> damage;
    std::optional<StorageError::Kind> breaks_off;  // before the transfers

    template <class Row>
    [[nodiscard]] std::vector<Row>& of() {
        return std::get<std::vector<Row>>(rows_);
    }
    // The row of this key. REQUIRES: there is one
    template <class Row>
    [[nodiscard]] Row& row(const KeyOf<Row>& key) {
        auto& rows = of<Row>();
        const auto found = std::find_if(rows.begin(), rows.end(),
                                        [&](const Row& row) { return row.key() == key; });
        if (found == rows.end()) throw std::logic_error("the test's store has no such row");
        return *found;
    }
    template <class Row>
    Row& add(Row row) {
        return of<Row>().emplace_back(std::move(row));
    }
    template <class Row>
    void remove(const KeyOf<Row>& key) {
        static_cast<void>(row<Row>(key));
        std::erase_if(of<Row>(), [&](const Row& row) { return row.key() == key; });
    }
    // visit(std::vector<Row>&) for each table.
    template <class Visit>
    void visit_tables(Visit&& visit) {
        std::apply([&](auto&... rows) { (visit(rows), ...); }, rows_);
    }
    // The event of this number. REQUIRES: there is one
    [[nodiscard]] Event& event(const Stream& stream, std::int64_t number) {
        for (Event& event : events_shown) {
            if (event.stream == stream && event.number == number) return event;
        }
        throw std::logic_error("the test's store has no such event");
    }
    [[nodiscard]] Transfer& transfer(UserKey wallet, std::int64_t number) {
        for (Transfer& transfer : transfers_shown) {
            if (transfer.wallet == wallet && transfer.number == number) return transfer;
        }
        throw std::logic_error("the test's store has no such transfer");
    }

    Time now() override { return time; }
    void scan(ScanVisitor& visitor) override {
        for (const NewConcert& concert : catalog) visitor.on_concert(concert);
        std::apply(
            [&](const auto&... rows) {
                (std::for_each(rows.begin(), rows.end(), [&](const auto& row) { visitor.on(row); }),
                 ...);
            },
            rows_);
        if (breaks_off) throw StorageError(*breaks_off, "torn");
        show(visitor, transfers_shown, flipped_transfers);
        show(visitor, events_shown, flipped_events);
        for (const std::string& what : damage) visitor.on_damage(what);
    }

    // --- what an audit does not ask
    bool exclusive() const override { return true; }
    const StoreSecrets& secrets() const override { refuse(); }
    std::vector<NewConcert> concerts() override { refuse(); }
    std::int64_t allocate(std::size_t) override { refuse(); }
    void add(const NewConcert&, const Progress&) override { refuse(); }
    void read(const RowKeys&, Rows&) override { refuse(); }
    Time load(const RowKeys&, Rows&) override { refuse(); }
    CommitOutcome commit(const ChangeSet&) override { refuse(); }
    std::vector<PerformanceState> performances(ConcertKey, Time) override { refuse(); }
    std::vector<Seat> seats(PerformanceKey, SeatNumber, std::size_t) override { refuse(); }
    Result<std::unique_ptr<BackupJob>> backup(const std::filesystem::path&) override { refuse(); }
    std::map<PerformanceKey, std::int64_t> dead_seats(Time) override { refuse(); }
    std::optional<Time> next_deadline() override { refuse(); }
    std::vector<Place> waiting(ConcertKey, PlaceNumber, std::size_t) override { refuse(); }
    std::vector<Place> passed(ConcertKey, PlaceNumber, std::size_t) override { refuse(); }
    std::vector<Pass> admitted(ConcertKey, PlaceNumber, std::size_t) override { refuse(); }
    std::vector<std::optional<HoldEnd>> ends_of_holds(std::span<const ReservationKey>) override {
        refuse();
    }
    std::vector<Reservation> reservations(UserKey, std::optional<ReservationKey>,
                                          std::size_t) override {
        refuse();
    }
    std::vector<Payment> open_payments(PaymentKey, std::size_t) override { refuse(); }
    std::vector<Payment> payments(UserKey, std::optional<PaymentKey>, std::size_t) override {
        refuse();
    }
    std::vector<Transfer> transfers(UserKey, std::optional<std::int64_t>, std::size_t) override {
        refuse();
    }
    std::vector<Event> events(const Stream&, std::int64_t, std::size_t) override { refuse(); }

  private:
    [[noreturn]] static void refuse() {
        throw std::logic_error("a shown store can only be scanned");
    }
    template <class Row>
    static void show(ScanVisitor& visitor, const std::vector<Row>& rows,
                     const std::vector<std::size_t>& flipped) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            visitor.on(rows[i], std::find(flipped.begin(), flipped.end(), i) == flipped.end());
        }
    }

    std::tuple<std::vector<User>, std::vector<Sale>, std::vector<Line>, std::vector<Member>,
               std::vector<Place>, std::vector<Pass>, std::vector<PerformanceState>,
               std::vector<Limit>, std::vector<Reservation>, std::vector<Payment>,
               std::vector<Seat>, std::vector<Wallet>>
        rows_;
};

}  // namespace concertres::test

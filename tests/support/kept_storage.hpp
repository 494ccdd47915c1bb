// Storage that several box offices use one after the other: it passes everything on to a store that
// outlives them. So a box office over a store in memory can be closed and opened again, and what it
// then knows it has read, as it would from a file.
//
//   std::shared_ptr<Storage> store = open_memory();
//   { BoxOffice first(std::make_unique<KeptStorage>(store)); ... }
//   BoxOffice second(std::make_unique<KeptStorage>(store));
#pragma once

#include <memory>
#include <utility>

#include "concertres/storage.hpp"

namespace concertres::test {

class KeptStorage : public Storage {
  public:
    explicit KeptStorage(std::shared_ptr<Storage> inner) : inner_(std::move(inner)) {}

    bool exclusive() const override { return inner_->exclusive(); }
    News follow() override { return inner_->follow(); }
    bool tell(const std::vector<News::Heard>& heard) override { return inner_->tell(heard); }
    const StoreSecrets& secrets() const override { return inner_->secrets(); }
    Time now() override { return inner_->now(); }
    Duration elapsed() override { return inner_->elapsed(); }
    Duration clock_jump() const override { return inner_->clock_jump(); }

    std::vector<NewConcert> concerts() override { return inner_->concerts(); }
    std::int64_t allocate(std::size_t count) override { return inner_->allocate(count); }
    void add(const NewConcert& concert, const Progress& progress) override {
        inner_->add(concert, progress);
    }

    void read(const RowKeys& wanted, Rows& found) override { inner_->read(wanted, found); }
    Time load(const RowKeys& wanted, Rows& found) override { return inner_->load(wanted, found); }
    CommitOutcome commit(const ChangeSet& changes) override { return inner_->commit(changes); }
    CommitOutcome settle() override { return inner_->settle(); }
    bool tidy() override { return inner_->tidy(); }

    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override {
        return inner_->performances(concert, after);
    }
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override {
        return inner_->seats(performance, after, limit);
    }
    std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override {
        return inner_->dead_seats(now);
    }
    std::optional<Time> next_deadline() override { return inner_->next_deadline(); }
    std::vector<Place> waiting(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return inner_->waiting(concert, after, limit);
    }
    std::vector<Place> passed(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return inner_->passed(concert, after, limit);
    }
    std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return inner_->admitted(concert, after, limit);
    }
    std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override {
        return inner_->ends_of_holds(keys);
    }
    std::vector<Reservation> reservations(UserKey user, std::optional<ReservationKey> before,
                                          std::size_t limit) override {
        return inner_->reservations(user, before, limit);
    }
    std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override {
        return inner_->open_payments(after, limit);
    }
    std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                  std::size_t limit) override {
        return inner_->payments(user, before, limit);
    }
    std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                    std::size_t limit) override {
        return inner_->transfers(user, before, limit);
    }
    std::vector<Event> events(const Stream& stream, std::int64_t after,
                              std::size_t limit) override {
        return inner_->events(stream, after, limit);
    }
    void scan(ScanVisitor& visitor) override { inner_->scan(visitor); }
    Result<std::unique_ptr<BackupJob>> backup(const std::filesystem::path& file) override {
        return inner_->backup(file);
    }

  private:
    std::shared_ptr<Storage> inner_;
};

}  // namespace concertres::test

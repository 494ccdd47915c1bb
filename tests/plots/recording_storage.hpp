// Storage that tells what it was asked for, in words, and passes it on.
//
//   BoxOffice office(std::make_unique<RecordingStorage>(open_memory(), [](StorageTalk talk)
//   {...}));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"

namespace concertres::test {

struct StorageTalk {
    std::vector<std::string> asked;
    std::string answered;
};

class RecordingStorage final : public Storage {
  public:
    using Listener = std::function<void(const StorageTalk&)>;

    RecordingStorage(std::unique_ptr<Storage> inner, Listener listener)
        : inner_(std::move(inner)), listener_(std::move(listener)) {}

    bool exclusive() const override { return inner_->exclusive(); }
    const StoreSecrets& secrets() const override { return inner_->secrets(); }
    Time now() override { return inner_->now(); }
    std::vector<NewConcert> concerts() override { return inner_->concerts(); }
    std::int64_t allocate(std::size_t count) override { return inner_->allocate(count); }
    void add(const NewConcert& concert, const Progress& progress) override {
        inner_->add(concert, progress);
    }

    // --- what is told
    void read(const RowKeys& wanted, Rows& found) override;
    Time load(const RowKeys& wanted, Rows& found) override;
    CommitOutcome commit(const ChangeSet& changes) override;
    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override;
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override;

    // --- what no flow asks for
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
    std::vector<Reservation> reservations(UserKey user, std::optional<ReservationKey> before,
                                          std::size_t limit) override {
        return inner_->reservations(user, before, limit);
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
    std::unique_ptr<Storage> inner_;
    Listener listener_;
};

}  // namespace concertres::test

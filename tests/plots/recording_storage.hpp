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
#include "support/kept_storage.hpp"

namespace concertres::test {

struct StorageTalk {
    std::vector<std::string> asked;
    std::string answered;
};

class RecordingStorage final : public KeptStorage {
  public:
    using Listener = std::function<void(const StorageTalk&)>;

    RecordingStorage(std::unique_ptr<Storage> inner, Listener listener)
        : KeptStorage(std::move(inner)), listener_(std::move(listener)) {}

    void read(const RowKeys& wanted, Rows& found) override;
    Time load(const RowKeys& wanted, Rows& found) override;
    CommitOutcome commit(const ChangeSet& changes) override;
    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override;
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override;

  private:
    Listener listener_;
};

}  // namespace concertres::test

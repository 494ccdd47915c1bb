// A store that a test closes and opens again, on whichever backend: what is opened next has read
// what it knows, also where the backend keeps everything in memory.
//
//   ReopenedStore store(backend);
//   { BoxOffice first(store.open(clock)); ... }
//   BoxOffice second(store.open(clock));
#pragma once

#include <memory>

#include "support/backends.hpp"
#include "support/kept_storage.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

class ReopenedStore {
  public:
    explicit ReopenedStore(const Backend& backend) : backend_(&backend), folder_(backend) {}

    // REQUIRES: what was opened before is closed
    // Lifetime: ends before this.
    [[nodiscard]] std::unique_ptr<Storage> open(TestClock& clock) {
        if (backend_->lasts) return backend_->open(folder_.path(), &clock);
        if (!kept_) kept_ = backend_->open(folder_.path(), &clock);
        return std::make_unique<KeptStorage>(kept_);
    }

  private:
    const Backend* backend_;
    StoreFolder folder_;
    std::shared_ptr<Storage> kept_;  // where the backend does not last
};

}  // namespace concertres::test

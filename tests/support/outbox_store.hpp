// The outbox of a store that a test has opened, and events to put into it.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "concertres/outbox.hpp"
#include "concertres/storage.hpp"
#include "support/backends.hpp"

namespace concertres::test {

// The storage's own where it is exclusive; else one over a connection of its own.
// Lifetime: ends before the store
class StoreOutbox {
  public:
    explicit StoreOutbox(const TestStore& store)
        : own_(store.open_outbox()), outbox_(own_ ? own_.get() : store->outbox()) {}

    [[nodiscard]] Outbox* operator->() const { return outbox_; }
    [[nodiscard]] Outbox& operator*() const { return *outbox_; }

  private:
    std::unique_ptr<Outbox> own_;
    Outbox* outbox_;
};

// Commits the next `count` events of the stream, with the row that has its next number. A wallet's
// say whose it is.
void append_events(Storage& storage, const Stream& stream, int count, const UserId& user = {});

}  // namespace concertres::test

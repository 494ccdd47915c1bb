// The outbox of a store in memory.
#pragma once

#include <string>
#include <vector>

#include "live/local_outbox.hpp"

namespace concertres::memory {

class MemoryStorage;

class MemoryOutbox final : public live::LocalOutbox {
  public:
    // Lifetime: within the storage
    explicit MemoryOutbox(MemoryStorage& storage) : storage_(storage) {}

    void attach(const std::string& sink) override { state().sinks.try_emplace(sink); }
    void detach(const std::string& sink) override { state().sinks.erase(sink); }
    void rewind(const std::string& sink, Time since) override;
    void disable(const std::string& sink) override;
    void enable(const std::string& sink) override;

  private:
    [[nodiscard]] Time now() override;
    [[nodiscard]] std::vector<Event> read(const Stream& stream, std::int64_t after,
                                          std::size_t limit) override;
    [[nodiscard]] Uuid id_of(const Stream& stream) override;
    // How many events of a stream were before `since`.
    [[nodiscard]] std::int64_t count_before(const Stream& stream, Time since) const;

    MemoryStorage& storage_;
};

}  // namespace concertres::memory

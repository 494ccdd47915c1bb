// The outbox of a store that belongs to one process, but for what is kept of it on disk: that, and
// where events are read, is the store's part.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "live/outbox_state.hpp"

namespace concertres::live {

class LocalOutbox : public Outbox {
  public:
    // One was committed.
    void note(const Event& event) { state_.note(event); }

    [[nodiscard]] std::vector<SinkState> sinks() final { return state_.states(); }
    [[nodiscard]] Claimed claim(const std::string& sink, const std::string& relay,
                                Duration ttl) final;
    void leave(const std::string& sink, const std::string& relay) final;
    [[nodiscard]] std::vector<Unpublished> take(const std::string& sink,
                                                const std::vector<Lease>& leases,
                                                const TakeOptions& wanted) final;
    [[nodiscard]] std::vector<Shard> mark(const std::string& sink, const std::vector<Lease>& leases,
                                          const std::vector<Mark>& marks) final;

  protected:
    [[nodiscard]] OutboxState& state() { return state_; }

  private:
    [[nodiscard]] virtual Time now() = 0;
    [[nodiscard]] virtual std::vector<Event> read(const Stream& stream, std::int64_t after,
                                                  std::size_t limit) = 0;
    // The public id of a performance or concert. A user's stands in the events of the wallet.
    [[nodiscard]] virtual Uuid id_of(const Stream& stream) = 0;
    // Before they count.
    virtual void keep(const std::string& /*sink*/, const std::vector<Mark>& /*marks*/) {}

    OutboxState state_;
    std::map<Stream, Uuid> ids_;  // of performances and concerts
};

}  // namespace concertres::live

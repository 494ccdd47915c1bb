// The outbox of a store that a box office has open: each call is a query on the writer, between two
// groups, and reads no more than a query may.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/outbox.hpp"
#include "concertres/result.hpp"

namespace concertres {

class OfficeOutbox final : public Outbox {
  public:
    using Ask = std::function<Result<Time>(const std::function<void(Outbox&)>&)>;

    explicit OfficeOutbox(Ask ask) : ask_(std::move(ask)) {}

    void attach(const std::string& sink) override;
    void detach(const std::string& sink) override;
    void rewind(const std::string& sink, Time since) override;
    void disable(const std::string& sink) override;
    void enable(const std::string& sink) override;
    [[nodiscard]] std::vector<SinkState> sinks() override;
    [[nodiscard]] Claimed claim(const std::string& sink, const std::string& relay,
                                Duration ttl) override;
    void leave(const std::string& sink, const std::string& relay) override;
    [[nodiscard]] std::vector<Unpublished> take(const std::string& sink,
                                                const std::vector<Lease>& leases,
                                                const TakeOptions& wanted) override;
    [[nodiscard]] std::vector<Shard> mark(const std::string& sink, const std::vector<Lease>& leases,
                                          const std::vector<Mark>& marks) override;

  private:
    // Throws StorageError(unavailable) where the office refuses.
    template <class Use>
    auto ask(Use&& use);

    Ask ask_;
};

}  // namespace concertres

// The outbox behind open_postgres_outbox(). The table `outbox` has a row for each stream that a
// sink is behind in. A writer's commit makes it, or raises its `head`; a relay raises `published`,
// and takes the row away once both are the same. Both lock the row, so neither loses what the other
// does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "concertres/postgres.hpp"
#include "postgres/connection.hpp"
#include "postgres/outbox_statements.hpp"
#include "relay/leases.hpp"

namespace concertres::postgres {

class PostgresOutbox final : public Outbox {
  public:
    PostgresOutbox(const std::string& conninfo, const PostgresOptions& options);

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

    // --- for tests
    [[nodiscard]] Connection& connection();
    [[nodiscard]] const OutboxStatements& statements() const { return statements_; }

  private:
    // Runs `work`; makes StorageError(unavailable) of what goes wrong. The connection is made anew
    // then: whatever was begun is over.
    template <class Work>
    auto asked(Work&& work);
    [[nodiscard]] Time now(const Answer& store_time) const;
    void rewind_streams(const std::string& sink, StreamKind kind, const Statement& heads,
                        const Param& since);
    void put(const std::string& sink, const Leases& leases);
    [[nodiscard]] std::vector<Lease> current(const std::string& sink,
                                             const std::vector<Lease>& leases);

    const std::string conninfo_;
    const PostgresOptions options_;
    const OutboxStatements statements_;
    std::unique_ptr<Connection> connection_;  // null: it was lost
    std::optional<StoreClock> clock_;         // the caller's
};

}  // namespace concertres::postgres

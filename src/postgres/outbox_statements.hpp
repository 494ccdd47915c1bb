// The statements of an outbox.
#pragma once

#include "postgres/connection.hpp"

namespace concertres::postgres {

class OutboxStatements {
  public:
    OutboxStatements();
    // A connection knows a statement by where it is.
    OutboxStatements(const OutboxStatements&) = delete;
    OutboxStatements& operator=(const OutboxStatements&) = delete;

    // visit(const Statement&) for each that is run while events are passed on.
    template <class Visit>
    void for_each(const Visit& visit) const {
        for (const Statement* each :
             {&lock_sink, &leases, &relays, &put_leases, &forget_relays, &put_relays, &give_up,
              &forget_relay, &take, &lock_leases, &lock_marked, &mark, &settle}) {
            visit(*each);
        }
    }

    const Statement begin = {"begin", "BEGIN"};
    const Statement commit = {"commit", "COMMIT"};
    const Statement commit_soon;  // for the transaction that is open: it need not be on disk

    Statement store_time;
    Statement touch;

    Statement insert_sink;
    Statement await_writers;
    Statement detach;
    Statement sinks;
    Statement disable;
    Statement enable;
    // The streams of a kind from a key on: their last number, and that before a time.
    Statement performance_heads;
    Statement wallet_heads;
    Statement room_heads;
    Statement rewind;
    Statement void_leases;

    Statement lock_sink;
    Statement leases;
    Statement relays;
    Statement put_leases;
    Statement forget_relays;
    Statement put_relays;
    Statement give_up;
    Statement forget_relay;

    Statement take;
    Statement lock_leases;
    Statement lock_marked;
    Statement mark;
    Statement settle;
};

}  // namespace concertres::postgres

// Tickets of payments, and the key that a store signs them with when nobody gives it another.
//
// Threads: any.
#pragma once

#include <vector>

#include "concertres/commands.hpp"
#include "concertres/storage.hpp"
#include "concertres/ticket.hpp"
#include "engine/catalog.hpp"

namespace concertres {

// Made from the store's token keys, which only the store has, so that it needs to keep no further
// secret. Each has an id that follows from its public half: a door that knows keys of many stores
// can tell them apart.
[[nodiscard]] std::vector<TicketKey> own_ticket_keys(const StoreSecrets& secrets);

// Refuses: reservation_refunded, unknown_performance.
[[nodiscard]] Result<SignedTicket> issue_ticket(const Catalog& catalog, const TicketKeys& keys,
                                                const PaymentView& payment);

}  // namespace concertres

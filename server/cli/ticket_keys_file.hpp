// The public keys of tickets, as GET /v1/ticket-keys gives them and a file keeps them.
//
// Threads: any.
#pragma once

#include <string_view>
#include <vector>

#include "concertres/result.hpp"
#include "concertres/ticket.hpp"

namespace concertres::server {

// Refuses: request_invalid, with every fault.
[[nodiscard]] Result<std::vector<TicketPublicKey>> read_ticket_keys_json(std::string_view text);

}  // namespace concertres::server

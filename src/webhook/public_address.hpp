// Which addresses are of the world's, and which of somebody's own: this machine, its network, a
// provider's inside. What is sent to the latter may reach what nobody outside was meant to.
//
//   if (!is_public(address)) refuse(text_of(address));
//
// Threads: any.
#pragma once

#include <sys/socket.h>

#include <string>

namespace concertres::webhook {

// False also for what is neither IPv4 nor IPv6.
[[nodiscard]] bool is_public(const sockaddr& address);
// "127.0.0.1".
[[nodiscard]] std::string text_of(const sockaddr& address);

}  // namespace concertres::webhook

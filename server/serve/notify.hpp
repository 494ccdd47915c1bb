// Tells the service manager how things stand (sd_notify's protocol: a datagram to the socket that
// NOTIFY_SOCKET names). Without that variable nothing happens.
#pragma once

#include <string_view>

namespace concertres::server {

// "READY=1", "STOPPING=1", "STATUS=...". False: there is a socket, and it did not take it.
bool notify_manager(std::string_view state);

}  // namespace concertres::server

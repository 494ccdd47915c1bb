// A proxy that may not be built like this: it has one connection to the server for everybody, takes
// whatever a client sends at once for one request, and the next answer for that client's. So a
// request that hides in another's message is answered to whoever asks next.
//
//   NaiveProxy proxy(port_of_server);
//   RawSocket client(proxy.port());
//
// Threads: it has its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "server/raw_socket.hpp"

namespace concertres::test {

class NaiveProxy {
  public:
    explicit NaiveProxy(std::uint16_t server);
    ~NaiveProxy();
    NaiveProxy(const NaiveProxy&) = delete;
    NaiveProxy& operator=(const NaiveProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void run();
    // False where the client has gone.
    bool pass_on(int client);

    std::uint16_t server_port_;
    std::unique_ptr<RawSocket> server_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::vector<int> clients_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace concertres::test

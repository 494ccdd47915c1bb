// A TCP proxy between clients and a server that loses messages: now and then it cuts a connection
// before a request has gone on, in the middle of it, right after it, or within the answer.
//
//   CuttingProxy proxy({.upstream = address_of(server), .seed = 7, .cut_percent = 20});
//   ... clients connect to 127.0.0.1 at proxy.port()
//   CHECK(proxy.cuts() > 0);
//
// Which request is cut, and where, is drawn by the seed and the order of connections.
// Threads: it has its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>

#include "histories/caller.hpp"

namespace concertres::test {

struct CuttingProxyShape {
    Address upstream{};
    std::uint32_t seed = 1;
    std::uint32_t cut_percent = 10;  // of the requests
};

class CuttingProxy {
  public:
    explicit CuttingProxy(const CuttingProxyShape& shape);
    ~CuttingProxy();
    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int cuts() const { return cuts_; }

  private:
    void accept();
    void serve(int client, std::uint32_t seed);

    CuttingProxyShape shape_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> cuts_{0};
    std::atomic<bool> stopping_{false};
    std::list<std::thread> connections_;  // of the accepting thread until it ends
    std::thread acceptor_;
};

}  // namespace concertres::test

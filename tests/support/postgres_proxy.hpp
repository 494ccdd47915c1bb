// Stands between a store and its PostgreSQL server, on a port of the loopback, and is the network
// that fails: it cuts a connection in the two moments that matter (before the server has heard of a
// COMMIT, and before the client has heard of its success), cuts all of them, slows them down, or
// falls silent: then it still accepts connections, and passes nothing on.
//
//   PostgresProxy proxy(postgres_server());
//   auto storage = open_postgres(proxy.conninfo(database));
//   proxy.cut_next(PostgresProxy::Cut::answer);
//   storage->commit(changes);             // is there, and nobody has said so
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/postgres_server.hpp"

namespace concertres::test {

class PostgresProxy {
  public:
    enum class Cut : std::uint8_t { none, question, answer, rollback };

    // Lifetime: the server outlives it.
    explicit PostgresProxy(const PostgresServer& server);
    PostgresProxy(const PostgresProxy&) = delete;
    PostgresProxy& operator=(const PostgresProxy&) = delete;
    ~PostgresProxy();

    [[nodiscard]] std::string conninfo(const std::string& database) const;
    // The same as a URI.
    [[nodiscard]] std::string address(const std::string& database) const;
    // The next COMMIT's question or answer, or the next ROLLBACK's answer, is not passed on, and
    // its connection ends.
    void cut_next(Cut cut) { next_ = cut; }
    [[nodiscard]] int cuts() const { return cuts_; }
    // Every connection that there is ends.
    void cut_all() { ++generation_; }
    // Whatever is passed on is late by so much; 0: at once.
    void delay(std::chrono::milliseconds by) { delay_ = by; }
    void fall_silent(bool silent) { silent_ = silent; }

  private:
    void accept_all();
    void pass(int client);

    std::string server_socket_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<Cut> next_{Cut::none};
    std::atomic<int> cuts_{0};
    std::atomic<int> generation_{0};
    std::atomic<std::chrono::milliseconds> delay_{};
    std::atomic<bool> silent_{false};
    std::mutex mutex_;
    std::vector<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace concertres::test

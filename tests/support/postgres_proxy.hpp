// Stands between a store and its PostgreSQL server, and cuts the connection in the two moments that
// matter: before the server has heard of a COMMIT, and before the client has heard of its success.
//
//   PostgresProxy proxy(postgres_server());
//   auto storage = open_postgres(proxy.conninfo(database));
//   proxy.cut_next(PostgresProxy::Cut::answer);
//   storage->commit(changes);             // is there, and nobody has said so
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/postgres_server.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

class PostgresProxy {
  public:
    enum class Cut : std::uint8_t { none, question, answer };

    // Lifetime: the server outlives it.
    explicit PostgresProxy(const PostgresServer& server);
    PostgresProxy(const PostgresProxy&) = delete;
    PostgresProxy& operator=(const PostgresProxy&) = delete;
    ~PostgresProxy();

    [[nodiscard]] std::string conninfo(const std::string& database) const;
    // The next COMMIT's question or answer is not passed on, and its connection ends.
    void cut_next(Cut cut) { next_ = cut; }
    [[nodiscard]] int cuts() const { return cuts_; }

  private:
    void accept_all();
    void pass(int client);

    std::string server_socket_;
    TempDir folder_;
    int listener_ = -1;
    std::atomic<bool> stopping_{false};
    std::atomic<Cut> next_{Cut::none};
    std::atomic<int> cuts_{0};
    std::mutex mutex_;
    std::vector<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace concertres::test

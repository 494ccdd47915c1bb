// Redis servers of the tests' own, on ports of the loopback, in temporary directories, gone with
// whoever started them: one, a cluster of six, and one with two replicas behind three sentinels.
// They never touch a server of the system's.
//
//   RedisServer server;
//   const auto line = open_redis_line(server.address());
//   server.command({"FLUSHALL"});
//
// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "redis/reply.hpp"
#include "support/temp_dir.hpp"
#include "support/test_certificate.hpp"

namespace concertres::test {

class RedisServer {
  public:
    struct Settings {
        std::vector<std::string> arguments{};          // more of redis-server's
        const TestCertificate* certificate = nullptr;  // with TLS, and nothing else
        std::string password{};
    };

    RedisServer() : RedisServer(Settings{}) {}
    explicit RedisServer(Settings settings);
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;
    ~RedisServer();

    [[nodiscard]] int port() const { return port_; }
    // As "redis://127.0.0.1:PORT".
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::string endpoint() const;
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

    // Asked by a connection of its own, without TLS.
    redis::Reply command(const std::vector<std::string>& words) const;
    // Of INFO; empty: there is no such field.
    [[nodiscard]] std::string info(const std::string& field) const;

    // --- its life
    void start();
    // At once, as if its machine had failed. What it had saved it has when it is started again.
    void kill();
    void pause();
    void resume();
    [[nodiscard]] bool runs() const { return pid_ > 0; }

  private:
    void wait_until_ready();

    const Settings settings_;
    TempDir folder_;
    pid_t owner_;  // whose it is: a fork of it ends nothing
    int port_;
    pid_t pid_ = -1;
};

class RedisCluster {
  public:
    RedisCluster();

    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::vector<std::unique_ptr<RedisServer>>& servers() { return servers_; }
    // Who has the slot of a key now.
    [[nodiscard]] RedisServer& master_of(const std::string& key);
    [[nodiscard]] RedisServer& at_port(int port);

  private:
    std::vector<std::unique_ptr<RedisServer>> servers_;
};

class RedisSentinels {
  public:
    RedisSentinels();

    [[nodiscard]] std::string address() const;
    // Which the sentinels say is the master.
    [[nodiscard]] RedisServer& master();
    [[nodiscard]] std::vector<std::unique_ptr<RedisServer>>& servers() { return servers_; }
    // Until another than `old` is the master, of all sentinels.
    void wait_for_failover(const RedisServer& old);

  private:
    [[nodiscard]] int port_of_master(const RedisServer& sentinel) const;

    std::vector<std::unique_ptr<RedisServer>> servers_;
    std::vector<std::unique_ptr<TempDir>> folders_;  // of what the sentinels write down
    std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace concertres::test

// What all handlers share: the box office and what stands around it. One of it for a server.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/gate.hpp"
#include "api/live.hpp"
#include "api/metrics.hpp"
#include "api/rate_limiter.hpp"
#include "api/snapshots.hpp"
#include "concertres/box_office.hpp"
#include "concertres/payment_settler.hpp"
#include "concertres/redis.hpp"
#include "config/addresses.hpp"
#include "log/log.hpp"

namespace concertres::server {

// Whoever holds one may call what it opens.
struct AccessKeys {
    std::optional<std::string> api;
    std::optional<std::string> admin;
};

struct Services {
    BoxOffice& office;
    Snapshots& snapshots;
    Live& live;
    Metrics& metrics;
    Log& log;
    RateLimiter& token_rate;
    Gate& gate;
    // What takes long and is nobody's turn: audits of copies.
    boost::asio::thread_pool& chores;
    // Large answers are packed here. Joined before those stop whom it answers.
    boost::asio::thread_pool packing{1};
    // Those that run included; who is counted may outlive the services.
    std::shared_ptr<std::atomic<int>> chores_waiting = std::make_shared<std::atomic<int>>(0);
    std::shared_ptr<std::atomic<int>> imports_arriving = std::make_shared<std::atomic<int>>(0);
    std::shared_ptr<std::atomic<int>> exports_running = std::make_shared<std::atomic<int>>(0);

    std::string currency = "KRW";
    std::vector<Cidr> trusted_proxies{};
    std::vector<std::string> cors_origins{};
    std::size_t body_bytes_max = 64 * 1024;
    std::size_t import_bytes_max = 64 * 1024 * 1024;
    Duration token_max_age{};
    // Where copies are made that are audited; the store's own folder.
    std::filesystem::path folder{};
    // Opens the store once more, where others may have it open; such a one is audited as it is.
    std::function<std::unique_ptr<Storage>()> open_again{};
    // How events are passed on.
    std::function<std::vector<SinkReading>()> sinks{};
    // Payments with money from outside; none: there is no provider that takes it.
    std::function<PaymentSettlerStatistics()> settler{};
    // How the line in Redis fares; none: the store keeps who waits.
    std::function<RedisCounters()> line{};
    // The outbox, of the box office or of the store that it shares with others.
    std::function<std::unique_ptr<Outbox>()> open_outbox{};
    // Where the page's files are read, each time; empty: those that are part of the program.
    std::filesystem::path web_root{};

    std::atomic<std::shared_ptr<const AccessKeys>> keys{std::make_shared<AccessKeys>()};
    std::atomic<bool> ready{false};
    std::atomic<bool> stopping{false};
};

}  // namespace concertres::server

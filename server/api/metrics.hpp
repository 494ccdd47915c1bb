// What is counted, for Prometheus. Requests are counted as they end; what the box office and the
// listeners count themselves is read when somebody asks.
//
// Threads: any.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/gate.hpp"
#include "api/route.hpp"
#include "concertres/box_office.hpp"
#include "concertres/payment_settler.hpp"
#include "concertres/redis.hpp"
#include "concertres/relay.hpp"
#include "http/listener.hpp"

namespace concertres::server {

struct SinkReading {
    std::string sink{};
    RelayStatistics statistics{};
};

// What is read when somebody asks.
struct Readings {
    Statistics office;
    bool ready = false;  // as /readyz tells
    std::vector<ConcertView> concerts;
    std::chrono::steady_clock::duration snapshot_age{};
    std::int64_t event_streams = 0;
    Gate::Figures gate{};
    std::int64_t log_lines_dropped = 0;
    std::vector<SinkReading> sinks{};                   // that events are passed on to
    std::optional<PaymentSettlerStatistics> settler{};  // of payments with money from outside
    std::optional<RedisCounters> line{};                // where those are kept who wait
};

class Metrics {
  public:
    Metrics();

    // `route` is null for what no route takes. `code` is empty for what was granted.
    void count(const Route* route, http::Method method, int status, std::string_view code,
               std::chrono::steady_clock::duration took);
    // A message that was refused for its framing, or whose answer was lost on the way.
    void count_refusal(std::string_view code);
    // The listener's connections are shown as well, under its name.
    // Lifetime: the counters outlive what is exposed.
    void watch(std::string_view listener, const http::Counters& counters);

    // The text of /metrics.
    [[nodiscard]] std::string expose(const Readings& readings) const;

  private:
    static constexpr int status_max = 600;

    // One for a route; counters are made when first needed.
    struct OfRoute {
        std::string label;
        prometheus::Histogram* duration = nullptr;
        std::array<std::atomic<prometheus::Counter*>, status_max> by_status{};
    };

    prometheus::Counter& counter(OfRoute& of, http::Method method, int status);
    void count_fault(std::string_view code);

    std::shared_ptr<prometheus::Registry> registry_;
    prometheus::Family<prometheus::Counter>* requests_;
    prometheus::Family<prometheus::Histogram>* durations_;
    prometheus::Family<prometheus::Counter>* payments_;
    prometheus::Family<prometheus::Counter>* refusals_;
    std::map<std::string_view, prometheus::Counter*> faults_;  // by code
    std::vector<std::unique_ptr<OfRoute>> routes_;  // as all_routes(), then one for no route
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::vector<std::pair<std::string, const http::Counters*>> listeners_;
};

}  // namespace concertres::server

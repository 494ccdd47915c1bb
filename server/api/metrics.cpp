#include "api/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "api/problem.hpp"

namespace concertres::server {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

double seconds(std::chrono::steady_clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

// Families that are made of readings, one call each.
class Writer {
  public:
    explicit Writer(std::vector<MetricFamily>& families) : families_(&families) {}

    Writer& family(MetricType type, std::string name, std::string help) {
        families_->push_back({std::move(name), std::move(help), type, {}});
        return *this;
    }
    Writer& value(double value, const Labels& labels = {}) {
        MetricFamily& family = families_->back();
        prometheus::ClientMetric& metric = family.metric.emplace_back();
        for (const auto& [name, text] : labels) metric.label.push_back({name, text});
        if (family.type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        return *this;
    }
    Writer& value(std::int64_t number, const Labels& labels = {}) {
        return value(static_cast<double>(number), labels);
    }

  private:
    std::vector<MetricFamily>* families_;
};

void write_office(Writer& to, const Statistics& office) {
    const auto counter = [&](const char* name, const char* help, std::int64_t value) {
        to.family(MetricType::Counter, name, help).value(value);
    };
    to.family(MetricType::Gauge, "concertres_inbox_commands", "Commands that wait for the writer.")
        .value(office.inbox);
    to.family(MetricType::Gauge, "concertres_engine_failed",
              "1 when the engine has stopped and must be reopened.")
        .value(std::int64_t{office.failed});
    to.family(MetricType::Gauge, "concertres_clock_jump_seconds",
              "By how much the clock of the store's server has moved; not 0: commands are refused.")
        .value(std::chrono::duration<double>(office.clock_jump).count());
    counter("concertres_commands_total", "Commands decided.", office.commands);
    counter("concertres_command_refusals_total", "Commands refused by a rule.", office.refusals);
    counter("concertres_commands_overloaded_total", "Commands refused by a full inbox.",
            office.overloaded);
    counter("concertres_commands_timed_out_total", "Commands that waited too long to be started.",
            office.timed_out);
    counter("concertres_groups_total", "Commits.", office.groups);
    counter("concertres_grouped_commands_total", "Commands that were decided in commits.",
            office.grouped);
    counter("concertres_deferred_commands_total",
            "Commands that went to a later group for want of a row.", office.deferred);
    counter("concertres_rows_written_total", "Rows written.", office.rows);
    counter("concertres_events_total", "Events written.", office.events);
    counter("concertres_charges_total", "Charges of wallets.", office.charges);
    to.family(MetricType::Gauge, "concertres_ledger_imbalance",
              "By how much wallets and their transfers differ; anything but 0 is a bug.")
        .value(office.ledger_imbalance);
}

void write_gate(Writer& to, const Gate::Figures& gate) {
    to.family(MetricType::Gauge, "concertres_commands_waiting",
              "Requests of buyers that wait for the engine.")
        .value(gate.inside);
    to.family(MetricType::Gauge, "concertres_overloaded",
              "1 while further requests are turned away: the engine has more to do than it can.")
        .value(std::int64_t{gate.limited || gate.stalls});
    to.family(MetricType::Gauge, "concertres_stalled",
              "1 while the engine has answered nobody for twice wait-max-ms; what is told of "
              "concerts is missing then.")
        .value(std::int64_t{gate.stalls});
    to.family(MetricType::Counter, "concertres_requests_turned_away_total",
              "Requests refused (overloaded) because the wait for the engine had grown too long.")
        .value(gate.turned_away);
}

// A family has a value for each sink.
void write_relays(Writer& to, const std::vector<SinkReading>& sinks) {
    if (sinks.empty()) return;
    const auto write = [&](MetricType type, const char* name, const char* help, auto value_of) {
        Writer& family = to.family(type, name, help);
        for (const SinkReading& at : sinks) {
            family.value(value_of(at.statistics), {{"sink", at.sink}});
        }
    };
    write(MetricType::Gauge, "concertres_relay_lag_events",
          "Events that the sink has yet to get, of all that the store has.",
          [](const RelayStatistics& relay) { return relay.lag_events; });
    write(MetricType::Gauge, "concertres_relay_lag_seconds",
          "How long ago the oldest of those was committed that this relay last took.",
          [](const RelayStatistics& relay) {
              return std::chrono::duration<double>(relay.lag).count();
          });
    write(MetricType::Gauge, "concertres_relay_shards",
          "Shards of the events that this relay passes on; 64 are shared by all relays of a sink.",
          [](const RelayStatistics& relay) { return relay.shards; });
    write(MetricType::Gauge, "concertres_relay_disabled",
          "1 after too many failures in a row: nothing is passed on until the sink is enabled.",
          [](const RelayStatistics& relay) { return std::int64_t{relay.disabled}; });
    write(MetricType::Counter, "concertres_relay_events_total",
          "Events that were acknowledged by the sink, and marked.",
          [](const RelayStatistics& relay) { return relay.published; });
    write(MetricType::Counter, "concertres_relay_failures_total",
          "Attempts after which not all was acknowledged.",
          [](const RelayStatistics& relay) { return relay.failures; });
    write(MetricType::Counter, "concertres_relay_fenced_total",
          "Shards that another relay had claimed before what was passed on was marked.",
          [](const RelayStatistics& relay) { return relay.fenced; });
}

void write_settler(Writer& to, const std::optional<PaymentSettlerStatistics>& settler) {
    if (!settler) return;
    to.family(MetricType::Gauge, "concertres_payments_open",
              "Payments that are still to be settled with the provider, as this server knows.")
        .value(settler->open);
    to.family(MetricType::Gauge, "concertres_payments_open_seconds",
              "How long ago the oldest of those began.")
        .value(std::chrono::duration<double>(settler->oldest).count());
    Writer& calls = to.family(MetricType::Counter, "concertres_payment_provider_calls_total",
                              "Calls to the provider, by the status that it answered; unavailable: "
                              "by none that could be believed.");
    for (std::size_t i = 0; i < settler->answered.size(); ++i) {
        calls.value(settler->answered[i],
                    {{"status", std::string(gateway_status_name(static_cast<GatewayStatus>(i)))}});
    }
    calls.value(settler->unavailable, {{"status", "unavailable"}});
    to.family(
          MetricType::Counter, "concertres_payment_answers_refused_total",
          "Answers of the provider that the box office could not take just then; they are asked "
          "for again.")
        .value(settler->refused);
}

void write_line(Writer& to, const std::optional<RedisCounters>& line) {
    if (!line) return;
    const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
        to.family(MetricType::Counter, name, help).value(static_cast<std::int64_t>(value));
    };
    to.family(MetricType::Gauge, "concertres_line_reached",
              "1 while there is a connection to the line in Redis; it is made with the first call.")
        .value(std::int64_t{line->is_reached});
    counter("concertres_line_calls_total", "Calls to the line in Redis.", line->calls);
    counter("concertres_line_away_total",
            "Of these calls, those that were not done: it could not be reached.", line->away);
    counter("concertres_line_unknown_total",
            "Of these calls, those that may have been done: no answer came.", line->unknown);
    counter("concertres_line_connections_total", "Connections to the line in Redis that were made.",
            line->connections);
}

// What commits have done, by how things ended.
void write_outcomes(Writer& to, const Statistics& office) {
    to.family(MetricType::Counter, "concertres_reservations_total",
              "Reservations, by what was done: held, released, expired.")
        .value(office.reservations_made, {{"outcome", "held"}})
        .value(office.reservations_released, {{"outcome", "released"}})
        .value(office.reservations_expired, {{"outcome", "expired"}});
    to.family(MetricType::Counter, "concertres_payments_committed_total",
              "Payments, by what was done: completed, refunded; begun and failed with money from "
              "outside.")
        .value(office.payments_begun, {{"outcome", "begun"}})
        .value(office.payments_failed, {{"outcome", "failed"}})
        .value(office.payments_completed, {{"outcome", "completed"}})
        .value(office.payments_refunded, {{"outcome", "refunded"}});
    to.family(MetricType::Counter, "concertres_payments_minor_units_total",
              "Money of these payments, in minor units of the currency.")
        .value(office.minor_paid, {{"outcome", "completed"}})
        .value(office.minor_refunded, {{"outcome", "refunded"}});
    to.family(MetricType::Counter, "concertres_passes_total",
              "Passes, by what was done: admitted, expired, left.")
        .value(office.passes_admitted, {{"outcome", "admitted"}})
        .value(office.passes_expired, {{"outcome", "expired"}})
        .value(office.passes_left, {{"outcome", "left"}});
}

void write_commit_times(std::vector<MetricFamily>& families, const CommitTimes& times) {
    const auto as_seconds = [](Duration duration) {
        return std::chrono::duration<double>(duration).count();
    };
    prometheus::ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < times.counts.size(); ++i) {
        count += static_cast<std::uint64_t>(times.counts[i]);
        const double bound = i < CommitTimes::bounds.size()
                                 ? as_seconds(CommitTimes::bounds[i])
                                 : std::numeric_limits<double>::infinity();
        metric.histogram.bucket.push_back({count, bound});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = as_seconds(times.sum);
    families.push_back({"concertres_commit_duration_seconds",
                        "How long commits took, in storage alone.",
                        MetricType::Histogram,
                        {metric}});
}

void write_concerts(Writer& to, const std::vector<ConcertView>& concerts) {
    to.family(MetricType::Gauge, "concertres_waiting", "People in the line.");
    for (const ConcertView& concert : concerts) {
        to.value(concert.waiting, {{"concert", concert.id.to_string()}});
    }
    to.family(MetricType::Gauge, "concertres_waiting_by_class",
              "People in the line of each class, of rooms that name classes.");
    for (const ConcertView& concert : concerts) {
        for (std::size_t i = 0; i < concert.class_waiting.size(); ++i) {
            to.value(concert.class_waiting[i], {{"concert", concert.id.to_string()},
                                                {"class", concert.room->classes[i].name}});
        }
    }
    to.family(MetricType::Gauge, "concertres_passed_over",
              "Of the people in the line, those whose turn came while they were not there.");
    for (const ConcertView& concert : concerts) {
        to.value(concert.passed_over, {{"concert", concert.id.to_string()}});
    }
    to.family(MetricType::Gauge, "concertres_loop_limit",
              "Passes that a closed loop lets live at once.");
    for (const ConcertView& concert : concerts) {
        if (concert.loop) to.value(concert.loop->limit, {{"concert", concert.id.to_string()}});
    }
    to.family(MetricType::Gauge, "concertres_passes_admitted", "Passes that are live.");
    for (const ConcertView& concert : concerts) {
        to.value(concert.admitted, {{"concert", concert.id.to_string()}});
    }
    to.family(MetricType::Gauge, "concertres_sale_open", "1 while the sale is open.");
    for (const ConcertView& concert : concerts) {
        to.value(std::int64_t{concert.sale == SaleState::open},
                 {{"concert", concert.id.to_string()}});
    }
    to.family(MetricType::Gauge, "concertres_seats", "Seats of all performances, by state.");
    for (const ConcertView& concert : concerts) {
        const std::string id = concert.id.to_string();
        to.value(concert.seats.free, {{"concert", id}, {"state", "free"}});
        to.value(concert.seats.held, {{"concert", id}, {"state", "held"}});
        to.value(concert.seats.sold, {{"concert", id}, {"state", "sold"}});
        to.value(concert.seats.blocked, {{"concert", id}, {"state", "blocked"}});
    }
}

void write_listeners(Writer& to,
                     const std::vector<std::pair<std::string, const http::Counters*>>& listeners) {
    const auto family = [&](MetricType type, const char* name, const char* help, auto member) {
        to.family(type, name, help);
        for (const auto& [listener, counters] : listeners) {
            to.value((counters->*member).load(), {{"listener", listener}});
        }
    };
    using http::Counters;
    family(MetricType::Gauge, "concertres_connections_open", "Connections that are open.",
           &Counters::open);
    family(MetricType::Counter, "concertres_connections_accepted_total", "Connections accepted.",
           &Counters::accepted);
    family(MetricType::Counter, "concertres_connections_refused_total",
           "Connections refused: too many, or no descriptor left.", &Counters::refused);
    family(MetricType::Counter, "concertres_connections_timed_out_total",
           "Connections closed because a message did not arrive, or was not taken, in time.",
           &Counters::timed_out);
    family(MetricType::Counter, "concertres_received_bytes_total", "Bytes received.",
           &Counters::bytes_in);
    family(MetricType::Counter, "concertres_sent_bytes_total", "Bytes sent.", &Counters::bytes_out);
}

// Under the names that Prometheus' own clients give them. Where no descriptor is left to count the
// others with, all are open.
void write_descriptors(Writer& to) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const auto most = static_cast<double>(limit.rlim_cur);
    std::error_code error;
    const std::filesystem::directory_iterator open("/proc/self/fd", error);
    // One of them is the folder that is being read.
    const auto count =
        error ? most : static_cast<double>(std::distance(begin(open), end(open)) - 1);
    to.family(MetricType::Gauge, "process_open_fds", "File descriptors that are open.")
        .value(count);
    to.family(MetricType::Gauge, "process_max_fds", "File descriptors that may be open.")
        .value(most);
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      requests_(&prometheus::BuildCounter()
                     .Name("concertres_http_requests_total")
                     .Help("Requests answered, by route, method and status.")
                     .Register(*registry_)),
      durations_(&prometheus::BuildHistogram()
                      .Name("concertres_http_request_duration_seconds")
                      .Help("From the whole request to its answer.")
                      .Register(*registry_)),
      payments_(&prometheus::BuildCounter()
                     .Name("concertres_payments_total")
                     .Help("Payments asked for, by result: completed, begun (with money from "
                           "outside), or the code of the refusal.")
                     .Register(*registry_)),
      refusals_(&prometheus::BuildCounter()
                     .Name("concertres_http_refusals_total")
                     .Help("Messages that no route answered, by code.")
                     .Register(*registry_)) {
    const prometheus::Histogram::BucketBoundaries buckets{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
    for (const Route& route : all_routes()) {
        auto of = std::make_unique<OfRoute>();
        of->label = route.path;
        of->duration = &durations_->Add(
            {{"route", of->label}, {"method", std::string(http::method_name(route.method))}},
            buckets);
        routes_.push_back(std::move(of));
    }
    routes_.push_back(std::make_unique<OfRoute>());
    routes_.back()->label = "unknown";
    // All of them from the start: a rise from nothing to one is none to Prometheus.
    auto& faults = prometheus::BuildCounter()
                       .Name("concertres_http_faults_total")
                       .Help("Answers of 500 and 503, by code.")
                       .Register(*registry_);
    for (const CodeInfo& info : all_code_infos()) {
        if (info.status != 500 && info.status != 503) continue;
        faults_.emplace(info.name, &faults.Add({{"code", std::string(info.name)}}));
    }
}

void Metrics::watch(std::string_view listener, const http::Counters& counters) {
    listeners_.emplace_back(listener, &counters);
}

void Metrics::count(const Route* route, http::Method method, int status, std::string_view code,
                    std::chrono::steady_clock::duration took) {
    const auto all = all_routes();
    const std::size_t index =
        route == nullptr ? all.size() : static_cast<std::size_t>(route - all.data());
    OfRoute& of = *routes_[index];
    // What is not known is counted as one method, or a client could make as many series as it
    // likes.
    counter(of, route == nullptr ? http::Method::other : method, status).Increment();
    if (of.duration != nullptr) of.duration->Observe(seconds(took));
    count_fault(code);
    if (route != nullptr && route->operation == "pay") {
        const std::string_view granted = status == 202 ? "begun" : "completed";
        payments_->Add({{"result", std::string(code.empty() ? granted : code)}}).Increment();
    }
}

prometheus::Counter& Metrics::counter(OfRoute& of, http::Method method, int status) {
    const auto make = [&]() -> prometheus::Counter& {
        return requests_->Add({{"route", of.label},
                               {"method", std::string(http::method_name(method))},
                               {"status", std::to_string(status)}});
    };
    // HEAD is seldom; the others of a route have one method.
    if (method == http::Method::head || status < 0 || status >= status_max) return make();
    auto& kept = of.by_status[static_cast<std::size_t>(status)];
    prometheus::Counter* counter = kept.load(std::memory_order_acquire);
    if (counter == nullptr) {
        // The family gives the same counter to everybody who asks for these labels.
        counter = &make();
        kept.store(counter, std::memory_order_release);
    }
    return *counter;
}

void Metrics::count_refusal(std::string_view code) {
    refusals_->Add({{"code", std::string(code)}}).Increment();
    count_fault(code);
}

void Metrics::count_fault(std::string_view code) {
    if (const auto fault = faults_.find(code); fault != faults_.end()) fault->second->Increment();
}

std::string Metrics::expose(const Readings& readings) const {
    std::vector<MetricFamily> families = registry_->Collect();
    Writer to(families);
    write_office(to, readings.office);
    write_gate(to, readings.gate);
    write_relays(to, readings.sinks);
    write_settler(to, readings.settler);
    write_line(to, readings.line);
    write_outcomes(to, readings.office);
    write_commit_times(families, readings.office.commit_times);
    write_concerts(to, readings.concerts);
    write_listeners(to, listeners_);
    write_descriptors(to);
    to.family(MetricType::Gauge, "concertres_ready", "1 while the server serves, as /readyz says.")
        .value(std::int64_t{readings.ready});
    to.family(MetricType::Gauge, "concertres_snapshot_age_seconds",
              "How old the seats were that somebody was shown last.")
        .value(seconds(readings.snapshot_age));
    to.family(MetricType::Gauge, "concertres_event_streams",
              "Streams of events that are open, each on a connection of its own.")
        .value(readings.event_streams);
    to.family(MetricType::Counter, "concertres_log_lines_dropped_total",
              "Log lines that came faster than they could be written.")
        .value(readings.log_lines_dropped);
    to.family(MetricType::Gauge, "concertres_uptime_seconds", "Since the server was started.")
        .value(seconds(std::chrono::steady_clock::now() - started_));
    std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace concertres::server

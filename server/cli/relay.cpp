// `concertres relay`: passes the events of a sale in PostgreSQL on to Kafka or a webhook, beside
// its servers; or has the sink get again what has happened since a time, or enables it again.
#include <fmt/format.h>
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "concertres/assert.hpp"
#include "concertres/postgres.hpp"
#include "config/exit_codes.hpp"
#include "config/secrets.hpp"
#include "config/webhook_address.hpp"
#include "events/sink_relay.hpp"

namespace concertres::server {
namespace {

void log_line(const std::string& line) { fmt::print(stderr, "concertres: {}\n", line); }

// The outbox of what the flags name, and what keeps it.
struct Opened {
    std::unique_ptr<Storage> storage;  // of a folder
    std::unique_ptr<Outbox> shared;    // of a database
    [[nodiscard]] Outbox& outbox() const {
        Outbox* const found = shared ? shared.get() : storage->outbox();
        CONCERTRES_ASSERT(found != nullptr);
        return *found;
    }
};

Opened open_outbox_of(const RelayArguments& arguments) {
    if (arguments.store.empty()) return {open_store(arguments, true), nullptr};
    try {
        return {nullptr, open_postgres_outbox(arguments.store)};
    } catch (const StorageError& failure) {
        throw Failure{failure.what(), exit_code::unavailable};
    }
}

// The one that is named; or else the only one that the store knows.
SinkState sink_of(Outbox& outbox, const std::string& name) {
    std::vector<SinkState> sinks = outbox.sinks();
    if (sinks.empty()) {
        throw Failure{"the store knows no sink yet: it does once events are passed on"};
    }
    std::string known;
    for (SinkState& state : sinks) {
        if (state.sink == name || (name.empty() && sinks.size() == 1)) return std::move(state);
        known += (known.empty() ? "" : " and ") + state.sink;
    }
    throw Failure{name.empty()
                      ? fmt::format("which is meant? The store knows {}: give --sink", known)
                      : fmt::format("the store knows no sink {}, only {}", name, known)};
}

int rewind(const RelayArguments& arguments) {
    const Opened opened = open_outbox_of(arguments);
    Outbox& outbox = opened.outbox();
    const std::string sink = sink_of(outbox, arguments.sink).sink;
    outbox.rewind(sink, *arguments.from);
    const SinkState state = sink_of(outbox, sink);
    fmt::print("{}: {} events of {} streams will be passed on\n", sink, state.events,
               state.streams);
    return exit_code::good;
}

int enable(const RelayArguments& arguments) {
    const Opened opened = open_outbox_of(arguments);
    Outbox& outbox = opened.outbox();
    const SinkState state = sink_of(outbox, arguments.sink);
    if (!state.disabled_at) {
        fmt::print("{} is enabled already\n", state.sink);
        return exit_code::good;
    }
    outbox.enable(state.sink);
    fmt::print("{} is enabled: it was disabled at {}, and has {} events of {} streams yet to get\n",
               state.sink, to_rfc3339(*state.disabled_at), state.events, state.streams);
    return exit_code::good;
}

std::vector<std::string> webhook_secrets(const RelayArguments& arguments) {
    if (arguments.relay.webhook_secrets.empty()) return {};
    auto secrets = read_webhook_secrets(arguments.relay.webhook_secrets);
    if (!secrets) {
        throw Failure{"flag --webhook-secrets: " + secrets.error().detail, exit_code::config};
    }
    return std::move(*secrets);
}

// Until a signal says that it is enough.
int pass_on(const RelayArguments& arguments) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    const auto open_outbox = [&] { return std::move(open_outbox_of(arguments).shared); };
    std::vector<std::unique_ptr<SinkRelay>> relays;
    try {
        relays = open_relays(arguments.relay, webhook_secrets(arguments), open_outbox, log_line);
    } catch (const std::invalid_argument& failure) {
        throw Failure{failure.what(), exit_code::config};
    }
    for (const auto& relay : relays) relay->start();
    for (const auto& relay : relays) {
        fmt::print("passing events on to {}\n", relay->sink() == kafka_sink
                                                    ? arguments.relay.kafka
                                                    : origin_of(arguments.relay.webhook));
    }
    std::fflush(stdout);
    int signal = 0;
    sigwait(&ends, &signal);
    std::int64_t published = 0;
    for (const auto& relay : relays) {
        relay->stop();
        published += relay->statistics().published;
    }
    fmt::print("{} events were passed on\n", published);
    return exit_code::good;
}

}  // namespace

int run(const RelayArguments& arguments) {
    return guarded([&] {
        return arguments.from     ? rewind(arguments)
               : arguments.enable ? enable(arguments)
                                  : pass_on(arguments);
    });
}

}  // namespace concertres::server

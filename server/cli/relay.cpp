// `concertres relay`: passes the events of a sale in PostgreSQL on to Kafka, beside its servers; or
// has the sink get again what has happened since a time.
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "concertres/postgres.hpp"
#include "config/exit_codes.hpp"
#include "events/kafka_relay.hpp"

namespace concertres::server {
namespace {

void log_line(const std::string& line) { fmt::print(stderr, "concertres: {}\n", line); }

// The outbox of what the flags name, and what keeps it.
struct Opened {
    std::unique_ptr<Storage> storage;  // of a folder
    std::unique_ptr<Outbox> shared;    // of a database
    [[nodiscard]] Outbox& outbox() const { return shared ? *shared : *storage->outbox(); }
};

Opened open_outbox_of(const RelayArguments& arguments) {
    if (arguments.store.empty()) return {open_store(arguments, true), nullptr};
    try {
        return {nullptr, open_postgres_outbox(arguments.store)};
    } catch (const StorageError& failure) {
        throw Failure{failure.what(), exit_code::unavailable};
    }
}

int rewind(const RelayArguments& arguments) {
    const Opened opened = open_outbox_of(arguments);
    Outbox& outbox = opened.outbox();
    outbox.attach(kafka_sink);
    outbox.rewind(kafka_sink, *arguments.from);
    for (const SinkState& state : outbox.sinks()) {
        if (state.sink != kafka_sink) continue;
        fmt::print("{} events of {} streams will be passed on\n", state.events, state.streams);
    }
    return exit_code::good;
}

// Until a signal says that it is enough.
int pass_on(const RelayArguments& arguments) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    Opened opened = open_outbox_of(arguments);
    std::unique_ptr<KafkaRelay> relay;
    try {
        relay = std::make_unique<KafkaRelay>(std::move(opened.shared), arguments.relay, log_line);
    } catch (const std::invalid_argument& failure) {
        throw Failure{failure.what(), exit_code::config};
    }
    relay->start();
    fmt::print("passing events on to {}\n", arguments.relay.kafka);
    std::fflush(stdout);
    int signal = 0;
    sigwait(&ends, &signal);
    relay->stop();
    fmt::print("{} events were passed on\n", relay->statistics().published);
    return exit_code::good;
}

}  // namespace

int run(const RelayArguments& arguments) {
    return guarded([&] { return arguments.from ? rewind(arguments) : pass_on(arguments); });
}

}  // namespace concertres::server

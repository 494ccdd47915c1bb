// Events on their way from a SQLite store into Kafka: how many a second, and how soon all have
// arrived after Kafka was away.
//
//   concertres_relay_bench [EVENTS [OUTAGE_SECONDS [BROKERS]]]
//
// Without brokers into librdkafka's mock cluster, which alone can be away. The events are charges
// of many wallets, through the engine as it sells; a relay passes them on meanwhile.
#include "concertres/relay.hpp"

#include <fmt/core.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/kafka.hpp"
#include "concertres/sqlite.hpp"

namespace {

using namespace concertres;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int brokers = 3;
constexpr int wallets = 20'000;
constexpr std::int64_t in_flight = 2'000;

double since(steady_clock::time_point start) {
    return duration<double>(steady_clock::now() - start).count();
}

class MockKafka {
  public:
    MockKafka()
        : host_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)),
          cluster_(rd_kafka_mock_cluster_new(host_, brokers)) {}
    ~MockKafka() {
        rd_kafka_mock_cluster_destroy(cluster_);
        rd_kafka_destroy(host_);
    }
    MockKafka(const MockKafka&) = delete;
    MockKafka& operator=(const MockKafka&) = delete;

    [[nodiscard]] std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    void set_away(bool away) {
        for (int broker = 1; broker <= brokers; ++broker) {
            if (away) {
                rd_kafka_mock_broker_set_down(cluster_, broker);
            } else {
                rd_kafka_mock_broker_set_up(cluster_, broker);
            }
        }
    }

  private:
    rd_kafka_t* host_;
    rd_kafka_mock_cluster_t* cluster_;
};

// Charges, one event each.
class Charges {
  public:
    explicit Charges(BoxOffice& office) : office_(office) {
        for (int i = 0; i < wallets; ++i) {
            users_.push_back(UserId::from_name("user " + std::to_string(i)));
        }
    }
    void add() {
        while (asked_ - answered_ >= in_flight) std::this_thread::sleep_for(milliseconds(1));
        const std::int64_t n = asked_++;
        office_.submit<Charge>({.user = users_[static_cast<std::size_t>(n % wallets)],
                                .amount = Money{1},
                                .key = std::to_string(n)},
                               [this](const Result<ChargeView>& charged) {
                                   if (!charged) std::abort();
                                   ++answered_;
                               });
    }
    void wait() {
        while (answered_ < asked_) std::this_thread::sleep_for(milliseconds(1));
    }
    // So many a second.
    void add_for(seconds time, int rate) {
        const auto start = steady_clock::now();
        for (std::int64_t n = 0; since(start) < static_cast<double>(time.count());) {
            const auto due = static_cast<std::int64_t>(since(start) * rate);
            for (; n < due; ++n) add();
            std::this_thread::sleep_for(milliseconds(1));
        }
    }

  private:
    BoxOffice& office_;
    std::vector<UserId> users_;
    std::int64_t asked_ = 0;
    std::atomic<std::int64_t> answered_{0};
};

std::int64_t behind(Outbox& outbox) { return outbox.sinks().front().events; }

// Waits until Kafka has everything.
double drain(Outbox& outbox) {
    const auto start = steady_clock::now();
    while (behind(outbox) > 0) std::this_thread::sleep_for(milliseconds(5));
    return since(start);
}

void measure(const std::filesystem::path& folder, std::int64_t events, seconds outage,
             const std::string& real) {
    std::unique_ptr<MockKafka> mock;
    if (real.empty()) mock = std::make_unique<MockKafka>();
    BoxOffice office(open_sqlite(folder / "sale.db"));
    const auto outbox = office.outbox();
    outbox->attach("kafka");
    const auto kafka = open_kafka({.brokers = mock ? mock->address() : real,
                                   .topic_prefix = "bench-" + UserId::random().to_string()});
    Relay relay(*outbox, *kafka, {.sink = "kafka", .retry_max = seconds(1)});
    Charges charges(office);
    for (std::int64_t i = 0; i < events; ++i) charges.add();
    charges.wait();
    fmt::print("{} events, of {} wallets, into {}\n", behind(*outbox), wallets,
               mock ? "librdkafka's mock cluster of 3" : real);
    // Beside what it measures: how fast the relay is that takes its events from a queue of the
    // office's, as in `serve`.
    std::jthread thread([&](const std::stop_token& stop) { relay.run(stop); });
    const double took = drain(*outbox);
    fmt::print("passed on in {:.2f} s: {:.0f} events/s\n", took,
               static_cast<double>(events) / took);
    if (!mock || outage == seconds(0)) return;
    charges.add_for(seconds(2), 5'000);
    mock->set_away(true);
    charges.add_for(outage, 5'000);
    const std::int64_t most = behind(*outbox);
    mock->set_away(false);
    const auto back = steady_clock::now();
    // The sale goes on.
    double caught_up = 0;
    for (int i = 0; i < 600 && caught_up == 0; ++i) {
        for (int n = 0; n < 500; ++n) charges.add();
        std::this_thread::sleep_for(milliseconds(100));
        // What came in the last moment is on its way.
        if (behind(*outbox) <= 1'000) caught_up = since(back);
    }
    fmt::print(
        "Kafka away for {} s at 5000 events/s: {} events behind; gone {:.1f} s after it was "
        "back, at 5000 events/s\n",
        outage.count(), most, caught_up);
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t events = argc > 1 ? std::atoll(argv[1]) : 500'000;
    const seconds outage(argc > 2 ? std::atoi(argv[2]) : 60);
    const std::string real = argc > 3 ? argv[3] : "";
    std::string folder = (std::filesystem::temp_directory_path() / "relay-bench-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return 1;
    measure(folder, events, outage, real);
    std::filesystem::remove_all(folder);
}

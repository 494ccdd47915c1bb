// A sale's events on their way through Kafka to a consumer that drops repetitions. The Kafka is
// librdkafka's own simulation, so that nothing need be installed; see docs/reference/events.md.
//
//   05_kafka                  sells, and prints what it then hears
//   05_kafka HOST:PORT,...    prints what there is to hear in a Kafka, from the beginning on, until
//                             it is ended
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <concertres/box_office.hpp>
#include <concertres/kafka.hpp>
#include <concertres/memory.hpp>
#include <concertres/relay.hpp>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <string>

using namespace concertres;

// Remembers of each key (a performance, a wallet, a room) the last event: they come in order, and
// what is not above the last has come before. A consumer keeps this where it keeps what it makes of
// the events, and writes both at once.
class Seen {
  public:
    bool is_new(const std::string& key, long sequence) {
        long& last = last_[key];
        if (sequence <= last) return false;
        last = sequence;
        return true;
    }

  private:
    std::map<std::string, long> last_;
};

// The text behind "name": in a JSON object; enough for an example.
static std::string field(const std::string& json, const std::string& name) {
    const std::string head = "\"" + name + "\":\"";
    const auto begin = json.find(head) + head.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

// The topics' first words are `kafka-topics` of whoever passes the events on.
static void consume(const std::string& brokers, std::initializer_list<const char*> names,
                    long messages) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "ledger", nullptr, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", nullptr, 0);
    // Where it listens before there is anything to hear.
    rd_kafka_conf_set(conf, "allow.auto.create.topics", "true", nullptr, 0);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(3);
    for (const char* name : names) {
        rd_kafka_topic_partition_list_add(topics, name, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_subscribe(consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);

    Seen seen;
    int repetitions = 0;
    while (messages > 0) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 1'000);
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const std::string key(static_cast<const char*>(message->key), message->key_len);
            const std::string event(static_cast<const char*>(message->payload), message->len);
            if (seen.is_new(key, std::stol(field(event, "sequence")))) {
                std::printf("%s: %s\n", field(event, "sequence").c_str(),
                            field(event, "type").c_str());
                std::fflush(stdout);  // somebody may be looking
            } else {
                ++repetitions;
            }
            --messages;
        }
        rd_kafka_message_destroy(message);
    }
    std::printf("%d repetitions dropped\n", repetitions);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

static void sell(BoxOffice& office) {
    const auto concert =
        office.add_concert({.title = "Winter Songs",
                            .venue = "Town Hall",
                            .performances = {{*parse_rfc3339("2099-12-24T19:00:00+09:00")}},
                            .seats = numbered_seats(50, Money{50'000})});
    const UserId user = UserId::from_name("alice@example.org");
    const auto held = office.hold({.user = user,
                                   .performance = concert->performances.front(),
                                   .seats = {7, 8},
                                   .key = "hold"});
    if (!office.charge({.user = user, .amount = Money{120'000}, .key = "charge"})) return;
    static_cast<void>(office.pay({.user = user, .reservations = {held->id}, .key = "pay"}));
}

int main(int argc, char** argv) {
    if (argc > 1) {
        consume(argv[1], {"concertres.performance", "concertres.wallet", "concertres.room"},
                std::numeric_limits<long>::max());
        return 0;
    }
    rd_kafka_t* host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0);
    rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(host, 3);
    const std::string brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    {
        BoxOffice office(open_memory());
        const auto outbox = office.outbox();
        const auto kafka = open_kafka({.brokers = brokers});
        Relay relay(*outbox, *kafka, {.sink = "kafka"});
        relay.step();  // from now on what is committed is kept for Kafka
        sell(office);
        const auto pass_on = [&] {
            while (outbox->sinks().front().events > 0) relay.step();
        };
        pass_on();
        outbox->rewind("kafka", Time::min());  // all of it once more
        pass_on();
    }
    consume(brokers, {"concertres.performance"}, 4);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
}

#include "support/kafka_cluster.hpp"

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "concertres/ids.hpp"

namespace concertres::test {
namespace {

using std::chrono::steady_clock;

constexpr int mock_brokers = 3;
constexpr std::int16_t produce_request = 0;
constexpr int partitions = 4;

struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroy>;

Handle make_handle(rd_kafka_type_t type,
                   const std::vector<std::pair<std::string, std::string>>& set) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    std::array<char, 512> why{};
    for (const auto& [name, value] : set) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
            RD_KAFKA_CONF_OK) {
            throw std::runtime_error(why.data());
        }
    }
    Handle handle(rd_kafka_new(type, conf, why.data(), why.size()));
    if (!handle) throw std::runtime_error(why.data());
    return handle;
}

}  // namespace

std::map<std::string, std::vector<std::int64_t>> firsts(const std::vector<KafkaMessage>& messages) {
    std::map<std::string, std::vector<std::int64_t>> numbers;
    std::map<std::string, int> partition_of;
    std::map<std::string, std::string> by_id;
    for (const KafkaMessage& message : messages) {
        const auto event = boost::json::parse(message.value).as_object();
        CHECK(std::string(event.at("partitionkey").as_string()) == message.key);
        CHECK(partition_of.try_emplace(message.key, message.partition).first->second ==
              message.partition);
        const auto [known, is_new] =
            by_id.try_emplace(std::string(event.at("id").as_string()), message.value);
        CHECK(known->second == message.value);
        if (is_new) {
            numbers[message.key].push_back(
                std::stoll(std::string(event.at("sequence").as_string())));
        }
    }
    return numbers;
}

class KafkaCluster::Mock {
  public:
    Mock()
        : host_(make_handle(RD_KAFKA_PRODUCER, {{"log_level", "0"}})),
          cluster_(rd_kafka_mock_cluster_new(host_.get(), mock_brokers)) {}
    ~Mock() { rd_kafka_mock_cluster_destroy(cluster_); }
    Mock(const Mock&) = delete;
    Mock& operator=(const Mock&) = delete;

    [[nodiscard]] rd_kafka_mock_cluster_t* get() const { return cluster_; }

  private:
    Handle host_;
    rd_kafka_mock_cluster_t* cluster_;
};

KafkaCluster::KafkaCluster() : prefix_("test-" + UserId::random().to_string()) {
    if (const char* real = std::getenv("CONCERTRES_TEST_KAFKA")) {
        brokers_ = real;
        return;
    }
    mock_ = std::make_unique<Mock>();
    brokers_ = rd_kafka_mock_cluster_bootstraps(mock_->get());
    for (const char* kind : {".performance", ".wallet", ".room"}) {
        rd_kafka_mock_topic_create(mock_->get(), (prefix_ + kind).c_str(), partitions,
                                   mock_brokers);
    }
}

KafkaCluster::~KafkaCluster() = default;

bool KafkaCluster::can_fail() const { return mock_ != nullptr; }

void KafkaCluster::set_down(bool is_down) {
    for (int broker = 1; broker <= mock_brokers; ++broker) {
        if (is_down) {
            rd_kafka_mock_broker_set_down(mock_->get(), broker);
        } else {
            rd_kafka_mock_broker_set_up(mock_->get(), broker);
        }
    }
}

void KafkaCluster::set_round_trip(int milliseconds) {
    for (int broker = 1; broker <= mock_brokers; ++broker) {
        rd_kafka_mock_broker_set_rtt(mock_->get(), broker, milliseconds);
    }
}

void KafkaCluster::refuse_produce(int error, std::size_t times) {
    const std::vector<rd_kafka_resp_err_t> errors(times, static_cast<rd_kafka_resp_err_t>(error));
    rd_kafka_mock_push_request_errors_array(mock_->get(), produce_request, times, errors.data());
}

std::vector<KafkaMessage> KafkaCluster::read(const std::string& kind, std::size_t at_least) {
    const Handle consumer =
        make_handle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers_},
                                        {"group.id", "test-" + UserId::random().to_string()},
                                        {"auto.offset.reset", "earliest"},
                                        {"enable.auto.commit", "false"},
                                        {"isolation.level", "read_committed"},
                                        {"log_level", "0"}});
    rd_kafka_poll_set_consumer(consumer.get());
    const std::string topic = prefix_ + "." + kind;
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(consumer.get(), topics);
    rd_kafka_topic_partition_list_destroy(topics);
    std::vector<KafkaMessage> messages;
    const auto give_up = steady_clock::now() + std::chrono::seconds(30);
    auto last = steady_clock::now();
    while (steady_clock::now() < give_up) {
        const bool is_quiet = steady_clock::now() - last > std::chrono::milliseconds(500);
        if (messages.size() >= at_least && is_quiet) break;
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), 100);
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            messages.push_back({{static_cast<const char*>(message->key), message->key_len},
                                {static_cast<const char*>(message->payload), message->len},
                                message->partition});
            last = steady_clock::now();
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer.get());
    return messages;
}

}  // namespace concertres::test

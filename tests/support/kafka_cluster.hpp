// Kafka for tests: librdkafka's mock cluster, or the real one that CONCERTRES_TEST_KAFKA names
// ("host:port"), where a test that needs a broker to fail has nothing to do.
//
//   KafkaCluster cluster;
//   const auto kafka = open_kafka({.brokers = cluster.brokers(), .topic_prefix =
//   cluster.prefix()});
//   ...
//   for (const KafkaMessage& message : cluster.read("performance", 10)) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace concertres::test {

struct KafkaMessage {
    std::string key{};
    std::string value{};
    int partition = 0;
};

// By key the sequences that a consumer which drops repetitions reads; fails where a key has two
// partitions, or an id two contents.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> firsts(
    const std::vector<KafkaMessage>& messages);

class KafkaCluster {
  public:
    KafkaCluster();
    ~KafkaCluster();
    KafkaCluster(const KafkaCluster&) = delete;
    KafkaCluster& operator=(const KafkaCluster&) = delete;

    [[nodiscard]] const std::string& brokers() const { return brokers_; }
    // Of this cluster's topics: no other test's.
    [[nodiscard]] const std::string& prefix() const { return prefix_; }
    // What the topic of a kind of stream has from its beginning, each partition in order: once
    // there are `at_least`, and nothing follows for a moment; or what came within half a minute.
    [[nodiscard]] std::vector<KafkaMessage> read(const std::string& kind, std::size_t at_least);

    // --- a mock's alone
    [[nodiscard]] bool can_fail() const;
    void set_down(bool is_down);
    void set_round_trip(int milliseconds);
    // The next requests to produce fail so.
    void refuse_produce(int error, std::size_t times);

  private:
    class Mock;

    std::unique_ptr<Mock> mock_;
    std::string brokers_;
    std::string prefix_;
};

}  // namespace concertres::test

// The publisher behind open_kafka().
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "concertres/kafka.hpp"

namespace concertres::kafka {

class KafkaPublisher final : public Publisher {
  public:
    explicit KafkaPublisher(const KafkaOptions& options);
    ~KafkaPublisher() override;
    KafkaPublisher(const KafkaPublisher&) = delete;
    KafkaPublisher& operator=(const KafkaPublisher&) = delete;

    [[nodiscard]] Published publish(std::span<const Unpublished> runs, Duration budget) override;
    void interrupt() override { interrupted_ = true; }

    // --- for tests
    // Producers that have been made.
    [[nodiscard]] int producers() const { return producers_; }

  private:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Destroy {
        void operator()(rd_kafka_t* producer) const { rd_kafka_destroy(producer); }
        void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
        void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
    };
    using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy>;

    [[nodiscard]] Conf make_conf();
    void make_producer();
    void drop_producer();
    // False: it was not taken, and nothing behind it may be sent before it.
    [[nodiscard]] bool send(const Event& event, const Uuid& owner, std::size_t index,
                            Deadline deadline);
    void await_answers(Deadline deadline);
    [[nodiscard]] bool is_over(Deadline deadline) const;
    void note_delivery(const rd_kafka_message_t& message);

    static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
    static void on_error(rd_kafka_t* producer, int code, const char* reason, void* self);
    static void on_log(const rd_kafka_t* producer, int level, const char* facility,
                       const char* text);

    const KafkaOptions options_;
    std::unique_ptr<rd_kafka_t, Destroy> producer_;
    int producers_ = 0;
    std::atomic<bool> interrupted_{false};

    // --- of the publish() that runs
    std::vector<bool> acknowledged_;  // by message
    std::size_t unanswered_ = 0;
    bool failed_ = false;  // a message, or the producer for good
    std::string error_;
};

}  // namespace concertres::kafka

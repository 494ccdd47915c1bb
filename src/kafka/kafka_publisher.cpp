#include "kafka/kafka_publisher.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "concertres/cloud_event.hpp"

namespace concertres::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_every{20};
constexpr int drop_max_ms = 1'000;
constexpr std::string_view content_type = "application/cloudevents+json";

// What the order and the safety of messages hang on. With more than one request under way a
// time-out in the middle of several lost a message and called it delivered (librdkafka 2.0.2). A
// message never times out by itself: the next would go ahead of it. One that fails for good fails
// the producer, for the same reason.
constexpr std::array<std::pair<const char*, const char*>, 6> always = {
    {{"acks", "all"},
     {"enable.idempotence", "true"},
     {"max.in.flight", "1"},
     {"enable.gapless.guarantee", "true"},
     {"message.timeout.ms", "0"},
     {"api.version.request", "true"}}};

// What a deployment may set otherwise. The partitioner is that of the Java clients.
constexpr std::array<std::pair<const char*, const char*>, 4> by_default = {
    {{"client.id", "concertres"},
     {"linger.ms", "2"},
     {"partitioner", "murmur2_random"},
     {"reconnect.backoff.max.ms", "1000"}}};

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
        throw std::invalid_argument("kafka: " + std::string(why.data()));
    }
}

}  // namespace

// --- The producer ------------------------------------------------------------------------------

// One is made at once, so that faults of the options are told at the start.
KafkaPublisher::KafkaPublisher(const KafkaOptions& options) : options_(options) {
    if (options_.brokers.empty()) throw std::invalid_argument("kafka: no broker is named");
    make_producer();
}

KafkaPublisher::~KafkaPublisher() { drop_producer(); }

KafkaPublisher::Conf KafkaPublisher::make_conf() {
    Conf conf(rd_kafka_conf_new());
    for (const auto& [name, value] : by_default) set(conf.get(), name, value);
    for (const auto& [name, value] : options_.properties) set(conf.get(), name, value);
    for (const auto& [name, value] : always) set(conf.get(), name, value);
    set(conf.get(), "bootstrap.servers", options_.brokers);
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &on_delivery);
    rd_kafka_conf_set_error_cb(conf.get(), &on_error);
    rd_kafka_conf_set_log_cb(conf.get(), &on_log);
    return conf;
}

void KafkaPublisher::make_producer() {
    Conf conf = make_conf();
    std::array<char, 512> why{};
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    if (!producer_) throw std::invalid_argument("kafka: " + std::string(why.data()));
    static_cast<void>(conf.release());  // the producer's now
    ++producers_;
}

// What it still has, sent or not, is given up: nothing of it is sent from now on.
void KafkaPublisher::drop_producer() {
    if (!producer_) return;
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_.get(), drop_max_ms);
    producer_.reset();
}

void KafkaPublisher::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
    static_cast<KafkaPublisher*>(self)->note_delivery(*message);
}

void KafkaPublisher::note_delivery(const rd_kafka_message_t& message) {
    const auto index = reinterpret_cast<std::uintptr_t>(message._private);
    --unanswered_;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        acknowledged_[index] = true;
        return;
    }
    failed_ = true;
    if (error_.empty()) error_ = rd_kafka_err2str(message.err);
}

void KafkaPublisher::on_error(rd_kafka_t* producer, int code, const char* reason, void* self) {
    auto& publisher = *static_cast<KafkaPublisher*>(self);
    publisher.error_ = reason;
    if (code != RD_KAFKA_RESP_ERR__FATAL) return;
    std::array<char, 512> why{};
    rd_kafka_fatal_error(producer, why.data(), why.size());
    publisher.error_ = why.data();
    publisher.failed_ = true;
}

void KafkaPublisher::on_log(const rd_kafka_t* producer, int, const char* facility,
                            const char* text) {
    const auto& publisher = *static_cast<const KafkaPublisher*>(rd_kafka_opaque(producer));
    if (publisher.options_.log) {
        publisher.options_.log("kafka: " + std::string(facility) + ": " + text);
    }
}

// --- Publishing --------------------------------------------------------------------------------

Published KafkaPublisher::publish(std::span<const Unpublished> runs, Duration budget) {
    const Deadline deadline = steady_clock::now() + budget;
    std::size_t messages = 0;
    for (const Unpublished& run : runs) messages += run.events.size();
    acknowledged_.assign(messages, false);
    unanswered_ = 0;
    failed_ = false;
    error_.clear();
    if (!producer_) make_producer();

    std::size_t index = 0;
    for (const Unpublished& run : runs) {
        bool taken = true;
        for (const Event& event : run.events) {
            taken = taken && send(event, run.owner, index, deadline);
            ++index;
        }
    }
    await_answers(deadline);
    // None that was given in this call may arrive later than what is given in the next.
    if (unanswered_ > 0 || failed_) drop_producer();
    const bool interrupted = interrupted_.exchange(false);

    Published published;
    bool all = true;
    index = 0;
    for (const Unpublished& run : runs) {
        std::size_t count = 0;
        while (count < run.events.size() && acknowledged_[index + count]) ++count;
        index += run.events.size();
        published.acknowledged.push_back(count);
        published.failed.push_back(count < run.events.size() && !interrupted);
        all = all && count == run.events.size();
    }
    if (all || interrupted) return published;
    published.error = error_.empty() ? "no acknowledgement in time" : error_;
    return published;
}

bool KafkaPublisher::send(const Event& event, const Uuid& owner, std::size_t index,
                          Deadline deadline) {
    const std::string topic =
        options_.topic_prefix + '.' + std::string(stream_name(event.stream.kind));
    std::string key = owner.to_string();
    std::string value = cloud_event(event, owner, options_.source);
    std::array<rd_kafka_vu_t, 6> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[1].u.i = RD_KAFKA_MSG_F_COPY;
    fields[2].vtype = RD_KAFKA_VTYPE_KEY;
    fields[2].u.mem = {key.data(), key.size()};
    fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[3].u.mem = {value.data(), value.size()};
    fields[4].vtype = RD_KAFKA_VTYPE_HEADER;
    fields[4].u.header = {"content-type", content_type.data(),
                          static_cast<ssize_t>(content_type.size())};
    fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[5].u.ptr = reinterpret_cast<void*>(index);
    while (!is_over(deadline)) {
        const std::unique_ptr<rd_kafka_error_t, Destroy> refused(
            rd_kafka_produceva(producer_.get(), fields.data(), fields.size()));
        if (!refused) {
            ++unanswered_;
            return true;
        }
        if (rd_kafka_error_code(refused.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            error_ = rd_kafka_error_string(refused.get());
            return false;
        }
        rd_kafka_poll(producer_.get(), static_cast<int>(look_every.count()));
    }
    return false;
}

void KafkaPublisher::await_answers(Deadline deadline) {
    while (unanswered_ > 0 && !is_over(deadline)) {
        rd_kafka_poll(producer_.get(), static_cast<int>(look_every.count()));
    }
}

bool KafkaPublisher::is_over(Deadline deadline) const {
    return failed_ || interrupted_ || steady_clock::now() >= deadline;
}

}  // namespace concertres::kafka

namespace concertres {

std::unique_ptr<Publisher> open_kafka(const KafkaOptions& options) {
    return std::make_unique<kafka::KafkaPublisher>(options);
}

}  // namespace concertres

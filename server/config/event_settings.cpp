// The settings of where events are passed on to: see settings_table.cpp.
#include "config/broker_address.hpp"
#include "config/setting_makers.hpp"
#include "config/webhook_address.hpp"

namespace concertres::server {

void add_event_settings(std::vector<Setting>& all) {
    constexpr Section section = Section::events;
    all.push_back(text(
        section, {"kafka", "BROKERS|off", "Passes events on to Kafka: HOST:PORT,HOST:PORT,..."},
        true, brokers_fault, CONCERTRES_MEMBER(relay.kafka)));
    all.push_back(text(section,
                       {"kafka-topics", "PREFIX",
                        "The topics are PREFIX.performance, PREFIX.wallet and PREFIX.room."},
                       false, topics_fault, CONCERTRES_MEMBER(relay.kafka_topics)));
    all.push_back(path(section,
                       {"kafka-properties", "FILE",
                        "Properties of librdkafka, name=value a line, say for TLS and SASL."},
                       CONCERTRES_MEMBER(relay.kafka_properties)));
    all.push_back(text(section,
                       {"webhook", "URL|off",
                        "Passes events on to an address on the web, by signed requests: "
                        "https://HOST/PATH."},
                       true, webhook_fault, CONCERTRES_MEMBER(relay.webhook)));
    all.push_back(toggle(section,
                         {"webhook-private", "",
                          "Lets webhook lead to an address that is not public, like one of the "
                          "own network, and begin with http://."},
                         CONCERTRES_MEMBER(relay.webhook_private)));
    all.push_back(path(section,
                       {"webhook-ca", "FILE",
                        "The certificates that webhook's may be signed by, in place of the "
                        "system's."},
                       CONCERTRES_MEMBER(relay.webhook_ca)));
    all.push_back(milliseconds(section,
                               {"webhook-timeout-ms", "MS",
                                "How long a request to webhook may take until its answer is there; "
                                "other relays wait three times as long for one that is gone."},
                               {100, 300'000}, CONCERTRES_MEMBER(relay.webhook_timeout)));
    all.push_back(integer(section,
                          {"webhook-failures-max", "N",
                           "Attempts in a row that fail, until nothing more is sent to webhook "
                           "before it is enabled again; 0 is never."},
                          {0, 1'000'000'000}, CONCERTRES_MEMBER(relay.webhook_failures_max)));
}

std::span<const std::string_view> relay_settings() {
    static constexpr std::string_view names[] = {
        "kafka",      "kafka-topics",       "kafka-properties",
        "webhook",    "webhook-secrets",    "webhook-private",
        "webhook-ca", "webhook-timeout-ms", "webhook-failures-max"};
    return names;
}

std::vector<Contradiction> contradictions(const RelaySettings& relay) {
    std::vector<Contradiction> found;
    if (relay.kafka.empty() && !relay.kafka_properties.empty()) {
        found.push_back({"kafka-properties", "kafka", "goes only with kafka"});
    }
    if (relay.webhook.empty()) {
        if (!relay.webhook_secrets.empty()) {
            found.push_back({"webhook-secrets", "webhook", "goes only with webhook"});
        }
        if (!relay.webhook_ca.empty()) {
            found.push_back({"webhook-ca", "webhook", "goes only with webhook"});
        }
        return found;
    }
    if (relay.webhook_secrets.empty()) {
        found.push_back({"webhook", "webhook-secrets",
                         "needs webhook-secrets, the file with what its requests are signed with"});
    }
    if (is_plain_http(relay.webhook) && !relay.webhook_private) {
        found.push_back({"webhook", "webhook-private",
                         "must begin with https://, unless webhook-private is set"});
    }
    return found;
}

}  // namespace concertres::server

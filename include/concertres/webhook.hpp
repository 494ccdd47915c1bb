// A publisher to an address on the web, by libcurl. Each event becomes one POST: CloudEvents in
// JSON (cloud_event.hpp), signed as the Standard Webhooks say, in the fields webhook-id,
// webhook-timestamp and webhook-signature. The body is the whole event, so that all of it is
// signed.
//
//   const auto webhook = open_webhook({.url = "https://shop.example/events", .secrets = {secret}});
//   Relay relay(*outbox, *webhook, {.sink = "webhook", .lease = 30s, .failures_max = 1'000});
//
// An event counts as arrived once it is answered with 2xx; the next of its stream is not sent
// before. Several streams are on their way at once. No redirect is followed, no proxy is asked, and
// certificates are verified. No connection is made to an address that is not public, whatever name
// led to it, unless that is allowed.
//
// Threads: as any Publisher; replace_secrets() from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "concertres/publisher.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct WebhookOptions {
    std::string url{};  // https; http only together with private_addresses
    // "whsec_" and the base64 of 24 to 64 bytes. Each signs: while they are changed, the new and
    // the old.
    std::vector<std::string> secrets{};
    std::string source = "concertres";  // of the CloudEvents
    std::string ca_file{};              // the only ones trusted; empty: the system's
    bool private_addresses = false;     // loopback, the own network and the like are allowed
    // Of one request, from the name to the answer's last byte. Less where publish() has too little
    // time; a Relay's lease of three times this is enough.
    Duration timeout = std::chrono::seconds(10);
    std::size_t connections = 8;  // requests at once
};

class Webhook : public Publisher {
  public:
    // From the next request on. Throws as open_webhook().
    virtual void replace_secrets(const std::vector<std::string>& secrets) = 0;
};

// Connects to nothing yet. Throws std::invalid_argument for an address or secrets that cannot be
// used; the text has no secret in it.
[[nodiscard]] std::unique_ptr<Webhook> open_webhook(const WebhookOptions& options);

}  // namespace concertres

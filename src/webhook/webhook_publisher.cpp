#include "webhook/webhook_publisher.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "concertres/cloud_event.hpp"
#include "concertres/version.hpp"
#include "curl/easy.hpp"
#include "webhook/public_address.hpp"

namespace concertres::webhook {
namespace {

using curl::NoBrokenPipe;
using curl::require;
using curl::set;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// After this time what has arrived is to be marked, and others than these streams have their turn.
constexpr seconds begin_for{1};
constexpr std::int64_t poll_max_ms = 3'600'000;
// What a receiver has to say is its status.
constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr seconds wait_max = std::chrono::hours(24);

void check_url(const WebhookOptions& options) {
    const auto refuse = [](const char* why) {
        throw std::invalid_argument(std::string("webhook: the address ") + why);
    };
    const curl::Url url = curl::read_url(options.url);
    if (!url) refuse("must be like https://HOST/PATH");
    const std::string scheme = curl::part_of(url, CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http") refuse("must be like https://HOST/PATH");
    if (scheme == "http" && !options.private_addresses) {
        refuse("must be https: http is for private addresses, where these are allowed");
    }
    if (!curl::part_of(url, CURLUPART_USER).empty() ||
        !curl::part_of(url, CURLUPART_PASSWORD).empty()) {
        refuse("has a user or a password in it: what is sent is signed instead");
    }
    if (!curl::part_of(url, CURLUPART_FRAGMENT).empty()) refuse("has a fragment, #...");
}

std::vector<WebhookSecret> read_secrets(const std::vector<std::string>& texts) {
    if (texts.empty()) throw std::invalid_argument("webhook: there is no secret to sign with");
    std::vector<WebhookSecret> secrets;
    for (const std::string& text : texts) {
        auto secret = read_webhook_secret(text);
        if (!secret) {
            throw std::invalid_argument("webhook: secret " + std::to_string(secrets.size() + 1) +
                                        " is not whsec_ and the base64 of 24 to 64 bytes");
        }
        secrets.push_back(std::move(*secret));
    }
    return secrets;
}

}  // namespace

// --- Requests ----------------------------------------------------------------------------------

WebhookPublisher::WebhookPublisher(const WebhookOptions& options)
    : options_(options), width_(std::max<std::size_t>(1, options.connections)) {
    curl::prepare_curl();
    check_url(options_);
    if (options_.timeout < milliseconds(1)) {
        throw std::invalid_argument("webhook: the time-out must be at least a millisecond");
    }
    secrets_ = read_secrets(options_.secrets);
    all_.reset(curl_multi_init());
    require(all_ != nullptr, "curl_multi_init");
    lanes_ = std::vector<Lane>(width_);
    curl_multi_setopt(all_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(width_));
    for (Lane& lane : lanes_) prepare(lane);
}

WebhookPublisher::~WebhookPublisher() {
    const NoBrokenPipe quiet;
    lanes_.clear();
    all_.reset();
}

void WebhookPublisher::replace_secrets(const std::vector<std::string>& secrets) {
    auto read = read_secrets(secrets);
    std::lock_guard lock(secrets_mutex_);
    secrets_ = std::move(read);
}

// What all its requests have in common.
void WebhookPublisher::prepare(Lane& lane) {
    lane.options = &options_;
    lane.request.reset(curl_easy_init());
    CURL* request = lane.request.get();
    require(request != nullptr, "curl_easy_init");
    set(request, CURLOPT_URL, options_.url.c_str());
    curl::set_rules(request, options_.ca_file, options_.private_addresses);
    set(request, CURLOPT_USERAGENT, "concertres/" CONCERTRES_VERSION_STRING);
    set(request, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(request, CURLOPT_OPENSOCKETDATA, &lane);
    set(request, CURLOPT_WRITEFUNCTION, &count_answer);
    set(request, CURLOPT_WRITEDATA, &lane);
    set(request, CURLOPT_ERRORBUFFER, lane.why.data());
    set(request, CURLOPT_PRIVATE, &lane);
}

// The address is the one that is connected to, whatever a name was said to be before.
curl_socket_t WebhookPublisher::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    Lane& lane = *static_cast<Lane*>(self);
    if (!lane.options->private_addresses && !is_public(address->addr)) {
        lane.refused = text_of(address->addr);
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t WebhookPublisher::count_answer(char*, std::size_t, std::size_t bytes, void* self) {
    Lane& lane = *static_cast<Lane*>(self);
    lane.answer_bytes += bytes;
    return lane.answer_bytes <= answer_bytes_max ? bytes : 0;
}

// --- Publishing --------------------------------------------------------------------------------

Published WebhookPublisher::publish(std::span<const Unpublished> runs, Duration budget) {
    const NoBrokenPipe quiet;
    const Instant now = steady_clock::now();
    runs_ = runs;
    next_run_ = 0;
    failures_ = 0;
    arrived_ = false;
    // A request that has begun has all its time.
    timeout_ = std::min(options_.timeout, budget - budget / 4);
    begin_until_ = now + std::min<Duration>(begin_for, budget - timeout_);
    deadline_ = now + budget;
    published_ = {};
    published_.acknowledged.assign(runs.size(), 0);
    published_.failed.assign(runs.size(), false);

    try {
        await_answers();
    } catch (const std::runtime_error& failure) {  // libcurl's
        published_.error = failure.what();
    }
    for (Lane& lane : lanes_) {
        if (!lane.busy) continue;
        end(lane);
        if (!interrupted_) note_failure(lane, "no answer in time");
    }
    if (failures_ > 0 || arrived_) width_ = arrived_ ? lanes_.size() : 1;
    interrupted_ = false;
    return std::move(published_);
}

void WebhookPublisher::interrupt() {
    interrupted_ = true;
    curl_multi_wakeup(all_.get());
}

void WebhookPublisher::await_answers() {
    while (true) {
        fill_lanes();
        if (busy_ == 0 || interrupted_ || steady_clock::now() >= deadline_) return;
        int running = 0;
        require(curl_multi_perform(all_.get(), &running) == CURLM_OK, "curl_multi_perform");
        int left = 0;
        bool any = false;
        while (const CURLMsg* message = curl_multi_info_read(all_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const CURLcode code = message->data.result;
            char* lane = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
            // NOLINTNEXTLINE(*-reinterpret-cast): libcurl keeps it as a char*
            note_answer(*reinterpret_cast<Lane*>(lane), code);
            any = true;
        }
        if (any) continue;
        // It looks after time-outs itself, and an interruption wakes it.
        const auto until_end = duration_cast<milliseconds>(deadline_ - steady_clock::now());
        const auto wait = std::clamp<std::int64_t>(until_end.count(), 1, poll_max_ms);
        require(
            curl_multi_poll(all_.get(), nullptr, 0, static_cast<int>(wait), nullptr) == CURLM_OK,
            "curl_multi_poll");
    }
}

// As many failures in a row as there are requests at once: it is away, and the rest need not learn
// that one by one.
bool WebhookPublisher::may_begin() const {
    return failures_ < width_ && published_.wait == Duration{0} && !interrupted_ &&
           steady_clock::now() <= begin_until_;
}

void WebhookPublisher::fill_lanes() {
    for (Lane& lane : lanes_) {
        if (lane.busy) continue;
        if (busy_ >= width_ || next_run_ == runs_.size() || !may_begin()) return;
        lane.run = next_run_++;
        begin(lane);
    }
}

void WebhookPublisher::begin(Lane& lane) {
    const Unpublished& run = runs_[lane.run];
    const Event& event = run.events[published_.acknowledged[lane.run]];
    lane.id = cloud_event_id(event, run.owner);
    lane.body = cloud_event(event, run.owner, options_.source);
    lane.refused.clear();
    lane.why.front() = '\0';
    lane.answer_bytes = 0;
    const std::string time = std::to_string(
        duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    std::string signature;
    {
        std::lock_guard lock(secrets_mutex_);
        signature = webhook_signature(secrets_, lane.id, time, lane.body);
    }
    lane.fields.reset();
    for (const std::string& field :
         {std::string("Content-Type: application/cloudevents+json; charset=utf-8"),
          std::string("Expect:"), "webhook-id: " + lane.id, "webhook-timestamp: " + time,
          "webhook-signature: " + signature}) {
        curl::add_field(lane.fields, field);
    }
    CURL* request = lane.request.get();
    set(request, CURLOPT_HTTPHEADER, lane.fields.get());
    set(request, CURLOPT_POSTFIELDS, lane.body.c_str());
    set(request, CURLOPT_POSTFIELDSIZE, static_cast<long>(lane.body.size()));
    set(request, CURLOPT_TIMEOUT_MS,
        static_cast<long>(duration_cast<milliseconds>(timeout_).count()));
    require(curl_multi_add_handle(all_.get(), request) == CURLM_OK, "curl_multi_add_handle");
    lane.busy = true;
    ++busy_;
}

void WebhookPublisher::end(Lane& lane) {
    curl_multi_remove_handle(all_.get(), lane.request.get());
    lane.busy = false;
    --busy_;
}

void WebhookPublisher::note_answer(Lane& lane, CURLcode code) {
    long status = 0;
    curl_easy_getinfo(lane.request.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_off_t wait = 0;
    curl_easy_getinfo(lane.request.get(), CURLINFO_RETRY_AFTER, &wait);
    end(lane);
    if (code != CURLE_OK || status < 200 || status > 299) {
        note_failure(lane, failure_of(lane, code, status));
        const seconds asked(std::clamp<curl_off_t>(wait, 0, wait_max.count()));
        published_.wait = std::max<Duration>(published_.wait, asked);
        return;
    }
    failures_ = 0;
    arrived_ = true;
    width_ = lanes_.size();
    if (++published_.acknowledged[lane.run] < runs_[lane.run].events.size() && may_begin()) {
        begin(lane);
    }
}

void WebhookPublisher::note_failure(const Lane& lane, const std::string& why) {
    ++failures_;
    published_.failed[lane.run] = true;
    if (published_.error.empty()) published_.error = lane.id + ": " + why;
}

std::string WebhookPublisher::failure_of(const Lane& lane, CURLcode code, long status) const {
    if (!lane.refused.empty() && code == CURLE_COULDNT_CONNECT) {
        return lane.refused + " is no public address, and private ones are not allowed";
    }
    if (lane.answer_bytes > answer_bytes_max) return "its answer is too long";
    if (code != CURLE_OK) return lane.why.front() ? lane.why.data() : curl_easy_strerror(code);
    const std::string answer = "it answered " + std::to_string(status);
    return status >= 300 && status < 400 ? answer + ", and redirects are not followed" : answer;
}

}  // namespace concertres::webhook

namespace concertres {

std::unique_ptr<Webhook> open_webhook(const WebhookOptions& options) {
    return std::make_unique<webhook::WebhookPublisher>(options);
}

}  // namespace concertres

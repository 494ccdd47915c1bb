#include "payment_http/http_gateway.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "concertres/version.hpp"

namespace concertres::payment_http {
namespace {

using curl::require;
using curl::set;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// The head of the answer is counted too.
constexpr std::size_t answer_bytes_max = 64 * 1024;
// A shorter one can be tried out.
constexpr std::size_t key_bytes_min = 16;
constexpr std::size_t key_bytes_max = 4 * 1024;
constexpr Duration timeout_max = std::chrono::minutes(5);

void check_key(const std::string& key) {
    const bool is_visible =
        std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (key.size() < key_bytes_min || key.size() > key_bytes_max || !is_visible) {
        throw std::invalid_argument(
            "payment gateway: the key must be 16 to 4096 visible characters of ASCII");
    }
}

// By its address, or by the name that libcurl itself takes for it.
bool is_this_machine(std::string host) {
    if (host == "localhost") return true;
    in_addr four{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    in6_addr six{};
    return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

void check_url(const HttpPaymentGatewayOptions& options) {
    const auto refuse = [](const char* why) {
        throw std::invalid_argument(std::string("payment gateway: the address ") + why);
    };
    const curl::Url url = curl::read_url(options.url);
    if (!url) refuse("must be like https://HOST/PATH");
    const std::string scheme = curl::part_of(url, CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http") refuse("must be like https://HOST/PATH");
    if (scheme == "http" && !options.plain_http &&
        !is_this_machine(curl::part_of(url, CURLUPART_HOST))) {
        refuse("must be https: http is for this machine, unless it is allowed");
    }
    if (!curl::part_of(url, CURLUPART_USER).empty() ||
        !curl::part_of(url, CURLUPART_PASSWORD).empty()) {
        refuse("has a user or a password in it: the key says who asks");
    }
    if (options.url.find_first_of("?#") != std::string::npos) refuse("has a query or a fragment");
}

void check_rest(const HttpPaymentGatewayOptions& options) {
    if (options.currency.size() != 3 ||
        !std::ranges::all_of(options.currency, [](char c) { return c >= 'A' && c <= 'Z'; })) {
        throw std::invalid_argument("payment gateway: the currency must be like KRW");
    }
    for (const Duration timeout : {options.connect_timeout, options.timeout}) {
        if (timeout < milliseconds(1) || timeout > timeout_max) {
            throw std::invalid_argument("payment gateway: each time-out must be 1 ms to 5 minutes");
        }
    }
}

long in_ms(Duration time) { return static_cast<long>(duration_cast<milliseconds>(time).count()); }

}  // namespace

// What comes of one call.
struct HttpGateway::Call {
    std::string body{};
    std::size_t bytes = 0;

    // False where it is too much.
    bool count(std::size_t more) {
        bytes += more;
        return bytes <= answer_bytes_max;
    }
    static std::size_t take_head(char*, std::size_t, std::size_t size, void* self) {
        return static_cast<Call*>(self)->count(size) ? size : 0;
    }
    static std::size_t take_body(char* data, std::size_t, std::size_t size, void* self) {
        Call& call = *static_cast<Call*>(self);
        if (!call.count(size)) return 0;
        call.body.append(data, size);
        return size;
    }
};

HttpGateway::HttpGateway(const HttpPaymentGatewayOptions& options) : options_(options) {
    curl::prepare_curl();
    check_url(options_);
    check_rest(options_);
    check_key(options_.key);
    key_ = std::exchange(options_.key, {});
    while (options_.url.ends_with('/')) options_.url.pop_back();
}

HttpGateway::~HttpGateway() {
    const curl::NoBrokenPipe quiet;
    idle_.clear();
}

void HttpGateway::replace_key(const std::string& key) {
    check_key(key);
    std::lock_guard lock(mutex_);
    key_ = key;
}

// --- Requests ----------------------------------------------------------------------------------

curl::Request HttpGateway::new_request() const {
    curl::Request request(curl_easy_init());
    require(request != nullptr, "curl_easy_init");
    curl::set_rules(request.get(), options_.ca_file, true);  // check_url() has seen which it is
    set(request.get(), CURLOPT_USERAGENT, "concertres/" CONCERTRES_VERSION_STRING);
    set(request.get(), CURLOPT_CONNECTTIMEOUT_MS, in_ms(options_.connect_timeout));
    set(request.get(), CURLOPT_TIMEOUT_MS, in_ms(options_.timeout));
    set(request.get(), CURLOPT_MAXCONNECTS, 1L);
    set(request.get(), CURLOPT_HEADERFUNCTION, &Call::take_head);
    set(request.get(), CURLOPT_WRITEFUNCTION, &Call::take_body);
    return request;
}

curl::Request HttpGateway::take_request() {
    {
        std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            curl::Request request = std::move(idle_.back());
            idle_.pop_back();
            return request;
        }
    }
    return new_request();
}

void HttpGateway::give_back(curl::Request request) {
    set<const char*>(request.get(), CURLOPT_POSTFIELDS, nullptr);
    set<curl_slist*>(request.get(), CURLOPT_HTTPHEADER, nullptr);
    set<void*>(request.get(), CURLOPT_HEADERDATA, nullptr);
    set<void*>(request.get(), CURLOPT_WRITEDATA, nullptr);
    set<char*>(request.get(), CURLOPT_ERRORBUFFER, nullptr);
    std::lock_guard lock(mutex_);
    if (idle_.size() < options_.connections) idle_.push_back(std::move(request));
}

curl::Fields HttpGateway::fields_of(const Asked& asked) {
    std::string authorization = "Authorization: Bearer ";
    {
        std::lock_guard lock(mutex_);
        authorization += key_;
    }
    curl::Fields fields;
    curl::add_field(fields, authorization);
    curl::add_field(fields, "Accept: application/json");
    if (asked.step == Step::lookup) return fields;
    curl::add_field(fields, "Content-Type: application/json");
    curl::add_field(fields, "Expect:");
    curl::add_field(fields, "Idempotency-Key: " + asked.id.to_string() + '-' +
                                std::string(step_name(asked.step)));
    return fields;
}

// Only a request that went well keeps its connection: on another one an answer may still be on its
// way, and it would be read as that to the next call.
Judged HttpGateway::call(const Asked& asked, const std::string& body) {
    std::string url = options_.url + "/payments/" + asked.id.to_string();
    const curl::Fields fields = fields_of(asked);
    Call call;
    std::array<char, CURL_ERROR_SIZE> why{};
    curl::Request request = take_request();  // ends before what it leads to
    if (asked.step == Step::lookup) {
        set(request.get(), CURLOPT_HTTPGET, 1L);
    } else {
        url += '/';
        url += step_name(asked.step);
        set(request.get(), CURLOPT_POST, 1L);
        set(request.get(), CURLOPT_POSTFIELDS, body.c_str());
        set(request.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    }
    set(request.get(), CURLOPT_URL, url.c_str());
    set(request.get(), CURLOPT_HTTPHEADER, fields.get());
    set(request.get(), CURLOPT_HEADERDATA, &call);
    set(request.get(), CURLOPT_WRITEDATA, &call);
    set(request.get(), CURLOPT_ERRORBUFFER, why.data());
    const CURLcode code = curl_easy_perform(request.get());
    long status = 0;
    curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
    if (call.bytes > answer_bytes_max) return "its answer is too long";
    if (code != CURLE_OK) {
        // What libcurl says more may be the provider's words, once these have begun.
        return why.front() && call.bytes == 0 ? why.data() : curl_easy_strerror(code);
    }
    Judged judged = read_provider_answer(asked, status, call.body);
    if (std::holds_alternative<GatewayAnswer>(judged)) give_back(std::move(request));
    return judged;
}

// --- The port ----------------------------------------------------------------------------------

Result<GatewayAnswer> HttpGateway::ask(Step step, const GatewayPayment& payment) {
    const curl::NoBrokenPipe quiet;
    Asked asked{.step = step, .id = payment.id, .currency = options_.currency};
    const auto unavailable = [&](std::string_view why) {
        return Error{Errc::gateway_unavailable,
                     "payment " + payment.id.to_string() + ": " + std::string(step_name(step)) +
                         ": " + std::string(why),
                     {}};
    };
    std::string body;
    if (step != Step::lookup) {
        if (payment.currency != options_.currency) {
            return unavailable("it was not sent: it is not in " + options_.currency);
        }
        asked.amount = payment.amount;
        body = request_body(payment);
    }
    try {
        const Judged judged = call(asked, body);
        if (const auto* answer = std::get_if<GatewayAnswer>(&judged)) return *answer;
        return unavailable(std::get<std::string>(judged));
    } catch (const std::runtime_error& failure) {  // libcurl's
        return unavailable(failure.what());
    }
}

Result<GatewayAnswer> HttpGateway::authorize(const GatewayPayment& payment) {
    return ask(Step::authorize, payment);
}

Result<GatewayAnswer> HttpGateway::capture(const GatewayPayment& payment) {
    return ask(Step::capture, payment);
}

Result<GatewayAnswer> HttpGateway::cancel(const GatewayPayment& payment) {
    return ask(Step::cancel, payment);
}

Result<GatewayAnswer> HttpGateway::refund(const GatewayPayment& payment) {
    return ask(Step::refund, payment);
}

Result<GatewayAnswer> HttpGateway::lookup(PaymentId id) { return ask(Step::lookup, {.id = id}); }

}  // namespace concertres::payment_http

namespace concertres {

std::unique_ptr<HttpPaymentGateway> open_http_payment_gateway(
    const HttpPaymentGatewayOptions& options) {
    return std::make_unique<payment_http::HttpGateway>(options);
}

}  // namespace concertres

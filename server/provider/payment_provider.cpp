#include "provider/payment_provider.hpp"

#include <stdexcept>

#ifdef CONCERTRES_WITH_PAYMENT_HTTP
#include "concertres/http_payment_gateway.hpp"
#endif

namespace concertres::server {
namespace {

// Payments that other servers began may be seen by this alone: nobody waits long for them.
constexpr std::chrono::seconds poll_all{1};

std::unique_ptr<PaymentGateway> open_gateway(const ProviderSettings& settings,
                                             const std::string& key, const std::string& currency) {
#ifdef CONCERTRES_WITH_PAYMENT_HTTP
    return open_http_payment_gateway({.url = settings.url,
                                      .key = key,
                                      .currency = currency,
                                      .ca_file = settings.ca.string(),
                                      .plain_http = settings.plain_http,
                                      .timeout = settings.timeout});
#else
    static_cast<void>(settings);
    static_cast<void>(key);
    static_cast<void>(currency);
    throw std::invalid_argument("payment-url: this program was built without libcurl");
#endif
}

}  // namespace

PaymentProvider::PaymentProvider(BoxOffice& office, const ProviderSettings& settings,
                                 const std::string& key, const std::string& currency,
                                 const Log& log)
    : gateway_(open_gateway(settings, key, currency)),
      settler_(std::make_unique<PaymentSettler>(
          office, *gateway_,
          PaymentSettlerOptions{.currency = currency,
                                .authorize_within = settings.authorize_within,
                                .poll_all = poll_all,
                                .log = log})) {}

PaymentProvider::~PaymentProvider() = default;

void PaymentProvider::start() { settler_->start(); }

void PaymentProvider::begin_stop() {
    if (stopping_.joinable()) return;
    stopping_ = std::jthread([this] {
        settler_->stop();
        is_stopped_ = true;
    });
}

void PaymentProvider::replace_key(const std::string& key) {
#ifdef CONCERTRES_WITH_PAYMENT_HTTP
    static_cast<HttpPaymentGateway&>(*gateway_).replace_key(key);
#else
    static_cast<void>(key);
#endif
}

}  // namespace concertres::server

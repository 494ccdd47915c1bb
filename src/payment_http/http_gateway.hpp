// The gateway behind open_http_payment_gateway(): a request of libcurl's for each call that is on
// its way, which keeps its connection for the next.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "concertres/http_payment_gateway.hpp"
#include "curl/easy.hpp"
#include "payment_http/provider_answer.hpp"

namespace concertres::payment_http {

class HttpGateway final : public HttpPaymentGateway {
  public:
    explicit HttpGateway(const HttpPaymentGatewayOptions& options);
    ~HttpGateway() override;
    HttpGateway(const HttpGateway&) = delete;
    HttpGateway& operator=(const HttpGateway&) = delete;

    [[nodiscard]] Result<GatewayAnswer> authorize(const GatewayPayment& payment) override;
    [[nodiscard]] Result<GatewayAnswer> capture(const GatewayPayment& payment) override;
    [[nodiscard]] Result<GatewayAnswer> cancel(const GatewayPayment& payment) override;
    [[nodiscard]] Result<GatewayAnswer> refund(const GatewayPayment& payment) override;
    [[nodiscard]] Result<GatewayAnswer> lookup(PaymentId id) override;
    void replace_key(const std::string& key) override;

  private:
    struct Call;

    [[nodiscard]] Result<GatewayAnswer> ask(Step step, const GatewayPayment& payment);
    [[nodiscard]] Judged call(const Asked& asked, const std::string& body);
    [[nodiscard]] curl::Request take_request();
    void give_back(curl::Request request);
    [[nodiscard]] curl::Request new_request() const;
    [[nodiscard]] curl::Fields fields_of(const Asked& asked);

    HttpPaymentGatewayOptions options_;  // but the key, and the address without "/" at its end
    std::mutex mutex_;
    std::string key_;
    std::vector<curl::Request> idle_;
};

}  // namespace concertres::payment_http

#include "provider/provider_ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace concertres::test {

std::string ProviderAnswer::json() const {
    if (status.empty()) return R"({"error": "refused"})";
    boost::json::object body{{"payment_id", payment_id}, {"status", status}};
    if (status != "absent") {
        body["amount"] = amount;
        body["currency"] = currency;
        body["reference"] = reference;
    }
    if (!reason.empty()) body["reason"] = reason;
    return boost::json::serialize(body);
}

ProviderLedger::ProviderLedger(const std::string& file) {
    std::ifstream in(file);
    std::string id;
    Payment read;
    while (in >> id >> read.status >> read.amount >> read.currency) payments_[id] = read;
    file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), file);
}

ProviderLedger::~ProviderLedger() { ::close(file_); }

// The effect has happened once its line is there.
void ProviderLedger::note(const std::string& payment_id, Payment& payment,
                          const std::string& effect) {
    const std::string line = payment_id + ' ' + effect + ' ' + std::to_string(payment.amount) +
                             ' ' + payment.currency + '\n';
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw std::system_error(errno, std::generic_category(), "the provider's log");
    }
    payment.status = effect;
}

ProviderAnswer ProviderLedger::answer_of(const std::string& payment_id,
                                         const Payment& payment) const {
    const bool has_money = payment.status == "authorized" || payment.status == "captured" ||
                           payment.status == "refunded";
    return {.http_status = payment.status == "absent" ? 404 : 200,
            .payment_id = payment_id,
            .status = payment.status,
            .amount = has_money ? payment.amount : 0,
            .currency = payment.currency,
            .reference = "ref-" + payment_id.substr(0, 8),
            .reason = payment.status == "declined" ? "card refused" : ""};
}

ProviderAnswer ProviderLedger::perform(const std::string& payment_id, const std::string& step,
                                       const std::string& key, const std::string& body) {
    std::lock_guard lock(mutex_);
    if (const auto done = done_.find(key); done != done_.end()) {
        if (done->second.body == body) return done->second.answer;
        return {.http_status = 422};
    }
    const boost::json::value asked = boost::json::parse(body);
    const std::int64_t amount = asked.at("amount").as_int64();
    const std::string currency(asked.at("currency").as_string());
    Payment& payment = payments_[payment_id];
    const std::string before = payment.status;
    if (before == "absent") {
        payment.amount = amount;
        payment.currency = currency;
    }
    if (payment.amount != amount || payment.currency != currency) return {.http_status = 409};
    if (step == "authorize" && before == "absent") {
        const bool declines = asked.at("method").as_string() == declined_method;
        note(payment_id, payment, declines ? "declined" : "authorized");
    } else if (step == "capture" && before == "authorized") {
        note(payment_id, payment, "captured");
    } else if (step == "cancel" && (before == "absent" || before == "authorized")) {
        note(payment_id, payment, "voided");
    } else if (step == "refund" && before == "captured") {
        note(payment_id, payment, "refunded");
    }
    const ProviderAnswer answer = answer_of(payment_id, payment);
    if (answer.http_status == 200) done_[key] = {body, answer};
    return answer;
}

ProviderAnswer ProviderLedger::look_up(const std::string& payment_id) {
    std::lock_guard lock(mutex_);
    const auto found = payments_.find(payment_id);
    return answer_of(payment_id, found == payments_.end() ? Payment{} : found->second);
}

}  // namespace concertres::test

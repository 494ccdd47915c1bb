#include "payment_http/provider_answer.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/json_reader.hpp"

namespace concertres::payment_http {
namespace {

// For people, who read no more.
constexpr LengthBounds words{.min = 0, .max = 1'000};
constexpr JsonLimits limits{.depth_max = 8, .values_max = 1'000};

constexpr auto statuses = std::to_array<std::pair<std::string_view, GatewayStatus>>({
    {"absent", GatewayStatus::absent},
    {"authorized", GatewayStatus::authorized},
    {"captured", GatewayStatus::captured},
    {"declined", GatewayStatus::declined},
    {"voided", GatewayStatus::voided},
    {"refunded", GatewayStatus::refunded},
});

std::optional<GatewayStatus> read_status(std::string_view text) {
    const auto found = std::ranges::find(statuses, text, [](const auto& row) { return row.first; });
    if (found == statuses.end()) return {};
    return found->second;
}

bool has_money(GatewayStatus status) {
    return status == GatewayStatus::authorized || status == GatewayStatus::captured ||
           status == GatewayStatus::refunded;
}

// A call that the payment's state does not allow is answered with the state; but a state that the
// call leads away from is none that it can leave behind.
bool can_follow(Step step, GatewayStatus status) {
    switch (step) {
        case Step::capture:
        case Step::cancel:
            return status != GatewayStatus::authorized && status != GatewayStatus::absent;
        case Step::refund:
            return status == GatewayStatus::refunded;
        case Step::authorize:
            return status != GatewayStatus::absent;
        case Step::lookup:
            break;
    }
    return true;
}

std::string refused_status(const Asked& asked, long http_status) {
    const std::string answer = "it answered " + std::to_string(http_status);
    if (http_status >= 300 && http_status < 400) return answer + ", and redirects are not followed";
    if (http_status == 401 || http_status == 403) return answer + ": the key may be wrong";
    if (http_status == 404 && asked.step != Step::lookup) return answer + ": it is asked elsewhere";
    return answer;
}

// As the fields came, before they are compared with anything.
struct Said {
    PaymentId id{};
    GatewayStatus status{};
    std::optional<Money> amount{};
    std::string_view currency{};
    std::string_view reference{};
    std::string_view reason{};
};

// Where it is absent there is neither an amount nor a currency to tell.
std::optional<Said> read_fields(const boost::json::value& document, std::string& fault) {
    Faults faults;
    ObjectReader body(document, {}, faults);
    const auto id = body.text("payment_id");
    const auto status = body.text("status");
    const auto amount = body.integer("amount", {.min = 0}, Need::optional);
    const auto currency = body.text("currency", {}, Need::optional);
    const auto reference = body.text("reference", words, Need::optional);
    const auto reason = body.text("reason", words, Need::optional);
    if (!faults.empty()) {
        // The places are those that were asked for, so the name is ours.
        const std::string& place = faults.kept().front().pointer;
        fault = place.empty() ? "its answer is no object"
                              : "its answer's " + place.substr(1) + " is missing or malformed";
        return {};
    }
    Said said;
    const auto read_id = PaymentId::parse(*id);
    const auto known = read_status(*status);
    if (!read_id || !known) {
        fault = !read_id ? "its answer's payment_id is no UUID"
                         : "its answer's status is none that there is";
        return {};
    }
    said.id = *read_id;
    said.status = *known;
    if (amount) said.amount = Money{*amount};
    said.currency = currency.value_or("");
    said.reference = reference.value_or("");
    said.reason = reason.value_or("");
    return said;
}

std::optional<std::string> breach_of(const Asked& asked, const Said& said) {
    if (said.id != asked.id) return "its answer is of another payment";
    if (!can_follow(asked.step, said.status)) {
        return "it answered with a status that the call cannot lead to";
    }
    if (said.status == GatewayStatus::absent) return {};
    if (said.currency != asked.currency) return "its answer is in another currency";
    if (!said.amount) return "its answer has no amount";
    if (!has_money(said.status)) {
        if (said.amount != Money{0}) return "its answer has an amount where none was to move";
        return {};
    }
    if (said.amount == Money{0} || (asked.amount && said.amount != asked.amount)) {
        return "its answer is of another amount";
    }
    return {};
}

}  // namespace

std::string_view step_name(Step step) noexcept {
    switch (step) {
        case Step::authorize:
            return "authorize";
        case Step::capture:
            return "capture";
        case Step::cancel:
            return "cancel";
        case Step::refund:
            return "refund";
        case Step::lookup:
            return "lookup";
    }
    return "";
}

std::string request_body(const GatewayPayment& payment) {
    const boost::json::object body{{"amount", payment.amount.minor},
                                   {"currency", payment.currency},
                                   {"method", payment.method}};
    return boost::json::serialize(body);
}

Judged read_provider_answer(const Asked& asked, long http_status, std::string_view body) {
    // Whatever stands at a wrong address says 404 as well; so it counts only of the payment's own.
    const bool may_be_absent = http_status == 404 && asked.step == Step::lookup;
    if (http_status != 200 && !may_be_absent) return refused_status(asked, http_status);
    Faults faults;
    const auto document = parse_json(body, faults, limits);
    if (!document || !faults.empty()) {
        const std::string of_404 = may_be_absent ? "it answered 404, and " : "";
        return of_404 + "its answer is no JSON that can be read";
    }
    std::string fault;
    const auto said = read_fields(*document, fault);
    if (!said) return fault;
    if (may_be_absent != (said->status == GatewayStatus::absent)) {
        return "it answered " + std::to_string(http_status) +
               " with a status that belongs elsewhere";
    }
    if (auto breach = breach_of(asked, *said)) return std::move(*breach);
    return GatewayAnswer{.status = said->status,
                         .amount = said->amount.value_or(Money{0}),
                         .reference = std::string(said->reference),
                         .reason = std::string(said->reason)};
}

}  // namespace concertres::payment_http

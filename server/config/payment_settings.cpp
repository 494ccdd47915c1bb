// The settings of who takes money from outside: see settings_table.cpp.
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "config/setting_makers.hpp"

namespace concertres::server {
namespace {

constexpr std::size_t url_bytes_max = 2'000;

std::optional<std::string> url_fault(const std::string& text) {
    const auto url = boost::urls::parse_uri(text);
    const bool is_web = url && (url->scheme_id() == boost::urls::scheme::https ||
                                url->scheme_id() == boost::urls::scheme::http);
    if (text.size() > url_bytes_max || !is_web || url->encoded_host().empty()) {
        return "must be like https://HOST/PATH, or off";
    }
    if (url->has_userinfo()) return "must be without a user or a password: payment-key is sent";
    if (url->has_query() || url->has_fragment()) return "must be without a query and a fragment";
    return {};
}

}  // namespace

void add_payment_settings(std::vector<Setting>& all) {
    constexpr Section section = Section::payments;
    all.push_back(text(section,
                       {"payment-url", "URL|off",
                        "Lets buyers pay with money from outside: a provider that speaks as "
                        "docs/reference/payment-provider.md says, at https://HOST/PATH."},
                       true, url_fault, CONCERTRES_MEMBER(provider.url)));
    all.push_back(path(section,
                       {"payment-ca", "FILE",
                        "The certificates that payment-url's may be signed by, in place of the "
                        "system's."},
                       CONCERTRES_MEMBER(provider.ca)));
    all.push_back(toggle(section,
                         {"payment-plain-http", "",
                          "Lets payment-url begin with http:// and lead to another machine: the "
                          "key can be read on the way there."},
                         CONCERTRES_MEMBER(provider.plain_http)));
    all.push_back(milliseconds(section,
                               {"payment-timeout-ms", "MS",
                                "How long a call to payment-url may take until its answer is "
                                "there."},
                               {100, 60'000}, CONCERTRES_MEMBER(provider.timeout)));
    all.push_back(milliseconds(section,
                               {"payment-authorize-ms", "MS",
                                "A payment that the provider has not authorized by then is "
                                "cancelled."},
                               {1'000, 3'600'000}, CONCERTRES_MEMBER(provider.authorize_within)));
}

std::vector<Contradiction> contradictions(const ProviderSettings& provider) {
    if (!provider.url.empty()) {
        if (!provider.key.empty()) return {};
        return {{"payment-url", "payment-key",
                 "needs payment-key, the file with the key that the provider knows"}};
    }
    std::vector<Contradiction> found;
    if (!provider.key.empty()) {
        found.push_back({"payment-key", "payment-url", "goes only with payment-url"});
    }
    if (!provider.ca.empty()) {
        found.push_back({"payment-ca", "payment-url", "goes only with payment-url"});
    }
    return found;
}

}  // namespace concertres::server

#include "config/webhook_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstddef>

namespace concertres::server {
namespace {

constexpr std::size_t bytes_max = 2'000;

}  // namespace

std::optional<std::string> webhook_fault(const std::string& text) {
    const auto url = boost::urls::parse_uri(text);
    const bool is_web = url && (url->scheme_id() == boost::urls::scheme::https ||
                                url->scheme_id() == boost::urls::scheme::http);
    if (text.size() > bytes_max || !is_web || url->encoded_host().empty()) {
        return "must be like https://HOST/PATH, or off";
    }
    if (url->has_userinfo()) return "must be without a user or a password: requests are signed";
    if (url->has_fragment()) return "must be without a fragment, #...";
    return {};
}

bool is_plain_http(const std::string& text) {
    return boost::urls::url_view(text).scheme_id() == boost::urls::scheme::http;
}

std::string origin_of(const std::string& text) {
    const boost::urls::url_view url(text);
    const auto origin = url.encoded_origin();
    return {origin.data(), origin.size()};
}

}  // namespace concertres::server

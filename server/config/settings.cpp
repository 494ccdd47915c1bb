#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <iterator>
#include <thread>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres::server {
namespace {

bool is_any(const http::Endpoint& endpoint) {
    const auto address = parse_address(endpoint.address);
    return address && address->is_unspecified();
}

// Whether the second of them could not be bound.
bool clash(const http::Endpoint& a, const http::Endpoint& b) {
    if (a.port == 0 || a.port != b.port) return false;
    return is_any(a) || is_any(b) || parse_address(a.address) == parse_address(b.address);
}

}  // namespace

std::size_t thread_count(const Settings& settings) {
    if (settings.threads != 0) return settings.threads;
    return std::max(1u, std::thread::hardware_concurrency() / 2);
}

std::string_view section_title(Section section) noexcept {
    switch (section) {
        case Section::addresses:
            return "Addresses";
        case Section::store:
            return "What is sold";
        case Section::events:
            return "Where events are passed on to";
        case Section::payments:
            return "Money from outside";
        case Section::line:
            return "Where those are kept who wait";
        case Section::secrets:
            return "Keys, each in a file of its own";
        case Section::clients:
            return "What clients may ask for";
        case Section::connections:
            return "Connections";
        case Section::engine:
            return "The box office";
        case Section::running:
            return "Running";
    }
    CONCERTRES_ASSERT(false);
    return {};
}

const Setting* find_setting(std::string_view name) {
    const auto& all = all_settings();
    auto found = std::find_if(all.begin(), all.end(),
                              [name](const Setting& setting) { return setting.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view name) {
    std::string result = "CONCERTRES_";
    for (char c : name) {
        const bool is_lower = c >= 'a' && c <= 'z';
        result += c == '-' ? '_' : static_cast<char>(is_lower ? c - 'a' + 'A' : c);
    }
    return result;
}

std::string shown_value(const Setting& setting, const Settings& settings) {
    const auto texts = setting.show(settings);
    return texts.empty() ? "off" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string shown_hint(const Setting& setting) {
    if (setting.kind != ValueKind::integer) return setting.hint;
    return fmt::format("{}, {} to {}", setting.hint, setting.min, setting.max);
}

std::vector<Contradiction> contradictions(const Settings& settings, bool needs_store) {
    std::vector<Contradiction> found;
    const bool is_somewhere = !settings.data.empty() || !settings.store.empty();
    if (needs_store && !settings.demo && !is_somewhere) {
        found.push_back({"data", "demo",
                         "is needed: give --data DIR for the folder that keeps the sale, "
                         "--store URI for a PostgreSQL database that does, or --demo for a look "
                         "around"});
    }
    if (!settings.data.empty() && !settings.store.empty()) {
        found.push_back({"store", "data", "goes not with data: a sale is kept in one place"});
    }
    std::ranges::move(contradictions(settings.relay), std::back_inserter(found));
    std::ranges::move(contradictions(settings.provider), std::back_inserter(found));
    const auto& admin = settings.admin_listen;
    if (admin && clash(settings.listen, *admin)) {
        found.push_back({"admin-listen", "listen",
                         "needs an address and port of its own; listen has the same"});
    }
    if (settings.engine.pass_max < settings.engine.pass_ttl) {
        found.push_back({"pass-max-ms", "pass-ms", "must be at least pass-ms"});
    }
    if (settings.engine.extend_max < settings.engine.hold_ttl) {
        found.push_back({"extend-max-ms", "hold-ms", "must be at least hold-ms"});
    }
    return found;
}

}  // namespace concertres::server

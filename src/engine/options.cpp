#include "concertres/options.hpp"

#include <utility>

namespace concertres {

namespace {

Error invalid(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

}  // namespace

Result<void> check(const Options& options) {
    const std::pair<const char*, Duration> times[] = {
        {"hold_ttl", options.hold_ttl},           {"extend_max", options.extend_max},
        {"pass_ttl", options.pass_ttl},           {"pass_max", options.pass_max},
        {"token_max_age", options.token_max_age}, {"tick", options.tick},
        {"load_stale", options.load_stale},       {"request_timeout", options.request_timeout},
    };
    // Ten years: far beyond any sale, and far from where sums of times would overflow.
    constexpr Duration longest = std::chrono::days(3'650);
    for (const auto& [name, value] : times) {
        if (value <= Duration(0) || value > longest) {
            return invalid(std::string("options.") + name +
                           " must be above 0 and at most 3650 days");
        }
    }
    const std::pair<const char*, bool> bounds[] = {
        {"waiting_max", options.waiting_max > 0},
        {"reservations_per_payment", options.reservations_per_payment > 0},
        {"inbox_max", options.inbox_max > 0},
        {"group_max", options.group_max > 0},
        {"page_max", options.page_max > 0},
    };
    for (const auto& [name, valid] : bounds) {
        if (!valid) return invalid(std::string("options.") + name + " must be above 0");
    }
    if (options.pass_max < options.pass_ttl) {
        return invalid("options.pass_max must be at least options.pass_ttl");
    }
    if (options.extend_max < options.hold_ttl) {
        return invalid("options.extend_max must be at least options.hold_ttl");
    }
    if (!options.token_keys.empty()) {
        if (auto valid = check(options.token_keys); !valid) return valid;
    }
    if (!options.ticket_keys.empty()) {
        if (auto valid = check(options.ticket_keys); !valid) return valid;
    }
    for (const auto& [name, policy] : options.policies) {
        if (policy == nullptr) return invalid("options.policies['" + name + "'] is null");
    }
    return {};
}

}  // namespace concertres

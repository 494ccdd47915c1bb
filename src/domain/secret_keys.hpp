// What the keys of a deployment must be, of whatever kind they are: token.hpp, ticket.hpp.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/result.hpp"

namespace concertres {

// `what`: what messages call them.
template <class Key>
Result<void> check_keys(const std::vector<Key>& keys, std::string_view what) {
    const auto refuse = [what](const std::string& detail) {
        return Error{Errc::request_invalid, std::string(what) + ": " + detail, {}};
    };
    if (keys.empty()) return refuse("at least one is needed");
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        const auto same_id = [&](const Key& earlier) { return earlier.id == key->id; };
        if (std::any_of(keys.begin(), key, same_id)) {
            return refuse("the id " + std::to_string(key->id) + " appears twice");
        }
        if (key->secret == decltype(key->secret){}) {
            return refuse("the secret of the id " + std::to_string(key->id) +
                          " is all zeros; draw 32 random bytes");
        }
    }
    return {};
}

}  // namespace concertres

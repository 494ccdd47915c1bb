#include "cli/ticket_keys_file.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/base64url.hpp"
#include "base/json_reader.hpp"

namespace concertres::server {

namespace {

constexpr std::size_t keys_max = 1'000;

void read_key(ObjectReader& in, std::vector<TicketPublicKey>& keys, Faults& faults) {
    const auto id =
        in.integer("key_id", {.min = 0, .max = std::numeric_limits<std::uint32_t>::max()});
    const auto algorithm = in.text("algorithm");
    const auto text = in.text("public_key");
    if (!id || !algorithm || !text) return;
    TicketPublicKey key{.id = static_cast<std::uint32_t>(*id)};
    const auto bytes = decode_base64url(*text);
    if (*algorithm != "Ed25519") {
        return faults.add(in.path("algorithm"), "out_of_range", "must be Ed25519");
    }
    if (!bytes || bytes->size() != key.bytes.size()) {
        return faults.add(in.path("public_key"), "malformed",
                          "must be 32 bytes in base64url without padding");
    }
    if (std::ranges::find(keys, key.id, &TicketPublicKey::id) != keys.end()) {
        return faults.add(in.path("key_id"), "duplicate", "is that of a key before it");
    }
    std::ranges::copy(*bytes, key.bytes.begin());
    keys.push_back(key);
}

}  // namespace

Result<std::vector<TicketPublicKey>> read_ticket_keys_json(std::string_view text) {
    Faults faults;
    std::vector<TicketPublicKey> keys;
    const auto document = parse_json(text, faults);
    if (!document) return faults.to_error("the keys");
    ObjectReader in(*document, {}, faults);
    const JsonPath path = in.path("keys");
    if (const auto* list = in.array("keys", {.min = 1, .max = keys_max})) {
        for (std::size_t i = 0; i < list->size(); ++i) {
            ObjectReader entry((*list)[i], path.index(i), faults);
            read_key(entry, keys, faults);
        }
    }
    if (!faults.empty()) return faults.to_error("the keys");
    return keys;
}

}  // namespace concertres::server

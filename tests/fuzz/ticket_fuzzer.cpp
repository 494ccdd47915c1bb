// What follows the head of a ticket, signed by one who has the key, whatever it is: it is read or
// refused; what is read can be signed anew and is the same. And whatever is not, letter for letter,
// what was signed, is refused.
#include <string>
#include <vector>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "base/ed25519.hpp"
#include "concertres/ticket.hpp"
#include "fuzz/fuzzer.hpp"

using namespace concertres;

namespace {

constexpr std::uint32_t key_id = 7;

const TicketKey& key() {
    static const TicketKey made = [] {
        TicketKey key{.id = key_id};
        key.secret.fill(0x11);
        return key;
    }();
    return made;
}

const TicketKeys& keys() {
    static const TicketKeys made({key()});
    return made;
}

CheckedTicket verify(std::string_view text) {
    static const std::vector<TicketPublicKey> known = keys().public_keys();
    return verify_ticket(known, text);
}

std::string sign(std::string_view content) {
    static const Ed25519Key signing(key().secret);
    std::string bytes;
    ByteWriter(bytes).u8(1).u8(2).u32(key_id).raw(content);
    std::string message;
    ByteWriter(message).text("concertres ticket").raw(bytes);
    ByteWriter(bytes).raw(signing.sign(message));
    return encode_base64url(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text_of(data, size);
    const std::string text = sign(input);
    const CheckedTicket checked = verify(text);
    if (checked.verdict == TicketVerdict::good) {
        const CheckedTicket again = verify(sign_ticket(keys(), checked.ticket));
        fuzz::demand(again.verdict == TicketVerdict::good && again.ticket == checked.ticket,
                     "what is read can be signed anew and is the same", text);
    } else {
        fuzz::demand(checked.verdict == TicketVerdict::foreign,
                     "what is signed is read, or is no ticket", text);
    }

    std::string other = text;
    const std::uint64_t hash = fuzz::hash_of(input);
    char& changed = other[hash % other.size()];
    changed = static_cast<char>(changed ^ (1 << (hash >> 32) % 8));
    fuzz::demand(verify(other).verdict != TicketVerdict::good, "what nobody signed is refused",
                 other);
    fuzz::demand(input == text || verify(input).verdict != TicketVerdict::good,
                 "what nobody signed is refused", input);
    return 0;
}

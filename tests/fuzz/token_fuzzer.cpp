// T1: whatever is not, bit for bit, a token that was signed is refused, with one and the same
// error. The first 48 bytes of an input are what is signed; the others say how the token is changed
// and are tried as a token themselves.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/base64url.hpp"
#include "concertres/token.hpp"
#include "fuzz/fuzzer.hpp"

using namespace concertres;

namespace {

constexpr Duration max_age = std::chrono::days(7);

const TokenKeys& keys() {
    static const TokenKeys made = [] {
        TokenKey first{.id = 7};
        TokenKey second{.id = 8};
        first.secret.fill(0x11);
        second.secret.fill(0x22);
        return TokenKeys({first, second});
    }();
    return made;
}

Uuid uuid_of(std::string_view bytes) {
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), bytes.data(), std::min(bytes.size(), uuid.bytes.size()));
    return uuid;
}

std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
    return number;
}

// 48 bytes: concert, user, number, time.
TokenClaims claims_of(std::string bytes) {
    bytes.resize(48);
    const std::string_view view = bytes;
    return {.concert = ConcertId{uuid_of(view.substr(0, 16))},
            .number = {static_cast<std::int64_t>(number_of(view.substr(32, 8)) >> 11) + 1},
            .user = UserId{uuid_of(view.substr(16, 16))},
            .issued_at = Time(std::chrono::seconds(number_of(view.substr(40, 4)) & 0x7fffffff))};
}

void demand_refusal(std::string_view token, Time now) {
    const auto verified = verify_token(keys(), TokenPurpose::place, token, now, max_age);
    const Error refusal = token_refusal();
    fuzz::demand(!verified, "what nobody signed is refused", token);
    fuzz::demand(verified.error().code == refusal.code &&
                     verified.error().detail == refusal.detail && verified.error().seats.empty(),
                 "every refusal is the same", verified.error().detail);
}

// Each byte pair is one change: where, and what.
std::string changed(std::string token, std::string_view changes) {
    for (std::size_t i = 0; i + 1 < changes.size(); i += 2) {
        const auto where = static_cast<unsigned char>(changes[i]);
        const char what = changes[i + 1];
        if (token.empty()) return token;
        const std::size_t at = where % token.size();
        switch (where / 64) {
            case 0:
                token[at] = what;
                break;
            case 1:
                token[at] = static_cast<char>(token[at] ^ (1 << (what & 7)));
                break;
            case 2:
                token.insert(at, 1, what);
                break;
            default:
                token.erase(at, 1);
        }
    }
    return token;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text_of(data, size);
    const std::string_view rest = input.substr(std::min<std::size_t>(input.size(), 48));
    const TokenClaims claims = claims_of(std::string(input.substr(0, 48)));
    const std::string token = sign_token(keys(), TokenPurpose::place, claims);
    const auto verified =
        verify_token(keys(), TokenPurpose::place, token, claims.issued_at, max_age);
    fuzz::demand(verified && *verified == claims, "what is signed comes back", token);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const std::string other = changed(token, rest.substr(0, i));
        if (other != token) demand_refusal(other, claims.issued_at);
    }
    if (rest != token) demand_refusal(rest, claims.issued_at);
    demand_refusal(token, claims.issued_at + max_age + std::chrono::seconds(1));
    const auto decoded = decode_base64url(rest);
    fuzz::demand(!decoded || encode_base64url(*decoded) == rest, "no two texts are the same bytes",
                 rest);
    return 0;
}

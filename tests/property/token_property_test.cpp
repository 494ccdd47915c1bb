// T1, T2, T4 and T6 for tokens of any content: what is signed comes back, whatever is done to it is
// refused in one and the same way, and a rotation by the book fails nobody.
#include <algorithm>
#include <string>
#include <vector>

#include "concertres/token.hpp"
#include "property/property.hpp"

using namespace concertres;
using namespace std::chrono_literals;

namespace {

constexpr Duration max_age = std::chrono::days(7);
constexpr Duration lead_max = 60s;  // of a clock that is ahead

rc::Gen<TokenKey> any_key(std::uint32_t id) {
    return rc::gen::map(rc::gen::arbitrary<std::array<std::uint8_t, 32>>(),
                        [id](std::array<std::uint8_t, 32> secret) {
                            secret[0] |= 1;  // never all zeros
                            return TokenKey{id, secret};
                        });
}

Uuid any_uuid() {
    Uuid uuid;
    uuid.bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
    return uuid;
}

Time any_time() { return Time(std::chrono::seconds(*rc::gen::inRange(0, 2'000'000'000))); }

TokenClaims any_claims() {
    return {.concert = ConcertId{any_uuid()},
            .number = PlaceNumber{*rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 53)},
            .user = UserId{any_uuid()},
            .issued_at = any_time()};
}

Result<TokenClaims> verify(const TokenKeys& keys, std::string_view token, Time now) {
    return verify_token(keys, TokenPurpose::place, token, now, max_age);
}

bool is_the_refusal(const Result<TokenClaims>& r) {
    return !r && r.error().code == token_refusal().code &&
           r.error().detail == token_refusal().detail && r.error().seats.empty();
}

constexpr std::string_view base64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// What somebody might do to a token that is not theirs to change.
std::string tampered(std::string token) {
    const auto at = *rc::gen::inRange<std::size_t>(0, token.size());
    switch (*rc::gen::inRange(0, 5)) {
        case 0:  // a bit of a character
            token[at] = static_cast<char>(token[at] ^ (1 << *rc::gen::inRange(0, 8)));
            break;
        case 1: {  // another character of the alphabet
            const char other = *rc::gen::elementOf(std::string(base64url));
            RC_PRE(other != token[at]);
            token[at] = other;
            break;
        }
        case 2:
            token.resize(at);
            break;
        case 3:
            token.insert(at, 1, *rc::gen::elementOf(std::string(base64url)));
            break;
        default:
            token += *rc::gen::elementOf(std::vector<std::string>{"=", "A", " ", "\n", "."});
    }
    return token;
}

}  // namespace

TEST_CASE("tokens, whatever is in them") {
    CHECK_PROPERTY("what is signed comes back", [] {
        const TokenKeys keys({*any_key(*rc::gen::arbitrary<std::uint32_t>())});
        const TokenClaims claims = any_claims();
        const auto verified =
            verify(keys, sign_token(keys, TokenPurpose::place, claims), claims.issued_at);
        RC_ASSERT(verified);
        RC_ASSERT(*verified == claims);
    });
    CHECK_PROPERTY("any change is refused, always in the same way", [] {
        const TokenKeys keys({*any_key(1)});
        const TokenClaims claims = any_claims();
        const std::string token = sign_token(keys, TokenPurpose::place, claims);
        const std::string changed = tampered(token);
        RC_PRE(changed != token);
        RC_ASSERT(is_the_refusal(verify(keys, changed, claims.issued_at)));
    });
    CHECK_PROPERTY("another key is another key, of the same id or of another", [] {
        const TokenKey mine = *any_key(1);
        const TokenKey other = *any_key(*rc::gen::inRange<std::uint32_t>(0, 3));
        RC_PRE(other.secret != mine.secret);
        const TokenClaims claims = any_claims();
        const std::string token = sign_token(TokenKeys({other}), TokenPurpose::place, claims);
        RC_ASSERT(is_the_refusal(verify(TokenKeys({mine}), token, claims.issued_at)));
    });
    CHECK_PROPERTY("a token is good from a minute before it was made until it is too old", [] {
        const TokenKeys keys({*any_key(1)});
        const TokenClaims claims = any_claims();
        const std::string token = sign_token(keys, TokenPurpose::place, claims);
        const std::int64_t edge =
            *rc::gen::elementOf(std::vector<std::int64_t>{-lead_max.count(), 0, max_age.count()});
        const Duration age(edge + *rc::gen::inRange<std::int64_t>(-3, 4));
        const bool is_good = age >= -lead_max && age <= max_age;
        RC_ASSERT(static_cast<bool>(verify(keys, token, claims.issued_at + age)) == is_good);
    });
}

namespace {

// A deployment that rotates its keys: a new one comes last, then goes first, then the old ones are
// taken away once their tokens are past their age.
class Deployment {
  public:
    Deployment() { add(); }

    void add() { ring_.push_back({*any_key(next_id_++), now_}); }
    void promote() { std::rotate(ring_.begin(), ring_.end() - 1, ring_.end()); }
    void retire() {
        std::erase_if(ring_, [&](const Held& held) {
            return held.key.id != ring_.front().key.id && held.last_signed + max_age < now_;
        });
    }
    void pass(Duration time) { now_ += time; }
    void sign() {
        TokenClaims claims = any_claims();
        claims.issued_at = now_;
        ring_.front().last_signed = now_;
        issued_.push_back({sign_token(keys(), TokenPurpose::place, claims), claims});
    }
    // Every token that is not too old opens what it is for.
    void check() const {
        for (const auto& [token, claims] : issued_) {
            const auto verified = verify(keys(), token, now_);
            if (claims.issued_at + max_age < now_) {
                RC_ASSERT(is_the_refusal(verified));
            } else {
                RC_ASSERT(verified);
                RC_ASSERT(*verified == claims);
            }
        }
    }

  private:
    struct Held {
        TokenKey key;
        Time last_signed;
    };
    [[nodiscard]] TokenKeys keys() const {
        std::vector<TokenKey> all;
        for (const Held& held : ring_) all.push_back(held.key);
        return TokenKeys(all);
    }

    Time now_ = Time(std::chrono::seconds(1'800'000'000));
    std::uint32_t next_id_ = 1;
    std::vector<Held> ring_;
    std::vector<std::pair<std::string, TokenClaims>> issued_;
};

}  // namespace

TEST_CASE("keys that are rotated by the book fail no token") {
    CHECK_PROPERTY("over any rotation", [] {
        Deployment deployment;
        for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6))) {
            if (step == 0) deployment.add();
            if (step == 1) deployment.promote();
            if (step == 2) deployment.retire();
            if (step == 3) deployment.pass(std::chrono::hours(*rc::gen::inRange(1, 100)));
            if (step >= 4) deployment.sign();
            deployment.check();
        }
    });
}

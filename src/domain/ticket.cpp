#include "concertres/ticket.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "base/ed25519.hpp"
#include "domain/secret_keys.hpp"
#include "domain/varint.hpp"

// The bytes of a ticket: head, payment, concert, when it was issued; then the dates, each with its
// seats; then the signature of all that. Numbers and lengths are varints, since a QR code grows
// with every byte. A seat's section and label are what the seat before has in common with them, by
// its length, and the rest.

namespace concertres {
namespace {

// The version stands first in every ticket, and fixes all that follows. The purpose is none of a
// token's, so that neither is ever taken for the other.
constexpr std::uint8_t ticket_version = 1;
constexpr std::uint8_t ticket_purpose = 2;
// Version, purpose, key id.
constexpr std::size_t head_size = 1 + 1 + 4;
constexpr std::size_t signature_size = std::tuple_size_v<Ed25519Key::Signature>;
// Keeps these signatures apart from whatever else a deployment may sign with the same key.
constexpr std::string_view signature_domain = "concertres ticket";

std::string signed_message(std::string_view bytes) {
    std::string message;
    message.reserve(4 + signature_domain.size() + bytes.size());
    ByteWriter(message).text(signature_domain).raw(bytes);
    return message;
}

// --- Writing -----------------------------------------------------------------------------------

void put_rest(std::string& out, std::string_view text, std::string_view before) {
    const auto differ = std::ranges::mismatch(text, before);
    const auto shared = static_cast<std::size_t>(differ.in1 - text.begin());
    put_varint(out, shared);
    put_varint(out, text.size() - shared);
    out += text.substr(shared);
}

void put_date(std::string& out, const TicketDate& date, TicketSeat& before) {
    ByteWriter(out)
        .raw(date.performance.uuid.bytes)
        .i64(date.starts_at.time_since_epoch().count())
        .u16(static_cast<std::uint16_t>(date.utc_offset.count()));
    put_varint(out, date.seats.size());
    for (const TicketSeat& seat : date.seats) {
        put_varint(out, static_cast<std::uint64_t>(seat.number));
        put_rest(out, seat.section, before.section);
        put_rest(out, seat.label, before.label);
        before = seat;
    }
}

// --- Reading -----------------------------------------------------------------------------------

// Takes fields from the front of bytes; after the first that is not there, nothing more.
class TicketReader {
  public:
    explicit TicketReader(std::string_view bytes) : rest_(bytes) {}

    std::optional<Ticket> read() {
        Ticket ticket;
        fixed([&](ByteReader& in) {
            std::int64_t issued_at = 0;
            const bool whole = in.raw(ticket.payment.uuid.bytes) &&
                               in.raw(ticket.concert.uuid.bytes) && in.i64(issued_at);
            ticket.issued_at = Time(Duration(issued_at));
            return whole;
        });
        for (std::int64_t left = number(); good_ && left > 0; --left) {
            ticket.dates.push_back(date());
        }
        if (!good_ || !rest_.empty()) return std::nullopt;
        return ticket;
    }

  private:
    // REQUIRES: good_
    template <class Read>
    void fixed(Read read) {
        ByteReader in(rest_);
        good_ = read(in);
        rest_ = in.rest();
    }

    std::int64_t number() {
        std::int64_t value = 0;
        good_ = good_ && take_varint(rest_, value);
        return good_ ? value : 0;
    }

    std::string text(std::string_view before) {
        const auto shared = static_cast<std::uint64_t>(number());
        const auto size = static_cast<std::uint64_t>(number());
        good_ = good_ && shared <= before.size() && size <= rest_.size();
        if (!good_) return {};
        std::string text(before.substr(0, shared));
        text += rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }

    TicketSeat seat() {
        const std::int64_t seat_number = number();
        good_ = good_ && seat_number <= std::numeric_limits<SeatNumber>::max();
        return {.number = static_cast<SeatNumber>(good_ ? seat_number : 0),
                .section = text(before_.section),
                .label = text(before_.label)};
    }

    TicketDate date() {
        TicketDate date;
        fixed([&](ByteReader& in) {
            std::int64_t starts_at = 0;
            std::uint16_t offset = 0;
            const bool whole =
                in.raw(date.performance.uuid.bytes) && in.i64(starts_at) && in.u16(offset);
            date.starts_at = Time(Duration(starts_at));
            date.utc_offset = std::chrono::minutes(static_cast<std::int16_t>(offset));
            return whole;
        });
        for (std::int64_t left = number(); good_ && left > 0; --left) {
            date.seats.push_back(before_ = seat());
        }
        return date;
    }

    std::string_view rest_;
    TicketSeat before_{};
    bool good_ = true;
};

}  // namespace

TicketKey::~TicketKey() { OPENSSL_cleanse(secret.data(), secret.size()); }

Result<void> check(const std::vector<TicketKey>& keys) { return check_keys(keys, "ticket keys"); }

struct TicketKeys::Impl {
    struct Entry {
        std::uint32_t id = 0;
        Ed25519Key key;
    };
    std::vector<Entry> entries;
};

TicketKeys::TicketKeys(const std::vector<TicketKey>& keys) {
    if (auto valid = check(keys); !valid) throw std::invalid_argument(valid.error().detail);
    auto impl = std::make_shared<Impl>();
    for (const TicketKey& key : keys) impl->entries.push_back({key.id, Ed25519Key(key.secret)});
    impl_ = std::move(impl);
}

std::vector<TicketPublicKey> TicketKeys::public_keys() const {
    std::vector<TicketPublicKey> keys;
    for (const auto& [id, key] : impl_->entries) keys.push_back({id, key.public_key()});
    return keys;
}

std::string sign_ticket(const TicketKeys& keys, const Ticket& ticket) {
    const auto& [key_id, key] = keys.impl_->entries.front();
    std::string bytes;
    ByteWriter(bytes)
        .u8(ticket_version)
        .u8(ticket_purpose)
        .u32(key_id)
        .raw(ticket.payment.uuid.bytes)
        .raw(ticket.concert.uuid.bytes)
        .i64(ticket.issued_at.time_since_epoch().count());
    put_varint(bytes, ticket.dates.size());
    TicketSeat before;
    for (const TicketDate& date : ticket.dates) put_date(bytes, date, before);
    ByteWriter(bytes).raw(key.sign(signed_message(bytes)));
    return encode_base64url(bytes);
}

CheckedTicket verify_ticket(std::span<const TicketPublicKey> keys, std::string_view text) {
    const auto bytes = decode_base64url(text);
    if (!bytes || bytes->size() < head_size + signature_size) return {};
    const std::string_view signed_part =
        std::string_view(*bytes).substr(0, bytes->size() - signature_size);
    ByteReader in(signed_part);
    std::uint8_t version = 0;
    std::uint8_t purpose = 0;
    CheckedTicket checked;
    const bool has_head = in.u8(version) && in.u8(purpose) && in.u32(checked.key_id);
    CONCERTRES_ASSERT(has_head);
    if (version != ticket_version || purpose != ticket_purpose) {
        return {.verdict = TicketVerdict::foreign};
    }
    const auto key = std::ranges::find(keys, checked.key_id, &TicketPublicKey::id);
    checked.verdict = TicketVerdict::unknown_key;
    if (key == keys.end()) return checked;
    const auto* const signature = reinterpret_cast<const std::uint8_t*>(bytes->data()) +
                                  static_cast<std::ptrdiff_t>(signed_part.size());
    checked.verdict = TicketVerdict::altered;
    if (!verify_ed25519(key->bytes, signed_message(signed_part), {signature, signature_size})) {
        return checked;
    }
    // Signed, but not with such a content: by whoever has the key for something else.
    auto ticket = TicketReader(in.rest()).read();
    if (!ticket) return {.verdict = TicketVerdict::foreign};
    checked.verdict = TicketVerdict::good;
    checked.ticket = std::move(*ticket);
    return checked;
}

}  // namespace concertres

#include "engine/tickets.hpp"

#include <algorithm>
#include <string_view>

#include "base/ed25519.hpp"
#include "base/hmac.hpp"
#include "base/sha256.hpp"

namespace concertres {

namespace {

constexpr std::string_view key_purpose = "concertres ticket key";

std::uint32_t id_of(const Ed25519Key::PublicKey& key) {
    const auto digest = sha256(key);
    return std::uint32_t{digest[0]} << 24 | std::uint32_t{digest[1]} << 16 |
           std::uint32_t{digest[2]} << 8 | std::uint32_t{digest[3]};
}

TicketDate& date_of(Ticket& ticket, const CatalogPerformance& at) {
    const auto found = std::ranges::find(ticket.dates, at.performance.id, &TicketDate::performance);
    if (found != ticket.dates.end()) return *found;
    return ticket.dates.emplace_back(TicketDate{.performance = at.performance.id,
                                                .starts_at = at.performance.starts_at,
                                                .utc_offset = at.performance.utc_offset});
}

}  // namespace

std::vector<TicketKey> own_ticket_keys(const StoreSecrets& secrets) {
    std::vector<TicketKey> keys;
    for (const TokenKey& token : secrets.tokens) {
        TicketKey key{.secret = HmacSha256(token.secret)(key_purpose)};
        key.id = id_of(Ed25519Key(key.secret).public_key());
        keys.push_back(key);
    }
    return keys;
}

Result<SignedTicket> issue_ticket(const Catalog& catalog, const TicketKeys& keys,
                                  const PaymentView& payment) {
    if (payment.status == PaymentStatus::authorizing) {
        return Error{Errc::payment_pending, "the payment is on its way; it has no ticket yet", {}};
    }
    if (payment.status == PaymentStatus::failed) {
        return Error{Errc::unknown_payment, "the payment failed; it has no ticket", {}};
    }
    if (payment.status != PaymentStatus::completed) {
        return Error{Errc::reservation_refunded, "the payment was refunded; it has no ticket", {}};
    }
    SignedTicket issued;
    issued.ticket = {
        .payment = payment.id, .concert = payment.concert, .issued_at = payment.paid_at};
    for (const PaidSeat& paid : payment.seats) {
        const CatalogPerformance* at = catalog.find(paid.performance);
        if (at == nullptr) {
            return Error{Errc::unknown_performance, "there is no such performance", {}};
        }
        date_of(issued.ticket, *at)
            .seats.push_back({.number = paid.seat.number,
                              .section = paid.seat.section,
                              .label = paid.seat.label});
    }
    issued.text = sign_ticket(keys, issued.ticket);
    issued.key_id = keys.public_keys().front().id;
    return issued;
}

}  // namespace concertres

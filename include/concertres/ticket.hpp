// A Ticket is what a buyer shows at the door: seats of one payment, signed with Ed25519, so that
// whoever has the public keys can check it without asking anybody. It is text for a QR code.
//
//   TicketKeys keys({{.id = 2, .secret = fresh}, {.id = 1, .secret = previous}});
//   std::string text = sign_ticket(keys, ticket);
//   CheckedTicket checked = verify_ticket(keys.public_keys(), text);
//   if (checked.verdict == TicketVerdict::good) let_in(checked.ticket.dates);
//
// A copy verifies as the original does, and a refund changes nothing of a text that was handed out:
// the door keeps a list of payments that went through, and asks the box office where it matters.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/ids.hpp"
#include "concertres/result.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct TicketSeat {
    SeatNumber number = 0;
    std::string section{};
    std::string label{};

    friend bool operator==(const TicketSeat&, const TicketSeat&) = default;
};

// The seats of one performance.
struct TicketDate {
    PerformanceId performance{};
    Time starts_at{};
    std::chrono::minutes utc_offset{0};
    std::vector<TicketSeat> seats{};

    friend bool operator==(const TicketDate&, const TicketDate&) = default;
};

struct Ticket {
    PaymentId payment{};
    ConcertId concert{};
    // When it was paid for: as long as one key signs, a payment has one ticket, however often it is
    // asked for.
    Time issued_at{};
    std::vector<TicketDate> dates{};

    friend bool operator==(const Ticket&, const Ticket&) = default;
};

// The seed of an Ed25519 key: any 32 random bytes. Overwrites its secret when it ends.
struct TicketKey {
    std::uint32_t id = 0;
    std::array<std::uint8_t, 32> secret{};

    ~TicketKey();
};

// What the door needs of a key. No secret.
struct TicketPublicKey {
    std::uint32_t id = 0;
    std::array<std::uint8_t, 32> bytes{};

    friend bool operator==(const TicketPublicKey&, const TicketPublicKey&) = default;
};

// Refuses: request_invalid (there is none; two have one id; a secret is all zeros).
[[nodiscard]] Result<void> check(const std::vector<TicketKey>& keys);

// The keys of a deployment: the first signs, and the public halves of all are told to the doors. To
// rotate, add the new key as the last, have the doors take the public keys anew, and then move it
// to the front. The old one stays as long as tickets that it signed are to be good.
// Threads: const calls from any, at once. Copies share the same keys and cost a pointer.
class TicketKeys {
  public:
    // Throws std::invalid_argument, with the detail, for keys that check() refuses.
    explicit TicketKeys(const std::vector<TicketKey>& keys);

    // The first is that of the key that signs.
    [[nodiscard]] std::vector<TicketPublicKey> public_keys() const;

  private:
    friend std::string sign_ticket(const TicketKeys& keys, const Ticket& ticket);
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

[[nodiscard]] std::string sign_ticket(const TicketKeys& keys, const Ticket& ticket);

// A ticket with its text, as a box office makes it.
struct SignedTicket {
    std::string text{};
    std::uint32_t key_id = 0;
    Ticket ticket{};
};

enum class TicketVerdict : std::uint8_t {
    good,
    malformed,    // no text that a ticket can have: letters are wrong or missing
    foreign,      // well formed, but not of this kind or version: a token, a code of somebody else
    unknown_key,  // signed, it says, by a key that is not among these
    altered,      // not what the key of that id has signed
};

struct CheckedTicket {
    TicketVerdict verdict = TicketVerdict::malformed;
    std::uint32_t key_id = 0;  // of good, unknown_key and altered
    Ticket ticket{};           // of a good one: what was signed
};

[[nodiscard]] CheckedTicket verify_ticket(std::span<const TicketPublicKey> keys,
                                          std::string_view text);

}  // namespace concertres

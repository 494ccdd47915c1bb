// Secrets come from files that nobody else can read, never from flags or the environment, which
// every process of the machine may see. Messages name the file and the line, never what is in it.
//
//   Result<std::string> key = read_secret_file("/etc/concertres/admin-key");
//   Result<std::vector<TokenKey>> keys = read_token_keys("/etc/concertres/token-keys");
//   Result<std::vector<TicketKey>> seeds = read_ticket_keys("/etc/concertres/ticket-keys");
//   Result<std::vector<std::string>> hooks = read_webhook_secrets("/etc/concertres/webhook");
//
// Threads: any.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/result.hpp"
#include "concertres/ticket.hpp"
#include "concertres/token.hpp"

namespace concertres::server {

// Shorter than this, a key could be found by trying.
inline constexpr std::size_t secret_bytes_min = 16;
inline constexpr std::size_t secret_bytes_max = 512;

// The first line without the blanks around it.
// Refuses: request_invalid: a file that cannot be read, that others may read, that is too large; a
// key that is empty, too short or too long, or has characters that a header cannot carry.
[[nodiscard]] Result<std::string> read_secret_file(const std::filesystem::path& path);

// One key a line, `ID:KEY`: a number, and 32 bytes in base64url without padding. The first signs.
// Lines that are empty or begin with # say nothing.
// Refuses: request_invalid, as above, and with all lines that are wrong.
[[nodiscard]] Result<std::vector<TokenKey>> read_token_keys(const std::filesystem::path& path);
// The same of a text; `name` is what messages call it.
[[nodiscard]] Result<std::vector<TokenKey>> parse_token_keys(std::string_view text,
                                                             std::string_view name);

// The same form: the 32 bytes are the seed of an Ed25519 key.
[[nodiscard]] Result<std::vector<TicketKey>> read_ticket_keys(const std::filesystem::path& path);

// One a line, as the Standard Webhooks have them: whsec_ and the base64 of 24 to 64 bytes. Refuses
// as above.
[[nodiscard]] Result<std::vector<std::string>> read_webhook_secrets(
    const std::filesystem::path& path);

}  // namespace concertres::server

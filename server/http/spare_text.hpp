// Texts that have served and serve again: an answer's fields and body are written into one, and the
// connection gives it back once the bytes are in its outbox. So an answer costs no allocation.
//
//   std::string body = take_spare_text();
//   ...
//   give_spare_text(std::move(body));
//
// Whoever does not give one back loses only that.
// Threads: any; each has its own.
#pragma once

#include <string>

namespace concertres::http {

// Empty, with room for a small answer.
[[nodiscard]] std::string take_spare_text();
void give_spare_text(std::string&& text) noexcept;

}  // namespace concertres::http

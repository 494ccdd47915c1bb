// Where a store in PostgreSQL is: a URI as libpq takes it, perhaps with several hosts.
//
//   if (auto fault = store_address_fault("postgres://sale@db.example/tickets")) tell(*fault);
//
// A password has no place in it, as it would stand where other programs see it. What is said of an
// address never repeats it, as there may be a password in what is none.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>

namespace concertres::server {

// What is wrong with it: "must be ..."; nothing where it is good.
[[nodiscard]] std::optional<std::string> store_address_fault(const std::string& text);

}  // namespace concertres::server

// What is printed before and after a sale.
#pragma once

#include <concertres/concertres.hpp>
#include <string>

#include "flags.hpp"
#include "sale.hpp"
#include "screen.hpp"
#include "tally.hpp"

namespace on_sale {

[[nodiscard]] std::string opening(const Style& style, const Sale& sale,
                                  const concertres::ConcertView& concert, const Flags& flags);

struct Outcome {
    concertres::ConcertView concert;
    concertres::Statistics statistics;
    concertres::Duration elapsed{0};
    Tally tally;
};
// Of this start of the program.
[[nodiscard]] std::string summary(const Style& style, Outcome outcome);

[[nodiscard]] std::string verdict(const Style& style, const concertres::AuditReport& report,
                                  concertres::Duration took);

}  // namespace on_sale

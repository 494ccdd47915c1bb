// The audit reads a whole store and checks every invariant that storage can show: that every seat
// is in one state and was sold once, that money adds up, that streams have no gap, that no byte has
// flipped.
//
//   AuditReport report = audit(*open_sqlite("sale.db"));
//   if (!report.clean()) for (const auto& f : report.findings) std::cerr << f.rule << ": " <<
//   f.what << '\n';
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "concertres/money.hpp"
#include "concertres/seat.hpp"
#include "concertres/storage.hpp"

namespace concertres {

struct Finding {
    std::string rule{};  // "S3", "L4", ...: the names of docs/concepts/invariants.md
    std::string what{};
};

struct AuditReport {
    std::vector<Finding> findings{};  // at most 1,000
    std::int64_t findings_total = 0;

    std::int64_t concerts = 0;
    std::int64_t performances = 0;
    std::int64_t places = 0;
    std::int64_t passes = 0;
    std::int64_t reservations = 0;
    std::int64_t payments = 0;
    std::int64_t transfers = 0;
    std::int64_t events = 0;
    SeatCounts seats{};
    Money wallets{};  // what all of them hold together
    Money takings{};  // payments less refunds

    [[nodiscard]] bool clean() const { return findings_total == 0; }
};

// Threads: no box office may be running on the storage meanwhile (BoxOffice::audit runs it there).
[[nodiscard]] AuditReport audit(Storage& storage);

}  // namespace concertres

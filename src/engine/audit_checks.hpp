// The checks that the audit makes once it has been shown everything. Each looks for breaches of the
// rules that docs/concepts/invariants.md names, and none relies on another having passed.
#pragma once

#include "concertres/audit.hpp"
#include "engine/audit_findings.hpp"
#include "engine/audit_replay.hpp"
#include "engine/audit_room_replay.hpp"
#include "engine/audit_rows.hpp"

namespace concertres {

struct Audited {
    AuditRows rows;
    const SeatReplay* seats = nullptr;
    const RoomReplay* rooms = nullptr;
    Time now{};
};

void check_seats(const Audited& audited, Findings& findings);       // S1 S3 S5 S7 L6 P2 O1 D2
void check_limits(const Audited& audited, Findings& findings);      // S8 D2
void check_allotments(const Audited& audited, Findings& findings);  // S9
void check_ledger(const Audited& audited, Findings& findings);      // L1 L2 L3 L4 L6 P2 O1
void check_payments(const Audited& audited, Findings& findings);    // P1 P2 P3 O1
void check_lines(const Audited& audited, Findings& findings);       // Q1 Q4 C1
void check_draws(const Audited& audited, Findings& findings);       // Q7
void check_passes(const Audited& audited, Findings& findings);      // Q2 Q3 S6 P1 O1 C1
void check_policies(const Audited& audited, Findings& findings);    // Q2
void check_names(const Audited& audited, Findings& findings);       // I1 D2 C1

}  // namespace concertres

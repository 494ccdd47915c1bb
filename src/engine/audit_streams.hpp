// Numbers and times within each stream of events, and within the transfers of each wallet.
#pragma once

#include <cstdint>
#include <limits>

#include "engine/audit_findings.hpp"
#include "engine/audit_rows.hpp"

namespace concertres {

// How far a stream has been followed.
struct Followed {
    std::int64_t last = 0;  // number
    Time at{Duration::min()};

    // Whether `number` is the next after all that was shown.
    [[nodiscard]] bool is_next(std::int64_t number) const {
        return last != std::numeric_limits<std::int64_t>::max() && number == last + 1;
    }
};

class StreamChecks {
  public:
    // Lifetime: both outlive it.
    StreamChecks(const AuditRows& rows, Findings& findings, Time now)
        : rows_(&rows), findings_(&findings), now_(now) {}

    void follow(const Event& event, bool intact);
    void follow(const Transfer& transfer, bool intact);
    // Once everything was shown: what the rows say comes next.
    void check_next() const;

  private:
    void follow_stream(const Event& event);
    [[nodiscard]] std::int64_t last_of(StreamKind kind, std::int64_t owner) const;
    [[nodiscard]] bool has_owner(const Stream& stream) const;

    const AuditRows* rows_;
    Findings* findings_;
    Time now_;
    AuditMap<Stream, Followed> streams_;
    AuditMap<UserKey, Followed> wallets_;
};

}  // namespace concertres

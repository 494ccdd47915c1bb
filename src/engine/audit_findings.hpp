// Where the audit's checks put what they find.
//
//   findings.expect(row.amount == told, "P2", "payment {} is of {}, its events say {}", row.id,
//                   row.amount, told);
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "concertres/audit.hpp"
#include "engine/audit_names.hpp"

namespace concertres {

// Counts every finding and keeps the first ones. Of one rule it keeps a part only: one torn table
// can break a rule a million times, and must not hide what else is wrong.
class Findings {
  public:
    static constexpr std::size_t kept_max = 1'000;
    static constexpr std::size_t kept_per_rule_max = 100;

    explicit Findings(AuditReport& report) : report_(&report) {}

    // The text is written only where it is kept: arguments are things that can be formatted, not
    // texts.
    template <class... Args>
    void add(std::string_view rule, fmt::format_string<Args...> text, Args&&... args) {
        if (!count(rule)) return;
        report_->findings.push_back(
            {std::string(rule), fmt::format(text, std::forward<Args>(args)...)});
    }
    // Returns `holds`.
    template <class... Args>
    bool expect(bool holds, std::string_view rule, fmt::format_string<Args...> text,
                Args&&... args) {
        if (!holds) add(rule, text, std::forward<Args>(args)...);
        return holds;
    }

  private:
    // Whether the finding is to be kept.
    bool count(std::string_view rule) {
        ++report_->findings_total;
        auto of_rule = by_rule_.find(rule);
        if (of_rule == by_rule_.end()) of_rule = by_rule_.emplace(rule, 0).first;
        if (of_rule->second == kept_per_rule_max || report_->findings.size() == kept_max) {
            return false;
        }
        ++of_rule->second;
        return true;
    }

    AuditReport* report_;
    std::map<std::string, std::size_t, std::less<>> by_rule_;
};

}  // namespace concertres

// Values by time, in order, and found in one step: rows that were decided together end together, so
// there are few times, each asked for often.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "concertres/assert.hpp"
#include "concertres/time.hpp"

namespace concertres::live {

template <class Value>
class ByTime {
  public:
    [[nodiscard]] Value& find_or_make(Time time) {
        const auto [found, added] = found_.try_emplace(time.time_since_epoch().count());
        // A new time is nearly always the latest.
        if (added) found->second = values_.try_emplace(values_.end(), time);
        return found->second->second;
    }
    // REQUIRES: it is there
    [[nodiscard]] Value& get(Time time) { return entry(time)->second->second; }
    void erase(Time time) {
        const auto found = entry(time);
        values_.erase(found->second);
        found_.erase(found);
    }

    [[nodiscard]] std::optional<Time> first() const {
        if (values_.empty()) return std::nullopt;
        return values_.begin()->first;
    }
    // Pairs of time and value, by time.
    [[nodiscard]] auto begin() { return values_.begin(); }
    [[nodiscard]] auto end() { return values_.end(); }
    [[nodiscard]] auto begin() const { return values_.begin(); }
    [[nodiscard]] auto end() const { return values_.end(); }

  private:
    using Values = std::map<Time, Value>;
    using Found = boost::unordered_flat_map<std::int64_t, typename Values::iterator>;

    [[nodiscard]] typename Found::iterator entry(Time time) {
        const auto found = found_.find(time.time_since_epoch().count());
        CONCERTRES_ASSERT(found != found_.end());
        return found;
    }

    Values values_;
    Found found_;
};

}  // namespace concertres::live

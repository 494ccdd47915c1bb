// What the other instances have to read anew after a group: the keys of what it changed, as far as
// anybody keeps it in memory, and its events. It stands beside the group, in `commit_group`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/storage.hpp"

namespace concertres::postgres {

// The events of one stream that one group appended.
struct EventRange {
    Stream stream{};
    std::int64_t first = 0;
    std::int64_t last = 0;
};

struct Changed {
    std::vector<ConcertKey> concerts{};  // that were added
    RowKeys rows{};                      // of those tables that are followed
    std::vector<EventRange> events{};
    std::vector<News::Heard> heard{};

    void add(const ChangeSet& changes);
    // Each key once, in order; the ranges of one stream as one.
    void settle();
};

// Never empty.
[[nodiscard]] std::string encode(const Changed& changed);
// Adds what encode() wrote. False: it is something else.
[[nodiscard]] bool decode(std::string_view bytes, Changed& changed);

}  // namespace concertres::postgres

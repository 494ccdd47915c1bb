// A room's closed loop: what it remembers between ticks, how it judges what it sees, and its steps.
// concertres/catalog.hpp has the settings, docs/concepts/queue.md the reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "concertres/admission.hpp"
#include "concertres/catalog.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct LoopState {
    std::int64_t limit = 0;
    Time moved_at{};
};

// Stored with the room: the tag 'L', then limit and time, 8 bytes each. Nothing: not of that form.
[[nodiscard]] std::string write_loop(const LoopState& state);
[[nodiscard]] std::optional<LoopState> read_loop(std::string_view bytes);

// Where the loop stands: as it was stored, within its present bounds; or, with nothing stored, at
// its beginning.
[[nodiscard]] LoopState loop_at(const ClosedLoop& loop, std::string_view bytes,
                                std::int64_t admitted, Time now);

enum class Bearing : std::uint8_t { good, bad, unknown };
// Bad where one of what is watched is; good where all are known, and none is bad.
[[nodiscard]] Bearing judge(const ClosedLoop& loop, const RoomSnapshot& room);

// How many more may be let in. A step down counts at once.
[[nodiscard]] std::int64_t loop_quota(const ClosedLoop& loop, const RoomSnapshot& room,
                                      std::string_view bytes, Time now);
// The bytes after a tick that let in `admitted`. They change only with a step, so that a room which
// has settled writes nothing.
[[nodiscard]] std::string loop_observed(const ClosedLoop& loop, const RoomSnapshot& room,
                                        std::string_view bytes, std::int64_t admitted, Time now);

}  // namespace concertres

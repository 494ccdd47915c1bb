#include "domain/closed_loop.hpp"

#include <algorithm>
#include <memory>

#include "base/bytes.hpp"
#include "concertres/assert.hpp"

namespace concertres {
namespace {

// Stored, and never changes.
constexpr char loop_tag = 'L';

Bearing judged(bool is_known, bool is_good) {
    if (!is_known) return Bearing::unknown;
    return is_good ? Bearing::good : Bearing::bad;
}

// A step from `from`, if there is one to take now.
std::int64_t stepped_down(const ClosedLoop& loop, const LoopState& from, const RoomSnapshot& room,
                          Time now) {
    const bool is_due = now - from.moved_at >= loop.every;
    if (!is_due || judge(loop, room) != Bearing::bad) return from.limit;
    // Nobody is sent out, so a step shows only once as many have gone. Another before that would be
    // taken for what the last has mended already.
    if (room.admitted > from.limit) return from.limit;
    // In two parts, so that no limit overflows.
    const std::int64_t cut = from.limit / 100 * loop.cut + from.limit % 100 * loop.cut / 100;
    return std::max(loop.floor, cut);
}

std::int64_t stepped_up(const ClosedLoop& loop, const LoopState& from, const RoomSnapshot& room,
                        std::int64_t admitted, Time now) {
    const bool is_due = now - from.moved_at >= loop.every;
    if (!is_due || judge(loop, room) != Bearing::good) return from.limit;
    // A limit that nobody runs into proves nothing about a higher one.
    if (room.admitted + admitted < from.limit) return from.limit;
    return loop.add >= loop.ceiling - from.limit ? loop.ceiling : from.limit + loop.add;
}

class ByClosedLoop final : public AdmissionPolicy {
  public:
    explicit ByClosedLoop(const ClosedLoop& loop) : loop_(loop) {}

    std::int64_t quota(const RoomSnapshot& room, std::string_view state, Time now) const override {
        return loop_quota(loop_, room, state, now);
    }
    std::string record(std::string_view state, std::int64_t, Time) const override {
        return std::string(state);
    }
    std::string observe(const RoomSnapshot& room, std::string_view state, std::int64_t admitted,
                        Time now) const override {
        return loop_observed(loop_, room, state, admitted, now);
    }

  private:
    ClosedLoop loop_;
};

}  // namespace

std::string write_loop(const LoopState& state) {
    std::string out(1, loop_tag);
    ByteWriter(out).i64(state.limit).i64(state.moved_at.time_since_epoch().count());
    return out;
}

std::optional<LoopState> read_loop(std::string_view bytes) {
    if (bytes.empty() || bytes.front() != loop_tag) return std::nullopt;
    ByteReader in(bytes.substr(1));
    LoopState state;
    std::int64_t moved_at = 0;
    if (!in.i64(state.limit) || !in.i64(moved_at) || !in.at_end()) return std::nullopt;
    state.moved_at = Time(Duration(moved_at));
    return state;
}

LoopState loop_at(const ClosedLoop& loop, std::string_view bytes, std::int64_t admitted, Time now) {
    LoopState state = read_loop(bytes).value_or(LoopState{std::max(loop.floor, admitted), now});
    state.limit = std::clamp(state.limit, loop.floor, loop.ceiling);
    // Store time does not go back; if a host's did, the loop would count from now on.
    state.moved_at = std::clamp(state.moved_at, std::min(Time{}, now), now);
    return state;
}

Bearing judge(const ClosedLoop& loop, const RoomSnapshot& room) {
    bool all_known = true;
    const auto see = [&](Bearing one) {
        all_known = all_known && one != Bearing::unknown;
        return one == Bearing::bad;
    };
    if (loop.load_max &&
        see(judged(room.load.has_value(), room.load.value_or(0) <= *loop.load_max))) {
        return Bearing::bad;
    }
    if (loop.commit_max &&
        see(judged(room.commit_time.has_value(),
                   room.commit_time.value_or(Duration(0)) <= *loop.commit_max))) {
        return Bearing::bad;
    }
    if (loop.seats_per_pass_min && room.admitted > 0 &&
        room.seats_left / room.admitted < *loop.seats_per_pass_min) {
        return Bearing::bad;
    }
    return all_known ? Bearing::good : Bearing::unknown;
}

std::int64_t loop_quota(const ClosedLoop& loop, const RoomSnapshot& room, std::string_view bytes,
                        Time now) {
    const LoopState at = loop_at(loop, bytes, room.admitted, now);
    return std::max<std::int64_t>(0, stepped_down(loop, at, room, now) - room.admitted);
}

std::string loop_observed(const ClosedLoop& loop, const RoomSnapshot& room, std::string_view bytes,
                          std::int64_t admitted, Time now) {
    const LoopState at = loop_at(loop, bytes, room.admitted, now);
    std::int64_t limit = stepped_down(loop, at, room, now);
    if (limit == at.limit) limit = stepped_up(loop, at, room, admitted, now);
    // What was stored may be of earlier bounds, or nothing yet.
    const auto stored = read_loop(bytes);
    if (limit == at.limit && stored && stored->limit == limit) return std::string(bytes);
    return write_loop({limit, limit == at.limit ? at.moved_at : now});
}

std::shared_ptr<const AdmissionPolicy> by_closed_loop(const ClosedLoop& loop) {
    CONCERTRES_ASSERT(loop.floor <= loop.ceiling && loop.every > Duration(0));
    return std::make_shared<ByClosedLoop>(loop);
}

}  // namespace concertres

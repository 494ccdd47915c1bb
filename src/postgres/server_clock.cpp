#include "postgres/server_clock.hpp"

#include <algorithm>

namespace concertres::postgres {
namespace {

// For so long after an instance has begun to believe the clock it learns from the others that they
// do not: they see a jump at the latest when they next ask what was committed.
constexpr Duration learns_for = std::chrono::seconds(2);

}  // namespace

// What others do not believe is taken off.
void ServerClock::trust(const Told& told, const Shared& shared) {
    offset_ = told.server.time_since_epoch() - told.heard - shared.jump;
    jump_ = shared.jump;
    has_seen_jump_ = shared.jump != Duration{};
    confirmations_ = shared.confirmations;
    trusted_at_ = told.heard;
}

// An answer that was long on its way tells little: it is a jump only where no moment between the
// question and the answer explains it.
void ServerClock::tell(const Told& told) {
    const Duration least = told.server.time_since_epoch() - told.heard;
    const Duration most = told.server.time_since_epoch() - told.asked;
    const Duration offset = offset_;
    if (least > offset + move_max) {
        jump_ = least - offset;
    } else if (most < offset - move_max) {
        jump_ = most - offset;
    } else {
        jump_ = Duration{};
        offset_ = std::clamp(offset, least, most);
    }
    if (jump_.load() != Duration{}) has_seen_jump_ = true;
}

std::optional<Duration> ServerClock::tell(const Told& told, const Shared& shared) {
    // Whichever moves were confirmed meanwhile: what is told now is right, less what is in doubt.
    if (shared.confirmations != confirmations_) {
        trust(told, shared);
        return std::nullopt;
    }
    tell(told);
    const Duration jump = jump_;
    if (jump == Duration{}) {
        if (shared.jump == Duration{}) {
            has_seen_jump_ = false;
        } else if (has_seen_jump_) {
            return Duration{};  // it is back
        } else if (told.heard - trusted_at_ < learns_for) {
            trust(told, shared);
        }
        return std::nullopt;
    }
    if (std::chrono::abs(jump - shared.jump) <= move_max) return std::nullopt;
    return jump;
}

}  // namespace concertres::postgres

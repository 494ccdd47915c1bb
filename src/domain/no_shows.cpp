// Whoever is not there when the turn comes: what that does to a place.
#include "concertres/admission.hpp"
#include "concertres/assert.hpp"

namespace concertres {

// A place that its owner gave up was not lost, whatever had been before.
void leave(Place& place) {
    CONCERTRES_ASSERT(place.waits());
    place.status = PlaceStatus::left;
    place.passed_at.reset();
}

bool is_silent(const NoShows& rule, Time heard, Time now) {
    return now - heard > rule.silent_after;
}

void pass_over(Place& place, Time now) {
    CONCERTRES_ASSERT(place.status == PlaceStatus::waiting && !place.passed_at);
    place.status = PlaceStatus::passed;
    place.passed_at = now;
}

bool is_grace_over(const NoShows& rule, const Place& place, Time now) {
    CONCERTRES_ASSERT(place.status == PlaceStatus::passed && place.passed_at);
    return now - *place.passed_at >= rule.grace;
}

void lose(const NoShows& rule, Place& place, Time now) {
    CONCERTRES_ASSERT(is_grace_over(rule, place, now));
    place.status = PlaceStatus::left;
}

}  // namespace concertres

#include "engine/audit_room_replay.hpp"

namespace concertres {

void RoomReplay::apply(const Event& event) {
    const bool is_pass = event.kind == EventKind::pass_admitted ||
                         event.kind == EventKind::pass_expired ||
                         event.kind == EventKind::pass_left;
    if (!is_pass && event.kind != EventKind::sale_changed) return;
    const ConcertKey concert{event.stream.owner};
    rooms_.at(concert, {.concert = concert})
        .steps.push_back({.kind = event.kind, .at = event.at, .number = event.place});
    if (!is_pass) return;

    const PlaceKey key{concert, event.place};
    ReplayedPass& pass = passes_.at(key, {.place = key, .user = event.user});
    findings_->expect(pass.user == event.user, "O1",
                      "event {} of the room of concert {} says that place {} is of user {}, an "
                      "earlier one that it is of user {}",
                      event.number, name(*rows_, concert), event.place, event.user, pass.user);
    if (event.kind == EventKind::pass_admitted) {
        admit(event, pass);
    } else {
        end(event, pass);
    }
}

void RoomReplay::admit(const Event& event, ReplayedPass& pass) {
    if (!findings_->expect(
            !pass.is_admitted, "Q3", "place {} at concert {} was admitted twice, at {} and at {}",
            event.place, name(*rows_, pass.place.concert), At{pass.admitted_at}, At{event.at})) {
        return;
    }
    pass.is_admitted = true;
    pass.admitted_at = event.at;
    pass.expires_at = event.pass_expires_at;
}

void RoomReplay::end(const Event& event, ReplayedPass& pass) {
    findings_->expect(pass.is_admitted, "Q3",
                      "the pass of place {} at concert {} ended at {}, but nobody admitted it",
                      event.place, name(*rows_, pass.place.concert), At{event.at});
    findings_->expect(
        !pass.is_ended, "Q3", "the pass of place {} at concert {} ended twice, at {} and at {}",
        event.place, name(*rows_, pass.place.concert), At{pass.ended_at}, At{event.at});
    pass.is_ended = true;
    pass.end = event.kind;
    pass.ended_at = event.at;
}

}  // namespace concertres

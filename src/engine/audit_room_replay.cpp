#include "engine/audit_room_replay.hpp"

namespace concertres {

void RoomReplay::apply(const Event& event) {
    const bool is_pass = event.kind == EventKind::pass_admitted ||
                         event.kind == EventKind::pass_expired ||
                         event.kind == EventKind::pass_left;
    const ConcertKey concert{event.stream.owner};
    if (event.kind == EventKind::room_drawn) {
        return draw(event, rooms_.at(concert, {.concert = concert}));
    }
    if (!is_pass && event.kind != EventKind::sale_changed) return;
    rooms_.at(concert, {.concert = concert})
        .steps.push_back({.kind = event.kind,
                          .at = event.at,
                          .number = event.place,
                          .by_hand = is_pass && !event.actor.empty()});
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

void RoomReplay::draw(const Event& event, ReplayedRoom& room) {
    const bool is_whole = event.draw && event.draw->line_class >= 0 &&
                          event.draw->line_class < PlaceNumber::classes_max &&
                          event.draw->size >= 0 && event.draw->size <= Draw::size_max;
    if (!findings_->expect(is_whole, "Q7",
                           "event {} of the room of concert {} says that its line was drawn, but "
                           "not how",
                           event.number, name(*rows_, room.concert))) {
        return;
    }
    // All lines are drawn in one commit, each of them once.
    const bool is_again = !room.draws.empty() && (room.draws.front().at != event.at ||
                                                  room.draw_of(event.draw->line_class) != nullptr);
    if (!findings_->expect(!is_again, "Q7",
                           "the line of concert {} was drawn twice, at {} and at {}",
                           name(*rows_, room.concert),
                           At{is_again ? room.draws.front().at : Time{}}, At{event.at})) {
        return;
    }
    room.draws.push_back({.told = *event.draw, .at = event.at, .steps = room.steps.size()});
}

void RoomReplay::admit(const Event& event, ReplayedPass& pass) {
    if (!findings_->expect(
            !pass.is_admitted, "Q3", "place {} at concert {} was admitted twice, at {} and at {}",
            event.place, name(*rows_, pass.place.concert), At{pass.admitted_at}, At{event.at})) {
        return;
    }
    pass.is_admitted = true;
    pass.is_by_hand = !event.actor.empty();
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

#include <utility>

#include "engine/handlers/room.hpp"

namespace concertres {

// --- Admit -------------------------------------------------------------------------------------

void Handler<Admit>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    const ConcertKey concert = concert_->concert.key;
    gather_place(rows);
    line_ = rows.want<RoomLine>(concert);
    lines_.rows.clear();
    const bool is_read = exists(standing_.sale) && exists(line_);
    const bool has_room = is_read && (*standing_.sale)->room;
    seats_.want(rows, *concert_, has_room && (*standing_.sale)->room->waiting_list);
    if (!has_room) return;
    ended_.want(rows, **line_);
    if (is_draw_due(**standing_.sale, rows.now())) lines_.want(rows, **standing_.sale);
}

void Handler<Admit>::gather_place(UnitOfWork& rows) {
    const ConcertKey concert = concert_->concert.key;
    PlaceNumber number = command_.place;
    user_ = nullptr;
    member_ = nullptr;
    latest_ = nullptr;
    if (!command_.user.is_nil()) {
        user_ = rows.want<User>(command_.user);
        if (exists(user_)) member_ = rows.want<Member>({concert, (*user_)->user});
        if (exists(member_)) number = (*member_)->latest;
    }
    // One who is in with another place has that.
    latest_ = exists(member_) ? rows.want<Pass>({concert, (*member_)->latest}) : nullptr;
    const bool is_in = exists(latest_) && (*latest_)->status_at(rows.now()) == PassStatus::admitted;
    if (outside_ != PlaceNumber{} && !is_in) number = outside_;
    standing_.want(rows, concert, number);
}

std::optional<Error> Handler<Admit>::check_command() const {
    const bool names_user = !command_.user.is_nil();
    const bool names_place = command_.place != PlaceNumber{};
    if (names_user == names_place) {
        return Error{Errc::request_invalid, "name a user or a place, one of the two", {}};
    }
    if (command_.actor.empty()) {
        return Error{Errc::request_invalid,
                     "actor: must not be empty: the event of the admission tells who made it",
                     {}};
    }
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    return std::nullopt;
}

Result<Standing> Handler<Admit>::find_place(const UnitOfWork& rows) const {
    Standing standing = standing_.standing();
    if (outside_ != PlaceNumber{} && !standing.place && !standing.pass) {
        standing.place =
            place_outside(concert_->concert.key, outside_, {}, command_.user, rows.now());
    }
    if (!standing.place && !standing.pass) {
        return Error{Errc::unknown_user,
                     command_.user.is_nil()
                         ? "nobody has had this place in the concert's waiting room"
                         : "this user has never joined the concert's waiting room",
                     {}};
    }
    const TokenStatus status = status_of(standing, rows.now());
    if (status != TokenStatus::waiting && status != TokenStatus::admitted) {
        const UserKey user = standing.pass ? standing.pass->user : standing.place->user;
        return check_admitted(standing, user, rows.now()).error();
    }
    return standing;
}

Result<PlaceView> Handler<Admit>::decide(UnitOfWork& rows) {
    if (auto refused = check_command()) return std::move(*refused);
    PlaceView view{.concert = command_.concert,
                   .user = command_.user,
                   .status = TokenStatus::admitted,
                   .now = rows.now()};
    if (!(*standing_.sale)->room) return view;
    auto standing = find_place(rows);
    if (!standing) return standing.error();
    view.user = standing->pass ? standing->pass->user_id : standing->place->user_id;
    view.number = standing->pass ? standing->pass->number : standing->place->number;
    if (standing->pass) {
        view.pass_expires_at = standing->pass->expires_at;
        return view;
    }
    if (auto r = let_in(rows, *standing->place); !r) return r.error();
    return view;
}

// All refusals come before the first change: also where the policy says no.
Result<void> Handler<Admit>::let_in(UnitOfWork& rows, Place place) const {
    Sale sale = **standing_.sale;
    const SeatsByClass seats = seats_.by_class(rows, sale);
    const LineClass line_class = place.number.line_class();
    if (auto r = check_admit_by_hand(sale, seats.open_to(line_class), rows.now()); !r) return r;
    std::vector<Event> events;
    // An operator who comes before the tick does not come before the draw.
    std::vector<Line> lines = lines_.lines();
    if (is_draw_due(sale, rows.now())) hold_draw(sale, lines, rows.now(), events);
    const std::int64_t admitted = (*line_)->admitted - ended_.count(rows.now());
    const auto seeking = Handler<Tick>::seeking_of(rows, sale, admitted);
    const RoomSnapshot room = Handler<Tick>::snapshot_of(rows, sale, seats, admitted, seeking, 1);
    if (!Handler<Tick>::turns_for_seats(sale, seats, seeking).has_any(line_class)) {
        return full_room(sale, room);
    }
    const auto whom_asked_for = [](std::int64_t quota) { return quota; };
    if (Handler<Tick>::consult(rows, sale, room, whom_asked_for).value_or(0) == 0) {
        return full_room(sale, room);
    }

    if (outside_ != PlaceNumber{}) put_outsider(rows, user_, place);
    ended_.expire(rows, sale, events);
    const PassTerms terms{.ttl = sale.room->pass_ttl.value_or(rows.options().pass_ttl),
                          .max = rows.options().pass_max};
    Pass pass = admit(sale, place, terms, rows.now(), events, command_.actor);
    rows.put(std::move(place));
    rows.put(std::move(pass));
    rows.put(std::move(sale));
    lines_.put_changed(rows, lines);
    rows.append(events);
    // What it read of the line is past now, for whoever lets in somebody in this group.
    rows.forget<RoomLine>(concert_->concert.key);
    return {};
}

}  // namespace concertres

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "concertres/token.hpp"
#include "engine/handlers/room.hpp"

namespace concertres {

void finish(PlaceView& view, const Board& board) {
    const CatalogConcert* concert = board.catalog().find(view.concert);
    CONCERTRES_ASSERT(concert != nullptr);
    board.fill(*concert, view.number, view.now, view);
}

// --- Join --------------------------------------------------------------------------------------

Error unknown_class(const RoomPolicy& room, std::string_view name) {
    std::string names;
    for (const RoomClass& each : classes_of(room)) {
        if (!names.empty()) names += ", ";
        names += each.name;
    }
    return {Errc::request_invalid,
            fmt::format("class: this waiting room has no \"{}\"; it has {}", name, names),
            {}};
}

void Handler<Join>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    const ConcertKey concert = concert_->concert.key;
    sale_ = rows.want<Sale>(concert);
    if (!exists(sale_) || !(*sale_)->room) return;
    user_ = rows.want<User>(command_.user);
    lines_.want(rows, **sale_);
    member_ = nullptr;
    latest_ = {};
    if (exists(user_)) {
        member_ = rows.want<Member>({concert, (*user_)->user});
        if (exists(member_)) latest_.want(rows, concert, (*member_)->latest);
    }
    seats_.want(rows, *concert_, false);
}

Result<PlaceView> Handler<Join>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    if (!(*sale_)->room) {
        return PlaceView{.concert = command_.concert,
                         .user = command_.user,
                         .status = TokenStatus::admitted,
                         .now = rows.now()};
    }
    const RoomPolicy& room = *(*sale_)->room;
    const auto line_class = class_named(room, command_.line_class);
    if (!line_class) return unknown_class(room, command_.line_class);
    return join_line(rows, *line_class);
}

Result<PlaceView> Handler<Join>::join_line(UnitOfWork& rows, LineClass line_class) {
    // All of it happens to copies, and is put back only once nothing refuses any more.
    std::vector<Line> lines = lines_.lines();
    // Where there is a line outside no room's begins here; the desk had not heard of this one yet.
    const bool begins = rows.options().line && may_leave_storage(**sale_, lines);
    if (begins || closed_until(lines)) return line_outside(rows.options());
    std::optional<Sale> drawing;
    std::vector<Event> events;
    // Who comes once the sale has opened stands behind those who are drawn.
    if (is_draw_due(**sale_, rows.now())) {
        drawing = **sale_;
        hold_draw(*drawing, lines, rows.now(), events);
    }
    JoinRows in;
    const auto line = std::ranges::find(lines, line_class, &Line::line_class);
    in.line = line == lines.end() ? new_line(lines.front(), line_class) : *line;
    if (member_ != nullptr) in.member = *member_;
    if (exists(member_)) in.latest = latest_.standing();
    const JoinFacts facts{
        .user = rows.user_key(user_),
        .user_id = command_.user,
        .concert = concert_->concert.key,
        .state = state_of(**sale_, seats_.by_class(rows, **sale_).open_to(line_class), rows.now()),
        .again = command_.again,
        .waiting_list = (*sale_)->room->waiting_list,
        .waiting = rows.board().waiting(concert_->concert.key),
        .waiting_max = rows.options().waiting_max,
        .now = rows.now()};
    auto joined = join(in, facts);
    if (!joined) return joined.error();
    PlaceView view{.concert = command_.concert,
                   .user = command_.user,
                   .number = *joined,
                   .made = in.made.has_value(),
                   .now = rows.now()};
    if (!in.made) {
        view.status = status_of(in.latest, rows.now());
        if (in.latest.pass) view.pass_expires_at = in.latest.pass->expires_at;
        return view;
    }
    if (!*user_) rows.put(User{command_.user, facts.user});
    if (drawing) rows.put(std::move(*drawing));
    lines_.put_changed(rows, lines);
    rows.append(events);
    rows.put(in.line);
    rows.put(*in.member);
    rows.put(*in.made);
    return view;
}

// --- Leave -------------------------------------------------------------------------------------

void Handler<Leave>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    user_ = rows.want<User>(command_.user);
    standing_.want(rows, concert_->concert.key, command_.place);
    member_ = nullptr;
    if (exists(user_)) {
        member_ = rows.want<Member>({concert_->concert.key, (*user_)->user});
        in_concert_ = rows.want<Limit>({(*user_)->user, concert_->concert.key.value});
    }
    // An admitted place has both rows, and leaving writes the pass alone.
    gather_holds(rows);
}

void Handler<Leave>::gather_holds(UnitOfWork& rows) {
    std::vector<ReservationKey> keys;
    if (!exists(standing_.sale)) return;
    if ((*standing_.sale)->room) {
        if (exists(standing_.pass)) keys = (*standing_.pass)->held;
    } else if (exists(in_concert_)) {
        for (const LimitEntry& entry : (*in_concert_)->held) keys.push_back(entry.reservation);
    }
    holds_.clear();
    touched_ = {};
    for (const ReservationKey key : keys) {
        holds_.emplace_back().want(rows, key);
        if (exists(holds_.back().reservation)) {
            touched_.want(rows, **holds_.back().reservation);
        }
    }
}

Result<PlaceView> Handler<Leave>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    PlaceView view{.concert = command_.concert,
                   .user = command_.user,
                   .number = command_.place,
                   .now = rows.now()};
    Standing standing = standing_.standing();
    if (!standing.has_room) {
        release_holds(rows);
        view.status = TokenStatus::admitted;
        return view;
    }
    const UserKey user = exists(user_) ? (*user_)->user : UserKey{};
    if (stands_outside_ && !standing.pass && !standing.place) {
        leave_outside(rows);
        view.status = TokenStatus::left;
        return view;
    }
    const bool own = (standing.pass && standing.pass->user == user) ||
                     (standing.place && standing.place->user == user);
    if (!own) return refuse_stranger(rows.board(), rows.options(), concert_->concert.key);

    view.status = status_of(standing, rows.now());
    view.latest = (*member_)->latest == command_.place;
    if (standing.pass) view.pass_expires_at = standing.pass->expires_at;
    if (view.status == TokenStatus::waiting) {
        concertres::leave(*standing.place);
        rows.put(*standing.place);
        view.status = TokenStatus::left;
    } else if (view.status == TokenStatus::admitted) {
        release_holds(rows);
        Sale sale = **standing_.sale;
        std::vector<Event> events;
        give_back(sale, *standing.pass, rows.now(), events);
        rows.put(std::move(sale));
        rows.put(std::move(*standing.pass));
        rows.append(events);
        view.status = TokenStatus::left;
    }
    return view;
}

// The row keeps whoever looked at the line before from letting it in.
void Handler<Leave>::leave_outside(UnitOfWork& rows) const {
    Place place =
        place_outside(concert_->concert.key, command_.place, {}, command_.user, rows.now());
    put_outsider(rows, user_, place);
    concertres::leave(place);
    rows.put(std::move(place));
}

void Handler<Leave>::release_holds(UnitOfWork& rows) const {
    auto performances = touched_.performance_states();
    auto limits = touched_.user_limits();
    std::vector<Event> events;
    bool any = false;
    for (const ReservationRows& row : holds_) {
        if (!check_held(**row.reservation, rows.now())) continue;
        any = true;
        EndRows in;
        in.held = row.held();
        PerformanceState& performance = performances.at(in.held.reservation.performance);
        in.performance = performance;
        release(in, {}, rows.now());
        performance = in.performance;
        for (auto& [key, limit] : limits) limit.drop(in.held.reservation.row, rows.now());
        put(rows, in.held);
        rows.append(in.events);
    }
    if (!any) return;
    put_all(rows, performances);
    put_all(rows, limits);
}

}  // namespace concertres

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

void Handler<Join>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    const ConcertKey concert = concert_->concert.key;
    sale_ = rows.want<Sale>(concert);
    if (!exists(sale_) || !(*sale_)->room) return;
    user_ = rows.want<User>(command_.user);
    line_ = rows.want<Line>(concert);
    member_ = nullptr;
    latest_ = {};
    if (exists(user_)) {
        member_ = rows.want<Member>({concert, (*user_)->user});
        if (exists(member_)) latest_.want(rows, concert, (*member_)->latest);
    }
    to_come_.clear();
    for (const CatalogPerformance& entry : concert_->performances) {
        if (entry.performance.starts_at <= rows.now()) continue;
        to_come_.push_back(rows.want<PerformanceState>(entry.performance.key));
    }
}

Result<PlaceView> Handler<Join>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    PlaceView view{.concert = command_.concert, .user = command_.user, .now = rows.now()};
    if (!(*sale_)->room) {
        view.status = TokenStatus::admitted;
        return view;
    }
    SeatCounts counts;
    for (const auto state : to_come_) {
        counts.free += (*state)->counts.free;
        counts.held += (*state)->counts.held;
        counts.sold += (*state)->counts.sold;
        counts.blocked += (*state)->counts.blocked;
    }
    JoinRows in;
    in.line = **line_;
    if (member_ != nullptr) in.member = *member_;
    if (exists(member_)) in.latest = latest_.standing();
    const JoinFacts facts{.user = rows.user_key(user_),
                          .user_id = command_.user,
                          .concert = concert_->concert.key,
                          .state = state_of(**sale_, counts, rows.now()),
                          .again = command_.again,
                          .waiting = rows.board().waiting(concert_->concert.key),
                          .waiting_max = rows.options().waiting_max,
                          .now = rows.now()};
    auto joined = join(in, facts);
    if (!joined) return joined.error();
    view.number = *joined;
    if (!in.made) {
        view.status = status_of(in.latest, rows.now());
        if (in.latest.pass) view.pass_expires_at = in.latest.pass->expires_at;
        return view;
    }
    view.made = true;
    draw_before(rows);
    if (!*user_) rows.put(User{command_.user, facts.user});
    rows.put(in.line);
    rows.put(*in.member);
    rows.put(*in.made);
    return view;
}

// Who comes once the sale has opened stands behind those who are drawn.
void Handler<Join>::draw_before(UnitOfWork& rows) const {
    if (!is_draw_due(**sale_, rows.now())) return;
    Sale sale = **sale_;
    std::vector<Event> events;
    hold_draw(sale, **line_, rows.now(), events);
    rows.put(std::move(sale));
    rows.append(events);
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
    const bool own = (standing.pass && standing.pass->user == user) ||
                     (standing.place && standing.place->user == user);
    if (!own) return token_refusal();

    view.status = status_of(standing, rows.now());
    view.latest = exists(member_) && (*member_)->latest == command_.place;
    if (standing.pass) view.pass_expires_at = standing.pass->expires_at;
    if (view.status == TokenStatus::waiting) {
        standing.place->status = PlaceStatus::left;
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

#include "engine/handlers/outside.hpp"

#include <algorithm>

namespace concertres {

// --- RaiseEpoch --------------------------------------------------------------------------------

void Handler<RaiseEpoch>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    sale_ = rows.want<Sale>(concert_->concert.key);
    lines_.rows.clear();
    if (exists(sale_) && (*sale_)->room) lines_.want(rows, **sale_);
}

std::optional<Time> Handler<RaiseEpoch>::closes_until(const UnitOfWork& rows,
                                                      const Line& first) const {
    const Time back = rows.now() + rows.options().line_rebuild;
    switch (command_.why) {
        case RaiseEpoch::Why::joined:
            return Time{};  // nobody has a number to come back to
        case RaiseEpoch::Why::lost:
            return back;
        case RaiseEpoch::Why::unreached:
            break;
    }
    // Once for the many who could not come back just now.
    const bool is_due = *first.closed_until > rows.now() &&
                        back - *first.closed_until > rows.options().line_rebuild / 8;
    return is_due ? std::optional(back) : std::nullopt;
}

Result<std::optional<Board::Outside>> Handler<RaiseEpoch>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    if (!(*sale_)->room) return std::optional<Board::Outside>{};
    std::vector<Line> lines = lines_.lines();
    const bool is_first = command_.why == RaiseEpoch::Why::joined;
    if (!concertres::closed_until(lines) && !(is_first && may_leave_storage(**sale_, lines))) {
        return std::optional<Board::Outside>{};
    }
    Line& first = lines.front();
    const bool is_raised =
        concertres::closed_until(lines) && (is_first || first.epoch != command_.from);
    const auto until = is_raised ? std::nullopt : closes_until(rows, first);
    if (until) {
        if (command_.why == RaiseEpoch::Why::unreached) {
            first.closed_until = until;
        } else if (auto r = raise_epoch(lines, command_.above, *until); !r) {
            return r.error();
        }
        lines_.put_changed(rows, lines);
    }
    return std::optional(Board::Outside{first.epoch, *first.closed_until});
}

// --- ReserveNumbers ----------------------------------------------------------------------------

void Handler<ReserveNumbers>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    first_ = rows.want<Line>({concert_->concert.key, 0});
    line_ = rows.want<Line>({concert_->concert.key, command_.line_class});
}

Result<std::optional<LineBlock>> Handler<ReserveNumbers>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    if (!(*first_)->closed_until || (*first_)->epoch != command_.epoch) {
        return std::optional<LineBlock>{};
    }
    Line line = exists(line_) ? **line_ : new_line(**first_, command_.line_class);
    const auto first = reserve_numbers(line, ReserveNumbers::count);
    if (!first) return first.error();
    rows.put(line);
    return std::optional(
        LineBlock{command_.line_class, *first, *first + ReserveNumbers::count - 1});
}

// --- LetIn -------------------------------------------------------------------------------------

Result<LetIn::Answer> Handler<LetIn>::decide(UnitOfWork& rows) {
    const auto admitted = tick_.decide(rows);
    if (!admitted) return admitted.error();
    return LetIn::Answer{*admitted, tick_.over(), tick_.again()};
}

std::size_t Handler<LetIn>::keys() const {
    std::size_t newcomers = 0;
    for (const LineHead& head : heads_->classes) newcomers += head.waiting.size();
    return newcomers;
}

// --- FindLatest --------------------------------------------------------------------------------

Result<PlaceNumber> run(const QueryContext& at, const FindLatest& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown(Errc::unknown_concert, "concert", query.concert.uuid);
    Read<User> user = nullptr;
    Read<Member> member = nullptr;
    at.read([&](UnitOfWork& rows) {
        user = rows.want<User>(query.user);
        member = exists(user) ? rows.want<Member>({concert->concert.key, (*user)->user}) : nullptr;
    });
    return exists(member) ? (*member)->latest : PlaceNumber{};
}

}  // namespace concertres

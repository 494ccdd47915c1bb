#include "engine/handlers/outside.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace concertres {

// --- RaiseEpoch --------------------------------------------------------------------------------

void Handler<RaiseEpoch>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    sale_ = rows.want<Sale>(concert_->concert.key);
    lines_.rows.clear();
    if (exists(sale_) && (*sale_)->room) lines_.want(rows, **sale_);
}

namespace {

bool is_unused(std::span<const Line> lines) {
    return std::ranges::all_of(lines, [](const Line& line) { return line.next_sequence == 1; });
}

}  // namespace

Result<void> Handler<RaiseEpoch>::raise(const UnitOfWork& rows, std::vector<Line>& lines) const {
    Line& first = lines.front();
    const Duration rebuild = rows.options().line_rebuild;
    const Time back = rows.now() + rebuild;
    const bool is_lost = command_.why == RaiseEpoch::Why::lost;
    if (command_.why == RaiseEpoch::Why::joined) {
        // Nobody has a number to come back to.
        return first.closed_until ? Result<void>() : raise_epoch(lines, command_.above, Time{});
    }
    if (first.epoch != command_.from) return {};
    const bool is_later = command_.above >= first.epoch;
    if (is_lost && command_.was_unused && !is_unused(lines) && !is_later) return {};
    if (is_lost && (!is_unused(lines) || is_later)) {
        return raise_epoch(lines, command_.above, back);
    }
    // Once for the many who come back in vain; and not where nobody ever had a number.
    const bool is_due = *first.closed_until > Time{} && back - *first.closed_until > rebuild / 8;
    if (is_due) first.closed_until = back;
    return {};
}

Result<RaiseEpoch::Answer> Handler<RaiseEpoch>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    if (!(*sale_)->room) return RaiseEpoch::Answer{};
    std::vector<Line> lines = lines_.lines();
    const bool is_first = command_.why == RaiseEpoch::Why::joined;
    if (!closed_until(lines) && !(is_first && may_leave_storage(**sale_, lines))) {
        return RaiseEpoch::Answer{};
    }
    if (auto r = raise(rows, lines); !r) return r.error();
    lines_.put_changed(rows, lines);
    const Line& first = lines.front();
    return RaiseEpoch::Answer{Board::Outside{first.epoch, *first.closed_until, is_unused(lines)}};
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
    return LetIn::Answer{*admitted, tick_.over(), tick_.turns(), tick_.again()};
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

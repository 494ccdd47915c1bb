#include <algorithm>
#include <exception>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "engine/handlers/room.hpp"

namespace concertres {

// --- Tick --------------------------------------------------------------------------------------

void Handler<Tick>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    const ConcertKey concert = concert_->concert.key;
    sale_ = rows.want<Sale>(concert);
    line_ = rows.want<RoomLine>(concert);
    queues_.clear();
    losing_.clear();
    lines_.rows.clear();
    const bool is_read = exists(line_) && exists(sale_);
    seats_.want(rows, *concert_, is_read && (*sale_)->room && (*sale_)->room->waiting_list);
    if (!is_read) return;
    ended_.want(rows, **line_);
    gather_waiting(rows);
}

void Handler<Tick>::look_who_is_back(const UnitOfWork& rows, const Sale& sale) {
    if (std::exchange(looked_in_, rows.group()) == rows.group()) return;
    back_.clear();
    const auto classes = static_cast<LineClass>(classes_of(*sale.room).size());
    for (LineClass i = 0; i < classes; ++i) {
        back_.push_back(rows.board().back(sale.concert, i, rows.now(), RoomLine::batch));
    }
    overdue_ = rows.board().overdue(sale.concert, rows.now(), RoomLine::batch);
}

void Handler<Tick>::gather_waiting(UnitOfWork& rows) {
    const Sale& sale = **sale_;
    if (!sale.room) return;
    look_who_is_back(rows, sale);
    if (heads_ != nullptr) {
        lines_.want(rows, sale);
        for (std::size_t i = 0; i < heads_->classes.size(); ++i) {
            queues_.push_back(gather_outside(rows, sale, i));
        }
        return;
    }
    for (const PlaceNumber number : overdue_) {
        losing_.push_back(rows.want<Place>({sale.concert, number}));
    }
    const bool is_due = is_draw_due(sale, rows.now());
    if (is_due || (sale.draw && sale.draw->drawn_at)) {
        lines_.want(rows, sale);
        if (!lines_.is_read()) return;
    }
    const auto classes = static_cast<LineClass>(classes_of(*sale.room).size());
    std::vector<std::optional<Drawn>> drawn(static_cast<std::size_t>(classes));
    for (const Line& line : lines_.lines()) {
        drawn[static_cast<std::size_t>(line.line_class)] = is_due ? draw_of(line) : line.drawn;
    }
    for (LineClass i = 0; i < classes; ++i) {
        queues_.push_back(gather_queue(rows, sale, i, drawn[static_cast<std::size_t>(i)]));
    }
}

// Who is next: those of earlier epochs, by their numbers; those who were drawn, by their ranks;
// then the others, by their numbers.
Handler<Tick>::Queue Handler<Tick>::gather_queue(UnitOfWork& rows, const Sale& sale,
                                                 LineClass line_class,
                                                 const std::optional<Drawn>& drawn) const {
    Queue queue;
    const auto is_full = [&] { return queue.line.size() == RoomLine::batch; };
    const auto add = [&](const LineIndex::Standing& at, PlaceNumber number) {
        queue.line.push_back({at, rows.want<Place>({sale.concert, number})});
    };
    const auto& waiting = (*line_)->waiting;
    const auto end = std::ranges::upper_bound(waiting, PlaceNumber::last_of(line_class));
    auto next = std::ranges::lower_bound(waiting, PlaceNumber::of({.line_class = line_class}));
    std::optional<Draw> order;
    const auto by_number = [](PlaceNumber number) {
        return LineIndex::standing_of(number, nullptr, nullptr);
    };
    if (drawn) {
        // Who has a number of an earlier epoch was there before a copy of the store took its place.
        // They are no more than a batch, as all of RoomLine::waiting in a class.
        for (; next != end && next->epoch() < drawn->epoch; ++next) {
            add(by_number(*next), *next);
        }
        queue.first_drawn = queue.line.size();
        order.emplace(sale.draw->seed, *drawn);
        for (std::int64_t rank = drawn->next_rank; rank < drawn->size && !is_full(); ++rank) {
            add({line_class, drawn->epoch, 0, rank},
                PlaceNumber::of({line_class, drawn->epoch, order->sequence_at(rank)}));
        }
        queue.drawn = queue.line.size() - queue.first_drawn;
    }
    for (; next != end && !is_full(); ++next) {
        if (!drawn || !drawn->covers(*next)) add(by_number(*next), *next);
    }
    queue.is_cut = is_full();
    gather_back(rows, queue, line_class, drawn ? &*drawn : nullptr, order ? &*order : nullptr);
    return queue;
}

Handler<Tick>::Queue Handler<Tick>::gather_outside(UnitOfWork& rows, const Sale& sale,
                                                   std::size_t line_class) const {
    const LineHead& head = heads_->classes[line_class];
    Queue queue;
    // Of a class that was not looked at, whoever waits is behind that.
    const std::size_t looked_for = heads_->looked_for.empty() ? 0 : heads_->looked_for[line_class];
    queue.is_cut =
        head.is_cut || (head.waiting.size() == looked_for &&
                        head.class_waiting > static_cast<std::int64_t>(head.waiting.size()));
    for (const LineEntry& entry : head.waiting) {
        Outsider& each = queue.outside.emplace_back();
        each.entry = entry;
        each.place = rows.want<Place>({sale.concert, entry.number});
        each.pass = rows.want<Pass>({sale.concert, entry.number});
        each.user = rows.want<User>(entry.user);
        if (exists(each.user)) {
            each.member = rows.want<Member>({sale.concert, (*each.user)->user});
        }
        if (exists(each.member)) {
            each.latest = rows.want<Pass>({sale.concert, (*each.member)->latest});
        }
        each.standing = place_outside(sale.concert, entry.number, {}, entry.user, rows.now());
    }
    return queue;
}

// Whoever comes back to a line that was lost is let in before those who have not lost their places.
bool Handler<Tick>::is_open_outside(Time now) const {
    const auto lines = lines_.lines();
    const auto until = closed_until(lines);
    return until && *until <= now && lines.front().epoch == heads_->epoch;
}

void Handler<Tick>::gather_back(UnitOfWork& rows, Queue& queue, LineClass line_class,
                                const Drawn* drawn, const Draw* order) const {
    const auto in_class = static_cast<std::size_t>(line_class);
    if (in_class >= back_.size()) return;
    LineIndex::Standing last{};
    for (const PlaceNumber number : back_[in_class]) {
        const auto at = LineIndex::standing_of(number, drawn, order);
        last = std::max(last, at);
        // Of those between it and who was looked at somebody may wait, and is first.
        if (queue.is_cut && at > queue.line.back().at) continue;
        queue.back.push_back({at, rows.want<Place>({(*line_)->concert, number})});
    }
    // A draw that is due has put them in another order.
    std::ranges::sort(queue.back, {}, &Standing::at);
    if (back_[in_class].size() < RoomLine::batch) return;
    // Others may have come back who stand behind these, and ahead of the rest of the line.
    const auto rest = std::ranges::find_if(
        queue.line, [&](const Standing& standing) { return standing.at > last; });
    queue.line.erase(rest, queue.line.end());
    queue.first_drawn = std::min(queue.first_drawn, queue.line.size());
    queue.drawn = std::min(queue.drawn, queue.line.size() - queue.first_drawn);
    queue.is_cut = true;
}

Result<std::int64_t> Handler<Tick>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    again_ = false;
    over_.clear();
    turns_.clear();
    Sale sale = **sale_;
    if (!sale.room) return std::int64_t{0};
    std::vector<Event> events;
    std::vector<Line> lines = lines_.lines();
    if (is_draw_due(sale, rows.now())) hold_draw(sale, lines, rows.now(), events);
    const std::int64_t expired = ended_.expire(rows, sale, events);
    const std::size_t lost = lose_places(rows, sale);
    again_ = ended_.is_full() || lost == RoomLine::batch;
    const auto admitted = admit_waiting(rows, sale, (*line_)->admitted - expired, events);
    if (admitted && heads_ == nullptr) move_cursors(lines);
    if (!(sale == **sale_)) rows.put(std::move(sale));
    lines_.put_changed(rows, lines);
    rows.append(events);
    // What it read of the line is past now, for any later tick of this group.
    rows.forget<RoomLine>(concert_->concert.key);
    return admitted.value_or(0);
}

std::size_t Handler<Tick>::lose_places(UnitOfWork& rows, const Sale& sale) const {
    if (!sale.room->no_shows) return 0;
    std::size_t lost = 0;
    const NoShows& rule = *sale.room->no_shows;
    for (const auto row : losing_) {
        // An operator may have let it in, or its user been heard of in this very moment.
        CONCERTRES_ASSERT(exists(row));
        if ((*row)->status != PlaceStatus::passed) continue;
        // It is kept for the grace from whenever its user was heard of last.
        const Time heard = rows.board().heard((*row)->key()).value_or(rows.now());
        const bool is_due = is_grace_over(rule, **row, rows.now()) &&
                            is_silent(rule, heard, rows.now()) && rows.now() - heard >= rule.grace;
        if (!is_due) continue;
        Place place = **row;
        lose(rule, place, rows.now());
        rows.put(std::move(place));
        ++lost;
    }
    return lost;
}

std::optional<std::int64_t> Handler<Tick>::admit_waiting(UnitOfWork& rows, Sale& sale,
                                                         std::int64_t admitted,
                                                         std::vector<Event>& events) {
    const SeatsByClass seats = seats_.by_class(rows, sale);
    const SaleState state = state_of(sale, seats.total(), rows.now());
    const bool opened = !sale.opens_at || *sale.opens_at <= rows.now();
    if ((state != SaleState::open && state != SaleState::draining) || !opened) {
        return std::nullopt;
    }
    if (heads_ != nullptr && !is_open_outside(rows.now())) return std::nullopt;
    const std::vector<RoomClass> classes = classes_of(*sale.room);
    const Seeking seeking = seeking_of(rows, sale, admitted);
    const SeatTurns seat_turns = turns_for_seats(sale, seats, seeking);
    std::vector<Candidates> next;
    std::vector<ClassDemand> demands;
    std::int64_t people = 0;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        next.push_back(heads_ != nullptr ? candidates_outside(queues_[i], rows.now())
                                         : candidates(rows, sale, queues_[i]));
        const auto there = std::ranges::count_if(next[i], &Next::is_there);
        demands.push_back({classes[i].weight, there, queues_[i].is_cut, seat_turns.own_of(i)});
        people += heads_ != nullptr ? heads_->classes[i].class_waiting
                                    : static_cast<std::int64_t>(next[i].size());
    }
    // Of all classes together no more than a batch, as where there is one.
    constexpr auto batch = static_cast<std::int64_t>(RoomLine::batch);
    const RoomSnapshot room =
        snapshot_of(rows, sale, seats, admitted, seeking, std::min(people, batch));
    if (heads_ != nullptr && heads_->looked_for.empty()) {
        count_turns(rows, sale, room, std::move(demands), seat_turns.common);
        return 0;
    }
    const auto turns = share_turns(rows, sale, room, demands, seat_turns.common);
    if (!turns) return 0;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < next.size(); ++i) {
        const Turns& given = (*turns)[i];
        take_turns(rows, sale, next[i], given, events);
        total += given.admitted;
        // All who were looked at are in, or were passed over, or had left: there may be more
        // behind them.
        const bool is_through = given.admitted == demands[i].waiting &&
                                (given.to_end || next[i].empty() || next[i].back().is_there);
        const bool was_looked_at = heads_ == nullptr || heads_->looked_for[i] > 0;
        again_ = again_ || (demands[i].has_more && is_through && was_looked_at);
    }
    again_ = again_ || total == batch;
    return total;
}

Handler<Tick>::Candidates Handler<Tick>::candidates(const UnitOfWork& rows, const Sale& sale,
                                                    const Queue& queue) const {
    const auto& rule = sale.room->no_shows;
    std::vector<Standing> in_order;
    std::ranges::merge(queue.line, queue.back, std::back_inserter(in_order), {}, &Standing::at,
                       &Standing::at);
    Candidates found;
    for (const auto& [at, row] : in_order) {
        CONCERTRES_ASSERT(exists(row));
        const Place& place = **row;
        if (!place.waits()) continue;
        const bool is_there = !rule || !rows.board().is_silent(place.key(), *rule, rows.now());
        const bool was_passed = place.status == PlaceStatus::passed;
        // One who was passed over stands among the drawn, and once more where it has come back.
        if (was_passed && (!is_there || (!found.empty() && found.back().place == &place))) continue;
        found.push_back({&place, is_there});
    }
    return found;
}

// As if all who wait were there. What the policy and the shares remember stays as it is, or they
// would be asked twice for the same turns; but where there is none the policy has seen the room.
void Handler<Tick>::count_turns(const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
                                std::vector<ClassDemand> demands, std::int64_t common) {
    for (std::size_t i = 0; i < demands.size(); ++i) {
        demands[i].waiting =
            std::min<std::int64_t>(heads_->classes[i].class_waiting, RoomLine::batch);
    }
    Sale seen = sale;
    static_cast<void>(consult(rows, seen, room, [&](std::int64_t quota) {
        turns_ = share_out(quota, demands, sale.share_state, common).admitted;
        return std::int64_t{0};
    }));
    const bool has_none =
        std::ranges::all_of(turns_, [](std::int64_t turns) { return turns == 0; });
    if (has_none) sale = std::move(seen);
}

bool Handler<Tick>::Outsider::is_over(Time now) const {
    if (*place || *pass) return true;
    // A later place of the user's has been in, or has left.
    if (exists(member) && is_superseded(entry.number, (*member)->latest)) return true;
    return exists(latest) && (*latest)->status_at(now) == PassStatus::admitted;
}

Handler<Tick>::Candidates Handler<Tick>::candidates_outside(const Queue& queue, Time now) {
    Candidates found;
    for (const Outsider& each : queue.outside) {
        if (each.is_over(now)) {
            over_.push_back(each.entry);
        } else {
            found.push_back({&each.standing, true, &each});
        }
    }
    return found;
}

std::optional<std::vector<Handler<Tick>::Turns>> Handler<Tick>::share_turns(
    const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
    std::span<const ClassDemand> demands, std::int64_t common) const {
    ClassShares shares;
    std::int64_t turns_left = 0;
    const auto total = consult(rows, sale, room, [&](std::int64_t quota) {
        shares = share_out(quota, demands, sale.share_state, common);
        const std::int64_t taken =
            std::accumulate(shares.admitted.begin(), shares.admitted.end(), std::int64_t{0});
        turns_left = quota - taken;
        return taken;
    });
    if (!total) return std::nullopt;
    sale.share_state = std::move(shares.state);
    for (std::size_t i = 0; i < demands.size(); ++i) {
        common -= std::max<std::int64_t>(0, shares.admitted[i] - demands[i].own_seats);
    }
    std::vector<Turns> turns;
    bool is_cut = false;
    for (std::size_t i = 0; i < demands.size(); ++i) {
        const std::int64_t admitted = shares.admitted[i];
        const bool has_seat = common > 0 || admitted < demands[i].own_seats;
        turns.push_back({admitted, turns_left > 0 && has_seat && admitted == demands[i].waiting});
        is_cut = is_cut || (turns[i].to_end && demands[i].has_more);
    }
    // Where a class must be looked at further first, the turns of the others are yet to come.
    for (std::size_t i = 0; is_cut && i < demands.size(); ++i) {
        turns[i].to_end = turns[i].to_end && demands[i].has_more;
    }
    return turns;
}

void Handler<Tick>::take_turns(UnitOfWork& rows, Sale& sale, const Candidates& candidates,
                               Turns turns, std::vector<Event>& events) {
    const PassTerms terms{.ttl = sale.room->pass_ttl.value_or(rows.options().pass_ttl),
                          .max = rows.options().pass_max};
    for (const Next& next : candidates) {
        if (turns.admitted == 0 && !turns.to_end) return;
        Place place = *next.place;
        if (next.outsider != nullptr) {
            if (turns.admitted == 0) return;
            put_outsider(rows, next.outsider->user, place);
            over_.push_back(next.outsider->entry);
        }
        if (next.is_there) {
            --turns.admitted;
            rows.put(admit(sale, place, terms, rows.now(), events));
        } else {
            pass_over(place, rows.now());
        }
        rows.put(std::move(place));
    }
}

// Over those who are in by now, have left, or were passed over and are found by that.
void Handler<Tick>::move_cursors(std::span<Line> lines) const {
    for (Line& line : lines) {
        const Queue& queue = queues_[static_cast<std::size_t>(line.line_class)];
        for (const Standing& drawn :
             std::span(queue.line).subspan(queue.first_drawn, queue.drawn)) {
            if ((*drawn.place)->status == PlaceStatus::waiting) break;
            ++line.drawn->next_rank;
        }
    }
}

namespace {

// The policy that the room's settings and the host come to; null where the host's is missing.
std::shared_ptr<const AdmissionPolicy> policy_of(const Options& options, const Sale& sale) {
    auto settings = policy_of(*sale.room);
    if (sale.room->custom.empty()) return settings;
    const auto custom = options.policies.find(sale.room->custom);
    if (custom == options.policies.end()) return nullptr;
    return all_of({std::move(settings), custom->second});
}

}  // namespace

// Whoever was let in by this group is not on the board yet: nobody knows of which class, so they
// count as of the first.
Handler<Tick>::Seeking Handler<Tick>::seeking_of(const UnitOfWork& rows, const Sale& sale,
                                                 std::int64_t admitted) {
    if (!sale.room->waiting_list) return {};
    Board::Insiders inside = rows.board().insiders(sale.concert, rows.now());
    inside.seeking.front() += std::max<std::int64_t>(0, admitted - inside.all);
    return inside.seeking;
}

SeatTurns Handler<Tick>::turns_for_seats(const Sale& sale, const SeatsByClass& seats,
                                         const Seeking& seeking) {
    if (!sale.room->waiting_list) return turns_while_any_is_left(seats);
    return a_seat_for_each(seats, std::span(seeking).first(seats.kept.size()));
}

RoomSnapshot Handler<Tick>::snapshot_of(const UnitOfWork& rows, const Sale& sale,
                                        const SeatsByClass& seats, std::int64_t admitted,
                                        const Seeking& seeking, std::int64_t waiting) {
    const SeatCounts counts = seats.total();
    RoomSnapshot room{.admitted = admitted,
                      .waiting = waiting,
                      .seats_left = counts.free + counts.held,
                      .seats_free = counts.free,
                      .seats_sought = seats_sought(seats, seeking),
                      .load = {},
                      .commit_time = {}};
    rows.board().tell_signals(sale.concert, rows.now(), room);
    return room;
}

// A host's policy that is missing, or that throws, admits nobody: an operator sees it in the log,
// and nobody is let in by mistake.
std::optional<std::int64_t> Handler<Tick>::consult(
    const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
    const std::function<std::int64_t(std::int64_t)>& let_in) {
    std::string failure;
    try {
        if (const auto policy = policy_of(rows.options(), sale)) {
            const std::int64_t quota = policy->quota(room, sale.policy_state, rows.now());
            const std::int64_t admitted = let_in(std::clamp<std::int64_t>(quota, 0, room.waiting));
            const std::string recorded = policy->record(sale.policy_state, admitted, rows.now());
            sale.policy_state = policy->observe(room, recorded, admitted, rows.now());
            return admitted;
        }
        failure = "it is not among Options::policies";
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    if (rows.options().log) {
        rows.options().log(LogLevel::error, "room policy '" + sale.room->custom +
                                                "' failed, nobody is admitted: " + failure);
    }
    return std::nullopt;
}

}  // namespace concertres

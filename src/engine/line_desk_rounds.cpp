// Letting in from a line outside: its heads are looked at, the writer lets them in, and whoever is
// in is dropped from the line. Where that is cut short, the next round does the rest.
#include <algorithm>
#include <utility>

#include "engine/line_desk.hpp"

namespace concertres {

namespace {

// How often a round begins anew before the next tick.
constexpr int laps_max = 64;

}  // namespace

struct LineDesk::Round {
    const CatalogConcert* concert = nullptr;
    Board::Outside at{};
    std::shared_ptr<LineHeads> heads{};
    std::size_t classes = 1;
    std::optional<NoShows> rule{};
    bool lets_in = false;  // the sale does just now
    std::vector<Done<Tick>> asked{};
    std::optional<LineFault> fault{};
    std::int64_t admitted = 0;
    std::vector<std::int64_t> turns{};  // of each class, where people have to be there
    int laps = 0;
};

void LineDesk::tick(ConcertKey concert) { begin_round(queries_.catalog->at(concert), {}); }

void LineDesk::ask(Tick command, Done<Tick> done) {
    const CatalogConcert& concert = concert_of(command.concert);
    if (!outside(concert.concert.key)) return this->command(command, std::move(done));
    std::vector<Done<Tick>> asked;
    asked.push_back(std::move(done));
    begin_round(concert, std::move(asked));
}

void LineDesk::begin_round(const CatalogConcert& concert, std::vector<Done<Tick>> asked) {
    const ConcertKey key = concert.concert.key;
    const Board& board = *queries_.board;
    auto round = std::make_shared<Round>();
    {
        Room& at = room(key);
        std::lock_guard lock(at.mutex);
        if (at.round) {
            std::ranges::move(asked, std::back_inserter(at.next_round));
            return;
        }
        at.round = round;
    }
    round->concert = &concert;
    round->asked = std::move(asked);
    round->at = outside(key).value();
    round->heads = std::make_shared<LineHeads>();
    round->heads->epoch = round->at.epoch;
    round->classes = classes_of(board.policy(key).value()).size();
    round->rule = board.no_shows(key);
    refuse_late(room(key));
    if (is_to_be_put_off(*round)) return put_off(round);
    const SaleState state = board.state(key, now());
    round->lets_in = (state == SaleState::open || state == SaleState::draining) &&
                     now() >= round->at.closed_until;
    start(round);
}

bool LineDesk::is_to_be_put_off(const Round& round) {
    Room& of = room(round.concert->concert.key);
    std::lock_guard lock(of.mutex);
    const Time closed_until = round.at.closed_until;
    // Who asked before it was opened, nobody knows.
    const bool opens_into_it = std::exchange(of.is_new, false) && now() < closed_until;
    const bool was_missed = std::exchange(of.was_missed, false) &&
                            now() < closed_until + queries_.options->line_rebuild;
    return opens_into_it || was_missed;
}

void LineDesk::put_off(const std::shared_ptr<Round>& round) {
    const CatalogConcert& concert = *round->concert;
    command(RaiseEpoch{.concert = concert.concert.id,
                       .why = RaiseEpoch::Why::unreached,
                       .from = round->at.epoch},
            [this, round](const AnswerTo<RaiseEpoch>& answer) {
                if (!answer) miss(*round->concert);
                start(round);
            });
}

void LineDesk::start(const std::shared_ptr<Round>& round) {
    const CatalogConcert& concert = *round->concert;
    if (queries_.board->is_over(concert.concert.key, now())) return finish(round);
    if (round->rule) tell_heard(concert, round->at);
    look(round);
}

// Nobody will stand in it any more.
void LineDesk::finish(const std::shared_ptr<Round>& round) {
    Room& of = room(round->concert->concert.key);
    const bool was_erased = [&] {
        std::lock_guard lock(of.mutex);
        return std::exchange(of.is_erased, true);
    }();
    if (was_erased) return let_in(round);
    auto erased = [this, round, &of](LineAnswer<LineDid> did) {
        {
            std::lock_guard lock(of.mutex);
            of.is_erased = static_cast<bool>(did);
        }
        let_in(round);
    };
    line_.erase(round->concert->concert.id, then<LineDid>(std::move(erased)));
}

void LineDesk::tell_heard(const CatalogConcert& concert, const Board::Outside& at) {
    std::unordered_set<UserId> users;
    {
        Room& of = room(concert.concert.key);
        std::lock_guard lock(of.mutex);
        users.swap(of.heard);
    }
    const std::vector<UserId> heard(users.begin(), users.end());
    for (std::span<const UserId> left(heard); !left.empty();) {
        const auto some = left.first(std::min(left.size(), LineStore::users_max));
        left = left.subspan(some.size());
        // Who could not be told of is with the next round.
        auto told = [this, &concert, users = std::vector(some.begin(), some.end())](
                        const LineAnswer<std::int64_t>& back) {
            if (back) return;
            for (const UserId& user : users) note_heard(concert, user);
        };
        line_.heard(line_room(concert, at), some, now(), then<std::int64_t>(std::move(told)));
    }
}

void LineDesk::look(const std::shared_ptr<Round>& round) {
    round->heads = std::make_shared<LineHeads>();
    round->heads->epoch = round->at.epoch;
    if (round->lets_in && !round->rule) {
        round->heads->looked_for.assign(round->classes, RoomLine::batch);
    } else if (round->lets_in) {
        // Whoever is looked at and not there is passed over: so no more are than have turns.
        round->heads->looked_for.assign(round->turns.begin(), round->turns.end());
    }
    round->turns.clear();
    peek(round);
}

// One class after the other.
void LineDesk::peek(const std::shared_ptr<Round>& round) {
    const auto line_class = static_cast<LineClass>(round->heads->classes.size());
    if (round->heads->classes.size() == round->classes) return let_in(round);
    const Time at = now();
    const auto& looked_for = round->heads->looked_for;
    LinePeek peek{.line_class = line_class,
                  .count = looked_for.empty() ? 0 : looked_for[round->heads->classes.size()],
                  .now = at};
    if (round->rule) {
        // Nobody could be heard of while the line was away: all count as heard of when it is back.
        const Duration heard_for = at - reachable_since(*round).value_or(at);
        const Duration silent_after = round->rule->silent_after;
        if (peek.count > 0 && heard_for >= silent_after) peek.silent_before = at - silent_after;
        if (heard_for >= std::max(silent_after, round->rule->grace)) {
            peek.lost_before = at - round->rule->grace;
        }
    }
    line_.peek(line_room(*round->concert, round->at), peek,
               then<LineHead>([this, round](LineAnswer<LineHead> head) {
                   note_reached(*round, static_cast<bool>(head));
                   if (!head) {
                       round->fault = head.fault();
                       return let_in(round);
                   }
                   round->heads->classes.push_back(head.value());
                   this->peek(round);
               }));
}

std::optional<Time> LineDesk::reachable_since(const Round& round) const {
    Room& at = room(round.concert->concert.key);
    std::lock_guard lock(at.mutex);
    // What a line that was begun anew says of who was heard of may be older than it seems.
    return at.reachable_in == round.at.epoch ? at.reachable_since : std::nullopt;
}

void LineDesk::note_reached(const Round& round, bool is_reached) {
    Room& at = room(round.concert->concert.key);
    std::lock_guard lock(at.mutex);
    const bool goes_on = at.reachable_since && at.reachable_in == round.at.epoch;
    if (!is_reached) {
        at.reachable_since.reset();
    } else if (!goes_on) {
        at.reachable_since = now();
        at.reachable_in = round.at.epoch;
    }
}

bool LineDesk::has_work(const Round& round) const {
    const auto has_anybody = [&](const LineHead& head) {
        return !head.waiting.empty() || (round.rule && round.lets_in && head.class_waiting > 0);
    };
    return !round.asked.empty() || std::ranges::any_of(round.heads->classes, has_anybody) ||
           queries_.board->needs_tick(round.concert->concert.key, now());
}

// Where the line cannot be looked at, passes end all the same.
void LineDesk::let_in(const std::shared_ptr<Round>& round) {
    if (round->fault) {
        round->heads->classes.clear();
        Attempt attempt{round->concert};
        mend(attempt, round->at, *round->fault, {[] {}, [](const Error&) {}});
    } else {
        note_crowd(*round, {});
    }
    if (!has_work(*round)) return end_round(round, {});
    command(LetIn{round->concert->concert.id, round->heads},
            [this, round](Result<LetIn::Answer> answer) {
                if (!answer) return end_round(round, answer.error());
                round->admitted += answer->admitted;
                if (!round->fault) note_crowd(*round, answer->over);
                round->turns = answer->turns;
                drop(round, answer->over, answer->again);
            });
}

void LineDesk::note_crowd(const Round& round, const std::vector<LineEntry>& over) {
    Board::Crowd crowd;
    for (const LineHead& head : round.heads->classes) {
        crowd.waiting.push_back(head.class_waiting);
        crowd.passed_over += head.class_passed_over;
    }
    for (const LineEntry& entry : over) {
        --crowd.waiting.at(static_cast<std::size_t>(entry.number.line_class()));
    }
    queries_.board->note_crowd(round.concert->concert.key, std::move(crowd));
}

void LineDesk::drop(const std::shared_ptr<Round>& round, const std::vector<LineEntry>& over,
                    bool again) {
    if (over.empty()) {
        const auto has_turns = [](std::int64_t turns) { return turns > 0; };
        const bool has_more = again || std::ranges::any_of(round->turns, has_turns);
        if (!has_more || round->fault || ++round->laps == laps_max) return end_round(round, {});
        return look(round);
    }
    const std::size_t some = std::min(over.size(), LineStore::users_max);
    std::vector<LineEntry> rest(over.begin() + static_cast<std::ptrdiff_t>(some), over.end());
    line_.drop(line_room(*round->concert, round->at), std::span(over).first(some),
               then<LineDid>([this, round, rest = std::move(rest), again](LineAnswer<LineDid> did) {
                   if (!did) return end_round(round, {});
                   drop(round, rest, again);
               }));
}

void LineDesk::end_round(const std::shared_ptr<Round>& round, const std::optional<Error>& refused) {
    Room& at = room(round->concert->concert.key);
    std::vector<Done<Tick>> next;
    {
        std::lock_guard lock(at.mutex);
        at.round.reset();
        next.swap(at.next_round);
    }
    for (Done<Tick>& done : round->asked) {
        if (refused) {
            done(*refused);
        } else if (round->fault) {
            done(unreachable(*round->fault));
        } else {
            done(round->admitted);
        }
    }
    if (!next.empty()) begin_round(*round->concert, std::move(next));
}

}  // namespace concertres

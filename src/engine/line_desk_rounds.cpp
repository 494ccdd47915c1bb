// Letting in from a line outside: its heads are looked at, the writer lets them in, and whoever is
// in is dropped from the line. Where that is cut short, the next round does the rest.
#include <algorithm>
#include <utility>

#include "engine/line_desk.hpp"

namespace concertres {

namespace {

// Who is passed over where people have to be there is whoever is looked at: so no more of them are
// than may soon have a turn.
constexpr std::size_t looked_at_min = 32;
// How often a round begins anew before the next tick.
constexpr int turns_max = 64;

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
    int turns = 0;
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
    round->classes = classes_of(board.policy(key).value()).size();
    round->rule = board.no_shows(key);
    const SaleState state = board.join_facts(key, 0, now()).state;
    round->lets_in = (state == SaleState::open || state == SaleState::draining) &&
                     now() >= round->at.closed_until;
    if (round->rule) tell_heard(concert, round->at);
    look(round);
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
        line_.heard(line_room(concert, at), some, now(),
                    then<std::int64_t>([](const LineAnswer<std::int64_t>&) {}));
    }
}

void LineDesk::look(const std::shared_ptr<Round>& round) {
    round->heads = std::make_shared<LineHeads>();
    round->heads->epoch = round->at.epoch;
    const auto soon = static_cast<std::size_t>(2 * round->admitted) + looked_at_min;
    round->heads->looked_for =
        round->rule ? std::min(soon, RoomLine::batch) : std::size_t{RoomLine::batch};
    peek(round);
}

// One class after the other.
void LineDesk::peek(const std::shared_ptr<Round>& round) {
    const auto line_class = static_cast<LineClass>(round->heads->classes.size());
    if (round->heads->classes.size() == round->classes) return let_in(round);
    const Time at = now();
    LinePeek peek{.line_class = line_class,
                  .count = round->lets_in ? round->heads->looked_for : 0,
                  .now = at};
    if (round->rule && round->lets_in) peek.silent_before = at - round->rule->silent_after;
    if (round->rule) peek.lost_before = at - round->rule->grace;
    line_.peek(line_room(*round->concert, round->at), peek,
               then<LineHead>([this, round](LineAnswer<LineHead> head) {
                   if (!head) {
                       round->fault = head.fault();
                       return let_in(round);
                   }
                   round->heads->classes.push_back(head.value());
                   this->peek(round);
               }));
}

// Where the line cannot be looked at, passes end all the same.
void LineDesk::let_in(const std::shared_ptr<Round>& round) {
    if (round->fault) {
        round->heads->classes.clear();
        Attempt attempt{round->concert};
        mend(attempt, round->at, *round->fault, {[] {}, [](const Error&) {}});
    }
    command(LetIn{round->concert->concert.id, round->heads},
            [this, round](Result<LetIn::Answer> answer) {
                if (!answer) return end_round(round, answer.error());
                round->admitted += answer->admitted;
                if (!round->fault) note_crowd(*round, *answer);
                drop(round, answer->over, answer->again);
            });
}

void LineDesk::note_crowd(const Round& round, const LetIn::Answer& answer) {
    Board::Crowd crowd;
    for (const LineHead& head : round.heads->classes) {
        crowd.waiting.push_back(head.class_waiting);
        crowd.passed_over += head.class_passed_over;
    }
    for (const LineEntry& over : answer.over) {
        --crowd.waiting.at(static_cast<std::size_t>(over.number.line_class()));
    }
    queries_.board->note_crowd(round.concert->concert.key, std::move(crowd));
}

void LineDesk::drop(const std::shared_ptr<Round>& round, const std::vector<LineEntry>& over,
                    bool again) {
    if (over.empty()) {
        if (!again || round->fault || ++round->turns == turns_max) return end_round(round, {});
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

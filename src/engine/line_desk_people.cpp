// Whoever joins a line outside, or asks about a place there.
#include <algorithm>
#include <utility>

#include "engine/line_desk.hpp"
#include "engine/query_work.hpp"

namespace concertres {

PlaceView LineDesk::waiting(const CatalogConcert& concert, const UserId& user,
                            const LinePlace& place) const {
    PlaceView view{.user = user, .made = place.made};
    queries_.board->fill(concert, place, now(), view);
    return view;
}

// Lost, or never come back to.
PlaceView LineDesk::gone(const CatalogConcert& concert, const UserId& user,
                         PlaceNumber number) const {
    PlaceView view{.user = user};
    queries_.board->fill(concert, number, now(), view);
    view.status = TokenStatus::left;
    return view;
}

// --- Joining -----------------------------------------------------------------------------------

struct LineDesk::Joining {
    Join command;
    Done<Join> done;
    Attempt attempt;
    PlaceNumber over{};                // the user's latest place, which is
    std::optional<PlaceView> ended{};  // the same
    std::int64_t looked_in = 0;        // in storage, in this epoch of the line
};

void LineDesk::ask(Join command, Done<Join> done) {
    if (is_closed_) return done(draining());
    const CatalogConcert& concert = concert_of(command.concert);
    const RoomPolicy policy = queries_.board->policy(concert.concert.key).value();
    const auto line_class = class_named(policy, command.line_class);
    if (!line_class) return done(unknown_class(policy, command.line_class));
    join(std::make_shared<Joining>(
        Joining{std::move(command), std::move(done), {&concert, *line_class}}));
}

void LineDesk::join(const std::shared_ptr<Joining>& joining) {
    const CatalogConcert& concert = *joining->attempt.concert;
    const auto at = outside(concert.concert.key);
    if (at && queries_.board->is_over(concert.concert.key, now())) {
        return joining->done(
            Error{Errc::room_closed, "this waiting room takes nobody any more", {}});
    }
    if (!at) {
        if (!keeps(concert.concert.id)) {
            return command(std::move(joining->command), std::move(joining->done));
        }
        return raise(concert, {.concert = concert.concert.id, .why = RaiseEpoch::Why::joined},
                     {[this, joining] { join(joining); },
                      [joining](Error error) { joining->done(std::move(error)); }});
    }
    // One that was lost may have forgotten who is in.
    const bool was_lost = at->closed_until > Time{};
    if (was_lost && joining->looked_in != at->epoch) return look_before(joining, at->epoch);
    join_line(joining, *at);
}

void LineDesk::look_before(const std::shared_ptr<Joining>& joining, std::int64_t epoch) {
    query(FindLatest{joining->command.concert, joining->command.user},
          [this, joining, epoch](Result<PlaceNumber> latest) {
              if (!latest) return joining->done(latest.error());
              joining->looked_in = epoch;
              if (*latest == PlaceNumber{}) return join(joining);
              was_joined(joining, *latest);
          });
}

void LineDesk::join_line(const std::shared_ptr<Joining>& joining, const Board::Outside& at) {
    const CatalogConcert& concert = *joining->attempt.concert;
    const LineClass line_class = joining->attempt.line_class;
    const auto allowed =
        check_joinable(queries_.board->join_facts(concert.concert.key, line_class, now()));
    if (!allowed || joining->ended) {
        return find_joined(joining, at, allowed ? std::nullopt : std::optional(allowed.error()));
    }
    take_place(joining, at);
}

void LineDesk::take_place(const std::shared_ptr<Joining>& joining, const Board::Outside& at) {
    const CatalogConcert& concert = *joining->attempt.concert;
    const LineJoin wanted{.user = joining->command.user,
                          .line_class = joining->attempt.line_class,
                          .over = joining->over,
                          .waiting_max = queries_.options->waiting_max};
    line_.join(line_room(concert, at), wanted,
               then<LinePlace>([this, joining, at](LineAnswer<LinePlace> place) {
                   if (!place) return mend(joining, at, place.fault());
                   if (!place.value().waits) return was_joined(joining, place.value().number);
                   joined(joining, place.value());
               }));
}

void LineDesk::joined(const std::shared_ptr<Joining>& joining, const LinePlace& place) {
    const CatalogConcert& concert = *joining->attempt.concert;
    if (!place.made) return was_waiting(joining, place);
    queries_.board->note_one(concert.concert.key, place.number.line_class(), 1);
    note_heard(concert, joining->command.user);
    joining->done(waiting(concert, joining->command.user, place));
}

// Where it did not hear that one was let in, or has left.
void LineDesk::was_waiting(const std::shared_ptr<Joining>& joining, const LinePlace& place) {
    const Join& asked = joining->command;
    query(GetPlace{.concert = asked.concert, .user = asked.user, .place = place.number},
          [this, joining, place](Result<PlaceView> kept) {
              const CatalogConcert& concert = *joining->attempt.concert;
              const UserId user = joining->command.user;
              if (!kept && kept.error().code == Errc::token_invalid) {
                  note_heard(concert, user);
                  return joining->done(waiting(concert, user, place));
              }
              if (!kept || kept->status == TokenStatus::admitted) {
                  return joining->done(std::move(kept));
              }
              const auto at = outside(concert.concert.key).value();
              auto dropped = [this, joining, at, view = *kept](LineAnswer<LineDid> did) {
                  if (!did) return mend(joining, at, did.fault());
                  ended(joining, view);
              };
              line_.drop(line_room(concert, at), std::array{LineEntry{place.number, user}},
                         then<LineDid>(std::move(dropped)));
          });
}

void LineDesk::find_joined(const std::shared_ptr<Joining>& joining, const Board::Outside& at,
                           const std::optional<Error>& refused) {
    const auto tell = [this, joining, at, refused](LineAnswer<LinePositions> answer) {
        if (!answer) return mend(joining, at, answer.fault());
        const LinePlace latest = answer.value().places.at(0);
        // One that is over may still stand there: then it is that one.
        if (latest.waits && latest.number != joining->over) return joined(joining, latest);
        if (!joining->ended && latest.number != PlaceNumber{}) {
            return was_joined(joining, latest.number);
        }
        if (joining->ended && !joining->command.again) return joining->done(*joining->ended);
        if (refused) return joining->done(*refused);
        take_place(joining, at);
    };
    line_.position(line_room(*joining->attempt.concert, at), std::array{joining->command.user},
                   then<LinePositions>(tell));
}

void LineDesk::was_joined(const std::shared_ptr<Joining>& joining, PlaceNumber number) {
    const Join& asked = joining->command;
    query(GetPlace{.concert = asked.concert, .user = asked.user, .place = number},
          [this, joining, number](Result<PlaceView> kept) {
              if (kept) return ended(joining, std::move(*kept));
              if (kept.error().code != Errc::token_invalid) return joining->done(kept.error());
              ended(joining, gone(*joining->attempt.concert, joining->command.user, number));
          });
}

void LineDesk::ended(const std::shared_ptr<Joining>& joining, PlaceView place) {
    const auto at = outside(joining->attempt.concert->concert.key);
    if (place.status == TokenStatus::admitted || !at) return joining->done(std::move(place));
    if (joining->attempt.left-- <= 0) return joining->done(unreachable({}));
    joining->over = place.number;
    joining->ended = std::move(place);
    join_line(joining, *at);
}

void LineDesk::mend(const std::shared_ptr<Joining>& joining, const Board::Outside& at,
                    const LineFault& fault) {
    mend(joining->attempt, at, fault,
         {[this, joining] { join(joining); },
          [joining](Error error) { joining->done(std::move(error)); }});
}

// --- Who names a place -------------------------------------------------------------------------

struct LineDesk::Asking {
    GetPlace query;
    Done<GetPlace> done;
    Attempt attempt;
    Time asked_at{};
};

void LineDesk::ask(GetPlace query, Done<GetPlace> done) {
    if (is_closed_) return done(draining());
    const CatalogConcert& concert = concert_of(query.concert);
    find(std::make_shared<Asking>(Asking{query, std::move(done), {&concert}, now()}));
}

void LineDesk::find(const std::shared_ptr<Asking>& asking) {
    const CatalogConcert& concert = *asking->attempt.concert;
    const auto at = outside(concert.concert.key);
    // Nobody has joined it yet.
    if (!at) return query(asking->query, std::move(asking->done));
    if (queries_.board->is_over(concert.concert.key, now())) {
        return look_up(asking, *at, LinePlace{asking->query.place});
    }
    line_.position(line_room(concert, *at), std::array{asking->query.user},
                   then<LinePositions>([this, asking, at = *at](LineAnswer<LinePositions> answer) {
                       if (!answer) return find_away(asking, at, answer.fault());
                       found(asking, at, answer.value().places.at(0));
                   }));
}

// Whoever has been let in is known to storage; but the many who have not are kept away from it.
void LineDesk::find_away(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                         const LineFault& fault) {
    const CatalogConcert& concert = *asking->attempt.concert;
    const bool is_away =
        fault.kind == LineFault::Kind::away || fault.kind == LineFault::Kind::unknown;
    if (is_away) note_heard(concert, asking->query.user);
    if (!is_away || queries_.board->is_beyond_all({concert.concert.key, asking->query.place})) {
        return mend(asking, at, fault);
    }
    Room& of = room(concert.concert.key);
    if (of.looking.fetch_add(1) >= looking_max) {
        --of.looking;
        return mend(asking, at, fault);
    }
    query(asking->query, [this, asking, at, fault, &of](Result<PlaceView> kept) {
        --of.looking;
        if (!kept && kept.error().code == Errc::token_invalid) return mend(asking, at, fault);
        if (!kept) miss(asking, at);
        asking->done(std::move(kept));
    });
}

void LineDesk::found(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                     const LinePlace& latest) {
    const CatalogConcert& concert = *asking->attempt.concert;
    const GetPlace& asked = asking->query;
    if (latest.number != asked.place || !latest.waits) return look_up(asking, at, latest);
    note_heard(concert, asked.user);
    PlaceView view = capped(waiting(concert, asked.user, latest), asked);
    if (!asked.confirm) return asking->done(std::move(view));
    query(asked, [asking, view](Result<PlaceView> kept) {
        const bool is_unknown = !kept && kept.error().code == Errc::token_invalid;
        asking->done(is_unknown ? Result<PlaceView>(view) : std::move(kept));
    });
}

void LineDesk::look_up(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                       const LinePlace& latest) {
    query(asking->query, [this, asking, at, latest](Result<PlaceView> kept) {
        if (kept) {
            const PlaceNumber asked = asking->query.place;
            kept->latest = latest.number == asked || asked.epoch() > latest.number.epoch();
            return asking->done(std::move(kept));
        }
        if (kept.error().code != Errc::token_invalid) {
            miss(asking, at);
            return asking->done(std::move(kept));
        }
        not_kept(asking, at, latest, kept.error());
    });
}

void LineDesk::not_kept(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                        const LinePlace& latest, const Error& refused) {
    const PlaceNumber place = asking->query.place;
    const bool is_given = place.is_valid() && place.epoch() > 0 && place.epoch() <= at.epoch;
    // In its own epoch the line knows who has which number; but a no-show's is forgotten for the
    // user's next.
    const bool forgets = queries_.board->no_shows(asking->attempt.concert->concert.key).has_value();
    const bool is_users = place.epoch() < at.epoch || place == latest.number ||
                          (forgets && latest.number.epoch() == place.epoch());
    if (!is_given || !is_users) return asking->done(refused);
    const bool is_lost = place != latest.number && place.epoch() < at.epoch &&
                         place.epoch() >= latest.number.epoch();
    // It may have waited for storage until after that.
    if (is_lost && asking->asked_at < at.closed_until) return come_back(asking, at);
    PlaceView view = gone(*asking->attempt.concert, asking->query.user, place);
    view.latest = place == latest.number || place.epoch() > latest.number.epoch();
    asking->done(std::move(view));
}

void LineDesk::come_back(const std::shared_ptr<Asking>& asking, const Board::Outside& at) {
    const GetPlace& asked = asking->query;
    line_.reenter(
        line_room(*asking->attempt.concert, at), {asked.place, asked.user},
        then<LinePlace>([this, asking, at](LineAnswer<LinePlace> back) {
            if (!back) return mend(asking, at, back.fault());
            const bool is_there = back.value().waits && back.value().number == asking->query.place;
            if (is_there) return found(asking, at, back.value());
            // Another of the user's calls was faster: the place that it brought back has had its
            // turn since then, and storage knows what came of that; or the user has a later one.
            if (back.value().number == asking->query.place) {
                return look_up(asking, at, back.value());
            }
            asking->done(gone(*asking->attempt.concert, asking->query.user, asking->query.place));
        }));
}

void LineDesk::mend(const std::shared_ptr<Asking>& asking, const Board::Outside& at,
                    const LineFault& fault) {
    miss(asking, at);
    mend(asking->attempt, at, fault,
         {[this, asking] { find(asking); },
          [asking](Error error) { asking->done(std::move(error)); }});
}

// Before those are let in who stand behind, it is to have another try.
void LineDesk::miss(const std::shared_ptr<Asking>& asking, const Board::Outside& at) {
    const bool comes_back = asking->query.place.epoch() < at.epoch;
    if (comes_back && asking->asked_at < at.closed_until) miss(*asking->attempt.concert);
}

void LineDesk::note_heard(const CatalogConcert& concert, const UserId& user) {
    if (!queries_.board->no_shows(concert.concert.key)) return;
    Room& at = room(concert.concert.key);
    std::lock_guard lock(at.mutex);
    if (at.heard.size() < heard_max) at.heard.insert(user);
}

void LineDesk::ask(Leave command, Done<Leave> done) {
    if (is_closed_) return done(draining());
    const CatalogConcert& concert = concert_of(command.concert);
    const GetPlace where{.concert = command.concert, .user = command.user, .place = command.place};
    auto shared = std::make_shared<Done<Leave>>(std::move(done));
    auto leave = [this, &concert, command, shared](Result<PlaceView> place) {
        if (!place) return (*shared)(place.error());
        if (place->status == TokenStatus::left) return (*shared)(std::move(place));
        if (place->status != TokenStatus::waiting) {
            return this->command(command,
                                 [shared](AnswerTo<Leave> left) { (*shared)(std::move(left)); });
        }
        // Storage first: then nobody who has looked at the line before lets it in.
        this->command(LeaveOutside{command},
                      [this, &concert, command, shared](AnswerTo<Leave> left) {
                          if (left) drop_one(concert, {command.place, command.user});
                          (*shared)(std::move(left));
                      });
    };
    find(std::make_shared<Asking>(Asking{where, std::move(leave), {&concert}, now()}));
}

// Where the line does not hear of it, the next to look at its head drops it.
void LineDesk::drop_one(const CatalogConcert& concert, const LineEntry& entry) {
    const auto at = outside(concert.concert.key);
    if (!at) return;
    queries_.board->note_one(concert.concert.key, entry.number.line_class(), -1);
    line_.drop(line_room(concert, *at), std::array{entry},
               then<LineDid>([](const LineAnswer<LineDid>&) {}));
}

struct LineDesk::Admitting {
    Admit command;
    Done<Admit> done;
    Attempt attempt;
};

void LineDesk::ask(Admit command, Done<Admit> done) {
    if (is_closed_) return done(draining());
    const CatalogConcert& concert = concert_of(command.concert);
    const auto at = outside(concert.concert.key);
    if (!at) return this->command(std::move(command), std::move(done));
    if (command.user.is_nil() || command.place != PlaceNumber{}) {
        auto tell = [done = std::move(done)](AnswerTo<Admit> in) mutable {
            if (in || in.error().code != Errc::unknown_user) return done(std::move(in));
            done(Error{Errc::unknown_user,
                       "who waits with this place only the line outside of the store knows: name "
                       "the user",
                       {}});
        };
        return this->command(std::move(command), std::move(tell));
    }
    admit(std::make_shared<Admitting>(Admitting{std::move(command), std::move(done), {&concert}}));
}

void LineDesk::admit(const std::shared_ptr<Admitting>& admitting) {
    const CatalogConcert& concert = *admitting->attempt.concert;
    const Board::Outside at = outside(concert.concert.key).value();
    const auto done = [admitting](AnswerTo<Admit> in) { admitting->done(std::move(in)); };
    auto found = [this, admitting, at, done](LineAnswer<LinePositions> answer) {
        if (!answer) {
            return mend(admitting->attempt, at, answer.fault(),
                        {[this, admitting] { admit(admitting); }, done});
        }
        const LinePlace latest = answer.value().places.at(0);
        if (!latest.waits) return command(admitting->command, done);
        command(AdmitOutside{admitting->command, latest.number}, [this, admitting,
                                                                  latest](AnswerTo<Admit> in) {
            if (in) {
                drop_one(*admitting->attempt.concert, {latest.number, admitting->command.user});
            }
            admitting->done(std::move(in));
        });
    };
    line_.position(line_room(concert, at), std::array{admitting->command.user},
                   then<LinePositions>(std::move(found)));
}

}  // namespace concertres

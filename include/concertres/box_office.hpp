// START HERE. A BoxOffice sells seats: people wait, are admitted, hold seats, charge a wallet and
// pay. It decides every command by pure rules in one commit; with SQLite behind it, what was
// answered survives kill -9 and a power cut.
//
//   BoxOffice office(open_sqlite("sale.db"));
//   auto place = office.join({.concert = c, .user = u});
//   auto held = office.hold({.user = u, .place = place->number, .performance = p, .seats = {7, 8},
//   .key = "k1"}); auto paid = office.pay({.user = u, .place = place->number, .reservations =
//   {held->id}, .key = "k2"});
//
// commands.hpp and queries.hpp say what can be asked and how it is refused; options.hpp has every
// limit.
//
// Threads: every member may be called from any thread. Commands are decided one group at a time by
// one writer; a call that finds the writer idle decides at once, on the caller's thread.
// Lifetime: the destructor answers what has been submitted, then stops.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "concertres/audit.hpp"
#include "concertres/callback.hpp"
#include "concertres/commands.hpp"
#include "concertres/options.hpp"
#include "concertres/queries.hpp"
#include "concertres/result.hpp"
#include "concertres/storage.hpp"
#include "concertres/token.hpp"

namespace concertres {

template <class Command>
using AnswerTo = Result<typename Command::Answer>;

// Called once, with the answer. It neither throws nor blocks, and makes no blocking call to the
// same box office.
template <class Command>
using Done = Callback<void(AnswerTo<Command>)>;

// Counters since the office was opened; each only grows, but for the first two.
struct Statistics {
    std::int64_t inbox = 0;  // commands that wait
    bool failed = false;     // engine_failed until reopened
    std::int64_t commands = 0;
    std::int64_t refusals = 0;
    std::int64_t overloaded = 0;
    std::int64_t timed_out = 0;
    std::int64_t groups = 0;    // commits
    std::int64_t grouped = 0;   // commands decided in them
    std::int64_t deferred = 0;  // commands that went to a later group for want of a row
    std::int64_t rows = 0;      // written
    std::int64_t events = 0;
};

class BoxOffice {
  public:
    // Reads the catalog and the lines of all rooms. Throws StorageError, and std::invalid_argument
    // for options that check(Options) refuses.
    explicit BoxOffice(std::unique_ptr<Storage> storage, Options options = {});
    ~BoxOffice();
    BoxOffice(const BoxOffice&) = delete;
    BoxOffice& operator=(const BoxOffice&) = delete;

    // Asks, and waits for the answer: after the commit, for a command.
    // REQUIRES: not called from a Done of the same office
    template <class Command>
    AnswerTo<Command> call(Command command);
    // Asks, and is told: on the writer's thread, or at once on the caller's where the inbox is
    // full.
    template <class Command>
    void submit(Command command, Done<Command> done);

    AnswerTo<Join> join(Join c) { return call(std::move(c)); }
    AnswerTo<Leave> leave(Leave c) { return call(std::move(c)); }
    AnswerTo<Tick> tick(Tick c) { return call(std::move(c)); }
    AnswerTo<Hold> hold(Hold c) { return call(std::move(c)); }
    AnswerTo<Extend> extend(Extend c) { return call(std::move(c)); }
    AnswerTo<Release> release(Release c) { return call(std::move(c)); }
    AnswerTo<Charge> charge(Charge c) { return call(std::move(c)); }
    AnswerTo<Pay> pay(Pay c) { return call(std::move(c)); }
    AnswerTo<Refund> refund(Refund c) { return call(std::move(c)); }
    AnswerTo<AddConcert> add_concert(ConcertDraft draft) {
        return call(AddConcert{std::move(draft), {}});
    }
    AnswerTo<ChangeSale> change_sale(ChangeSale c) { return call(std::move(c)); }
    AnswerTo<AdminRelease> admin_release(AdminRelease c) { return call(std::move(c)); }
    AnswerTo<BlockSeats> block_seats(BlockSeats c) { return call(std::move(c)); }

    AnswerTo<GetPlace> place(
        const GetPlace& q);  // no storage is read for one who waits or is admitted
    AnswerTo<ListConcerts> concerts() { return call(ListConcerts{}); }
    AnswerTo<ListDates> dates(ListDates q) { return call(std::move(q)); }
    AnswerTo<ListSeats> seats(ListSeats q) { return call(std::move(q)); }
    AnswerTo<GetReservation> reservation(GetReservation q) { return call(std::move(q)); }
    AnswerTo<GetPayment> payment(GetPayment q) { return call(std::move(q)); }
    AnswerTo<GetWallet> wallet(GetWallet q) { return call(std::move(q)); }
    AnswerTo<ListTransfers> transfers(ListTransfers q) { return call(std::move(q)); }

    // The signed credential for a place; the holder proves with it who and where it is.
    [[nodiscard]] std::string sign(const PlaceView& place) const;
    // Refuses: token_invalid.
    [[nodiscard]] Result<TokenClaims> verify(std::string_view token) const;

    // Store time.
    [[nodiscard]] Time now() const;
    [[nodiscard]] Statistics statistics() const;
    // Runs the audit between two groups; commands wait meanwhile.
    [[nodiscard]] Result<AuditReport> audit();

    // Stops taking commands (`draining`), answers what is there, and ends the writer. Again: no
    // effect.
    void stop();

    // --- Running::by_host only
    // Does the next piece of work, at most one call to storage. False: there is nothing to do now.
    bool step();
    // When step() will have something to do by itself, if nothing is submitted before.
    [[nodiscard]] std::optional<Time> next_wake() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace concertres

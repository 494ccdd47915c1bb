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
// commands.hpp, queries.hpp and operations.hpp say what can be asked and how it is refused;
// options.hpp has every limit.
//
// Threads: every member may be called from any thread. Commands are decided one group at a time by
// one writer; a call that finds the writer idle decides at once, on the caller's thread.
// Lifetime: the destructor answers what has been submitted, then stops.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/audit.hpp"
#include "concertres/callback.hpp"
#include "concertres/commands.hpp"
#include "concertres/operations.hpp"
#include "concertres/options.hpp"
#include "concertres/outbox.hpp"
#include "concertres/queries.hpp"
#include "concertres/result.hpp"
#include "concertres/storage.hpp"
#include "concertres/ticket.hpp"
#include "concertres/token.hpp"

namespace concertres {

template <class Command>
using AnswerTo = Result<typename Command::Answer>;

// Called once, with the answer. It neither throws nor blocks, and makes no blocking call to the
// same box office.
template <class Command>
using Done = Callback<void(AnswerTo<Command>)>;

// How long commits took, in storage alone.
struct CommitTimes {
    // Upper bounds of the classes; a last one, without a bound, follows.
    static constexpr std::array<Duration, 14> bounds = {
        Duration(50),        Duration(100),      Duration(250),     Duration(500),
        Duration(1'000),     Duration(2'500),    Duration(5'000),   Duration(10'000),
        Duration(25'000),    Duration(50'000),   Duration(100'000), Duration(250'000),
        Duration(1'000'000), Duration(5'000'000)};

    std::array<std::int64_t, bounds.size() + 1> counts{};  // of each class alone
    Duration sum{0};
};

// Counters since the office was opened; each only grows, but for the first two.
struct Statistics {
    std::int64_t inbox = 0;  // commands that wait
    bool failed = false;     // engine_failed until reopened
    Duration clock_jump{};   // not 0: clock_jumped until that is over
    std::int64_t commands = 0;
    std::int64_t refusals = 0;
    std::int64_t overloaded = 0;
    std::int64_t timed_out = 0;
    std::int64_t groups = 0;    // commits
    std::int64_t grouped = 0;   // commands decided in them
    std::int64_t deferred = 0;  // commands that went to a later group for want of a row
    std::int64_t rows = 0;      // written
    std::int64_t events = 0;
    CommitTimes commit_times{};  // of the commits that `groups` counts

    // --- what has been committed
    std::int64_t reservations_made = 0;
    std::int64_t reservations_released = 0;  // by anybody, payments of other holds included
    std::int64_t reservations_expired = 0;
    std::int64_t payments_completed = 0;
    std::int64_t payments_refunded = 0;
    std::int64_t payments_begun = 0;   // with money from outside
    std::int64_t payments_failed = 0;  // of these
    std::int64_t minor_paid = 0;       // what the payments took, in minor units
    std::int64_t minor_refunded = 0;   // what went back of it
    std::int64_t charges = 0;
    std::int64_t ledger_imbalance = 0;  // of wallets and their transfers; not 0: a bug
    std::int64_t passes_admitted = 0;
    std::int64_t passes_expired = 0;
    std::int64_t passes_left = 0;  // given back after admission
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
    AnswerTo<SettlePayment> settle(SettlePayment c) { return call(std::move(c)); }
    AnswerTo<Refund> refund(Refund c) { return call(std::move(c)); }
    AnswerTo<AddConcert> add_concert(ConcertDraft draft) {
        return call(AddConcert{std::move(draft), {}});
    }
    AnswerTo<ChangeSale> change_sale(ChangeSale c) { return call(std::move(c)); }
    AnswerTo<AdminRelease> admin_release(AdminRelease c) { return call(std::move(c)); }
    AnswerTo<BlockSeats> block_seats(BlockSeats c) { return call(std::move(c)); }
    AnswerTo<Admit> admit(Admit c) { return call(std::move(c)); }

    // How busy the host is with what this concert brings about: 0 is idle, 1 is full, and it may be
    // more. It goes into the closed loop of the concert's room (ClosedLoop::load_max), is kept in
    // memory, and is believed for Options::load_stale. Nothing waits for the writer.
    // Refuses: unknown_concert, request_invalid (below 0, or not finite).
    [[nodiscard]] Result<void> report_load(const ConcertId& concert, double load);

    // --- from memory, on the caller's own thread
    // Storage is read, on the writer, only for a place that has ended or is another's.
    AnswerTo<GetPlace> place(const GetPlace& q);
    // The same without waiting for the writer: nothing for a place that has ended or is another's.
    // What is in memory follows other instances of a shared store within 250 ms; GetPlace by submit
    // reads the rows.
    [[nodiscard]] std::optional<PlaceView> place_in_memory(const GetPlace& q) const;
    // Storage is never read.
    AnswerTo<GetConcert> concert(const GetConcert& q) const;
    AnswerTo<GetDraw> draw(const GetDraw& q) const;
    AnswerTo<GetPerformance> performance(const GetPerformance& q) const;
    AnswerTo<FindPerformance> find(const FindPerformance& q) const;
    // What these seats are called and cost, in the order in which they are named.
    // Refuses: unknown_performance, unknown_seat.
    [[nodiscard]] Result<std::vector<SeatPrice>> seats_named(
        const PerformanceId& performance, const std::vector<SeatNumber>& seats) const;

    AnswerTo<ListConcerts> concerts() { return call(ListConcerts{}); }
    AnswerTo<ListDates> dates(ListDates q) { return call(std::move(q)); }
    AnswerTo<ListSeats> seats(ListSeats q) { return call(std::move(q)); }
    AnswerTo<GetReservation> reservation(GetReservation q) { return call(std::move(q)); }
    AnswerTo<GetPayment> payment(GetPayment q) { return call(std::move(q)); }
    AnswerTo<ListOpenPayments> open_payments(ListOpenPayments q) { return call(std::move(q)); }
    AnswerTo<GetWallet> wallet(GetWallet q) { return call(std::move(q)); }
    AnswerTo<ListTransfers> transfers(ListTransfers q) { return call(std::move(q)); }

    AnswerTo<GetReport> report(GetReport q) { return call(std::move(q)); }
    AnswerTo<ListAdmissions> admissions(ListAdmissions q) { return call(std::move(q)); }
    AnswerTo<Explain> explain(Explain q) { return call(std::move(q)); }
    AnswerTo<Backup> backup(Backup q) { return call(std::move(q)); }

    // The signed credential for a place; the holder proves with it who and where it is.
    [[nodiscard]] std::string sign(const PlaceView& place) const;
    // Refuses: token_invalid.
    [[nodiscard]] Result<TokenClaims> verify(std::string_view token) const;
    // Puts others in the place of the keys that sign and verify; those of the store are kept for
    // its next opening. Throws std::invalid_argument for keys that check() refuses; nothing has
    // changed then.
    void replace_token_keys(const std::vector<TokenKey>& keys);

    // The ticket of a payment, as GetPayment and Pay answer it.
    // Refuses: payment_pending, unknown_payment (it failed), reservation_refunded,
    // unknown_performance (it is of another store).
    [[nodiscard]] Result<SignedTicket> ticket(const PaymentView& payment) const;
    // With these the door verifies tickets; the first is that of the key that signs.
    [[nodiscard]] std::vector<TicketPublicKey> ticket_keys() const;
    // As replace_token_keys.
    void replace_ticket_keys(const std::vector<TicketKey>& keys);

    // Nobody else changes the store (Storage::exclusive).
    [[nodiscard]] bool exclusive() const;
    // The outbox of the store, for relays in this process: each call waits for the writer, like a
    // query. Nothing where the store is shared: its outbox is opened beside it. Threads: any.
    // Lifetime: the box office outlives it
    [[nodiscard]] std::unique_ptr<Outbox> outbox();

    // Store time.
    [[nodiscard]] Time now() const;
    [[nodiscard]] Statistics statistics() const;
    // Runs the audit between two groups; commands wait meanwhile.
    [[nodiscard]] Result<AuditReport> audit();

    // Stops taking commands (`draining`), answers what is there, and ends the writer. What is done
    // in slices and not at its end is answered `draining` too. Again: no effect.
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

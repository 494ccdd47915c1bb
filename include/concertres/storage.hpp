// Storage is where a box office keeps its rows: the one port that a backend implements. It decides
// nothing and compares nothing with a clock; it reads rows by key, commits what the engine decided,
// and answers a few bounded queries. memory.hpp and sqlite.hpp open the ones that come with the
// library; the contract suite in tests/contract says what a further one must do.
//
// The engine works in groups: `read` what the commands name, until nothing is missing; `load` it
// again, locked, with the store's time; decide; `commit` one ChangeSet.
//
// A store is exclusive to its process, or shared by several, each with a storage of its own over
// it.
//
// Threads: one writer calls all of it, one call at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/catalog.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"
#include "concertres/result.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"
#include "concertres/token.hpp"

namespace concertres {

class Outbox;

// --- Rows --------------------------------------------------------------------------------------

// A row and how often it has been written: 0 where it is not there yet. A commit carries the
// version that the row will have, one above the one that was read.
template <class Row>
struct Versioned {
    Row row{};
    std::uint64_t version = 0;

    friend bool operator==(const Versioned&, const Versioned&) = default;
};

// Names a user within the store. Written once, with the user's first command.
struct User {
    UserId id{};
    UserKey user{};

    friend bool operator==(const User&, const User&) = default;

    [[nodiscard]] UserId key() const { return id; }
};

// Finds the row of an id; kept by the storage from the rows themselves.
template <class Id, class Row>
struct NameOf {
    Id id{};
    Row named{};

    friend bool operator==(const NameOf&, const NameOf&) = default;

    [[nodiscard]] Id key() const { return id; }
};
using ReservationName = NameOf<ReservationId, ReservationKey>;
using PaymentName = NameOf<PaymentId, PaymentKey>;

// A pass, or a hold, and when it ends: so that only those past their time need be read and locked.
template <class Name>
struct EndOf {
    Name name{};
    Time ends_at{};

    friend bool operator==(const EndOf&, const EndOf&) = default;
};

// What a tick looks at, read from places and passes.
struct RoomLine {
    static constexpr std::size_t batch = 512;

    ConcertKey concert{};
    std::int64_t admitted = 0;  // passes marked admitted, all of them
    // In order: the first `batch` numbers that wait in each class.
    std::vector<PlaceNumber> waiting{};
    // The `batch` passes marked admitted that end first, by end, then by number.
    std::vector<EndOf<PlaceNumber>> expiring{};

    friend bool operator==(const RoomLine&, const RoomLine&) = default;

    [[nodiscard]] ConcertKey key() const { return concert; }
};

// The `batch` reservations marked held whose deadline comes first, by deadline, then by key.
struct ExpiringHolds {
    static constexpr std::size_t batch = 512;

    std::vector<EndOf<ReservationKey>> reservations{};

    friend bool operator==(const ExpiringHolds&, const ExpiringHolds&) = default;

    [[nodiscard]] int key() const { return 0; }
};

template <class Row>
using KeyOf = std::remove_cvref_t<decltype(std::declval<const Row&>().key())>;

template <class Row>
struct Wanted {
    KeyOf<Row> key{};
};

template <class Row>
struct Found {
    KeyOf<Row> key{};
    std::optional<Versioned<Row>> row{};  // nothing: there is no such row
};

// One vector per table, reached by row type: `rows.of<Seat>()`. Storage that is shared locks in the
// order of this list (streams first), and within a table by key.
template <template <class> class Cell, class... Rows>
class Tables {
  public:
    template <class Row>
    [[nodiscard]] std::vector<Cell<Row>>& of() {
        return std::get<std::vector<Cell<Row>>>(columns_);
    }
    template <class Row>
    [[nodiscard]] const std::vector<Cell<Row>>& of() const {
        return std::get<std::vector<Cell<Row>>>(columns_);
    }
    // visit(std::vector<Cell<Row>>&) for each table, in order.
    template <class Visit>
    void for_each(Visit&& visit) {
        std::apply([&](auto&... column) { (visit(column), ...); }, columns_);
    }
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::apply([&](const auto&... column) { (visit(column), ...); }, columns_);
    }
    [[nodiscard]] bool empty() const {
        return std::apply([](const auto&... column) { return (column.empty() && ...); }, columns_);
    }
    [[nodiscard]] std::size_t size() const {
        return std::apply([](const auto&... column) { return (column.size() + ... + 0); },
                          columns_);
    }
    void clear() {
        for_each([](auto& column) { column.clear(); });
    }

  private:
    std::tuple<std::vector<Cell<Rows>>...> columns_;
};

template <template <class> class Cell>
using WritableTables = Tables<Cell, PerformanceState, Wallet, Sale, User, Line, Member, Place, Pass,
                              Limit, Reservation, Payment, Seat>;
template <template <class> class Cell>
using ReadableTables = Tables<Cell, PerformanceState, Wallet, Sale, User, Line, Member, Place, Pass,
                              Limit, Reservation, Payment, Seat, ReservationName, PaymentName,
                              Transfer, RoomLine, ExpiringHolds>;

using RowKeys = ReadableTables<Wanted>;  // unique within each table
using Rows = ReadableTables<Found>;

// --- A commit ----------------------------------------------------------------------------------

// Everything that one group of commands changes: a plain value. Each row stands in it once, as it
// shall be after the commit, with its new version (1: it is new).
struct ChangeSet {
    Time at{};  // store time of the group; becomes the store's mark
    WritableTables<Versioned> rows{};
    std::vector<Transfer> transfers{};
    std::vector<Event> events{};  // within a stream in order of their number

    [[nodiscard]] bool empty() const { return rows.empty() && transfers.empty() && events.empty(); }
};

enum class CommitOutcome : std::uint8_t {
    committed,      // all of it is there, and stays there through kill -9 and a power cut
    not_committed,  // none of it is there; the store is as before (the disk is full)
    conflict,       // none of it is there: another instance has changed, or made, one of the rows
                    // since they were loaded. They are to be read again and the group decided anew
    unknown,        // not known yet: the answer was lost, and the store cannot be reached now.
                    // `settle` will tell, and nothing else is asked of storage before
    lost,           // not known; the engine stops until the store is reopened
};

// --- What is fixed -----------------------------------------------------------------------------

// Made at first open and kept with the data.
struct StoreSecrets {
    std::array<std::uint8_t, 16> ids{};  // derives ids from idempotency keys
    std::vector<TokenKey> tokens{};      // the first signs
};

// A concert with all that is fixed of it, and the rows that its sale starts with.
struct NewConcert {
    Concert concert{};
    std::vector<Performance> performances{};
    std::vector<HallSeat> seats{};
    Sale sale{};
};

// By which place a reservation was made that is marked held, and when it ends.
struct HoldEnd {
    PlaceNumber place{};
    Time at{};

    friend bool operator==(const HoldEnd&, const HoldEnd&) = default;
};

// What other instances have committed.
struct News {
    // One who waits was heard of there. That is in no row: it is told.
    struct Heard {
        PlaceKey place{};
        Time at{};
        friend bool operator==(const Heard&, const Heard&) = default;
    };

    std::vector<NewConcert> concerts{};  // that were added
    ChangeSet changes{};                 // rows, as they stand by now, and events; no transfers
    std::vector<Heard> heard{};

    [[nodiscard]] bool empty() const {
        return concerts.empty() && changes.empty() && heard.empty();
    }
};

// The store cannot be used, and was left as it is. `what()` is for people: what is wrong and what
// to do.
class StorageError : public std::runtime_error {
  public:
    enum class Kind : std::uint8_t {
        unavailable,  // it cannot be opened: no such place, no right to it. Of a shared store that
                      // is open: it cannot be reached now. Nothing was changed; try again later
        in_use,       // another process has it open
        newer,        // it was written by a later version
        foreign,      // it is not ours
        corrupt,      // it is damaged
        full,         // no space; nothing was changed
        failed,       // it failed while open; what was being written is not known
    };
    StorageError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

// Done so far, of how many.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

// Is shown everything, each table in key order, transfers by wallet and number, events by stream
// and number.
class ScanVisitor {
  public:
    virtual ~ScanVisitor() = default;
    virtual void on_concert(const NewConcert&) {}
    virtual void on(const User&) {}
    virtual void on(const Sale&) {}
    virtual void on(const Line&) {}
    virtual void on(const Member&) {}
    virtual void on(const Place&) {}
    virtual void on(const Pass&) {}
    virtual void on(const PerformanceState&) {}
    virtual void on(const Limit&) {}
    virtual void on(const Reservation&) {}
    virtual void on(const Payment&) {}
    virtual void on(const Seat&) {}
    virtual void on(const Wallet&) {}
    // `intact`: the stored checksum is that of what was read.
    virtual void on(const Transfer&, bool /*intact*/) {}
    virtual void on(const Event&, bool /*intact*/) {}
    // Damage that no row can show, in words.
    virtual void on_damage(const std::string&) {}
};

// A copy of the store that is made a slice at a time, while commands go on between the slices.
// Lifetime: ends before its storage. One that ends unfinished leaves nothing behind.
class BackupJob {
  public:
    virtual ~BackupJob() = default;

    // Copies for about as long as `budget`. True: the copy is whole and on the disk, under its own
    // name; it is the store as it stands now.
    // Refuses: storage_full, storage_unavailable, request_invalid (something has taken the name).
    // The copy is gone then, and the store is none the worse.
    [[nodiscard]] virtual Result<bool> step(Duration budget) = 0;
    // How far it is, in a unit of its own. A change undone in the store may throw it back.
    [[nodiscard]] virtual std::size_t done() const = 0;
    [[nodiscard]] virtual std::size_t total() const = 0;
};

// --- The port ----------------------------------------------------------------------------------

// Every call may throw StorageError(failed), and then no further call is made but the destructor.
// Where the store is shared every call but commit and settle may throw StorageError(unavailable)
// too.
class Storage {
  public:
    virtual ~Storage() = default;

    // No other process can change what was read; the engine then reads once, and does not load.
    [[nodiscard]] virtual bool exclusive() const = 0;
    // What other instances have committed since the store was opened, or since the last call: each
    // of their commits, once. It may lag behind them, by no more than the time between two calls.
    [[nodiscard]] virtual News follow() { return {}; }
    // Tells other instances who was heard of here. False: it may not have been told; tell it again.
    [[nodiscard]] virtual bool tell(const std::vector<News::Heard>& /*heard*/) { return true; }
    [[nodiscard]] virtual const StoreSecrets& secrets() const = 0;
    // Store time: never below the stamp of any commit. Threads: any, at any time.
    [[nodiscard]] virtual Time now() = 0;
    // Time as it passes on this machine, from any moment on: it runs evenly, where store time may
    // stand still because a server's clock was set back. Threads: any, at any time.
    [[nodiscard]] virtual Duration elapsed() { return now().time_since_epoch(); }
    // By how much the clock behind store time has moved against this machine's own, where that is
    // too much to be believed; else 0. Store time goes on as it went before, and commands are
    // refused. Threads: any, at any time.
    [[nodiscard]] virtual Duration clock_jump() const { return {}; }

    // --- the catalog
    // All concerts, as they were added. Their sale is as it stands now.
    [[nodiscard]] virtual std::vector<NewConcert> concerts() = 0;
    // `count` dense keys that no row has had; returns the first. Unused ones are never given again
    // while the store is open.
    [[nodiscard]] virtual std::int64_t allocate(std::size_t count) = 0;
    // Adds a concert with a free seat row for every seat of every performance, whole or not at all,
    // and with its sale, its first line and its performances' states, all at version 1. May throw
    // StorageError(full). What `progress` throws passes through, and then nothing was added.
    virtual void add(const NewConcert& concert, const Progress& progress) = 0;

    // --- a group
    // Appends to `found`, for each wanted key, the row as it is committed now. Locks nothing.
    virtual void read(const RowKeys& wanted, Rows& found) = 0;
    // The same, locked until the commit (or until anything else is written or loaded), at the time
    // that is returned, which is never below the stamps of these rows. Where the store is exclusive
    // the engine wants nothing of it but the time.
    [[nodiscard]] virtual Time load(const RowKeys& wanted, Rows& found) = 0;
    // One without changes only lets go of what was loaded.
    [[nodiscard]] virtual CommitOutcome commit(const ChangeSet& changes) = 0;
    // After a commit whose outcome is unknown: tries once more to find it out, for as long as a
    // connection may take; and so again until it is another one. REQUIRES: it is unknown
    [[nodiscard]] virtual CommitOutcome settle() { return CommitOutcome::lost; }
    // Work that may wait until nobody does, a few milliseconds of it: called when the writer has
    // nothing to do. True: there is more.
    virtual bool tidy() { return false; }

    // --- bounded queries over what is committed
    // Performances of a concert that start after `after`, by start.
    [[nodiscard]] virtual std::vector<PerformanceState> performances(ConcertKey concert,
                                                                     Time after) = 0;
    // Above number `after`, in order.
    [[nodiscard]] virtual std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                                                  std::size_t limit) = 0;
    // Seats of reservations still marked held whose deadline is `now` or earlier, by performance;
    // none: not in it. (A seat is held as long as its reservation is, until the same deadline.)
    [[nodiscard]] virtual std::map<PerformanceKey, std::int64_t> dead_seats(Time now) = 0;
    // The earliest end of anything marked held or admitted.
    [[nodiscard]] virtual std::optional<Time> next_deadline() = 0;
    // Places that wait, of numbers above `after`, in order, so class by class; and passes marked
    // admitted, by number.
    [[nodiscard]] virtual std::vector<Place> waiting(ConcertKey concert, PlaceNumber after,
                                                     std::size_t limit) = 0;
    // Places that were passed over, in the same way.
    [[nodiscard]] virtual std::vector<Place> passed(ConcertKey concert, PlaceNumber after,
                                                    std::size_t limit) = 0;
    [[nodiscard]] virtual std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after,
                                                     std::size_t limit) = 0;
    // Of each of these, in their order; nothing of one that is not marked held.
    [[nodiscard]] virtual std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) = 0;
    // A user's, newest first, below `before` (absent: from the newest).
    [[nodiscard]] virtual std::vector<Reservation> reservations(
        UserKey user, std::optional<ReservationKey> before, std::size_t limit) = 0;
    [[nodiscard]] virtual std::vector<Payment> payments(UserKey user,
                                                        std::optional<PaymentKey> before,
                                                        std::size_t limit) = 0;
    // Payments with a stage that is open (is_open), above key `after`, in order.
    [[nodiscard]] virtual std::vector<Payment> open_payments(PaymentKey after,
                                                             std::size_t limit) = 0;
    [[nodiscard]] virtual std::vector<Transfer> transfers(UserKey user,
                                                          std::optional<std::int64_t> before,
                                                          std::size_t limit) = 0;
    // A stream's events above number `after`, in order.
    [[nodiscard]] virtual std::vector<Event> events(const Stream& stream, std::int64_t after,
                                                    std::size_t limit) = 0;
    // Everything, for the audit. Slow: it reads the whole store. May throw StorageError(full), and
    // then all is as it was.
    virtual void scan(ScanVisitor& visitor) = 0;
    // What sinks have yet to get of the events. Nothing: the store is shared, and its outbox is
    // opened beside it. Lifetime: the storage's
    [[nodiscard]] virtual Outbox* outbox() { return nullptr; }
    // Begins a copy that is to become `file`.
    // Refuses: request_invalid (this kind of store cannot; there is something of that name, or no
    // such folder), storage_full, storage_unavailable.
    [[nodiscard]] virtual Result<std::unique_ptr<BackupJob>> backup(
        const std::filesystem::path& file) = 0;
};

}  // namespace concertres

// The storage behind open_postgres(): a connection (connection.hpp), the statements that are sent
// on it (statements.hpp, fetch.hpp), and what is told to and heard of other instances (feed.hpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/postgres.hpp"
#include "concertres/storage.hpp"
#include "postgres/connection.hpp"
#include "postgres/feed.hpp"
#include "postgres/fetch.hpp"
#include "postgres/schema.hpp"
#include "postgres/seen_rows.hpp"
#include "postgres/server_clock.hpp"
#include "postgres/statements.hpp"

namespace concertres::postgres {

class PostgresStorage final : public Storage {
  public:
    PostgresStorage(const std::string& conninfo, const PostgresOptions& options,
                    const Schema& schema);

    [[nodiscard]] bool exclusive() const override { return false; }
    [[nodiscard]] News follow() override;
    [[nodiscard]] bool tell(const std::vector<News::Heard>& heard) override;
    [[nodiscard]] const StoreSecrets& secrets() const override { return secrets_; }
    [[nodiscard]] Time now() override;
    [[nodiscard]] Duration elapsed() override;
    [[nodiscard]] Duration clock_jump() const override;

    [[nodiscard]] std::vector<NewConcert> concerts() override;
    [[nodiscard]] std::int64_t allocate(std::size_t count) override;
    void add(const NewConcert& concert, const Progress& progress) override;

    void read(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] Time load(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] CommitOutcome commit(const ChangeSet& changes) override;
    [[nodiscard]] CommitOutcome settle() override;

    [[nodiscard]] std::vector<PerformanceState> performances(ConcertKey concert,
                                                             Time after) override;
    [[nodiscard]] std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                                          std::size_t limit) override;
    [[nodiscard]] std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override;
    [[nodiscard]] std::optional<Time> next_deadline() override;
    [[nodiscard]] std::vector<Place> waiting(ConcertKey concert, PlaceNumber after,
                                             std::size_t limit) override;
    [[nodiscard]] std::vector<Place> passed(ConcertKey concert, PlaceNumber after,
                                            std::size_t limit) override;
    [[nodiscard]] std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after,
                                             std::size_t limit) override;
    [[nodiscard]] std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override;
    [[nodiscard]] std::vector<Reservation> reservations(UserKey user,
                                                        std::optional<ReservationKey> before,
                                                        std::size_t limit) override;
    [[nodiscard]] std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                                std::size_t limit) override;
    [[nodiscard]] std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override;
    [[nodiscard]] std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                                  std::size_t limit) override;
    [[nodiscard]] std::vector<Event> events(const Stream& stream, std::int64_t after,
                                            std::size_t limit) override;
    void scan(ScanVisitor& visitor) override;
    [[nodiscard]] Result<std::unique_ptr<BackupJob>> backup(
        const std::filesystem::path& file) override;

    // --- for tests
    [[nodiscard]] Connection& connection();
    [[nodiscard]] const Statements& statements() const { return statements_; }

  private:
    // What load() has left: nothing, rows that are locked, rows whose locks have gone with their
    // connection, or rows that are only to be locked when they are written.
    enum class Group : std::uint8_t { none, locked, unlocked, seen };

    // Runs `work`, which changes nothing, again where another transaction was in the way or the
    // server has gone and comes back in time. Makes a StorageError of what goes wrong.
    template <class Work>
    auto asked(Work&& work);
    // One statement whose answer is all that is wanted.
    [[nodiscard]] Answer ask(const Statement& statement, const std::vector<Param>& params = {});
    [[noreturn]] void fail(const std::string& what);
    [[noreturn]] void fail_unavailable(const std::string& what) const;
    void require_alive() const;
    void lose_connection();
    void reconnect();
    void await_standby();
    void end_transaction();
    void abandon_transaction();

    // --- opening
    void read_store();
    void begin_following();

    // --- the catalog
    [[nodiscard]] std::vector<NewConcert> read_concerts(const Param& keys);
    void write_concert(const NewConcert& concert, const Progress& progress);

    // --- a group
    [[nodiscard]] Time load_once(const RowKeys& wanted, Rows& found);
    [[nodiscard]] bool reads_before_locking() const;
    [[nodiscard]] bool may_share_sales(const RowKeys& wanted);
    void own_shared_sales(const std::vector<Versioned<Sale>>& sales, Time now);
    void send_changes(const ChangeSet& changes);
    template <class Row>
    void send_rows(const std::vector<Versioned<Row>>& rows, Time stamp);
    void send_transfers(const std::vector<Transfer>& transfers);
    void send_events(const std::vector<Event>& events);
    void note_unpublished(const std::vector<Event>& events);
    void send_group(Time at, const std::string& changed);
    [[nodiscard]] CommitOutcome write(const ChangeSet& changes);
    [[nodiscard]] CommitOutcome doubt(Time at);
    [[nodiscard]] std::optional<CommitOutcome> settle_once(Time at);
    [[nodiscard]] CommitOutcome settle_here(Time at);
    [[nodiscard]] CommitOutcome undo(const SqlError& error);
    void note_committed(Time at);
    void raise_mark(Time time);
    [[nodiscard]] static ServerClock::Told told(const Answer& answer, Duration asked,
                                                ServerClock::Shared* shared = nullptr);
    void tell_clock(const Answer& answer, Duration asked);

    // --- what other instances do
    using Cursors = std::map<std::int64_t, std::int64_t>;  // by instance the last group heard of

    [[nodiscard]] static std::vector<Param> params_of(const Cursors& cursors);
    [[nodiscard]] std::optional<Changed> groups_since(Cursors& heard_of);
    [[nodiscard]] std::vector<Event> events_of(const std::vector<EventRange>& ranges);
    void forget_groups();

    // --- the scan
    void scan_rows(ScanVisitor& visitor);
    template <class Row>
    void scan_table(ScanVisitor& visitor);
    void scan_transfers(ScanVisitor& visitor);
    void scan_events(ScanVisitor& visitor);
    template <class Visit>
    void for_each_row(const std::string& sql, const Visit& visit);

    const std::string conninfo_;
    const PostgresOptions options_;
    const Locking locking_;
    const std::int64_t format_;  // of the tables
    const Statements statements_;
    std::unique_ptr<Connection> connection_;  // null: it was lost
    StoreSecrets secrets_;
    std::atomic<Time> mark_{Time{}};   // the latest stamp that was written or read here
    std::optional<StoreClock> clock_;  // the caller's
    std::optional<ServerClock> server_clock_;
    Group group_ = Group::none;
    // A commit whose answer was lost with the connection: its time, and when that was.
    struct Doubt {
        Time at{};
        std::chrono::steady_clock::time_point since{};
    };
    std::optional<Doubt> unsettled_;
    std::optional<Time> doubted_;  // a telling whose answer was lost in the same way
    bool shares_sales_ = false;    // those that load() has left
    SeenRows seen_;
    int conflicts_ = 0;  // of the last groups, in a row
    // Sales that groups have changed without a tick: by when that was long ago.
    std::map<ConcertKey, Time> owned_sales_;
    bool failed_ = false;

    std::int64_t instance_ = 0;
    std::int64_t next_group_ = 1;
    Cursors followed_;
    Duration next_forget_ = Duration::min();            // in elapsed time
    std::deque<std::pair<Duration, Cursors>> known_{};  // what was heard of, and when
};

// Opens with another schema than this library's: for tests of migration.
[[nodiscard]] std::unique_ptr<PostgresStorage> open_with(const std::string& conninfo,
                                                         const PostgresOptions& options,
                                                         const Schema& schema);

}  // namespace concertres::postgres

// The Model is a second, slow and obvious account of one concert's sale. It shares no code with the
// engine: it is told of every commit (its rows, transfers and events), of every answer that left
// the box office, and of who was heard of when; it follows the events in plain maps, and complains,
// by the invariant's name, as soon as anything told to it cannot be true.
//
// What it checks, and where:
//
//   S1 S2 S4 S5 S6   each event of a seat        model_events.cpp
//   S3 S7 S8         after each commit           model_rows.cpp, model_answers.cpp (S7)
//   L1 .. L6         transfers, wallets          model_rows.cpp
//   P1 P2 P3         payments                    model_events.cpp, model_rows.cpp
//   D1 D2 D4         answers are of what is committed; a store opened again is the commits so far
//                                                model_answers.cpp, model_end.cpp
//   D3               nothing acknowledged, and storage not called, after it failed: simulation
//   I1 I2 I3         keys                        model_answers.cpp, model_end.cpp
//   Q1 .. Q7         the line                    model_room.cpp; Q4 also model_end.cpp
//   T1               forged tokens: client.cpp   T4, T5: model_events.cpp
//   O1 O3 O4         rows against events; streams model_events.cpp, model_rows.cpp, follower
//   C1               store time                  model_rows.cpp, observed_storage.cpp
//
// Where several instances share one store it follows their commits in the order in which they were
// made. What an instance decides is checked against what is committed, as if there were one; what
// it shows, and the little that it decides by what it has in memory, against what it can know: its
// own commits, and those of the others up to when it last asked (model_sharing.cpp).
//
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/queries.hpp"
#include "concertres/storage.hpp"
#include "sim/mix.hpp"

namespace concertres::sim {

// What a client asked for with an idempotency key, in one text.
struct KeyedThing {
    std::string content;
    Uuid id{};
};

class Model {
  public:
    using Complain = std::function<void(const std::string& invariant, const std::string& what)>;

    Model(const Mix& mix, Complain complain) : mix_(mix), complain_(std::move(complain)) {}

    // --- what it is told
    void added(const NewConcert& concert);
    // Whom all of the following is of, where there are several instances.
    void turn_to(int instance);
    // The store was opened (again). Everybody counts as heard of then.
    void opened(Time now);
    // A group's store time.
    void loaded(Time now);
    void committed(const ChangeSet& changes);
    // Whether what the group was decided by is still so.
    void decided(bool stands) { group().stands = stands; }
    void heard(PlaceNumber number, Time now);
    // A position that somebody was told.
    void told_position(const PlaceView& view);
    // The instance has heard of so many of all commits, and of who was heard of elsewhere.
    void followed(std::int64_t commits, const News& news);

    // Each answer as it leaves the box office, in order.
    void answered(const Join& c, const Result<PlaceView>& answer);
    void answered(const Leave& c, const Result<PlaceView>& answer);
    void answered(const Hold& c, const Result<ReservationView>& answer);
    void answered(const Extend& c, const Result<ReservationView>& answer);
    void answered(const Release& c, const Result<ReservationView>& answer);
    void answered(const Charge& c, const Result<ChargeView>& answer);
    void answered(const Pay& c, const Result<PaymentView>& answer);
    void answered(const Refund& c, const Result<PaymentView>& answer);
    void answered(const GetPlace& q, const Result<PlaceView>& answer);
    void answered(const GetWallet& q, const Result<WalletView>& answer);
    void answered(const Admit& c, const Result<PlaceView>& answer);

    // --- what it is asked
    // The commit of which nobody knew whether it was made: what its rows would be.
    [[nodiscard]] bool is_made(const ChangeSet& changes, Storage& store);
    // The store holds what was committed, and nothing else.
    void check_store(Storage& store);
    // All that was asked for has been answered at last: every effect has somebody who knows of it.
    void check_all_told();
    // What this user was not told of is no breach: the answer was cut, and they no longer ask.
    void forgive(UserId user) { forgiven_.insert(user); }
    // Nothing is left that should have ended by itself.
    void check_all_ended(Time now);
    // Somebody who should be let in now, by the rules as they stand: nothing where nobody should,
    // or where only the engine knows (a closed loop; a window that was just changed).
    // `to`: the instances that run.
    [[nodiscard]] std::optional<PlaceNumber> overdue(Time now, const std::vector<int>& to) const;
    // What an instance shows of those who wait, and of the hall, is what it can know.
    void check_shown(const PlaceView& view);
    void check_shown(const ConcertView& view) const;
    // It knows of this place.
    [[nodiscard]] bool is_known(PlaceNumber number) const;
    // Nothing: the line is yet to be drawn.
    [[nodiscard]] std::optional<std::int64_t> position_of(PlaceNumber number) const;
    [[nodiscard]] const std::vector<Event>& events(const Stream& stream) { return log_[stream]; }
    [[nodiscard]] std::vector<Stream> streams() const;
    [[nodiscard]] SaleState sale_state(Time now) const;
    [[nodiscard]] bool any_live_hold(Time now) const;
    [[nodiscard]] std::optional<Time> end_of(ReservationId id) const;
    [[nodiscard]] bool waits(PlaceNumber number) const;
    [[nodiscard]] PerformanceId performance_of(PerformanceKey key) const;
    [[nodiscard]] std::int64_t admissions() const {
        return static_cast<std::int64_t>(admissions_.size());
    }
    // Reservations that an operator, or a mischievous client, may name.
    [[nodiscard]] std::vector<ReservationId> reservations() const;
    // All places that wait, as their owners would ask for them.
    [[nodiscard]] std::vector<GetPlace> waiting() const;

  private:
    struct SeatNow {
        SeatStatus status = SeatStatus::free;
        ReservationId by{};
        Time until{};
    };
    struct Booking {
        ReservationKey row{};
        UserId user{};
        PerformanceKey performance{};
        PlaceNumber place{};
        std::vector<SeatNumber> seats{};
        std::int64_t total = 0;
        ReservationStatus status = ReservationStatus::held;
        Time held_at{};
        Time until{};
        Time extend_until{};
        PaymentId payment{};
        std::int64_t made_in = 0;  // which commit
        bool told = false;         // to somebody, with its key
    };
    struct Purchase {
        UserId user{};
        PlaceNumber place{};
        std::vector<ReservationId> reservations{};
        std::vector<ReservationId> released{};
        std::int64_t amount = 0;
        std::int64_t balance = 0;
        Time paid_at{};
        bool is_refunded = false;
        std::int64_t made_in = 0;
        std::int64_t refunded_in = 0;
        bool told = false;
        bool has_row = false;
    };
    struct Purse {
        UserId user{};
        std::int64_t balance = 0;
        std::int64_t next = 1;  // event
        std::int64_t next_transfer = 1;
        std::int64_t sum = 0;  // of its transfers
    };
    struct Charged {
        UserId user{};
        std::int64_t amount = 0;
        std::int64_t balance = 0;
        std::int64_t made_in = 0;
        bool told = false;
    };
    struct PassNow {
        UserId user{};
        PassStatus status = PassStatus::admitted;
        Time admitted{};
        Time ends{};
        bool has_row = false;
    };
    struct InLine {
        UserId user{};
        PlaceStatus status = PlaceStatus::waiting;
        Time joined{};
        std::optional<Time> passed_at{};
        std::map<int, std::vector<Time>> heard{};  // as each instance knows
        std::map<int, std::int64_t> told{};        // its last position, by each
        std::int64_t made_in = 0;                  // which commit
        std::int64_t ended_in = 0;                 // which it waits no longer since
    };
    // What an instance was about when it loaded last, and what it can know.
    struct Group {
        Time loaded{};
        std::int64_t commits = 0;  // that there were
        bool stands = true;
        bool is_current = true;  // it knew all of them
        std::int64_t known = 0;  // of the commits; and all of its own
    };
    struct Shown {
        std::int64_t events = 0;
        Time at{};
    };

    void expect(bool is_so, const char* invariant, const std::string& what) const {
        if (!is_so) complain_(invariant, what);
    }

    // --- events
    void on(const Event& event);
    void on_held(const Event& event);
    void on_extended(const Event& event);
    void on_ended(const Event& event);
    void on_paid(const Event& event);
    void on_refunded(const Event& event);
    void on_blocked(const Event& event);
    void on_wallet(const Event& event);
    void on_pass(const Event& event);
    void on_admitted(const Event& event);
    void on_sale(const Event& event);
    void check_pass_opens(const Event& event);
    void free_seats(const Booking& booking, ReservationId id);
    Booking* booking_of(const Event& event);

    // --- rows
    void check_rows(const ChangeSet& changes);
    void on_row(const Seat& row);
    void on_row(const Reservation& row, std::uint64_t version);
    void on_row(const Payment& row, std::uint64_t version);
    void on_row(const Wallet& row);
    void on_row(const PerformanceState& row);
    void on_row(const Sale& row);
    void on_row(const Place& row, std::uint64_t version);
    void on_row(const Pass& row, std::uint64_t version);
    void on_row(const Line& row);
    void on(const Transfer& row);
    void check_after();
    void check_limits();
    void check_touched(const ChangeSet& changes);
    void check_passes(const ChangeSet& changes);

    // --- of several instances
    [[nodiscard]] Group& group() { return groups_[by_]; }
    [[nodiscard]] const Group& group() const { return groups_.at(by_); }
    [[nodiscard]] bool knows(std::int64_t commit) const;
    [[nodiscard]] bool knows_all() const;
    [[nodiscard]] std::int64_t known_position(PlaceNumber number) const;

    // --- the line
    using Standing = std::tuple<LineClass, int, std::int64_t>;
    [[nodiscard]] Standing standing_of(PlaceNumber number) const;
    [[nodiscard]] std::optional<Time> heard_before(const InLine& place, Time at, int by) const;
    [[nodiscard]] bool surely_present(const InLine& place, Time at, int by) const;
    void check_overtaken(const Event& event);
    void check_quota(const Event& event);
    void check_shares(const Event& event);
    [[nodiscard]] std::int64_t live_passes(Time at) const;
    // Live passes whose owners hold nothing.
    [[nodiscard]] std::int64_t seeking_passes(Time at) const;
    [[nodiscard]] std::int64_t admitted_within(Duration length, Time at) const;
    [[nodiscard]] SeatCounts counts_to_come(Time now, bool dead_are_free) const;

    // --- answers
    // The first that is told of a thing is told that it is new, if it was made for it.
    void check_told(std::int64_t made_in, bool& told, bool replayed, const char* thing);
    [[nodiscard]] bool is_exact() const { return mix_.options.group_max == 1 && group().stands; }
    [[nodiscard]] bool is_shared() const { return mix_.store == StoreKind::shared; }
    // The refusal leaves the question open; the client asks again.
    [[nodiscard]] static bool is_transient(Errc code);
    void check_key(UserId user, char kind, const std::string& key, const std::string& content,
                   std::optional<Uuid> id, std::optional<Errc> refusal);
    void check_refusal(bool is_so, Errc code, const char* of);
    [[nodiscard]] bool justified_by_place(Errc code, UserId user, PlaceNumber place) const;
    [[nodiscard]] bool has_live_pass(UserId user, PlaceNumber place) const;
    // What is said of a reservation is said after what there is to say of the pass.
    [[nodiscard]] bool justified_by_booking(Errc code, UserId user, PlaceNumber place,
                                            ReservationId id) const;
    [[nodiscard]] bool justified_hold(const Hold& c, Errc code) const;
    [[nodiscard]] std::int64_t seats_of(UserId user, std::optional<PerformanceKey> in,
                                        Time now) const;
    void check_view(const ReservationView& view, UserId user);
    void check_view(const PaymentView& view, UserId user);
    [[nodiscard]] PerformanceKey key_of(PerformanceId id) const;

    Mix mix_;
    Complain complain_;

    Concert concert_{};
    Sale sale_{};
    std::map<PerformanceKey, Time> starts_;
    std::map<PerformanceKey, std::int64_t> next_of_;
    std::map<PerformanceId, PerformanceKey> performance_keys_;
    std::map<SeatNumber, std::int64_t> prices_;
    std::int64_t next_of_room_ = 1;

    std::set<UserId> forgiven_;
    std::map<std::pair<PerformanceKey, SeatNumber>, SeatNow> seats_;
    std::map<ReservationId, Booking> bookings_;
    std::map<ReservationKey, ReservationId> booking_names_;
    std::map<PaymentId, Purchase> purchases_;
    std::map<PaymentKey, PaymentId> purchase_names_;
    std::map<UserKey, Purse> purses_;
    std::map<TransferId, Charged> charges_;
    std::set<TransferId> transfers_;
    std::map<std::int64_t, std::int64_t> accounts_;
    std::map<PlaceNumber, PassNow> passes_;
    std::map<PlaceNumber, InLine> places_;
    std::map<UserId, PlaceNumber> latest_;
    std::map<LineClass, std::int64_t> next_sequence_;
    std::map<LineClass, EventDraw> draws_;
    mutable std::map<PlaceNumber, std::int64_t> ranks_;
    std::vector<Time> admissions_;
    std::map<LineClass, std::int64_t> passed_by_;  // admissions of others since its own last
    std::vector<Time> by_policy_since_;            // when the room was changed
    std::map<std::tuple<UserId, char, std::string>, KeyedThing> keys_;
    std::map<Stream, std::vector<Event>> log_;

    int by_ = 0;  // which instance
    std::map<int, Group> groups_{{0, {}}};
    std::vector<int> makers_{-1};  // of each commit
    std::int64_t drawn_in_ = 0;    // which commit
    Time loaded_{};
    Time last_at_{};
    std::int64_t commits_ = 0;
    std::int64_t commits_at_load_ = 0;  // what was made since is new to whoever is answered

    // --- of the commit that is being told of
    std::map<PlaceNumber, InLine> places_before_;
    std::set<std::pair<PerformanceKey, SeatNumber>> seats_touched_;
    std::set<ReservationId> bookings_touched_;
    std::set<PaymentId> purchases_touched_;
    std::set<PlaceNumber> passes_touched_;
    std::set<TransferId> transfers_announced_;
    std::map<std::pair<PerformanceKey, SeatNumber>, UserId> seats_expired_;  // and whose they were
    std::set<std::pair<PerformanceKey, SeatNumber>> seats_refunded_;         // ever
    Sale sale_before_{};
    bool sale_changed_ = false;
    Sale sale_after_{};

    // --- all rows as they were written last
    template <class Row>
    using Table = std::map<KeyOf<Row>, Row>;
    std::tuple<Table<PerformanceState>, Table<Wallet>, Table<Sale>, Table<User>, Table<Line>,
               Table<Member>, Table<Place>, Table<Pass>, Table<Limit>, Table<Reservation>,
               Table<Payment>, Table<Seat>>
        rows_;
    std::map<std::pair<UserKey, std::int64_t>, Transfer> transfer_rows_;

    friend class StoreCheck;
};

}  // namespace concertres::sim

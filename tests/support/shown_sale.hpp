// A small sale for the tests of the audit, told step by step: each step writes what it changes,
// with its events, by hand and without a rule of the library, so that the result is clean by
// itself.
//
//   SaleScript script;
//   script.join(alice, t0);
//   script.admit(1, t0);
//   script.hold({.row = {101}, .user = alice, .place = {1}, .seats = {1, 2}, .at = t0, .until = t0
//   + 5min}); ShownStore store = script.shown(t0 + 1min);
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "concertres/audit.hpp"
#include "support/shown_store.hpp"

namespace concertres::test {

using namespace std::chrono_literals;

inline constexpr Time t0{std::chrono::seconds(1'800'000'000)};
inline constexpr ConcertKey the_concert{1};
inline constexpr PerformanceKey monday{2};
inline constexpr PerformanceKey tuesday{3};
inline constexpr SeatNumber seats_each = 10;
inline constexpr Money seat_price{1'000};
inline constexpr UserKey alice{11};
inline constexpr UserKey bob{12};
inline constexpr UserKey carol{13};
inline constexpr UserKey dave{14};
inline constexpr UserKey erin{15};
inline constexpr UserKey frank{16};
inline constexpr UserKey gina{17};

inline constexpr Stream of_monday{StreamKind::performance, monday.value};
inline constexpr Stream of_tuesday{StreamKind::performance, tuesday.value};
inline constexpr Stream of_room{StreamKind::room, the_concert.value};
[[nodiscard]] constexpr Stream wallet_of(UserKey user) { return {StreamKind::wallet, user.value}; }

template <class Tag>
[[nodiscard]] Id<Tag> id_of(Key<Tag> key) {
    return Id<Tag>::from_name("key " + std::to_string(key.value));
}
inline UserId id_of(UserKey user) {
    return UserId::from_name("user " + std::to_string(user.value));
}

class SaleScript {
  public:
    // Without a room, everybody is admitted with place 0.
    explicit SaleScript(std::optional<RoomPolicy> room = RoomPolicy{});

    PlaceNumber join(UserKey user, Time at, LineClass line_class = 0);
    // With an `actor`, by hand.
    void admit(std::int64_t number, Time at, const std::string& actor = {});
    void pass_over(std::int64_t number, Time at);
    void expire_pass(std::int64_t number, Time at);
    void leave(std::int64_t number, Time at);

    struct Hold {
        ReservationKey row{};
        UserKey user{};
        PlaceNumber place{};
        PerformanceKey performance = monday;
        std::vector<SeatNumber> seats{};
        Time at{};
        Time until{};
    };
    void hold(const Hold& hold);
    void extend(ReservationKey row, Time at, Time until);
    void release(ReservationKey row, Time at, PaymentId cause = {});
    void expire(ReservationKey row, Time at);

    void charge(UserKey user, Money amount, Time at);
    void pay(PaymentKey row, const std::vector<ReservationKey>& paid, Time at,
             PlaceNumber place = {});
    void refund(PaymentKey row, Time at);
    void block(PerformanceKey performance, const std::vector<SeatNumber>& seats, bool blocked,
               Time at);
    void change_sale(Time at);
    // The room's draw is set, and takes place, of all who have joined.
    void draw(const DrawSeed& seed, Time at);

    // Everything, as it stands at `now`.
    [[nodiscard]] ShownStore shown(Time now) const;
    [[nodiscard]] ShownStore& store() { return store_; }

  private:
    void add_user(UserKey user);
    void tell(Event event);
    void tell_of(EventKind kind, const Reservation& reservation, Time at, PaymentId payment = {});
    void move(const Reservation& reservation, SeatStatus to);
    void set_seat(PerformanceKey performance, SeatNumber number, Seat to);
    void drop_limits(const Reservation& reservation, std::int32_t paid);
    TransferId transfer(UserKey user, TransferKind kind, Money amount, Time at, PaymentId payment);
    Limit& limit(UserKey user, std::int64_t scope);
    Pass& pass(PlaceNumber number) { return store_.row<Pass>({the_concert, number}); }
    [[nodiscard]] bool has_room() { return store_.row<Sale>(the_concert).room.has_value(); }

    ShownStore store_;
    std::int64_t next_transfer_ = 1;
};

// A sale in full swing, five minutes after t0: seven people in a room, of whom
//   alice  (1) paid for 101 (Monday 1, 2) with 201, which let 102 (Tuesday 1) go
//   bob    (2) holds 103 (Monday 3), extended once, and 104 (Tuesday 5), which is dead already
//   carol  (3) paid for 105 (Monday 4) with 202 and has her money back
//   dave   (4) held 106 (Tuesday 2) until that and his pass expired
//   frank  (5) held 107 (Tuesday 3), and left
//   erin   (6) left while she waited
//   gina   (7) waits
// and an operator has blocked Tuesday 9 and 10, and unblocked 9 again.
[[nodiscard]] ShownStore a_sale();

// --- What an audit finds -----------------------------------------------------------------------

// The rules that the findings name, in order: "L2 L4".
[[nodiscard]] std::string broken_rules(Storage& store);
// All findings, one a line.
[[nodiscard]] std::string findings_text(Storage& store);
// Whether a finding of this rule has all of these words in it.
[[nodiscard]] bool finds(Storage& store, const std::string& rule,
                         const std::vector<std::string>& words);

}  // namespace concertres::test

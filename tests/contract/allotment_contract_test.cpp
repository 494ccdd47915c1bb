// Seats that are kept for people of a class, on every backend: who gets them, who is told what, and
// for whom there is a turn.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/reopened_store.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

constexpr LineClass fans = 1;

// Six seats in one row, of which 1 and 2 are the fan club's, and an area of three that is too.
ConcertDraft hall() {
    ConcertDraft draft = SmallSale::draft(6);
    add_area(draft.seats, {.section = "Pit", .capacity = 3, .price = SmallSale::price});
    draft.room.emplace().classes = {{"general", 1}, {"fan_club", 1}};
    for (HallSeat& seat : draft.seats) {
        if (seat.number <= 2 || seat.general) seat.allotted_to = fans;
    }
    return draft;
}

class AllottedSale {
  public:
    explicit AllottedSale(const Backend& backend, const ConcertDraft& draft = hall())
        : store_(backend) {
        open();
        sale_ = SmallSale::add(*office_, draft);
    }

    [[nodiscard]] BoxOffice& office() { return *office_; }
    [[nodiscard]] TestClock& clock() { return clock_; }
    void reopen() {
        office_.reset();
        open();
    }
    Result<PlaceView> try_join(int user, const std::string& line_class) {
        auto place = office_->join(
            {.concert = sale_.concert, .user = SmallSale::user(user), .line_class = line_class});
        if (place) numbers_[user] = place->number;
        return place;
    }
    void join(int user, const std::string& line_class) { REQUIRE(try_join(user, line_class)); }
    void let_in(int user, const std::string& line_class) {
        join(user, line_class);
        REQUIRE(tick() == 1);
    }
    std::int64_t tick() { return office_->tick({sale_.concert}).value(); }
    [[nodiscard]] PlaceView place(int user) {
        return office_
            ->place({.concert = sale_.concert,
                     .user = SmallSale::user(user),
                     .place = numbers_.at(user)})
            .value();
    }
    Result<ReservationView> hold(int user, std::vector<SeatNumber> seats) {
        return hold_as(user, Hold{.seats = std::move(seats)});
    }
    Result<ReservationView> hold_as(int user, Hold wish) {
        wish.user = SmallSale::user(user);
        wish.performance = sale_.performance();
        wish.concert = sale_.concert;
        wish.place = numbers_.at(user);
        wish.key = "key-" + std::to_string(++keys_);
        return office_->hold(wish);
    }
    // How many seats of the area this user can have.
    Result<ReservationView> hold_in_pit(int user, std::int32_t count) {
        return hold_as(user, Hold{.areas = {{"Pit", count}}});
    }
    void release(int user, const ReservationView& reservation) {
        REQUIRE(office_->release({.user = SmallSale::user(user),
                                  .place = numbers_.at(user),
                                  .concert = sale_.concert,
                                  .reservation = reservation.id}));
    }
    void change(RoomPatch patch) {
        SaleChange change;
        change.patch = std::move(patch);
        change.actor = "operator";
        REQUIRE(office_->change_sale({.concert = sale_.concert, .change = std::move(change)}));
    }
    void release_allotment() {
        change({.classes = std::vector<RoomClass>{{"general", 1}, {"fan_club", 1, true}}});
    }
    Result<PlaceView> admit_by_hand(int user) {
        return office_->admit(
            {.concert = sale_.concert, .user = SmallSale::user(user), .actor = "operator"});
    }
    void audit_is_clean() { CHECK(office_->audit()->clean()); }

  private:
    void open() {
        office_ = std::make_unique<BoxOffice>(store_.open(clock_),
                                              Options{.tick = 1h, .running = Running::by_host});
    }

    TestClock clock_;
    ReopenedStore store_;
    std::unique_ptr<BoxOffice> office_;
    SmallSale sale_;
    std::map<int, PlaceNumber> numbers_;
    int keys_ = 0;
};

}  // namespace

CONCERTRES_BACKEND_TEST(
    "a seat that is kept for a class is refused to all others, and names itself") {
    AllottedSale at(backend);
    at.let_in(1, "general");
    const auto refused = at.hold(1, {1, 2, 3});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::seat_allotted);
    CHECK(refused.error().seats == std::vector<SeatNumber>{1, 2});
    CHECK(refused.error().detail ==
          "these seats are kept for people of another class of the waiting room");
    // Before the state of the seats is told, which is no business of theirs.
    at.let_in(2, "fan_club");
    REQUIRE(at.hold(2, {1}));
    CHECK(at.hold(1, {1}).error().code == Errc::seat_allotted);
    CHECK(at.hold(1, {3}));
    // People of the class take others' seats as anybody does.
    CHECK(at.hold(2, {4}));
    at.audit_is_clean();
}

CONCERTRES_BACKEND_TEST("the best available are never those of another class") {
    AllottedSale at(backend);
    at.let_in(1, "general");
    const auto best = at.hold_as(1, Hold{.best = BestSeats{.count = 4}});
    REQUIRE(best);
    CHECK(numbers_of(*best) == std::vector<SeatNumber>{3, 4, 5, 6});
    CHECK(at.hold_as(1, Hold{.best = BestSeats{.count = 1}}).error().code == Errc::no_seats_match);
    const auto pit = at.hold_in_pit(1, 1);
    CHECK(pit.error().code == Errc::no_seats_match);
    CHECK(pit.error().detail == "there are not 1 free seats in \"Pit\": 0 are left");
    at.let_in(2, "fan_club");
    CHECK(numbers_of(*at.hold_as(2, Hold{.best = BestSeats{.count = 2}})) ==
          std::vector<SeatNumber>{1, 2});
    CHECK(at.hold_in_pit(2, 3));
    at.audit_is_clean();
}

CONCERTRES_BACKEND_TEST("an orphan is one among the seats that its neighbour may take") {
    ConcertDraft draft = hall();
    draft.orphans = OrphanRule::refused;
    AllottedSale at(backend, draft);
    at.let_in(1, "general");
    // 3 would stay alone between the fan club's seats and these, where 3 to 5 leave 6 alone: one of
    // the two cannot be helped. Two seats can be had without leaving one alone.
    CHECK(at.hold(1, {4, 5, 6}));
    AllottedSale other(backend, draft);
    other.let_in(1, "general");
    const auto refused = other.hold(1, {4, 5});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::orphan_seat);
    CHECK(refused.error().seats == std::vector<SeatNumber>{3, 6});
    CHECK(other.hold(1, {5, 6}));
}

CONCERTRES_BACKEND_TEST("people are told of the seats that they may take, also after a restart") {
    AllottedSale at(backend);
    at.let_in(1, "general");
    at.let_in(2, "fan_club");
    REQUIRE(at.hold(1, {3, 4, 5}));
    REQUIRE(at.hold(2, {1}));
    for (const bool is_restarted : {false, true}) {
        CAPTURE(is_restarted);
        if (is_restarted) at.reopen();
        CHECK(at.place(1).seats_left == 1);
        CHECK(at.place(1).seats_held == 3);
        CHECK(at.place(2).seats_left == 5);
        CHECK(at.place(2).seats_held == 4);
    }
    at.release_allotment();
    CHECK(at.place(1).seats_left == 5);
    CHECK(at.place(1).seats_held == 4);
}

CONCERTRES_BACKEND_TEST("an operator releases an allotment while people wait, and takes it back") {
    AllottedSale at(backend);
    at.let_in(1, "general");
    at.release_allotment();
    const auto held = at.hold(1, {1});
    REQUIRE(held);
    CHECK(at.hold_in_pit(1, 1));
    at.change({.classes = std::vector<RoomClass>{{"general", 1}, {"fan_club", 1, false}}});
    CHECK(at.hold(1, {2}).error().code == Errc::seat_allotted);
    // What was held meanwhile stays held.
    CHECK(at.office().audit()->clean());
    at.reopen();
    CHECK(at.hold(1, {2}).error().code == Errc::seat_allotted);
    at.audit_is_clean();
}

CONCERTRES_BACKEND_TEST("a class for which all is sold is told so, while the others go on") {
    AllottedSale at(backend);
    at.change({.active_max = 1});
    at.let_in(1, "general");
    REQUIRE(at.office().charge(
        {.user = SmallSale::user(1), .amount = Money{1'000'000}, .key = "charge"}));
    for (int user = 2; user <= 5; ++user) at.join(user, user % 2 == 0 ? "general" : "fan_club");
    const auto held = at.hold(1, {3, 4, 5, 6});
    REQUIRE(held);
    CHECK(at.place(2).sale == SaleState::open);
    REQUIRE(at.office().pay({.user = SmallSale::user(1),
                             .place = at.place(1).number,
                             .concert = held->concert,
                             .reservations = {held->id},
                             .key = "pay"}));
    CHECK(at.place(2).sale == SaleState::sold_out);
    CHECK(at.place(3).sale == SaleState::open);
    CHECK(at.try_join(6, "general").error().code == Errc::sold_out);
    CHECK(at.try_join(7, "fan_club"));
    // Nobody of the class is let in for nothing; the turns are the others'.
    at.change({.active_max = std::optional<std::int64_t>{}});
    CHECK(at.tick() == 3);
    CHECK(at.place(2).status == TokenStatus::waiting);
    CHECK(at.place(3).status == TokenStatus::admitted);
    CHECK(at.admit_by_hand(2).error().code == Errc::sold_out);
    at.release_allotment();
    CHECK(at.place(2).sale == SaleState::open);
    CHECK(at.tick() == 2);
    at.audit_is_clean();
}

CONCERTRES_BACKEND_TEST("who looks in vain for a seat keeps nobody from those of another class") {
    ConcertDraft draft = hall();
    draft.room->waiting_list = true;
    AllottedSale at(backend, draft);
    for (int user = 1; user <= 4; ++user) at.join(user, "general");
    CHECK(at.tick() == 4);
    // One of the four has all that anybody may take; the fan club's five are free.
    REQUIRE(at.hold(1, {3, 4, 5, 6}));
    at.join(5, "general");
    for (int user = 6; user <= 11; ++user) at.join(user, "fan_club");
    CHECK(at.tick() == 5);
    CHECK(at.place(5).status == TokenStatus::waiting);
    CHECK(at.place(10).status == TokenStatus::admitted);
    CHECK(at.place(11).status == TokenStatus::waiting);
    at.audit_is_clean();
}

CONCERTRES_BACKEND_TEST("a waiting list lets in nobody for whom there is no seat to take") {
    ConcertDraft draft = hall();
    draft.room->waiting_list = true;
    AllottedSale at(backend, draft);
    at.let_in(1, "general");
    const auto first = at.hold(1, {3, 4});
    const auto second = at.hold(1, {5, 6});
    REQUIRE(first);
    REQUIRE(second);
    for (int user = 2; user <= 4; ++user) at.join(user, "general");
    for (int user = 5; user <= 10; ++user) at.join(user, "fan_club");
    // Five seats are free, and all are the fan club's: the sixth fan waits with the others.
    CHECK(at.tick() == 5);
    for (int user = 2; user <= 4; ++user) CHECK(at.place(user).status == TokenStatus::waiting);
    CHECK(at.place(10).status == TokenStatus::waiting);
    CHECK(at.admit_by_hand(2).error().code == Errc::room_full);
    CHECK(at.tick() == 0);
    at.release(1, *first);
    // Who gave them back holds two others, so both are for those who wait, of either class.
    CHECK(at.tick() == 2);
    CHECK(at.place(2).status == TokenStatus::admitted);
    CHECK(at.place(10).status == TokenStatus::admitted);
    CHECK(at.tick() == 0);
    // Whoever takes both leaves none for another, who was let in for one.
    REQUIRE(at.hold(2, {3, 4}));
    CHECK(at.tick() == 0);
    at.reopen();
    CHECK(at.tick() == 0);
    at.release(1, *second);
    // Two seats are free: one for the sixth fan, who holds nothing, one for who gave them back.
    CHECK(at.tick() == 0);
    at.audit_is_clean();
}

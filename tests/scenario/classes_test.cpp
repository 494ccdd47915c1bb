// Rooms with classes, against a box office on every backend: shares, positions, the draw, and what
// operators change of them while people wait.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/drawn_order.hpp"
#include "support/reopened_store.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

const std::vector<RoomClass> two = {{"general", 1}, {"fan_club", 3}};

PlaceNumber number_of(LineClass line_class, std::int64_t sequence) {
    return PlaceNumber::of({.line_class = line_class, .sequence = sequence});
}

// A room with classes, and the box office that has it; it ticks when it is told to.
class ClassRoom {
  public:
    explicit ClassRoom(const Backend& backend, RoomPolicy policy, bool draws = false)
        : store_(backend) {
        open();
        ConcertDraft draft = SmallSale::draft();
        policy.draw = draws;
        draft.room = std::move(policy);
        if (draws) draft.opens_at = opens_at();
        concert_ = SmallSale::add(*office_, draft).concert;
    }

    [[nodiscard]] BoxOffice& office() { return *office_; }
    [[nodiscard]] ConcertId concert() const { return concert_; }
    [[nodiscard]] TestClock& clock() { return clock_; }
    [[nodiscard]] Time opens_at() const { return started_ + 10min; }

    void reopen() {
        office_.reset();
        open();
    }
    Result<PlaceView> try_join(int user, const std::string& line_class, bool again = false) {
        auto place = office_->join({.concert = concert_,
                                    .user = SmallSale::user(user),
                                    .again = again,
                                    .line_class = line_class});
        if (place) numbers_[user] = place->number;
        return place;
    }
    PlaceView join(int user, const std::string& line_class = "") {
        return try_join(user, line_class).value();
    }
    // Users from `first` on.
    void join_many(int first, int count, const std::string& line_class) {
        int joined = 0;
        for (int user = first; user < first + count; ++user) {
            office_->submit<Join>(
                {.concert = concert_, .user = SmallSale::user(user), .line_class = line_class},
                [&, user](Result<PlaceView> made) {
                    numbers_[user] = made.value().number;
                    ++joined;
                });
        }
        while (joined < count) REQUIRE(office_->step());
    }
    [[nodiscard]] PlaceView place(int user) {
        return office_
            ->place(
                {.concert = concert_, .user = SmallSale::user(user), .place = numbers_.at(user)})
            .value();
    }
    void leave(int user) {
        REQUIRE(office_->leave(
            {.concert = concert_, .user = SmallSale::user(user), .place = numbers_.at(user)}));
    }
    std::int64_t tick() { return office_->tick({concert_}).value(); }
    // With what follows of its own accord.
    void tick_all() {
        (void)tick();
        while (office_->step()) {
        }
    }
    // All who have been let in give their passes back.
    void all_leave() {
        for (const auto& [user, number] : numbers_) {
            if (place(user).status == TokenStatus::admitted) leave(user);
        }
    }
    Result<ConcertView> set_classes(const std::vector<RoomClass>& classes) {
        SaleChange change;
        change.patch.emplace().classes = classes;
        return office_->change_sale({.concert = concert_, .change = std::move(change)});
    }
    [[nodiscard]] ConcertView view() { return office_->concert({concert_}).value(); }
    // Who has been let in, in that order.
    [[nodiscard]] std::vector<PlaceNumber> admitted() {
        std::vector<PlaceNumber> numbers;
        for (std::int64_t after = 0;;) {
            const auto page =
                office_->call(ListEvents{.room = concert_, .after = after, .limit = 1'000}).value();
            if (page.empty()) return numbers;
            after = page.back().number;
            for (const Event& event : page) {
                if (event.kind == EventKind::pass_admitted) numbers.push_back(event.place);
            }
        }
    }
    [[nodiscard]] std::vector<std::int64_t> admitted_of(LineClass line_class) {
        std::vector<std::int64_t> sequences;
        for (const PlaceNumber number : admitted()) {
            if (number.line_class() == line_class) sequences.push_back(number.sequence());
        }
        return sequences;
    }
    void check_audit() {
        const auto report = office_->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings) {
            FAIL_CHECK(finding.rule << ": " << finding.what);
        }
    }

  private:
    void open() {
        Options options;
        options.tick = 24h;
        options.running = Running::by_host;
        options.policies["one"] = at_most_active(1);
        office_ = std::make_unique<BoxOffice>(store_.open(clock_), options);
    }

    TestClock clock_;
    Time started_ = clock_.wall();
    ReopenedStore store_;
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
    std::map<int, PlaceNumber> numbers_;  // by user
};

std::vector<std::int64_t> up_to(std::int64_t last) {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 1; i <= last; ++i) numbers.push_back(i);
    return numbers;
}

}  // namespace

CONCERTRES_BACKEND_TEST("each class has a line of its own, and positions count within it") {
    ClassRoom room(backend, {.active_max = 1, .classes = two});
    CHECK(room.join(1).number == number_of(0, 1));
    const PlaceView fan = room.join(2, "fan_club");
    CHECK(fan.number == number_of(1, 1));
    CHECK(fan.line_class == "fan_club");
    CHECK(fan.position == 1);
    CHECK(room.join(3, "general").number == number_of(0, 2));
    CHECK(room.join(4, "fan_club").position == 2);
    CHECK(room.place(3).position == 2);
    CHECK(room.place(3).line_class == "general");
    CHECK(room.view().waiting == 4);
    CHECK(room.view().class_waiting == std::vector<std::int64_t>{2, 2});
    // The fan club's turn, and nobody of the others has moved.
    CHECK(room.tick() == 1);
    CHECK(room.admitted() == std::vector{number_of(1, 1)});
    CHECK(room.place(4).position == 1);
    CHECK(room.place(3).position == 2);
    CHECK(room.place(2).line_class == "fan_club");
    room.reopen();
    CHECK(room.place(4).position == 1);
    CHECK(room.place(3).position == 2);
    CHECK(room.view().class_waiting == std::vector<std::int64_t>{2, 1});
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("whoever is in a class gets its share of the admissions, in its order") {
    ClassRoom room(backend, {.active_max = 4, .classes = two});
    room.join_many(1, 40, "general");
    room.join_many(101, 40, "fan_club");
    for (std::int64_t round = 1; round <= 10; ++round) {
        CHECK(room.tick() == 4);
        CHECK(room.admitted_of(0) == up_to(round));
        CHECK(room.admitted_of(1) == up_to(3 * round));
        room.all_leave();
        if (round == 5) room.reopen();
    }
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("shares go on over ticks that let one person in, and over a restart") {
    ClassRoom room(backend, {.active_max = 1, .classes = two});
    room.join_many(1, 10, "general");
    room.join_many(101, 20, "fan_club");
    for (std::int64_t i = 1; i <= 20; ++i) {
        CHECK(room.tick() == 1);
        const auto fans = static_cast<std::int64_t>(room.admitted_of(1).size());
        // Three of four, to within one person.
        CHECK(std::abs(4 * fans - 3 * i) < 4);
        room.all_leave();
        room.reopen();
    }
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("the whole quota is given out, whoever waits, and no more") {
    ClassRoom room(backend, {.window = AdmissionWindow{10, 1min}, .classes = two});
    room.join_many(101, 3, "fan_club");
    room.join_many(1, 30, "general");
    CHECK(room.tick() == 10);
    CHECK(room.admitted_of(1) == up_to(3));
    CHECK(room.admitted_of(0) == up_to(7));
    CHECK(room.tick() == 0);
    room.clock().advance(1min);
    CHECK(room.tick() == 10);
    CHECK(room.admitted_of(0) == up_to(17));
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a custom policy says how many, and the weights say who") {
    ClassRoom room(backend, {.custom = "one", .classes = two});
    room.join_many(1, 10, "general");
    room.join_many(101, 10, "fan_club");
    for (int i = 0; i < 8; ++i) {
        CHECK(room.tick() == 1);
        room.all_leave();
    }
    CHECK(room.admitted_of(0) == up_to(2));
    CHECK(room.admitted_of(1) == up_to(6));
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a user has one place, whatever class is asked for") {
    ClassRoom room(backend, {.active_max = 1, .classes = two});
    const PlaceView general = room.join(1);
    const PlaceView same = room.join(1, "fan_club");
    CHECK_FALSE(same.made);
    CHECK(same.number == general.number);
    CHECK(same.line_class == "general");
    CHECK(room.view().class_waiting == std::vector<std::int64_t>{1, 0});
    // Who has left may come back in another class, and back again.
    room.leave(1);
    CHECK(room.try_join(1, "fan_club")->status == TokenStatus::left);
    const PlaceView fan = room.try_join(1, "fan_club", true).value();
    CHECK(fan.made);
    CHECK(fan.number == number_of(1, 1));
    room.leave(1);
    CHECK(room.try_join(1, "", true)->number == number_of(0, 2));
    CHECK(room.place(1).latest);
    CHECK_FALSE(
        room.office()
            .place({.concert = room.concert(), .user = SmallSale::user(1), .place = fan.number})
            ->latest);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a class that the room has not is refused, with those that there are") {
    ClassRoom room(backend, {.classes = two});
    const auto refused = room.try_join(1, "press");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::request_invalid);
    CHECK(refused.error().detail ==
          "class: this waiting room has no \"press\"; it has general, fan_club");
    CHECK(room.view().waiting == 0);
    // Also of somebody who has a place.
    (void)room.join(1);
    CHECK(room.try_join(1, "press").error().code == Errc::request_invalid);

    ClassRoom plain(backend, {});
    CHECK(plain.join(1, "general").line_class.empty());
    CHECK(plain.view().class_waiting.empty());
    CHECK(plain.try_join(2, "fan_club").error().detail ==
          "class: this waiting room has no \"fan_club\"; it has general");
}

CONCERTRES_BACKEND_TEST("weights change and classes come while people wait, and no place is lost") {
    ClassRoom room(backend, {.active_max = 4});
    room.join_many(1, 30, "");
    REQUIRE(room.set_classes(two));
    CHECK(room.place(7).position == 7);
    CHECK(room.place(7).line_class == "general");
    room.join_many(101, 30, "fan_club");
    CHECK(room.tick() == 4);
    CHECK(room.admitted_of(1) == up_to(3));
    room.all_leave();
    REQUIRE(room.set_classes({{"general", 3}, {"fan_club", 1}, {"accessible", 4}}));
    room.join_many(201, 5, "accessible");
    for (int i = 0; i < 2; ++i) {
        CHECK(room.tick() == 4);
        room.all_leave();
    }
    CHECK(room.admitted_of(0).size() == 1 + 3);
    CHECK(room.admitted_of(1).size() == 3 + 1);
    CHECK(room.admitted_of(2) == up_to(4));
    CHECK(room.set_classes(two).error().code == Errc::request_invalid);
    room.reopen();
    CHECK(room.view().room->classes.size() == 3);
    for (int i = 0; i < 20; ++i) {
        room.tick();
        room.all_leave();
    }
    CHECK(room.admitted_of(0) == up_to(30));
    CHECK(room.admitted_of(1) == up_to(30));
    CHECK(room.admitted_of(2) == up_to(5));
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("more than a batch of each class is let in, by turns and in order") {
    ClassRoom room(backend, {.classes = two});
    room.join_many(1, 600, "general");
    room.join_many(1'001, 900, "fan_club");
    room.tick_all();
    CHECK(room.admitted_of(0) == up_to(600));
    CHECK(room.admitted_of(1) == up_to(900));
    // As long as both waited, three of four were fans.
    const auto all = room.admitted();
    const auto fans = std::count_if(all.begin(), all.begin() + 1'024,
                                    [](PlaceNumber number) { return number.line_class() == 1; });
    CHECK(fans == 768);
    CHECK(room.view().waiting == 0);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("the wait is told by the rate of one's own class") {
    ClassRoom room(backend, {.active_max = 4, .classes = two});
    room.join_many(1, 50, "general");
    room.join_many(101, 50, "fan_club");
    for (int i = 0; i < 10; ++i) {
        room.tick();
        room.all_leave();
        room.clock().advance(10s);
    }
    // One of the first class in ten seconds, three of the other.
    const PlaceView general = room.place(20);
    const PlaceView fan = room.place(139);
    REQUIRE(general.eta);
    REQUIRE(fan.eta);
    CHECK(general.ahead == 9);
    const auto is_told = [](const PlaceView& place, Duration wait) {
        return *place.eta_min <= wait && wait <= *place.eta_max &&
               std::chrono::abs(*place.eta - wait) < 5s;
    };
    CHECK(is_told(general, 100s));
    CHECK(fan.ahead == 8);
    CHECK(is_told(fan, 30s));
}

CONCERTRES_BACKEND_TEST("each class is drawn for itself when the sale opens") {
    ClassRoom room(backend, {.active_max = 4, .classes = two}, true);
    room.join_many(1, 12, "general");
    room.join_many(101, 20, "fan_club");
    room.leave(105);
    CHECK_FALSE(room.place(3).position);
    CHECK(room.tick() == 0);
    room.clock().advance(10min);
    SUBCASE("by a tick") { room.tick(); }
    SUBCASE("by somebody who joins") { (void)room.join(13); }
    SUBCASE("by the first of a class of which nobody was there") {
        REQUIRE(room.set_classes({{"general", 1}, {"fan_club", 3}, {"late", 1}}));
        CHECK(room.join(301, "late").position == 1);
    }
    const DrawView draw = room.office().draw({room.concert()}).value();
    CHECK(draw.drawn_at == room.opens_at());
    REQUIRE(draw.lines.size() == 2);
    CHECK(draw.lines[0].name == "general");
    CHECK(draw.lines[0].drawn.size == 12);
    CHECK(draw.lines[1].name == "fan_club");
    CHECK(draw.lines[1].drawn.line_class == 1);
    CHECK(draw.lines[1].drawn.size == 20);
    room.reopen();
    const auto order_of = [&](std::uint64_t line_class, std::uint64_t size) {
        std::vector<std::int64_t> order(size);
        for (std::uint64_t i = 1; i <= size; ++i) {
            order[rank_by_hand(draw.seed, size, i, line_class)] = static_cast<std::int64_t>(i);
        }
        return order;
    };
    for (int i = 0; i < 16; ++i) {
        room.tick();
        room.all_leave();
        if (i == 3) room.reopen();
    }
    auto general = order_of(0, 12);
    if (room.admitted_of(0).size() == 13) general.push_back(13);
    CHECK(room.admitted_of(0) == general);
    auto fans = order_of(1, 20);
    std::erase(fans, 5);
    CHECK(room.admitted_of(1) == fans);
    CHECK(room.office().draw({room.concert()})->lines[1].drawn.next_rank == 20);
    room.check_audit();
    const auto told = room.office().admissions({.concert = room.concert()});
    REQUIRE(told);
    CHECK(told->admissions.size() == 12 + 19);
}

CONCERTRES_BACKEND_TEST("what became of a place tells of its class") {
    ClassRoom room(backend, {.classes = two}, true);
    (void)room.join(1);
    (void)room.join(2, "fan_club");
    const auto explained = [&](PlaceNumber number) {
        return room.office().explain({.id = room.concert().uuid, .place = number}).value();
    };
    CHECK(explained(number_of(1, 1)).state.ends_with("; in class fan_club"));
    CHECK(explained(number_of(0, 1)).state.ends_with("; in class general"));
    room.clock().advance(10min);
    CHECK(room.tick() == 2);
    const Explanation fan = explained(number_of(1, 1));
    CHECK(fan.state.ends_with("; in class fan_club; drawn as number 1 of 1"));
    // Its own line's draw, and its admission.
    REQUIRE(fan.events.size() == 2);
    CHECK(fan.events[0].event.draw->line_class == 1);
    CHECK(fan.events[1].event.place == number_of(1, 1));
}

CONCERTRES_BACKEND_TEST("at a concert without a room everybody is admitted, whatever the class") {
    ClassRoom room(backend, {.classes = two});
    const ConcertId plain = SmallSale::add(room.office()).concert;
    const auto place = room.office().join(
        {.concert = plain, .user = SmallSale::user(1), .line_class = "fan_club"});
    REQUIRE(place);
    CHECK(place->number == PlaceNumber{});
    CHECK(place->line_class.empty());
}

CONCERTRES_BACKEND_TEST("whatever people and operators do, orders and shares hold") {
    std::mt19937_64 random(5);
    std::vector<RoomClass> classes = {{"a", 2}, {"b", 5}};
    ClassRoom room(backend, {.active_max = 3, .classes = classes});
    const auto any_of = [&](std::size_t count) { return static_cast<int>(random() % count); };
    for (int step = 0; step < 400; ++step) {
        switch (any_of(6)) {
            case 0:
            case 1:
                (void)room.try_join(1 + any_of(60), classes[random() % classes.size()].name,
                                    any_of(2) == 0);
                break;
            case 2:
                room.tick();
                break;
            case 3:
                room.all_leave();
                break;
            case 4:
                room.clock().advance(std::chrono::seconds(any_of(90)));
                break;
            default:
                classes[random() % classes.size()].weight = 1 + any_of(9);
                if (classes.size() < 6 && any_of(8) == 0) {
                    classes.push_back({"c" + std::to_string(classes.size()), 1 + any_of(9)});
                }
                REQUIRE(room.set_classes(classes));
        }
        if (step % 97 == 0) room.reopen();
    }
    for (LineClass i = 0; i < static_cast<LineClass>(classes.size()); ++i) {
        const auto order = room.admitted_of(i);
        CHECK(std::ranges::is_sorted(order, std::less_equal<>()));
    }
    // With nobody new, all who wait get in.
    for (int i = 0; i < 100 && room.view().waiting > 0; ++i) {
        room.tick();
        room.all_leave();
    }
    CHECK(room.view().waiting == 0);
    room.check_audit();
}

}  // namespace concertres::test

// What another instance commits between the moment in which one looks and the moment in which it
// decides. Both are over one store in memory: the one that looks takes it for a shared one, and the
// other comes in between two of its reads, where on a server it would be two statements.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/operations.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

class LookingStorage final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;

    bool exclusive() const override { return false; }
    News follow() override { return std::exchange(news, {}); }
    // What is taken for now before the rows are locked may be ahead.
    Time now() override { return KeptStorage::now() + ahead; }
    Time load(const RowKeys& wanted, Rows& found) override {
        RowKeys lines;
        RowKeys others = wanted;
        lines.of<RoomLine>() = std::exchange(others.of<RoomLine>(), {});
        KeptStorage::read(lines, found);
        if (meanwhile) std::exchange(meanwhile, nullptr)();
        return KeptStorage::load(others, found);
    }
    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override {
        if (std::exchange(is_away, false)) {
            throw StorageError(StorageError::Kind::unavailable, "the server is away");
        }
        return KeptStorage::performances(concert, after);
    }

    Duration ahead{};
    std::function<void()> meanwhile;
    News news;
    bool is_away = false;
};

struct Two {
    explicit Two(ConcertDraft draft = SmallSale::draft(), EventSink* told = nullptr)
        : store(open_memory({.clock = &clock})) {
        other.emplace(std::make_unique<KeptStorage>(store), options());
        sale = SmallSale::add(*other, std::move(draft));
        open(told);
    }
    static Options options() {
        return {.hold_ttl = 1min,
                .pass_ttl = 1min,
                .tick = 1h,
                .running = Running::by_host,
                .sweeps = false};
    }
    // The one that looks knows of what has been committed until now.
    void open(EventSink* told = nullptr) {
        auto storage = std::make_unique<LookingStorage>(store);
        looking_storage = storage.get();
        Options set = options();
        set.events = told;
        set.log = [this](LogLevel, std::string_view text) { log += text; };
        looking.emplace(std::move(storage), set);
    }
    void tell(News news) { looking_storage->news = std::move(news); }

    PlaceNumber join(BoxOffice& office, int user, const std::string& line_class = "") const {
        return office
            .join(
                {.concert = sale.concert, .user = SmallSale::user(user), .line_class = line_class})
            .value()
            .number;
    }
    AnswerTo<Hold> hold(BoxOffice& office, int user, SeatNumber seat,
                        PlaceNumber place = {}) const {
        return office.hold({.user = SmallSale::user(user),
                            .place = place,
                            .performance = sale.performance(),
                            .seats = {seat},
                            .key = "h" + std::to_string(seat)});
    }
    // By the one that looks, with all that follows of its own accord.
    void tick_all() {
        REQUIRE(looking->tick({sale.concert}));
        while (looking->step()) {
        }
    }
    // What `kind` of events the store has of the performance or of the room.
    std::ptrdiff_t count(EventKind kind) {
        std::ptrdiff_t sum = 0;
        for (const auto& query : {ListEvents{.performance = sale.performance(), .limit = 1'000},
                                  ListEvents{.room = sale.concert, .limit = 1'000}}) {
            sum += std::ranges::count(other->call(query).value(), kind, &Event::kind);
        }
        return sum;
    }

    TestClock clock;
    std::shared_ptr<Storage> store;
    std::optional<BoxOffice> other;
    std::optional<BoxOffice> looking;
    LookingStorage* looking_storage = nullptr;
    SmallSale sale;
    std::string log;
};

ConcertDraft draft_with(RoomPolicy room, SeatNumber seats = 50) {
    ConcertDraft draft = SmallSale::draft(seats);
    draft.room = std::move(room);
    return draft;
}

const std::vector<RoomClass> two_classes = {{"general", 1}, {"fan_club", 1}};

TEST_SUITE_BEGIN("engine: another instance comes in between");

TEST_CASE("a pass that was given back, or prolonged by a hold, is not marked expired") {
    for (const bool prolongs : {false, true}) {
        CAPTURE(prolongs);
        Two at(draft_with({.active_max = 1}));
        const PlaceNumber first = at.join(*at.other, 1);
        const PlaceNumber second = at.join(*at.other, 2);
        REQUIRE(at.other->tick({at.sale.concert}).value() == 1);
        at.open();
        at.clock.advance(1min - 1s);
        at.looking_storage->ahead = 2s;
        at.looking_storage->meanwhile = [&] {
            if (prolongs) {
                REQUIRE(at.hold(*at.other, 1, 7, first));
            } else {
                REQUIRE(at.other->leave(
                    {.concert = at.sale.concert, .user = SmallSale::user(1), .place = first}));
            }
            at.clock.advance(1s);
        };
        CHECK(at.looking->tick({at.sale.concert}).value() == 0);
        CHECK_FALSE(at.looking_storage->meanwhile);
        CHECK(at.count(EventKind::pass_expired) == 0);
        // The slot is the second's as soon as the first has gone, and not before.
        at.tick_all();
        CHECK(at.count(EventKind::pass_admitted) == (prolongs ? 1 : 2));
        if (prolongs) CHECK(at.hold(*at.other, 1, 8, first));
        CHECK(at.hold(*at.other, 2, 9, second).has_value() != prolongs);
        CHECK(at.other->audit()->clean());
    }
}

TEST_CASE("a hold that was released, or prolonged, is not swept") {
    for (const bool prolongs : {false, true}) {
        CAPTURE(prolongs);
        Two at;
        const auto held = at.hold(*at.other, 1, 7);
        REQUIRE(held);
        at.clock.advance(1min - 1s);
        auto set = Two::options();
        set.sweeps = true;
        auto storage = std::make_unique<LookingStorage>(at.store);
        LookingStorage& looking_storage = *storage;
        BoxOffice sweeping(std::move(storage), set);
        looking_storage.ahead = 2s;
        looking_storage.meanwhile = [&] {
            const UserId user = SmallSale::user(1);
            if (prolongs) {
                REQUIRE(at.other->extend({.user = user, .reservation = held->id}));
            } else {
                REQUIRE(at.other->release({.user = user, .reservation = held->id}));
            }
            at.clock.advance(1s);
        };
        while (sweeping.step()) {
        }
        CHECK_FALSE(looking_storage.meanwhile);
        CHECK(at.count(EventKind::reservation_expired) == 0);
        CHECK(at.hold(*at.other, 2, 7).has_value() != prolongs);
        CHECK(at.other->audit()->clean());
    }
}

TEST_CASE("a waiting list does not take a hold for dead that was prolonged, nor a seat twice") {
    for (const bool prolongs : {false, true}) {
        CAPTURE(prolongs);
        ConcertDraft draft = draft_with({.waiting_list = true}, 1);
        Two at(draft);
        const PlaceNumber first = at.join(*at.other, 1);
        REQUIRE(at.other->tick({at.sale.concert}).value() == 1);
        const auto held = at.hold(*at.other, 1, 1, first);
        REQUIRE(held);
        for (const int user : {2, 3}) at.join(*at.other, user);
        at.open();
        at.clock.advance(1min - 1s);
        at.looking_storage->ahead = 2s;
        at.looking_storage->meanwhile = [&] {
            const UserId user = SmallSale::user(1);
            if (prolongs) {
                REQUIRE(at.other->extend({.user = user, .place = first, .reservation = held->id}));
            } else {
                REQUIRE(
                    at.other->leave({.concert = at.sale.concert, .user = user, .place = first}));
            }
            at.clock.advance(1s);
        };
        at.tick_all();
        CHECK_FALSE(at.looking_storage->meanwhile);
        at.looking_storage->ahead = {};
        at.tick_all();
        CHECK(at.count(EventKind::pass_admitted) == (prolongs ? 1 : 2));
        CHECK(at.other->audit()->clean());
    }
}

TEST_CASE("of an allotment no more is given back by dead holds than was known to be held") {
    ConcertDraft draft = draft_with({.classes = two_classes, .waiting_list = true}, 2);
    draft.seats[0].allotted_to = 1;
    Two at(draft);
    const PlaceNumber fan = at.join(*at.other, 1, "fan_club");
    REQUIRE(at.other->tick({at.sale.concert}).value() == 1);
    REQUIRE(at.hold(*at.other, 1, 1, fan));
    at.clock.advance(
        1h);  // it is dead, the pass has ended, and the one that looks knows of neither
    for (const int user : {2, 3}) at.join(*at.looking, user, "fan_club");
    for (const int user : {4, 5}) at.join(*at.looking, user);
    // Two free seats: one that is kept for the class, and one for anybody.
    CHECK(at.looking->tick({at.sale.concert}).value() == 2);
    CHECK(at.looking->tick({at.sale.concert}).value() == 0);
    CHECK(at.other->audit()->clean());
}

TEST_CASE("a class that is appended while a room ticks waits for the next tick") {
    Two at(draft_with({.active_max = 5, .classes = {{"general", 1}}}));
    at.join(*at.looking, 1);
    at.looking_storage->meanwhile = [&] {
        SaleChange change;
        change.patch = RoomPatch{.classes = two_classes};
        REQUIRE(at.other->change_sale({.concert = at.sale.concert, .change = change}));
    };
    CHECK(at.looking->tick({at.sale.concert}).value() == 1);
    CHECK_FALSE(at.looking_storage->meanwhile);
    at.join(*at.looking, 2, "fan_club");
    CHECK(at.looking->tick({at.sale.concert}).value() == 1);
    CHECK(at.other->audit()->clean());
}

// One who was passed over, and away ever since but for a moment: 200 s after that.
struct Absent : Two {
    Absent()
        : Two(draft_with(
              {.active_max = 2, .no_shows = NoShows{.silent_after = 90s, .grace = 5min}})) {
        absent = join(*looking, 1);
        join(*looking, 2);
        clock.advance(100s);
        REQUIRE(ask(2).status == TokenStatus::waiting);
        REQUIRE(looking->tick({sale.concert}).value() == 1);
        fill_up();
        clock.advance(200s);
        REQUIRE(ask(1).status == TokenStatus::waiting);
        clock.advance(300s);
    }
    PlaceView ask(int user) {
        return looking
            ->place({.concert = sale.concert,
                     .user = SmallSale::user(user),
                     .place = PlaceNumber{user}})
            .value();
    }
    // Nobody is let in, whoever comes back.
    void fill_up() {
        SaleChange change;
        change.mode = SaleMode::paused;
        REQUIRE(looking->change_sale({.concert = sale.concert, .change = change}));
    }
    void set_grace(Duration grace) {
        SaleChange change;
        change.patch =
            RoomPatch{.no_shows = std::optional(NoShows{.silent_after = 90s, .grace = grace})};
        REQUIRE(other->change_sale({.concert = sale.concert, .change = change}));
    }
    // How the absent one's place stands after a tick in which `meanwhile` happens.
    TokenStatus after(std::function<void()> meanwhile) {
        looking_storage->meanwhile = std::move(meanwhile);
        REQUIRE(looking->tick({sale.concert}));
        CHECK_FALSE(looking_storage->meanwhile);
        CHECK(other->audit()->clean());
        std::optional<TokenStatus> status;
        looking->submit<GetPlace>(
            {.concert = sale.concert, .user = SmallSale::user(1), .place = absent},
            [&](const AnswerTo<GetPlace>& answer) { status = answer.value().status; });
        while (looking->step()) {
        }
        return status.value();
    }

    PlaceNumber absent;
};

TEST_CASE("a place is lost after its grace, but not where something has just come in between") {
    SUBCASE("nothing has") {
        CHECK(Absent().after([] {}) == TokenStatus::left);
    }
    SUBCASE("its user is heard of in this very moment") {
        Absent at;
        CHECK(at.after([&] { at.ask(1); }) == TokenStatus::waiting);
    }
    SUBCASE("the grace is longer than since it was passed over") {
        Absent at;
        CHECK(at.after([&] { at.set_grace(1h); }) == TokenStatus::waiting);
    }
    SUBCASE("the grace is longer than since its user was heard of") {
        Absent at;
        CHECK(at.after([&] { at.set_grace(400s); }) == TokenStatus::waiting);
    }
    SUBCASE("an operator has let it in") {
        Absent at;
        CHECK(at.after([&] {
            SaleChange change;
            change.mode = SaleMode::open;
            REQUIRE(at.other->change_sale({.concert = at.sale.concert, .change = change}));
            REQUIRE(at.other->admit(
                {.concert = at.sale.concert, .user = SmallSale::user(1), .actor = "ann"}));
        }) == TokenStatus::admitted);
    }
}

TEST_CASE("who gave the pass back at another instance has left, before this one hears of it") {
    Two at(draft_with({.active_max = 1}));
    const PlaceNumber place = at.join(*at.other, 1);
    REQUIRE(at.other->tick({at.sale.concert}).value() == 1);
    at.open();
    const GetPlace query{.concert = at.sale.concert, .user = SmallSale::user(1), .place = place};
    REQUIRE(
        at.other->leave({.concert = at.sale.concert, .user = SmallSale::user(1), .place = place}));
    REQUIRE(at.looking->place_in_memory(query)->status == TokenStatus::admitted);
    const auto told = at.looking->call(query);
    REQUIRE(told);
    CHECK(told->status == TokenStatus::left);
    CHECK_FALSE(told->position);
    CHECK_FALSE(told->ahead);
}

TEST_CASE("what is of a concert that is not known here yet is told of once it is") {
    Two at;
    ConcertDraft draft = SmallSale::draft();
    const SmallSale later = SmallSale::add(*at.other, draft);
    const UserId user = SmallSale::user(1);
    const auto held = at.other->hold(
        {.user = user, .performance = later.performance(), .seats = {1}, .key = "h"});
    REQUIRE(held);
    const GetReservation one{.user = user, .reservation = held->id};
    CHECK(at.looking->reservation(one).error().code == Errc::storage_unavailable);
    CHECK(at.looking->call(ListReservations{.user = user}).error().code ==
          Errc::storage_unavailable);
    CHECK_FALSE(at.looking->statistics().failed);
    at.tell({.concerts = {at.store->concerts().at(1)}});
    at.clock.advance(300ms);
    CHECK(at.looking->reservation(one).value().id == held->id);
    CHECK(at.looking->call(ListReservations{.user = user}).value().size() == 1);
}

TEST_CASE("news during which the server goes away are taken up where they were left") {
    Two at;
    SmallSale::add(*at.other);
    SmallSale::add(*at.other);
    const auto concerts = at.store->concerts();
    REQUIRE(concerts.size() == 3);
    at.tell({.concerts = {concerts[1], concerts[2]}});
    at.clock.advance(300ms);
    at.looking_storage->is_away = true;
    // All happens within one moment: nothing is asked again, as what was told is not told twice.
    while (at.looking->step()) {
    }
    CHECK(at.log.find("the server is away") != std::string::npos);
    CHECK(at.looking->call(ListConcerts{}).value().size() == 3);
    CHECK_FALSE(at.looking->statistics().failed);
}

TEST_CASE("events of other instances are told here too") {
    struct Sink final : EventSink {
        void on_committed(std::span<const Event> events) override {
            for (const Event& event : events) names.emplace_back(event_name(event.kind));
            CHECK_FALSE(events.empty());
        }
        std::vector<std::string> names;
    } sink;
    Two at(SmallSale::draft(), &sink);
    REQUIRE(at.hold(*at.other, 1, 7));
    News news;
    news.changes.at = at.store->now();
    news.changes.events = at.other->call(ListEvents{.performance = at.sale.performance()}).value();
    at.tell(std::move(news));
    at.clock.advance(300ms);
    while (at.looking->step()) {
    }
    CHECK(sink.names == std::vector<std::string>{"reservation.held"});
    // Of rows alone there is nothing to tell.
    News rows;
    rows.changes.at = at.store->now();
    rows.changes.rows.of<User>().push_back({.row = {.id = SmallSale::user(9), .user = {999}}});
    at.tell(std::move(rows));
    at.clock.advance(300ms);
    while (at.looking->step()) {
    }
    CHECK(sink.names.size() == 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace concertres::test

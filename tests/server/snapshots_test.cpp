// What many people look at: concerts, dates and seats. An answer may be 50 ms old, so tests that
// change something look until it shows; whether it ever does is what they test.
#include "api/snapshots.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "concertres/memory.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

std::string seats_of(const PerformanceId& performance, bool all = true) {
    return fmt::format("/v1/performances/{}/seats{}", performance.to_string(),
                       all ? "?status=all" : "");
}

// "7 available, 8 held, ...": a hall in one line.
std::string hall_of(const Reply& seats) {
    std::string line;
    for (const auto& seat : seats.at("/seats").as_array()) {
        line += fmt::format("{}{} {}", line.empty() ? "" : ", ", seat.at("number").as_int64(),
                            std::string_view(seat.at("status").as_string()));
    }
    return line;
}

std::string hall_of(const SeatsView& view) {
    std::string line;
    for (const SeatView& seat : view.seats) {
        const char* status = seat.status == SeatStatus::free   ? "available"
                             : seat.status == SeatStatus::held ? "held"
                             : seat.status == SeatStatus::sold ? "sold"
                                                               : "blocked";
        line += fmt::format("{}{} {}", line.empty() ? "" : ", ", seat.number, status);
    }
    return line;
}

// A hall of four seats, whose holds nobody tidies up.
struct SmallHall {
    SmallHall()
        : server({.engine = {.tick = 1h, .sweeps = false}}),
          sale(server.add(SmallSale::draft(4, 2))),
          ann(server.buyer("ann", sale.concert)),
          bob(server.buyer("bob", sale.concert)) {}

    Reply seats(bool all = true) { return server.get(seats_of(sale.performance(), all), ann); }
    // The hall comes to look like this.
    bool shows(const std::string& hall, bool all = true) {
        return eventually([&] { return hall_of(seats(all)) == hall; });
    }

    TestServer server;
    SmallSale sale;
    Buyer ann;
    Buyer bob;
};

}  // namespace

TEST_CASE("a change of a seat shows: held, released, sold, refunded, blocked") {
    SmallHall house;
    TestServer& server = house.server;
    const PerformanceId performance = house.sale.performance();
    CHECK(hall_of(house.seats()) == "1 available, 2 available, 3 available, 4 available");
    CHECK(house.seats(false).at("/seats").as_array().size() == 4);

    const std::string held = server.hold(house.ann, performance, {1, 2}).text("/reservation_id");
    CHECK(house.shows("1 held, 2 held, 3 available, 4 available"));
    CHECK(house.shows("3 available, 4 available", false));
    REQUIRE(server.release(house.ann, held).status == 204);
    CHECK(house.shows("1 available, 2 available, 3 available, 4 available"));
    const Reply paid = server.buy(house.bob, performance, {3});
    CHECK(house.shows("1 available, 2 available, 3 sold, 4 available"));
    REQUIRE(server.refund(house.bob, paid.text("/payment_id")).status == 200);
    CHECK(house.shows("1 available, 2 available, 3 available, 4 available"));
    REQUIRE(server.office().block_seats({.performance = performance, .seats = {4}}));
    CHECK(house.shows("1 available, 2 available, 3 available, 4 blocked"));
    REQUIRE(
        server.office().block_seats({.performance = performance, .seats = {4}, .blocked = false}));
    CHECK(house.shows("1 available, 2 available, 3 available, 4 available", false));
}

TEST_CASE("a hold that has ended shows as a free seat, although nobody has tidied it up") {
    SmallHall house;
    TestServer& server = house.server;
    const std::string held =
        server.hold(house.ann, house.sale.performance(), {1}).text("/reservation_id");
    CHECK(house.shows("1 held, 2 available, 3 available, 4 available"));
    server.clock().advance(4min);
    REQUIRE(server.extend(house.ann, held).status == 200);
    REQUIRE(server.hold(house.bob, house.sale.performance(), {2}).status == 201);
    server.clock().advance(5min - 1us);
    CHECK(house.shows("1 held, 2 held, 3 available, 4 available"));
    server.clock().advance(1us);
    CHECK(house.shows("1 available, 2 available, 3 available, 4 available"));
    CHECK(house.shows("1 available, 2 available, 3 available, 4 available", false));
    // Another takes it: the dead hold's own end is an event, and does not free the new one's seat.
    REQUIRE(server.hold(house.bob, house.sale.performance(), {1}).status == 201);
    CHECK(house.shows("1 held, 2 available, 3 available, 4 available"));
}

TEST_CASE("a map that is asked for while holds are dead already shows their seats as free") {
    SmallHall house;
    REQUIRE(house.server.hold(house.ann, house.sale.performance(), {1}).status == 201);
    house.server.clock().advance(5min);
    CHECK(hall_of(house.seats()) == "1 available, 2 available, 3 available, 4 available");
}

TEST_CASE("an ETag stands for one answer, and the answer for one ETag") {
    SmallHall house;
    TestServer& server = house.server;
    std::map<std::string, std::string> bodies;  // by ETag
    // By body and view: with every seat free, both views say the same.
    std::map<std::pair<std::string, bool>, std::string> etags;
    const auto look = [&] {
        for (const bool all : {true, false}) {
            const Reply seats = house.seats(all);
            const std::string etag = seats.field("ETag");
            CHECK(bodies.emplace(etag, seats.body).first->second == seats.body);
            CHECK(etags.emplace(std::pair(seats.body, all), etag).first->second == etag);
        }
    };
    look();
    look();
    CHECK(bodies.size() == 2);
    for (int i = 0; i < 5; ++i) {
        const Reply before = house.seats();
        const std::string held =
            server.hold(house.ann, house.sale.performance(), {1}).text("/reservation_id");
        CHECK(eventually([&] { return house.seats().field("ETag") != before.field("ETag"); }));
        look();
        REQUIRE(server.release(house.ann, held).status == 204);
        look();
    }
}

TEST_CASE("who has the answer is told so, and nothing else, until it changes") {
    SmallHall house;
    TestServer& server = house.server;
    const auto look = [&](const std::string& known) {
        return server.ask({.target = seats_of(house.sale.performance()),
                           .token = house.ann.token,
                           .fields = {{"If-None-Match", known}}});
    };
    const std::string etag = house.seats().field("ETag");
    CHECK(etag.starts_with('"'));
    CHECK(etag.ends_with('"'));
    for (const std::string& known :
         {etag, "W/" + etag, "\"other\", " + etag, etag + ",\"other\"", std::string("*")}) {
        CAPTURE(known);
        const Reply same = look(known);
        CHECK(same.status == 304);
        CHECK(same.body.empty());
        CHECK(same.field("ETag") == etag);
    }
    for (const std::string& known : {std::string("\"other\""), etag.substr(1), "\"x" + etag}) {
        CAPTURE(known);
        CHECK(look(known).status == 200);
    }
    // The other answer about the same seats is another one.
    CHECK(house.seats(false).field("ETag") != etag);
    REQUIRE(server.hold(house.ann, house.sale.performance(), {1}).status == 201);
    CHECK(eventually([&] { return look(etag).status == 200; }));
    // To hold a seat for longer changes nothing that is shown.
    const Reply held = house.seats();
    const Reply mine = server.get("/v1/reservations", house.ann);
    REQUIRE(server.extend(house.ann, mine.text("/reservations/0/reservation_id")).status == 200);
    std::this_thread::sleep_for(2ms);
    CHECK(look(held.field("ETag")).status == 304);
}

TEST_CASE("revisions grow, and a date's seats do not change with another's") {
    SmallHall house;
    TestServer& server = house.server;
    const std::string second = seats_of(house.sale.performances[1]);
    const Reply untouched = server.get(second, house.ann);
    std::int64_t revision = house.seats().number("/revision");
    for (int i = 0; i < 4; ++i) {
        const Reply held = server.hold(house.ann, house.sale.performance(), {1});
        CHECK(house.shows("1 held, 2 available, 3 available, 4 available"));
        const std::int64_t next = house.seats().number("/revision");
        CHECK(next > revision);
        revision = next;
        REQUIRE(server.release(house.ann, held.text("/reservation_id")).status == 204);
        CHECK(house.shows("1 available, 2 available, 3 available, 4 available"));
    }
    CHECK(server.get(second, house.ann).body == untouched.body);
    CHECK(server.get(second, house.ann).field("ETag") == untouched.field("ETag"));
}

TEST_CASE("dates tell how many seats are left, and a sold-out one only where all are asked for") {
    SmallHall house;
    TestServer& server = house.server;
    const std::string dates = "/v1/concerts/" + house.sale.concert.to_string() + "/dates";
    const auto left = [&](const std::string& query) {
        std::vector<std::int64_t> all;
        const Reply reply = server.get(dates + query, house.ann);
        for (const auto& date : reply.at("/dates").as_array()) {
            all.push_back(date.at("seats_available").as_int64());
        }
        return all;
    };
    const auto shows = [&](const std::string& query, const std::vector<std::int64_t>& wanted) {
        return eventually([&] { return left(query) == wanted; });
    };
    CHECK(left("") == std::vector<std::int64_t>{4, 4});
    CHECK(left("?status=all") == std::vector<std::int64_t>{4, 4});
    CHECK(left("?status=available") == std::vector<std::int64_t>{4, 4});
    REQUIRE(server.hold(house.ann, house.sale.performance(), {1, 2, 3, 4}).status == 201);
    CHECK(shows("", {4}));
    CHECK(shows("?status=all", {0, 4}));
    server.clock().advance(5min);
    CHECK(shows("", {4, 4}));
    const Reply known = server.get(dates, house.ann);
    CHECK(server
              .ask({.target = dates,
                    .token = house.ann.token,
                    .fields = {{"If-None-Match", known.field("ETag")}}})
              .status == 304);
}

TEST_CASE("a concert that is added while people look is on sale like any other") {
    SmallHall house;
    TestServer& server = house.server;
    CHECK(server.get("/v1/concerts").at("/concerts").as_array().size() == 1);
    const Reply added = server.ask_operators(
        {.method = "POST",
         .target = "/admin/v1/concerts",
         .body =
             R"({"title": "Encore", "venue": "Hall", "performances": [{"starts_at": "2090-12-31T20:00:00+01:00"}],
                     "seats": {"count": 2, "price": 1000}})"});
    REQUIRE(added.outcome() == "201");
    CHECK(names_of(added.json) == "concert_id now performances");
    CHECK(names_of(added.at("/performances/0")) == "date performance_id seats_total starts_at");
    CHECK(added.text("/performances/0/starts_at") == "2090-12-31T20:00:00.000+01:00");
    CHECK(eventually(
        [&] { return server.get("/v1/concerts").at("/concerts").as_array().size() == 2; }));
    const auto concert = ConcertId::parse(added.text("/concert_id"));
    REQUIRE(concert);
    const Buyer carl = server.buyer("carl", *concert);
    const Reply seats = server.get(
        "/v1/concerts/" + concert->to_string() + "/dates/2090-12-31/seats?status=all", carl);
    CHECK(hall_of(seats) == "1 available, 2 available");
    CHECK(seats.text("/performance_id") == added.text("/performances/0/performance_id"));
}

TEST_CASE("many readers while seats change: every answer is whole, and the last one is right") {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft(30));
    std::vector<Buyer> buyers;
    for (int i = 0; i < 6; ++i) buyers.push_back(server.buyer(fmt::format("{}", i), sale.concert));
    for (const Buyer& buyer : buyers) REQUIRE(server.charge(buyer, 5'000'000).status == 201);

    std::atomic<bool> over{false};
    std::atomic<int> faults{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
        readers.emplace_back([&] {
            http::Client client(server.url());
            std::int64_t revision = 0;
            while (!over) {
                const Reply seats = TestServer::send(
                    client, {.target = seats_of(sale.performance()), .token = buyers[0].token});
                const auto number = seats.json.at("revision").as_int64();
                if (seats.json.at("seats").as_array().size() != 30 || number < revision) ++faults;
                revision = number;
            }
        });
    }
    std::mt19937 random(7);
    std::vector<std::pair<Buyer, std::string>> held;
    for (int i = 0; i < 150; ++i) {
        const Buyer& buyer = buyers[random() % buyers.size()];
        const auto seat = static_cast<SeatNumber>(1 + random() % 30);
        const Reply reply = server.hold(buyer, sale.performance(), {seat});
        if (reply.status == 201) held.emplace_back(buyer, reply.text("/reservation_id"));
        if (held.empty() || random() % 3 == 0) continue;
        const std::size_t at = random() % held.size();
        if (random() % 4 == 0) {
            (void)server.pay(held[at].first, {held[at].second});
        } else {
            (void)server.release(held[at].first, held[at].second);
        }
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    }
    over = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(faults == 0);
    const auto listed = server.office().seats({.performance = sale.performance(), .all = true});
    REQUIRE(listed);
    CHECK(eventually([&] {
        return hall_of(server.get(seats_of(sale.performance()), buyers[0])) == hall_of(*listed);
    }));
}

TEST_CASE("more dates than are kept in memory are told rightly all the same") {
    TestServer server;
    const int dates = static_cast<int>(server::Snapshots::maps_max) + 8;
    const SmallSale sale = server.add(SmallSale::draft(2, dates));
    const Buyer ann = server.buyer("ann", sale.concert);
    // The first has been looked at, has changed, and is forgotten.
    CHECK(hall_of(server.get(seats_of(sale.performance()), ann)) == "1 available, 2 available");
    for (const PerformanceId& performance : sale.performances) {
        CHECK(server.get(seats_of(performance), ann).status == 200);
    }
    REQUIRE(server.hold(ann, sale.performance(), {1}).status == 201);
    const std::string last = seats_of(sale.performances.back());
    REQUIRE(server.hold(ann, sale.performances.back(), {2}).status == 201);
    CHECK(hall_of(server.get(seats_of(sale.performance()), ann)) == "1 held, 2 available");
    CHECK(eventually([&] { return hall_of(server.get(last, ann)) == "1 available, 2 held"; }));
}

// --- A SeatMap alone ---------------------------------------------------------------------------

namespace {

struct Alone {
    explicit Alone(ConcertDraft draft = SmallSale::draft(3))
        : office(open_memory({.clock = &clock})),
          sale(SmallSale::add(office, std::move(draft))),
          view(*office.seats({.performance = sale.performance(), .all = true, .general = true})),
          map(std::make_shared<const server::HallTexts>(view, "KRW"), view, rendered) {}

    Event event(EventKind kind, std::vector<SeatNumber> seats, Time until = {}) {
        Event made;
        made.stream = view.stream;
        made.number = ++number;
        made.kind = kind;
        made.until = until;
        EventItem item;
        item.seats = std::move(seats);
        made.items.push_back(std::move(item));
        return made;
    }
    server::Snapshot get(std::chrono::milliseconds age_max, Time now) {
        std::chrono::steady_clock::duration age{};
        return map.get(true, now, age_max, age);
    }

    std::shared_ptr<server::RenderedBytes> rendered = std::make_shared<server::RenderedBytes>();
    TestClock clock;
    BoxOffice office;
    SmallSale sale;
    SeatsView view;
    server::SeatMap map;
    std::int64_t number = view.revision;
};

}  // namespace

TEST_CASE("a crowd that asks for a map that nobody has yet asks the box office once") {
    TestServer server({.engine = {.tick = 1h, .sweeps = false}});
    const SmallSale sale = server.add(SmallSale::draft(3));
    // The writer waits here, so that whatever is asked stays in its inbox.
    std::promise<void> begun;
    std::promise<void> gate;
    server.office().submit<ListConcerts>({}, [&](auto) {
        begun.set_value();
        gate.get_future().wait();
    });
    begun.get_future().wait();
    std::atomic<int> whole{0};
    for (int i = 0; i < 50; ++i) {
        server.snapshots().seats(sale.performance(), true, [&](Result<server::Snapshot> seats) {
            if (seats && seats->text->plain()->find("\"number\":3") != std::string::npos) ++whole;
        });
    }
    CHECK(server.office().statistics().inbox == 1);
    CHECK(whole == 0);
    gate.set_value();
    CHECK(eventually([&] { return whole == 50; }));
}

TEST_CASE("an answer is kept as long as it may be old, and made anew at once after that") {
    Alone alone;
    const Time now = alone.office.now();
    const server::Snapshot first = alone.get(1h, now);
    alone.map.apply(alone.event(EventKind::reservation_held, {1}, now + 5min));
    CHECK(alone.get(1h, now).text == first.text);  // the very same bytes
    const server::Snapshot second = alone.get(0ms, now);
    CHECK(*second.text->plain() != *first.text->plain());
    CHECK(alone.get(0ms, now).text == second.text);
}

TEST_CASE("answers that slow readers have not taken count, and with too many none is made anew") {
    Alone alone;
    const Time now = alone.office.now();
    const auto first = alone.get(0ms, now);
    const auto size = static_cast<std::int64_t>(first.text->plain()->size());
    CHECK(alone.rendered->now == size);
    alone.rendered->most = 2 * size;
    alone.map.apply(alone.event(EventKind::reservation_held, {1}, now + 5min));
    auto second = alone.get(0ms, now);
    CHECK(second.text != first.text);
    CHECK(alone.rendered->now == size + static_cast<std::int64_t>(second.text->plain()->size()));
    alone.rendered->most = size;
    alone.map.apply(alone.event(EventKind::reservation_held, {2}, now + 5min));
    CHECK(alone.get(0ms, now).text == second.text);
    alone.rendered->most = 2 * size;
    const auto third = alone.get(0ms, now);
    CHECK(third.text != second.text);
    second = {};
    CHECK(alone.rendered->now == size + static_cast<std::int64_t>(third.text->plain()->size()));
}

TEST_CASE("events that the map has seen in storage already are skipped") {
    Alone alone;
    const Time now = alone.office.now();
    Event old = alone.event(EventKind::seats_blocked, {1});
    old.number = alone.view.revision;
    const server::Snapshot before = alone.get(0ms, now);
    alone.map.apply(old);
    CHECK(alone.get(0ms, now).etag == before.etag);
}

TEST_CASE("what another instance did before shows, though its event comes after one's own") {
    Alone alone;
    const Time now = alone.office.now();
    const Event theirs = alone.event(EventKind::reservation_held, {1, 2}, now + 5min);
    const Event ours = alone.event(EventKind::reservation_released, {2});
    alone.map.apply(ours);
    alone.map.apply(theirs);
    alone.map.apply(alone.event(EventKind::payment_completed, {3}));
    // Seat 2 is as the later of both has it, seat 1 as the only one that speaks of it.
    const auto free = alone.map.free_seat(now);
    REQUIRE(free);
    CHECK(free->number == 2);
    alone.map.apply(alone.event(EventKind::payment_completed, {2}));
    alone.map.apply(theirs);
    CHECK_FALSE(alone.map.free_seat(now));
}

TEST_CASE("a free seat is one that can be held, and there is none when all are taken") {
    Alone alone;
    const Time now = alone.office.now();
    alone.map.apply(alone.event(EventKind::reservation_held, {1, 2}, now + 5min));
    const auto free = alone.map.free_seat(now);
    REQUIRE(free);
    CHECK(free->number == 3);
    CHECK(free->price == SmallSale::price);
    alone.map.apply(alone.event(EventKind::payment_completed, {3}));
    CHECK_FALSE(alone.map.free_seat(now));
    CHECK(alone.map.free_seat(now + 5min));
}

// --- Areas

namespace {

// Seats 1 and 2, then an area of 3 to 5.
ConcertDraft hall_with_area() {
    ConcertDraft draft = SmallSale::draft(2);
    add_area(draft.seats, {.section = "Standing's", .capacity = 3, .price = SmallSale::price});
    return draft;
}

std::string areas_of(const server::Snapshot& snapshot) {
    const server::SharedText::Bytes bytes = snapshot.text->plain();
    const std::string& body = *bytes;
    const std::size_t at = body.find("\"areas\"");
    return at == std::string::npos ? "" : body.substr(at);
}

constexpr const char* area_head =
    "\"areas\":[{\"section\":\"Standing's\",\"price\":{\"amount\":50000,\"currency\":\"KRW\"},"
    "\"total\":3,";

}  // namespace

TEST_CASE("an area shows as how many, and changes with each of its seats") {
    Alone alone(hall_with_area());
    const Time now = alone.office.now();
    const server::Snapshot first = alone.get(0ms, now);
    CHECK(areas_of(first) == area_head + std::string("\"available\":3,\"held\":0,\"sold\":0}]}"));
    CHECK(first.text->plain()->find("\"number\":3") == std::string::npos);
    alone.map.apply(alone.event(EventKind::reservation_held, {2, 4, 5}, now + 5min));
    const server::Snapshot second = alone.get(0ms, now);
    CHECK(second.etag != first.etag);
    CHECK(areas_of(second) == area_head + std::string("\"available\":1,\"held\":2,\"sold\":0}]}"));
    alone.map.apply(alone.event(EventKind::payment_completed, {5}));
    alone.map.apply(alone.event(EventKind::seats_blocked, {3}));
    CHECK(areas_of(alone.get(0ms, now)) ==
          area_head + std::string("\"available\":0,\"held\":1,\"sold\":1}]}"));
    // Nobody tells of a hold that ends.
    CHECK(areas_of(alone.get(0ms, now + 5min)) ==
          area_head + std::string("\"available\":1,\"held\":0,\"sold\":1}]}"));
    CHECK(areas_of(Alone().get(0ms, now)) == "");
}

TEST_CASE("changes tell of an area by its counts, once, and of numbered seats one by one") {
    Alone alone(hall_with_area());
    const Time now = alone.office.now();
    CHECK(alone.map.take_changes(now).empty());
    alone.map.apply(alone.event(EventKind::reservation_held, {1, 3, 4}, now + 5min));
    const server::SeatChanges changes = alone.map.take_changes(now);
    REQUIRE(changes.seats.size() == 1);
    CHECK(changes.seats[0].first == 1);
    REQUIRE(changes.areas.size() == 1);
    CHECK(changes.areas[0].section == "Standing's");
    CHECK(changes.areas[0].seats == SeatCounts{.free = 1, .held = 2});
    CHECK(alone.map.take_changes(now).empty());
}

TEST_CASE("a hall of nothing but an area has an answer, too") {
    ConcertDraft draft = hall_with_area();
    draft.seats.erase(draft.seats.begin(), draft.seats.begin() + 2);
    Alone alone(std::move(draft));
    const server::Snapshot snapshot = alone.get(0ms, alone.office.now());
    CHECK(snapshot.text->plain()->find("\"seats\":[],\"areas\":[{") != std::string::npos);
    const auto free = alone.map.free_seat(alone.office.now());
    REQUIRE(free);
    CHECK(free->area == "Standing's");
}

TEST_CASE("a free seat is none that is allotted to a class of the room") {
    ConcertDraft draft = hall_with_area();
    draft.room.emplace().classes = {{"general", 1}, {"fan_club", 1}};
    for (HallSeat& seat : draft.seats) {
        if (seat.number != 2) seat.allotted_to = 1;
    }
    Alone alone(std::move(draft));
    const Time now = alone.office.now();
    const auto free = alone.map.free_seat(now);
    REQUIRE(free);
    CHECK(free->number == 2);
    alone.map.apply(alone.event(EventKind::reservation_held, {2}, now + 5min));
    CHECK_FALSE(alone.map.free_seat(now));
}

TEST_CASE("the start page asks for one of an area where no numbered seat is to be had") {
    TestServer server;
    const SmallSale sale = server.add(hall_with_area());
    CHECK(server.get("/docs").body.find("&quot;seats&quot;: [") != std::string::npos);
    (void)server.buy(server.buyer("ann", sale.concert), sale.performance(), {1, 2});
    // A quote would end the shell's text.
    CHECK(eventually([&] {
        return server.get("/docs").body.find(
                   "&quot;areas&quot;: [{&quot;section&quot;: "
                   "&quot;Standing\\u0027s&quot;, &quot;count&quot;: 1}]") != std::string::npos;
    }));
}

// --- The start page ----------------------------------------------------------------------------

TEST_CASE("the start page shows what is on sale, and a purchase with ids that are real") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(1);
    draft.title = "<script>alert(\"1\")</script> & co {{purchase}}";
    draft.venue = "<b>Hall</b>";
    const SmallSale sale = server.add(std::move(draft));
    const Reply page = server.get("/docs");
    CHECK(page.status == 200);
    CHECK(page.field("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.field("Content-Security-Policy").find("default-src 'none'") == 0);
    CHECK(page.field("X-Content-Type-Options") == "nosniff");
    CHECK(page.field("Cache-Control") == "no-store");
    CHECK(page.body.find("<script>") == std::string::npos);
    CHECK(page.body.find("<b>") == std::string::npos);
    CHECK(page.body.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; co "
                         "{{purchase}}") != std::string::npos);
    CHECK(page.body.find(sale.concert.to_string()) != std::string::npos);
    CHECK(page.body.find(sale.performance().to_string()) != std::string::npos);
    CHECK(page.body.find("X-Api-Key") == std::string::npos);
    // Each who looks is another buyer.
    CHECK(server.get("/docs").body != page.body);

    server.services().keys = std::make_shared<const server::AccessKeys>(
        server::AccessKeys{.api = "secret-of-the-host", .admin = std::nullopt});
    const Reply keyed = server.get("/docs");
    CHECK(keyed.body.find("X-Api-Key") != std::string::npos);
    CHECK(keyed.body.find("secret-of-the-host") == std::string::npos);
    // With nothing left to sell there is nothing to paste.
    server.services().keys = std::make_shared<const server::AccessKeys>();
    (void)server.buy(server.buyer("ann", sale.concert), sale.performance(), {1});
    CHECK(
        eventually([&] { return server.get("/docs").body.find("curl -s") == std::string::npos; }));
}

TEST_CASE("the start page offers a seat that is to be had, past what is sold out") {
    TestServer server;
    const SmallSale first = server.add(SmallSale::draft(1));
    const SmallSale second = server.add(SmallSale::draft(1, 2));
    const auto offers = [&](const PerformanceId& performance) {
        return eventually([&] {
            return server.get("/docs").body.find(performance.to_string()) != std::string::npos;
        });
    };
    CHECK(offers(first.performance()));
    (void)server.buy(server.buyer("ann", first.concert), first.performance(), {1});
    CHECK(offers(second.performance()));
    REQUIRE(server.hold(server.buyer("ann", second.concert), second.performance(), {1}).status ==
            201);
    CHECK(offers(second.performances[1]));
}

TEST_CASE("the purchase begins at the host by which the page was asked for, if it is harmless") {
    TestServer server;
    (void)server.add(SmallSale::draft(1));
    const auto page_at = [&](const std::string& host) {
        const std::string url = server.url();
        RawSocket socket(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
        socket.send("GET /docs HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        return socket.receive();
    };
    CHECK(page_at("tickets.example:8080").body.find("URL=http://tickets.example:8080\n") !=
          std::string::npos);
    CHECK(page_at("[::1]:8080").body.find("URL=http://[::1]:8080\n") != std::string::npos);
    for (const std::string host : {"a$(id)", "a;id", "a`id`", "a'b", "a|b", "a&b", "a b"}) {
        CAPTURE(host);
        CHECK(page_at(host).body.find(host) == std::string::npos);
    }
}

TEST_CASE("what does not change is sent packed where it may be, and once") {
    TestServer server;
    for (const char* target : {"/", "/web/style.css", "/web/app.js", "/openapi.json"}) {
        CAPTURE(target);
        const Reply plain = server.get(target);
        const Reply packed =
            server.ask({.target = target, .fields = {{"Accept-Encoding", "br, gzip;q=0.5"}}});
        CHECK(plain.status == 200);
        CHECK_FALSE(plain.has_field("Content-Encoding"));
        CHECK(packed.field("Content-Encoding") == "gzip");
        CHECK(packed.field("ETag") == "W/" + plain.field("ETag"));
        CHECK(packed.body.size() < plain.body.size());
        CHECK(packed.body.starts_with("\x1f\x8b"));
        CHECK(plain.field("Vary") == "Accept-Encoding");
        CHECK_FALSE(server.ask({.target = target, .fields = {{"Accept-Encoding", "gzip;q=0"}}})
                        .has_field("Content-Encoding"));
        for (const Reply& known : {plain, packed}) {
            CHECK(server.ask({.target = target, .fields = {{"If-None-Match", known.field("ETag")}}})
                      .status == 304);
        }
    }
}

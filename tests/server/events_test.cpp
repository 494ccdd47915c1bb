// What a place's holder hears over GET /v1/tokens/current/events, over a real socket, also when it
// is cut and resumed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/live.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"
#include "support/memory_line.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

struct Heard {
    std::string id;
    std::string name;
    boost::json::value data;

    [[nodiscard]] std::string text(std::string_view field) const {
        return std::string(std::string_view(data.at(field).as_string()));
    }
};

std::uint16_t port_of(const TestServer& server) {
    const std::string url = server.url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// An EventSource.
class Ear {
  public:
    Ear(const TestServer& server, const std::string& fields, const std::string& query = "")
        : socket_(port_of(server)) {
        socket_.send("GET /v1/tokens/current/events" + query + " HTTP/1.1\r\nHost: localhost\r\n" +
                     fields + "\r\n");
        head_ = socket_.receive_head();
    }
    Ear(const TestServer& server, const Buyer& buyer, const std::string& last_id = "")
        : Ear(server, "Authorization: Bearer " + buyer.token + "\r\n" +
                          (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n")) {}

    [[nodiscard]] const std::string& head() const { return head_; }
    [[nodiscard]] bool listens() const { return head_.starts_with("HTTP/1.1 200"); }

    // The next event.
    Heard next() {
        for (;;) {
            const std::size_t end = in_.find("\n\n");
            if (end == std::string::npos) {
                const std::string chunk = socket_.receive_chunk();
                if (chunk.empty()) return {};
                in_ += chunk;
                continue;
            }
            Heard heard;
            std::string_view block = std::string_view(in_).substr(0, end + 1);
            while (!block.empty()) {
                const std::string_view line = block.substr(0, block.find('\n'));
                block.remove_prefix(line.size() + 1);
                if (line.starts_with("id: ")) heard.id = line.substr(4);
                if (line.starts_with("event: ")) heard.name = line.substr(7);
                if (line.starts_with("data: ")) heard.data = boost::json::parse(line.substr(6));
            }
            in_.erase(0, end + 2);
            if (!heard.name.empty()) return heard;
        }
    }
    // The next event of this name; those before it are skipped.
    Heard next(std::string_view name) {
        for (;;) {
            Heard heard = next();
            if (heard.name == name) return heard;
            REQUIRE_MESSAGE(!heard.name.empty(), "the stream ended");
        }
    }
    bool closes() { return socket_.closes(); }

  private:
    RawSocket socket_;
    std::string head_;
    std::string in_;
};

// "performance 7 held, 8 held"
std::string changes(const Heard& heard) {
    std::string line;
    for (const auto& seat : heard.data.at("seats").as_array()) {
        line += fmt::format("{}{} {}", line.empty() ? "" : ", ", seat.at("number").as_int64(),
                            std::string_view(seat.at("status").as_string()));
    }
    return line;
}

struct Hall {
    Hall() : sale(server.add(with_room(SmallSale::draft(6)))) {}

    static ConcertDraft with_room(ConcertDraft draft) {
        draft.room = RoomPolicy{};
        return draft;
    }

    // So that there is a map whose changes are told.
    void look(const Buyer& buyer) {
        CHECK(server.get("/v1/performances/" + sale.performance().to_string() + "/seats", buyer)
                  .status == 200);
    }

    TestServer server;
    SmallSale sale;
};

}  // namespace

TEST_CASE("who waits hears where, then that it is in, and what the pass comes to") {
    Hall hall;
    const Buyer ann = hall.server.waiting("ann", hall.sale.concert);
    Ear ear(hall.server, ann);
    CHECK(ear.head().find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(ear.head().find("Cache-Control: no-store\r\n") != std::string::npos);
    const Heard place = ear.next();
    CHECK(place.name == "place");
    CHECK(place.text("status") == "waiting");
    CHECK(place.data.at("position").as_int64() == 1);
    CHECK(place.data.as_object().count("token") == 0);
    CHECK(eventually([&] { return hall.server.services().live.followed() == 1; }));

    hall.server.admit(hall.sale.concert);
    const Heard admitted = ear.next();
    CHECK(admitted.name == "admitted");
    CHECK(admitted.text("status") == "admitted");
    CHECK(admitted.data.at("position").as_int64() == 0);
    CHECK_FALSE(admitted.text("pass_expires_at").empty());

    REQUIRE(hall.server.leave(ann).status == 204);
    const Heard left = ear.next("place");
    CHECK(left.text("status") == "left");
    const Heard bye = ear.next();
    CHECK(bye.name == "bye");
    CHECK(bye.text("reason") == "left");
    CHECK(ear.next().name.empty());
    CHECK(ear.closes());
    CHECK(eventually([&] { return hall.server.services().live.followed() == 0; }));
}

TEST_CASE("a position never grows, and each change of it is told") {
    Hall hall;
    const Buyer first = hall.server.waiting("first", hall.sale.concert);
    const Buyer second = hall.server.waiting("second", hall.sale.concert);
    const Buyer ann = hall.server.waiting("ann", hall.sale.concert);
    Ear ear(hall.server, ann);
    CHECK(ear.next().data.at("position").as_int64() == 3);
    REQUIRE(hall.server.leave(second).status == 204);
    CHECK(ear.next("place").data.at("position").as_int64() == 2);
    REQUIRE(hall.server.leave(first).status == 204);
    CHECK(ear.next("place").data.at("position").as_int64() == 1);
}

TEST_CASE(
    "who waits hears when only held seats are left, when it is sold out, and when it is not") {
    Hall hall;
    const Buyer ann = hall.server.buyer("ann", hall.sale.concert);
    const Buyer bob = hall.server.waiting("bob", hall.sale.concert);
    Ear ear(hall.server, bob);
    CHECK(ear.next().data.at("seats_left").as_int64() == 6);
    const Reply held = hall.server.hold(ann, hall.sale.performance(), {1, 2, 3, 4, 5, 6});
    REQUIRE(held.status == 201);
    const Heard only_held = ear.next("place");
    CHECK(only_held.text("sale") == "open");
    CHECK(only_held.data.at("seats_left").as_int64() == 0);
    CHECK(only_held.data.at("seats_held").as_int64() == 6);
    // The commit that sells the last seat; nobody ticks.
    (void)hall.server.charge(ann, 1'000'000);
    const Reply paid = hall.server.pay(ann, {held.text("/reservation_id")});
    REQUIRE(paid.status == 201);
    const Heard sold_out = ear.next("place");
    CHECK(sold_out.text("sale") == "sold_out");
    CHECK(sold_out.text("status") == "waiting");
    CHECK(sold_out.data.at("seats_held").as_int64() == 0);
    REQUIRE(hall.server.refund(ann, paid.text("/payment_id")).status == 200);
    CHECK(ear.next("place").text("sale") == "open");
}

TEST_CASE("who is in hears of seats that others take and give back, and of its own holds") {
    Hall hall;
    const Buyer ann = hall.server.buyer("ann", hall.sale.concert);
    const Buyer bob = hall.server.buyer("bob", hall.sale.concert);
    hall.look(ann);
    Ear ear(hall.server, ann);
    CHECK(ear.next().name == "admitted");
    const PerformanceId performance = hall.sale.performance();
    const Reply bobs = hall.server.hold(bob, performance, {2, 3});
    REQUIRE(bobs.status == 201);
    const Heard taken = ear.next("seats");
    CHECK(taken.text("performance_id") == performance.to_string());
    CHECK(changes(taken) == "2 held, 3 held");
    REQUIRE(hall.server.release(bob, bobs.text("/reservation_id")).status == 204);
    const Heard freed = ear.next("seats");
    CHECK(changes(freed) == "2 available, 3 available");
    CHECK(freed.data.at("revision").as_int64() > taken.data.at("revision").as_int64());

    const Reply own = hall.server.hold(ann, performance, {5});
    REQUIRE(own.status == 201);
    const Heard hold = ear.next("hold");
    CHECK(hold.text("reservation_id") == own.text("/reservation_id"));
    CHECK(hold.text("status") == "held");
    CHECK(hold.text("held_until") == own.text("/held_until"));
    (void)hall.server.charge(ann, 1'000'000);
    REQUIRE(hall.server.pay(ann, {own.text("/reservation_id")}).status == 201);
    CHECK(ear.next("hold").text("status") == "paid");
    CHECK(ear.next("bye").text("reason") == "spent");
}

TEST_CASE("who has paid hears of it before the end, however much others do") {
    Hall hall;
    const Buyer bob = hall.server.buyer("bob", hall.sale.concert);
    Ear other(hall.server, bob);
    CHECK(other.next().name == "admitted");
    for (const SeatNumber seat : {1, 2, 3}) {
        const Buyer ann = hall.server.buyer("ann" + std::to_string(seat), hall.sale.concert);
        const Reply own = hall.server.hold(ann, hall.sale.performance(), {seat});
        REQUIRE(own.status == 201);
        (void)hall.server.charge(ann, 1'000'000);
        Ear ear(hall.server, ann);
        CHECK(ear.next().name == "admitted");
        // More than three pulses ask for: what the payment changes has to wait for the fourth.
        Event many;
        many.kind = EventKind::reservation_held;
        many.user = bob.user;
        for (int i = 0; i < 4'000; ++i) many.items.push_back({ReservationId::random(), {}});
        std::promise<void> told;
        const auto tell_as_writer = [&](const Result<PlaceView>&) {
            hall.server.services().live.on_committed(std::span(&many, 1));
            told.set_value();
        };
        hall.server.office().submit<GetPlace>({.concert = hall.sale.concert, .user = ann.user},
                                              tell_as_writer);
        told.get_future().wait();
        REQUIRE(hall.server.pay(ann, {own.text("/reservation_id")}).status == 201);
        std::string heard;
        for (Heard each = ear.next(); !each.name.empty(); each = ear.next()) {
            if (each.name == "hold") heard += "hold " + each.text("status") + ", ";
            if (each.name == "place") heard += "place " + each.text("status") + ", ";
            if (each.name == "bye") heard += "bye";
        }
        CHECK(heard == "hold paid, place spent, bye");
    }
}

TEST_CASE("who is in hears how many of an area are left") {
    TestServer server;
    ConcertDraft draft = Hall::with_room(SmallSale::draft(2));
    add_area(draft.seats, {.section = "Standing", .capacity = 5, .price = SmallSale::price});
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    CHECK(server.get("/v1/performances/" + sale.performance().to_string() + "/seats", ann).status ==
          200);
    Ear ear(server, ann);
    CHECK(ear.next().name == "admitted");
    REQUIRE(server
                .hold_wanted(bob, sale.performance(),
                             R"("areas": [{"section": "Standing", "count": 2}])")
                .status == 201);
    const Heard taken = ear.next("seats");
    CHECK(changes(taken) == "");
    check_json(taken.data.at("areas"),
               R"([{"section": "Standing", "available": 3, "held": 2, "sold": 0}])");
}

TEST_CASE("a hold that nobody tidies up shows as free when its time has come") {
    TestServer server({.engine = {.tick = 1h, .sweeps = false}});
    const SmallSale sale = server.add(SmallSale::draft(4));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    (void)server.get("/v1/performances/" + sale.performance().to_string() + "/seats", ann);
    Ear ear(server, ann);
    REQUIRE(server.hold(bob, sale.performance(), {1}).status == 201);
    CHECK(changes(ear.next("seats")) == "1 held");
    server.clock().advance(5min);
    CHECK(changes(ear.next("seats")) == "1 available");
}

TEST_CASE("who waits hears nothing of seats and of nobody else's holds") {
    Hall hall;
    const Buyer bob = hall.server.buyer("bob", hall.sale.concert);
    const Buyer ann = hall.server.waiting("ann", hall.sale.concert);
    hall.look(bob);
    Ear waits(hall.server, ann);
    Ear is_in(hall.server, bob);
    CHECK(waits.next().name == "place");
    CHECK(is_in.next().name == "admitted");
    REQUIRE(hall.server.hold(bob, hall.sale.performance(), {1}).status == 201);
    CHECK(is_in.next("seats").name == "seats");
    REQUIRE(hall.server.leave(ann).status == 204);
    for (Heard heard = waits.next(); heard.name != "bye"; heard = waits.next()) {
        CHECK(heard.name == "place");
    }
}

TEST_CASE("a connection that was cut is resumed where it was, and a gap too wide is told") {
    Hall hall;
    const Buyer ann = hall.server.buyer("ann", hall.sale.concert);
    const Buyer bob = hall.server.buyer("bob", hall.sale.concert);
    hall.look(ann);
    Ear stays(hall.server, bob);
    std::string last;
    {
        Ear ear(hall.server, ann);
        REQUIRE(hall.server.hold(bob, hall.sale.performance(), {1}).status == 201);
        last = ear.next("seats").id;
    }
    CHECK(changes(stays.next("seats")) == "1 held");
    REQUIRE(hall.server.hold(bob, hall.sale.performance(), {2}).status == 201);
    CHECK(changes(stays.next("seats")) == "2 held");

    Ear again(hall.server, ann, last);
    CHECK(again.next().name == "admitted");
    const Heard missed = again.next();
    CHECK(missed.name == "seats");
    CHECK(changes(missed) == "2 held");

    Ear nothing_missed(hall.server, ann, missed.id);
    CHECK(nothing_missed.next().name == "admitted");
    for (const char* id : {"another0-1", "nonsense", "-1"}) {
        Ear lost(hall.server, ann, id);
        CHECK(lost.next().name == "admitted");
        CHECK(lost.next().name == "reset");
    }
    REQUIRE(hall.server.hold(bob, hall.sale.performance(), {3}).status == 201);
    CHECK(changes(nothing_missed.next()) == "3 held");
}

TEST_CASE("a place that has ended is told so, and that is all") {
    Hall hall;
    const Buyer ann = hall.server.buyer("ann", hall.sale.concert);
    REQUIRE(hall.server.leave(ann).status == 204);
    Ear ear(hall.server, ann);
    CHECK(ear.next().text("status") == "left");
    CHECK(ear.next().name == "bye");
    CHECK(ear.next().name.empty());
    CHECK(ear.closes());
}

TEST_CASE("the cookie of the token call will do, for its own concert and for this call alone") {
    Hall hall;
    const UserId user = UserId::from_name("ann");
    const Reply joined = hall.server.join(user, hall.sale.concert);
    const std::string cookie = joined.field("Set-Cookie");
    const std::string pair = cookie.substr(0, cookie.find(';'));
    const std::string query = "?concert_id=" + hall.sale.concert.to_string();
    CHECK(Ear(hall.server, "Cookie: " + pair + "\r\n", query).listens());
    CHECK(Ear(hall.server, "Cookie: a=b; " + pair + ";c=d\r\n", query).listens());
    CHECK_FALSE(Ear(hall.server, "Cookie: " + pair + "\r\n").listens());
    CHECK_FALSE(Ear(hall.server, "Cookie: x" + pair + "\r\n", query).listens());
    const std::string other = "?concert_id=" + UserId::random().to_string();
    CHECK_FALSE(Ear(hall.server, "Cookie: " + pair + "\r\n", other).listens());
    const std::string bearer = "Authorization: Bearer " + joined.text("/token") + "\r\n";
    CHECK(Ear(hall.server, bearer, query).listens());
    CHECK(Ear(hall.server, bearer, other).head().starts_with("HTTP/1.1 401"));
    CHECK(
        hall.server.ask({.target = "/v1/tokens/current", .fields = {{"Cookie", pair}}}).outcome() ==
        "401 token_required");
    CHECK(
        hall.server
            .ask({.method = "DELETE", .target = "/v1/tokens/current", .fields = {{"Cookie", pair}}})
            .outcome() == "401 token_required");
}

TEST_CASE("a user may listen in so many places, and no more") {
    Hall hall;
    const Buyer ann = hall.server.waiting("ann", hall.sale.concert);
    const Buyer bob = hall.server.waiting("bob", hall.sale.concert);
    std::list<Ear> ears;
    for (std::size_t i = 0; i < server::Live::streams_per_user_max; ++i) {
        CHECK(ears.emplace_back(hall.server, ann).listens());
    }
    CHECK(Ear(hall.server, ann).head().starts_with("HTTP/1.1 503"));
    CHECK(Ear(hall.server, bob).listens());
    ears.clear();
    CHECK(eventually([&] { return hall.server.services().live.followed() == 0; }));
    CHECK(Ear(hall.server, ann).listens());
}

TEST_CASE("holds at another concert are not told here") {
    Hall hall;
    const SmallSale other = hall.server.add(Hall::with_room(SmallSale::draft(6)));
    const Buyer here = hall.server.buyer("ann", hall.sale.concert);
    const Buyer there = hall.server.buyer("ann", other.concert);
    REQUIRE(here.user == there.user);
    Ear ear(hall.server, here);
    CHECK(ear.next().name == "admitted");
    REQUIRE(hall.server.hold(there, other.performance(), {1}).status == 201);
    REQUIRE(hall.server.hold(here, hall.sale.performance(), {2}).status == 201);
    const Heard hold = ear.next("hold");
    CHECK(hold.text("performance_id") == hall.sale.performance().to_string());
    CHECK(hold.data.at("seats").as_array().at(0).at("number").as_int64() == 2);
}

TEST_CASE("very many changes at once are told as one reset") {
    TestServer server;
    const SmallSale sale = server.add(Hall::with_room(SmallSale::draft(1'500)));
    const Buyer ann = server.buyer("ann", sale.concert);
    CHECK(server.get("/v1/performances/" + sale.performance().to_string() + "/seats", ann).status ==
          200);
    Ear ear(server, ann);
    CHECK(ear.next().name == "admitted");
    std::vector<SeatNumber> all;
    for (SeatNumber seat = 1; seat <= 1'500; ++seat) all.push_back(seat);
    REQUIRE(server.office().block_seats({.performance = sale.performance(), .seats = all}));
    CHECK(ear.next("reset").name == "reset");
    CHECK(eventually([&] { return server.services().live.followed() == 1; }));
}

TEST_CASE("who waits in a line outside of the store hears where, also after that was away") {
    const auto line = std::make_shared<MemoryLine>();
    TestServer server({.engine = {.line = line}});
    const SmallSale sale = server.add(Hall::with_room(SmallSale::draft(6)));
    const Buyer first = server.waiting("first", sale.concert);
    const Buyer ann = server.waiting("ann", sale.concert);
    Ear ear(server, ann);
    const Heard place = ear.next();
    CHECK(place.name == "place");
    CHECK(place.data.at("position").as_int64() == 2);

    line->go_away(true);
    CHECK(server.place(ann).outcome() == "503 storage_unavailable");
    CHECK(server.leave(first).outcome() == "503 storage_unavailable");
    // For long enough that the stream has asked in vain.
    std::this_thread::sleep_for(1'500ms);
    CHECK(server.services().live.followed() == 1);
    line->go_away(false);
    REQUIRE(server.leave(first).status == 204);
    CHECK(ear.next("place").data.at("position").as_int64() == 1);

    server.admit(sale.concert);
    CHECK(ear.next("admitted").text("status") == "admitted");
    REQUIRE(server.leave(ann).status == 204);
    CHECK(ear.next("place").text("status") == "left");
    CHECK(ear.next().text("reason") == "left");
}

TEST_CASE("a server that stops says bye to all who listen") {
    Hall hall;
    const Buyer ann = hall.server.waiting("ann", hall.sale.concert);
    Ear ear(hall.server, ann);
    CHECK(ear.next().name == "place");
    hall.server.services().live.stop();
    CHECK(ear.next("bye").text("reason") == "draining");
    CHECK(ear.next().name.empty());
}

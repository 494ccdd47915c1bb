// What becomes of a line when its Redis is restarted, wiped, put back, paused, demoted, or not the
// one that it should be.
#include <atomic>
#include <fstream>

#include "concertres/redis.hpp"
#include "line/line_caller.hpp"
#include "line/redis_server.hpp"
#include "support/daemon.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using Kind = LineFault::Kind;

namespace {

const UserId alice = user_named("alice");
const UserId bob = user_named("bob");
const UserId carol = user_named("carol");

PlaceNumber number(std::int64_t sequence, std::int64_t epoch = 1) {
    return PlaceNumber::of(epoch, sequence);
}

// The answer to a call that is made until the line is reached again.
template <class Call>
auto reached(const Call& call) {
    auto answer = call();
    CHECK(comes_about([&] {
        const bool is_away =
            !answer && (answer.fault().kind == Kind::away || answer.fault().kind == Kind::unknown);
        if (is_away) answer = call();
        return !is_away;
    }));
    return answer;
}

Kind fault_once_reached(LineCaller& line) {
    const auto answer = reached([&] { return line.try_position({alice}); });
    REQUIRE_FALSE(answer);
    return answer.fault().kind;
}

std::string away_with(const std::string& address) {
    const auto line = open_redis_line(address, {.timeout = 5s});
    const auto answer = LineCaller(*line, ConcertId::random()).try_join(alice);
    REQUIRE_FALSE(answer);
    CHECK(answer.fault().kind == Kind::away);
    return answer.fault().detail;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string key_of(const LineCaller& line, const std::string& name) {
    return "concertres:{" + line.room.concert.to_string() + "}:" + name;
}

}  // namespace

TEST_CASE("a server that was restarted without its data has lost the line") {
    RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    const LinePlace place = line.join(alice);
    server.kill();
    CHECK_FALSE(line.try_join(bob));
    server.start();
    CHECK(fault_once_reached(line) == Kind::lost);
    CHECK(line.try_join(bob).fault().kind == Kind::lost);

    line.room.epoch = 2;
    line.start(100);
    CHECK(line.join(bob) == LinePlace{number(1, 2), true, true, 0});
    CHECK(line.reenter({place.number, alice}).ahead == 0);
    CHECK(line.position({bob}).places.front().ahead == 1);
}

TEST_CASE("a server that was restarted with older data gives no number twice") {
    RedisServer server({.arguments = {"--dbfilename", "kept.rdb"}});
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    REQUIRE_FALSE(server.command({"SAVE"}).is_error());
    const LinePlace lost = line.join(bob);
    CHECK(lost.number == number(2));
    server.kill();
    server.start();
    CHECK(server.command({"DBSIZE"}).number() > 0);
    CHECK(fault_once_reached(line) == Kind::lost);
    CHECK(line.try_join(carol).fault().kind == Kind::lost);

    line.room.epoch = 2;
    line.start(100);
    CHECK(line.join(carol) == LinePlace{number(1, 2), true, true, 1});
    CHECK(line.reenter({lost.number, bob}) == LinePlace{number(2), true, true, 1});
    CHECK(line.peek({.count = 9}).waiting ==
          std::vector<LineEntry>{{number(1), alice}, {number(2), bob}, {number(1, 2), carol}});
}

TEST_CASE("a server that is wiped while it runs has lost the line") {
    const RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    CHECK_FALSE(server.command({"FLUSHALL"}).is_error());
    CHECK(line.try_join(bob).fault().kind == Kind::lost);
    CHECK(line.try_peek({.count = 1}).fault().kind == Kind::lost);
    line.room.epoch = 2;
    line.start(100);
    CHECK(line.reenter({number(1), alice}).waits);
}

TEST_CASE("of a line with a part gone the rest is thrown away, and all come back") {
    const RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    line.join(bob);
    SUBCASE("who waits") {
        CHECK(server.command({"DEL", key_of(line, "line")}).number() == 1);
        CHECK(line.try_peek({.count = 1}).fault().kind == Kind::lost);
    }
    SUBCASE("who has which place") {
        CHECK(server.command({"DEL", key_of(line, "room")}).number() == 1);
        CHECK(line.try_join(alice).fault().kind == Kind::lost);
    }
    line.room.epoch = 2;
    line.start(100);
    CHECK(line.position({}).waiting == 0);
    CHECK(line.reenter({number(2), bob}) == LinePlace{number(2), true, true, 0});
    CHECK(line.reenter({number(1), alice}) == LinePlace{number(1), true, true, 0});
}

TEST_CASE("a server whose scripts were thrown away goes on") {
    const RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob, carol}) {
        CHECK_FALSE(server.command({"SCRIPT", "FLUSH"}).is_error());
        CHECK(line.join(user).made);
    }
}

TEST_CASE("what a paused server was sent is unknown, and may be done when it goes on") {
    RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 400ms});
    LineCaller line(*store, ConcertId::random());
    line.start();
    server.pause();
    CHECK(line.try_join(alice).fault().kind == Kind::unknown);
    CHECK(line.try_join(bob).fault().kind == Kind::away);
    server.resume();
    // The same process, with all that it had: nothing is lost, and alice has one place.
    const auto joined = reached([&] { return line.try_join(alice); });
    CHECK(LineCaller::well(joined).number == number(1));
    CHECK(line.join(bob).number == number(2));
}

TEST_CASE("a server that is made a replica is left, and is another once it is the master again") {
    const RedisServer server;
    const RedisServer other;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    const std::string port = std::to_string(other.port());
    CHECK_FALSE(server.command({"REPLICAOF", "127.0.0.1", port}).is_error());
    CHECK(line.try_join(bob).fault().kind == Kind::away);
    CHECK_FALSE(server.command({"REPLICAOF", "NO", "ONE"}).is_error());
    CHECK(fault_once_reached(line) == Kind::lost);
}

TEST_CASE(
    "who does not know yet that a server has become another does not take the line for lost") {
    const RedisServer server;
    const auto knows = open_redis_line(server.address(), {.timeout = 5s});
    const auto is_late = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*knows, ConcertId::random());
    LineCaller late(*is_late, line.room.concert);
    for (std::int64_t epoch = 1; epoch <= 5; ++epoch) {
        line.room.epoch = late.room.epoch = epoch;
        line.start();
        // Else every two of them would begin it anew from each other, again and again.
        const auto joined = reached([&] { return late.try_join(alice); });
        CHECK(LineCaller::well(joined).number == number(1));
        CHECK_FALSE(server.command({"REPLICAOF", "127.0.0.1", "1"}).is_error());
        CHECK(line.try_join(bob).fault().kind == Kind::away);
        CHECK_FALSE(server.command({"REPLICAOF", "NO", "ONE"}).is_error());
        CHECK(fault_once_reached(line) == Kind::lost);
    }
}

TEST_CASE("a server that is full refuses, and has done nothing") {
    const RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    CHECK_FALSE(server.command({"CONFIG", "SET", "maxmemory", "1"}).is_error());
    const auto refused = line.try_join(bob);
    REQUIRE_FALSE(refused);
    CHECK(refused.fault().kind == Kind::away);
    CHECK(has(refused.fault().detail, "OOM"));
    CHECK(line.position({alice, bob}).places.back() == LinePlace{});
    CHECK_FALSE(server.command({"CONFIG", "SET", "maxmemory", "0"}).is_error());
    CHECK(line.join(bob) == LinePlace{number(2), true, true, 1});
}

TEST_CASE("a server that may evict keys, or is a replica, is not used") {
    const RedisServer evicting(
        {.arguments = {"--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"}});
    CHECK(has(away_with(evicting.address()), "it may evict keys"));
    const RedisServer replica(
        {.arguments = {"--replicaof", "127.0.0.1 " + std::to_string(evicting.port())}});
    CHECK(has(away_with(replica.address()), "it is a replica"));
}

TEST_CASE("a cluster is no server, and a server no cluster") {
    const RedisServer server;
    CHECK(has(away_with(server.address() + "?cluster=on"), "cluster support disabled"));
    const RedisServer lone({.arguments = {"--cluster-enabled", "yes"}});
    CHECK(has(away_with(lone.address()), "CLUSTERDOWN"));
}

TEST_CASE("certificates, the names in them and passwords are looked at") {
    const TestCertificate certificate("localhost");
    const TestCertificate strange("localhost");
    give_to_daemons(certificate.folder());
    give_to_daemons(certificate.key_file());
    const RedisServer server({.certificate = &certificate, .password = "open sesame"});
    const std::string port = std::to_string(server.port());
    const TempDir folder;
    const std::string file = folder.path() / "password";
    std::ofstream(file) << "open sesame";
    const std::string password = "password_file=" + file;
    const std::string ca = "&ca_file=" + certificate.file();

    const std::string good = "rediss://localhost:" + port + "?" + password + ca;
    const auto store = open_redis_line(good, {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    CHECK(line.join(alice).made);

    CHECK(has(away_with("rediss://127.0.0.1:" + port + "?" + password + ca), "certificate"));
    CHECK(has(away_with("rediss://localhost:" + port + "?" + password), "certificate"));
    CHECK(
        has(away_with("rediss://localhost:" + port + "?" + password + "&ca_file=" + strange.file()),
            "certificate"));
    CHECK(has(away_with("rediss://localhost:" + port + "?" + password + "&ca_file=/none"),
              "certificate"));
    CHECK(
        has(away_with("rediss://localhost:" + port + "?ca_file=" + certificate.file()), "NOAUTH"));
    CHECK_FALSE(away_with("redis://localhost:" + port + "?" + password).empty());
    const RedisServer plain;
    // A greeting in TLS is noise to it. It waits for the end of a line, or finds that in the length
    // that the greeting begins with, and answers in plain text.
    const std::string noise = away_with("rediss://localhost:" + std::to_string(plain.port()));
    CAPTURE(noise);
    CHECK((has(noise, "no connection in time") || has(noise, "TLS: ")));

    std::ofstream(file) << "sesame";
    const std::string wrong = away_with(good);
    CHECK(has(wrong, "WRONGPASS"));
    CHECK_FALSE(has(wrong, "sesame"));
}

TEST_CASE("a user needs no more rights than docs/reference/redis.md says") {
    const RedisServer server;
    CHECK_FALSE(
        server
            .command({"ACL", "SETUSER", "sale", "on", ">open sesame", "~concertres:*", "-@all",
                      "+@hash", "+@sortedset", "+unlink", "+@scripting", "+info", "+select"})
            .is_error());
    const TempDir folder;
    const std::string file = folder.path() / "password";
    std::ofstream(file) << "open sesame\n";
    const auto store = open_redis_line(
        "redis://sale@" + server.endpoint() + "/1?password_file=" + file, {.timeout = 5s});
    LineCaller line(*store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob, carol}) line.join(user);
    CHECK(line.heard({alice, bob, carol}, at_second(10)) == 0);
    CHECK(line.heard({carol}, at_second(90)) == 0);
    LinePeek peek{.count = 2, .now = at_second(100), .silent_before = at_second(50)};
    CHECK(line.peek(peek).passed_over == 2);
    peek.lost_before = at_second(101);
    CHECK(line.peek(peek).lost == 2);
    line.drop({{number(3), carol}});
    CHECK(line.leave({number(2), bob}) == false);
    line.room.epoch = 2;
    line.start();
    CHECK(line.reenter({number(9), user_named("dave")}).waits);
    CHECK(line.position({carol}).waiting == 1);
    LineCaller::well(line.try_erase());
}

TEST_CASE("ten thousand calls at once are all answered, in the order of the line") {
    const RedisServer server;
    const auto store = open_redis_line(server.address(), {.timeout = 60s});
    LineCaller line(*store, ConcertId::random());
    line.start(20'000);
    constexpr int people = 10'000;
    std::atomic<int> answered{0};
    std::atomic<int> in_order{0};
    for (int i = 0; i < people; ++i) {
        store->join(line.room, {.user = user_named(std::to_string(i))},
                    [&, i](LineAnswer<LinePlace> place) {
                        in_order += place && place.value().number == number(i + 1) &&
                                    place.value().ahead == i;
                        ++answered;
                    });
    }
    CHECK(comes_about([&] { return answered == people; }));
    CHECK(in_order == people);
}

// Fail-overs, by sentinels and of a cluster, that lose what was acknowledged last; and slots that
// move from one server to another.
#include "concertres/redis.hpp"
#include "line/line_caller.hpp"
#include "line/redis_server.hpp"

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

std::string key_of(const LineCaller& line, const std::string& name) {
    return "concertres:{" + line.room.concert.to_string() + "}:" + name;
}

// Alice's place has reached the replicas; Bob's is acknowledged, and never will.
LinePlace join_in_vain(LineCaller& line, RedisServer& master,
                       const std::vector<RedisServer*>& replicas) {
    line.start();
    line.join(alice);
    const auto count = std::to_string(replicas.size());
    while (master.command({"WAIT", count, "100"}).number() <
           static_cast<std::int64_t>(replicas.size())) {
    }
    for (RedisServer* replica : replicas) replica->pause();
    // They would still read what they have been sent.
    CHECK(master.command({"CLIENT", "KILL", "TYPE", "replica"}).number() >= 1);
    const LinePlace place = line.join(bob);
    CHECK(place == LinePlace{number(2), true, true, 1});
    master.kill();
    for (RedisServer* replica : replicas) replica->resume();
    return place;
}

// As whoever keeps the epoch does: where it is lost it is begun anew, once the line is reached.
void begin_anew(LineCaller& line) {
    CHECK(comes_about([&] {
        const auto answer = line.try_position({});
        REQUIRE_FALSE(answer);
        return answer.fault().kind == Kind::lost;
    }));
    line.room.epoch = 2;
    line.start(100);
}

void check_that_all_is_as_it_was(LineCaller& line, const LinePlace& lost) {
    CHECK(line.join(carol) == LinePlace{number(1, 2), true, true, 1});
    CHECK(line.position({bob}).places.front() == LinePlace{});
    CHECK(line.reenter({lost.number, bob}) == LinePlace{number(2), true, true, 1});
    CHECK(line.peek({.count = 9}).waiting ==
          std::vector<LineEntry>{{number(1), alice}, {number(2), bob}, {number(1, 2), carol}});
}

}  // namespace

TEST_CASE("a fail-over by sentinels that loses a place is found out, and the place comes back") {
    RedisSentinels sentinels;
    RedisServer& master = sentinels.master();
    std::vector<RedisServer*> replicas;
    for (const auto& server : sentinels.servers()) {
        if (server.get() != &master) replicas.push_back(server.get());
    }
    const auto store = open_redis_line(sentinels.address(), {.timeout = 1s});
    LineCaller line(*store, ConcertId::random());
    const LinePlace lost = join_in_vain(line, master, replicas);
    sentinels.wait_for_failover(master);
    begin_anew(line);
    check_that_all_is_as_it_was(line, lost);
}

TEST_CASE("a master that stood still while another took its place gives nobody a number twice") {
    RedisSentinels sentinels;
    RedisServer& old = sentinels.master();
    // Who cannot see the fail-over: it only knows the one server.
    const auto cut_off = open_redis_line(old.address(), {.timeout = 400ms});
    const auto store = open_redis_line(sentinels.address(), {.timeout = 1s});
    LineCaller line(*store, ConcertId::random());
    LineCaller behind(*cut_off, line.room.concert);
    line.start();
    line.join(alice);
    CHECK(behind.join(alice).number == number(1));
    old.pause();
    sentinels.wait_for_failover(old);
    begin_anew(line);
    const LinePlace place = line.join(carol);
    old.resume();
    // As long as it does not know, it goes on in its own epoch, where its numbers are.
    const auto late = behind.try_join(bob);
    if (late) {
        CHECK(late.value().number.epoch() == 1);
        CHECK(late.value().number != place.number);
        CHECK(line.reenter({late.value().number, bob}).waits);
    }
    // And at last it is a replica, and is left.
    CHECK(comes_about([&] {
        const auto answer = behind.try_join(user_named("dave"));
        return !answer && answer.fault().kind == Kind::away;
    }));
}

TEST_CASE("a fail-over of a cluster that loses a place is found out, and the place comes back") {
    RedisCluster cluster;
    const auto store = open_redis_line(cluster.address(), {.timeout = 1s});
    LineCaller line(*store, ConcertId::random());
    RedisServer& master = cluster.master_of(key_of(line, "room"));
    std::vector<RedisServer*> replicas;
    for (const auto& server : cluster.servers()) {
        if (server->info("master_port") == std::to_string(master.port())) {
            replicas.push_back(server.get());
        }
    }
    REQUIRE(replicas.size() == 1);
    const LinePlace lost = join_in_vain(line, master, replicas);
    begin_anew(line);
    check_that_all_is_as_it_was(line, lost);
    // The rooms of the others go on.
    LineCaller other(*store, ConcertId::random());
    while (cluster.master_of(key_of(other, "room")).port() == replicas.front()->port()) {
        other.room.concert = ConcertId::random();
    }
    other.start();
    CHECK(other.join(alice).made);
}

TEST_CASE("a room whose slot moves is away while it is torn, and goes on where it has come to") {
    RedisCluster cluster;
    const auto store = open_redis_line(cluster.address(), {.timeout = 500ms});
    LineCaller line(*store, ConcertId::random());
    line.start();
    line.join(alice);
    line.join(bob);
    const std::string room = key_of(line, "room");
    RedisServer& from = cluster.master_of(room);
    RedisServer* to = nullptr;
    for (const auto& server : cluster.servers()) {
        if (server->info("role") == "master" && server.get() != &from) to = server.get();
    }
    REQUIRE(to != nullptr);
    const auto id_of = [](const RedisServer& server) {
        return server.command({"CLUSTER", "MYID"}).text;
    };
    const std::string slot = std::to_string(from.command({"CLUSTER", "KEYSLOT", room}).number());
    const auto move = [&](const std::string& key) {
        CHECK_FALSE(
            from.command({"MIGRATE", "127.0.0.1", std::to_string(to->port()), key, "0", "5000"})
                .is_error());
    };
    CHECK_FALSE(to->command({"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(from)}).is_error());
    CHECK_FALSE(from.command({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(*to)}).is_error());
    // All of it is there still, but one key that never was: Redis says to ask the other.
    CHECK_FALSE(line.try_join(carol));
    move(room);
    CHECK(line.try_join(carol).fault().kind == Kind::away);
    move(key_of(line, "line"));
    // All that there is has moved; the other is another server, where the epoch was not begun.
    CHECK_FALSE(line.try_join(carol));
    for (RedisServer* server : {to, &from}) {
        CHECK_FALSE(server->command({"CLUSTER", "SETSLOT", slot, "NODE", id_of(*to)}).is_error());
    }
    begin_anew(line);
    CHECK(line.join(carol) == LinePlace{number(1, 2), true, true, 2});
    CHECK(line.peek({.count = 9}).waiting ==
          std::vector<LineEntry>{{number(1), alice}, {number(2), bob}, {number(1, 2), carol}});
}

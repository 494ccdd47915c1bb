// What the line makes of servers that answer in every way there is.
#include <atomic>
#include <fstream>
#include <mutex>

#include "concertres/redis.hpp"
#include "line/fake_redis.hpp"
#include "line/line_caller.hpp"
#include "redis/router.hpp"
#include "redis/scripts.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using Kind = LineFault::Kind;
using Words = std::vector<std::string>;

namespace {

const UserId alice = user_named("alice");
// What a join is answered: number 7, made, waits, 3 ahead.
const std::string joined = "*5\r\n:1\r\n:7\r\n:1\r\n:1\r\n:3\r\n";
const LinePlace place{{7}, true, true, 3};

// Of a first call that is answered with `bytes`.
LineFault fault_of(const std::string& bytes) {
    FakeRedis fake([&](const Words&) { return bytes; });
    const auto line = open_redis_line(fake.address(), {.timeout = 300ms});
    const auto answer = LineCaller(*line, ConcertId::random()).try_join(alice);
    REQUIRE_FALSE(answer);
    return answer.fault();
}

std::string slots_at(const FakeRedis& fake) {
    return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + FakeRedis::text("127.0.0.1") + ":" +
           std::to_string(fake.port()) + "\r\n";
}

}  // namespace

TEST_CASE("a script is called by its name, with the keys, the epoch and whom it comes to") {
    Words said;
    FakeRedis fake([&](const Words& words) {
        said = words;
        return joined;
    });
    const auto line = open_redis_line(fake.address() + "?prefix=shop");
    const ConcertId concert = ConcertId::from_name("a concert");
    CHECK(LineCaller(*line, concert, 5).join({.user = alice, .line_class = 2}) == place);
    REQUIRE(said.size() == 14);
    CHECK(said[0] == "EVALSHA");
    CHECK(said[1] == redis::script_of(redis::Step::join).sha1);
    CHECK(said[3] == "shop:{" + concert.to_string() + "}:room");
    CHECK(said[8] == "5");
    CHECK(said[9] == "0123456789abcdef89abcdef01234567");
    CHECK(said[10].size() == 16);
    CHECK(said[11] == "2");
    CHECK(line->counters().calls == 1);
    CHECK(line->counters().is_reached);
}

TEST_CASE("what a server refuses before it runs a script was not done, and is said") {
    for (const char* word : {"OOM", "MISCONF", "NOPERM", "LOADING", "BUSY", "NOREPLICAS",
                             "WRONGTYPE", "READONLY", "MOVED 1 a:2", "CLUSTERDOWN"}) {
        CAPTURE(word);
        const LineFault fault = fault_of("-" + std::string(word) + " it says\r\n");
        CHECK(fault.kind == Kind::away);
        CHECK(fault.detail == std::string(word) + " it says");
    }
}

TEST_CASE("what a server says that may have run, or makes no sense, is unknown") {
    CHECK(fault_of("-ERR user_script:1: oops\r\n").kind == Kind::unknown);
    CHECK(fault_of("*1\r\n:1\r\n").kind == Kind::unknown);
    CHECK(fault_of("*0\r\n").kind == Kind::unknown);
    CHECK(fault_of(":7\r\n").kind == Kind::unknown);
    CHECK(fault_of("*2\r\n:0\r\n+tired\r\n").kind == Kind::unknown);
    CHECK(fault_of("*5\r\n:1\r\n+x\r\n:1\r\n:1\r\n:3\r\n").kind == Kind::unknown);
    CHECK(fault_of("no RESP\r\n").kind == Kind::unknown);
    CHECK(fault_of("*70000\r\n").kind == Kind::unknown);
    CHECK(fault_of("").kind == Kind::unknown);
}

TEST_CASE("an answer that is longer than any is not read to its end") {
    const LineFault fault = fault_of("$900000000\r\n" + std::string(2'000'000, 'x'));
    CHECK(fault.kind == Kind::unknown);
    CHECK(fault.detail.find("too long") != std::string::npos);
}

TEST_CASE("a user in an answer is sixteen bytes") {
    FakeRedis fake([&](const Words&) {
        return "*6\r\n:1\r\n:0\r\n:0\r\n:0\r\n" + FakeRedis::text("too short") + ":7\r\n";
    });
    const auto line = open_redis_line(fake.address());
    const auto peeked = LineCaller(*line, ConcertId::random()).try_peek({.count = 1});
    CHECK(peeked.fault().kind == Kind::unknown);
}

TEST_CASE("a server that answers what nobody asked is given up") {
    FakeRedis fake([&](const Words&) { return joined + joined; });
    const auto line = open_redis_line(fake.address(), {.timeout = 2s});
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
    CHECK(comes_about([&] { return fake.connections() >= 2; }));
}

TEST_CASE("where the scripts are gone a call brings its own along") {
    std::atomic<int> named{0};
    std::atomic<int> brought{0};
    FakeRedis fake([&](const Words& words) -> std::string {
        if (words[0] == "EVALSHA") {
            ++named;
            return "-NOSCRIPT No matching script.\r\n";
        }
        brought += words[0] == "EVAL" && words[1] == redis::script_of(redis::Step::join).text;
        return joined;
    });
    const auto line = open_redis_line(fake.address());
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
    CHECK(named == 1);
    CHECK(brought == 1);
}

TEST_CASE("a server without the right to run scripts at all ends in a refusal") {
    FakeRedis fake([&](const Words&) { return "-NOSCRIPT No matching script.\r\n"; });
    const auto line = open_redis_line(fake.address());
    CHECK(LineCaller(*line, ConcertId::random()).try_join(alice).fault().kind == Kind::away);
}

TEST_CASE("a server that is not fit is told of, once, and is not called") {
    std::atomic<int> called{0};
    FakeRedis fake([&](const Words&) {
        ++called;
        return joined;
    });
    std::mutex mutex;
    std::vector<std::string> told;
    const auto log = [&](const std::string& text) {
        const std::lock_guard lock(mutex);
        told.push_back(text);
    };
    fake.set_info("role:master\r\n");
    const auto line = open_redis_line(fake.address(), {.log = log});
    LineCaller caller(*line, ConcertId::random());
    for (int i = 0; i < 3; ++i) CHECK(caller.try_join(alice).fault().kind == Kind::away);
    CHECK(comes_about([&] { return fake.connections() >= 3; }));
    CHECK(called == 0);
    CHECK_FALSE(line->counters().is_reached);
    fake.set_info(FakeRedis::good_info());
    CHECK(comes_about([&] { return bool(caller.try_join(alice)); }));
    const std::lock_guard lock(mutex);
    REQUIRE(told.size() == 2);
    CHECK(told[0] == fake.endpoint() + ": it does not say which process it is");
    CHECK(told[1] == "connected again");
}

TEST_CASE("a hello that is refused is no connection") {
    FakeRedis fake([&](const Words&) { return joined; });
    TempDir folder;
    const std::string file = folder.path() / "password";
    const std::string address = fake.address() + "/4?password_file=" + file;
    const auto why = [&] {
        const auto line = open_redis_line(address);
        return LineCaller(*line, ConcertId::random()).try_join(alice).fault().detail;
    };
    CHECK(why() == fake.endpoint() + ": there is no password in " + file);
    std::ofstream(file) << "\n";
    CHECK(why() == fake.endpoint() + ": there is no password in " + file);
    std::ofstream(file) << "sesame\r\n";
    fake.set_hello("AUTH", "-WRONGPASS no\r\n");
    CHECK(why() == fake.endpoint() + ": AUTH is refused: WRONGPASS no");
    fake.set_hello("SELECT", "-ERR DB index is out of range\r\n");
    CHECK(why() == fake.endpoint() + ": SELECT is refused: ERR DB index is out of range");
    fake.set_hello("SCRIPT", "-NOPERM no\r\n");
    CHECK(why() == fake.endpoint() + ": SCRIPT is refused: NOPERM no");
    fake.set_hello("INFO", "-NOPERM no\r\n");
    CHECK(why() == fake.endpoint() + ": INFO is refused: NOPERM no");
}

TEST_CASE("a server that becomes another while it is connected is left") {
    FakeRedis fake([&](const Words&) { return joined; });
    const auto line = open_redis_line(fake.address(), {.timeout = 5s});
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
    std::string info = FakeRedis::good_info();
    info.replace(info.find("89abcdef0123456789abcdef0123456789abcdef"), 4, "0000");
    fake.set_info(info);
    CHECK(comes_about([&] { return line->counters().connections >= 2; }));
}

TEST_CASE("a server that says nothing is given up in time, and what was sent there is unknown") {
    FakeRedis fake([&](const Words&) { return ""; });
    const auto line = open_redis_line(fake.address(), {.timeout = 100ms});
    LineCaller caller(*line, ConcertId::random());
    CHECK(caller.try_join(alice).fault().kind == Kind::unknown);
    CHECK(line->counters().unknown == 1);
}

TEST_CASE("a server that accepts, and does not end its hello, is away") {
    FakeRedis fake([&](const Words&) { return joined; });
    fake.set_hello("SCRIPT", "");
    const auto line = open_redis_line(fake.address(), {.timeout = 100ms});
    const LineFault fault = LineCaller(*line, ConcertId::random()).try_join(alice).fault();
    CHECK(fault.kind == Kind::away);
    CHECK(fault.detail.ends_with("no connection in time"));
}

TEST_CASE("a name that nobody has, and a port where nobody listens, are away") {
    for (const char* address : {"redis://nobody.invalid", "redis://127.0.0.1:1"}) {
        const auto line = open_redis_line(address, {.timeout = 20s});
        LineCaller caller(*line, ConcertId::random());
        CHECK(caller.try_join(alice).fault().kind == Kind::away);
        CHECK(line->counters().away == 1);
    }
}

TEST_CASE("no more calls are under way than may be") {
    std::atomic<bool> may_answer{false};
    FakeRedis fake([&](const Words&) {
        while (!may_answer) std::this_thread::sleep_for(1ms);
        return joined;
    });
    const auto line = open_redis_line(fake.address(), {.timeout = 60s, .calls_max = 4});
    std::atomic<int> well{0};
    std::atomic<int> away{0};
    const LineRoom room{ConcertId::random(), 1};
    for (int i = 0; i < 10; ++i) {
        line->join(room, {.user = alice},
                   [&](LineAnswer<LinePlace> answer) { ++(answer ? well : away); });
    }
    CHECK(away == 6);
    may_answer = true;
    CHECK(comes_about([&] { return well == 4; }));
    CHECK(LineCaller(*line, room.concert).join(alice) == place);
}

TEST_CASE("a line that ends answers what is under way") {
    FakeRedis fake([&](const Words&) { return ""; });
    std::atomic<int> unknown{0};
    for (const std::string& address :
         {fake.address(), fake.address() + "?cluster=on", fake.address() + "?sentinel=m"}) {
        auto line = open_redis_line(address, {.timeout = 60s});
        for (int i = 0; i < 10; ++i) {
            line->join({ConcertId::random(), 1}, {.user = alice},
                       [&](LineAnswer<LinePlace> answer) {
                           unknown += !answer && answer.fault().kind == Kind::unknown;
                       });
        }
    }
    CHECK(unknown == 30);
}

// --- A cluster ---------------------------------------------------------------------------------

TEST_CASE("a slot is that of what stands between the braces") {
    CHECK(redis::slot_of("123456789") == 12'739);
    CHECK(redis::slot_of("") == 0);
    CHECK(redis::slot_of("foo") == 12'182);
}

TEST_CASE("a call goes to the server that has its slot, and where that says it has moved") {
    std::atomic<int> moved{0};
    FakeRedis other([&](const Words&) { return joined; });
    FakeRedis fake([&](const Words& words) {
        if (words[0] == "CLUSTER") return moved == 0 ? slots_at(fake) : slots_at(other);
        ++moved;
        return "-MOVED 7 " + other.endpoint() + "\r\n";
    });
    const auto line = open_redis_line(fake.address() + "?cluster=on");
    LineCaller caller(*line, ConcertId::random());
    CHECK(caller.join(alice) == place);
    // From then on at once, once it is known where the slots are.
    CHECK(caller.join(alice) == place);
    CHECK(moved == 1);
    CHECK(line->counters().redirections == 1);
}

TEST_CASE("a server may leave out its own name") {
    FakeRedis fake([&](const Words& words) -> std::string {
        static std::atomic<int> moved{0};
        if (words[0] == "CLUSTER") {
            return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$-1\r\n:" + std::to_string(fake.port()) +
                   "\r\n";
        }
        return ++moved == 1 ? "-MOVED 7 :" + std::to_string(fake.port()) + "\r\n" : joined;
    });
    const auto line = open_redis_line(fake.address() + "?cluster=on");
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
}

TEST_CASE("a slot that is on its way is asked for where it goes to") {
    std::vector<std::string> said;
    FakeRedis other([&](const Words& words) -> std::string {
        said.push_back(words[0]);
        return words[0] == "ASKING" ? "+OK\r\n" : joined;
    });
    FakeRedis fake([&](const Words& words) {
        if (words[0] == "CLUSTER") return slots_at(fake);
        return "-ASK 7 " + other.endpoint() + "\r\n";
    });
    const auto line = open_redis_line(fake.address() + "?cluster=on");
    LineCaller caller(*line, ConcertId::random());
    CHECK(caller.join(alice) == place);
    CHECK(caller.join(alice) == place);
    CHECK(said == std::vector<std::string>{"ASKING", "EVALSHA", "ASKING", "EVALSHA"});
}

TEST_CASE("what a cluster cannot do yet is tried again") {
    for (const char* word : {"TRYAGAIN", "CLUSTERDOWN"}) {
        CAPTURE(word);
        std::atomic<int> tries{0};
        FakeRedis fake([&](const Words& words) -> std::string {
            if (words[0] == "CLUSTER") return slots_at(fake);
            return ++tries < 4 ? "-" + std::string(word) + " wait\r\n" : joined;
        });
        const auto line = open_redis_line(fake.address() + "?cluster=on", {.timeout = 20s});
        CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
        CHECK(tries == 4);
    }
}

TEST_CASE("servers that send a call back and forth do not keep it for ever, nor each other busy") {
    std::atomic<int> sent{0};
    FakeRedis fake([&](const Words& words) {
        if (words[0] == "CLUSTER") return slots_at(fake);
        ++sent;
        return "-MOVED 7 " + fake.endpoint() + "\r\n";
    });
    const auto line = open_redis_line(fake.address() + "?cluster=on", {.timeout = 1s});
    CHECK_FALSE(LineCaller(*line, ConcertId::random()).try_join(alice));
    CHECK(sent >= 4);
    CHECK(sent < 1'000);
}

TEST_CASE("a cluster that names no servers is away") {
    for (const std::string& slots :
         {std::string("*0\r\n"), std::string("-ERR no cluster\r\n"), std::string("*1\r\n*0\r\n"),
          "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + FakeRedis::text("a") + ":0\r\n",
          std::string("no RESP\r\n")}) {
        CAPTURE(slots);
        FakeRedis fake([&](const Words&) { return slots; });
        const auto line = open_redis_line(fake.address() + "?cluster=on", {.timeout = 150ms});
        CHECK(LineCaller(*line, ConcertId::random()).try_join(alice).fault().kind == Kind::away);
    }
    for (const char* where : {"nowhere", "a:b", "a:0", ""}) {
        CAPTURE(where);
        FakeRedis fake([&](const Words& words) {
            if (words[0] == "CLUSTER") return slots_at(fake);
            return "-MOVED 7 " + std::string(where) + "\r\n";
        });
        const auto line = open_redis_line(fake.address() + "?cluster=on", {.timeout = 300ms});
        const LineFault fault = LineCaller(*line, ConcertId::random()).try_join(alice).fault();
        CHECK(fault.kind == Kind::away);
        CHECK(fault.detail == "the cluster names no server: " + std::string(where));
    }
}

TEST_CASE("any of the servers in the address can say where the slots are") {
    FakeRedis fake(
        [&](const Words& words) { return words[0] == "CLUSTER" ? slots_at(fake) : joined; });
    const auto line = open_redis_line(
        "redis://127.0.0.1:1,127.0.0.1:2," + fake.endpoint() + "?cluster=on", {.timeout = 20s});
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
}

// --- Sentinels ---------------------------------------------------------------------------------

TEST_CASE("the sentinels are asked one after the other which server it is") {
    FakeRedis server([&](const Words&) { return joined; });
    FakeRedis ignorant([&](const Words&) { return "*-1\r\n"; });
    FakeRedis confused(
        [&](const Words&) { return "*2\r\n" + FakeRedis::text("!") + FakeRedis::text("x"); });
    FakeRedis knowing([&](const Words& words) -> std::string {
        if (words != Words{"SENTINEL", "get-master-addr-by-name", "sale"}) return "-ERR\r\n";
        return "*2\r\n" + FakeRedis::text("127.0.0.1") +
               FakeRedis::text(std::to_string(server.port()));
    });
    const auto line =
        open_redis_line("redis://127.0.0.1:1," + ignorant.endpoint() + "," + confused.endpoint() +
                            "," + knowing.endpoint() + "?sentinel=sale",
                        {.timeout = 20s});
    CHECK(LineCaller(*line, ConcertId::random()).join(alice) == place);
}

TEST_CASE("where no sentinel knows the master, the line is away") {
    FakeRedis ignorant([&](const Words&) { return "*-1\r\n"; });
    const auto line = open_redis_line(ignorant.address() + "?sentinel=sale");
    const LineFault fault = LineCaller(*line, ConcertId::random()).try_join(alice).fault();
    CHECK(fault.kind == Kind::away);
    CHECK(fault.detail == "no sentinel knows the master");
}

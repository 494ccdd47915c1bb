// A line that is lost, wiped, put back, away and unheard again and again, in front of a small box
// office that says what must not be. CONCERTRES_SEED and CONCERTRES_ROUNDS change what is tried.
#include "concertres/redis.hpp"
#include "line/redis_server.hpp"
#include "line/small_office.hpp"
#include "support/environment.hpp"
#include "support/memory_line.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

using Mutate = void (*)(SmallOffice& office);

struct Outcome {
    std::vector<std::string> breaches;
    std::size_t admitted = 0;
    std::int64_t epochs = 0;
    std::int64_t came_back = 0;
};

Outcome outcome_of(const SmallOffice& office) {
    return {office.breaches(), office.admitted(), office.epoch(), office.came_back()};
}

// Three instances at one line in memory, with trouble every few hundred steps.
Outcome run_in_memory(std::uint32_t seed, Mutate mutate = nullptr) {
    MemoryLine line;
    std::mt19937 dice(seed);
    SmallOffice office({&line, &line, &line}, seed + 1);
    if (mutate != nullptr) mutate(office);
    std::vector<MemoryLine::Copy> copies = {line.copy()};
    int back_in = 0;
    for (int i = 0; i < 20'000; ++i) {
        office.step();
        if (back_in > 0 && --back_in == 0) line.go_away(false);
        if (dice() % 100 == 0) copies.push_back(line.copy());
        if (dice() % 900 != 0) continue;
        switch (dice() % 4) {
            case 0:
                line.wipe();
                break;
            case 1:
                line.roll_back(
                    copies[copies.size() - 1 - dice() % std::min<std::size_t>(copies.size(), 5)]);
                break;
            case 2:
                line.go_away(true);
                back_in = static_cast<int>(dice() % 600);
                break;
            default:
                line.lose_answers(static_cast<int>(dice() % 5));
        }
    }
    line.go_away(false);
    static_cast<void>(office.run_to_end(100'000));
    return outcome_of(office);
}

std::string first_of(const Outcome& outcome) {
    return outcome.breaches.empty() ? "" : outcome.breaches.front();
}

bool is_found(Mutate mutate) {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        if (!run_in_memory(seed, mutate).breaches.empty()) return true;
    }
    return false;
}

// What may happen to a server, once.
void trouble(RedisServer& server, std::mt19937& dice, LineStore& other) {
    switch (dice() % 8) {
        case 0:  // without what was not saved
            server.kill();
            server.start();
            break;
        case 1:
            server.command({"SAVE"});
            break;
        case 2:
            server.command({"FLUSHALL"});
            break;
        case 3:
            server.pause();
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + dice() % 200));
            server.resume();
            break;
        case 4:
            server.command({"SCRIPT", "FLUSH"});
            break;
        case 5: {
            const auto keys = server.command({"KEYS", "*"}).elements;
            if (!keys.empty()) server.command({"DEL", keys[dice() % keys.size()].text});
            break;
        }
        case 6:
            server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
            break;
        default:  // a promotion: another history
            server.command({"REPLICAOF", "127.0.0.1", "1"});
            static_cast<void>(LineCaller(other, ConcertId::random()).try_join(user_named("x")));
            server.command({"REPLICAOF", "NO", "ONE"});
    }
}

}  // namespace

TEST_CASE("whatever becomes of a line in memory, nothing comes about that must not be") {
    const auto seed = static_cast<std::uint32_t>(from_environment("CONCERTRES_SEED", 1));
    const auto rounds = static_cast<std::uint32_t>(from_environment("CONCERTRES_ROUNDS", 100));
    std::size_t admitted = 0;
    std::int64_t came_back = 0;
    std::int64_t epochs = 0;
    for (std::uint32_t i = 0; i < rounds; ++i) {
        CAPTURE(seed + i);
        const Outcome outcome = run_in_memory(seed + i);
        CHECK(first_of(outcome) == "");
        admitted += outcome.admitted;
        came_back += outcome.came_back;
        epochs += outcome.epochs;
    }
    MESSAGE(rounds, " rounds: ", admitted, " let in, ", epochs, " epochs, ", came_back,
            " came back by their tokens");
    CHECK(came_back > 0);
    CHECK(epochs > rounds);
}

TEST_CASE("a box office that does it wrongly is found out") {
    CHECK(is_found([](SmallOffice& office) { office.admits_at_once = true; }));
    CHECK(is_found([](SmallOffice& office) { office.begins_no_epoch = true; }));
    CHECK(is_found([](SmallOffice& office) { office.ignores_passes = true; }));
    CHECK(is_found([](SmallOffice& office) { office.brings_nobody_back = true; }));
}

TEST_CASE("whatever becomes of a Redis server, nothing comes about that must not be") {
    const auto seed = static_cast<std::uint32_t>(from_environment("CONCERTRES_SEED", 1));
    const auto rounds = static_cast<std::uint32_t>(from_environment("CONCERTRES_ROUNDS", 3));
    for (std::uint32_t i = 0; i < rounds; ++i) {
        CAPTURE(seed + i);
        RedisServer server({.arguments = {"--dbfilename", "kept.rdb"}});
        const auto open = [&] { return open_redis_line(server.address(), {.timeout = 150ms}); };
        const auto one = open();
        const auto two = open();
        SmallOffice office({one.get(), two.get()}, seed + i);
        std::mt19937 dice(seed + i);
        for (int step = 0; step < 6'000; ++step) {
            office.step();
            if (dice() % 300 == 0) trouble(server, dice, *one);
        }
        static_cast<void>(office.run_to_end(100'000));
        const Outcome outcome = outcome_of(office);
        CHECK(first_of(outcome) == "");
        MESSAGE(outcome.admitted, " let in, ", outcome.epochs, " epochs, ", outcome.came_back,
                " came back by their tokens");
    }
}

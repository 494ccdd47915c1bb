// kill -9 in the middle of a sale: what was acknowledged is there when the store is opened again,
// and nothing is half done. (That the bytes had reached the disk, no kill can show: power cuts are
// another test's.)
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/small_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// What a client was told, written to a pipe in one piece as soon as it was.
struct Told {
    enum class What : std::uint8_t { ready, joined, charged, held, paid };
    What what = What::ready;
    std::int32_t client = 0;
    std::int32_t round = 0;
    std::int64_t number = 0;
    Uuid id{};
    Uuid second{};
};

constexpr int clients = 8;

UserId user_of(int client, int round) { return SmallSale::user(client * 1'000'000 + round); }
std::string key_of(const char* what, int round) { return what + std::to_string(round); }

void tell(int pipe, const Told& told) {
    if (::write(pipe, &told, sizeof told) != sizeof told) std::_Exit(3);
}

// A client buys one seat after another, each as a new user, and tells of every answer.
void buy_for_ever(BoxOffice& office, const SmallSale& sale, int pipe, int client, int first) {
    for (int round = first;; ++round) {
        const UserId user = user_of(client, round);
        const auto place = office.join({.concert = sale.concert, .user = user});
        if (!place) continue;
        tell(pipe, {Told::What::joined, client, round, place->number.value, {}, {}});
        const auto charged =
            office.charge({.user = user, .amount = SmallSale::price, .key = key_of("c", round)});
        if (charged) tell(pipe, {Told::What::charged, client, round, 0, charged->id.uuid, {}});
        (void)office.tick({sale.concert});
        const SeatNumber seat = 1 + (client + clients * round) % 20'000;
        const auto held = office.hold({.user = user,
                                       .place = place->number,
                                       .performance = sale.performance(),
                                       .seats = {seat},
                                       .key = key_of("h", round)});
        if (!held) continue;
        tell(pipe, {Told::What::held, client, round, place->number.value, held->id.uuid, {}});
        const auto paid = office.pay({.user = user,
                                      .place = place->number,
                                      .reservations = {held->id},
                                      .key = key_of("p", round)});
        if (paid) {
            tell(pipe, {Told::What::paid, client, round, place->number.value, paid->id.uuid,
                        held->id.uuid});
        }
    }
}

[[noreturn]] void run_child(const TestStore& store, const SmallSale& sale, int pipe, int first) {
    BoxOffice office(store.open());
    tell(pipe, {});
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&, client] { buy_for_ever(office, sale, pipe, client, first); });
    }
    for (auto& thread : threads) thread.join();
    std::_Exit(4);
}

std::vector<Told> read_until_killed(int pipe, pid_t child, int answers) {
    std::vector<Told> told;
    Told next;
    bool killed = false;
    while (::read(pipe, &next, sizeof next) == sizeof next) {
        told.push_back(next);
        if (!killed && static_cast<int>(told.size()) >= answers) {
            ::kill(child, SIGKILL);
            killed = true;
        }
    }
    return told;
}

// Every answer, asked for again with the same key.
void check_told(BoxOffice& office, const SmallSale& sale, const Told& told) {
    const UserId user = user_of(told.client, told.round);
    const PlaceNumber place{told.number};
    switch (told.what) {
        case Told::What::ready:
            return;
        case Told::What::joined: {
            const auto again = office.join({.concert = sale.concert, .user = user});
            REQUIRE(again);
            CHECK(again->number == place);
            CHECK(!again->made);
            return;
        }
        case Told::What::charged: {
            const auto again = office.charge(
                {.user = user, .amount = SmallSale::price, .key = key_of("c", told.round)});
            REQUIRE(again);
            CHECK(again->replayed);
            CHECK(again->id.uuid == told.id);
            return;
        }
        case Told::What::held: {
            const auto again = office.reservation({.user = user, .reservation = {told.id}});
            REQUIRE(again);
            CHECK(again->seats.size() == 1);
            return;
        }
        case Told::What::paid: {
            const auto again = office.pay({.user = user,
                                           .place = place,
                                           .reservations = {{told.second}},
                                           .key = key_of("p", told.round)});
            REQUIRE(again);
            CHECK(again->replayed);
            CHECK(again->id.uuid == told.id);
            return;
        }
    }
}

}  // namespace

TEST_CASE("kill -9 in mid-load loses nothing that was acknowledged, again and again") {
    for (const Backend& backend : backends()) {
        if (!backend.lasts) continue;
        CAPTURE(backend.name);
        TestStore store(backend);
        SmallSale sale;
        {
            BoxOffice office(store.take());
            ConcertDraft draft = SmallSale::draft(20'000);
            draft.room = RoomPolicy{};
            sale = SmallSale::add(office, draft);
        }
        for (int kills = 0; kills < 5; ++kills) {
            int ends[2];
            REQUIRE(::pipe(ends) == 0);
            const pid_t child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                ::close(ends[0]);
                run_child(store, sale, ends[1], 1'000 * kills);
            }
            ::close(ends[1]);
            const std::vector<Told> told = read_until_killed(ends[0], child, 50 + 173 * kills);
            ::close(ends[0]);
            int status = 0;
            REQUIRE(::waitpid(child, &status, 0) == child);
            REQUIRE(WIFSIGNALED(status));
            CHECK(WTERMSIG(status) == SIGKILL);
            REQUIRE(told.size() >= 50);

            BoxOffice office(store.open());
            const auto report = office.audit();
            REQUIRE(report);
            for (const Finding& finding : report->findings) {
                FAIL_CHECK(finding.rule, ": ", finding.what);
            }
            for (const Told& answer : told) check_told(office, sale, answer);
        }
    }
}

// kill -9 in the middle of a rush, again and again: the next server, on the same folder and
// address, knows all that was told.
//
// CONCERTRES_KILLS: how often; CONCERTRES_SEED: what their moments are drawn from.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "support/environment.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A store is used up by so many.
constexpr int kills_of_a_store = 50;
constexpr int buyers_between_kills = 100;
// Asked again at the end, of all; each was asked again after the kill that it lived through.
constexpr std::size_t asked_at_the_end = 200;

// A server that is killed again and again, and what its buyers were told, which is kept here.
class Killed {
  public:
    explicit Killed(std::mt19937_64& random) : random_(&random) {}

    void kill_once(int number) {
        const auto start = steady_clock::now();
        ServerProcess server(serving_);
        CHECK(http::Client(server.url()).send({.target = "/v1/concerts"}).status == 200);
        first_answers_.push_back(
            std::chrono::duration_cast<milliseconds>(steady_clock::now() - start).count());
        serving_.listen = server.address();
        check_again(server.url(), sale_, last_);
        Rush rush(server.url(), sale_,
                  {.threads = 4,
                   .first_buyer = buyers_between_kills * number,
                   .buyers_max = buyers_between_kills});
        std::this_thread::sleep_for(milliseconds(50 + draw(451)));
        server.kill();
        last_ = rush.end();
        for (const Told& buyer : last_) {
            CHECK(buyer.refusals.empty());
            CHECK(buyer.contradictions.empty());
        }
        all_.insert(all_.end(), last_.begin(), last_.end());
        // And now and then before it is ready.
        if (draw(5) == 0) ServerProcess::kill_while_starting(serving_, milliseconds(draw(101)));
        if (draw(10) == 0) check_audit();
    }

    void end() {
        check_audit();
        ServerProcess server(serving_);
        check_again(server.url(), sale_, last_);
        std::vector<Told> some = all_;
        std::shuffle(some.begin(), some.end(), *random_);
        some.resize(std::min(some.size(), asked_at_the_end));
        check_again(server.url(), sale_, some);
        CHECK(server.stop() == "exit 0");
        CHECK(audit(where_).at("payments") == static_cast<std::int64_t>(all_.size()));
    }

    [[nodiscard]] const std::vector<std::int64_t>& first_answers() const { return first_answers_; }
    [[nodiscard]] Tally told() const { return tally(all_); }

  private:
    [[nodiscard]] int draw(std::uint64_t below) { return static_cast<int>((*random_)() % below); }

    // What was not told is there or is not.
    void check_audit() {
        const auto counts = audit(where_);
        const Tally expected = told();
        CHECK(counts.at("payments") >= expected.payments);
        CHECK(counts.at("reservations") >= expected.reservations);
        CHECK(counts.at("transfers") >= expected.transfers);
        CHECK(counts.at("places") >= expected.places);
    }

    std::mt19937_64* random_;
    TempDir folder_;
    std::vector<std::string> where_{"--data", folder_.path()};
    RushSale sale_ = import_rush_sale(where_, buyers_between_kills* kills_of_a_store);
    // An address that no client of another test has for its own end: the port is free when the
    // next server wants it.
    Serving serving_{.data = folder_.path(),
                     .listen = "127.0.0.9:0",
                     .arguments = {"--tick-ms", "20", "--log-level", "warning"}};
    std::vector<Told> last_;
    std::vector<Told> all_;
    std::vector<std::int64_t> first_answers_;
};

}  // namespace

TEST_CASE("kill -9 under load loses nothing that was told, again and again") {
    const auto all = static_cast<int>(from_environment("CONCERTRES_KILLS", 50));
    const std::size_t seed = from_environment("CONCERTRES_SEED", 1);
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int kills = 0; kills < all;) {
        Killed store(random);
        for (int i = 0; i < kills_of_a_store && kills < all; ++i, ++kills) {
            CAPTURE(kills);
            store.kill_once(i);
        }
        store.end();
        const Tally told = store.told();
        CHECK(told.places > 0);
        MESSAGE(
            fmt::format("{} kills; told: {} places, {} reservations, {} payments; first good "
                        "answer after each start, in ms: {}",
                        kills, told.places, told.reservations, told.payments,
                        fmt::join(store.first_answers(), " ")));
    }
}

// Servers whose database is lost to them: its primary dies and a standby takes over, or the network
// in between cuts, delays and swallows what they say.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "program/instances.hpp"
#include "program/rush.hpp"
#include "support/pgbouncer.hpp"
#include "support/postgres_proxy.hpp"
#include "support/postgres_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point then) {
    return std::chrono::duration<double>(Steady::now() - then).count();
}

// A rush at each of two servers.
class Rushes {
  public:
    Rushes(Instances& servers, const RushSale& sale) {
        for (const std::size_t i : {0u, 1u}) {
            rushes_.push_back(std::make_unique<Rush>(
                servers[i].url(), sale,
                Rush::Shape{.threads = 2, .first_buyer = static_cast<int>(i) * 1'000}));
        }
        go_on();
    }
    // Both sell so many more.
    void go_on(int payments = 5) {
        for (auto& rush : rushes_) REQUIRE(rush->comes_to(rush->paid() + payments));
    }
    [[nodiscard]] Rush& at(std::size_t i) { return *rushes_[i]; }
    // Whoever was refused was told to come again.
    [[nodiscard]] std::vector<Told> end() {
        std::vector<Told> told;
        for (auto& rush : rushes_) join_lists(told, rush->end());
        for (const Told& buyer : told) {
            CHECK(!buyer.cut_off);
            for (const std::string& refusal : buyer.refusals) CHECK(refusal.starts_with("503 "));
        }
        return told;
    }

  private:
    std::vector<std::unique_ptr<Rush>> rushes_;
};

// Asks a server the same again and again, and notes how long the slowest refusal took.
class Prober {
  public:
    Prober(Instances& servers, std::size_t at, ImportedSale sale)
        : thread_([this, &servers, at, sale = std::move(sale)] {
              while (!done_) {
                  const auto asked = Steady::now();
                  const Reply reply = servers.join(at, "prober", sale);
                  if (reply.status == 503) {
                      ++refused_;
                      if (!reply.has_field("Retry-After")) ++untold_;
                      longest_ = std::max(longest_, seconds_since(asked));
                  }
                  std::this_thread::sleep_for(10ms);
              }
          }) {}
    ~Prober() {
        done_ = true;
        if (thread_.joinable()) thread_.join();
    }
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // In seconds.
    double longest() {
        done_ = true;
        thread_.join();
        CHECK(refused_ > 0);
        CHECK(untold_ == 0);
        return longest_;
    }

  private:
    std::atomic<bool> done_{false};
    int refused_ = 0;
    int untold_ = 0;
    double longest_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_CASE("the primary is lost amid a rush, its standby takes over, and nothing told is lost") {
    PostgresServer primary(PostgresServer::Sync::yes);
    PostgresServer standby(PostgresServer::StandbyOf{primary});
    const std::string address = fmt::format(
        "postgres://sale@/{}?host={},{}&target_session_attrs=read-write", primary.make_database(),
        primary.socket_folder().string(), standby.socket_folder().string());
    Instances servers({address, address});
    const RushSale sale = servers.import_rush(2'000);
    Rushes rushes(servers, sale);
    const auto killed = Steady::now();
    primary.kill();
    const Reply refused = servers.join(0, "late", sale.queued);
    CHECK(refused.status == 503);
    CHECK(refused.has_field("Retry-After"));
    const double refused_after = seconds_since(killed);
    const auto promoted = Steady::now();
    standby.run("postgres", "SELECT pg_promote()");
    rushes.go_on(1);
    MESSAGE(
        fmt::format("a request was refused after {:.1f} s; both servers sold again {:.1f} s "
                    "after the promotion was asked for",
                    refused_after, seconds_since(promoted)));
    rushes.go_on();
    check_nothing_lost(servers, 1, sale, rushes.end());
    servers.check_stop();
}

TEST_CASE("the network to the database cuts, delays and falls silent, and nothing told is lost") {
    SharedDatabase database;
    PostgresProxy network(durable_postgres());
    Instances servers({network.address(database.name()), database.address()});
    const RushSale sale = servers.import_rush(2'000);
    Rushes rushes(servers, sale);
    for (int i = 0; i < 20; ++i) {
        network.cut_all();
        std::this_thread::sleep_for(50ms);
    }
    rushes.go_on();
    network.delay(40ms);
    rushes.go_on(2);
    network.delay(0ms);
    {
        Prober prober(servers, 0, sale.queued);
        network.fall_silent(true);
        // Whatever that server has locked is let go of, so the other sells all the same.
        const auto until = Steady::now() + 6s;
        REQUIRE(rushes.at(1).comes_to(rushes.at(1).paid() + 20));
        std::this_thread::sleep_until(until);
        const double longest = prober.longest();
        MESSAGE(fmt::format("the slowest refusal took {:.1f} s", longest));
        CHECK(longest < 10);
        network.fall_silent(false);
    }
    rushes.go_on();
    check_nothing_lost(servers, 0, sale, rushes.end());
    servers.check_stop();
}

TEST_CASE("servers behind a pgbouncer sell side by side, and one is killed amid it") {
    SharedDatabase database;
    const Pgbouncer bouncer(durable_postgres());
    const std::string address = bouncer.address(database.name());
    Instances servers({address, address});
    const RushSale sale = servers.import_rush(2'000);
    std::vector<Told> told;
    {
        Rush survivor(servers[1].url(), sale, {.threads = 2, .first_buyer = 1'000});
        Rush rush(servers[0].url(), sale, {.threads = 2});
        REQUIRE(rush.comes_to(5));
        servers[0].kill();
        REQUIRE(eventually([&] { return rush.is_over(); }));
        join_lists(told, rush.end());
        REQUIRE(survivor.comes_to(survivor.paid() + 5));
        servers.restart(0);
        join_lists(told, survivor.end());
    }
    check_nothing_lost(servers, 0, sale, told);
    servers.check_stop();
}

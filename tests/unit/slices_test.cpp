// What takes long is done in slices: commands go on between them, and so do other queries.
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
#include "support/faulty_storage.hpp"
#include "support/small_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// A box office that its test steps, and that notes what is answered, in order.
struct Slow {
    explicit Slow(Options options = {})
        : office(std::make_unique<FaultyStorage>(open_memory(), plan),
                 by_host(std::move(options))) {}
    static Options by_host(Options options) {
        options.running = Running::by_host;
        options.sweeps = false;
        return options;
    }
    void settle() {
        while (office.step()) {
        }
    }
    template <class Query>
    void ask(Query query, const std::string& name) {
        office.submit<Query>(std::move(query), [this, name](AnswerTo<Query> answer) {
            told.push_back(answer ? name
                                  : name + " " + std::string(code_name(answer.error().code)));
        });
    }
    void charge(int n) {
        ask(Charge{.user = SmallSale::user(n), .amount = {100}, .key = "k"}, "charge");
    }
    void hold_and_release(const SmallSale& sale, int times) {
        for (int i = 0; i < times; ++i) {
            const auto held = office.hold({.user = SmallSale::user(1),
                                           .performance = sale.performance(),
                                           .seats = {1 + i % 3},
                                           .key = "h" + std::to_string(i)});
            REQUIRE(office.release({.user = SmallSale::user(1), .reservation = held.value().id}));
        }
    }

    FaultPlan plan;
    std::vector<std::string> told;
    BoxOffice office;  // gone before them: it answers everybody to the last
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("commands that come while something long runs are decided between its slices") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 5; ++i) REQUIRE(at.office.step());
    CHECK(at.told.empty());
    at.charge(1);
    at.ask(GetWallet{SmallSale::user(1)}, "wallet");
    // A slice may be on its way when they come, and a group has five steps.
    for (int i = 0; i < 10; ++i) REQUIRE(at.office.step());
    CHECK(at.told == Names{"charge", "wallet"});
    at.settle();
    CHECK(at.told == Names{"charge", "wallet", "report"});
}

TEST_CASE("a command waits for one slice at most, however many long queries there are") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    for (int i = 0; i < 20; ++i) at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 30; ++i) REQUIRE(at.office.step());
    const auto before = at.plan.count(StorageCall::query);
    at.charge(1);
    while (at.told.empty()) REQUIRE(at.office.step());
    CHECK(at.told == Names{"charge"});
    CHECK(at.plan.count(StorageCall::query) - before <= 1);
}

TEST_CASE("a short query waits for one slice at most, however many long ones there are") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    for (int i = 0; i < 20; ++i) at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 30; ++i) REQUIRE(at.office.step());
    for (int asked = 1; asked <= 5; ++asked) {
        const auto before = at.plan.count(StorageCall::query);
        at.ask(GetWallet{SmallSale::user(1)}, "wallet");
        while (at.told.size() < static_cast<std::size_t>(asked)) REQUIRE(at.office.step());
        CHECK(at.told.back() == "wallet");
        CHECK(at.plan.count(StorageCall::query) - before <= 1);
    }
}

TEST_CASE("a long query goes on under a flood of short ones, of commands, and of both") {
    for (const bool queries : {true, false}) {
        for (const bool commands : {true, false}) {
            Slow at;
            const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 20));
            at.ask(GetReport{sale.concert}, "report");
            // At each step comes more than it does.
            int steps = 0;
            while (std::ranges::count(at.told, "report") == 0) {
                REQUIRE(++steps < 20 * (64 + 10));
                for (int i = 0; i < 2 && queries; ++i) {
                    at.ask(GetWallet{SmallSale::user(1)}, "wallet");
                }
                if (commands) at.charge(steps);
                REQUIRE(at.office.step());
            }
            CHECK((std::ranges::count(at.told, "wallet") > 0) == queries);
            CHECK((std::ranges::count(at.told, "charge") > 0) == commands);
        }
    }
}

TEST_CASE("commands go on under a flood of short and long queries") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 20));
    at.charge(1);
    for (int steps = 0; std::ranges::count(at.told, "charge") == 0; ++steps) {
        REQUIRE(steps < 64 + 10);
        at.ask(GetWallet{SmallSale::user(1)}, "wallet");
        at.ask(GetWallet{SmallSale::user(1)}, "wallet");
        if (steps < 60) at.ask(GetReport{sale.concert}, "report");
        REQUIRE(at.office.step());
    }
}

TEST_CASE("long queries take turns: a short one among them is not kept waiting by the longest") {
    Slow at;
    const SmallSale large = SmallSale::add(at.office, SmallSale::draft(10, 90));
    const SmallSale small = SmallSale::add(at.office, SmallSale::draft(10, 3));
    at.ask(GetReport{large.concert}, "large");
    at.ask(GetReport{small.concert}, "small");
    at.settle();
    CHECK(at.told == Names{"small", "large"});
}

TEST_CASE("a long query does not fill the inbox") {
    Slow at({.group_max = 1});
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    at.ask(GetReport{sale.concert}, "report");
    at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 5; ++i) REQUIRE(at.office.step());
    at.charge(1);
    at.charge(2);
    at.settle();
    CHECK(at.told == Names{"charge", "charge", "report", "report"});
}

TEST_CASE("of too many long queries at once the last are refused") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 200));
    for (int i = 0; i < 66; ++i) at.ask(GetReport{sale.concert}, "report");
    at.settle();
    REQUIRE(at.told.size() == 66);
    CHECK(at.told[0] == "report overloaded");
    CHECK(at.told[1] == "report overloaded");
    CHECK(at.told[2] == "report");
    CHECK(at.told[65] == "report");
    // And there is room again.
    at.ask(GetReport{sale.concert}, "again");
    at.settle();
    CHECK(at.told.back() == "again");
}

TEST_CASE("what is not at its end when the box office stops is refused") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 5; ++i) REQUIRE(at.office.step());
    at.charge(1);
    at.office.stop();
    CHECK(at.told == Names{"charge", "report draining"});
}

TEST_CASE("storage that fails in a slice stops the engine, and everybody is answered") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 50));
    at.ask(GetReport{sale.concert}, "report");
    at.ask(GetReport{sale.concert}, "report");
    for (int i = 0; i < 5; ++i) REQUIRE(at.office.step());
    at.plan.fail(StorageCall::query);
    at.settle();
    CHECK(at.told == Names{"report engine_failed", "report engine_failed"});
    CHECK(at.plan.calls_after_failure() == 0);
}

TEST_CASE("a report of a large hall is counted in several slices, and adds up") {
    Slow at;
    ConcertDraft draft = SmallSale::draft(9'000, 2);
    draft.limits = {.per_performance = 9'000, .per_concert = 9'000};
    const SmallSale sale = SmallSale::add(at.office, std::move(draft));
    std::vector<SeatNumber> seats;
    for (SeatNumber n = 1; n <= 9'000; n += 3) seats.push_back(n);
    const auto held = at.office.hold({.user = SmallSale::user(1),
                                      .performance = sale.performance(),
                                      .seats = seats,
                                      .key = "h"});
    REQUIRE(at.office.charge({.user = SmallSale::user(1), .amount = {150'000'000}, .key = "c"}));
    REQUIRE(
        at.office.pay({.user = SmallSale::user(1), .reservations = {held.value().id}, .key = "p"}));
    const auto before = at.plan.count(StorageCall::query);
    const auto report = at.office.report({sale.concert});
    CHECK(at.plan.count(StorageCall::query) - before == 10);
    REQUIRE(report);
    CHECK(report->takings == Money{3'000 * 50'000});
    REQUIRE(report->performances.size() == 2);
    CHECK(report->performances[0].seats == SeatCounts{.free = 6'000, .sold = 3'000});
    CHECK(report->performances[0].takings == Money{150'000'000});
    CHECK(report->performances[1].seats == SeatCounts{.free = 9'000});
    CHECK(report->performances[1].date == "2090-12-25");
}

TEST_CASE("seats that are sold while a report is made are counted with their money or not at all") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(5'000, 1));
    std::optional<AnswerTo<GetReport>> report;
    at.office.submit<GetReport>({sale.concert},
                                [&](AnswerTo<GetReport> answer) { report = std::move(answer); });
    for (int i = 0; i < 2; ++i) REQUIRE(at.office.step());
    for (const SeatNumber seat : {1, 4'999}) {
        const UserId user = SmallSale::user(seat);
        const auto held = at.office.hold(
            {.user = user, .performance = sale.performance(), .seats = {seat}, .key = "h"});
        REQUIRE(at.office.charge({.user = user, .amount = {50'000}, .key = "c"}));
        REQUIRE(at.office.pay({.user = user, .reservations = {held.value().id}, .key = "p"}));
    }
    at.settle();
    REQUIRE(report.has_value());
    const PerformanceReport& told = (*report)->performances.front();
    CHECK(told.seats.total() == 5'000);
    CHECK(told.takings.minor == told.seats.sold * 50'000);
}

TEST_CASE("an explanation reads its streams page by page and keeps the newest") {
    Slow at;
    const SmallSale sale = SmallSale::add(at.office, SmallSale::draft(10, 1));
    at.hold_and_release(sale, 1'300);
    const auto before = at.plan.count(StorageCall::query);
    const auto all = at.office.explain({.id = sale.performance().uuid, .limit = 7});
    REQUIRE(all);
    CHECK(at.plan.count(StorageCall::query) - before == 6);
    CHECK(all->total == 2'600);
    REQUIRE(all->events.size() == 7);
    for (std::size_t i = 0; i < 7; ++i) {
        CHECK(all->events[i].event.number == static_cast<std::int64_t>(2'594 + i));
        CHECK(all->events[i].owner == sale.performance().uuid);
    }
    const auto user = at.office.explain({.id = SmallSale::user(1).uuid});
    CHECK(user->total == 2'600);
    CHECK(user->events.size() == 1'000);
    CHECK(user->events.back().event.number == 2'600);
    const auto seat = at.office.explain({.id = sale.performance().uuid, .seat = 3, .limit = 5'000});
    CHECK(seat->total == 866);
    CHECK(seat->events.size() == 866);
    CHECK(stream_name(seat->events.front().event.stream.kind) == "performance");
}

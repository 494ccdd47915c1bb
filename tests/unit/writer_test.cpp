// The engine's own promises: groups, bounds, failing, and who is told what.
#include "engine/writer.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/faulty_storage.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// A box office that its test steps, on storage that fails when told to.
struct Stepped {
    explicit Stepped(Options options = {})
        : office(std::make_unique<FaultyStorage>(open_memory({.clock = &clock}), plan),
                 by_host(std::move(options))) {
        sale = SmallSale::add(office);
    }
    static Options by_host(Options options) {
        options.running = Running::by_host;
        return options;
    }
    void settle() {
        while (office.step()) {
        }
    }
    // Submits, and notes the answer's code; 0 for a success.
    template <class Command>
    void ask(Command command, std::vector<int>& codes) {
        office.submit<Command>(std::move(command), [&codes](AnswerTo<Command> answer) {
            codes.push_back(answer ? 0 : static_cast<int>(answer.error().code));
        });
    }
    Charge charge(int n) const {
        return {.user = SmallSale::user(n), .amount = {100}, .key = "k" + std::to_string(n)};
    }
    Hold hold(int n, SeatNumber seat) const {
        return {.user = SmallSale::user(n),
                .performance = sale.performance(),
                .seats = {seat},
                .key = "h" + std::to_string(n)};
    }

    Hold best(int n, std::int32_t count) const {
        Hold hold = this->hold(n, 0);
        hold.seats.clear();
        hold.best = BestSeats{.count = count};
        return hold;
    }

    TestClock clock;
    FaultPlan plan;
    BoxOffice office;
    SmallSale sale;
};

int code(Errc errc) { return static_cast<int>(errc); }

}  // namespace

TEST_CASE("what was submitted before a group begins is decided in one commit, in order") {
    Stepped at;
    const auto before = at.plan.count(StorageCall::commit);
    std::vector<int> codes;
    for (int i = 0; i < 100; ++i) at.ask(at.hold(i, 1 + i / 2), codes);
    CHECK(codes.empty());
    at.settle();
    REQUIRE(codes.size() == 100);
    for (int i = 0; i < 100; ++i) {
        CAPTURE(i);
        CHECK(codes[static_cast<std::size_t>(i)] == (i % 2 == 0 ? 0 : code(Errc::seat_held)));
    }
    CHECK(at.plan.count(StorageCall::commit) - before == 1);
}

TEST_CASE("a group of refusals and replays commits nothing") {
    Stepped at;
    std::vector<int> codes;
    at.ask(at.hold(1, 1), codes);
    at.settle();
    const auto before = at.plan.count(StorageCall::commit);
    at.ask(at.hold(1, 1), codes);
    at.ask(at.hold(2, 1), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0, 0, code(Errc::seat_held)});
    CHECK(at.plan.count(StorageCall::commit) == before);
}

TEST_CASE("no group is larger than group_max") {
    Stepped at({.group_max = 10});
    const auto before = at.plan.count(StorageCall::commit);
    std::vector<int> codes;
    for (int i = 0; i < 35; ++i) at.ask(at.charge(i), codes);
    at.settle();
    CHECK(codes.size() == 35);
    CHECK(at.plan.count(StorageCall::commit) - before == 4);
}

TEST_CASE("the same command twice in one group has one effect") {
    Stepped at;
    std::vector<bool> replayed;
    for (int i = 0; i < 3; ++i) {
        at.office.submit<Charge>(at.charge(1), [&](AnswerTo<Charge> answer) {
            replayed.push_back(answer.value().replayed);
        });
    }
    at.settle();
    CHECK(replayed == std::vector<bool>{false, true, true});
    const auto wallet = at.office.wallet({SmallSale::user(1)});
    CHECK(wallet->balance == Money{100});
}

TEST_CASE("a command that needs a row which an earlier one of its group led to is decided later") {
    Stepped at;
    // Both are the user's first: when the group's rows are read, the user has no wallet row to read
    // and no limits.
    std::vector<int> codes;
    at.ask(at.hold(1, 1), codes);
    at.ask(at.charge(1), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0, 0});
    const auto report = at.office.audit();
    CHECK(report->clean());
}

TEST_CASE("a full inbox answers overloaded at once, and the others are served") {
    Stepped at({.inbox_max = 5});
    std::vector<int> codes;
    for (int i = 0; i < 8; ++i) at.ask(at.charge(i), codes);
    CHECK(codes == std::vector<int>(3, code(Errc::overloaded)));
    at.settle();
    CHECK(codes.size() == 8);
    CHECK(at.office.statistics().overloaded == 3);
    for (std::size_t i = 3; i < 8; ++i) CHECK(codes[i] == 0);
}

TEST_CASE("a command that waited past its time is not started") {
    Stepped at({.request_timeout = 2s});
    std::vector<int> codes;
    at.ask(at.charge(1), codes);
    at.clock.advance(2s);
    at.ask(at.charge(2), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0, 0});
    at.ask(at.charge(3), codes);
    at.clock.advance(2s + 1us);
    at.settle();
    CHECK(codes.back() == code(Errc::request_timeout));
    CHECK(at.office.wallet({SmallSale::user(3)})->balance == Money{0});
}

TEST_CASE("who comes while only late commands wait is not left behind") {
    Stepped at({.tick = 1h, .group_max = 1, .request_timeout = 2s});
    at.settle();
    std::vector<int> codes;
    at.ask(at.charge(1), codes);
    at.ask(at.charge(2), codes);
    REQUIRE(at.office.step());  // the first is under way, and the second is taken out of the inbox
    at.clock.advance(2s + 1us);
    at.ask(at.charge(3), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0, code(Errc::request_timeout), 0});
}

TEST_CASE("a query that waited past its time is not started, and one that was begun goes on") {
    Stepped at({.tick = 1h, .request_timeout = 2s});
    std::vector<int> codes;
    at.ask(at.charge(1), codes);
    at.settle();
    REQUIRE(codes == std::vector<int>{0});
    codes.clear();
    at.ask(GetWallet{SmallSale::user(1)}, codes);
    at.clock.advance(2s + 1us);
    at.settle();
    CHECK(codes == std::vector<int>{code(Errc::request_timeout)});
    CHECK(at.office.statistics().timed_out == 1);
    codes.clear();
    at.ask(Explain{.id = SmallSale::user(1).uuid, .seat = {}, .place = {}}, codes);
    REQUIRE(at.office.step());  // its first slice
    REQUIRE(codes.empty());
    at.clock.advance(2s + 1us);
    at.settle();
    CHECK(codes == std::vector<int>{0});
    CHECK(at.office.statistics().timed_out == 1);
}

namespace {

// Storage that takes its time for each load, so that what lived when a command was looked at may be
// dead when it is decided.
class AgingStorage final : public KeptStorage {
  public:
    AgingStorage(TestClock& clock, const Duration& load_time)
        : KeptStorage(open_memory({.clock = &clock})), clock_(&clock), load_time_(&load_time) {}

    Time load(const RowKeys& wanted, Rows& found) override {
        clock_->advance(*load_time_);
        return KeptStorage::load(wanted, found);
    }

  private:
    TestClock* clock_;
    const Duration* load_time_;
};

}  // namespace

TEST_CASE("a command that has missed three groups runs alone") {
    TestClock clock;
    Duration load_time{};
    BoxOffice office(std::make_unique<AgingStorage>(clock, load_time), {.hold_ttl = 60s,
                                                                        .tick = 1h,
                                                                        .request_timeout = 1h,
                                                                        .running = Running::by_host,
                                                                        .sweeps = false});
    const SmallSale sale = SmallSale::add(office);
    const auto hold = [&](int user, std::vector<SeatNumber> seats) {
        return Hold{.user = SmallSale::user(user),
                    .performance = sale.performance(),
                    .seats = std::move(seats),
                    .key = "h"};
    };
    // Three holds that end 10 s after each other.
    for (const SeatNumber seat : {1, 2, 3}) {
        REQUIRE(office.hold(hold(seat, {seat})));
        clock.advance(10s);
    }
    clock.advance(25s);
    // In each group one more of them dies between the look at its seat and the decision, so that
    // the rows of what it held are missing.
    load_time = 10s;
    std::vector<std::string> told;
    office.submit<Hold>(hold(9, {1, 2, 3}), [&](const AnswerTo<Hold>& answer) {
        told.emplace_back(answer ? "hold" : code_name(answer.error().code));
    });
    while (office.statistics().deferred < 3) REQUIRE(office.step());
    CHECK(told.empty());
    const auto groups = office.statistics().groups;
    office.submit<Charge>({.user = SmallSale::user(9), .amount = {1}, .key = "c"},
                          [&](const AnswerTo<Charge>& answer) {
                              REQUIRE(answer);
                              told.emplace_back("charge");
                          });
    while (office.step()) {
    }
    CHECK(told == std::vector<std::string>{"hold", "charge"});
    CHECK(office.statistics().groups == groups + 2);
    CHECK(office.statistics().deferred == 3);
    CHECK(office.audit()->clean());
}

TEST_CASE("the best are found for whoever may hold only from the moment of the decision on") {
    TestClock clock;
    Duration load_time{};
    BoxOffice office(std::make_unique<AgingStorage>(clock, load_time),
                     {.tick = 1h, .request_timeout = 1h, .running = Running::by_host});
    const SmallSale sale = SmallSale::add(office);
    const auto best = [&](int user) {
        return Hold{.user = SmallSale::user(user),
                    .performance = sale.performance(),
                    .key = "h",
                    .best = BestSeats{.count = 2}};
    };
    REQUIRE(office.hold(best(1)));
    SaleChange change;
    change.opens_at = office.now() + 5s;
    REQUIRE(office.change_sale({.concert = sale.concert, .change = change}));
    CHECK(office.hold(best(2)).error().code == Errc::sale_not_open);
    load_time = 10s;
    const auto held = office.hold(best(2));
    REQUIRE(held);
    CHECK(held->seats.size() == 2);
    CHECK(office.statistics().deferred == 1);
    CHECK(office.audit()->clean());
}

TEST_CASE("no answer leaves before its commit has returned") {
    Stepped at;
    std::vector<int> codes;
    const auto before = at.plan.count(StorageCall::commit);
    at.ask(at.charge(1), codes);
    while (at.plan.count(StorageCall::commit) == before) {
        CHECK(codes.empty());
        REQUIRE(at.office.step());
    }
    at.settle();
    CHECK(codes == std::vector<int>{0});
}

TEST_CASE("a full disk refuses the group, and the next one goes on") {
    Stepped at;
    std::vector<int> codes;
    at.plan.fail_commit(1, CommitFault::not_committed);
    at.ask(at.hold(1, 1), codes);
    at.ask(at.hold(2, 1), codes);
    at.settle();
    // The second was refused for the sake of the first, which has not happened: neither may be
    // told.
    CHECK(codes == std::vector<int>(2, code(Errc::storage_full)));
    at.ask(at.hold(2, 1), codes);
    at.settle();
    CHECK(codes.back() == 0);
}

TEST_CASE(
    "a lost commit stops the engine: nothing is acknowledged on hope, and storage is left alone") {
    for (const auto fault : {CommitFault::lost_not_applied, CommitFault::lost_but_applied,
                             CommitFault::failed, CommitFault::failed_but_applied}) {
        Stepped at;
        std::vector<int> codes;
        at.plan.fail_commit(1, fault);
        at.ask(at.hold(1, 1), codes);
        at.settle();
        CHECK(codes == std::vector<int>{code(Errc::engine_failed)});
        at.ask(at.hold(2, 2), codes);
        at.settle();
        CHECK(codes.back() == code(Errc::engine_failed));
        CHECK(at.office.seats({.performance = at.sale.performance()}).error().code ==
              Errc::engine_failed);
        CHECK(at.office.statistics().failed);
        CHECK(at.plan.calls_after_failure() == 0);
    }
}

TEST_CASE("what is free of a performance is read once, by whoever first asks for the best") {
    Stepped at({.tick = 1h});
    std::vector<int> codes;
    at.ask(at.hold(1, 1), codes);
    at.settle();
    const auto before = at.plan.count(StorageCall::query);
    at.ask(at.best(2, 2), codes);
    at.ask(at.best(3, 2), codes);
    at.settle();
    CHECK(at.plan.count(StorageCall::query) == before + 1);
    at.ask(at.best(4, 2), codes);
    at.settle();
    CHECK(at.plan.count(StorageCall::query) == before + 1);
    CHECK(codes == std::vector<int>(4, 0));
}

TEST_CASE("storage that fails while what is free is read stops the engine") {
    Stepped at({.tick = 1h});
    std::vector<int> codes;
    at.ask(at.hold(1, 1), codes);
    at.settle();
    at.plan.fail(StorageCall::query);
    at.ask(at.best(2, 2), codes);
    at.ask(at.hold(3, 7), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0, code(Errc::engine_failed), code(Errc::engine_failed)});
    CHECK(at.plan.calls_after_failure() == 0);
}

TEST_CASE("the best that was not committed is the best still") {
    Stepped at;
    std::vector<int> codes;
    at.plan.fail_commit(1, CommitFault::not_committed);
    at.ask(at.best(1, 2), codes);
    at.settle();
    CHECK(codes == std::vector<int>{code(Errc::storage_full)});
    const auto held = at.office.hold(at.best(1, 2));
    REQUIRE(held);
    CHECK(held->seats.front().number == 5);
    CHECK(held->seats.back().number == 6);
}

TEST_CASE("a hold names seats or asks for the best, and not both") {
    Stepped at;
    Hold both = at.hold(1, 1);
    both.best = BestSeats{};
    const auto refused = at.office.hold(both);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::request_invalid);
    CHECK(refused.error().detail.find("seats") != std::string::npos);
}

TEST_CASE("storage that fails while it is read stops the engine and answers all who wait") {
    Stepped at;
    std::vector<int> codes;
    at.plan.fail(StorageCall::read);
    at.ask(at.charge(1), codes);
    at.ask(at.charge(2), codes);
    at.office.submit<GetWallet>({SmallSale::user(1)}, [&](AnswerTo<GetWallet> answer) {
        codes.push_back(code(answer.error().code));
    });
    at.settle();
    CHECK(codes == std::vector<int>(3, code(Errc::engine_failed)));
    CHECK(at.plan.calls_after_failure() == 0);
}

TEST_CASE("a callback that throws harms nobody else") {
    std::string logged;
    Options options;
    options.log = [&](LogLevel, std::string_view text) { logged += text; };
    Stepped at(options);
    std::vector<int> codes;
    at.office.submit<Charge>(at.charge(1),
                             [](AnswerTo<Charge>) { throw std::runtime_error("oh no"); });
    at.ask(at.charge(2), codes);
    at.settle();
    CHECK(codes == std::vector<int>{0});
    CHECK(logged.find("oh no") != std::string::npos);
    CHECK(!at.office.statistics().failed);
}

TEST_CASE("a box office that is stopped answers what it has and refuses what comes") {
    Stepped at;
    std::vector<int> codes;
    at.ask(at.charge(1), codes);
    at.office.stop();
    CHECK(codes == std::vector<int>{0});
    at.ask(at.charge(2), codes);
    CHECK(codes.back() == code(Errc::draining));
    at.office.stop();
}

TEST_CASE("events are told after their commit, in order, before the answer") {
    struct Sink final : EventSink {
        void on_committed(std::span<const Event> events) override {
            for (const Event& event : events) names.emplace_back(event_name(event.kind));
        }
        std::vector<std::string> names;
    } sink;
    Stepped at({.events = &sink});
    std::vector<std::string> seen_at_answer;
    at.office.submit<Hold>(at.hold(1, 1), [&](AnswerTo<Hold>) { seen_at_answer = sink.names; });
    at.settle();
    CHECK(seen_at_answer == std::vector<std::string>{"reservation.held"});
}

TEST_CASE("of a commit without events nothing is told") {
    struct Sink final : EventSink {
        void on_committed(std::span<const Event> events) override {
            ++calls;
            CHECK_FALSE(events.empty());
        }
        int calls = 0;
    } sink;
    Stepped at({.tick = 1h, .events = &sink});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    const SmallSale with_room = SmallSale::add(at.office, draft);
    // Joining the line is no event: the place is the record.
    REQUIRE(at.office.join({.concert = with_room.concert, .user = SmallSale::user(1)}));
    CHECK(sink.calls == 0);
    REQUIRE(at.office.tick({with_room.concert}).value() == 1);
    CHECK(sink.calls == 1);
}

TEST_CASE("what is submitted wakes whoever runs the writer at once") {
    Stepped at({.tick = 1h, .sweeps = false});
    at.settle();
    CHECK_FALSE(at.office.next_wake());
    std::vector<int> codes;
    at.ask(at.charge(1), codes);
    CHECK(at.office.next_wake() == at.office.now());
    at.settle();
    CHECK_FALSE(at.office.next_wake());
}

TEST_CASE("once a call is answered nobody need be woken for it") {
    Stepped at({.tick = 1h, .sweeps = false});
    at.settle();
    REQUIRE(at.office.charge(at.charge(1)));
    CHECK_FALSE(at.office.next_wake());
    REQUIRE(at.office.wallet({SmallSale::user(1)}));
    CHECK_FALSE(at.office.next_wake());
}

TEST_CASE("it is left alone until the next tick is due, whenever it was looked at last") {
    TestClock clock;
    const auto storage = open_memory({.clock = &clock});
    const Options options{.tick = 1s};
    Catalog catalog;
    Board board(catalog, options.load_stale);
    const KeyedHash ids(storage->secrets().ids);
    Writer writer(*storage, catalog, board, {&catalog, &options, &ids, &board});
    const auto settle = [&] {
        while (writer.step()) {
        }
    };
    settle();
    CHECK(writer.idle_max() == 1s);
    clock.advance(900ms);
    settle();
    CHECK(writer.idle_max() == 100ms);
    clock.advance(5s);
    CHECK(writer.idle_max() == 0s);
    settle();
    CHECK(writer.idle_max() == 1s);
}

TEST_CASE("a store of one's own that cannot be reached any more stops the engine") {
    class Away final : public KeptStorage {
      public:
        using KeptStorage::KeptStorage;
        void read(const RowKeys& wanted, Rows& found) override {
            if (is_away) throw StorageError(StorageError::Kind::unavailable, "it is gone");
            KeptStorage::read(wanted, found);
        }
        bool is_away = false;
    };
    auto storage = std::make_unique<Away>(open_memory());
    Away& away = *storage;
    BoxOffice office(std::move(storage), {.running = Running::by_host});
    const Charge charge{.user = SmallSale::user(1), .amount = {100}, .key = "c"};
    away.is_away = true;
    const auto refused = office.charge(charge);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::engine_failed);
    CHECK(refused.error().detail.find("it is gone") != std::string::npos);
    // Nobody else holds it, so nobody else may have gone on: it must be opened anew.
    away.is_away = false;
    CHECK(office.charge(charge).error().code == Errc::engine_failed);
}

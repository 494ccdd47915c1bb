// Two box offices over one store, stepped by hand in one thread: every moment in which the one may
// be when the other commits.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/postgres.hpp"
#include "support/kept_storage.hpp"
#include "support/postgres_server.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

struct Two {
    // A time-out that no test waits for, unless it says so.
    explicit Two(Duration statement_timeout = 5s, Locking locking = Locking::pessimistic)
        : options{.clock = &clock, .statement_timeout = statement_timeout, .locking = locking} {
        for (auto* office : {&a, &b}) {
            office->emplace(open(), Options{.running = Running::by_host});
        }
    }
    ~Two() {
        a.reset();
        b.reset();
        postgres_server().drop_database(database);
    }

    [[nodiscard]] std::unique_ptr<Storage> open() const {
        return open_postgres(postgres_server().conninfo(database), options);
    }
    void run() {
        for (auto* office : {&a, &b}) {
            while ((*office)->step()) {
            }
        }
    }
    // Time passes, and both do what there is to do.
    void advance(Duration by) {
        clock.advance(by);
        run();
    }
    SmallSale add_sale(const ConcertDraft& draft) {
        SmallSale sale = SmallSale::add(*a, draft);
        advance(300ms);
        return sale;
    }

    TestClock clock;
    PostgresOptions options;
    std::string database = postgres_server().make_database();
    std::optional<BoxOffice> a;
    std::optional<BoxOffice> b;
};

// What was asked for, and once the box office has run, what it answered.
template <class Command>
struct Asked {
    Asked(BoxOffice& office, Command command) {
        office.submit<Command>(std::move(command),
                               [this](AnswerTo<Command> told) { answer.emplace(std::move(told)); });
    }
    std::optional<AnswerTo<Command>> answer;
};

Charge charge(int user, std::string key) {
    return {.user = SmallSale::user(user), .amount = {100}, .key = std::move(key)};
}

ConcertDraft draft_with(RoomPolicy room) {
    ConcertDraft draft = SmallSale::draft(10);
    draft.room = std::move(room);
    return draft;
}

}  // namespace

TEST_SUITE_BEGIN("engine: a store that is shared");

TEST_CASE("the same command on two instances is done once, whenever the second comes") {
    Locking locking{};
    SUBCASE("where rows are locked as they are read") { locking = Locking::pessimistic; }
    SUBCASE("where they are locked as they are written") { locking = Locking::optimistic; }
    Two offices(5s, locking);
    for (int steps = 0; steps < 12; ++steps) {
        CAPTURE(steps);
        // Nobody has a row to lock yet: both would make all of them.
        const Asked<Charge> at_a(*offices.a, charge(steps, "once"));
        for (int i = 0; i < steps; ++i) static_cast<void>(offices.a->step());
        const auto at_b = offices.b->charge(charge(steps, "once"));
        offices.run();
        REQUIRE(at_a.answer);
        REQUIRE(*at_a.answer);
        REQUIRE(at_b);
        CHECK((*at_a.answer)->replayed != at_b->replayed);
        CHECK(offices.a->wallet({.user = SmallSale::user(steps)})->balance == Money{100});
    }
    CHECK(offices.a->audit()->clean());
}

TEST_CASE(
    "what is asked for on two instances at once is answered by both, and refused by neither") {
    Locking locking{};
    SUBCASE("where rows are locked as they are read") { locking = Locking::pessimistic; }
    SUBCASE("where they are locked as they are written") { locking = Locking::optimistic; }
    Two offices(5s, locking);
    const SmallSale sale = offices.add_sale(draft_with({.active_max = 10}));
    // `sent` to the one, and so many steps later to the other.
    const auto both = [&](const auto& sent, int steps) {
        const Asked at_a(*offices.a, sent);
        for (int i = 0; i < steps; ++i) static_cast<void>(offices.a->step());
        const Asked at_b(*offices.b, sent);
        for (int i = 0; i < steps; ++i) static_cast<void>(offices.b->step());
        offices.run();
        REQUIRE(at_a.answer);
        REQUIRE(at_b.answer);
        REQUIRE(*at_a.answer);
        REQUIRE(*at_b.answer);
        CHECK((*at_a.answer)->replayed != (*at_b.answer)->replayed);
        return at_a.answer->value();
    };
    for (int steps = 0; steps < 8; ++steps) {
        CAPTURE(steps);
        const UserId user = SmallSale::user(steps);
        both(Charge{.user = user, .amount = SmallSale::price, .key = "charge"}, steps);
        const auto place = offices.a->join({.concert = sale.concert, .user = user});
        REQUIRE(place);
        offices.advance(1s);
        const auto held = both(Hold{.user = user,
                                    .place = place->number,
                                    .performance = sale.performance(),
                                    .seats = {1 + steps},
                                    .key = "hold"},
                               steps);
        both(Pay{.user = user, .place = place->number, .reservations = {held.id}, .key = "pay"},
             steps);
        CHECK(offices.a->wallet({.user = user})->balance == Money{});
    }
    CHECK(offices.a->audit()->clean());
}

TEST_CASE(
    "one that is stopped in any moment and woken does no harm, and holds nobody up for long") {
    Locking locking{};
    SUBCASE("where rows are locked as they are read") { locking = Locking::pessimistic; }
    SUBCASE("where they are locked as they are written") { locking = Locking::optimistic; }
    Two offices(100ms, locking);
    const SmallSale sale = offices.add_sale(SmallSale::draft());
    for (int steps = 0; steps < 8; ++steps) {
        CAPTURE(steps);
        const auto hold_of = [&](int user) {
            return Hold{.user = SmallSale::user(user),
                        .performance = sale.performance(),
                        .seats = {1 + steps},
                        .key = "hold"};
        };
        const Asked<Hold> at_a(*offices.a, hold_of(2 * steps));
        for (int i = 0; i < steps; ++i) static_cast<void>(offices.a->step());
        const auto at_b = offices.b->hold(hold_of(2 * steps + 1));
        offices.run();
        REQUIRE(at_a.answer);
        CHECK(at_a.answer->has_value() != at_b.has_value());
    }
    CHECK(offices.b->audit()->clean());
}

TEST_CASE("who read a row before another instance changed it decides anew, and gets what is left") {
    Two offices(5s, Locking::optimistic);
    const SmallSale sale = offices.add_sale(SmallSale::draft());
    const auto hold_of = [&](int user, int seat) {
        return Hold{.user = SmallSale::user(user),
                    .performance = sale.performance(),
                    .seats = {seat},
                    .key = "hold"};
    };
    for (int steps = 0; steps < 8; ++steps) {
        CAPTURE(steps);
        const Asked<Hold> at_a(*offices.a, hold_of(2 * steps, 1 + 2 * steps));
        for (int i = 0; i < steps; ++i) static_cast<void>(offices.a->step());
        REQUIRE(offices.b->hold(hold_of(2 * steps + 1, 2 + 2 * steps)));
        offices.run();
        REQUIRE(at_a.answer);
        CHECK(at_a.answer->has_value());
    }
    CHECK(offices.b->audit()->clean());
}

namespace {

// The answer to a commit is lost, and the store away for a while.
class Doubtful final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    CommitOutcome commit(const ChangeSet& changes) override {
        if (changes.empty() || !in_truth) return KeptStorage::commit(changes);
        if (*in_truth == CommitOutcome::committed) {
            CHECK(KeptStorage::commit(changes) == CommitOutcome::committed);
        } else {
            CHECK(KeptStorage::commit({}) == CommitOutcome::committed);  // its locks are gone
        }
        return CommitOutcome::unknown;
    }
    CommitOutcome settle() override {
        ++asked;
        return is_away ? CommitOutcome::unknown : *std::exchange(in_truth, std::nullopt);
    }
    std::optional<CommitOutcome> in_truth;
    bool is_away = true;
    int asked = 0;
};

}  // namespace

TEST_CASE("while it is not known what became of a group, nobody but its own is kept waiting") {
    Two offices;
    auto kept = std::make_unique<Doubtful>(std::shared_ptr<Storage>(offices.open()));
    Doubtful& storage = *kept;
    BoxOffice office(std::move(kept), {.running = Running::by_host});
    for (const CommitOutcome in_truth :
         {CommitOutcome::committed, CommitOutcome::conflict, CommitOutcome::lost}) {
        CAPTURE(static_cast<int>(in_truth));
        storage.in_truth = in_truth;
        storage.is_away = true;
        std::optional<Result<ChargeView>> doubted;
        std::optional<Result<ChargeView>> other;
        std::optional<Result<WalletView>> looked;
        const std::string key = std::to_string(static_cast<int>(in_truth));
        office.submit(charge(1, key), [&](Result<ChargeView> answer) { doubted = answer; });
        while (storage.asked == 0) REQUIRE(office.step());
        office.submit(charge(2, key), [&](Result<ChargeView> answer) { other = answer; });
        office.submit(GetWallet{.user = charge(1, key).user},
                      [&](Result<WalletView> answer) { looked = answer; });
        for (int i = 0; i < 3; ++i) REQUIRE(office.step());
        CHECK_FALSE(doubted);
        REQUIRE(other);
        REQUIRE_FALSE(*other);
        CHECK(other->error().code == Errc::storage_unavailable);
        REQUIRE(looked);
        REQUIRE_FALSE(*looked);
        CHECK(looked->error().code == Errc::storage_unavailable);
        storage.is_away = false;
        while (office.step()) {
        }
        REQUIRE(doubted);
        CHECK(doubted->has_value() == (in_truth != CommitOutcome::lost));
        if (!*doubted) CHECK(doubted->error().code == Errc::engine_failed);
        storage.asked = 0;
    }
    offices.advance(300ms);
    const auto wallet = offices.b->wallet({.user = charge(1, "").user});
    REQUIRE(wallet);
    CHECK(wallet->balance == Money{2 * charge(1, "").amount.minor});
    CHECK(offices.b->audit()->clean());
}

namespace {

// Something happens elsewhere right before a group is written.
class Beaten final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    CommitOutcome commit(const ChangeSet& changes) override {
        if (!changes.empty() && before) before();
        return KeptStorage::commit(changes);
    }
    std::function<void()> before;
};

}  // namespace

TEST_CASE("who is beaten three times running locks what it reads, and is next") {
    Two offices(50ms, Locking::optimistic);
    REQUIRE(offices.a->charge(charge(1, "first")));
    offices.options.statement_timeout = 5s;  // longer than the other waits for its locks
    auto storage = std::make_unique<Beaten>(std::shared_ptr<Storage>(offices.open()));
    int beaten = 0;
    int kept_out = 0;
    storage->before = [&] {
        const auto charged = offices.b->charge(charge(1, "b-" + std::to_string(beaten)));
        if (charged) {
            ++beaten;
        } else {
            CHECK(charged.error().code == Errc::storage_unavailable);
            ++kept_out;
        }
    };
    BoxOffice unlucky(std::move(storage), Options{.running = Running::by_host});
    const auto charged = unlucky.charge(charge(1, "unlucky"));
    REQUIRE(charged);
    CHECK(beaten == 3);
    CHECK(kept_out == 1);
    CHECK(charged->balance == Money{500});
    CHECK(offices.a->audit()->clean());
}

TEST_CASE("a concert that one instance adds is for sale on the other a moment later") {
    Two offices;
    offices.run();
    const SmallSale sale = SmallSale::add(*offices.a, SmallSale::draft());
    const Hold hold{
        .user = SmallSale::user(1), .performance = sale.performance(), .seats = {1}, .key = "hold"};
    const auto before = offices.b->hold(hold);
    REQUIRE_FALSE(before);
    CHECK(before.error().code == Errc::unknown_performance);
    offices.advance(300ms);
    CHECK(offices.b->hold(hold));
    REQUIRE(offices.b->dates({.concert = sale.concert}));
    CHECK(offices.a->dates({.concert = sale.concert})->front().seats_available == 49);
}

TEST_CASE("a sale that is closed on one instance is closed on the other") {
    Two offices;
    const SmallSale sale = offices.add_sale(SmallSale::draft());
    SaleChange close;
    close.mode = SaleMode::closed;
    REQUIRE(offices.a->change_sale({.concert = sale.concert, .change = close}));
    // Decided by the row, at once; shown a moment later.
    const auto held = offices.b->hold({.user = SmallSale::user(1),
                                       .performance = sale.performance(),
                                       .seats = {1},
                                       .key = "hold"});
    REQUIRE_FALSE(held);
    CHECK(held.error().code == Errc::sale_closed);
    offices.advance(300ms);
    CHECK(offices.b->concert({.concert = sale.concert})->sale == SaleState::closed);
}

TEST_CASE("who is heard of by one instance is not passed over by the other") {
    Two offices;
    const NoShows rule{.silent_after = 90s, .grace = 5min};
    const SmallSale sale = offices.add_sale(draft_with({.active_max = 1, .no_shows = rule}));
    std::vector<PlaceNumber> numbers;
    for (int i = 0; i < 3; ++i) {
        numbers.push_back(
            offices.a->join({.concert = sale.concert, .user = SmallSale::user(i)})->number);
        offices.advance(1s);
    }
    const auto place = [&](BoxOffice& office, int person) {
        return *office.place({.concert = sale.concert,
                              .user = SmallSale::user(person),
                              .place = numbers[static_cast<std::size_t>(person)]});
    };
    CHECK(place(*offices.b, 0).status == TokenStatus::admitted);
    // The third is heard of, by the first instance alone; the second is not.
    for (int minute = 0; minute < 2; ++minute) {
        offices.advance(60s);
        CHECK(place(*offices.a, 2).status == TokenStatus::waiting);
        offices.advance(11s);
    }
    REQUIRE(offices.b->leave(
        {.concert = sale.concert, .user = SmallSale::user(0), .place = numbers[0]}));
    REQUIRE(offices.b->tick({.concert = sale.concert}));
    CHECK(place(*offices.b, 2).status == TokenStatus::admitted);
    CHECK(place(*offices.b, 1).status == TokenStatus::waiting);
    CHECK(offices.b->audit()->clean());
}

TEST_CASE("the best seats are not proposed again and again while another instance has them") {
    Two offices;
    const SmallSale sale = offices.add_sale(SmallSale::draft(3));
    const auto best = [&](int user) {
        return Hold{.user = SmallSale::user(user),
                    .performance = sale.performance(),
                    .key = "best",
                    .best = BestSeats{.count = 1}};
    };
    REQUIRE(offices.a->hold(best(1)));
    REQUIRE(offices.b->hold(best(2)));
    // In the same moment: nothing has been heard of the second.
    const Asked<Hold> third(*offices.a, best(3));
    for (int step = 0; step < 100 && !third.answer; ++step) {
        static_cast<void>(offices.a->step());
    }
    REQUIRE(third.answer);
    CHECK(third.answer->has_value());
}

TEST_CASE("a position does not grow when one hears of those who joined elsewhere before") {
    Two offices;
    ConcertDraft draft = draft_with({.active_max = 1});
    draft.opens_at = offices.clock.wall() + 1h;  // nobody is let in
    const SmallSale sale = offices.add_sale(draft);
    const auto join = [&](BoxOffice& office, int person) {
        return *office.join({.concert = sale.concert, .user = SmallSale::user(person)});
    };
    CHECK(join(*offices.a, 1).position == 1);
    for (const int person : {2, 3, 4}) static_cast<void>(join(*offices.b, person));
    REQUIRE(offices.b->leave(
        {.concert = sale.concert, .user = SmallSale::user(3), .place = PlaceNumber{3}}));
    const PlaceView told = join(*offices.a, 5);
    CHECK(told.number == PlaceNumber{5});
    CHECK(told.position == 5);
    const auto now = [&](BoxOffice& office, int person) {
        return office
            .place({.concert = sale.concert,
                    .user = SmallSale::user(person),
                    .place = PlaceNumber{person}})
            ->position;
    };
    // Nobody is told where strangers stand.
    CHECK_FALSE(offices.a->place_in_memory(
        {.concert = sale.concert, .user = SmallSale::user(5), .place = PlaceNumber{4}}));
    offices.advance(300ms);
    CHECK(now(*offices.a, 5) == 4);
    CHECK(now(*offices.a, 4) == 3);
    CHECK(now(*offices.b, 5) == 4);
    offices.b.reset();
    offices.b.emplace(offices.open(), Options{.running = Running::by_host});
    CHECK(now(*offices.b, 5) == 4);
    CHECK(join(*offices.a, 6).position == 5);
    CHECK(join(*offices.b, 7).position == 6);
}

namespace {

// Something happens elsewhere right after passes were read.
class Interrupted final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    void read(const RowKeys& wanted, Rows& found) override {
        KeptStorage::read(wanted, found);
        if (!wanted.of<Pass>().empty() && then) std::exchange(then, nullptr)();
    }
    std::function<void()> then;
};

}  // namespace

TEST_CASE("who is let in by one instance just while the other looks where they stand") {
    Two offices;
    const SmallSale sale = offices.add_sale(draft_with({}));
    Asked<Join> joined(*offices.a, {.concert = sale.concert, .user = SmallSale::user(1)});
    while (!joined.answer) static_cast<void>(offices.a->step());
    REQUIRE(joined.answer->has_value());
    REQUIRE(joined.answer->value().status == TokenStatus::waiting);

    auto storage = std::make_unique<Interrupted>(std::shared_ptr<Storage>(offices.open()));
    bool was_let_in = false;
    storage->then = [&] {
        offices.clock.advance(2s);
        while (offices.a->step()) {
        }
        was_let_in = true;
    };
    BoxOffice looking(std::move(storage), Options{.running = Running::by_host});
    const Asked<GetPlace> shown(looking, {.concert = sale.concert,
                                          .user = SmallSale::user(1),
                                          .place = joined.answer->value().number});
    while (!shown.answer && looking.step()) {
    }
    CHECK(was_let_in);
    CHECK(!looking.statistics().failed);
    REQUIRE(shown.answer);
    CHECK(shown.answer->has_value());
    Asked<Hold> held(looking, {.user = SmallSale::user(1),
                               .place = joined.answer->value().number,
                               .performance = sale.performance(),
                               .seats = {1},
                               .key = "held"});
    while (!held.answer && looking.step()) {
    }
    REQUIRE(held.answer);
    CHECK(held.answer->has_value());
}

TEST_CASE("who was let in by one instance is in at the other, before it has heard of it") {
    Two offices;
    const SmallSale sale = offices.add_sale(draft_with({}));
    const PlaceView joined =
        *offices.a->join({.concert = sale.concert, .user = SmallSale::user(1)});
    const GetPlace query{
        .concert = sale.concert, .user = SmallSale::user(1), .place = joined.number};
    REQUIRE(joined.status == TokenStatus::waiting);
    REQUIRE(offices.b->tick({.concert = sale.concert}));
    REQUIRE(offices.a->place_in_memory(query)->status == TokenStatus::waiting);
    Asked<GetPlace> shown(*offices.a, query);
    while (!shown.answer && offices.a->step()) {
    }
    REQUIRE(shown.answer);
    const PlaceView& place = shown.answer->value();
    CHECK(place.status == TokenStatus::admitted);
    CHECK(place.position == 0);
    CHECK(place.ahead == 0);
    CHECK(!place.eta);
    CHECK(place.pass_expires_at.has_value());
}

TEST_CASE("an instance that was stopped for too long stops its engine when it is woken") {
    Two offices;
    REQUIRE(offices.a->charge(charge(1, "before")));
    // The other goes on alone, and what it has told is forgotten after a while.
    for (int i = 0; i < 40; ++i) {
        offices.clock.advance(20s);
        REQUIRE(offices.b->charge(charge(1, std::to_string(i))));
    }
    const auto late = offices.a->charge(charge(1, "after"));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::engine_failed);
    CHECK(late.error().detail.find("cannot follow") != std::string::npos);
    CHECK(offices.b->wallet({.user = SmallSale::user(1)})->balance == Money{4'100});
}

namespace {

// Counts how often it was asked what other instances did, and told who was heard of. Its clock may
// be set back.
class Followed final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    bool exclusive() const override { return false; }
    News follow() override {
        ++times;
        return {};
    }
    bool tell(const std::vector<News::Heard>& heard) override {
        ++tellings;
        CHECK_FALSE(heard.empty());
        return can_tell;
    }
    Time now() override { return KeptStorage::now() - set_back; }
    Time load(const RowKeys& wanted, Rows& found) override {
        static_cast<void>(KeptStorage::load(wanted, found));
        return now();
    }
    int times = 0;
    int tellings = 0;
    bool can_tell = true;
    Duration set_back{};
};

// A box office over it, and a room in which one waits behind one who is in.
struct FollowedRoom {
    FollowedRoom() {
        for (auto* at : {&first, &second}) {
            *at = *office.join(
                {.concert = sale.concert, .user = SmallSale::user(at == &first ? 1 : 2)});
        }
        advance(1s);
        REQUIRE(status_of(first) == TokenStatus::admitted);
        REQUIRE(status_of(second) == TokenStatus::waiting);
    }
    void advance(Duration by) {
        clock.advance(by);
        for (int i = 0; i < 100 && office.step(); ++i) {
        }
    }
    TokenStatus status_of(const PlaceView& place) {
        return office.place({.concert = sale.concert, .user = place.user, .place = place.number})
            ->status;
    }

    TestClock clock;
    Followed* storage = nullptr;
    BoxOffice office{[this] {
                         auto made = std::make_unique<Followed>(open_memory({.clock = &clock}));
                         storage = made.get();
                         return made;
                     }(),
                     Options{.running = Running::by_host}};
    SmallSale sale =
        SmallSale::add(office, draft_with({.active_max = 1, .no_shows = NoShows{90s, 5min}}));
    PlaceView first;
    PlaceView second;
};

}  // namespace

TEST_CASE("what others did is asked for while store time stands still") {
    TestClock clock;
    auto storage = std::make_unique<Followed>(open_memory({.clock = &clock}));
    Followed& followed = *storage;
    BoxOffice office(std::move(storage), Options{.running = Running::by_host});
    while (office.step()) {
    }
    CHECK(followed.times == 1);
    for (int i = 2; i < 6; ++i) {
        clock.advance(300ms);
        followed.set_back += 300ms;
        static_cast<void>(office.step());
        CHECK(followed.times == i);
    }
    static_cast<void>(office.step());
    CHECK(followed.times == 5);
}

TEST_CASE("who was heard of is told again and again until it has been told, and not all the time") {
    FollowedRoom at;
    at.storage->can_tell = false;
    at.advance(12s);
    CHECK(at.storage->tellings == 1);
    at.advance(300ms);
    CHECK(at.storage->tellings == 1);
    at.advance(1s);
    CHECK(at.storage->tellings == 2);
    at.storage->can_tell = true;
    at.advance(1s);
    CHECK(at.storage->tellings == 3);
    at.advance(2s);
    CHECK(at.storage->tellings == 3);
}

TEST_CASE("a store time that was set back by an hour is gone by at once") {
    FollowedRoom at;
    at.storage->set_back = 1h;
    at.advance(300ms);
    REQUIRE(at.office.leave(
        {.concert = at.sale.concert, .user = at.first.user, .place = at.first.number}));
    at.advance(1s);
    at.advance(1s);
    CHECK(at.status_of(at.second) == TokenStatus::admitted);
    // And others hear of who is heard of.
    const int before = at.storage->tellings;
    REQUIRE(at.office.join({.concert = at.sale.concert, .user = SmallSale::user(3)}));
    at.advance(12s);
    CHECK(at.storage->tellings > before);
}

TEST_CASE("the best seats are found after store time was set back into holds that had ended") {
    TestClock clock;
    auto storage = std::make_unique<Followed>(open_memory({.clock = &clock}));
    Followed& followed = *storage;
    BoxOffice office(std::move(storage), Options{.running = Running::by_host, .sweeps = false});
    const SmallSale sale = SmallSale::add(office, SmallSale::draft(2));
    const auto best = [&](int user, std::int32_t count) {
        return Hold{.user = SmallSale::user(user),
                    .performance = sale.performance(),
                    .key = "best",
                    .best = BestSeats{.count = count}};
    };
    const auto first = office.hold(best(1, 1));
    REQUIRE(first);
    const Duration ttl = first->held_until - first->now;
    clock.advance(ttl + 1s);
    CHECK(office.hold(best(2, 3)).error().code == Errc::no_seats_match);
    followed.set_back = 2s;
    const Asked<Hold> second(office, best(3, 1));
    for (int step = 0; step < 100 && !second.answer; ++step) static_cast<void>(office.step());
    REQUIRE(second.answer);
    REQUIRE(*second.answer);
    CHECK((*second.answer)->seats.front().number != first->seats.front().number);
}

TEST_SUITE_END();

}  // namespace concertres::test

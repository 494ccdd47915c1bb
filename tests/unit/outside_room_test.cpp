// What storage does for a line that is kept outside of it, whatever several instances ask for and
// in whatever order: it is raised once, numbers are reserved once, and nobody is let in who may not
// be.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "engine/handlers/outside.hpp"
#include "engine/restore.hpp"
#include "engine/writer.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres {

// Leaves a line so, which would take too long to come about.
struct SetLine {
    using Answer = LineDid;
    Line line{};
};
template <>
class Handler<SetLine> {
  public:
    explicit Handler(SetLine command) : command_(std::move(command)) {}
    void gather(UnitOfWork& rows) { static_cast<void>(rows.want<Line>(command_.line.key())); }
    Result<LineDid> decide(UnitOfWork& rows) {
        rows.put(command_.line);
        return LineDid{};
    }

  private:
    SetLine command_;
};

namespace test {
namespace {

using namespace std::chrono_literals;
using Why = RaiseEpoch::Why;

RoomPolicy two_classes() { return {.active_max = 10, .classes = {{"public", 1}, {"fans", 1}}}; }

LineEntry entry(int user, PlaceNumber number) { return {number, SmallSale::user(user)}; }
PlaceNumber fan(std::int64_t epoch, std::int64_t sequence) {
    return PlaceNumber::of({.line_class = 1, .epoch = epoch, .sequence = sequence});
}

// A writer, and whoever asks it for what a line outside needs.
struct Writing {
    explicit Writing(std::optional<RoomPolicy> room = RoomPolicy{.active_max = 10}) {
        ConcertDraft draft = SmallSale::draft(20);
        draft.room = std::move(room);
        BoxOffice office(std::make_unique<KeptStorage>(store), {.running = Running::by_host});
        if (draft.room && draft.room->draw) draft.opens_at = office.now() + 1h;
        concert = SmallSale::add(office, std::move(draft)).concert;
        office.stop();
        for (const NewConcert& stored : store->concerts()) {
            restore(*store, catalog, board, stored);
        }
        writer.tick_outside_by([](ConcertKey) {});
    }

    template <class Command>
    Result<typename Command::Answer> ask(Command command) {
        std::optional<Result<typename Command::Answer>> answer;
        writer.submit(std::make_unique<CommandTask<Command>>(
            std::move(command),
            [&](Result<typename Command::Answer> told) { answer.emplace(std::move(told)); }));
        while (!answer && writer.step()) {
        }
        return std::move(answer.value());
    }
    RaiseEpoch::Answer raise(Why why, std::int64_t from = 0, std::int64_t above = 0) {
        return ask(RaiseEpoch{concert, why, from, above}).value();
    }
    std::optional<LineBlock> reserve(std::int64_t epoch, LineClass line_class = 0) {
        return ask(ReserveNumbers{concert, epoch, line_class}).value();
    }
    // A line outside in its first epoch, with numbers of each class.
    void take_outside(LineClass classes = 1) {
        REQUIRE(raise(Why::joined).outside);
        for (LineClass i = 0; i < classes; ++i) REQUIRE(reserve(1, i));
    }
    // The line as it shows who is next in each class, and nobody behind them.
    static LineHeads heads(std::int64_t epoch, std::vector<std::vector<LineEntry>> classes) {
        LineHeads shown{.epoch = epoch};
        for (auto& waiting : classes) {
            const auto count = static_cast<std::int64_t>(waiting.size());
            shown.looked_for.push_back(RoomLine::batch);
            shown.classes.push_back({.waiting = std::move(waiting), .class_waiting = count});
        }
        return shown;
    }
    LetIn::Answer let_in(LineHeads heads) {
        return ask(LetIn{concert, std::make_shared<const LineHeads>(std::move(heads))}).value();
    }
    Result<PlaceView> leave(const LineEntry& entry) {
        return ask(Leave{.concert = concert, .user = entry.user, .place = entry.number});
    }
    // One who stands there, as the line has said.
    Result<PlaceView> leave_line(const LineEntry& entry) {
        return ask(LeaveOutside{{.concert = concert, .user = entry.user, .place = entry.number}});
    }
    // Lets in one, who leaves at once.
    void pass_through(std::int64_t epoch, const LineEntry& entry, std::size_t classes = 1) {
        std::vector<std::vector<LineEntry>> shown(classes);
        shown.at(static_cast<std::size_t>(entry.number.line_class())).push_back(entry);
        REQUIRE(let_in(heads(epoch, shown)).admitted == 1);
        REQUIRE(leave(entry)->status == TokenStatus::left);
    }
    Result<PlaceView> admit(int user, PlaceNumber number) {
        return ask(AdmitOutside{{.concert = concert, .user = SmallSale::user(user), .actor = "ann"},
                                number});
    }
    std::int64_t admitted() const {
        return board.view(*catalog.find(concert), store->now()).admitted;
    }
    void check_audit() const {
        BoxOffice office(std::make_unique<KeptStorage>(store), {.running = Running::by_host});
        const auto report = office.audit();
        REQUIRE(report);
        CHECK_MESSAGE(report->clean(),
                      (report->clean() ? std::string() : report->findings.front().what));
    }

    TestClock clock;
    std::shared_ptr<Storage> store = open_memory({.clock = &clock});
    ConcertId concert;
    Options options{.tick = 24h};
    Catalog catalog;
    Board board{catalog, options.load_stale};
    KeyedHash ids{store->secrets().ids};
    Writer writer{*store, catalog, board, {&catalog, &options, &ids, &board}};
};

}  // namespace

TEST_SUITE_BEGIN("a line outside: storage");

// --- Epochs ------------------------------------------------------------------------------------

TEST_CASE("of two who are the first to join, one takes the line outside, and both are told") {
    Writing at;
    for (int i = 0; i < 2; ++i) {
        const auto told = at.raise(Why::joined);
        REQUIRE(told.outside);
        CHECK(told.outside->epoch == 1);
        CHECK(told.outside->closed_until == Time{});
        CHECK(told.outside->is_unused);
    }
    REQUIRE(at.reserve(1));
    const auto late = at.raise(Why::joined);
    CHECK(late.outside->epoch == 1);
    CHECK_FALSE(late.outside->is_unused);
    at.check_audit();
}

TEST_CASE("a line that is in storage stays there") {
    std::optional<RoomPolicy> room = RoomPolicy{.active_max = 10};
    Why why = Why::joined;
    bool has_joined = false;
    SUBCASE("where somebody has joined it before") { has_joined = true; }
    SUBCASE("where it is said to have lost something") { why = Why::lost; }
    SUBCASE("where somebody is said to have come back in vain") { why = Why::unreached; }
    SUBCASE("where it is to be drawn") { room->draw = true; }
    SUBCASE("where there is no room") { room.reset(); }
    Writing at(room);
    if (has_joined) {
        REQUIRE(at.ask(Join{.concert = at.concert, .user = SmallSale::user(1)})->made);
    }
    const auto told = at.raise(why);
    CHECK_FALSE(told.outside);
    CHECK_FALSE(at.board.outside(at.catalog.find(at.concert)->concert.key));
    at.check_audit();
}

TEST_CASE("a line that was begun after it had been asked has lost nothing") {
    Writing at;
    const ConcertKey concert = at.catalog.find(at.concert)->concert.key;
    REQUIRE(at.raise(Why::joined).outside);
    CHECK(at.board.outside(concert)->is_unused);
    REQUIRE(at.reserve(1));
    CHECK_FALSE(at.board.outside(concert)->is_unused);
    RaiseEpoch raise{.concert = at.concert, .from = 1, .was_unused = true};
    const auto told = at.ask(raise).value();
    CHECK(told.outside->epoch == 1);
    CHECK_FALSE(told.outside->is_unused);
    // One that was begun in as late an epoch is not that one.
    raise.above = 1;
    CHECK(at.ask(raise)->outside->epoch == 2);
    CHECK(at.board.outside(concert)->is_unused);
    REQUIRE(at.reserve(2));
    CHECK(at.raise(Why::lost, 2).outside->epoch == 3);
    at.check_audit();
}

TEST_CASE("of many who find a line lost, one raises it, and those who are late are told so") {
    Writing at;
    at.take_outside();
    const auto raised = at.raise(Why::lost, 1);
    CHECK(raised.outside->epoch == 2);
    CHECK(raised.outside->closed_until == at.store->now() + at.options.line_rebuild);
    CHECK(raised.outside->is_unused);
    REQUIRE(at.reserve(2));
    at.clock.advance(30s);
    for (const Why why : {Why::lost, Why::unreached}) {
        const auto late = at.raise(why, 1);
        CHECK(late.outside->epoch == 2);
        CHECK(late.outside->closed_until == raised.outside->closed_until);
        CHECK_FALSE(late.outside->is_unused);
    }
    // Whoever comes back in vain to the line as it is by now gets more time.
    const auto later = at.raise(Why::unreached, 2);
    CHECK(later.outside->closed_until == raised.outside->closed_until + 30s);
}

TEST_CASE("nobody is waited for where nobody can have a number") {
    Writing at;
    at.take_outside();
    at.clock.advance(10min);
    const auto told = at.raise(Why::unreached, 1);
    CHECK(told.outside->epoch == 1);
    CHECK(told.outside->closed_until == Time{});
    CHECK(at.let_in(Writing::heads(1, {{entry(1, PlaceNumber::of(1, 1))}})).admitted == 1);
}

TEST_CASE("a room that has used up its epochs takes nobody, and stays as it is") {
    Writing at;
    constexpr std::int64_t last = PlaceNumber::epochs_max - 1;
    SUBCASE("before anybody has joined") {
        CHECK(at.ask(RaiseEpoch{at.concert, Why::joined, 0, last}).error().code ==
              Errc::room_closed);
        CHECK(at.raise(Why::joined).outside->epoch == 1);
    }
    SUBCASE("when its line is lost") {
        REQUIRE(at.raise(Why::joined, 0, last - 1).outside->epoch == last);
        REQUIRE(at.reserve(last));
        CHECK(at.ask(RaiseEpoch{at.concert, Why::lost, last, 0}).error().code == Errc::room_closed);
        CHECK(at.raise(Why::unreached, last).outside->epoch == last);
    }
    at.check_audit();
}

// --- Numbers -----------------------------------------------------------------------------------

TEST_CASE("numbers are reserved for the epoch that a line outside is in, and for no other") {
    Writing at;
    CHECK_FALSE(at.reserve(0));
    CHECK_FALSE(at.reserve(1));
    REQUIRE(at.raise(Why::joined).outside);
    CHECK_FALSE(at.reserve(0));
    CHECK_FALSE(at.reserve(2));
    const auto first = at.reserve(1);
    REQUIRE(first);
    CHECK(first->first == 1);
    CHECK(first->last == ReserveNumbers::count);
    CHECK(at.reserve(1)->first == ReserveNumbers::count + 1);
    at.check_audit();
}

TEST_CASE("a line that has used up its numbers gives none, and other classes do") {
    Writing at(two_classes());
    at.take_outside();
    REQUIRE(at.ask(SetLine{{.concert = at.catalog.find(at.concert)->concert.key,
                            .epoch = 1,
                            .next_sequence = PlaceNumber::sequences_max - ReserveNumbers::count + 1,
                            .closed_until = Time{}}}));
    CHECK(at.ask(ReserveNumbers{at.concert, 1, 0}).error().code == Errc::room_closed);
    CHECK(at.reserve(1, 1)->first == 1);
}

TEST_CASE("at a concert that there is not nothing is done") {
    Writing at;
    const ConcertId other = ConcertId::from_name("another");
    CHECK(at.ask(RaiseEpoch{other}).error().code == Errc::unknown_concert);
    CHECK(at.ask(ReserveNumbers{other, 1}).error().code == Errc::unknown_concert);
    const auto heads =
        std::make_shared<const LineHeads>(Writing::heads(1, {{entry(1, PlaceNumber::of(1, 1))}}));
    CHECK(at.ask(LetIn{other, heads}).error().code == Errc::unknown_concert);
    UnitOfWork rows({&at.catalog, &at.options, &at.ids, &at.board});
    const QueryContext queries{at.store.get(), &at.board, &at.catalog, &at.options, &rows};
    CHECK(run(queries, FindLatest{other, SmallSale::user(1)}).error().code ==
          Errc::unknown_concert);
    CHECK(run(queries, FindLatest{at.concert, SmallSale::user(1)}).value() == PlaceNumber{});
}

// --- Letting in --------------------------------------------------------------------------------

TEST_CASE("nobody is let in by what a line shows that is not the room's") {
    Writing at;
    const std::vector<std::vector<LineEntry>> shown{{entry(1, PlaceNumber::of(1, 1))}};
    SUBCASE("it is in storage") {}
    SUBCASE("it has been lost, and has been begun anew since") {
        at.take_outside();
        REQUIRE(at.raise(Why::lost, 1).outside->epoch == 2);
        at.clock.advance(at.options.line_rebuild);
    }
    const auto answer = at.let_in(Writing::heads(1, shown));
    CHECK(answer.admitted == 0);
    CHECK(answer.over.empty());
    CHECK_FALSE(answer.again);
    CHECK(at.admitted() == 0);
}

TEST_CASE("nobody is let in while people come back, and then they are") {
    Writing at;
    at.take_outside();
    REQUIRE(at.raise(Why::lost, 1).outside->epoch == 2);
    const std::vector<std::vector<LineEntry>> shown{{entry(1, PlaceNumber::of(1, 1))}};
    at.clock.advance(at.options.line_rebuild - 1us);
    CHECK(at.let_in(Writing::heads(2, shown)).admitted == 0);
    at.clock.advance(1us);
    CHECK(at.let_in(Writing::heads(2, shown)).admitted == 1);
    CHECK(at.admitted() == 1);
}

TEST_CASE("a line is looked at again where more may wait behind those who are in") {
    Writing at;
    at.take_outside();
    LineHeads heads =
        Writing::heads(1, {{entry(1, PlaceNumber::of(1, 1)), entry(2, PlaceNumber::of(1, 2))}});
    bool again = false;
    SUBCASE("not where it shows fewer than were looked for") {}
    SUBCASE("nor where it shows as many, and they are all") { heads.looked_for = {2}; }
    SUBCASE("but where it shows as many, and more wait") {
        heads.looked_for = {2};
        heads.classes[0].class_waiting = 3;
        again = true;
    }
    SUBCASE("and where it has not looked to the end") {
        heads.classes[0].is_cut = true;
        again = true;
    }
    const auto answer = at.let_in(heads);
    CHECK(answer.admitted == 2);
    CHECK(answer.over == heads.classes[0].waiting);
    CHECK(answer.again == again);
    at.check_audit();
}

TEST_CASE("one who is in by one class is not let in by another as well") {
    Writing at(two_classes());
    at.take_outside(2);
    const LineEntry first = entry(1, PlaceNumber::of(1, 1));
    const LineEntry second = entry(1, fan(1, 1));
    REQUIRE(at.let_in(Writing::heads(1, {{first}, {}})).admitted == 1);
    const auto answer = at.let_in(Writing::heads(1, {{}, {second}}));
    CHECK(answer.admitted == 0);
    CHECK(answer.over == std::vector<LineEntry>{second});
    // Once that is over it is.
    REQUIRE(at.leave(first)->status == TokenStatus::left);
    CHECK(at.let_in(Writing::heads(1, {{}, {second}})).admitted == 1);
    at.check_audit();
}

TEST_CASE("whoever was in with a later number of the class waits no more with an earlier one") {
    Writing at;
    at.take_outside();
    at.pass_through(1, entry(1, PlaceNumber::of(1, 5)));
    const LineEntry earlier = entry(1, PlaceNumber::of(1, 3));
    const LineEntry later = entry(1, PlaceNumber::of(1, 6));
    const auto answer = at.let_in(Writing::heads(1, {{earlier}}));
    CHECK(answer.admitted == 0);
    CHECK(answer.over == std::vector<LineEntry>{earlier});
    CHECK(at.let_in(Writing::heads(1, {{later}})).admitted == 1);
    at.check_audit();
}

TEST_CASE("a number of a later epoch is later, whatever the class") {
    Writing at(two_classes());
    at.take_outside(2);
    at.pass_through(1, entry(1, PlaceNumber::of(1, 5)), 2);
    REQUIRE(at.raise(Why::lost, 1).outside->epoch == 2);
    REQUIRE(at.reserve(2, 0));
    REQUIRE(at.reserve(2, 1));
    at.clock.advance(at.options.line_rebuild);
    at.pass_through(2, entry(1, PlaceNumber::of(2, 1)), 2);
    const LineEntry earlier = entry(1, fan(1, 9));
    const auto answer = at.let_in(Writing::heads(2, {{}, {earlier}}));
    CHECK(answer.admitted == 0);
    CHECK(answer.over == std::vector<LineEntry>{earlier});
    at.check_audit();
}

TEST_CASE("which of two numbers of a user came later") {
    CHECK(is_superseded(PlaceNumber::of(1, 3), PlaceNumber::of(1, 3)));
    CHECK(is_superseded(PlaceNumber::of(1, 3), PlaceNumber::of(1, 4)));
    CHECK_FALSE(is_superseded(PlaceNumber::of(1, 3), PlaceNumber::of(1, 2)));
    CHECK_FALSE(is_superseded(PlaceNumber::of(1, 3), fan(1, 4)));
    CHECK(is_superseded(fan(1, 3), PlaceNumber::of(2, 1)));
    CHECK_FALSE(is_superseded(PlaceNumber::of(2, 1), fan(1, 3)));
}

// --- By hand, and leaving ----------------------------------------------------------------------

TEST_CASE("an operator who lets in one who is in by now changes nothing") {
    Writing at(two_classes());
    at.take_outside(2);
    const PlaceNumber number = PlaceNumber::of(1, 1);
    REQUIRE(at.let_in(Writing::heads(1, {{entry(1, number)}, {}})).admitted == 1);
    PlaceNumber waits_with = number;
    SUBCASE("with this number") {}
    SUBCASE("with another") { waits_with = fan(1, 1); }
    const auto told = at.admit(1, waits_with);
    REQUIRE(told);
    CHECK(told->number == number);
    CHECK(told->status == TokenStatus::admitted);
    CHECK(told->pass_expires_at);
    CHECK(at.admitted() == 1);
    at.check_audit();
}

TEST_CASE("an operator lets in nobody who has left meanwhile") {
    Writing at;
    at.take_outside();
    const PlaceNumber number = PlaceNumber::of(1, 1);
    for (int i = 0; i < 2; ++i) {
        const auto left = at.leave_line(entry(1, number));
        REQUIRE(left);
        CHECK(left->status == TokenStatus::left);
    }
    CHECK_FALSE(at.admit(1, number));
    CHECK(at.admitted() == 0);
    CHECK(at.let_in(Writing::heads(1, {{entry(1, number)}})).admitted == 0);
    at.check_audit();
}

TEST_CASE("one who leaves the line and was let in meanwhile gives the pass back") {
    Writing at;
    at.take_outside();
    const PlaceNumber number = PlaceNumber::of(1, 1);
    REQUIRE(at.let_in(Writing::heads(1, {{entry(1, number)}})).admitted == 1);
    const auto left = at.leave_line(entry(1, number));
    REQUIRE(left);
    CHECK(left->status == TokenStatus::left);
    CHECK(at.admitted() == 0);
    at.check_audit();
}

TEST_SUITE_END();

}  // namespace test
}  // namespace concertres

// Box offices in front of a line that is kept outside of their storage.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/memory_line.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

RoomPolicy at_most(std::int64_t active) { return {.active_max = active}; }

ConcertDraft draft_with(RoomPolicy room, SeatNumber seats = 10) {
    ConcertDraft draft = SmallSale::draft(seats);
    draft.room = std::move(room);
    return draft;
}

// Tells of each commit before anybody else hears of it.
class WatchedStorage final : public KeptStorage {
  public:
    WatchedStorage(std::shared_ptr<Storage> inner, const std::function<void()>& on_commit)
        : KeptStorage(std::move(inner)), on_commit_(on_commit) {}
    CommitOutcome commit(const ChangeSet& changes) override {
        const CommitOutcome outcome = KeptStorage::commit(changes);
        if (on_commit_) on_commit_();
        return outcome;
    }

  private:
    const std::function<void()>& on_commit_;
};

struct Office {
    explicit Office(RoomPolicy room = at_most(2), SeatNumber seats = 10) {
        open();
        sale = SmallSale::add(*office, draft_with(std::move(room), seats));
    }
    ~Office() {
        const auto report = office->audit();
        REQUIRE(report);
        CHECK_MESSAGE(report->clean(), first_finding(*report));
    }
    static std::string first_finding(const AuditReport& report) {
        return report.findings.empty() ? "" : report.findings.front().what;
    }

    void open(bool with_line = true) {
        office.reset();
        Options options{.running = Running::by_host};
        if (with_line) options.line = line;
        options.log = [this](LogLevel, std::string_view text) { logged.emplace_back(text); };
        office.emplace(std::make_unique<WatchedStorage>(store, on_commit), std::move(options));
    }
    void run() {
        while (office->step()) {
        }
    }
    // Time passes, a tick at a time.
    void advance(Duration by) {
        for (; by > 0s; by -= 1s) {
            clock.advance(1s);
            run();
        }
    }
    Result<PlaceView> join(int user, bool again = false) {
        return office->join(
            {.concert = sale.concert, .user = SmallSale::user(user), .again = again});
    }
    Result<PlaceView> poll(int user, PlaceNumber place) {
        return office->place(
            {.concert = sale.concert, .user = SmallSale::user(user), .place = place});
    }
    Result<PlaceView> leave(int user, PlaceNumber place) {
        return office->leave(
            {.concert = sale.concert, .user = SmallSale::user(user), .place = place});
    }
    Result<ReservationView> hold(int user, PlaceNumber place, SeatNumber seat) {
        return office->hold({.user = SmallSale::user(user),
                             .place = place,
                             .concert = sale.concert,
                             .performance = sale.performance(),
                             .seats = {seat},
                             .key = "hold-" + std::to_string(seat)});
    }
    Result<PaymentView> pay(int user, PlaceNumber place, const ReservationId& reservation) {
        const UserId id = SmallSale::user(user);
        static_cast<void>(office->charge({.user = id, .amount = SmallSale::price, .key = "money"}));
        return office->pay({.user = id,
                            .place = place,
                            .concert = sale.concert,
                            .reservations = {reservation},
                            .key = "pay"});
    }
    std::int64_t waiting() const { return office->concert({sale.concert})->waiting; }

    TestClock clock;
    std::shared_ptr<Storage> store = open_memory({.clock = &clock});
    std::shared_ptr<MemoryLine> line = std::make_shared<MemoryLine>();
    std::function<void()> on_commit;
    std::vector<std::string> logged;
    std::optional<BoxOffice> office;
    SmallSale sale;
};

Errc code_of(const auto& refused) { return refused ? Errc{} : refused.error().code; }

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("who joins has a place in the line, and storage has none") {
    Office at;
    const auto first = at.join(1).value();
    CHECK(first.made);
    CHECK(first.status == TokenStatus::waiting);
    CHECK(first.number == PlaceNumber::of(1, 1));
    CHECK(first.position == 1);
    CHECK(first.concert == at.sale.concert);
    CHECK(first.sale == SaleState::open);
    CHECK(first.seats_left == 10);
    const auto second = at.join(2).value();
    CHECK(second.position == 2);
    CHECK(second.ahead == 1);
    const auto again = at.join(2).value();
    CHECK_FALSE(again.made);
    CHECK(again.number == second.number);
    CHECK(at.poll(2, second.number)->position == 2);
    CHECK(at.store->waiting({1}, {}, 10).empty());
    CHECK(code_of(at.hold(1, first.number, 1)) == Errc::not_admitted);
    at.advance(1s);
    CHECK(at.waiting() == 0);
}

TEST_CASE("the first of the line are let in, as many as may, and go on to pay") {
    Office at;
    for (int user = 1; user <= 5; ++user) static_cast<void>(at.join(user));
    at.advance(1s);
    CHECK(at.waiting() == 3);
    const PlaceNumber first = PlaceNumber::of(1, 1);
    const auto place = at.poll(1, first).value();
    CHECK(place.status == TokenStatus::admitted);
    CHECK(place.pass_expires_at);
    CHECK(at.poll(3, PlaceNumber::of(1, 3))->position == 1);
    CHECK(at.join(1)->status == TokenStatus::admitted);
    const auto held = at.hold(1, first, 7).value();
    REQUIRE(at.pay(1, first, held.id));
    CHECK(at.poll(1, first)->status == TokenStatus::spent);
    at.advance(1s);
    CHECK(at.poll(3, PlaceNumber::of(1, 3))->status == TokenStatus::admitted);
    CHECK(at.poll(4, PlaceNumber::of(1, 4))->position == 1);
}

TEST_CASE("who is through has a new place on asking anew, and only then") {
    Office at(at_most(1));
    static_cast<void>(at.join(1));
    static_cast<void>(at.join(2));
    at.advance(1s);
    const PlaceNumber first = PlaceNumber::of(1, 1);
    REQUIRE(at.pay(1, first, at.hold(1, first, 7)->id));
    CHECK(at.join(1)->status == TokenStatus::spent);
    CHECK(at.join(1)->number == first);
    const auto anew = at.join(1, true).value();
    CHECK(anew.made);
    CHECK(anew.status == TokenStatus::waiting);
    CHECK(anew.number == PlaceNumber::of(1, 3));
    CHECK(at.join(1)->number == anew.number);
    const auto before = at.poll(1, first).value();
    CHECK(before.status == TokenStatus::spent);
    CHECK_FALSE(before.latest);
    at.advance(1s);
    CHECK(at.poll(2, PlaceNumber::of(1, 2))->status == TokenStatus::admitted);
}

TEST_CASE("who leaves is not let in, and stands at the end on asking anew") {
    Office at(at_most(1));
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    const PlaceNumber first = PlaceNumber::of(1, 1);
    CHECK(at.leave(1, first)->status == TokenStatus::left);
    CHECK(at.leave(1, first)->status == TokenStatus::left);
    CHECK(at.poll(1, first)->status == TokenStatus::left);
    CHECK(at.join(1)->status == TokenStatus::left);
    CHECK(at.join(1, true)->position == 3);
    at.advance(1s);
    CHECK(at.poll(2, PlaceNumber::of(1, 2))->status == TokenStatus::admitted);
    // Whoever is in gives the pass back.
    REQUIRE(at.hold(2, PlaceNumber::of(1, 2), 4));
    CHECK(at.leave(2, PlaceNumber::of(1, 2))->status == TokenStatus::left);
    at.advance(1s);
    CHECK(at.poll(3, PlaceNumber::of(1, 3))->status == TokenStatus::admitted);
    CHECK(at.hold(3, PlaceNumber::of(1, 3), 4));
}

TEST_CASE("one who has left is not let in where the line did not hear of it") {
    Office at(at_most(1));
    static_cast<void>(at.join(1));
    static_cast<void>(at.join(2));
    at.on_commit = [&] { at.line->go_away(true); };
    CHECK(at.leave(1, PlaceNumber::of(1, 1))->status == TokenStatus::left);
    at.on_commit = nullptr;
    at.line->go_away(false);
    REQUIRE(at.line->copy().at(at.sale.concert).waiting.size() == 2);
    at.advance(1s);
    CHECK(at.poll(1, PlaceNumber::of(1, 1))->status == TokenStatus::left);
    CHECK(at.poll(2, PlaceNumber::of(1, 2))->status == TokenStatus::admitted);
    CHECK(at.waiting() == 0);
}

TEST_CASE("a stranger's number opens nothing, and is not given up") {
    Office at(at_most(1));
    static_cast<void>(at.join(1));
    static_cast<void>(at.join(2));
    CHECK(code_of(at.poll(2, PlaceNumber::of(1, 1))) == Errc::token_invalid);
    CHECK(code_of(at.leave(2, PlaceNumber::of(1, 1))) == Errc::token_invalid);
    CHECK(code_of(at.poll(2, PlaceNumber::of(1, 3))) == Errc::token_invalid);
    CHECK(code_of(at.poll(3, PlaceNumber::of(1, 1))) == Errc::token_invalid);
    CHECK(code_of(at.poll(2, PlaceNumber::of(2, 1))) == Errc::token_invalid);
    CHECK(code_of(at.poll(2, PlaceNumber::of(0, 1))) == Errc::token_invalid);
    at.advance(1s);
    CHECK(at.poll(1, PlaceNumber::of(1, 1))->status == TokenStatus::admitted);
    CHECK(at.poll(2, PlaceNumber::of(1, 2))->position == 1);
}

TEST_CASE("a newcomer is refused as anywhere, and who waits is not") {
    Office at(at_most(1), 1);
    static_cast<void>(at.join(1));
    static_cast<void>(at.join(2));
    CHECK(code_of(at.office->join(
              {.concert = at.sale.concert, .user = SmallSale::user(3), .line_class = "vip"})) ==
          Errc::request_invalid);
    at.advance(1s);
    const PlaceNumber first = PlaceNumber::of(1, 1);
    REQUIRE(at.pay(1, first, at.hold(1, first, 1)->id));
    CHECK(code_of(at.join(3)) == Errc::sold_out);
    CHECK(at.join(2)->position == 1);
    CHECK(at.join(1)->status == TokenStatus::spent);
    CHECK(code_of(at.join(1, true)) == Errc::sold_out);
    REQUIRE(at.office->change_sale({at.sale.concert, {.mode = SaleMode::closed}}));
    CHECK(code_of(at.join(3)) == Errc::room_closed);
}

TEST_CASE("as many wait as may") {
    Office at;
    at.office.reset();
    at.office.emplace(std::make_unique<WatchedStorage>(at.store, at.on_commit),
                      Options{.waiting_max = 1, .running = Running::by_host, .line = at.line});
    CHECK(at.join(1)->position == 1);
    CHECK(code_of(at.join(2)) == Errc::room_full);
    CHECK(at.join(1)->position == 1);
}

TEST_CASE("each class has a line of its own, and its share") {
    RoomPolicy room = at_most(3);
    room.classes = {{.name = "public", .weight = 1}, {.name = "fans", .weight = 2}};
    Office at(room);
    const auto join = [&](int user, const std::string& line_class) {
        return at.office
            ->join({.concert = at.sale.concert,
                    .user = SmallSale::user(user),
                    .line_class = line_class})
            .value();
    };
    for (int user = 1; user <= 4; ++user) static_cast<void>(join(user, "public"));
    const auto fan = join(5, "fans");
    for (int user = 6; user <= 8; ++user) static_cast<void>(join(user, "fans"));
    CHECK(fan.position == 1);
    CHECK(fan.line_class == "fans");
    at.advance(1s);
    const auto view = at.office->concert({at.sale.concert}).value();
    CHECK(view.admitted == 3);
    CHECK(view.class_waiting == std::vector<std::int64_t>{3, 2});
    CHECK(at.poll(5, fan.number)->status == TokenStatus::admitted);
}

TEST_CASE("a line that was wiped is come back to, in order, before anybody is let in") {
    Office at(at_most(1));
    std::vector<PlaceNumber> numbers;
    for (int user = 0; user < 4; ++user) numbers.push_back(at.join(user)->number);
    at.advance(1s);
    REQUIRE(at.poll(0, numbers[0])->status == TokenStatus::admitted);
    at.line->wipe();
    const auto newcomer = at.join(9).value();
    CHECK(newcomer.number == PlaceNumber::of(2, 1));
    CHECK(newcomer.position == 1);
    // Whoever was let in keeps the pass, and gets no second place.
    CHECK(at.join(0)->number == numbers[0]);
    CHECK(at.join(0)->status == TokenStatus::admitted);
    CHECK(at.poll(2, numbers[2])->position == 1);
    CHECK(at.poll(1, numbers[1])->position == 1);
    CHECK(at.poll(2, numbers[2])->position == 2);
    CHECK(at.poll(9, newcomer.number)->position == 3);
    REQUIRE(at.leave(0, numbers[0]));
    at.advance(118s);
    CHECK(at.poll(1, numbers[1])->position == 1);
    at.advance(3s);
    CHECK(at.poll(1, numbers[1])->status == TokenStatus::admitted);
    CHECK(at.waiting() == 2);
    // Who did not come back in time has lost the place, and gets a new one on asking anew.
    CHECK(at.poll(3, numbers[3])->status == TokenStatus::left);
    CHECK(at.join(3)->number == PlaceNumber::of(2, 2));
}

TEST_CASE("one who was through before the line was lost is known as such") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    at.advance(1s);
    REQUIRE(at.pay(1, first, at.hold(1, first, 7)->id));
    at.line->wipe();
    CHECK(at.join(1)->status == TokenStatus::spent);
    CHECK(at.poll(1, first)->status == TokenStatus::spent);
    const auto anew = at.join(1, true).value();
    CHECK(anew.number == PlaceNumber::of(2, 1));
    CHECK(at.join(1)->number == anew.number);
}

TEST_CASE("and so is one who asks long after") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    at.advance(1s);
    REQUIRE(at.pay(1, first, at.hold(1, first, 7)->id));
    at.line->wipe();
    static_cast<void>(at.join(2));
    at.advance(10min);
    CHECK(at.join(1)->status == TokenStatus::spent);
    CHECK(at.join(1)->number == first);
}

TEST_CASE("a line that was put back to what it was gives no number twice") {
    Office at(at_most(1));
    static_cast<void>(at.join(1));
    const MemoryLine::Copy copy = at.line->copy();
    const PlaceNumber lost = at.join(2)->number;
    at.line->roll_back(copy);
    const auto third = at.join(3).value();
    CHECK(third.number == PlaceNumber::of(2, 1));
    CHECK(at.poll(2, lost)->position == 2);
    CHECK(at.poll(3, third.number)->position == 3);
}

TEST_CASE("while people cannot come back they are waited for") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    at.line->wipe();
    const PlaceNumber newcomer = at.join(2)->number;
    at.line->go_away(true);
    for (int i = 0; i < 4; ++i) {
        at.advance(50s);
        CHECK(code_of(at.poll(1, first)) == Errc::storage_unavailable);
    }
    at.line->go_away(false);
    at.advance(50s);
    CHECK(at.poll(1, first)->position == 1);
    CHECK(at.poll(2, newcomer)->position == 2);
    at.advance(80s);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
}

TEST_CASE("while the line is away who is in goes on, and passes end") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    const PlaceNumber second = at.join(2)->number;
    at.advance(1s);
    at.line->go_away(true);
    CHECK(code_of(at.join(3)) == Errc::storage_unavailable);
    CHECK(code_of(at.poll(2, second)) == Errc::storage_unavailable);
    CHECK(code_of(at.office->tick({at.sale.concert})) == Errc::storage_unavailable);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
    REQUIRE(at.hold(1, first, 3));
    at.advance(16min);
    CHECK(at.poll(1, first)->status == TokenStatus::expired);
    CHECK(code_of(at.poll(2, second)) == Errc::storage_unavailable);
    CHECK(at.office->concert({at.sale.concert})->admitted == 0);
    at.line->go_away(false);
    at.advance(1s);
    CHECK(at.poll(2, second)->status == TokenStatus::admitted);
}

TEST_CASE("an answer that was lost is asked for again, and no block is used twice") {
    Office at(at_most(1));
    for (int lost = 1; lost <= 6; ++lost) {
        CAPTURE(lost);
        at.line->lose_answers(lost);
        for (int i = 0; i < 10 && !at.join(lost); ++i) {
        }
        CHECK(at.join(lost)->status == TokenStatus::waiting);
    }
    std::vector<PlaceNumber> numbers;
    for (int user = 1; user <= 6; ++user) numbers.push_back(at.join(user)->number);
    CHECK(std::ranges::is_sorted(numbers));
    CHECK(std::ranges::adjacent_find(numbers) == numbers.end());
}

TEST_CASE("who was let in where the line did not hear of it is let in once") {
    Office at(at_most(5));
    const PlaceNumber first = at.join(1)->number;
    at.on_commit = [&] { at.line->go_away(true); };
    at.advance(1s);
    at.on_commit = nullptr;
    at.line->go_away(false);
    REQUIRE(at.line->copy().at(at.sale.concert).waiting.size() == 1);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
    CHECK(at.join(1)->number == first);
    at.advance(1s);
    CHECK(at.line->copy().at(at.sale.concert).waiting.empty());
    CHECK(at.office->concert({at.sale.concert})->admitted == 1);
}

TEST_CASE("after a restart the line is as it was; without it nobody joins") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    const PlaceNumber second = at.join(2)->number;
    at.open();
    CHECK(at.poll(2, second)->position == 2);
    at.advance(1s);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
    CHECK(at.logged.empty());
    at.open(false);
    REQUIRE(at.logged.size() == 1);
    CHECK(at.logged.front().starts_with("the lines of 1 waiting rooms are kept outside"));
    at.advance(1s);
    CHECK(code_of(at.join(3)) == Errc::storage_unavailable);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
    CHECK(code_of(at.poll(2, second)) == Errc::storage_unavailable);
    CHECK(code_of(at.leave(2, second)) == Errc::storage_unavailable);
    at.open();
    CHECK(at.poll(2, second)->position == 1);
}

TEST_CASE("a room that was joined before stays in storage, and so does one that draws lots") {
    Office at(at_most(1));
    at.open(false);
    const auto first = at.join(1).value();
    CHECK(first.number == PlaceNumber::of(0, 1));
    at.open();
    CHECK(at.join(2)->number == PlaceNumber::of(0, 2));
    CHECK(at.line->copy().empty());

    ConcertDraft draft = draft_with({.active_max = 1, .draw = true});
    draft.opens_at = at.office->now() + 1h;
    at.sale = SmallSale::add(*at.office, std::move(draft));
    CHECK(at.join(1)->number == PlaceNumber::of(0, 1));
    CHECK(at.line->copy().empty());
    at.advance(1s);
}

TEST_CASE("a line outside cannot be drawn") {
    Office at(at_most(1));
    SaleChange later{.opens_at = at.office->now() + 1h};
    REQUIRE(at.office->change_sale({at.sale.concert, later}));
    static_cast<void>(at.join(1));
    RoomPolicy drawn = at_most(1);
    drawn.draw = true;
    const auto refused = at.office->change_sale({at.sale.concert, {.room = drawn}});
    REQUIRE(code_of(refused) == Errc::request_invalid);
    CHECK(refused.error().faults.at(0).pointer == "/draw");
    at.advance(1h + 2s);
    CHECK(at.poll(1, PlaceNumber::of(1, 1))->status == TokenStatus::admitted);
}

TEST_CASE("nobody is let in before the sale opens, and it is told how many wait") {
    Office at(at_most(1));
    REQUIRE(at.office->change_sale({at.sale.concert, {.opens_at = at.office->now() + 10s}}));
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    at.advance(5s);
    CHECK(at.waiting() == 3);
    CHECK(at.poll(1, PlaceNumber::of(1, 1))->sale == SaleState::scheduled);
    at.advance(6s);
    CHECK(at.waiting() == 2);
}

TEST_CASE("an operator lets in one who waits, and the line knows it") {
    Office at(at_most(2));
    REQUIRE(at.office->change_sale({at.sale.concert, {.mode = SaleMode::paused}}));
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    const auto in =
        at.office->admit({.concert = at.sale.concert, .user = SmallSale::user(3), .actor = "ann"});
    REQUIRE(in);
    CHECK(in->status == TokenStatus::admitted);
    CHECK(in->number == PlaceNumber::of(1, 3));
    CHECK(at.poll(3, in->number)->status == TokenStatus::admitted);
    CHECK(code_of(at.office->admit(
              {.concert = at.sale.concert, .user = SmallSale::user(7), .actor = "ann"})) ==
          Errc::unknown_user);
    at.advance(1s);
    CHECK(at.waiting() == 2);
}

TEST_CASE("who is not there when the turn comes is passed over, and first on coming back") {
    RoomPolicy room = at_most(1);
    room.no_shows = NoShows{.silent_after = 90s, .grace = 5min};
    Office at(room);
    for (int user = 1; user <= 4; ++user) static_cast<void>(at.join(user));
    const auto number = [](int user) { return PlaceNumber::of(1, user); };
    at.advance(1s);
    REQUIRE(at.poll(1, number(1))->status == TokenStatus::admitted);
    // The second and the fourth are not heard of.
    for (int i = 0; i < 4; ++i) {
        at.advance(30s);
        CHECK(at.poll(3, number(3))->status == TokenStatus::waiting);
    }
    REQUIRE(at.leave(1, number(1)));
    at.advance(1s);
    CHECK(at.poll(3, number(3))->status == TokenStatus::admitted);
    CHECK(at.office->concert({at.sale.concert})->passed_over == 1);
    CHECK(at.poll(2, number(2))->position == 1);
    REQUIRE(at.leave(3, number(3)));
    at.advance(2s);
    CHECK(at.poll(2, number(2))->status == TokenStatus::admitted);
    REQUIRE(at.leave(2, number(2)));
    at.advance(2s);
    CHECK(at.office->concert({at.sale.concert})->passed_over == 1);
    // Whoever does not come back within the grace loses the place.
    at.advance(6min);
    CHECK(at.poll(4, number(4))->status == TokenStatus::left);
}

TEST_CASE("after an outage nobody is passed over who could not be heard of") {
    RoomPolicy room = at_most(1);
    room.no_shows = NoShows{.silent_after = 90s, .grace = 1s};
    Office at(room);
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    const auto number = [](int user) { return PlaceNumber::of(1, user); };
    at.advance(100s);
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.poll(user, number(user)));
    at.advance(1s);
    at.line->go_away(true);
    at.advance(5min);
    REQUIRE(at.leave(1, number(1)));
    at.line->go_away(false);
    at.advance(2s);
    CHECK(at.office->concert({at.sale.concert})->passed_over == 0);
    CHECK(at.poll(2, number(2))->status == TokenStatus::admitted);
    CHECK(at.poll(3, number(3))->position == 1);
}

TEST_CASE("a line that cannot be begun uses up no epochs, and is begun once it can be") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    at.line->wipe();
    at.line->refuse_beginning(true);
    int commits = 0;
    at.on_commit = [&] { ++commits; };
    for (int i = 0; i < 300; ++i) {
        CHECK(code_of(at.poll(1, first)) == Errc::storage_unavailable);
        CHECK(code_of(at.join(2)) == Errc::storage_unavailable);
        if (i % 10 == 0) at.advance(1s);
    }
    at.on_commit = nullptr;
    CHECK(commits < 100);
    at.line->refuse_beginning(false);
    at.advance(2s);
    CHECK(at.poll(1, first)->position == 1);
    CHECK(at.join(2)->number == PlaceNumber::of(2, 1));
    at.advance(121s);
    CHECK(at.poll(1, first)->status == TokenStatus::admitted);
}

TEST_CASE("one who has left joins anew where the line still has the place") {
    Office at(at_most(1));
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    at.on_commit = [&] { at.line->go_away(true); };
    CHECK(at.leave(2, PlaceNumber::of(1, 2))->status == TokenStatus::left);
    at.on_commit = nullptr;
    at.line->go_away(false);
    CHECK(at.join(2)->status == TokenStatus::left);
    const auto anew = at.join(2, true).value();
    CHECK(anew.made);
    CHECK(anew.number == PlaceNumber::of(1, 4));
    CHECK(anew.position == 3);
}

TEST_CASE("who is in gives the pass back while the line is away") {
    Office at(at_most(1));
    const PlaceNumber first = at.join(1)->number;
    at.advance(1s);
    at.line->go_away(true);
    REQUIRE(at.hold(1, first, 3));
    CHECK(at.leave(1, first)->status == TokenStatus::left);
    CHECK(at.poll(1, first)->status == TokenStatus::left);
    at.line->go_away(false);
}

TEST_CASE("an operator lets in nobody twice") {
    Office at(at_most(5));
    REQUIRE(at.office->change_sale({at.sale.concert, {.mode = SaleMode::paused}}));
    const PlaceNumber first = at.join(1)->number;
    const auto admit = [&] {
        return at.office->admit(
            {.concert = at.sale.concert, .user = SmallSale::user(1), .actor = "ann"});
    };
    at.on_commit = [&] { at.line->wipe(); };
    REQUIRE(admit()->number == first);
    at.on_commit = nullptr;
    CHECK(admit()->number == first);
    CHECK(at.join(1)->number == first);
    CHECK(at.office->concert({at.sale.concert})->admitted == 1);
}

TEST_CASE("once the last performance has started the line is taken away") {
    Office at(at_most(1));
    ConcertDraft draft = draft_with(at_most(1));
    draft.performances = {{OffsetTime{.time = at.office->now() + 1h}}};
    at.sale = SmallSale::add(*at.office, std::move(draft));
    const PlaceNumber first = at.join(1)->number;
    for (int user = 2; user <= 9; ++user) static_cast<void>(at.join(user));
    at.advance(1s);
    CHECK(at.line->copy().size() == 1);
    at.advance(1h);
    CHECK(at.line->copy().empty());
    CHECK(code_of(at.join(10)) == Errc::room_closed);
    CHECK(at.poll(1, first)->status == TokenStatus::expired);
    CHECK(at.poll(9, PlaceNumber::of(1, 9))->status == TokenStatus::left);
    CHECK(at.line->copy().empty());
}

TEST_CASE("who changes the class has a place there, and keeps it") {
    RoomPolicy room = at_most(1);
    room.classes = {{.name = "public", .weight = 1}, {.name = "fans", .weight = 1}};
    Office at(room);
    const auto join = [&](int user, const std::string& line_class) {
        return at.office
            ->join({.concert = at.sale.concert,
                    .user = SmallSale::user(user),
                    .again = true,
                    .line_class = line_class})
            .value();
    };
    for (int user = 1; user <= 5; ++user) static_cast<void>(join(user, "public"));
    REQUIRE(at.leave(5, PlaceNumber::of(1, 5)));
    const PlaceNumber fan{PlaceNumber::of({.line_class = 1, .epoch = 1, .sequence = 1})};
    CHECK(join(5, "fans").number == fan);
    CHECK(join(5, "fans").number == fan);
    CHECK_FALSE(at.poll(5, PlaceNumber::of(1, 5))->latest);
    CHECK(at.poll(5, fan)->latest);
    REQUIRE(at.leave(1, PlaceNumber::of(1, 1)));
    for (int i = 0; i < 40 && at.poll(5, fan)->status == TokenStatus::waiting; ++i) at.advance(60s);
    CHECK(at.poll(5, fan)->status == TokenStatus::admitted);
    // After a loss, too.
    REQUIRE(at.leave(5, fan));
    at.line->wipe();
    const auto anew = join(5, "public");
    CHECK(anew.number == PlaceNumber::of(2, 1));
    CHECK(join(5, "public").number == anew.number);
    CHECK(join(5, "fans").number == anew.number);
}

TEST_CASE("where no-shows are passed over, classes have their shares all the same") {
    RoomPolicy room;
    room.window = AdmissionWindow{.admit_max = 1, .length = 1s};
    room.no_shows = NoShows{.silent_after = 90s, .grace = 5min};
    room.classes = {{.name = "public", .weight = 3}, {.name = "fans", .weight = 1}};
    Office at(room);
    for (int user = 1; user <= 40; ++user) {
        REQUIRE(at.office->join({.concert = at.sale.concert,
                                 .user = SmallSale::user(user),
                                 .line_class = user % 2 == 0 ? "public" : "fans"}));
    }
    at.advance(16s);
    const auto view = at.office->concert({at.sale.concert}).value();
    CHECK(view.admitted == 16);
    CHECK(view.class_waiting == std::vector<std::int64_t>{8, 16});
}

TEST_CASE("a class with seats of its own is let in where the first class has none left") {
    ConcertDraft draft = draft_with(at_most(1), 2);
    draft.room->classes = {{.name = "public", .weight = 1}, {.name = "fans", .weight = 1}};
    for (HallSeat& seat : draft.seats) seat.allotted_to = 1;
    Office at;
    at.sale = SmallSale::add(*at.office, std::move(draft));
    REQUIRE(at.office->join(
        {.concert = at.sale.concert, .user = SmallSale::user(1), .line_class = "fans"}));
    at.advance(1s);
    CHECK(at.office->concert({at.sale.concert})->admitted == 1);
}

TEST_CASE("a line put back to what it was takes nobody's place for having been away") {
    RoomPolicy room = at_most(1);
    room.no_shows = NoShows{.silent_after = 90s, .grace = 1s};
    Office at(room);
    for (int user = 1; user <= 3; ++user) static_cast<void>(at.join(user));
    const auto number = [](int user) { return PlaceNumber::of(1, user); };
    at.advance(100s);
    static_cast<void>(at.poll(3, number(3)));
    REQUIRE(at.leave(1, number(1)));
    at.clock.advance(1s);
    at.run();
    REQUIRE(at.office->concert({at.sale.concert})->passed_over == 1);
    const MemoryLine::Copy copy = at.line->copy();
    CHECK(at.poll(2, number(2))->position == 1);
    at.advance(60s);
    static_cast<void>(at.poll(2, number(2)));
    at.line->roll_back(copy);
    at.advance(10s);
    CHECK(at.poll(2, number(2))->status == TokenStatus::waiting);
}

TEST_SUITE_END();

}  // namespace concertres::test

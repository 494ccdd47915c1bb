// What is kept in memory of a store that is opened again.
#include "engine/restore.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

Options by_hand() {
    return {.pass_ttl = 3h, .pass_max = 3h, .tick = 24h, .running = Running::by_host};
}

// A store in memory, and the box office that has it now.
struct Reopened {
    Reopened() { open(); }
    void open() {
        office.reset();
        office.emplace(std::make_unique<KeptStorage>(store), by_hand());
    }
    void add(const ConcertDraft& draft) { sale = SmallSale::add(*office, draft); }
    PlaceNumber join(int user, const std::string& line_class = {}) {
        const auto made = office->join(
            {.concert = sale.concert, .user = SmallSale::user(user), .line_class = line_class});
        REQUIRE(made);
        return made->number;
    }
    void join_many(int first, int count) {
        for (int user = first; user < first + count; ++user) {
            office->submit<Join>({.concert = sale.concert, .user = SmallSale::user(user)},
                                 [](const Result<PlaceView>& made) { REQUIRE(made); });
        }
        run();
    }
    void run() {
        while (office->step()) {
        }
    }
    void tick() {
        REQUIRE(office->tick({sale.concert}));
        run();
    }
    [[nodiscard]] ConcertView view() { return office->concert({sale.concert}).value(); }

    TestClock clock;
    std::shared_ptr<Storage> store{open_memory({.clock = &clock})};
    std::optional<BoxOffice> office;
    SmallSale sale;
};

// Fails once at the first who wait, as a server that goes away for a moment.
class LostOnce final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    bool exclusive() const override { return false; }
    News follow() override { return std::exchange(news, {}); }
    std::vector<Place> waiting(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        if (std::exchange(is_lost, false)) {
            throw StorageError(StorageError::Kind::unavailable, "the server is away");
        }
        return KeptStorage::waiting(concert, after, limit);
    }
    News news;
    bool is_lost = false;
};

}  // namespace

TEST_SUITE_BEGIN("restore");

// More than a page of each: who is in, who was passed over and who waits; and of seats.
TEST_CASE("a store with more of everything than a page is read to its end") {
    constexpr int page = 10'000;
    constexpr int many = page + 50;
    Reopened at;
    ConcertDraft draft = SmallSale::draft(many);
    draft.room = RoomPolicy{.active_max = many,
                            .classes = {{"general", 1}, {"fans", 1}},
                            .no_shows = NoShows{.silent_after = 90s, .grace = 1h}};
    for (HallSeat& seat : draft.seats) {
        if (seat.number >= page) seat.allotted_to = 1;
    }
    at.add(draft);
    const PlaceNumber fan = at.join(1, "fans");
    at.join_many(2, many - 1);
    at.tick();
    REQUIRE(at.view().admitted == many);
    REQUIRE(at.office->hold({.user = SmallSale::user(1),
                             .place = fan,
                             .performance = at.sale.performance(),
                             .seats = {many},
                             .key = "h"}));
    at.join_many(2 * many, many);
    at.clock.advance(2min);
    const PlaceNumber last = at.join(4 * many);
    SaleChange wider;
    wider.patch.emplace().active_max.emplace(many + 1);
    REQUIRE(at.office->change_sale({.concert = at.sale.concert, .change = wider}));
    at.tick();
    at.join_many(5 * many, many);

    const auto seats_left = [&] {
        return at.office
            ->place({.concert = at.sale.concert, .user = SmallSale::user(4 * many), .place = last})
            ->seats_left;
    };
    const ConcertView before = at.view();
    REQUIRE(before.passed_over == many);
    REQUIRE(before.waiting == 2 * many);
    REQUIRE(before.admitted == many + 1);
    CHECK(seats_left() == page - 1);
    at.open();
    const ConcertView after = at.view();
    CHECK(after.passed_over == before.passed_over);
    CHECK(after.waiting == before.waiting);
    CHECK(after.admitted == before.admitted);
    CHECK(seats_left() == page - 1);
}

TEST_CASE("a pass that names a hold which is not there keeps nobody from opening the store") {
    Reopened at;
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{};
    at.add(draft);
    const PlaceNumber number = at.join(1);
    at.tick();
    REQUIRE(at.view().admitted == 1);

    const ConcertKey concert = at.store->concerts().front().concert.key;
    RowKeys keys;
    keys.of<Pass>().push_back({{concert, number}});
    Rows found;
    at.store->read(keys, found);
    Versioned<Pass> pass = *found.of<Pass>().front().row;
    pass.row.held.push_back({987'654});
    ++pass.version;
    ChangeSet changes;
    changes.at = at.store->now();
    changes.rows.of<Pass>().push_back(pass);
    REQUIRE(at.store->commit(changes) == CommitOutcome::committed);

    at.open();
    CHECK(at.view().admitted == 1);
    CHECK(at.office->audit()->findings.front().rule == "S6");
}

TEST_CASE("a concert that was added elsewhere, and could not be read to its end, is read again") {
    Reopened elsewhere;
    auto storage = std::make_unique<LostOnce>(elsewhere.store);
    LostOnce& lost = *storage;
    BoxOffice office(std::move(storage), by_hand());
    const auto run = [&] {
        elsewhere.clock.advance(300ms);
        while (office.step()) {
        }
    };
    run();
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.classes = {{"general", 1}, {"fans", 1}}};
    draft.seats.front().allotted_to = 1;
    elsewhere.add(draft);
    elsewhere.join(1);
    lost.news.concerts = elsewhere.store->concerts();
    lost.is_lost = true;
    CHECK_FALSE(office.concert({elsewhere.sale.concert}));
    for (int i = 0; i < 4; ++i) run();
    CHECK_FALSE(lost.is_lost);
    CHECK_FALSE(office.statistics().failed);
    const auto view = office.concert({elsewhere.sale.concert});
    REQUIRE(view);
    CHECK(view->waiting == 1);
    CHECK(view->seats.free == 50);
}

TEST_SUITE_END();

}  // namespace concertres::test

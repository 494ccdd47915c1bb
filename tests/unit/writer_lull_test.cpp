// What may be put off is done where nobody comes for a while, and not between two calls of a crowd.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "concertres/memory.hpp"
#include "engine/handlers/money.hpp"
#include "engine/task.hpp"
#include "engine/writer.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// Has so much to tidy up.
class Untidy final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    bool tidy() override {
        ++tidied;
        return tidied < 3;
    }
    int tidied = 0;
};

struct At {
    explicit At(Duration lull) {
        writer.tidy_after(lull);
        step_all();  // the first tick
        storage.tidied = 0;
    }
    void step_all() {
        while (writer.step()) {
        }
    }
    void charge() {
        Charge charge{.user = SmallSale::user(1), .amount = {1}, .key = std::to_string(++charges)};
        writer.submit(std::make_unique<CommandTask<Charge>>(std::move(charge),
                                                            [this](const Result<ChargeView>& done) {
                                                                REQUIRE(done);
                                                                ++answered;
                                                            }));
    }
    void next_tick() { clock.advance(options.tick); }

    TestClock clock;
    Untidy storage{open_memory({.clock = &clock})};
    Options options{.tick = 1s};
    Catalog catalog;
    Board board{catalog, options.load_stale};
    KeyedHash ids{storage.secrets().ids};
    Writer writer{storage, catalog, board, {&catalog, &options, &ids, &board}};
    int charges = 0;
    int answered = 0;
};

}  // namespace

TEST_CASE("as long as somebody has just come nothing is tidied up, and nobody is woken for it") {
    At at(1h);
    at.next_tick();
    at.charge();
    at.step_all();
    CHECK(at.answered == 1);
    CHECK(at.storage.tidied == 0);
    CHECK_FALSE(at.writer.has_work());
    // It is looked at again when the next tick is due, for the lull is not over by then.
    CHECK(at.writer.idle_max() == 1s);
    at.charge();
    at.step_all();
    CHECK(at.answered == 2);
    CHECK(at.storage.tidied == 0);
}

TEST_CASE("where nobody has come for a while all of it is tidied up") {
    At at(20ms);
    at.next_tick();
    at.charge();
    at.step_all();
    while (at.storage.tidied == 0) {
        const Duration left = at.writer.idle_max();
        CHECK(left <= 20ms);
        std::this_thread::sleep_for(left);
        at.step_all();
    }
    CHECK(at.storage.tidied == 3);
    CHECK(at.writer.idle_max() == 1s);
}

TEST_CASE("without a lull it is tidied up as soon as all are answered") {
    At at(0s);
    at.next_tick();
    at.charge();
    while (at.answered == 0) CHECK(at.writer.step());
    CHECK(at.storage.tidied == 0);
    CHECK(at.writer.has_work());
    at.step_all();
    CHECK(at.storage.tidied == 3);
}

TEST_CASE("who closes does not wait for what may be put off") {
    for (const Duration lull : {Duration{0}, Duration{1us}}) {
        At at(lull);
        at.next_tick();
        at.charge();
        at.writer.close();
        at.step_all();
        CHECK(at.answered == 1);
        CHECK(at.storage.tidied == 0);
        CHECK_FALSE(at.writer.has_work());
    }
}

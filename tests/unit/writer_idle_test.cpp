// How long a writer may be left alone.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>

#include "concertres/memory.hpp"
#include "engine/handlers/money.hpp"
#include "engine/writer.hpp"
#include "support/faulty_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

using namespace std::chrono_literals;

TEST_CASE("a writer whose storage has failed is never due again, however much time passes") {
    TestClock clock;
    FaultPlan plan;
    FaultyStorage storage(open_memory({.clock = &clock}), plan);
    const Options options{.tick = 1s};
    Catalog catalog;
    Board board(catalog, options.load_stale);
    const KeyedHash ids(storage.secrets().ids);
    Writer writer(storage, catalog, board, {&catalog, &options, &ids, &board});
    plan.fail(StorageCall::read);
    std::optional<Errc> refused;
    writer.submit(std::make_unique<CommandTask<Charge>>(
        Charge{.user = SmallSale::user(1), .amount = {100}, .key = "c"},
        [&](Result<ChargeView> answer) { refused = answer.error().code; }));
    while (writer.step()) {
    }
    REQUIRE(refused == Errc::engine_failed);
    CHECK(writer.idle_max() == 1s);
    clock.advance(10s);
    CHECK(writer.idle_max() == 1s);
    CHECK_FALSE(writer.step());
    CHECK(plan.calls_after_failure() == 0);
}

}  // namespace concertres::test

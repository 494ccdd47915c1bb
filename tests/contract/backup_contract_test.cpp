// What storage promises of a backup: it is the store, or it is refused and nothing has happened.
#include <doctest/doctest.h>

#include <filesystem>

#include "concertres/audit.hpp"
#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

std::size_t entries(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: backup");

CONCERTRES_BACKEND_TEST("a backup is a store with the same rows, or is refused as a whole") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2, .seats = 20});
    const PerformanceKey performance = concert.performances[0].key;
    put(*store, held_seats(*store, performance, {4, 5}, at(1h)));
    const TempDir elsewhere;
    const auto file = elsewhere.path() / "store.db";
    auto job = store->backup(file);
    if (!backend.copies) {
        REQUIRE(!job);
        CHECK(job.error().code == Errc::request_invalid);
        CHECK(!job.error().detail.empty());
        CHECK(entries(elsewhere.path()) == 0);
        put(*store, held_seats(*store, performance, {6}, at(1h)));
        return;
    }
    REQUIRE(job);
    // What is committed before the last slice is in it.
    bool finished = false;
    for (SeatNumber seat = 6; !finished; ++seat) {
        REQUIRE(seat <= 20);
        put(*store, held_seats(*store, performance, {seat}, at(1h)));
        const auto slice = (*job)->step(5ms);
        REQUIRE(slice);
        finished = *slice;
        CHECK((*job)->done() <= (*job)->total());
    }
    CHECK((*job)->total() > 0);
    CHECK((*job)->done() == (*job)->total());
    job->reset();
    CHECK(entries(elsewhere.path()) == 1);

    const auto seats = store->seats(performance, 0, SIZE_MAX);
    const Time mark = store->now();
    const auto copy = backend.open(elsewhere.path(), nullptr);
    CHECK(copy->seats(performance, 0, SIZE_MAX) == seats);
    REQUIRE(copy->concerts().size() == 1);
    CHECK(same(copy->concerts()[0], store->concerts()[0]));
    CHECK(copy->secrets().ids == store->secrets().ids);
    CHECK(copy->now() >= mark - 1h);
    // A store of its own: keys go on from where they were.
    CHECK(copy->allocate(1) >= store->allocate(1) - 1);
}

TEST_SUITE_END();

}  // namespace concertres::test

// A disk that fails, a disk that is full, and memory that runs out, at every moment of an hour at
// the box office, the opening of its store included.
//
// CONCERTRES_FAULTS: at how many moments of each kind, at most; CONCERTRES_SEED: the hour's seed,
// with which a fault that was found is found again.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "crash/hour.hpp"
#include "crash/memory.hpp"
#include "support/environment.hpp"

namespace concertres::test {
namespace {

std::uint64_t seed() { return from_environment("CONCERTRES_SEED", 1); }
std::size_t hours_max() { return from_environment("CONCERTRES_FAULTS", 150); }

// How the disk fails from a moment on: once, or for good.
struct Failing {
    int error = SQLITE_IOERR;
    bool lasts = false;
    bool after = false;  // what it was asked for has been done
    bool reads = false;
    // Whether it is this kind of call that fails.
    bool (*concerns)(const DiskCall&) = [](const DiskCall&) { return true; };
};

// The hour in which the n-th of those calls fails; n is counted down.
HourFault fault_at(const Failing& failing, std::int64_t& left) {
    const auto fails = [&left, failing](const DiskCall& call) {
        if (!failing.concerns(call)) return SQLITE_OK;
        --left;
        return left == 0 || (failing.lasts && left < 0) ? failing.error : SQLITE_OK;
    };
    HourFault fault;
    (failing.reads ? fault.before_read : failing.after ? fault.after : fault.before) = fails;
    return fault;
}

struct Tally {
    std::int64_t hours = 0;
    std::int64_t stopped = 0;  // the engine
    std::int64_t refused = 0;  // to open the store
    std::int64_t full = 0;     // commands that there was no space for
};

// Lives the hour with a fault at each of so many calls, or at some of them.
template <class FaultAt>
Tally fail_everywhere(Hour& hour, std::int64_t calls, std::size_t hours_max, FaultAt&& fault_at) {
    REQUIRE(calls > 0);
    const std::int64_t stride = 1 + calls / static_cast<std::int64_t>(hours_max);
    Tally tally;
    for (std::int64_t n = 1; n <= calls; n += stride) {
        const LivedHour lived = hour.live(fault_at(n));
        if (!lived.fault.empty()) FAIL_CHECK("seed ", seed(), ", call ", n, ": ", lived.fault);
        ++tally.hours;
        tally.stopped += lived.stopped ? 1 : 0;
        tally.refused += lived.refused ? 1 : 0;
        tally.full += lived.full;
    }
    MESSAGE(fmt::format("{} of {} calls failed: {} stopped the engine, {} the opening", tally.hours,
                        calls, tally.stopped, tally.refused));
    return tally;
}

Tally fail_everywhere(Hour& hour, const Failing& failing) {
    std::int64_t left = 0;
    Failing none = failing;
    none.error = SQLITE_OK;
    const LivedHour calm = hour.live(fault_at(none, left));
    REQUIRE(calm.fault.empty());
    REQUIRE(calm.commits > 2);
    return fail_everywhere(hour, -left, hours_max(), [&](std::int64_t n) {
        left = n;
        return fault_at(failing, left);
    });
}

}  // namespace

TEST_SUITE_BEGIN("crash: faults");

TEST_CASE("whatever call to the disk fails, nothing more is told, and what was told is there") {
    Hour hour(seed());
    Failing failing;
    SUBCASE("once, undone") {}
    SUBCASE("for good") { failing.lasts = true; }
    SUBCASE("once, though it was done") { failing.after = true; }
    const Tally tally = fail_everywhere(hour, failing);
    CHECK(tally.stopped > 20);
    CHECK(tally.refused > 0);
    // What fails in vain is the removal of a file.
    CHECK(tally.stopped + tally.refused > tally.hours * 9 / 10);
}

TEST_CASE("whatever read from the disk fails, nothing is made up") {
    Hour hour(seed());
    const Tally tally = fail_everywhere(hour, {.error = SQLITE_IOERR_READ, .reads = true});
    CHECK(tally.refused > 0);
}

TEST_CASE("whenever the disk is full, what was told is there, and what was refused is not") {
    Hour hour(seed());
    Failing failing{.error = SQLITE_FULL,
                    .concerns = [](const DiskCall& call) { return call.kind == DiskCall::write; }};
    SUBCASE("for a moment") {}
    SUBCASE("for good") { failing.lasts = true; }
    const Tally tally = fail_everywhere(hour, failing);
    CHECK(tally.stopped == 0);
    CHECK(tally.full > 10);
}

TEST_CASE("whenever memory runs out, what was told is there") {
    FailingMemory memory;
    Hour hour(seed());
    bool lasts = false;
    HourFault fault{.other = [&](bool is_on) { memory.turn(is_on); }};
    SUBCASE("for one piece, when the store is opened or later") {}
    SUBCASE("for one piece, later") { fault.spares_opening = true; }
    SUBCASE("for good") {
        fault.spares_opening = true;
        lasts = true;
    }
    memory.fail_at(0);
    REQUIRE(hour.live(fault).fault.empty());
    const Tally tally = fail_everywhere(hour, memory.asked(), hours_max(), [&](std::int64_t piece) {
        memory.fail_at(piece, lasts);
        return fault;
    });
    CHECK((fault.spares_opening ? tally.stopped : tally.refused) > 0);
}

TEST_SUITE_END();

}  // namespace concertres::test

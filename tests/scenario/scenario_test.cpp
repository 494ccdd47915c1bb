// Replays every table beside this file on every backend.
#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "concertres/error.hpp"
#include "support/backends.hpp"
#include "support/memory_line.hpp"
#include "support/scenario_table.hpp"

namespace concertres::test {
namespace {

std::vector<std::filesystem::path> tables() {
    const std::filesystem::path here =
        std::filesystem::path(CONCERTRES_FIXTURES).parent_path() / "scenario";
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator(here)) {
        if (file.path().extension() == ".txt") found.push_back(file.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

// Refusals that no table can bring about: those of tokens and amounts are the server's to make, and
// storage, providers of payments and what they bring about have tests of their own.
const std::set<Errc> not_in_tables{
    Errc::token_required, Errc::currency_mismatch,   Errc::internal,
    Errc::storage_full,   Errc::storage_unavailable, Errc::engine_failed,
    Errc::clock_jumped,   Errc::gateway_unavailable, Errc::payment_pending,
};

}  // namespace

TEST_CASE("what people do is answered as the tables say") {
    REQUIRE_FALSE(tables().empty());
    for (const std::filesystem::path& table : tables()) {
        DOCTEST_SUBCASE(table.stem().c_str()) {
            for (const Backend& backend : backends()) {
                DOCTEST_SUBCASE(backend.name.c_str()) {
                    for (const std::string& fault : replay(table, backend).faults) {
                        FAIL_CHECK(fault);
                    }
                }
            }
        }
    }
}

// What is otherwise there: how many wait is known from the first tick after an opening; a place is
// found by its user, and no row tells of one that waits; who asks first is answered first; and a
// line that people have joined cannot be drawn.
const std::set<std::string> not_outside{
    "admit_by_hand",
    "engine_admits_first_in_its_group",
    "restart",
    "room_draw",
    "room_no_shows",
    "seed_asking_again_keeps_the_place",
    "seed_crash_amid_promotion",
};

TEST_CASE("and so they are where a line outside of storage keeps who waits") {
    for (const std::filesystem::path& table : tables()) {
        DOCTEST_SUBCASE(table.stem().c_str()) {
            const auto line = std::make_shared<MemoryLine>();
            const auto faults = replay(table, backend_named("memory"), line).faults;
            if (not_outside.contains(table.stem())) {
                CHECK_FALSE(faults.empty());
                return;
            }
            for (const std::string& fault : faults) FAIL_CHECK(fault);
        }
    }
}

TEST_CASE("every refusal that a table can bring about stands in one") {
    std::set<std::string> seen;
    for (const std::filesystem::path& table : tables()) {
        for (const Line& line : read_table(table)) {
            if (line.expected() && !line.expected()->words.empty()) {
                seen.insert(line.expected()->words.front());
            }
        }
    }
    for (const Errc code : all_codes()) {
        const std::string name(code_name(code));
        CAPTURE(name);
        CHECK(seen.contains(name) != not_in_tables.contains(code));
    }
}

}  // namespace concertres::test

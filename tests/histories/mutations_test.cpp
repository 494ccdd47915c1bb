// The checker checked: of a thousand recorded histories in which one answer was made wrong, it must
// let none pass.
#include "histories/mutations.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "histories/caller.hpp"
#include "histories/crowd.hpp"
#include "histories/faults.hpp"
#include "program/server_process.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr std::size_t checked = 500;  // of each history
// Of nineteen: not every run has somebody who is too poor, or a place that is seen twice.
constexpr std::size_t kinds_min = 15;

// As many of each kind as there are, or as fit.
std::vector<Mutation> some_of_each(std::vector<Mutation> all, std::uint32_t seed) {
    std::mt19937 random(seed);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    std::map<std::string, std::vector<Mutation>> by_kind;
    std::shuffle(all.begin(), all.end(), random);
    for (Mutation& mutation : all) by_kind[mutation.kind].push_back(std::move(mutation));
    std::vector<Mutation> some;
    for (bool more = true; more && some.size() < checked;) {
        more = false;
        for (auto& [kind, mutations] : by_kind) {
            if (mutations.empty() || some.size() == checked) continue;
            some.push_back(std::move(mutations.back()));
            mutations.pop_back();
            more = true;
        }
    }
    return some;
}

History recorded(std::uint32_t seed) {
    const TempDir folder;
    ServerProcess server(
        {.data = folder.path(), .arguments = {"--tick-ms", "20", "--log-level", "warning"}});
    const auto stage = set_stage(server, {.users = 8});
    Crowd crowd(*stage, {.clients = 16, .calls = 60, .seed = seed});
    return crowd.end();
}

}  // namespace

TEST_CASE("a history is accepted as it was recorded, and with any answer made wrong it is not") {
    std::map<std::string, int> refuted;
    int all = 0;
    for (const std::uint32_t seed : {5u, 6u}) {
        History history = recorded(seed);
        CHECK(faults_of(history).empty());
        const std::vector<Mutation> mutations = some_of_each(mutations_of(history), seed);
        CHECK(mutations.size() == checked);
        for (const Mutation& mutation : mutations) {
            const auto& [event, answer] = mutation.changed.front();
            INFO(mutation.kind, ": ", text_of(history, history.events[event]));
            const bool is_wrong = is_refuted(history, mutation);
            CHECK(is_wrong);
            refuted[mutation.kind] += is_wrong ? 1 : 0;
            all += is_wrong ? 1 : 0;
        }
        CHECK(faults_of(history).empty());
    }
    for (const auto& [kind, count] : refuted) MESSAGE(fmt::format("{} of {}", count, kind));
    CHECK(all == 1'000);
    CHECK(refuted.size() >= kinds_min);
}

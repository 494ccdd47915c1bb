// concertres-sim: whole on-sales in virtual time, with everything going wrong that can; each seed
// is another, and the same seed is always the same.
//
//   concertres-sim --seed 7                 one seed: prints its mix, and a hash of all that
//   happened concertres-sim --seed 1 --seeds 500     many; fails where a mark never happened
//   concertres-sim --seed 7 --trace         says what happens, line by line
//   concertres-sim --seed 1 --seeds 9 --twice    runs each twice, and compares
//   concertres-sim --seconds 600            from a seed of its own choice, until the time is over
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

#include "sim/marks.hpp"
#include "sim/simulation.hpp"

namespace concertres::sim {
namespace {

struct Arguments {
    std::uint64_t seed = 0;
    std::uint64_t seeds = 1;
    std::int64_t seconds = 0;
    bool trace = false;
    bool twice = false;
    bool marks = false;
    bool hashes = false;
};

constexpr std::uint64_t seeds_with_all_marks = 500;

[[noreturn]] void usage() {
    std::fputs(
        "usage: concertres-sim [--seed N] [--seeds M] [--seconds S] [--trace] [--twice] "
        "[--marks] [--hashes]\n",
        stderr);
    std::exit(2);
}

Arguments read(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        const auto number = [&]() -> std::uint64_t {
            if (i + 1 >= count) usage();
            char* end = nullptr;
            const std::uint64_t value = std::strtoull(words[++i], &end, 10);
            if (*end != '\0') usage();
            return value;
        };
        if (word == "--seed") {
            arguments.seed = number();
        } else if (word == "--seeds") {
            arguments.seeds = number();
        } else if (word == "--seconds") {
            arguments.seconds = static_cast<std::int64_t>(number());
        } else if (word == "--trace") {
            arguments.trace = true;
        } else if (word == "--twice") {
            arguments.twice = true;
        } else if (word == "--marks") {
            arguments.marks = true;
        } else if (word == "--hashes") {
            arguments.hashes = true;
        } else {
            usage();
        }
    }
    return arguments;
}

bool run_seed(std::uint64_t seed, const Arguments& arguments) {
    const Mix mix = draw_mix(seed);
    if (arguments.trace) fmt::print("seed {}: {}\n", seed, describe(mix));
    const Outcome outcome = simulate(mix, arguments.trace ? Trace::aloud : Trace::silent);
    if (arguments.seeds == 1 || arguments.hashes) {
        fmt::print("seed {} hash {:016x}, {} lines\n", seed, outcome.hash, outcome.lines);
    }
    if (!outcome.complaints.empty()) {
        fmt::print("seed {} FAILS\n  mix: {}\n", seed, describe(mix));
        for (const Complaint& complaint : outcome.complaints) {
            fmt::print("  {}: {} (line {})\n", complaint.invariant, complaint.what, complaint.line);
        }
        fmt::print("  the last lines of {}:\n{}  again: concertres-sim --seed {} --trace\n",
                   outcome.lines, outcome.last_lines, seed);
        return false;
    }
    if (arguments.twice && simulate(mix, Trace::silent).hash != outcome.hash) {
        fmt::print("seed {} FAILS: two runs of it differ\n", seed);
        return false;
    }
    return true;
}

bool check_marks(bool all, bool must) {
    bool complete = true;
    for (std::size_t i = 0; i < mark_names.size(); ++i) {
        if (all) fmt::print("{:>8} {}\n", mark_counts()[i], mark_names[i]);
        if (mark_counts()[i] > 0 || !must) continue;
        fmt::print("FAILS: {} never happened\n", mark_names[i]);
        complete = false;
    }
    return complete;
}

int run(Arguments arguments) {
    const auto began = std::chrono::steady_clock::now();
    if (arguments.seconds > 0) {
        arguments.seed = std::random_device()();
        arguments.seeds = UINT64_MAX;
        fmt::print("from seed {}\n", arguments.seed);
        std::fflush(stdout);
    }
    std::uint64_t done = 0;
    for (; done < arguments.seeds; ++done) {
        const auto elapsed = std::chrono::steady_clock::now() - began;
        if (arguments.seconds > 0 && elapsed >= std::chrono::seconds(arguments.seconds)) break;
        if (!run_seed(arguments.seed + done, arguments)) return 1;
    }
    if (!check_marks(arguments.marks, done >= seeds_with_all_marks)) return 1;
    if (done > 1) fmt::print("{} seeds from {}: nothing found\n", done, arguments.seed);
    return 0;
}

}  // namespace
}  // namespace concertres::sim

int main(int count, char** words) {
    return concertres::sim::run(concertres::sim::read(count, words));
}

// What a run measures, and how long.
#pragma once

#include <filesystem>

namespace bench {

struct Settings {
    // Where stores are made: on a disk, beside the program.
    std::filesystem::path folder;
    int repetitions = 5;
    // Of what stands beside it for comparison only.
    [[nodiscard]] int repetitions_without_target() const {
        return repetitions > 3 ? 3 : repetitions;
    }
    // Everything once and small: shows that the benchmarks work, and no figure worth reading.
    bool quick = false;
};

}  // namespace bench

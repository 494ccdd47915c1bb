// What something took: time on the wall, the processors' time, and bytes given to the system to be
// written. On a machine that others use as well the last two tell more than the first.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <string>

namespace bench {

struct Elapsed {
    double seconds = 0;
    double cpu_seconds = 0;  // of all threads of this process, the kernel's part included
    std::int64_t written_bytes = 0;
};

class Stopwatch {
  public:
    [[nodiscard]] Elapsed elapsed() const {
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
        return {.seconds = wall.count(),
                .cpu_seconds = cpu() - cpu_start_,
                .written_bytes = written() - written_start_};
    }

  private:
    static double cpu() {
        timespec used{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
    }
    // 0 where the system does not tell.
    static std::int64_t written() {
        std::ifstream counters("/proc/self/io");
        std::string name;
        std::int64_t value = 0;
        while (counters >> name >> value) {
            if (name == "wchar:") return value;
        }
        return 0;
    }

    std::int64_t written_start_ = written();
    double cpu_start_ = cpu();
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace bench

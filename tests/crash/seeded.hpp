// While it exists, what is random in this process comes from a seed: ids and secrets, which OpenSSL
// gives, and SQLite's own. So a run that has failed can be run again, to the byte.
// REQUIRES: one at a time, and no FaultyVfs is made while it exists
// Threads: one.
#pragma once

#include <cstdint>

namespace concertres::test {

class Seeded {
  public:
    explicit Seeded(std::uint64_t seed);
    ~Seeded();
    Seeded(const Seeded&) = delete;
    Seeded& operator=(const Seeded&) = delete;
};

}  // namespace concertres::test

// SQLite's memory, which runs out when a test says so.
//
//   FailingMemory memory;     // before any database is open
//   memory.fail_at(10);
//   memory.turn(true);        // the tenth piece from now on is refused
//
// REQUIRES: no database is open where it begins and ends. Threads: one.
#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace concertres::test {

class FailingMemory {
  public:
    FailingMemory();
    ~FailingMemory();
    FailingMemory(const FailingMemory&) = delete;
    FailingMemory& operator=(const FailingMemory&) = delete;

    // The piece of this number is refused, and with `from_then_on` all after it; 0: none. They are
    // counted from now on, while it is turned on.
    void fail_at(std::int64_t piece, bool from_then_on = false);
    void turn(bool on);
    // How many pieces have been asked for since then.
    [[nodiscard]] std::int64_t asked() const;
};

// SQLite's memory straight from the C library. A sanitizer's own costs more than all of the
// recovery from a power cut, and SQLite is not built with the sanitizer, so it gains nothing.
// REQUIRES: as above; not beside a FailingMemory
class PlainMemory {
  public:
    PlainMemory();
    ~PlainMemory();
    PlainMemory(const PlainMemory&) = delete;
    PlainMemory& operator=(const PlainMemory&) = delete;
};

}  // namespace concertres::test

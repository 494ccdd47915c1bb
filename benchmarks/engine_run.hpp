// Holds and releases through a BoxOffice, with a fixed number of commands in flight.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "scene.hpp"
#include "stopwatch.hpp"

namespace bench {

// A piece of work: `commands` commands, half of them holds, each of which is later released.
struct Load {
    std::size_t commands = 0;
    std::size_t in_flight = 1;
    int seats = 1;  // of each hold
};

class EngineRun {
  public:
    // `keys`: how its idempotency keys begin, its own within one store. Lifetime: all of them
    // outlive it.
    EngineRun(concertres::BoxOffice& office, const std::vector<Buyer>& buyers, HoldOrder& order,
              std::string keys = "hold-")
        : office_(office), buyers_(buyers), order_(order), keys_(std::move(keys)) {}

    // Each answer submits the next command of its buyer: as many are in flight as `load` says, from
    // the first to the last. Throws where a command is refused.
    Elapsed submit(const Load& load);
    // The same by blocking calls, from a thread for each that is in flight.
    Elapsed call(const Load& load);

  private:
    struct Prepared {
        std::size_t buyer = 0;
        concertres::Hold hold;
    };
    std::vector<Prepared> prepare(const Load& load);

    concertres::BoxOffice& office_;
    const std::vector<Buyer>& buyers_;
    HoldOrder& order_;
    std::string keys_;
    std::size_t keys_used_ = 0;
};

}  // namespace bench

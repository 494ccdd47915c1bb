// Storage in memory: for tests, for simulation, and for a host that keeps its sales elsewhere. It
// has every property of a store but one: it ends with its process.
//
//   BoxOffice office(open_memory());
#pragma once

#include <memory>

#include "concertres/storage.hpp"

namespace concertres {

struct MemoryOptions {
    Clock* clock = nullptr;  // default: the system's. Lifetime: outlives the storage
};

[[nodiscard]] std::unique_ptr<Storage> open_memory(const MemoryOptions& options = {});

}  // namespace concertres

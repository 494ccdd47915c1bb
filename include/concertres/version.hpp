// The version of these headers, and that of the library they were linked with. CMakeLists.txt
// owns the number and refuses to configure when the two differ.
//
//   #if CONCERTRES_VERSION >= 100  // 0.1.0 or later
//
// Threads: any.
#pragma once

#define CONCERTRES_VERSION_MAJOR 0
#define CONCERTRES_VERSION_MINOR 1
#define CONCERTRES_VERSION_PATCH 0

// Comparable in the preprocessor: major * 10'000 + minor * 100 + patch.
#define CONCERTRES_VERSION \
    (CONCERTRES_VERSION_MAJOR * 10000 + CONCERTRES_VERSION_MINOR * 100 + CONCERTRES_VERSION_PATCH)

#define CONCERTRES_VERSION_STRING "0.1.0"

namespace concertres {

// The version of the library in use, "0.1.0". It differs from CONCERTRES_VERSION_STRING when a
// program runs with another shared library than it was compiled for.
[[nodiscard]] const char* version() noexcept;

}  // namespace concertres

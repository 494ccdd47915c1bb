// What whoever runs a test has asked for in the environment: more rounds, another seed.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace concertres::test {

[[nodiscard]] inline std::size_t from_environment(const char* name, std::size_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace concertres::test

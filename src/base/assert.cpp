#include "concertres/assert.hpp"

#include <string>

namespace concertres {

void assertion_failed(const char* expression, const char* file, int line) {
    throw AssertionFailed(std::string(file) + ":" + std::to_string(line) +
                          ": assertion failed: " + expression);
}

}  // namespace concertres

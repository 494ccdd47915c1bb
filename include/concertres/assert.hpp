// CONCERTRES_ASSERT states what is true unless this library has a bug. It stays on in release
// builds, and is never reachable by what a caller passes in: bad input is answered with an Error.
// A failed assertion throws; on the writer it stops the engine (`engine_failed`) and leaves its
// host alive.
#pragma once

#include <stdexcept>

namespace concertres {

class AssertionFailed : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace concertres

#define CONCERTRES_ASSERT(expression)    \
    ((expression) ? static_cast<void>(0) \
                  : ::concertres::assertion_failed(#expression, __FILE__, __LINE__))

#include "concertres/version.hpp"

namespace concertres {

const char* version() noexcept { return CONCERTRES_VERSION_STRING; }

}  // namespace concertres

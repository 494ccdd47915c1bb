// What the pieces of the engine cost one by one.
#pragma once

namespace bench {

void register_micro();

}  // namespace bench

// Asks for an object's memory, which is then on its way while other work is done: where many are
// looked for, all are found first, and then looked at.
//
// Not called prefetch: Boost's maps call one of their own by that name, and would find this one
// instead where they hold something of ours.
#pragma once

#include <cstddef>

namespace concertres {

template <class T>
void fetch_ahead(const T& object) {
    const auto* bytes = reinterpret_cast<const char*>(&object);
    for (std::size_t i = 0; i < sizeof(T); i += 64) __builtin_prefetch(bytes + i);
}

}  // namespace concertres

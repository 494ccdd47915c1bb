// An EventSink is told of events once they are committed. It is a convenience for a host in the
// same process; what must not be missed is read from the store (`ListEvents`), where they stay.
#pragma once

#include <span>

#include "concertres/event.hpp"

namespace concertres {

class EventSink {
  public:
    virtual ~EventSink() = default;

    // The events of one commit, in order within each stream, before its commands are answered. On a
    // store that others write too, also those of other instances: some fraction of a second after
    // they were committed, and so perhaps after later ones of the same stream; `number` tells.
    // Threads: the writer's. It neither throws nor blocks.
    virtual void on_committed(std::span<const Event> events) = 0;
};

}  // namespace concertres

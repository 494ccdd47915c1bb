// A Publisher takes events to somewhere else: a broker, an address on the web, a system of the
// host's own. A Relay (relay.hpp) gives it what its sink has yet to get, and goes by what it says
// has arrived.
//
// Threads: publish() from one; interrupt() from any, at any time.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct Published {
    // Of each run, how many of its first events the other side has for good.
    std::vector<std::size_t> acknowledged{};
    // Of each run, whether the next was tried and failed. One that was not tried, that there was no
    // time for, or that was under way when publish() was interrupted has not.
    std::vector<bool> failed{};
    // Why anything failed, for people. Empty: nothing did.
    std::string error{};
    // How long the other side asks not to be tried again.
    Duration wait{};
};

class Publisher {
  public:
    virtual ~Publisher() = default;

    // Takes the events of each run to the other side, in order: of one run what arrives are always
    // its first events, without a gap. What is not acknowledged may have arrived, or may yet; it is
    // given once more. Takes no longer than `budget`; what began in time and is not answered by
    // then has failed. It does not throw for what the other side does.
    [[nodiscard]] virtual Published publish(std::span<const Unpublished> runs, Duration budget) = 0;
    // A publish() that runs, or the next one, ends soon.
    virtual void interrupt() {}
};

}  // namespace concertres

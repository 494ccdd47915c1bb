// Every limit and default of a box office in one place, with its unit and why one would change it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/event_sink.hpp"
#include "concertres/line.hpp"
#include "concertres/result.hpp"
#include "concertres/ticket.hpp"
#include "concertres/time.hpp"
#include "concertres/token.hpp"

namespace concertres {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

// Who runs the writer.
enum class Running : std::uint8_t {
    own_thread,  // a thread of the box office's own
    by_host,     // the host calls step(); no thread is started. For simulation and virtual time
};

struct Options {
    // --- what buyers see
    // How long seats are kept. Long enough to pay, short enough that what is let go comes back.
    Duration hold_ttl = std::chrono::minutes(5);
    // How long a hold may live with all its extensions.
    Duration extend_max = std::chrono::minutes(15);
    // How long a pass lives after admission, unless its room says otherwise; holds prolong it...
    Duration pass_ttl = std::chrono::minutes(10);
    // ...but never past this, so that nobody keeps a slot for ever.
    Duration pass_max = std::chrono::minutes(30);
    // How long a token is believed; asking again gives a fresh one for the same place.
    Duration token_max_age = std::chrono::days(7);
    // How often a room admits, and how soon a freed slot is given on.
    Duration tick = std::chrono::seconds(1);
    // How long a load that the host has reported is believed (BoxOffice::report_load). Longer than
    // the host's interval, or its rooms stop opening up.
    Duration load_stale = std::chrono::seconds(10);

    // --- bounds
    // People who wait in one room; one more is refused (`room_full`).
    std::int64_t waiting_max = 20'000'000;
    // Reservations that one payment may name.
    std::size_t reservations_per_payment = 16;
    // Commands that wait for the writer; one more is refused (`overloaded`).
    std::size_t inbox_max = 65'536;
    // Commands that one commit carries. More of them share a sync; fewer are answered sooner.
    std::size_t group_max = 4'096;
    // Rows that one page of a list has at most.
    std::size_t page_max = 1'000;
    // A command that waited longer than this for the writer is not started (`request_timeout`).
    Duration request_timeout = std::chrono::seconds(10);

    // --- running
    Running running = Running::own_thread;
    // Tidies up dead holds and passes. Nothing depends on it: what is past its time is dead anyway.
    bool sweeps = true;
    // Policies of the host's own, by the name that RoomPolicy::custom gives. A name that is missing
    // here admits nobody.
    std::map<std::string, std::shared_ptr<const AdmissionPolicy>> policies{};
    // Sign and verify tokens: the first signs, all verify (token.hpp says how to rotate them).
    // Empty: the store's own, which it made when it was new. BoxOffice::replace_token_keys changes
    // them.
    std::vector<TokenKey> token_keys{};
    // Sign tickets: the first signs, the public halves of all are told (ticket.hpp says how to
    // rotate them). Empty: one that is the store's own. BoxOffice::replace_ticket_keys changes
    // them.
    std::vector<TicketKey> ticket_keys{};
    // Keeps who waits, in place of the storage (line.hpp), at every concert whose room is first
    // joined while it is set and draws no lots; such a room stays with it for ever, and takes
    // nobody where it is missing. All instances of a shared store have the same.
    std::shared_ptr<LineStore> line{};
    // For so long after that line was lost nobody is let in, and whoever has a token comes back to
    // the place that it names: twice as long as anybody is told to wait before asking again.
    Duration line_rebuild = std::chrono::minutes(2);
    // Told of commits. Lifetime: outlives the box office.
    EventSink* events = nullptr;
    // Told of what an operator should know. Threads: any; it neither throws nor blocks.
    std::function<void(LogLevel, std::string_view)> log{};
};

// What a BoxOffice asks of its options; its constructor throws std::invalid_argument with the
// detail. Refuses: request_invalid, naming the option (a time or bound below 1; pass_max below
// pass_ttl; extend_max below hold_ttl; a policy that is null; token_keys or
// ticket_keys that are not empty and that their check() refuses).
[[nodiscard]] Result<void> check(const Options& options);

}  // namespace concertres

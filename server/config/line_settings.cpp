// The settings of where those are kept who wait: see settings_table.cpp.
#include "config/setting_makers.hpp"

namespace concertres::server {

void add_line_settings(std::vector<Setting>& all) {
    constexpr Section section = Section::line;
    // A server that stops waits for calls that are under way, and is to be gone within 10 s.
    constexpr Bounds timeout{10, 3'000};
    all.push_back(text(section,
                       {"line", "URI|off",
                        "A Redis that keeps who waits, in place of the store, at each concert "
                        "whose room is first joined while it is set: redis://HOST:PORT, or "
                        "rediss:// with TLS, as docs/reference/redis.md says. All servers of a "
                        "sale have the same."},
                       true, line_fault, CONCERTRES_MEMBER(line.address)));
    all.push_back(milliseconds(
        section,
        {"line-timeout-ms", "MS", "How long a call to line may take until its answer is there."},
        timeout, CONCERTRES_MEMBER(line.timeout)));
    all.push_back(milliseconds(section,
                               {"line-rebuild-ms", "MS",
                                "After line was lost nobody is let in for so long, and whoever has "
                                "a token comes back to the place that it names: twice as long as "
                                "anybody is told to wait before asking again."},
                               {1, 3'600'000}, CONCERTRES_MEMBER(engine.line_rebuild)));
}

}  // namespace concertres::server

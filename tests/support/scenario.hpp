// A scenario is a table of what people do and what they are answered, in virtual time; it is
// replayed on every backend. A line is a command, a query, or something that happens to the box
// office.
//
//   concert C1 seats=50 price=50000 active=2
//   performance P1 2026-12-24T19:00:00+09:00
//   join U1 C1 -> waiting 1
//   tick C1 -> 1
//   hold H1 U1 P1 7,8 -> held until=300s total=100000
//   advance 301s
//   pay Y1 U1 H1 -> reservation_expired
//
// What stands after `->` is the beginning of the answer's words, and some of its fields; a
// refusal's word is its code. A line without `->` must not be refused. Names are the table's own; a
// name that nothing has is the id of nothing. Time begins at 2026-12-01T00:00:00Z, and times in
// answers (`until`, `paid_at`) are store time since then. At the end the audit must be clean.
//
// What happens:
//   at 60s | advance 60s      virtual time goes on; the box office does what it does by itself
//   wall -1h                  somebody sets the wall clock; no time passes
//   options hold_ttl=5m ...   from the next opening on; the fields of Options
//   sweeps off | sweeps on    likewise
//   restart                   the box office is closed and opened again
//   crash                     it is gone without having been closed, and another opens what it left
//   stop                      it takes no more commands
//   needs lasting | copies    the table is for stores that outlive their process, or that make
//                             backups
//   together ... end          the lines between are sent at once, before the box office does
//   anything;
//                             `advance` between them passes time without it
//   audit                     -> clean
//   backup                    a backup is made, and audited: -> clean
//   restore                   the box office goes on with the latest backup
// What people do and ask: see scenario_verbs.cpp and scenario_queries.cpp, one function each.
// Defaults: a command comes from the user's latest place (other: `place=`), a key is the name of
// what is made (other: `key=`, none: `key=none`), whoever made a thing asks for it (other: `by=`),
// and of which concert the place is, is not said (`token=` says it).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "concertres/line.hpp"
#include "support/backends.hpp"

namespace concertres::test {

struct Replayed {
    std::vector<std::string> faults;  // each begins with file:line
    bool skipped = false;             // the table is not for this backend
};

// Replays the table on a new store of this backend.
// With a line that keeps who waits, where it is told one.
[[nodiscard]] Replayed replay(const std::filesystem::path& table, const Backend& backend,
                              std::shared_ptr<LineStore> line = nullptr);

}  // namespace concertres::test

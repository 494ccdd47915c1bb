// What the program's exit codes mean; those above 63 are the ones of sysexits.h, so that a service
// manager can tell what a restart would mend.
#pragma once

namespace concertres::server::exit_code {

inline constexpr int good = 0;
inline constexpr int refused = 1;       // what was asked for was not done; the message says why
inline constexpr int usage = 64;        // the command line is wrong
inline constexpr int unavailable = 69;  // the store or the server cannot be reached
inline constexpr int failed = 70;       // the engine stopped: storage failed, or a bug
inline constexpr int config = 78;       // the configuration is wrong; a restart would not mend it
inline constexpr int missed = 99;       // `load`: a threshold was missed, as k6 has it

}  // namespace concertres::server::exit_code

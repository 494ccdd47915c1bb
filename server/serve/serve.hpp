// The server itself: one box office on one SQLite file, its listeners and its life from start to
// the last answer.
#pragma once

#include <functional>
#include <optional>

#include "config/command_line.hpp"

namespace concertres::server {

// Gives the settings and secrets as they stand now, for SIGHUP; nothing where they are faulty, and
// then it has said so.
using Reload = std::function<std::optional<ServeArguments>()>;

// Serves until a signal ends it, and returns the exit code.
int serve(ServeArguments arguments, const Reload& reload);

}  // namespace concertres::server

// Servers of others that tests start, as root under the name of a user whom they accept.
//
//   give_to_daemons(folder.path());
//   const pid_t pid = start_daemon({"/usr/sbin/pgbouncer", "pgbouncer.ini"}, folder.path() /
//   "log");
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace concertres::test {

// A folder in which they may write.
void give_to_daemons(const std::filesystem::path& folder);
// In a process of its own, which ends with the tests. What it prints goes to `log`.
[[nodiscard]] pid_t start_daemon(std::vector<std::string> command,
                                 const std::filesystem::path& log);
[[nodiscard]] std::string text_of(const std::filesystem::path& file);

}  // namespace concertres::test

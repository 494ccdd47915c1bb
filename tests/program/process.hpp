// A program that runs as a process of its own, and is gone when the test ends, however that ends.
//
//   Process audit({.arguments = {"audit", "--data", folder}});
//   CHECK(audit.wait() == "exit 0");
//   CHECK(contains(audit.out(), "clean"));
//
// Threads: one, which lives as long as the process may: the system kills the process when the
// thread that started it ends, so that even a killed test leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/temp_dir.hpp"

namespace concertres::test {

struct Launch {
    std::vector<std::string> arguments{};
    std::string program = CONCERTRES_PROGRAM;
    // Beside those of the test, without what the program would heed.
    std::vector<std::pair<std::string, std::string>> environment{};
    std::filesystem::path folder{};  // where it runs; empty: where the test does
    std::string out{};               // a file that takes what it prints, in place of out()
    bool out_is_closed = false;      // nobody reads what it prints
    // As Process::limit_files(), from the start.
    std::optional<std::uint64_t> file_bytes_max{};
    // So many file descriptors and no more.
    std::optional<std::uint64_t> descriptors_max{};
    // Takes from root the right to write where the file's rights forbid it.
    bool heeds_rights = false;
};

class Process {
  public:
    explicit Process(const Launch& launch);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t id() const { return pid_; }
    void signal(int number) const;
    // From now on no file of it can grow beyond this: every further write fails.
    void limit_files(std::uint64_t bytes) const;
    // How it ended: "exit 0", "signal 9"; "runs" where it did not in this time.
    std::string wait(std::chrono::milliseconds at_most = std::chrono::seconds(60));

    // What it has printed until now, on standard output and standard error.
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string err() const;
    // Whether standard error comes to have this text, while the program runs.
    [[nodiscard]] bool says(std::string_view text);

  private:
    TempDir folder_;
    pid_t pid_ = -1;
    std::string ended_{};
};

// What has run to its end.
struct Ran {
    std::string end;  // "exit 0"
    std::string out;
    std::string err;
};
[[nodiscard]] Ran run(const Launch& launch);

[[nodiscard]] bool contains(std::string_view text, std::string_view part);
[[nodiscard]] std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace concertres::test

// A run of load: makes the people of a profile go through its scenario against a server, at the
// times that the stages say, and measures. Whoever is to start when nobody is free starts late, and
// what they have waited counts: latencies begin when a request was to start.
//
//   Run run(plan);
//   run.prepare();                          // throws LoadError where there is nothing to be done
//   Record record = run.go([](const Record& so_far, Nanoseconds at) { ... });
//
// SIGINT or SIGTERM ends it early, in order; a second one at once.
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "load/profile.hpp"
#include "load/record.hpp"

namespace concertres::load {

struct Plan {
    std::string target;     // "http://127.0.0.1:8080"
    std::string concert{};  // empty: the first that is open
    std::string api_key{};  // empty: none
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    Profile profile{};
};

// Why there can be no run, for people.
class LoadError : public std::runtime_error {
  public:
    enum class Kind : std::uint8_t { unreachable, refused };

    LoadError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    [[nodiscard]] Kind kind() const { return kind_; }

  private:
    Kind kind_;
};

class Run {
  public:
    using Watch = std::function<void(const Record& so_far, Nanoseconds at)>;

    // Lifetime: the plan outlives it.
    explicit Run(const Plan& plan);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    // Finds the server and the concert; for arrivals it lets all join who serve them. Throws
    // LoadError.
    void prepare();
    // Once. `watch` is called a few times a second.
    [[nodiscard]] Record go(const Watch& watch);

    [[nodiscard]] const std::string& concert() const;
    // That prepare() has sent for those who serve arrivals; they are not in the record.
    [[nodiscard]] std::uint64_t prepared_requests() const;
    [[nodiscard]] bool interrupted() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace concertres::load

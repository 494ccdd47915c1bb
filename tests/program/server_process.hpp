// `concertres serve` as a process, on free ports of the loopback.
//
//   ServerProcess server({.data = folder});
//   const ImportedSale sale = import_sale({"--server", server.operators_url()}, sale_json(50));
//   ...
//   CHECK(server.stop() == "exit 0");
//   CHECK(audit({"--data", folder}).at("payments") == 1);
//
// Threads: one.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "program/process.hpp"

namespace concertres::test {

struct Serving {
    std::filesystem::path data{};  // empty: the store, or the demo where there is none either
    std::string store{};           // an address of PostgreSQL
    std::string listen = "127.0.0.1:0";
    std::vector<std::string> arguments{};
    Launch launch{};  // all but its arguments
    // Nobody is turned away because the machine is slow; a drill wants just that.
    bool is_patient = true;
};

class ServerProcess {
  public:
    // Returns when it is ready; throws, with what it said, where it does not come to that.
    explicit ServerProcess(const Serving& serving);

    // Starts one and kills it after so long, ready or not.
    static void kill_while_starting(const Serving& serving, std::chrono::milliseconds after);

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const std::string& operators_url() const { return operators_url_; }
    [[nodiscard]] std::uint16_t port() const;
    // "127.0.0.1:41234": where it listens, for one that follows it.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] Process& process() { return process_; }

    // Asks it to end, and says how it did: within the ten seconds that are promised.
    std::string stop(int signal = SIGTERM);
    // kill -9: it has no chance to do anything.
    void kill();

  private:
    Process process_;
    std::string url_;
    std::string operators_url_;
};

}  // namespace concertres::test

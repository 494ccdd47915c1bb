// Where a command does its work: on a store of its own, or by asking a running server.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "concertres/box_office.hpp"
#include "concertres/error.hpp"
#include "config/command_line.hpp"
#include "http/client.hpp"

namespace concertres::server {

// What ends a command: a message for people, and the exit code.
struct Failure {
    std::string message;
    int exit_code = 1;
};

// The file of a sale in its folder.
[[nodiscard]] std::filesystem::path store_file(const std::filesystem::path& folder);

// Opens the store: a folder's only where nobody else has it open. Throws Failure; where a server
// has it, the message names --server. `must_exist`: a new one is not made.
[[nodiscard]] std::unique_ptr<Storage> open_store(const StoreArguments& where, bool must_exist);

// Asks the running server, and gives the body of its answer. Throws Failure for anything else.
[[nodiscard]] std::string ask_server(const StoreArguments& where, http::Call call);

// A refusal, as a Failure.
[[nodiscard]] Failure refused(const Error& error);

// The code with which a program ends that has printed all it had to: another where the text did not
// reach standard output, and then it has said so.
[[nodiscard]] int printed(int code);

// Runs a command's work and says what ended it.
int guarded(const std::function<int()>& work);

// Shows on a terminal that something takes its time: "auditing ... 12 s".
class Patience {
  public:
    explicit Patience(std::string what);
    ~Patience();
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

    // How far it is, where that is known. Threads: any.
    void tell(std::size_t done, std::size_t total);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;  // nothing: standard error is no terminal
};

}  // namespace concertres::server

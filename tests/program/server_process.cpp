#include "program/server_process.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>

namespace concertres::test {

namespace {

Launch launch_of(const Serving& serving) {
    Launch launch = serving.launch;
    launch.arguments = {"serve", "--listen", serving.listen, "--admin-listen", "127.0.0.1:0"};
    if (!serving.store.empty()) {
        launch.arguments.insert(launch.arguments.end(), {"--store", serving.store});
    } else if (serving.data.empty()) {
        launch.arguments.emplace_back("--demo");
    } else {
        launch.arguments.insert(launch.arguments.end(), {"--data", serving.data.string()});
    }
    if (serving.is_patient) {
        launch.arguments.insert(launch.arguments.end(), {"--wait-max-ms", "3600000"});
    }
    launch.arguments.insert(launch.arguments.end(), serving.arguments.begin(),
                            serving.arguments.end());
    return launch;
}

}  // namespace

ServerProcess::ServerProcess(const Serving& serving) : process_(launch_of(serving)) {
    static const std::regex ready(
        R"(concertres \S+ is ready at (http://\S+) \(operators: (http://\S+)\)\n)");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::string out;  // outlives the parts, which refer to it
    std::smatch parts;
    while (!std::regex_search(out, parts, ready)) {
        const std::string end = process_.wait(std::chrono::milliseconds(2));
        out = process_.out();
        if (end != "runs" || std::chrono::steady_clock::now() > until) {
            throw std::runtime_error(
                fmt::format("the server is not ready ({}): {}{}", end, out, process_.err()));
        }
    }
    url_ = parts[1];
    operators_url_ = parts[2];
}

void ServerProcess::kill_while_starting(const Serving& serving, std::chrono::milliseconds after) {
    Process process(launch_of(serving));
    std::this_thread::sleep_for(after);
    process.signal(SIGKILL);
    REQUIRE(process.wait() == "signal 9");
}

std::string ServerProcess::address() const { return url_.substr(std::string("http://").size()); }

std::uint16_t ServerProcess::port() const {
    return static_cast<std::uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
}

std::string ServerProcess::stop(int signal) {
    process_.signal(signal);
    return process_.wait(std::chrono::seconds(10));
}

void ServerProcess::kill() {
    process_.signal(SIGKILL);
    REQUIRE(process_.wait() == "signal 9");
}

}  // namespace concertres::test

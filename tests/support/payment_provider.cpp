#include "support/payment_provider.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// All that is answered until the connection closes.
std::string talk(std::uint16_t port, const std::string& request) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* untyped = &address;
    std::string answer;
    if (::connect(fd, static_cast<const sockaddr*>(untyped), sizeof address) == 0) {
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        char bytes[4096];
        for (ssize_t count = 0; (count = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) {
            answer.append(bytes, static_cast<std::size_t>(count));
        }
    }
    ::close(fd);
    return answer;
}

}  // namespace

PaymentProvider::PaymentProvider(const Words& faults) { launch(faults); }

void PaymentProvider::launch(const Words& faults) {
    Words arguments{
        "--log",  folder_.path() / "log", "--key",          key,
        "--port", std::to_string(port_),  "--control-port", std::to_string(control_port_)};
    for (const std::string& fault : faults) {
        arguments.emplace_back("--fault");
        arguments.push_back(fault);
    }
    process_ = std::make_unique<Process>(
        Launch{.arguments = arguments, .program = CONCERTRES_PAYMENT_PROVIDER});
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!contains(process_->out(), "\n")) {
        if (process_->wait(2ms) != "runs" || std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("the payment provider does not start: " + process_->err());
        }
    }
    std::istringstream ports(process_->out());
    ports >> port_ >> control_port_;
}

void PaymentProvider::kill() {
    process_->signal(SIGKILL);
    process_->wait();
}

void PaymentProvider::start() { launch({}); }

std::string PaymentProvider::control(const std::string& line, const std::string& body) const {
    const std::string answer =
        talk(control_port_, line + " HTTP/1.1\r\nHost: provider\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
    if (!answer.starts_with("HTTP/1.1 200")) {
        throw std::runtime_error("the payment provider: " + line + ' ' + body + ": " + answer);
    }
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

void PaymentProvider::fault(const std::string& text) const {
    static_cast<void>(control("POST /fault", text));
}

void PaymentProvider::clear() const { static_cast<void>(control("POST /clear")); }

void PaymentProvider::set_down(bool is_down) const {
    static_cast<void>(control(is_down ? "POST /down" : "POST /up"));
}

PaymentProvider::Words PaymentProvider::effects() const {
    return lines_of(read_file(folder_.path() / "log"));
}

PaymentProvider::Words PaymentProvider::effects(PaymentId id) const {
    Words found;
    for (const std::string& line : effects()) {
        std::istringstream words(line);
        std::string of;
        std::string effect;
        words >> of >> effect;
        if (of == id.to_string()) found.push_back(effect);
    }
    return found;
}

std::size_t PaymentProvider::requests(const std::string& step, PaymentId id) const {
    const Words all = lines_of(control("GET /requests"));
    return static_cast<std::size_t>(std::ranges::count(all, step + ' ' + id.to_string()));
}

}  // namespace concertres::test

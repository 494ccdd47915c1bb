#include "program/naive_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace concertres::test {

using namespace std::chrono_literals;

NaiveProxy::NaiveProxy(std::uint16_t server)
    : server_port_(server),
      server_(std::make_unique<RawSocket>(server)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof own;
    void* untyped = &own;
    auto* const any = static_cast<sockaddr*>(untyped);
    if (::bind(listener_, any, bytes) != 0 || ::listen(listener_, 256) != 0 ||
        ::getsockname(listener_, any, &bytes) != 0) {
        throw std::system_error(errno, std::generic_category(), "the proxy cannot listen");
    }
    port_ = ntohs(own.sin_port);
    thread_ = std::thread([this] { run(); });
}

NaiveProxy::~NaiveProxy() {
    stopping_ = true;
    thread_.join();
    for (const int client : clients_) ::close(client);
    ::close(listener_);
}

void NaiveProxy::run() {
    while (!stopping_) {
        std::vector<pollfd> waits{{.fd = listener_, .events = POLLIN, .revents = 0}};
        for (const int client : clients_) {
            waits.push_back({.fd = client, .events = POLLIN, .revents = 0});
        }
        if (::poll(waits.data(), waits.size(), 20) <= 0) continue;
        for (std::size_t i = 1; i < waits.size(); ++i) {
            if (waits[i].revents == 0 || pass_on(waits[i].fd)) continue;
            ::close(waits[i].fd);
            std::erase(clients_, waits[i].fd);
        }
        if (waits[0].revents == 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) clients_.push_back(client);
    }
}

bool NaiveProxy::pass_on(int client) {
    std::array<char, 64 * 1024> part{};
    const auto bytes = ::recv(client, part.data(), part.size(), 0);
    if (bytes <= 0) return false;
    const std::string_view request(part.data(), static_cast<std::size_t>(bytes));
    for (int attempt = 0; attempt < 2; ++attempt) {
        try {
            server_->send(request);
            if (!server_->hears(200ms)) return true;
            const RawAnswer answer = server_->receive();
            const std::string whole = answer.head + answer.body;
            return ::send(client, whole.data(), whole.size(), MSG_NOSIGNAL) > 0;
        } catch (const std::runtime_error&) {
            // The server has closed, after the answer before this one.
            server_ = std::make_unique<RawSocket>(server_port_);
        }
    }
    return false;
}

}  // namespace concertres::test

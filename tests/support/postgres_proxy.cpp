#include "support/postgres_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace concertres::test {
namespace {

// A statement that is run goes by its name, behind the empty name of a portal.
constexpr std::string_view question("\0commit\0", 8);
constexpr std::string_view answer("COMMIT\0", 7);
constexpr std::string_view rollback("ROLLBACK\0", 9);
constexpr const char* socket_name = "/.s.PGSQL.5432";

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return address;
}

// Reads what there is and writes it to `to`. False: an end is reached, or `words` were in it.
bool pass_on(int from, int to, std::string_view words, bool& found) {
    std::array<char, 65'536> bytes;
    const ssize_t size = ::read(from, bytes.data(), bytes.size());
    if (size <= 0) return false;
    std::string_view chunk(bytes.data(), static_cast<std::size_t>(size));
    found = !words.empty() && chunk.find(words) != std::string_view::npos;
    if (found) return false;
    while (!chunk.empty()) {
        const ssize_t sent = ::send(to, chunk.data(), chunk.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        chunk.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

PostgresProxy::PostgresProxy(const PostgresServer& server)
    : server_socket_(server.socket_folder().string() + socket_name) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), size) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    port_ = ntohs(here.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

PostgresProxy::~PostgresProxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
}

std::string PostgresProxy::conninfo(const std::string& database) const {
    return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database + " user=sale";
}

std::string PostgresProxy::address(const std::string& database) const {
    return "postgres://sale@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresProxy::accept_all() {
    while (!stopping_) {
        pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 20) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const std::lock_guard lock(mutex_);
        connections_.emplace_back([this, client] { pass(client); });
    }
}

void PostgresProxy::pass(int client) {
    const int generation = generation_;
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un there = address_of(server_socket_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    while (open && !stopping_ && generation == generation_) {
        if (silent_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            continue;
        }
        std::array<pollfd, 2> ready{{{.fd = client, .events = POLLIN, .revents = 0},
                                     {.fd = server, .events = POLLIN, .revents = 0}}};
        if (::poll(ready.data(), ready.size(), 20) <= 0) continue;
        std::this_thread::sleep_for(delay_.load());
        if (silent_) continue;
        const Cut cut = next_;
        bool found = false;
        if (ready[0].revents != 0) {
            open = pass_on(client, server, cut == Cut::question ? question : "", found);
        }
        if (open && ready[1].revents != 0) {
            const std::string_view words = cut == Cut::answer     ? answer
                                           : cut == Cut::rollback ? rollback
                                                                  : "";
            open = pass_on(server, client, words, found);
        }
        if (found) {
            next_ = Cut::none;
            ++cuts_;
        }
    }
    ::close(client);
    ::close(server);
}

}  // namespace concertres::test

#include "drills/slow_crowd.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "drills/drill.hpp"

namespace concertres::test {

namespace {

// Loopback has a limited number of ports for each address.
constexpr int clients_per_address = 5'000;
constexpr std::string_view slow_body_head =
    "POST /v1/reservations HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
    "Content-Length: 60000\r\n\r\n";
constexpr std::string_view slow_head = "GET /v1/concerts HTTP/1.1\r\nHost: slow\r\nX-Slow: ";

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) fail("inet_pton");
    return address;
}

template <class Call>
int with_address(const sockaddr_in& address, Call call) {
    const void* const untyped = &address;
    return call(static_cast<const sockaddr*>(untyped), socklen_t{sizeof address});
}

}  // namespace

SlowCrowd::SlowCrowd(std::uint16_t port, const Shape& shape) : shape_(shape) {
    raise_descriptor_limit();
    clients_.insert(clients_.end(), static_cast<std::size_t>(shape.heads), {.kind = Kind::head});
    clients_.insert(clients_.end(), static_cast<std::size_t>(shape.bodies), {.kind = Kind::body});
    clients_.insert(clients_.end(), static_cast<std::size_t>(shape.readers),
                    {.kind = Kind::reader});
    connect_all(port);
    thread_ = std::thread([this] { run(); });
}

SlowCrowd::~SlowCrowd() {
    stopping_ = true;
    thread_.join();
    for (Client& client : clients_) {
        if (client.socket >= 0) ::close(client.socket);
    }
}

void SlowCrowd::connect_all(std::uint16_t port) {
    const sockaddr_in server = address_of("127.0.0.1", port);
    int number = 0;
    for (Client& client : clients_) {
        client.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client.socket < 0) fail("socket");
        const std::string from = fmt::format("127.0.1.{}", 1 + number++ / clients_per_address);
        const int small = 4 * 1024;
        if (client.kind == Kind::reader) {
            ::setsockopt(client.socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        }
        const auto bound = with_address(address_of(from, 0), [&](auto address, auto size) {
            return ::bind(client.socket, address, size);
        });
        const auto connected = bound != 0 ? bound : with_address(server, [&](auto to, auto size) {
            return ::connect(client.socket, to, size);
        });
        if (connected != 0) fail("connect");
        begin(client);
    }
}

void SlowCrowd::begin(Client& client) const {
    const std::string_view first = client.kind == Kind::head   ? slow_head
                                   : client.kind == Kind::body ? slow_body_head
                                                               : std::string_view(shape_.request);
    (void)::send(client.socket, first.data(), first.size(), MSG_NOSIGNAL);
}

// All in turn, over and over, so that each sends or takes a byte about once a pause; a few at a
// time, for each is slow by itself.
void SlowCrowd::run() {
    constexpr auto slice = std::chrono::milliseconds(1);
    const auto slices = std::max<std::size_t>(1, static_cast<std::size_t>(shape_.pause / slice));
    const std::size_t at_once = clients_.size() / slices + 1;
    for (std::size_t next = 0; !stopping_;) {
        for (std::size_t i = 0; i < at_once && !clients_.empty(); ++i) {
            nudge(clients_[next++ % clients_.size()]);
        }
        std::this_thread::sleep_for(slice);
    }
}

void SlowCrowd::nudge(Client& client) {
    if (client.socket < 0) return;
    char byte = 'x';
    if (client.kind == Kind::reader) {
        // The end shows, though there is more to read.
        pollfd ended{.fd = client.socket, .events = 0, .revents = 0};
        const bool is_cut =
            ::poll(&ended, 1, 0) > 0 || ::recv(client.socket, &byte, 1, MSG_DONTWAIT) == 0;
        if (is_cut) close(client);
        return;
    }
    // Whoever was cut was told why before: that is read, and then the end.
    char told[4 * 1024];
    const auto heard = ::recv(client.socket, told, sizeof told, MSG_DONTWAIT);
    if (heard == 0 || (heard < 0 && errno != EAGAIN)) return close(client);
    if (::send(client.socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) {
        close(client);
    }
}

void SlowCrowd::close(Client& client) {
    ::close(std::exchange(client.socket, -1));
    ++cut_[static_cast<std::size_t>(client.kind)];
}

bool SlowCrowd::all_are_cut(std::chrono::seconds at_most) const {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < until) {
        if (cut(Kind::head) == shape_.heads && cut(Kind::body) == shape_.bodies &&
            cut(Kind::reader) == shape_.readers) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

}  // namespace concertres::test

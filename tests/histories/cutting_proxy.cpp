#include "histories/cutting_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace concertres::test {

namespace {

// Closed when it goes.
class Socket {
  public:
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

sockaddr_in address(const Address& at) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(at.port);
    ::inet_pton(AF_INET, at.host.c_str(), &address.sin_addr);
    return address;
}

int connect_to(const Address& at) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in to = address(at);
    const void* untyped = &to;
    if (::connect(fd, static_cast<const sockaddr*>(untyped), sizeof to) == 0) return fd;
    ::close(fd);
    return -1;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void set_no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

enum class Heard : std::uint8_t { nothing, client, server, end };

// Waits a little for either.
Heard hear(int client, int server, std::string& part) {
    pollfd both[] = {{.fd = client, .events = POLLIN, .revents = 0},
                     {.fd = server, .events = POLLIN, .revents = 0}};
    if (::poll(both, 2, 20) <= 0) return Heard::nothing;
    const bool asks = both[0].revents != 0;
    part.resize(16 * 1024);
    const auto bytes = ::recv(asks ? client : server, part.data(), part.size(), 0);
    if (bytes <= 0) return Heard::end;
    part.resize(static_cast<std::size_t>(bytes));
    return asks ? Heard::client : Heard::server;
}

// Where a message is cut.
enum class Cut : std::uint8_t { none, before, within, after, answer };

std::size_t bytes_before(Cut cut, std::size_t all) {
    switch (cut) {
        case Cut::before:
            return 0;
        case Cut::within:
        case Cut::answer:
            return all / 2;
        default:
            return all;
    }
}

}  // namespace

CuttingProxy::CuttingProxy(const CuttingProxyShape& shape) : shape_(shape) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own = address({});
    socklen_t bytes = sizeof own;
    void* untyped = &own;
    auto* const any = static_cast<sockaddr*>(untyped);
    if (::bind(listener_, any, sizeof own) != 0 || ::listen(listener_, 256) != 0 ||
        ::getsockname(listener_, any, &bytes) != 0) {
        throw std::system_error(errno, std::generic_category(), "the proxy cannot listen");
    }
    port_ = ntohs(own.sin_port);
    acceptor_ = std::thread([this] { accept(); });
}

CuttingProxy::~CuttingProxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
}

void CuttingProxy::accept() {
    std::uint32_t number = 0;
    while (!stopping_) {
        pollfd waits{.fd = listener_, .events = POLLIN, .revents = 0};
        if (::poll(&waits, 1, 20) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const std::uint32_t seed = shape_.seed * 1'000'003u + number++;
        connections_.emplace_back([this, client, seed] { serve(client, seed); });
    }
}

// Clients send a request in one piece and wait for its answer, so whatever comes from one side at
// once is a message, or the next part of one.
void CuttingProxy::serve(int accepted, std::uint32_t seed) {
    const Socket client(accepted);
    const Socket server(connect_to(shape_.upstream));
    if (server.fd() < 0) return;
    set_no_delay(client.fd());
    set_no_delay(server.fd());
    std::mt19937 random(seed);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    Cut cut = Cut::none;
    std::string part;
    while (!stopping_) {
        const Heard heard = hear(client.fd(), server.fd(), part);
        if (heard == Heard::nothing) continue;
        if (heard == Heard::end) return;
        if (heard == Heard::client) {
            const bool cuts = random() % 100 < shape_.cut_percent;
            cut = cuts ? static_cast<Cut>(1 + random() % 4) : Cut::none;
        }
        const bool is_here =
            heard == Heard::client ? cut != Cut::none && cut != Cut::answer : cut == Cut::answer;
        const int to = heard == Heard::client ? server.fd() : client.fd();
        if (!is_here) {
            if (!send_all(to, part)) return;
            continue;
        }
        ++cuts_;
        send_all(to, std::string_view(part).substr(0, bytes_before(cut, part.size())));
        return;
    }
}

}  // namespace concertres::test

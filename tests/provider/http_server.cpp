#include "provider/http_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace concertres::test {
namespace {

void check(bool well, const char* what) {
    if (!well) throw std::system_error(errno, std::generic_category(), what);
}

bool receive(int fd, std::string& in) {
    char bytes[4096];
    const auto count = ::recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    in.append(bytes, static_cast<std::size_t>(count));
    return true;
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

HttpRequest read_head(std::string_view head) {
    HttpRequest request;
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first != std::string_view::npos && first < last) {
        request.method = std::string(line.substr(0, first));
        request.path = std::string(line.substr(first + 1, last - first - 1));
    }
    head.remove_prefix(line.size() + 2);
    while (!head.empty()) {
        const std::string_view field = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), field.size() + 2));
        const std::size_t colon = field.find(": ");
        if (colon == std::string_view::npos) continue;
        std::string name(field.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        request.fields[name] = std::string(field.substr(colon + 2));
    }
    return request;
}

// The next request of a connection; `in` is what has come and is not read.
std::optional<HttpRequest> next_request(int fd, std::string& in) {
    std::size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) {
        if (!receive(fd, in)) return {};
    }
    HttpRequest request = read_head(std::string_view(in).substr(0, end + 2));
    in.erase(0, end + 4);
    const auto length = request.fields.find("content-length");
    const std::size_t bytes = length == request.fields.end() ? 0 : std::stoul("0" + length->second);
    while (in.size() < bytes) {
        if (!receive(fd, in)) return {};
    }
    request.body = in.substr(0, bytes);
    in.erase(0, bytes);
    return request;
}

std::string text_of(const HttpReply& reply) {
    const std::string text = "HTTP/1.1 " + std::to_string(reply.status) +
                             " Said\r\nContent-Type: application/json\r\nContent-Length: " +
                             std::to_string(reply.body.size()) + "\r\n" + reply.fields + "\r\n" +
                             reply.body;
    switch (reply.sending) {
        case Sending::nothing:
            return {};
        case Sending::half:
            return text.substr(0, text.size() - reply.body.size() / 2);
        case Sending::twice:
            return text + text;
        case Sending::whole:
            break;
    }
    return text;
}

}  // namespace

struct HttpServer::Shared {
    Handler handler;
    std::mutex mutex;
    int listener = -1;
    bool closed = false;
    std::set<int> peers{};

    void serve(int fd) const {
        std::string in;
        while (const auto request = next_request(fd, in)) {
            const HttpReply reply = handler(*request);
            std::this_thread::sleep_for(reply.after);
            send_all(fd, text_of(reply));
            if (reply.sending == Sending::nothing || reply.sending == Sending::half) return;
        }
    }
    void accept_all(const std::shared_ptr<Shared>& self) {
        while (true) {
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            std::lock_guard lock(mutex);
            if (fd < 0 || closed) {
                if (fd >= 0) ::close(fd);
                ::close(listener);
                return;
            }
            peers.insert(fd);
            std::thread([self, fd] {
                self->serve(fd);
                std::lock_guard lock_of_peer(self->mutex);
                self->peers.erase(fd);
                ::close(fd);
            }).detach();
        }
    }
};

HttpServer::HttpServer(std::uint16_t port, Handler handler) : shared_(std::make_shared<Shared>()) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(listener >= 0, "socket");
    const int on = 1;
    check(::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* untyped = &address;
    socklen_t size = sizeof address;
    check(::bind(listener, static_cast<sockaddr*>(untyped), size) == 0, "bind");
    check(::listen(listener, 128) == 0, "listen");
    check(::getsockname(listener, static_cast<sockaddr*>(untyped), &size) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    shared_->handler = std::move(handler);
    shared_->listener = listener;
    std::thread([shared = shared_] { shared->accept_all(shared); }).detach();
}

HttpServer::~HttpServer() {
    std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
    ::shutdown(shared_->listener, SHUT_RDWR);
    for (const int fd : shared_->peers) ::shutdown(fd, SHUT_RDWR);
}

}  // namespace concertres::test

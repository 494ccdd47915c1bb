// A blocking TCP client for tests that must say exactly which bytes go out, and in which pieces.
// Every wait ends after ten seconds with an exception.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "http/text.hpp"

namespace concertres {

struct RawAnswer {
    int status = 0;
    std::string head;  // with the empty line
    std::string body;

    [[nodiscard]] bool has(std::string_view text) const {
        return head.find(text) != std::string::npos;
    }
};

// Proxies write the names of fields as they like.
inline std::string in_lower_case(std::string text) {
    for (char& c : text) c = http::lower(c);
    return text;
}

class RawSocket {
  public:
    explicit RawSocket(std::uint16_t port, int receive_buffer_bytes = 0,
                       const char* host = "127.0.0.1")
        : RawSocket() {  // so that the socket is closed also where this throws
        if (receive_buffer_bytes > 0) set(SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
        set(IPPROTO_TCP, TCP_NODELAY, 1);
        set(SOL_SOCKET, SO_RCVTIMEO, timeval{.tv_sec = 10, .tv_usec = 0});
        set(SOL_SOCKET, SO_SNDTIMEO, timeval{.tv_sec = 10, .tv_usec = 0});
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        check(::inet_pton(AF_INET, host, &address.sin_addr) == 1, host);
        const void* untyped = &address;
        check(::connect(fd_, static_cast<const sockaddr*>(untyped), sizeof address) == 0,
              "connect");
    }
    ~RawSocket() { ::close(fd_); }
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    // False where the server takes no more.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void send_byte_by_byte(std::string_view bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (!send(bytes.substr(i, 1))) return;
        }
    }
    void shut_send() { ::shutdown(fd_, SHUT_WR); }

    // The next answer. `bodiless`: it answers HEAD.
    RawAnswer receive(bool bodiless = false) {
        RawAnswer answer;
        std::size_t end = 0;
        while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
            if (!receive_some()) throw std::runtime_error("closed without an answer: " + in_);
        }
        answer.head = in_.substr(0, end + 4);
        in_.erase(0, end + 4);
        answer.status = number(std::string_view(answer.head).substr(9, 3));
        const std::size_t length = in_lower_case(answer.head).find("\r\ncontent-length: ");
        if (bodiless || length == std::string::npos) return answer;
        const std::size_t digits = length + 18;
        const auto bytes = static_cast<std::size_t>(number(
            std::string_view(answer.head).substr(digits, answer.head.find('\r', digits) - digits)));
        while (in_.size() < bytes) {
            if (!receive_some()) throw std::runtime_error("closed within an answer");
        }
        answer.body = in_.substr(0, bytes);
        in_.erase(0, bytes);
        return answer;
    }
    // The head of an answer whose body goes on.
    std::string receive_head() {
        while (in_.find("\r\n\r\n") == std::string::npos) {
            if (!receive_some()) throw std::runtime_error("closed without an answer: " + in_);
        }
        std::string head = in_.substr(0, in_.find("\r\n\r\n") + 4);
        in_.erase(0, head.size());
        return head;
    }
    // The next chunk of it; empty: the last one.
    std::string receive_chunk() {
        while (in_.find("\r\n") == std::string::npos) {
            if (!receive_some()) throw std::runtime_error("closed between two chunks");
        }
        const std::size_t begin = in_.find("\r\n") + 2;
        std::size_t bytes = 0;
        std::from_chars(in_.data(), in_.data() + begin - 2, bytes, 16);
        while (in_.size() < begin + bytes + 2) {
            if (!receive_some()) throw std::runtime_error("closed within a chunk");
        }
        std::string chunk = in_.substr(begin, bytes);
        in_.erase(0, begin + bytes + 2);
        return chunk;
    }
    // Takes some of what has come, unread; false at the end.
    bool take_some() {
        const bool some = receive_some();
        in_.clear();
        return some;
    }
    // Whether anything comes in this time, be it the end.
    bool hears(std::chrono::milliseconds at_most) {
        pollfd waits{.fd = fd_, .events = POLLIN, .revents = 0};
        return !in_.empty() || ::poll(&waits, 1, static_cast<int>(at_most.count())) > 0;
    }
    // Whether the server closes now, without a further byte.
    bool closes() { return in_.empty() && !receive_some(); }

  private:
    RawSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        check(fd_ >= 0, "socket");
    }
    static void check(bool well, const char* what) {
        if (!well) throw std::system_error(errno, std::generic_category(), what);
    }
    static int number(std::string_view text) {
        int value = -1;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }
    template <class Value>
    void set(int level, int option, const Value& value) const {
        check(::setsockopt(fd_, level, option, &value, sizeof value) == 0, "setsockopt");
    }
    // False at the end, orderly or not.
    bool receive_some() {
        char part[64 * 1024];
        const auto bytes = ::recv(fd_, part, sizeof part, 0);
        if (bytes < 0 && errno != ECONNRESET) check(false, "recv");
        if (bytes > 0) in_.append(part, static_cast<std::size_t>(bytes));
        return bytes > 0;
    }

    int fd_;
    std::string in_;
};

}  // namespace concertres

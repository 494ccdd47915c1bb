#include "line/fake_redis.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "redis/reply.hpp"

namespace concertres::test {

FakeRedis::FakeRedis(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), size) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
        throw std::runtime_error("the fake server cannot listen");
    }
    port_ = ntohs(here.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

FakeRedis::~FakeRedis() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
}

void FakeRedis::set_info(const std::string& info) {
    const std::lock_guard lock(mutex_);
    info_ = info;
}

void FakeRedis::set_hello(const std::string& command, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    hello_command_ = command;
    hello_bytes_ = bytes;
}

std::string FakeRedis::good_info() {
    return "run_id:0123456789abcdef0123456789abcdef01234567\r\n"
           "master_replid:89abcdef0123456789abcdef0123456789abcdef\r\n"
           "role:master\r\nmaxmemory:0\r\n";
}

std::string FakeRedis::text(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

void FakeRedis::accept_all() {
    while (!stopping_) {
        pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 10) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        ++count_;
        connections_.emplace_back([this, client] { serve(client); });
    }
}

void FakeRedis::serve(int client) {
    redis::ReplyReader reader;
    std::array<char, 65'536> bytes;
    bool is_open = true;
    while (is_open && !stopping_) {
        pollfd ready{.fd = client, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 10) <= 0) continue;
        const ssize_t size = ::read(client, bytes.data(), bytes.size());
        if (size <= 0) break;
        reader.feed({bytes.data(), static_cast<std::size_t>(size)});
        while (auto command = reader.next()) {
            std::vector<std::string> words;
            for (const redis::Reply& word : command->elements) words.push_back(word.text);
            const auto answer = answer_to(words);
            is_open = answer && ::send(client, answer->data(), answer->size(), MSG_NOSIGNAL) ==
                                    static_cast<ssize_t>(answer->size());
            if (!is_open) break;
        }
    }
    ::close(client);
}

std::optional<std::string> FakeRedis::answer_to(const std::vector<std::string>& words) {
    const std::lock_guard lock(mutex_);
    const std::string& command = words.front();
    if (command == hello_command_) return hello_bytes_;
    if (command == "INFO") return text(info_);
    if (command == "AUTH" || command == "SELECT" || command == "SCRIPT") return "+OK\r\n";
    return answer_(words);
}

}  // namespace concertres::test

// What a poll allocates: nothing. A program of its own, for it counts in the place of operator new.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "server/test_server.hpp"

namespace {

std::atomic<std::int64_t> allocations{0};

void* counted(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(bytes);
}

// So that what the library of hashes allocates counts as well.
const int ssl_counts =
    CRYPTO_set_mem_functions([](std::size_t bytes, const char*, int) { return counted(bytes); },
                             [](void* at, std::size_t bytes, const char*, int) {
                                 allocations.fetch_add(1, std::memory_order_relaxed);
                                 return std::realloc(at, bytes);
                             },
                             [](void* at, const char*, int) { std::free(at); });

}  // namespace

void* operator new(std::size_t bytes) {
    if (void* at = counted(bytes)) return at;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

using namespace concertres;
using namespace concertres::test;

namespace {

// Sends one request again and again, and allocates nothing itself.
class Asker {
  public:
    Asker(const std::string& url, std::string_view request) : request_(request) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const void* untyped = &address;
        REQUIRE(::connect(fd_, static_cast<const sockaddr*>(untyped), sizeof address) == 0);
    }
    ~Asker() { ::close(fd_); }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    // The whole answer. Lifetime: until the next.
    std::string_view ask() {
        const auto sent = ::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(request_.size())) throw std::runtime_error("not sent");
        std::size_t have = 0;
        for (;;) {
            const auto bytes = ::recv(fd_, in_.data() + have, in_.size() - have, 0);
            if (bytes <= 0) throw std::runtime_error("no answer");
            have += static_cast<std::size_t>(bytes);
            const std::string_view answer(in_.data(), have);
            const std::size_t end = answer.find("\r\n\r\n");
            if (end == std::string_view::npos) continue;
            constexpr std::string_view name = "Content-Length: ";
            std::size_t length = 0;
            const std::string_view digits = answer.substr(answer.find(name) + name.size());
            std::from_chars(digits.data(), digits.data() + digits.size(), length);
            if (have == end + 4 + length) return answer;
        }
    }

  private:
    int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string request_;
    std::array<char, 16 * 1024> in_{};
};

// How many things are allocated by a thousand of them, once everything is warm.
std::int64_t allocations_of_a_thousand(Asker& asker) {
    for (int i = 0; i < 1'000; ++i) asker.ask();
    const std::int64_t before = allocations;
    for (int i = 0; i < 1'000; ++i) asker.ask();
    return allocations - before;
}

std::string poll_of(const Buyer& buyer) {
    return "GET /v1/tokens/current HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
           "User-Agent: a browser with a name that is not short at all\r\n"
           "Authorization: Bearer " +
           buyer.token + "\r\n\r\n";
}

}  // namespace

TEST_CASE("what is allocated is counted") {
    CHECK(ssl_counts == 1);
    const std::int64_t before = allocations;
    const std::string text(100, 'x');
    CHECK(text.size() + static_cast<std::size_t>(allocations - before) == 101);
}

TEST_CASE("a poll of who waits allocates nothing, and one of who is in neither") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer in = server.buyer("in", sale.concert);
    const Buyer waits = server.waiting("waits", sale.concert);
    for (const auto& [buyer, status] :
         {std::pair(waits, R"("status":"waiting")"), std::pair(in, R"("status":"admitted")")}) {
        Asker asker(server.url(), poll_of(buyer));
        const std::string_view answer = asker.ask();
        CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.find(status) != std::string_view::npos);
        const std::int64_t allocated = allocations_of_a_thousand(asker);
        MESSAGE(std::string(status), ": ", allocated, " allocations");
        // The server's own chores may fall into that time.
        CHECK(allocated < 20);
    }
}

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "server/test_listener.hpp"

using namespace concertres;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using http::Client;

namespace {

std::string url_of(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

using Answers = std::vector<std::string>;

// Says to each connection, after each head that it reads, the next of its lines; then closes.
class Script {
  public:
    explicit Script(std::vector<Answers> connections) {
        thread_ = std::thread([this, connections = std::move(connections)] {
            for (const auto& answers : connections) serve(answers);
        });
    }
    ~Script() { thread_.join(); }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    [[nodiscard]] std::string url() const { return url_of(acceptor_.local_endpoint().port()); }
    [[nodiscard]] int heads() const { return heads_; }

  private:
    void serve(const Answers& answers) {
        tcp::socket socket(context_);
        acceptor_.accept(socket);
        std::string in;
        boost::system::error_code error;
        for (const std::string& answer : answers) {
            const std::size_t bytes =
                boost::asio::read_until(socket, boost::asio::dynamic_buffer(in), "\r\n\r\n", error);
            if (error) return;
            ++heads_;
            in.erase(0, bytes);
            boost::asio::write(socket, boost::asio::buffer(answer), error);
        }
    }

    boost::asio::io_context context_;
    tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::atomic<int> heads_{0};
    std::thread thread_;
};

}  // namespace

TEST_CASE("a client asks and keeps its connection") {
    TestListener server;
    Client client(url_of(server.port()) + "/");
    const auto first = client.send(
        {.method = "PUT", .target = "/a?b", .fields = {{"X-One", "1"}}, .body = "hello"});
    CHECK(first.status == 200);
    CHECK(first.body == "PUT /a?b hello");
    CHECK(first.field("content-type") == "text/plain");
    CHECK_FALSE(first.field("X-None"));
    CHECK(client.send({.target = "/none"}).status == 204);
    CHECK(client.send({.method = "HEAD", .target = "/big"}).body.empty());
    CHECK(client.send({.target = "/big"}).body == *TestHandler::big());
    CHECK(server.counters().accepted == 1);
}

TEST_CASE("a client asks for leave before it sends a large body") {
    TestListener server;
    Client client(url_of(server.port()));
    const std::string large(std::size_t{2} << 20, 'x');
    const auto read = client.send({.method = "POST", .target = "/large", .body = large});
    CHECK(read.status == 200);
    CHECK(read.body == std::to_string(large.size()));
    const auto before = server.counters().bytes_in.load();
    CHECK(client.send({.method = "POST", .target = "/unread", .body = large}).body ==
          "who are you?");
    CHECK(server.counters().bytes_in - before < 1'000);
    // One that answers at once is understood too.
    CHECK(client.send({.method = "POST", .target = "/a", .body = large}).status == 413);
}

TEST_CASE("a client asks again where its connection was closed meanwhile") {
    TestListener server;
    Client client(url_of(server.port()));
    CHECK(client.send({.target = "/a"}).status == 200);
    server.listener().close_all();
    CHECK(eventually([&] { return server.counters().open == 0; }));
    CHECK(client.send({.target = "/a"}).status == 200);
    CHECK(client.send({.target = "/close"}).status == 200);
    CHECK(client.send({.target = "/a"}).status == 200);
    CHECK(server.counters().accepted == 3);
}

TEST_CASE("a client does not ask again once an answer had begun") {
    Script script(
        {Answers{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nConte"}});
    Client client(script.url());
    CHECK(client.send({}).body == "x");
    CHECK_THROWS_WITH_AS(client.send({.method = "POST", .target = "/b"}),
                         doctest::Contains("/b: Connection reset by peer"), std::system_error);
    CHECK(script.heads() == 2);
}

TEST_CASE("a client reads chunks, trailers and interim answers") {
    Script script(
        {Answers{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                 "\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: t\r\n\r\n",
                 "HTTP/1.1 200 OK\r\n\r\nto the end"}});
    Client client(script.url());
    CHECK(client.send({}).body == "abcde");
    CHECK(client.send({}).body == "to the end");
}

TEST_CASE("a client says what is malformed, refused or late") {
    auto failure = [](Client& client) {
        try {
            client.send({.target = "/a"});
        } catch (const std::system_error& error) {
            return std::pair(error.code(), std::string(error.what()));
        }
        return std::pair(std::error_code(), std::string());
    };
    for (const std::string answer :
         {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
        INFO(answer);
        Script script({Answers{answer}});
        Client client(script.url());
        CHECK(failure(client).first == std::errc::bad_message);
    }
    TestListener server;
    Client late(url_of(server.port()), 50ms);
    CHECK_THROWS_WITH_AS(late.send({.target = "/held"}),
                         doctest::Contains("/held: Connection timed out"), std::system_error);
    std::uint16_t nobody = 0;
    {
        const TestListener gone;
        nobody = gone.port();
    }
    Client refused(url_of(nobody));
    CHECK(failure(refused).first == std::errc::connection_refused);
    CHECK(failure(refused).second == "GET " + url_of(nobody) + "/a: Connection refused");
}

TEST_CASE("only the URL of a server makes a client") {
    for (const std::string url : {"", "localhost", "127.0.0.1:80", "https://a", "http://",
                                  "http://a/b", "http://a?b", "http://u@a", "http://a:x"}) {
        INFO(url);
        CHECK_THROWS_AS(Client{url}, std::invalid_argument);
    }
    CHECK_NOTHROW(Client{"http://[::1]:80"});
    CHECK_NOTHROW(Client{"http://localhost"});
}

// The server behind nginx and haproxy, which keep one connection to it and send everybody's
// requests over that: whatever a client sends to the proxy, the next one gets the answer to its own
// request.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "http/client.hpp"
#include "program/naive_proxy.hpp"
#include "program/process.hpp"
#include "program/server_process.hpp"
#include "server/framing_cases.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// No client has it for its own end, so a port of it that is free stays free.
constexpr const char* proxy_host = "127.0.0.7";

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, proxy_host, &address.sin_addr);
    socklen_t bytes = sizeof address;
    void* untyped = &address;
    auto* const any = static_cast<sockaddr*>(untyped);
    const bool well = ::bind(fd, any, bytes) == 0 && ::getsockname(fd, any, &bytes) == 0;
    ::close(fd);
    if (!well) throw std::system_error(errno, std::generic_category(), "no free port");
    return ntohs(address.sin_port);
}

// A proxy as a process of its own, in a folder of its own.
class Proxy {
  public:
    // What a configuration says of this folder, port and server, and how the program is started.
    using Configure = std::function<std::string(const std::string& folder, std::uint16_t port,
                                                const std::string& server)>;
    Proxy(Launch launch, const Configure& configure, const std::string& server)
        : port_(free_port()), process_(prepared(std::move(launch), configure, server)) {
        const auto is_there = [&] {
            try {
                const RawSocket socket(port_, 0, proxy_host);
                return true;
            } catch (const std::system_error&) {
                return process_.wait(1ms) != "runs";
            }
        };
        if (!test::eventually(is_there) || process_.wait(1ms) != "runs") {
            throw std::runtime_error("the proxy is not there: " + process_.err());
        }
    }

    [[nodiscard]] RawSocket connect() const { return RawSocket(port_, 0, proxy_host); }

  private:
    Launch prepared(Launch launch, const Configure& configure, const std::string& server) const {
        const std::string file = folder_.path() / "configuration";
        write_file(file, configure(folder_.path(), port_, server));
        launch.arguments.push_back(file);
        return launch;
    }

    TempDir folder_;
    std::uint16_t port_;
    Process process_;
};

std::string nginx_configuration(const std::string& folder, std::uint16_t port,
                                const std::string& server) {
    std::string text = fmt::format(
        "daemon off;\nmaster_process off;\npid {0}/pid;\n"
        "error_log {0}/errors;\nevents {{ worker_connections 256; }}\n"
        "http {{\n  access_log off;\n"
        "  keepalive_requests 100000;\n",
        folder);
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        text += fmt::format("  {}_temp_path {}/{};\n", kind, folder, kind);
    }
    return text + fmt::format(
                      "  upstream sale {{ server {}; keepalive 1; keepalive_requests 100000; }}\n"
                      "  server {{\n    listen {}:{};\n    location / {{\n"
                      "      proxy_pass http://sale;\n      proxy_http_version 1.1;\n"
                      "      proxy_set_header Connection \"\";\n"
                      "      proxy_request_buffering off;\n    }}\n  }}\n}}\n",
                      server, proxy_host, port);
}

std::string haproxy_configuration(const std::string& /*folder*/, std::uint16_t port,
                                  const std::string& server) {
    return fmt::format(
        "global\n  nbthread 1\n  maxconn 256\ndefaults\n  mode http\n"
        "  timeout connect 5s\n  timeout client 20s\n  timeout server 20s\n"
        "frontend buyers\n  bind {}:{}\n  default_backend sale\n"
        "backend sale\n  http-reuse always\n  server sale {}\n",
        proxy_host, port, server);
}

// How many connections the server has taken from buyers.
int connections_to(const ServerProcess& server) {
    const std::string text = http::Client(server.operators_url()).send({.target = "/metrics"}).body;
    const std::string name = "concertres_connections_accepted_total{listener=\"buyers\"} ";
    const std::size_t at = text.find(name);
    REQUIRE(at != std::string::npos);
    return std::stoi(text.substr(at + name.size()));
}

// A request that is like no other; whether it gets its own answer.
bool gets_its_own(RawSocket& socket, int number) {
    const std::string id = fmt::format("X-Request-Id: canary-{}\r\n", number);
    socket.send("GET /livez HTTP/1.1\r\nHost: a\r\n" + id + "\r\n");
    const RawAnswer answer = socket.receive();
    // Proxies write field names as they like.
    std::string head = answer.head;
    for (char& c : head) c = http::lower(c);
    return answer.status == 200 &&
           head.find(fmt::format("x-request-id: canary-{}\r\n", number)) != std::string::npos;
}

using Connect = std::function<RawSocket()>;

struct Canaries {
    int sent = 0;
    std::string desync;  // after which message one got another's answer; empty: none did
};

// What smuggles requests is sent by one client after the other, and after each another asks twice.
Canaries send_canaries(const Connect& connect) {
    const std::string smuggled =
        "GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Request-Id: smuggled\r\n\r\n";
    RawSocket canary = connect();
    Canaries canaries;
    for (const FramingCase& message : framing_cases()) {
        for (const std::string& rest : {std::string(), smuggled}) {
            RawSocket attack = connect();
            attack.send(message.bytes + rest);
            // Some wait for more to come, and are not waited for.
            (void)attack.hears(200ms);
            canaries.sent += 2;
            if (gets_its_own(canary, canaries.sent - 1) && gets_its_own(canary, canaries.sent)) {
                continue;
            }
            canaries.desync = message.name + (rest.empty() ? "" : ", and more");
            return canaries;
        }
    }
    return canaries;
}

void check_no_desync(const ServerProcess& server, const Proxy& proxy) {
    const int before = connections_to(server);
    const Canaries canaries = send_canaries([&] { return proxy.connect(); });
    CHECK(canaries.desync == "");
    const int connections = connections_to(server) - before;
    MESSAGE(
        fmt::format("{} canaries over {} connections to the server", canaries.sent, connections));
    CHECK(canaries.sent > 1'000);
    // They did share: else nothing could have been mixed up.
    CHECK(connections < canaries.sent / 2);
}

}  // namespace

TEST_CASE("behind nginx nobody gets the answer to another's request") {
    const TempDir folder;
    ServerProcess server({.data = folder.path(), .arguments = {"--log-level", "error"}});
    const Proxy proxy({.arguments = {"-c"}, .program = "/usr/sbin/nginx"}, nginx_configuration,
                      server.address());
    check_no_desync(server, proxy);
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("behind haproxy nobody gets the answer to another's request") {
    const TempDir folder;
    ServerProcess server({.data = folder.path(), .arguments = {"--log-level", "error"}});
    const Proxy proxy({.arguments = {"-db", "-f"}, .program = "/usr/sbin/haproxy"},
                      haproxy_configuration, server.address());
    check_no_desync(server, proxy);
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("behind a proxy that mixes requests up the canaries notice") {
    const TempDir folder;
    ServerProcess server({.data = folder.path(), .arguments = {"--log-level", "error"}});
    const NaiveProxy proxy(server.port());
    const Canaries canaries = send_canaries([&] { return RawSocket(proxy.port()); });
    MESSAGE("mixed up after: ", canaries.desync);
    CHECK(canaries.desync != "");
    CHECK(server.stop() == "exit 0");
}

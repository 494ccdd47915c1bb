#include "line/redis_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

#include "support/daemon.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* program = "/usr/bin/redis-server";

void wait_for(const std::string& what, const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("it did not come about: " + what);
        }
        std::this_thread::sleep_for(10ms);
    }
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

class Socket {
  public:
    Socket() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(socket_); }

    [[nodiscard]] bool bind(int port) const {
        const sockaddr_in address = loopback(port);
        const auto* there = reinterpret_cast<const sockaddr*>(&address);
        return ::bind(socket_, there, sizeof address) == 0;
    }
    [[nodiscard]] bool connect(int port) const {
        const sockaddr_in address = loopback(port);
        const auto* there = reinterpret_cast<const sockaddr*>(&address);
        return ::connect(socket_, there, sizeof address) == 0;
    }
    void send(const std::string& bytes) const {
        if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(bytes.size())) {
            throw std::runtime_error("Redis takes no command");
        }
    }
    [[nodiscard]] redis::Reply receive() const {
        redis::ReplyReader reader;
        std::array<char, 65'536> bytes;
        while (true) {
            if (auto reply = reader.next()) return std::move(*reply);
            pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, 10'000) <= 0) throw std::runtime_error("Redis does not answer");
            const ssize_t size = ::read(socket_, bytes.data(), bytes.size());
            if (size <= 0) throw std::runtime_error("Redis has closed the connection");
            reader.feed({bytes.data(), static_cast<std::size_t>(size)});
        }
    }

  private:
    int socket_;
};

// Below those that the kernel gives to others, so that nobody takes it before it is used, and with
// the one that a cluster speaks to itself by.
int free_port() {
    static std::mt19937 dice(std::random_device{}());
    std::uniform_int_distribution<int> ports(12'000, 22'000);
    while (true) {
        const int port = ports(dice);
        if (Socket().bind(port) && Socket().bind(port + 10'000)) return port;
    }
}

std::string only_text(const redis::Reply& reply) {
    if (reply.is_error()) throw std::runtime_error("Redis: " + reply.text);
    return reply.text;
}

}  // namespace

// --- One ---------------------------------------------------------------------------------------

RedisServer::RedisServer(Settings settings)
    : settings_(std::move(settings)), owner_(::getpid()), port_(free_port()) {
    give_to_daemons(folder_.path());
    start();
}

RedisServer::~RedisServer() {
    if (::getpid() == owner_) kill();
}

std::string RedisServer::endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
std::string RedisServer::address() const { return "redis://" + endpoint(); }

void RedisServer::start() {
    if (!std::filesystem::exists(program)) {
        throw std::runtime_error(
            "Redis is not installed, and the tests start servers of their own: ./dev test installs "
            "it (Debian's package \"redis-server\")");
    }
    std::vector<std::string> command = {program};
    const auto& more = settings_.arguments;
    // A file that it reads comes first.
    const bool has_file = !more.empty() && !more.front().starts_with("--");
    if (has_file) command.push_back(more.front());
    for (const char* word : {"--bind", "127.0.0.1", "--daemonize", "no", "--save", "", "--dir"}) {
        command.emplace_back(word);
    }
    command.push_back(folder_.path());
    const std::string port = std::to_string(port_);
    if (settings_.certificate == nullptr) {
        command.insert(command.end(), {"--port", port});
    } else {
        command.insert(command.end(), {"--port", "0", "--tls-port", port, "--tls-auth-clients",
                                       "no", "--tls-cert-file", settings_.certificate->file(),
                                       "--tls-key-file", settings_.certificate->key_file()});
    }
    if (!settings_.password.empty()) {
        command.insert(command.end(), {"--requirepass", settings_.password});
    }
    command.insert(command.end(), more.begin() + (has_file ? 1 : 0), more.end());
    pid_ = start_daemon(command, folder_.path() / "log");
    wait_until_ready();
}

void RedisServer::wait_until_ready() {
    const auto is_ready = [&] {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            throw std::runtime_error("Redis does not start: " + text_of(folder_.path() / "log"));
        }
        if (!Socket().connect(port_)) return false;
        // Whoever asks for TLS or a password is there as well.
        if (settings_.certificate != nullptr || !settings_.password.empty()) return true;
        return !command({"PING"}).is_error();
    };
    wait_for("Redis starts", is_ready);
}

void RedisServer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
}

void RedisServer::pause() { ::kill(pid_, SIGSTOP); }
void RedisServer::resume() { ::kill(pid_, SIGCONT); }

redis::Reply RedisServer::command(const std::vector<std::string>& words) const {
    const Socket socket;
    if (!socket.connect(port_)) throw std::runtime_error("Redis is not there");
    std::string bytes;
    redis::append_command(bytes, std::vector<std::string_view>(words.begin(), words.end()));
    socket.send(bytes);
    return socket.receive();
}

std::string RedisServer::info(const std::string& field) const {
    const std::string all = "\n" + only_text(command({"INFO"}));
    const std::size_t at = all.find("\n" + field + ":");
    if (at == all.npos) return {};
    const std::size_t from = at + field.size() + 2;
    return all.substr(from, all.find('\r', from) - from);
}

// --- A cluster ---------------------------------------------------------------------------------

RedisCluster::RedisCluster() {
    std::string create = "/usr/bin/redis-cli --cluster create";
    for (int i = 0; i < 6; ++i) {
        servers_.push_back(std::make_unique<RedisServer>(RedisServer::Settings{
            .arguments = {"--cluster-enabled", "yes", "--cluster-node-timeout", "3000",
                          "--cluster-replica-validity-factor", "0"}}));
        create += " " + servers_.back()->endpoint();
    }
    const std::string log = servers_.front()->folder() / "create";
    create += " --cluster-replicas 1 --cluster-yes >" + log + " 2>&1";
    if (std::system(create.c_str()) != 0) {
        throw std::runtime_error("the cluster cannot be made: " + text_of(log));
    }
    for (const auto& server : servers_) {
        wait_for("the cluster is whole", [&] {
            const std::string state = only_text(server->command({"CLUSTER", "INFO"}));
            return state.find("cluster_state:ok") != state.npos;
        });
    }
    // A replica that has not been in touch yet takes nobody's place.
    for (const auto& server : servers_) {
        if (server->info("role") != "slave") continue;
        wait_for("replicas follow", [&] { return server->info("master_link_status") == "up"; });
    }
}

std::string RedisCluster::address() const {
    return servers_[0]->address() + "," + servers_[1]->endpoint() + "," + servers_[2]->endpoint() +
           "?cluster=on";
}

RedisServer& RedisCluster::at_port(int port) {
    for (const auto& server : servers_) {
        if (server->port() == port) return *server;
    }
    throw std::runtime_error("no server of the cluster has port " + std::to_string(port));
}

RedisServer& RedisCluster::master_of(const std::string& key) {
    for (const auto& asked : servers_) {
        if (!asked->runs()) continue;
        const std::int64_t slot = asked->command({"CLUSTER", "KEYSLOT", key}).number();
        for (const redis::Reply& range : asked->command({"CLUSTER", "SLOTS"}).elements) {
            if (slot < range.at(0).number() || slot > range.at(1).number()) continue;
            return at_port(static_cast<int>(range.at(2).at(1).number()));
        }
    }
    throw std::runtime_error("nobody has the slot of " + key);
}

// --- Sentinels ---------------------------------------------------------------------------------

RedisSentinels::RedisSentinels() {
    servers_.push_back(std::make_unique<RedisServer>());
    const std::string port = std::to_string(servers_.front()->port());
    for (int i = 0; i < 2; ++i) {
        servers_.push_back(std::make_unique<RedisServer>(RedisServer::Settings{
            .arguments = {"--replicaof", "127.0.0.1 " + port, "--repl-diskless-sync-delay", "0"}}));
    }
    for (int i = 1; i < 3; ++i) {
        const RedisServer& server = *servers_[static_cast<std::size_t>(i)];
        wait_for("replicas follow", [&] { return server.info("master_link_status") == "up"; });
    }
    for (int i = 0; i < 3; ++i) {
        folders_.push_back(std::make_unique<TempDir>());
        give_to_daemons(folders_.back()->path());
        const std::string file = folders_.back()->path() / "sentinel.conf";
        std::ofstream(file) << "sentinel monitor mymaster 127.0.0.1 " << port << " 2\n"
                            << "sentinel down-after-milliseconds mymaster 1500\n"
                            << "sentinel failover-timeout mymaster 4000\n";
        give_to_daemons(file);
        sentinels_.push_back(std::make_unique<RedisServer>(
            RedisServer::Settings{.arguments = {file, "--sentinel"}}));
    }
    for (const auto& sentinel : sentinels_) {
        wait_for("sentinels know each other and the replicas", [&] {
            const auto said = sentinel->command({"SENTINEL", "MASTER", "mymaster"});
            std::string replicas;
            std::string others;
            for (std::size_t i = 0; i + 1 < said.elements.size(); i += 2) {
                if (said.at(i).text == "num-slaves") replicas = said.at(i + 1).text;
                if (said.at(i).text == "num-other-sentinels") others = said.at(i + 1).text;
            }
            return replicas == "2" && others == "2";
        });
    }
}

std::string RedisSentinels::address() const {
    return sentinels_[0]->address() + "," + sentinels_[1]->endpoint() + "," +
           sentinels_[2]->endpoint() + "?sentinel=mymaster";
}

int RedisSentinels::port_of_master(const RedisServer& sentinel) const {
    return static_cast<int>(
        sentinel.command({"SENTINEL", "get-master-addr-by-name", "mymaster"}).at(1).number());
}

RedisServer& RedisSentinels::master() {
    const int port = port_of_master(*sentinels_.front());
    for (const auto& server : servers_) {
        if (server->port() == port) return *server;
    }
    throw std::runtime_error("the sentinels know another master");
}

void RedisSentinels::wait_for_failover(const RedisServer& old) {
    for (const auto& sentinel : sentinels_) {
        wait_for("another is the master", [&] { return port_of_master(*sentinel) != old.port(); });
    }
    wait_for("it says so", [&] { return master().info("role") == "master"; });
}

}  // namespace concertres::test

#include "support/pgbouncer.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/daemon.hpp"

namespace concertres::test {
namespace {

constexpr const char* program = "/usr/sbin/pgbouncer";

}  // namespace

Pgbouncer::Pgbouncer(const PostgresServer& server) : owner_(::getpid()) {
    if (!std::filesystem::exists(program)) {
        throw std::runtime_error("pgbouncer is not installed: ./dev test installs it");
    }
    give_to_daemons(folder_.path());
    const std::filesystem::path settings = folder_.path() / "pgbouncer.ini";
    std::ofstream(settings) << "[databases]\n* = host=" << server.socket_folder().string()
                            << " user=sale\n[pgbouncer]\n"
                            << "unix_socket_dir = " << folder_.path().string() << "\n"
                            << "listen_port = 6432\n"
                            << "auth_type = any\n"
                            << "pool_mode = transaction\n"
                            << "default_pool_size = 4\n"
                            << "server_round_robin = 1\n";
    pid_ = start_daemon({program, settings}, folder_.path() / "log");
    wait_until_ready();
}

Pgbouncer::~Pgbouncer() {
    if (pid_ < 0 || ::getpid() != owner_) return;
    ::kill(pid_, SIGQUIT);
    int status = 0;
    ::waitpid(pid_, &status, 0);
}

void Pgbouncer::wait_until_ready() const {
    const std::string here = conninfo("postgres");
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (PQping(here.c_str()) != PQPING_OK) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_ ||
            std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("pgbouncer does not start: " +
                                     text_of(folder_.path() / "log"));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string Pgbouncer::conninfo(const std::string& database) const {
    return "host=" + folder_.path().string() + " port=6432 dbname=" + database + " user=sale";
}

std::string Pgbouncer::run(const std::string& database, const std::string& sql) const {
    return run_sql(conninfo(database), sql);
}

std::string Pgbouncer::address(const std::string& database) const {
    return "postgres://sale@/" + database + "?host=" + folder_.path().string() +
           "&port=6432&pgbouncer=on";
}

}  // namespace concertres::test

#include "support/postgres_server.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/daemon.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;

// Debian has each version in a folder of its own, which is in nobody's PATH.
path folder_of_programs() {
    std::vector<path> folders;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
        if (std::filesystem::exists(version.path() / "bin/initdb")) {
            folders.push_back(version.path() / "bin");
        }
    }
    if (folders.empty()) {
        throw std::runtime_error(
            "PostgreSQL is not installed, and the tests start a server of their own: ./dev test "
            "installs it (Debian's package \"postgresql\")");
    }
    return *std::max_element(folders.begin(), folders.end());
}

}  // namespace

PostgresServer::PostgresServer(Sync sync) : owner_(::getpid()) {
    give_to_daemons(folder_.path());
    run_program({"initdb", "-D", data(), "-U", "sale", "-A", "trust", "-E", "UTF8", "--locale=C",
                 "--no-sync", "--no-instructions"});
    configure(std::string("max_connections = 100\nshared_buffers = '64MB'\nautovacuum = off\n") +
              "fsync = " + (sync == Sync::yes ? "on" : "off") + "\n" +
              "full_page_writes = " + (sync == Sync::yes ? "on" : "off") + "\n");
    start();
}

PostgresServer::PostgresServer(StandbyOf of) : owner_(::getpid()) {
    give_to_daemons(folder_.path());
    run_program({"pg_basebackup", "-h", of.primary.socket_folder(), "-U", "sale", "-D", data(),
                 "--write-recovery-conf", "--checkpoint=fast", "--no-sync"});
    configure("cluster_name = 'standby'\n");
    start();
    of.primary.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    of.primary.run("postgres", "SELECT pg_reload_conf()");
    while (of.primary.run("postgres", "SELECT sync_state FROM pg_stat_replication") != "sync") {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

PostgresServer::~PostgresServer() {
    if (::getpid() == owner_) kill();
}

std::string PostgresServer::data() const { return folder_.path() / "data"; }
std::filesystem::path PostgresServer::log() const { return folder_.path() / "log"; }

void PostgresServer::run_program(std::vector<std::string> command) {
    const std::string name = command[0];
    command[0] = folder_of_programs() / name;
    int status = 0;
    const pid_t child = start_daemon(command, log());
    if (::waitpid(child, &status, 0) != child || status != 0) {
        throw std::runtime_error(name + " failed: " + text_of(log()));
    }
}

void PostgresServer::configure(const std::string& settings) {
    std::ofstream(data() + "/postgresql.auto.conf", std::ios::app)
        << "listen_addresses = ''\n"
        << "unix_socket_directories = '" << folder_.path().string() << "'\n"
        << settings;
}

void PostgresServer::start() {
    pid_ = start_daemon({folder_of_programs() / "postgres", "-D", data()}, log());
    wait_until_ready();
}

void PostgresServer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGQUIT);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
}

void PostgresServer::wait_until_ready() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (PQping(conninfo("postgres").c_str()) != PQPING_OK) {
        int status = 0;
        const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
        if (ended || std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("PostgreSQL does not start: " + text_of(log()));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

std::string PostgresServer::conninfo(const std::string& database) const {
    return "host=" + folder_.path().string() + " dbname=" + database + " user=sale";
}

std::string PostgresServer::address(const std::string& database) const {
    return "postgres://sale@/" + database + "?host=" + folder_.path().string();
}

std::string run_sql(const std::string& conninfo, const std::string& sql) {
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
        void operator()(PGresult* result) const { PQclear(result); }
    };
    const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(conninfo.c_str()));
    const std::unique_ptr<PGresult, Finish> result(PQexec(connection.get(), sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
    }
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

std::string PostgresServer::run(const std::string& database, const std::string& sql) {
    return run_sql(conninfo(database), sql);
}

std::string PostgresServer::make_database() {
    const std::lock_guard lock(mutex_);
    // A copy of the files: there is nothing in them that a log would be shorter than.
    const std::string name =
        "sale_" + std::to_string(::getpid()) + "_" + std::to_string(++databases_);
    run("postgres", "CREATE DATABASE " + name + " TEMPLATE template0 STRATEGY file_copy");
    return name;
}

void PostgresServer::drop_database(const std::string& name) {
    run("postgres", "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
}

PostgresServer& postgres_server() {
    static PostgresServer server;
    return server;
}

}  // namespace concertres::test

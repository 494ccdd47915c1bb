#include "support/postgres_server.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace concertres::test {
namespace {

using std::filesystem::path;

constexpr const char* user_for_root = "postgres";

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

// Runs a program in a process of its own, as a user whom PostgreSQL accepts.
pid_t spawn(const std::vector<std::string>& command, const path& log) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child > 0) return child;
    // Whatever ends the tests ends the server too.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    // Not freopen(): what this program has still to print would be printed twice.
    const int to_log = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (to_log < 0 || ::dup2(to_log, STDOUT_FILENO) < 0 || ::dup2(to_log, STDERR_FILENO) < 0) {
        ::_exit(126);
    }
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
}

std::vector<std::string> as_server_user(std::vector<std::string> command) {
    if (::geteuid() != 0) return command;
    // setpriv keeps the process: its id is the server's. Who becomes another user has forgotten
    // what is to happen when its parent dies.
    const std::vector<std::string> prefix = {"/usr/bin/setpriv", "--reuid",     user_for_root,
                                             "--regid",          user_for_root, "--clear-groups",
                                             "--pdeathsig",      "QUIT"};
    command.insert(command.begin(), prefix.begin(), prefix.end());
    return command;
}

std::string text_of(const path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

PostgresServer::PostgresServer(Sync sync) : owner_(::getpid()) {
    make_cluster();
    std::ofstream(folder_.path() / "data/postgresql.auto.conf", std::ios::app)
        << "listen_addresses = ''\n"
        << "unix_socket_directories = '" << folder_.path().string() << "'\n"
        << "max_connections = 100\n"
        << "shared_buffers = '64MB'\n"
        << "autovacuum = off\n"
        << "fsync = " << (sync == Sync::yes ? "on" : "off") << "\n"
        << "full_page_writes = " << (sync == Sync::yes ? "on" : "off") << "\n";
    start();
}

PostgresServer::~PostgresServer() {
    if (::getpid() == owner_) kill();
}

void PostgresServer::make_cluster() {
    const path programs = folder_of_programs();
    if (::geteuid() == 0) {
        const passwd* user = ::getpwnam(user_for_root);
        if (user == nullptr || ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("there is no user \"postgres\" that PostgreSQL could run as");
        }
    }
    const path log = folder_.path() / "log";
    const pid_t child =
        spawn(as_server_user({(programs / "initdb").string(), "-D",
                              (folder_.path() / "data").string(), "-U", "sale", "-A", "trust", "-E",
                              "UTF8", "--locale=C", "--no-sync", "--no-instructions"}),
              log);
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) {
        throw std::runtime_error("initdb failed: " + text_of(log));
    }
}

void PostgresServer::start() {
    pid_ = spawn(as_server_user({(folder_of_programs() / "postgres").string(), "-D",
                                 (folder_.path() / "data").string()}),
                 folder_.path() / "log");
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
            throw std::runtime_error("PostgreSQL does not start: " +
                                     text_of(folder_.path() / "log"));
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

std::string PostgresServer::run(const std::string& database, const std::string& sql) {
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
        void operator()(PGresult* result) const { PQclear(result); }
    };
    const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(conninfo(database).c_str()));
    const std::unique_ptr<PGresult, Finish> result(PQexec(connection.get(), sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
    }
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
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

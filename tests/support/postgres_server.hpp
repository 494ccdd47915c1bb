// A PostgreSQL server of the tests' own: one cluster for each test program, started when the first
// test asks for it, on a socket in a temporary directory, and gone with the program. It never
// touches a server of the system's. As root it runs as the user `postgres`, as PostgreSQL refuses
// root.
//
//   PostgresServer& server = postgres_server();
//   const std::string database = server.make_database();
//   auto storage = open_postgres(server.conninfo(database));
//   server.drop_database(database);
//
// Where PostgreSQL is not installed the first call throws, and says so.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace concertres::test {

class PostgresServer {
  public:
    // What the server promises of a commit. Without sync a test is faster; the machine is not
    // going to lose its power.
    enum class Sync : bool { no, yes };

    explicit PostgresServer(Sync sync = Sync::no);
    // A copy of a server that runs, which follows it and has each commit before that is told.
    struct StandbyOf {
        PostgresServer& primary;
    };
    explicit PostgresServer(StandbyOf of);
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    [[nodiscard]] std::string make_database();
    void drop_database(const std::string& name);
    // Runs SQL in a database, as its owner; gives the first cell of the last answer, as text.
    std::string run(const std::string& database, const std::string& sql);

    [[nodiscard]] std::string conninfo(const std::string& database) const;
    // The same as a URI.
    [[nodiscard]] std::string address(const std::string& database) const;
    [[nodiscard]] const std::filesystem::path& socket_folder() const { return folder_.path(); }

    // --- its life
    void start();
    // At once, as if it had crashed, and waits until it is gone.
    void kill();
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    [[nodiscard]] std::string data() const;
    [[nodiscard]] std::filesystem::path log() const;
    void run_program(std::vector<std::string> command);
    void configure(const std::string& settings);
    void wait_until_ready();

    TempDir folder_;  // of the socket and the data
    pid_t owner_;     // whose it is: a fork of it ends nothing
    pid_t pid_ = -1;
    std::mutex mutex_;
    int databases_ = 0;
};

// Runs SQL; gives the first cell of the last answer, as text.
std::string run_sql(const std::string& conninfo, const std::string& sql);

// The program's own, without sync.
[[nodiscard]] PostgresServer& postgres_server();

}  // namespace concertres::test

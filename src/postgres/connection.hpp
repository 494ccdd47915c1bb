// One connection to a PostgreSQL server. Statements are sent without waiting for each other's
// answers, so that any number of them costs one round trip:
//
//   connection.send(begin);
//   connection.send(lock_seats, {keys});
//   const Answers answers = connection.finish();     // the answers, in the order of the statements
//
// A statement is prepared when the connection first sends it. Behind a pgbouncer that gives each
// transaction another session (`pgbouncer=on` in the address) nothing is kept in a session:
// statements go without a name, and each transaction begins with its own settings.
//
// Threads: one at a time.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "concertres/postgres.hpp"
#include "postgres/wire.hpp"

namespace concertres::postgres {

// The server is gone, or cannot be reached. What it was told last may have been done or not.
class ConnectionLost : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// It was waited for as long as that may take, for an answer or for a connection.
class ConnectionSilent : public ConnectionLost {
  public:
    using ConnectionLost::ConnectionLost;
};

// The server refused a statement.
class SqlError : public std::runtime_error {
  public:
    SqlError(std::string state, const std::string& message)
        : std::runtime_error(message), state_(std::move(state)) {}

    // The five characters of its SQLSTATE.
    [[nodiscard]] const std::string& state() const { return state_; }
    // Nothing is wrong but the moment: another transaction was in the way.
    [[nodiscard]] bool is_conflict() const;
    // This server cannot write at all now; another one may.
    [[nodiscard]] bool is_refusal_of_server() const;
    [[nodiscard]] bool is_duplicate() const { return state_ == "23505"; }
    [[nodiscard]] bool is_disk_full() const { return state_ == "53100"; }

  private:
    std::string state_;
};

struct Statement {
    std::string name;  // its own within the store
    std::string sql;
};

class Answer {
  public:
    explicit Answer(PGresult* result) : result_(result) {}

    [[nodiscard]] int rows() const { return PQntuples(result_.get()); }
    [[nodiscard]] const PGresult* get() const { return result_.get(); }
    [[nodiscard]] CellReader row(int row, int first_column = 0) const {
        return {*result_, row, first_column};
    }

  private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};
using Answers = std::vector<Answer>;

class Connection {
  public:
    // Throws ConnectionLost: it cannot be reached, or does not let us in.
    Connection(const std::string& conninfo, const PostgresOptions& options);

    void send(const Statement& statement, const std::vector<Param>& params = {});
    // One that is not worth preparing, without parameters.
    void send_once(const std::string& sql);
    // Waits for all answers. Throws SqlError of the first statement that was refused: those after
    // it were not run.
    Answers finish();
    // Runs statements that are written in a row, without parameters. REQUIRES: nothing was sent
    // that is not finished
    void run_script(const std::string& sql);

    // An identifier as it stands in SQL. Throws ConnectionLost where it cannot be one.
    [[nodiscard]] std::string in_quotes(const std::string& identifier) const;
    // A text as it stands in SQL.
    [[nodiscard]] std::string literal(const std::string& text) const;
    // A transaction is open, be it that one of its statements was refused.
    [[nodiscard]] bool in_transaction() const;
    // No two transactions need have the same session.
    [[nodiscard]] bool is_pooled() const { return pooled_; }
    [[nodiscard]] int server_version() const { return PQserverVersion(connection_.get()); }

    // Database, server and user, for people; no password.
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    struct Sent {
        const Statement* prepares = nullptr;  // null: it runs
        bool is_own = false;                  // of the connection's: nobody waits for its answer
    };
    enum class Block : std::uint8_t { none, open, own };  // own: finish() commits it

    void begin_sending();
    void connect(const std::string& conninfo, const PostgresOptions& options);
    void settle_in(const PostgresOptions& options);
    void prepare(const Statement& statement);
    void send_unnamed(const std::string& sql, const std::vector<Param>& params);
    void send_own(const std::string& sql);
    void open_block(const std::string& sql);
    void wait_for_answer();
    [[nodiscard]] PGresult* next_result();
    [[noreturn]] void lose(const std::string& what) const;

    std::unique_ptr<PGconn, Finish> connection_;
    std::string name_;
    bool pooled_;
    int answer_timeout_ms_;
    std::string local_settings_;  // as a statement that makes them for its transaction alone
    Block block_ = Block::none;   // of what is being sent, where it is pooled
    std::vector<Sent> sent_;
    std::unordered_set<const Statement*> prepared_;
};

// What the address says of it, if anything.
[[nodiscard]] std::optional<Locking> locking_in(const std::string& conninfo);

// How messages call a database, whether or not it can be reached.
[[nodiscard]] std::string name_of(const std::string& conninfo);

}  // namespace concertres::postgres

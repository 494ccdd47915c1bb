#include "postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "concertres/assert.hpp"

namespace concertres::postgres {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string milliseconds_of(Duration duration) {
    return std::to_string(duration_cast<milliseconds>(duration).count());
}

// Parameters as libpq takes them. Lifetime: those that it was made of outlive it.
struct SentParams {
    explicit SentParams(const std::vector<Param>& params) : formats(params.size(), 1) {
        for (const Param& param : params) {
            values.push_back(param.data());
            lengths.push_back(param.size());
        }
    }
    [[nodiscard]] int count() const { return static_cast<int>(values.size()); }

    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

struct FreeText {
    void operator()(char* text) const { PQfreemem(text); }
};

// libpq ends its messages with a line feed, and begins some with a severity.
std::string trimmed(const char* message) {
    std::string text = message == nullptr ? "" : message;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

std::string field(const Answer& result, int code) {
    const char* value = PQresultErrorField(result.get(), code);
    return value == nullptr ? std::string() : std::string(value);
}

// What a connection string says to this library, and what of it is left for libpq.
struct Address {
    std::string conninfo;
    bool pooled = false;
    std::optional<Locking> locking{};
};
Address address_in(const std::string& text) {
    Address address{.conninfo = text};
    const std::size_t query = text.find('?');
    if (query == std::string::npos) return address;
    address.conninfo.resize(query);
    char separator = '?';
    std::size_t at = query + 1;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find('&', at), text.size());
        const std::string word = text.substr(at, end - at);
        at = end + 1;
        if (word == "pgbouncer=on" || word == "pgbouncer=off") {
            address.pooled = word == "pgbouncer=on";
            continue;
        }
        if (word == "locking=optimistic" || word == "locking=pessimistic") {
            address.locking =
                word == "locking=optimistic" ? Locking::optimistic : Locking::pessimistic;
            continue;
        }
        address.conninfo += separator + word;
        separator = '&';
    }
    return address;
}

// visit(keyword, value) for each that is set. False: libpq does not understand the string.
template <class Visit>
bool for_each_option(const std::string& conninfo, const Visit& visit) {
    struct Free {
        void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
    };
    // Its own message repeats what it does not understand, which may be a password: none is taken.
    const std::unique_ptr<PQconninfoOption, Free> options(
        PQconninfoParse(address_in(conninfo).conninfo.c_str(), nullptr));
    if (!options) return false;
    for (auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) visit(option->keyword, option->val);
    }
    return true;
}

}  // namespace

bool SqlError::is_conflict() const {
    static constexpr std::array<std::string_view, 6> conflicts = {
        "40001",  // serialization failure
        "40P01",  // deadlock
        "55P03",  // lock not available in time
        "57014",  // statement time-out
        "23505",  // somebody else has made this row
        "CR001",  // somebody else has changed this row (schema.cpp)
    };
    return std::ranges::find(conflicts, state_) != conflicts.end();
}

bool SqlError::is_refusal_of_server() const {
    // A standby; a server that starts, stops, or has no connection left.
    return state_ == "25006" || state_.starts_with("57P0") || state_ == "53300";
}

std::optional<Locking> locking_in(const std::string& conninfo) {
    return address_in(conninfo).locking;
}

std::string name_of(const std::string& conninfo) {
    std::string host;
    std::string database;
    for_each_option(conninfo, [&](std::string_view keyword, std::string_view value) {
        if (keyword == "host") host = value;
        if (keyword == "dbname") database = value;
    });
    return "the PostgreSQL database " + (database.empty() ? "of the user's name" : database) +
           (host.empty() ? "" : " at " + host);
}

Connection::Connection(const std::string& conninfo, const PostgresOptions& options)
    : name_(name_of(conninfo)),
      pooled_(address_in(conninfo).pooled),
      // A server that is alive ends a statement by itself; this is for one that is not.
      answer_timeout_ms_(
          static_cast<int>(duration_cast<milliseconds>(options.statement_timeout).count()) +
          1'000) {
    connect(conninfo, options);
    settle_in(options);
}

void Connection::connect(const std::string& conninfo, const PostgresOptions& options) {
    const std::string connect_seconds = std::to_string(
        std::max<std::int64_t>(2, std::chrono::ceil<seconds>(options.connect_timeout).count()));
    const std::string unacked_ms = milliseconds_of(options.statement_timeout);
    // What stands in the caller's string comes last, and so overrides these.
    const std::string for_libpq = address_in(conninfo).conninfo;
    const char* keywords[] = {"connect_timeout",           "client_encoding",  "keepalives_idle",
                              "keepalives_interval",       "keepalives_count", "tcp_user_timeout",
                              "fallback_application_name", "dbname",           nullptr};
    const char* values[] = {
        connect_seconds.c_str(), "UTF8", "5", "2", "3", unacked_ms.c_str(), "concertres",
        for_libpq.c_str(),       nullptr};
    connection_.reset(PQconnectdbParams(keywords, values, 1));
    if (!connection_) throw std::bad_alloc();
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw ConnectionLost(trimmed(PQerrorMessage(connection_.get())));
    }
}

// Plans are made once, without looking at values, and always by the indexes that are there for the
// statement: the tables grow from nothing within minutes, so statistics would mislead.
void Connection::settle_in(const PostgresOptions& options) {
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    const std::string limit = milliseconds_of(options.statement_timeout);
    const std::array<std::pair<const char*, std::string>, 10> settings = {
        {{"search_path", in_quotes(options.schema)},
         {"synchronous_commit", "on"},
         {"jit", "off"},
         {"statement_timeout", limit},
         {"lock_timeout", limit},
         {"idle_in_transaction_session_timeout", limit},
         {"plan_cache_mode", "force_generic_plan"},
         {"enable_seqscan", "off"},
         {"enable_hashjoin", "off"},
         {"enable_mergejoin", "off"}}};
    std::string sql = "SELECT ";
    for (const auto& [name, value] : settings) {
        sql += std::string(sql.ends_with(' ') ? "" : ", ") + "set_config('" + name + "', " +
               literal(value) + (pooled_ ? ", true)" : ", false)");
    }
    if (pooled_) {
        local_settings_ = sql;
    } else {
        run_script(sql);
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) lose("it cannot be made non-blocking");
}

std::string Connection::in_quotes(const std::string& identifier) const {
    const std::unique_ptr<char, FreeText> escaped(
        PQescapeIdentifier(connection_.get(), identifier.data(), identifier.size()));
    if (!escaped) lose("\"" + identifier + "\" cannot be a name");
    return escaped.get();
}

std::string Connection::literal(const std::string& text) const {
    const std::unique_ptr<char, FreeText> escaped(
        PQescapeLiteral(connection_.get(), text.data(), text.size()));
    if (!escaped) lose("\"" + text + "\" cannot be a text");
    return escaped.get();
}

void Connection::lose(const std::string& what) const {
    const std::string reason = trimmed(PQerrorMessage(connection_.get()));
    throw ConnectionLost(reason.empty() ? what : reason);
}

bool Connection::in_transaction() const {
    const auto status = PQtransactionStatus(connection_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

void Connection::run_script(const std::string& sql) {
    CONCERTRES_ASSERT(sent_.empty());
    if (PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF &&
        PQexitPipelineMode(connection_.get()) == 0) {
        lose("it cannot leave the pipeline mode");
    }
    const Answer result(PQexec(connection_.get(), sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
    if (PQstatus(connection_.get()) != CONNECTION_OK) lose("it was lost");
    throw SqlError(field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY));
}

void Connection::begin_sending() {
    if (sent_.empty()) block_ = in_transaction() ? Block::open : Block::none;
    if (PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF) return;
    if (PQenterPipelineMode(connection_.get()) == 0) lose("it cannot enter the pipeline mode");
}

// --- Sending behind a pgbouncer ----------------------------------------------------------------

void Connection::send_own(const std::string& sql) {
    send_unnamed(sql, {});
    sent_.back().is_own = true;
}

// Before a statement is sent: makes sure that it runs in a transaction with our settings.
void Connection::open_block(const std::string& sql) {
    if (sql.starts_with("BEGIN")) {
        block_ = Block::open;
    } else if (sql == "COMMIT" || sql == "ROLLBACK") {
        block_ = Block::none;
    } else if (block_ == Block::none) {
        send_own("BEGIN");
        send_own(local_settings_);
        block_ = Block::own;
    }
}

void Connection::send_unnamed(const std::string& sql, const std::vector<Param>& params) {
    const SentParams sent(params);
    if (PQsendQueryParams(connection_.get(), sql.c_str(), sent.count(), nullptr, sent.values.data(),
                          sent.lengths.data(), sent.formats.data(), 1) == 0) {
        lose("a statement cannot be sent");
    }
    sent_.push_back({});
}

// --- Sending -----------------------------------------------------------------------------------

void Connection::send_once(const std::string& sql) {
    begin_sending();
    if (pooled_) open_block(sql);
    send_unnamed(sql, {});
    if (pooled_ && sql.starts_with("BEGIN")) send_own(local_settings_);
}

void Connection::prepare(const Statement& statement) {
    if (prepared_.contains(&statement)) return;
    if (PQsendPrepare(connection_.get(), statement.name.c_str(), statement.sql.c_str(), 0,
                      nullptr) == 0) {
        lose("a statement cannot be sent");
    }
    // Should it be refused, it is sent again the next time.
    prepared_.insert(&statement);
    sent_.push_back({.prepares = &statement});
}

void Connection::send(const Statement& statement, const std::vector<Param>& params) {
    begin_sending();
    if (pooled_) {
        open_block(statement.sql);
        send_unnamed(statement.sql, params);
        if (statement.sql.starts_with("BEGIN")) send_own(local_settings_);
        return;
    }
    prepare(statement);
    const SentParams sent(params);
    if (PQsendQueryPrepared(connection_.get(), statement.name.c_str(), sent.count(),
                            sent.values.data(), sent.lengths.data(), sent.formats.data(), 1) == 0) {
        lose("a statement cannot be sent");
    }
    sent_.push_back({});
}

// Sends what is left to send while it waits: the server may want to be read before it reads on.
void Connection::wait_for_answer() {
    PGconn* connection = connection_.get();
    while (true) {
        const int unsent = PQflush(connection);
        if (unsent < 0) lose("it was lost");
        if (PQisBusy(connection) == 0) return;
        pollfd ready{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
        if (unsent > 0) ready.events |= POLLOUT;
        const int count = ::poll(&ready, 1, answer_timeout_ms_);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw ConnectionSilent("the server does not answer");
        if ((ready.revents & ~POLLOUT) != 0 && PQconsumeInput(connection) == 0) lose("it was lost");
    }
}

PGresult* Connection::next_result() {
    wait_for_answer();
    return PQgetResult(connection_.get());
}

Answers Connection::finish() {
    if (sent_.empty()) return {};
    if (pooled_ && block_ == Block::own) send_own("COMMIT");
    if (PQpipelineSync(connection_.get()) == 0) lose("it was lost");
    Answers answers;
    std::optional<SqlError> refused;
    for (const Sent& sent : std::exchange(sent_, {})) {
        Answer result(next_result());
        const auto status = PQresultStatus(result.get());
        if (status == PGRES_FATAL_ERROR) {
            if (PQstatus(connection_.get()) != CONNECTION_OK) lose("it was lost");
            if (!refused) {
                refused.emplace(field(result, PG_DIAG_SQLSTATE),
                                field(result, PG_DIAG_MESSAGE_PRIMARY));
            }
        }
        if (sent.prepares != nullptr && status != PGRES_COMMAND_OK) {
            prepared_.erase(sent.prepares);
        }
        if (sent.prepares == nullptr && !sent.is_own) answers.push_back(std::move(result));
        // The end of this statement's answer.
        if (const Answer end(next_result()); end.get() != nullptr) {
            throw ConnectionLost("the server answers what was not asked");
        }
    }
    if (const Answer sync(next_result()); PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) {
        lose("it was lost");
    }
    if (refused) throw *refused;
    return answers;
}

}  // namespace concertres::postgres

namespace concertres {

Conninfo check_conninfo(const std::string& conninfo) {
    bool has_password = false;
    const auto look = [&](std::string_view keyword, std::string_view value) {
        // The end of a password that has an "@" in it is taken for a host.
        const bool is_secret = keyword == "password" || keyword == "sslpassword" ||
                               (keyword == "host" && value.find('@') != std::string_view::npos);
        has_password = has_password || (is_secret && !value.empty());
    };
    if (!postgres::for_each_option(conninfo, look)) return Conninfo::malformed;
    return has_password ? Conninfo::has_password : Conninfo::good;
}

}  // namespace concertres

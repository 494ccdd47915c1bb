#include "cli/where.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "concertres/postgres.hpp"
#include "concertres/sqlite.hpp"
#include "config/exit_codes.hpp"
#include "config/secrets.hpp"

namespace concertres::server {

namespace {

// A large sale takes minutes to audit or copy.
constexpr std::chrono::hours answer_max{1};

std::string text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// What a problem says, for people.
std::string problem_text(int status, const std::string& body) {
    boost::system::error_code failed;
    const auto parsed = boost::json::parse(body, failed);
    if (failed || !parsed.is_object()) return fmt::format("the server answered {}", status);
    const auto& problem = parsed.get_object();
    std::string text = text_of(problem, "detail");
    if (text.empty()) text = text_of(problem, "title");
    return fmt::format("{} ({})", text, text_of(problem, "code"));
}

}  // namespace

std::filesystem::path store_file(const std::filesystem::path& folder) {
    return folder / "concertres.db";
}

std::unique_ptr<Storage> open_store(const StoreArguments& where, bool must_exist) {
    if (!where.store.empty()) {
        PostgresOptions options;
        options.must_exist = must_exist;
        try {
            return open_postgres(where.store, options);
        } catch (const StorageError& failure) {
            throw Failure{failure.what(), exit_code::unavailable};
        }
    }
    namespace fs = std::filesystem;
    const fs::path file = store_file(where.data);
    std::error_code failed;
    if (must_exist && !fs::exists(file, failed)) {
        throw Failure{
            fmt::format("there is no sale in {}: it has no concertres.db", where.data.string()),
            exit_code::unavailable};
    }
    fs::create_directories(where.data, failed);
    if (failed) {
        throw Failure{
            fmt::format("the folder {} cannot be made: {}", where.data.string(), failed.message()),
            exit_code::unavailable};
    }
    try {
        return open_sqlite(file);
    } catch (const StorageError& failure) {
        std::string message = failure.what();
        if (failure.kind() == StorageError::Kind::in_use) {
            message +=
                ". If a server runs on it, stop it, or ask it, where this command can: with "
                "--server URL (its admin-listen, http://127.0.0.1:8081 by default) in place of "
                "--data";
        }
        throw Failure{message, exit_code::unavailable};
    }
}

std::string ask_server(const StoreArguments& where, http::Call call) {
    if (!where.admin_key.empty()) {
        const auto key = read_secret_file(where.admin_key);
        if (!key) throw Failure{key.error().detail, exit_code::config};
        call.fields.emplace_back("Authorization", "Bearer " + *key);
    }
    call.fields.emplace_back("X-Actor", "command line");
    http::Reply reply;
    try {
        reply = http::Client(where.server, answer_max).send(call);
    } catch (const std::invalid_argument& failure) {
        throw Failure{fmt::format("--server {}: {}", where.server, failure.what()),
                      exit_code::usage};
    } catch (const std::system_error& failure) {
        throw Failure{fmt::format("{} does not answer: {}. Is that its admin-listen?", where.server,
                                  failure.what()),
                      exit_code::unavailable};
    }
    if (reply.status >= 200 && reply.status < 300) return std::move(reply.body);
    std::string text = problem_text(reply.status, reply.body);
    if (reply.status == 401) {
        throw Failure{text + ". Give the key with --admin-key FILE", exit_code::unavailable};
    }
    if (reply.status == 404 && text.find("unknown_route") != std::string::npos) {
        throw Failure{
            fmt::format("{} is not the operators' address of a server: use its admin-listen",
                        where.server),
            exit_code::unavailable};
    }
    throw Failure{text, reply.status == 503 ? exit_code::unavailable : exit_code::refused};
}

Failure refused(const Error& error) {
    const bool failed = error.code == Errc::engine_failed || error.code == Errc::storage_full ||
                        error.code == Errc::storage_unavailable;
    return {fmt::format("{} ({})", error.detail, code_name(error.code)),
            failed ? exit_code::failed : exit_code::refused};
}

int printed(int code) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    fmt::print(stderr, "concertres: standard output cannot be written\n");
    return exit_code::refused;
}

int guarded(const std::function<int()>& work) {
    try {
        return printed(work());
    } catch (const Failure& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.message);
        return failure.exit_code;
    } catch (const StorageError& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        return exit_code::failed;
    } catch (const std::system_error&) {
        // fmt throws where a buffer is full and cannot be written.
        if (std::ferror(stdout) == 0) throw;
        return printed(exit_code::good);
    }
}

// --- Patience ----------------------------------------------------------------------------------

class Patience::Impl {
  public:
    explicit Impl(std::string what) : what_(std::move(what)), thread_([this] { run(); }) {}
    ~Impl() {
        {
            std::lock_guard lock(mutex_);
            ended_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    void tell(std::size_t done, std::size_t total) {
        std::lock_guard lock(mutex_);
        done_ = done;
        total_ = total;
    }

  private:
    void run() {
        const auto started = std::chrono::steady_clock::now();
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, std::chrono::milliseconds(250), [this] { return ended_; })) {
            const auto waited = std::chrono::floor<std::chrono::seconds>(
                std::chrono::steady_clock::now() - started);
            std::string text = fmt::format("{} ... {} s", what_, waited.count());
            if (total_ > 0) text = fmt::format("{} ... {}%", what_, 100 * done_ / total_);
            fmt::print(stderr, "\r\033[K{}", text);
            std::fflush(stderr);
        }
        fmt::print(stderr, "\r\033[K");
        std::fflush(stderr);
    }

    std::string what_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::thread thread_;
};

Patience::Patience(std::string what) {
    if (::isatty(STDERR_FILENO) != 0) impl_ = std::make_unique<Impl>(std::move(what));
}

Patience::~Patience() = default;

void Patience::tell(std::size_t done, std::size_t total) {
    if (impl_) impl_->tell(done, total);
}

}  // namespace concertres::server

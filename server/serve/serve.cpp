#include "serve/serve.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "api/chores.hpp"
#include "api/dispatcher.hpp"
#include "api/services.hpp"
#include "api/start_page.hpp"
#include "concertres/postgres.hpp"
#include "concertres/sqlite.hpp"
#include "concertres/version.hpp"
#include "config/exit_codes.hpp"
#include "events/sink_relay.hpp"
#include "http/listener.hpp"
#include "line/outside_line.hpp"
#include "provider/payment_provider.hpp"
#include "serve/demo.hpp"
#include "serve/notify.hpp"
#include "serve/workers.hpp"

namespace concertres::server {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// SIGTERM to exit takes at most 10 s: most of it for requests, the rest for the engine.
constexpr seconds drain_max{6};
constexpr milliseconds look_every{100};

// Every connection is a descriptor; the soft limit is often 1,024 where the hard one is far above.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

class Server {
  public:
    Server(ServeArguments&& arguments, Log& log);
    ~Server();

    int run(const Reload& reload);

  private:
    [[nodiscard]] fs::path open_folder();
    [[nodiscard]] std::unique_ptr<Storage> open_storage() const;
    [[nodiscard]] std::unique_ptr<Outbox> open_outbox();
    [[nodiscard]] Options options();
    void add_demo();
    void add_relays(const std::vector<std::string>& webhook_secrets);
    void add_provider(const std::string& key);
    void say_ready() const;
    void warn();
    void wait_for_signal();
    void reread();
    void watch();
    void stop(std::string_view why);
    void drain();
    void end();
    void end_chores();

    const Settings settings_;
    std::vector<TokenKey> token_keys_;
    std::vector<TicketKey> ticket_keys_;
    Log& log_;
    Reload reload_;
    std::unique_ptr<TemporaryFolder> temporary_;
    fs::path folder_;

    // Whoever may still be answered outlives the box office, whose end answers everything.
    asio::io_context control_{1};
    Workers workers_;
    asio::thread_pool chores_{1};
    Metrics metrics_;
    RateLimiter token_rate_;
    Gate gate_;
    Snapshots snapshots_;
    Live live_{control_, snapshots_};
    std::shared_ptr<RedisLine> line_;  // null: the store keeps who waits
    BoxOffice office_;
    Services services_;
    Dispatcher buyers_;
    Dispatcher operators_;
    std::vector<std::unique_ptr<SinkRelay>> relays_;
    std::unique_ptr<PaymentProvider> provider_;  // null: money comes from wallets alone
    std::optional<http::Listener> listener_;
    std::optional<http::Listener> admin_listener_;

    asio::signal_set signals_{control_, SIGTERM, SIGINT, SIGHUP};
    asio::steady_timer timer_{control_};
    steady_clock::time_point drain_until_{};
    int exit_code_ = exit_code::good;
};

AccessKeys access_keys(Secrets& secrets) {
    return {.api = std::move(secrets.api_key), .admin = std::move(secrets.admin_key)};
}

Server::Server(ServeArguments&& arguments, Log& log)
    : settings_(std::move(arguments.settings)),
      token_keys_(std::move(arguments.secrets.token_keys)),
      ticket_keys_(std::move(arguments.secrets.ticket_keys)),
      log_(log),
      folder_(open_folder()),
      workers_(thread_count(settings_), log),
      token_rate_({.per_second = settings_.token_rate, .burst = settings_.token_burst}),
      gate_(settings_.wait_max),
      line_(open_line(settings_.line,
                      [&log](const std::string& text) {
                          log.line(LogLevel::warning, "the line in Redis: " + text);
                      })),
      office_(open_storage(), options()),
      services_{.office = office_,
                .snapshots = snapshots_,
                .live = live_,
                .metrics = metrics_,
                .log = log,
                .token_rate = token_rate_,
                .gate = gate_,
                .chores = chores_,
                .currency = settings_.currency,
                .trusted_proxies = settings_.trusted_proxies,
                .cors_origins = settings_.cors_origins,
                .body_bytes_max = settings_.body_bytes_max,
                .import_bytes_max = settings_.import_bytes_max,
                .token_max_age = settings_.engine.token_max_age,
                .folder = folder_,
                .open_again = {},
                .web_root = settings_.web_root},
      buyers_(services_, Side::buyers),
      operators_(services_, Side::operators) {
    if (settings_.store.empty()) {
        remove_copies(folder_);  // the store is ours by now, so nobody else's
    } else {
        services_.open_again = [this] { return open_storage(); };
    }
    snapshots_.bind(office_, settings_.currency);
    // The other half is for those who ask and buy.
    live_.bind(office_, settings_.currency,
               std::max<std::size_t>(1, settings_.limits.connections_max / 2));
    services_.keys = std::make_shared<const AccessKeys>(access_keys(arguments.secrets));
    if (line_) services_.line = [this] { return line_->counters(); };
    add_relays(arguments.secrets.webhook);
    if (arguments.secrets.payment_key) add_provider(*arguments.secrets.payment_key);
    if (settings_.demo) add_demo();
    listener_.emplace(workers_.contexts(), settings_.listen, settings_.limits, buyers_);
    metrics_.watch("buyers", listener_->counters());
    if (settings_.admin_listen) {
        admin_listener_.emplace(workers_.contexts(), *settings_.admin_listen, settings_.limits,
                                operators_);
        metrics_.watch("operators", admin_listener_->counters());
    }
}

// What is on its way ends before what it would be answered through.
Server::~Server() {
    chores_.join();
    services_.packing.join();
    workers_.stop();
}

// None where the sale is in a database.
fs::path Server::open_folder() {
    if (!settings_.store.empty()) return {};
    if (settings_.data.empty()) {
        temporary_ = std::make_unique<TemporaryFolder>();
        return temporary_->path();
    }
    std::error_code failed;
    fs::create_directories(settings_.data, failed);
    if (failed) {
        throw StorageError(StorageError::Kind::unavailable,
                           fmt::format("the folder {} cannot be made: {}", settings_.data.string(),
                                       failed.message()));
    }
    return settings_.data;
}

std::unique_ptr<Storage> Server::open_storage() const {
    if (settings_.store.empty()) return open_sqlite(folder_ / "concertres.db");
    PostgresOptions options;
    options.connections_budget = settings_.db_connections_budget;
    return open_postgres(settings_.store, options);
}

Options Server::options() {
    Options options = settings_.engine;
    options.events = &live_;
    options.line = line_;
    options.log = [this](LogLevel level, std::string_view text) { log_.line(level, text); };
    options.token_keys = std::move(token_keys_);
    options.ticket_keys = std::move(ticket_keys_);
    return options;
}

std::unique_ptr<Outbox> Server::open_outbox() {
    if (settings_.store.empty()) return office_.outbox();
    PostgresOptions options;
    options.connections_budget = settings_.db_connections_budget;
    return open_postgres_outbox(settings_.store, options);
}

void Server::add_relays(const std::vector<std::string>& webhook_secrets) {
    services_.open_outbox = [this] { return open_outbox(); };
    relays_ = open_relays(settings_.relay, webhook_secrets, services_.open_outbox,
                          [this](const std::string& line) { log_.line(LogLevel::warning, line); });
    services_.sinks = [this] {
        std::vector<SinkReading> sinks;
        for (const auto& relay : relays_) sinks.push_back({relay->sink(), relay->statistics()});
        return sinks;
    };
}

void Server::add_provider(const std::string& key) {
    provider_ = std::make_unique<PaymentProvider>(
        office_, settings_.provider, key, settings_.currency,
        [this](const std::string& line) { log_.line(LogLevel::warning, line); });
    services_.settler = [this] { return provider_->statistics(); };
}

void Server::add_demo() {
    if (const auto concerts = office_.concerts(); concerts && !concerts->empty()) return;
    const auto added = office_.add_concert(demo_concert(office_.now()));
    if (!added) throw std::runtime_error("the demo concert was refused: " + added.error().detail);
}

// --- Running -----------------------------------------------------------------------------------

int Server::run(const Reload& reload) {
    reload_ = reload;
    wait_for_signal();
    watch();
    listener_->start();
    if (admin_listener_) admin_listener_->start();
    workers_.start();
    for (const auto& relay : relays_) relay->start();
    if (provider_) provider_->start();
    services_.ready = true;
    say_ready();
    warn();
    notify_manager("READY=1");
    control_.run();
    end_chores();
    return exit_code_;
}

// An audit cannot be interrupted, and changes nothing: nobody waits for it. Nor for a call to the
// provider of payments: whoever runs next asks how far that came.
void Server::end_chores() {
    const auto are_done = [this] {
        return *services_.chores_waiting == 0 && (!provider_ || provider_->is_stopped());
    };
    for (int i = 0; !are_done() && i < 100; ++i) {
        std::this_thread::sleep_for(milliseconds(10));
    }
    if (are_done()) return;
    fmt::print(stderr, "concertres: a long request was cut off\n");
    temporary_.reset();
    std::_Exit(exit_code_);
}

void Server::say_ready() const {
    const std::string url =
        "http://" + to_string(http::Endpoint{settings_.listen.address, listener_->port()});
    fmt::print("concertres {} is ready at {}", CONCERTRES_VERSION_STRING, url);
    std::string console;
    if (admin_listener_) {
        console = "http://" + to_string(http::Endpoint{settings_.admin_listen->address,
                                                       admin_listener_->port()});
        fmt::print(" (operators: {})", console);
    }
    fmt::print("\n");
    if (settings_.demo) {
        const std::string sell =
            console.empty() ? "" : fmt::format(", {}/ to run the sale", console);
        fmt::print(
            "\nOpen {0}/ in a browser to buy a ticket{1}, or try:\n  curl -s {0}/v1/concerts\n"
            "  curl -s {0}/readyz?verbose\n"
            "  curl -s {0}/docs | less   # a purchase, ready to paste\n",
            url, sell);
    }
    std::fflush(stdout);
}

void Server::warn() {
    const auto keys = services_.keys.load();
    if (!keys->api) {
        log_.line(LogLevel::warning,
                  "no --api-key: anybody may ask for a token, and whoever is admitted may charge a "
                  "wallet");
    }
    const auto open = office_.open_payments({.limit = 1});
    if (!provider_ && open && !open->empty()) {
        log_.line(LogLevel::warning,
                  "payments with money from outside are open, and without --payment-url nobody "
                  "settles them");
    }
    const bool is_local =
        settings_.admin_listen && (settings_.admin_listen->address == "127.0.0.1" ||
                                   settings_.admin_listen->address == "::1");
    if (settings_.admin_listen && !keys->admin && !is_local) {
        log_.line(LogLevel::warning,
                  "no --admin-key: whoever reaches the operators' address may do everything",
                  {{"address", settings_.admin_listen->address}});
    }
}

void Server::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& failed, int signal) {
        if (failed) return;
        if (signal == SIGHUP) {
            reread();
        } else if (services_.stopping) {
            // Whoever asks twice does not want to wait: what was acknowledged is on disk.
            ::_exit(128 + signal);
        } else {
            stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
        }
        wait_for_signal();
    });
}

void Server::reread() {
    try {
        auto again = reload_();
        if (!again) {
            log_.line(LogLevel::error, "reload: the configuration is faulty; nothing was changed");
            return;
        }
        const auto before = services_.keys.load();
        if ((before->api && !again->secrets.api_key) ||
            (before->admin && !again->secrets.admin_key)) {
            log_.line(LogLevel::error,
                      "reload: a key that was asked for until now is not configured any more; "
                      "nothing was changed, restart to run without it");
            return;
        }
        const auto& token_keys = again->secrets.token_keys;
        if (!token_keys.empty()) office_.replace_token_keys(token_keys);
        const auto& ticket_keys = again->secrets.ticket_keys;
        if (!ticket_keys.empty()) office_.replace_ticket_keys(ticket_keys);
        const auto& webhook = again->secrets.webhook;
        for (const auto& relay : relays_) {
            if (!webhook.empty()) relay->replace_secrets(webhook);
        }
        if (provider_ && again->secrets.payment_key) {
            provider_->replace_key(*again->secrets.payment_key);
        }
        services_.keys = std::make_shared<const AccessKeys>(access_keys(again->secrets));
        log_.set_level(again->settings.log_level);
        log_.line(LogLevel::info, "reload: keys and log level were read anew");
    } catch (const std::exception& failure) {
        log_.line(LogLevel::error, "reload failed; nothing was changed",
                  {{"detail", std::string_view(failure.what())}});
    }
}

// Looks now and then whether the engine still works, how fast it is, and, once stopping, whether
// all is answered.
void Server::watch() {
    timer_.expires_after(look_every);
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (failed) return;
        if (!services_.stopping && office_.statistics().failed) {
            exit_code_ = exit_code::failed;
            stop("the engine has stopped");
        }
        gate_.look();
        if (services_.stopping) drain();
        watch();
    });
}

// --- Stopping ----------------------------------------------------------------------------------

void Server::stop(std::string_view why) {
    log_.line(LogLevel::info, "stopping", {{"why", why}});
    services_.stopping = true;
    live_.stop();
    if (provider_) provider_->begin_stop();
    notify_manager("STOPPING=1");
    drain_until_ = steady_clock::now() + drain_max;
    listener_->stop_accepting();
    if (admin_listener_) admin_listener_->stop_accepting();
}

void Server::drain() {
    listener_->close_idle();
    if (admin_listener_) admin_listener_->close_idle();
    const std::int64_t open = listener_->counters().open +
                              (admin_listener_ ? admin_listener_->counters().open.load() : 0);
    if (open == 0 || steady_clock::now() >= drain_until_) end();
}

// Commands that are still on their way are decided, and their answers handed out; then all closes.
void Server::end() {
    for (const auto& relay : relays_) relay->stop();
    office_.stop();
    if (office_.statistics().failed) exit_code_ = exit_code::failed;
    const auto until = steady_clock::now() + seconds(1);
    const auto open = [this] {
        return listener_->counters().open +
               (admin_listener_ ? admin_listener_->counters().open.load() : 0);
    };
    while (open() > 0 && steady_clock::now() < until) {
        std::this_thread::sleep_for(milliseconds(10));
        listener_->close_idle();
        if (admin_listener_) admin_listener_->close_idle();
    }
    listener_->close_all();
    if (admin_listener_) admin_listener_->close_all();
    log_.line(LogLevel::info, "stopped");
    control_.stop();
}

}  // namespace

int serve(ServeArguments arguments, const Reload& reload) {
    Log log(arguments.settings.log_format, arguments.settings.log_level);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    try {
        return Server(std::move(arguments), log).run(reload);
    } catch (const StorageError& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        if (failure.kind() == StorageError::Kind::in_use) {
            fmt::print(stderr,
                       "concertres: where a server has it open, ask that one: --server URL\n");
        }
        return exit_code::unavailable;
    } catch (const std::system_error& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        return exit_code::unavailable;
    } catch (const std::invalid_argument& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        return exit_code::config;
    } catch (const std::exception& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        return exit_code::failed;
    }
}

}  // namespace concertres::server

#include "load/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cmath>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "load/concert_list.hpp"
#include "load/person.hpp"
#include "load/wire.hpp"

namespace concertres::load {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds tick{20};  // how often users come and go, and deadlines are seen
constexpr milliseconds watch_every{250};
constexpr milliseconds ask_line_every{1'000};
constexpr seconds prepare_max{150};  // who stands far behind is told to ask again in a minute
constexpr seconds grace{10};         // for what has begun when the time is over
constexpr int points_wanted = 300;

// About so many points, each of whole tenths of a second.
Nanoseconds interval_for(Nanoseconds length) {
    constexpr milliseconds tenth{100};
    const auto tenths = length / points_wanted / tenth;
    return tenth * std::clamp<std::int64_t>(tenths, 1, 3'600);
}

void raise_descriptor_limit(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    constexpr std::size_t others = 32;
    if (connections + others > limit.rlim_cur) {
        throw LoadError(LoadError::Kind::refused,
                        fmt::format("{} connections need as many file descriptors, and this "
                                    "process may have {}: raise ulimit -n, or take fewer",
                                    connections, limit.rlim_cur));
    }
}

}  // namespace

class Run::Impl {
  public:
    explicit Impl(const Plan& plan)
        : plan_(plan), record_(interval_for(plan.profile.stages.length())) {}

    void prepare();
    Record go(const Watch& watch);

    [[nodiscard]] const std::string& concert() const { return scene_.concert; }
    [[nodiscard]] std::uint64_t prepared_requests() const { return prepared_requests_; }
    [[nodiscard]] bool interrupted() const { return interrupted_; }

  private:
    // A person, the way to the server, and when the next request was to start.
    struct Walker {
        Walker(Impl& run, const Scene& scene)
            : person(scene),
              wire(run.io_, run.server_, run.plan_.timeout,
                   [this, &run](const Heard& heard) { run.on_heard(*this, heard); }),
              timer(run.io_) {}

        Person person;
        Wire wire;
        asio::steady_timer timer;
        Clock::time_point intended{};
        bool active = false;   // amid the scenario, or on the way to the next
        bool in_line = false;  // waits for a turn
    };

    void find_server();
    void find_concert();
    void let_all_join();

    void start(Walker& walker, Clock::time_point intended);
    void move(Walker& walker);
    void on_heard(Walker& walker, const Heard& heard);
    void pause(Walker& walker, milliseconds time);
    void on_done(Walker& walker, milliseconds pause);
    void retire(Walker& walker);

    void begin_ticking();
    void on_tick();
    void measure(Clock::time_point now);
    void keep_users(Nanoseconds since);
    void serve_arrivals();
    void await_arrival();
    void begin_ending();
    void end_if_idle();
    void stop();
    void ask_for_line();
    void on_line(const Heard& heard);
    void wait_for_signal();
    Walker& idle_walker();
    [[nodiscard]] Nanoseconds since_start() const { return Clock::now() - start_; }

    const Plan& plan_;
    Scene scene_{};
    asio::io_context io_{1};
    tcp::endpoint server_{};
    asio::steady_timer tick_timer_{io_};
    asio::steady_timer arrival_timer_{io_};
    asio::steady_timer line_timer_{io_};
    asio::signal_set signals_{io_};
    std::unique_ptr<Wire> line_wire_{};
    std::string line_text_{};

    std::vector<std::unique_ptr<Walker>> walkers_{};
    std::vector<Walker*> idle_{};
    std::size_t active_ = 0;
    bool preparing_ = false;
    bool ending_ = false;
    bool interrupted_ = false;
    std::string preparation_failed_{};
    std::uint64_t prepared_requests_ = 0;

    Clock::time_point start_{};
    Clock::time_point ended_at_{};  // from then on nobody begins
    Clock::time_point cut_at_{};
    std::int64_t next_arrival_ = 0;
    std::optional<Clock::time_point> next_at_{};  // when it arrives; nothing: there is none
    Record record_;
    const Watch* watch_ = nullptr;
    Clock::time_point watched_{};
};

// --- Before ------------------------------------------------------------------------------------

void Run::Impl::prepare() {
    scene_.scenario = plan_.profile.scenario;
    scene_.api_key = plan_.api_key;
    const bool is_open = plan_.profile.open_loop;
    raise_descriptor_limit(is_open ? plan_.profile.connections
                                   : static_cast<std::size_t>(plan_.profile.stages.highest()));
    find_concert();
    find_server();
    if (is_open) let_all_join();
}

void Run::Impl::find_concert() {
    const auto refused = [&](std::string_view why) {
        return LoadError(LoadError::Kind::refused, fmt::format("{}: {}", plan_.target, why));
    };
    http::Reply reply;
    try {
        reply = http::Client(plan_.target, seconds(10)).send({.target = "/v1/concerts"});
    } catch (const std::system_error& failure) {
        throw LoadError(LoadError::Kind::unreachable,
                        fmt::format("{} does not answer: {}", plan_.target, failure.what()));
    }
    const auto concerts = reply.status == 200 ? concerts_of(reply.body) : std::nullopt;
    if (!concerts) {
        throw refused(
            fmt::format("answers {} to GET /v1/concerts, and no list of concerts; is "
                        "that where a concertres server listens for buyers?",
                        reply.status));
    }
    for (const ListedConcert& concert : *concerts) {
        const bool is_meant =
            plan_.concert.empty() ? concert.sale == "open" : concert.id == plan_.concert;
        if (!is_meant) continue;
        scene_.concert = concert.id;
        return;
    }
    throw refused(plan_.concert.empty() ? std::string("has no concert whose sale is open")
                                        : "has no concert " + plan_.concert);
}

// The address that answers first of those that the name has.
void Run::Impl::find_server() {
    const std::string_view url = plan_.target;
    std::string host(url.substr(std::string_view("http://").size()));
    if (host.ends_with('/')) host.pop_back();
    scene_.host = host;
    std::string port = "80";
    const std::size_t colon = host.rfind(':');
    if (colon != std::string::npos && host.find(']', colon) == std::string::npos) {
        port = host.substr(colon + 1);
        host.resize(colon);
    }
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    boost::system::error_code failed;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(host, port, failed);
    tcp::socket socket(io_);
    if (!failed) server_ = asio::connect(socket, found, failed);
    if (failed) {
        throw LoadError(LoadError::Kind::unreachable,
                        fmt::format("{} does not answer: {}", plan_.target, failed.message()));
    }
}

void Run::Impl::let_all_join() {
    preparing_ = true;
    start_ = Clock::now();
    cut_at_ = start_ + prepare_max;
    begin_ticking();
    for (std::size_t i = 0; i < plan_.profile.connections; ++i) {
        start(*walkers_.emplace_back(std::make_unique<Walker>(*this, scene_)), start_);
    }
    io_.run();
    io_.restart();
    if (interrupted_) throw LoadError(LoadError::Kind::refused, "interrupted before the start");
    if (!preparation_failed_.empty() || idle_.size() < walkers_.size()) {
        throw LoadError(
            LoadError::Kind::refused,
            fmt::format("{} of the {} people who are to serve the arrivals were let in{}; "
                        "give fewer connections, or a room that admits so many",
                        idle_.size(), walkers_.size(),
                        preparation_failed_.empty()
                            ? fmt::format(" within {} s", prepare_max.count())
                            : ", and then: " + preparation_failed_));
    }
    preparing_ = false;
}

// --- Who goes how far --------------------------------------------------------------------------

void Run::Impl::start(Walker& walker, Clock::time_point intended) {
    if (!std::exchange(walker.active, true)) ++active_;
    walker.intended = intended;
    walker.person.begin(preparing_);
    move(walker);
}

void Run::Impl::move(Walker& walker) {
    const Move next = walker.person.next();
    switch (next.kind) {
        case Move::Kind::ask:
            return walker.wire.ask(walker.person.text());
        case Move::Kind::wait:
            if (ending_) return retire(walker);
            walker.in_line = true;
            return pause(walker, next.pause);
        case Move::Kind::pause:
            return pause(walker, next.pause);
        case Move::Kind::done:
            return on_done(walker, next.pause);
    }
}

void Run::Impl::pause(Walker& walker, milliseconds time) {
    walker.intended = Clock::now() + time;
    walker.timer.expires_at(walker.intended);
    walker.timer.async_wait([this, &walker](const boost::system::error_code& failed) {
        if (failed || !walker.active) return;
        walker.in_line = false;
        move(walker);
    });
}

void Run::Impl::on_heard(Walker& walker, const Heard& heard) {
    const auto now = Clock::now();
    const Taken taken = walker.person.take(heard);
    if (preparing_) {
        ++prepared_requests_;
        walker.intended = now;
        return move(walker);
    }
    record_.add({.step = taken.step,
                 .verdict = taken.verdict,
                 .latency = std::chrono::duration_cast<Microseconds>(now - walker.intended),
                 .code = taken.code},
                now - start_);
    walker.intended = now;
    const milliseconds think =
        plan_.profile.open_loop || ending_ ? milliseconds(0) : plan_.profile.think;
    if (think > milliseconds(0)) {
        pause(walker, think);
    } else {
        move(walker);
    }
}

void Run::Impl::on_done(Walker& walker, milliseconds pause_before) {
    const std::string_view outcome = walker.person.outcome();
    if (preparing_) {
        if (outcome != "prepared") {
            preparation_failed_ = outcome;
            stop();
        }
        retire(walker);
        if (active_ == 0) stop();
        return;
    }
    record_.add_outcome(outcome);
    if (ending_) return retire(walker);
    if (plan_.profile.open_loop) {
        if (next_at_ && *next_at_ <= Clock::now()) {
            const auto intended = *next_at_;
            await_arrival();
            return start(walker, intended);
        }
        return retire(walker);
    }
    const auto wanted =
        static_cast<std::size_t>(std::ceil(plan_.profile.stages.value_at(since_start())));
    if (active_ > wanted) return retire(walker);
    // From the beginning, after the pause: the person is asked for the next move then.
    walker.person.begin();
    if (pause_before > milliseconds(0)) return pause(walker, pause_before);
    walker.intended = Clock::now();
    move(walker);
}

void Run::Impl::retire(Walker& walker) {
    if (!std::exchange(walker.active, false)) return;
    walker.in_line = false;
    walker.timer.cancel();
    --active_;
    idle_.push_back(&walker);
    if (ending_) end_if_idle();
}

Run::Impl::Walker& Run::Impl::idle_walker() {
    if (idle_.empty()) {
        return *walkers_.emplace_back(std::make_unique<Walker>(*this, scene_));
    }
    Walker& walker = *idle_.back();
    idle_.pop_back();
    return walker;
}

// --- As time goes by ---------------------------------------------------------------------------

Record Run::Impl::go(const Watch& watch) {
    watch_ = &watch;
    start_ = Clock::now();
    line_wire_ = std::make_unique<Wire>(io_, server_, plan_.timeout,
                                        [this](const Heard& heard) { on_line(heard); });
    line_text_ = fmt::format("GET /v1/concerts HTTP/1.1\r\nHost: {}\r\n\r\n", scene_.host);
    ask_for_line();
    if (plan_.profile.open_loop) {
        next_arrival_ = -1;
        await_arrival();
        serve_arrivals();
    }
    if (!plan_.profile.open_loop) begin_ticking();
    io_.run();
    for (; next_at_ && *next_at_ <= ended_at_; await_arrival()) ++record_.missed;
    record_.finish(since_start());
    watch(record_, record_.length());
    return std::move(record_);
}

// From the first phase to the end of the last.
void Run::Impl::begin_ticking() {
    for (const int signal : {SIGINT, SIGTERM}) signals_.add(signal);
    wait_for_signal();
    on_tick();
}

void Run::Impl::on_tick() {
    const auto now = Clock::now();
    for (const auto& walker : walkers_) walker->wire.expire(now);
    if (line_wire_) line_wire_->expire(now);
    if ((preparing_ || ending_) && now >= cut_at_) stop();
    if (!preparing_) measure(now);
    tick_timer_.expires_after(tick);
    tick_timer_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed) on_tick();
    });
}

void Run::Impl::measure(Clock::time_point now) {
    const auto since = now - start_;
    if (!ending_ && since >= plan_.profile.stages.length()) begin_ending();
    if (!ending_ && !plan_.profile.open_loop) keep_users(since);
    record_.tell_users(active_);
    record_.advance(since);
    if (now - watched_ < watch_every) return;
    watched_ = now;
    (*watch_)(record_, since);
}

// Who is too many goes when they are through; see on_done.
void Run::Impl::keep_users(Nanoseconds since) {
    const auto wanted =
        static_cast<std::size_t>(std::floor(plan_.profile.stages.value_at(since) + 1e-9));
    while (active_ < wanted) start(idle_walker(), Clock::now());
}

void Run::Impl::await_arrival() {
    const auto at = plan_.profile.stages.arrival(++next_arrival_);
    next_at_ = at ? std::optional(start_ + *at) : std::nullopt;
}

void Run::Impl::serve_arrivals() {
    while (next_at_ && !idle_.empty() && *next_at_ <= Clock::now()) {
        const auto intended = *next_at_;
        await_arrival();
        start(idle_walker(), intended);
    }
    if (!next_at_ || ending_) return;
    // Nobody free: whoever is first goes on with it, and the timer only looks again.
    const auto soon = Clock::now() + std::chrono::microseconds(500);
    arrival_timer_.expires_at(std::max(*next_at_, idle_.empty() ? soon : *next_at_));
    arrival_timer_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed) serve_arrivals();
    });
}

void Run::Impl::begin_ending() {
    ending_ = true;
    ended_at_ = Clock::now();
    cut_at_ = ended_at_ + grace;
    arrival_timer_.cancel();
    for (const auto& walker : walkers_) {
        if (walker->active && walker->in_line) retire(*walker);
    }
    end_if_idle();
}

void Run::Impl::end_if_idle() {
    if (active_ == 0) stop();
}

void Run::Impl::stop() { io_.stop(); }

void Run::Impl::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& failed, int) {
        if (failed) return;
        if (std::exchange(interrupted_, true) || preparing_) return stop();
        begin_ending();
        wait_for_signal();
    });
}

// --- How long the line is ------------------------------------------------------------------------

void Run::Impl::ask_for_line() { line_wire_->ask(line_text_); }

void Run::Impl::on_line(const Heard& heard) {
    const auto concerts = heard.status == 200 ? concerts_of(heard.body) : std::nullopt;
    for (const ListedConcert& concert : concerts.value_or(std::vector<ListedConcert>())) {
        if (concert.id == scene_.concert) record_.tell_waiting(concert.waiting);
    }
    line_timer_.expires_after(ask_line_every);
    line_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) ask_for_line();
    });
}

// --- The run -----------------------------------------------------------------------------------

Run::Run(const Plan& plan) : impl_(std::make_unique<Impl>(plan)) {}
Run::~Run() = default;
void Run::prepare() { impl_->prepare(); }
Record Run::go(const Watch& watch) { return impl_->go(watch); }
const std::string& Run::concert() const { return impl_->concert(); }
std::uint64_t Run::prepared_requests() const { return impl_->prepared_requests(); }
bool Run::interrupted() const { return impl_->interrupted(); }

}  // namespace concertres::load

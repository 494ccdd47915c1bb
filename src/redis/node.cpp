#include "redis/node.hpp"

#include <algorithm>
#include <utility>

namespace concertres::redis {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto rest_min = 20ms;
constexpr auto rest_max = 2'000ms;

ConnectionSettings bare(ConnectionSettings settings) {
    settings.is_bare = true;
    return settings;
}

}  // namespace

Node::Node(boost::asio::io_context& io, const ConnectionSettings& settings, Endpoint to,
           Owner& owner)
    : io_(io),
      settings_(settings),
      sentinel_settings_(bare(settings)),
      to_(std::move(to)),
      owner_(owner),
      timer_(io),
      dice_(std::random_device{}()) {}

Node::Node(boost::asio::io_context& io, const ConnectionSettings& settings, Sentinels sentinels,
           Owner& owner)
    : io_(io),
      settings_(settings),
      sentinel_settings_(bare(settings)),
      sentinels_(std::move(sentinels)),
      owner_(owner),
      timer_(io),
      dice_(std::random_device{}()) {}

Node::~Node() {
    if (connection_) connection_->leave();
    if (sentinel_) sentinel_->leave();
}

void Node::send(std::unique_ptr<Call> call) {
    if (state_ == State::up) return connection_->send(std::move(call));
    if (state_ == State::resting) return owner_.on_failure(std::move(call), false, why_);
    waiting_.push_back(std::move(call));
    if (state_ == State::idle) open();
}

void Node::check_and_send(std::unique_ptr<Call> call) {
    if (state_ == State::up) return connection_->check_and_send(std::move(call));
    send(std::move(call));
}

void Node::reconnect(const std::string& why) {
    if (state_ == State::up) connection_->close(why);
}

// --- Opening -----------------------------------------------------------------------------------

void Node::open() {
    state_ = State::opening;
    watch();
    if (sentinels_.hosts.empty()) return connect();
    asked_ = 0;
    ask_next_sentinel();
}

void Node::connect() {
    connection_ = std::make_shared<Connection>(io_, settings_, to_, listener());
    connection_->open();
}

void Node::ask_next_sentinel() {
    if (asked_ == sentinels_.hosts.size()) return fail("no sentinel knows the master");
    const std::size_t next = (first_asked_ + asked_++) % sentinels_.hosts.size();
    sentinel_ =
        std::make_shared<Connection>(io_, sentinel_settings_, sentinels_.hosts[next], listener());
    sentinel_->open();
}

void Node::on_sentinel_ready() {
    auto call = std::make_unique<Call>();
    call->words = {"SENTINEL", "get-master-addr-by-name", sentinels_.name};
    call->deadline = steady_clock::now() + settings_.timeout;
    call->done = [](Outcome) {};
    sentinel_->send(std::move(call));
}

void Node::on_sentinel_reply(const Reply& reply) {
    std::exchange(sentinel_, nullptr)->leave();
    if (reply.elements.size() != 2) return ask_next_sentinel();
    const Reply& host = reply.elements.front();
    const bool is_ipv6 = host.text.find(':') != host.text.npos;
    const std::string name = is_ipv6 ? "[" + host.text + "]" : host.text;
    auto found = parse_endpoint(name + ":" + reply.elements.back().text, 0);
    if (!found) return ask_next_sentinel();
    first_asked_ = (first_asked_ + asked_ - 1) % sentinels_.hosts.size();
    to_ = std::move(*found);
    connect();
}

// --- What the connections say ------------------------------------------------------------------

void Node::on_ready(Connection& connection) {
    if (&connection == sentinel_.get()) return on_sentinel_ready();
    state_ = State::up;
    failures_ = 0;
    timer_.cancel();
    owner_.on_up(*this);
    for (auto& call : std::exchange(waiting_, {})) send(std::move(call));
}

void Node::on_reply(Connection& connection, std::unique_ptr<Call> call, Reply reply) {
    if (&connection == sentinel_.get()) return on_sentinel_reply(reply);
    owner_.on_reply(*this, std::move(call), std::move(reply));
}

void Node::on_closed(Connection& connection, const std::string& why,
                     std::deque<std::unique_ptr<Call>> calls, std::size_t unsent) {
    if (&connection == sentinel_.get()) {
        sentinel_.reset();
        return ask_next_sentinel();
    }
    connection_.reset();
    fail(why);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const bool was_sent = i + unsent < calls.size();
        if (calls[i]->done) owner_.on_failure(std::move(calls[i]), was_sent, why);
    }
}

// --- Resting -----------------------------------------------------------------------------------

void Node::fail(const std::string& why) {
    state_ = State::resting;
    why_ = why;
    const auto longest =
        std::min<std::chrono::milliseconds>(rest_max, rest_min * (1 << std::min(failures_++, 10)));
    // Some rest shorter than others, so that a server that is back is not run into by all at once.
    std::uniform_int_distribution<std::int64_t> spread(longest.count() / 2, longest.count());
    timer_.expires_after(std::chrono::milliseconds(spread(dice_)));
    timer_.async_wait([this](boost::system::error_code fault) {
        if (!fault) open();
    });
    owner_.on_down(*this, why);
    for (auto& call : std::exchange(waiting_, {})) owner_.on_failure(std::move(call), false, why);
}

// Whoever has waited long enough for a connection waits no longer, though one may yet come.
void Node::fail_late() {
    const Instant now = steady_clock::now();
    while (!waiting_.empty() && now >= waiting_.front()->deadline) {
        auto call = std::move(waiting_.front());
        waiting_.pop_front();
        owner_.on_failure(std::move(call), false, "no connection in time");
    }
}

void Node::watch() {
    timer_.expires_after(50ms);
    timer_.async_wait([this](boost::system::error_code fault) {
        if (fault || state_ != State::opening) return;
        fail_late();
        watch();
    });
}

}  // namespace concertres::redis

#include "http/listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include "concertres/assert.hpp"
#include "http/connection.hpp"
#include "http/connection_set.hpp"

namespace concertres::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// How long nothing is accepted after descriptors or memory ran out.
constexpr auto back_off_time = std::chrono::milliseconds(75);
// Connections that are open only to be told that there are too many; further ones are closed
// without a word.
constexpr int being_refused_max = 64;
// What of an answer may wait in the system for a reader; the rest waits here, where a reader who
// takes none is noticed. Left alone, the system takes megabytes for each.
constexpr int unsent_bytes_max = 128 * 1024;

std::string shown(const Endpoint& endpoint) {
    const bool is_v6 = endpoint.address.find(':') != std::string::npos;
    return fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), endpoint.address, endpoint.port);
}

std::string peer_name(const tcp::endpoint& peer) {
    const auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

// Held so that there is a descriptor to give up when there is none left.
class SpareDescriptor {
  public:
    SpareDescriptor() { take(); }
    ~SpareDescriptor() { give_up(); }
    SpareDescriptor(const SpareDescriptor&) = delete;
    SpareDescriptor& operator=(const SpareDescriptor&) = delete;

    void take() {
        if (fd_ < 0) fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    void give_up() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_ = -1;
};

}  // namespace

// Threads: that of the first context, but for what says otherwise.
class Listener::Impl : public std::enable_shared_from_this<Listener::Impl> {
  public:
    Impl(std::span<asio::io_context* const> contexts, const Endpoint& endpoint,
         const Limits& limits, Handler& handler);

    // Any thread, here and below.
    void start();
    void stop_accepting();
    void close_idle();
    void close_all();
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const Counters& counters() const { return shared_->counters; }

  private:
    void bind(const Endpoint& endpoint);
    void accept();
    void on_accept(const error_code& error, Socket socket);
    void take(Socket socket);
    void serve(Socket socket, Connection::Kind kind);
    void shed_one();
    void back_off();

    std::shared_ptr<Shared> shared_;
    std::vector<std::shared_ptr<ConnectionSet>> sets_;
    std::size_t next_set_ = 0;
    tcp::acceptor acceptor_;
    tcp::endpoint peer_;
    asio::steady_timer timer_;
    SpareDescriptor spare_;
    std::uint16_t port_ = 0;
};

Listener::Impl::Impl(std::span<asio::io_context* const> contexts, const Endpoint& endpoint,
                     const Limits& limits, Handler& handler)
    : shared_(std::make_shared<Shared>()), acceptor_(*contexts.front()), timer_(*contexts.front()) {
    shared_->limits = limits;
    shared_->handler = &handler;
    for (asio::io_context* context : contexts) {
        sets_.push_back(std::make_shared<ConnectionSet>(*context, shared_));
    }
    bind(endpoint);
}

void Listener::Impl::bind(const Endpoint& endpoint) {
    error_code error;
    const auto address = asio::ip::make_address(endpoint.address, error);
    if (error) {
        throw std::system_error(
            std::make_error_code(std::errc::invalid_argument),
            fmt::format("cannot listen on {}: the address must be numeric, such as 127.0.0.1",
                        shown(endpoint)));
    }
    const tcp::endpoint local(address, endpoint.port);
    acceptor_.open(local.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    // Whatever is accepted has it too.
    using UnsentMax = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
    if (!error) acceptor_.set_option(UnsentMax(unsent_bytes_max), error);
    if (!error) acceptor_.bind(local, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
        throw std::system_error(std::error_code(error.value(), std::system_category()),
                                "cannot listen on " + shown(endpoint));
    }
}

void Listener::Impl::start() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
}

void Listener::Impl::stop_accepting() {
    shared_->draining.store(true, std::memory_order_relaxed);
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
        error_code ignored;
        self->acceptor_.close(ignored);
        self->timer_.cancel();
        self->spare_.give_up();
    });
}

void Listener::Impl::close_idle() {
    for (const auto& set : sets_) {
        asio::post(set->context(), [set] { set->close_idle(); });
    }
}

void Listener::Impl::close_all() {
    for (const auto& set : sets_) {
        asio::post(set->context(), [set] { set->close_all(); });
    }
}

// --- Accepting

void Listener::Impl::accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(sets_[next_set_]->context(), peer_,
                           [self = shared_from_this()](const error_code& error, Socket socket) {
                               self->on_accept(error, std::move(socket));
                           });
}

void Listener::Impl::on_accept(const error_code& error, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
        take(std::move(socket));
        return accept();
    }
    if (error == asio::error::operation_aborted) return;
    if (error.value() == EMFILE || error.value() == ENFILE) {
        shed_one();
        return back_off();
    }
    if (error.value() == ENOBUFS || error.value() == ENOMEM) return back_off();
    accept();  // the client has gone before it was accepted
}

void Listener::Impl::take(Socket socket) {
    Counters& counters = shared_->counters;
    const auto open = counters.open.fetch_add(1, std::memory_order_relaxed);
    if (open < static_cast<std::int64_t>(shared_->limits.connections_max)) {
        counters.accepted.fetch_add(1, std::memory_order_relaxed);
        return serve(std::move(socket), Connection::Kind::served);
    }
    counters.open.fetch_sub(1, std::memory_order_relaxed);
    counters.refused.fetch_add(1, std::memory_order_relaxed);
    if (shared_->being_refused.load(std::memory_order_relaxed) >= being_refused_max) return;
    shared_->being_refused.fetch_add(1, std::memory_order_relaxed);
    serve(std::move(socket), Connection::Kind::refused);
}

void Listener::Impl::serve(Socket socket, Connection::Kind kind) {
    const auto& set = sets_[next_set_];
    next_set_ = (next_set_ + 1) % sets_.size();
    auto connection = std::make_shared<Connection>(std::move(socket), peer_name(peer_), kind, set);
    asio::dispatch(set->context(), [connection = std::move(connection)] { connection->start(); });
}

// Without a descriptor accepting fails at once, again and again, while the client waits. So the
// first in the queue is taken with the spare one and closed: it sees at once that nobody is there.
void Listener::Impl::shed_one() {
    spare_.give_up();
    const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
        ::close(fd);
        shared_->counters.refused.fetch_add(1, std::memory_order_relaxed);
    }
    spare_.take();
}

void Listener::Impl::back_off() {
    timer_.expires_after(back_off_time);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error) self->accept();
    });
}

// --- The listener

Listener::Listener(std::span<asio::io_context* const> contexts, const Endpoint& endpoint,
                   const Limits& limits, Handler& handler) {
    CONCERTRES_ASSERT(!contexts.empty());
    impl_ = std::make_shared<Impl>(contexts, endpoint, limits, handler);
}

Listener::~Listener() {
    try {
        // Where the contexts have stopped, their destructors throw these away, and all else with
        // them.
        impl_->stop_accepting();
        impl_->close_all();
    } catch (const std::exception&) {
        // Memory is lacking for one of them: what is open closes with its context.
        impl_.reset();
    }
}

std::uint16_t Listener::port() const { return impl_->port(); }
const Counters& Listener::counters() const { return impl_->counters(); }
void Listener::start() { impl_->start(); }
void Listener::stop_accepting() { impl_->stop_accepting(); }
void Listener::close_idle() { impl_->close_idle(); }
void Listener::close_all() { impl_->close_all(); }

}  // namespace concertres::http

#include "redis/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <string_view>
#include <utility>

#include "redis/scripts.hpp"
#include "redis/server_info.hpp"

namespace concertres::redis {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto check_every = 1s;

}  // namespace

Connection::Connection(asio::io_context& io, const ConnectionSettings& settings, Endpoint to,
                       Listener& listener)
    : io_(io),
      settings_(settings),
      to_(std::move(to)),
      listener_(&listener),
      resolver_(io),
      socket_(io),
      timer_(io) {}

// Runs `use` with whatever bytes go through.
template <class Use>
void Connection::with_stream(Use&& use) {
    if (tls_) {
        use(*tls_);
    } else {
        use(socket_);
    }
}

// --- Opening -----------------------------------------------------------------------------------

void Connection::open() {
    open_until_ = steady_clock::now() + settings_.timeout;
    watch();
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](error_code fault, const tcp::resolver::results_type& found) {
            if (self->is_closed_) return;
            if (fault) return self->close("its name is not found: " + fault.message());
            self->connect(found);
        });
}

void Connection::connect(const tcp::resolver::results_type& found) {
    asio::async_connect(socket_, found,
                        [self = shared_from_this()](error_code fault, const tcp::endpoint&) {
                            if (self->is_closed_) return;
                            if (fault) return self->close(fault.message());
                            self->on_connected();
                        });
}

void Connection::on_connected() {
    error_code ignored;  // what it would make quicker goes slower
    socket_.set_option(tcp::no_delay(true), ignored);
    if (settings_.tls == nullptr) return say_hello();
    tls_.emplace(socket_, *settings_.tls);
    tls_->set_verify_callback(asio::ssl::host_name_verification(to_.host));
    // An address is no name, and is not to be sent as one.
    error_code is_name;
    asio::ip::make_address(to_.host, is_name);
    if (is_name) {
        // What SSL_set_tlsext_host_name() comes to, without its cast.
        std::string name = to_.host;
        SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 name.data());
    }
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](error_code fault) {
                              if (self->is_closed_) return;
                              if (fault) return self->close("TLS: " + fault.message());
                              self->say_hello();
                          });
}

std::optional<std::string> Connection::password() const {
    std::ifstream file(settings_.password_file);
    std::string line;
    if (!std::getline(file, line) || line.empty()) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

void Connection::say_hello() {
    read();
    if (settings_.is_bare) {
        is_ready_ = true;
        return listener_->on_ready(*this);
    }
    if (!settings_.password_file.empty()) {
        auto secret = password();
        if (!secret) return close("there is no password in " + settings_.password_file);
        std::vector<std::string> words = {"AUTH"};
        if (!settings_.user.empty()) words.push_back(settings_.user);
        words.push_back(std::move(*secret));
        queue(std::move(words));
    }
    if (settings_.database != 0) queue({"SELECT", std::to_string(settings_.database)});
    queue({"INFO"});
    for (std::size_t i = 0; i < steps; ++i) {
        queue({"SCRIPT", "LOAD", script_of(static_cast<Step>(i)).text});
    }
    hello_left_ = calls_.size();
    next_check_ = steady_clock::now() + check_every;
}

// --- Commands ----------------------------------------------------------------------------------

void Connection::queue(std::vector<std::string> words) {
    auto call = std::make_unique<Call>();
    call->words = std::move(words);
    call->deadline = steady_clock::now() + settings_.timeout;
    put(std::move(call));
}

void Connection::send(std::unique_ptr<Call> call) {
    if (call->is_asking) {
        auto asking = std::make_unique<Call>();
        asking->words = {"ASKING"};
        asking->deadline = call->deadline;
        put(std::move(asking));
    }
    if (call->home_at != 0) call->words[call->home_at] = home_;
    put(std::move(call));
}

void Connection::check_and_send(std::unique_ptr<Call> call) {
    held_.push_back(std::move(call));
    if (held_.size() == 1) queue({"INFO"});
}

void Connection::put(std::unique_ptr<Call> call) {
    const std::vector<std::string_view> words(call->words.begin(), call->words.end());
    append_command(next_, words);
    calls_.push_back(std::move(call));
    ++unsent_;
    flush();
}

// Once what runs now is through: what else it sends goes out with this.
void Connection::flush() {
    if (is_writing_ || is_flush_due_) return;
    is_flush_due_ = true;
    asio::post(io_, [self = shared_from_this()] {
        self->is_flush_due_ = false;
        if (!self->is_closed_) self->write();
    });
}

void Connection::write() {
    if (is_writing_ || next_.empty()) return;
    is_writing_ = true;
    unsent_ = 0;
    writing_.clear();
    std::swap(writing_, next_);
    with_stream([this](auto& stream) {
        asio::async_write(stream, asio::buffer(writing_),
                          [self = shared_from_this()](error_code fault, std::size_t) {
                              if (self->is_closed_) return;
                              if (fault) return self->close(fault.message());
                              self->is_writing_ = false;
                              self->write();
                          });
    });
}

void Connection::read() {
    with_stream([this](auto& stream) {
        stream.async_read_some(asio::buffer(bytes_),
                               [self = shared_from_this()](error_code fault, std::size_t size) {
                                   if (self->is_closed_) return;
                                   if (fault) return self->close(fault.message());
                                   self->on_bytes(size);
                               });
    });
}

void Connection::on_bytes(std::size_t size) {
    try {
        reader_.feed({bytes_.data(), size});
        while (auto reply = reader_.next()) {
            if (calls_.size() == unsent_) return close("it answered what nobody asked");
            auto call = std::move(calls_.front());
            calls_.pop_front();
            on_answer(std::move(call), std::move(*reply));
            if (is_closed_) return;
        }
    } catch (const MalformedReply& fault) {
        return close(fault.what());
    }
    read();
}

void Connection::on_answer(std::unique_ptr<Call> call, Reply reply) {
    if (call->done) return listener_->on_reply(*this, std::move(call), std::move(reply));
    on_own_answer(*call, reply);
    if (is_closed_ || hello_left_ == 0 || --hello_left_ != 0) return;
    is_ready_ = true;
    listener_->on_ready(*this);
}

void Connection::on_own_answer(const Call& call, const Reply& reply) {
    // A server says what it was asked, and that may be a password.
    if (reply.is_error()) return close(call.words.front() + " is refused: " + reply.text);
    if (call.words.front() != "INFO") return;
    ServerInfo said = read_server_info(reply.text);
    if (!said.unfit.empty()) return close(said.unfit);
    if (!home_.empty() && home_ != said.home) return close("it has become another server");
    home_ = std::move(said.home);
    for (auto& held : std::exchange(held_, {})) send(std::move(held));
}

// --- The end -----------------------------------------------------------------------------------

void Connection::watch() {
    const auto every = std::clamp<std::chrono::microseconds>(settings_.timeout / 8, 5ms, 100ms);
    timer_.expires_after(every);
    timer_.async_wait([self = shared_from_this()](error_code fault) {
        if (fault || self->is_closed_) return;
        self->look_at_clock();
        if (!self->is_closed_) self->watch();
    });
}

void Connection::look_at_clock() {
    const Instant now = steady_clock::now();
    if (!is_ready_ && now >= open_until_) return close("no connection in time");
    // They are answered in order, so it is the first that has waited longest.
    if (!calls_.empty() && now >= calls_.front()->deadline) return close("no answer in time");
    if (is_ready_ && !settings_.is_bare && now >= next_check_) {
        next_check_ = now + check_every;
        queue({"INFO"});
    }
}

void Connection::close(const std::string& why) {
    if (std::exchange(is_closed_, true)) return;
    is_ready_ = false;
    resolver_.cancel();
    timer_.cancel();
    error_code ignored;  // it is gone either way
    socket_.close(ignored);
    auto calls = std::exchange(calls_, {});
    for (auto& held : held_) calls.push_back(std::move(held));
    unsent_ += held_.size();
    held_.clear();
    if (listener_ == nullptr) return;
    // The listener may let go of it.
    const auto self = shared_from_this();
    listener_->on_closed(*this, to_.text() + ": " + why, std::move(calls), unsent_);
}

void Connection::leave() {
    listener_ = nullptr;
    close({});
}

}  // namespace concertres::redis

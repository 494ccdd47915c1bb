#include "load/wire.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres::load {

namespace asio = boost::asio;

namespace {

std::string_view why(const boost::system::error_code& error) {
    if (error == asio::error::connection_refused) return "connection refused";
    if (error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::error::broken_pipe) {
        return "connection closed";
    }
    if (error == asio::error::no_descriptors) return "no file descriptor left";
    if (error == boost::system::errc::address_not_available) return "no local port left";
    if (error == asio::error::timed_out) return "connection timed out";
    return "connection failed";
}

}  // namespace

Wire::Wire(asio::io_context& io, const asio::ip::tcp::endpoint& server,
           std::chrono::milliseconds timeout, std::function<void(const Heard&)> heard)
    : io_(io), server_(server), timeout_(timeout), heard_(std::move(heard)), socket_(io) {}

void Wire::ask(const std::string& text) {
    CONCERTRES_ASSERT(!busy_);
    busy_ = true;
    answered_ = false;
    text_ = &text;
    sent_ = 0;
    deadline_ = Clock::now() + timeout_;
    reader_.next();
    ++attempt_;
    kept_ = socket_.is_open();
    if (kept_) {
        write();
    } else {
        connect();
    }
}

void Wire::connect() {
    Error error;
    socket_.open(server_.protocol(), error);
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    if (!error) socket_.non_blocking(true, error);
    const auto go_on = [this, attempt = attempt_](const Error& failed) {
        if (attempt != attempt_) return;
        if (failed) return fail(failed);
        write();
    };
    if (error) {
        asio::post(io_, [go_on, error] { go_on(error); });
    } else {
        socket_.async_connect(server_, go_on);
    }
}

// Most requests go at once; for the rest of one there must be room.
void Wire::write() {
    Error error;
    const auto rest = asio::buffer(*text_) + sent_;
    sent_ += socket_.write_some(rest, error);
    if (sent_ == text_->size()) return read();
    if (error && error != asio::error::would_block) {
        asio::post(io_, [this, attempt = attempt_, error] {
            if (attempt == attempt_) fail(error);
        });
        return;
    }
    socket_.async_wait(Socket::wait_write, [this, attempt = attempt_](const Error& failed) {
        if (attempt != attempt_) return;
        if (failed) return fail(failed);
        write();
    });
}

void Wire::read() {
    socket_.async_read_some(asio::buffer(in_),
                            [this, attempt = attempt_](const Error& error, std::size_t bytes) {
                                if (attempt == attempt_) on_read(error, bytes);
                            });
}

void Wire::on_read(const Error& error, std::size_t bytes) {
    if (error == asio::error::eof && answered_ && reader_.feed_end()) {
        shut();
    } else if (error) {
        return fail(error);
    } else {
        answered_ = true;
        if (!reader_.feed({in_.data(), bytes})) {
            shut();
            return end({.failure = "the answer is no HTTP"});
        }
        if (!reader_.complete()) return read();
        if (!reader_.keep_alive()) shut();
    }
    end({.status = reader_.status(), .body = reader_.body(), .retry_after = reader_.retry_after()});
}

void Wire::fail(const Error& error) {
    shut();
    if (std::exchange(kept_, false) && !answered_) {
        sent_ = 0;
        return connect();
    }
    end({.failure = why(error)});
}

void Wire::end(const Heard& heard) {
    busy_ = false;
    heard_(heard);
}

void Wire::shut() {
    ++attempt_;
    Error ignored;
    socket_.close(ignored);
}

void Wire::expire(Clock::time_point now) {
    if (!busy_ || now < deadline_) return;
    shut();
    end({.failure = "no answer in time"});
}

void Wire::close() {
    busy_ = false;
    shut();
}

}  // namespace concertres::load

#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "concertres/assert.hpp"
#include "http/spare_text.hpp"

namespace concertres::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A client that was refused is given this much time, and may send this much, to read the answer
// before its connection is reset.
constexpr auto linger_time = std::chrono::milliseconds(1000);
constexpr std::size_t drained_bytes_max = 64 * 1024;

// The connection whose handler is being called on this thread, if any.
thread_local const Connection* being_handled = nullptr;
// Whether some connection's resume() is running on this thread.
thread_local bool resuming = false;

// Sets a variable for as long as this is there.
template <class T>
class Meanwhile {
  public:
    Meanwhile(T& variable, T value)
        : variable_(variable), before_(std::exchange(variable, value)) {}
    ~Meanwhile() { variable_ = before_; }
    Meanwhile(const Meanwhile&) = delete;
    Meanwhile& operator=(const Meanwhile&) = delete;

  private:
    T& variable_;
    T before_;
};

void count(std::atomic<std::int64_t>& counter, std::int64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

// What a handler gets as its Respond.
class Answer {
  public:
    explicit Answer(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
    Answer(Answer&&) noexcept = default;
    Answer& operator=(Answer&&) noexcept = default;
    ~Answer() {
        if (!connection_) return;
        try {
            Connection::deliver(std::move(connection_), std::nullopt);
        } catch (const std::exception&) {
            // Memory is lacking even for this: the connection closes without an answer.
            connection_.reset();
        }
    }

    void operator()(Response response) {
        CONCERTRES_ASSERT(connection_ != nullptr);  // a request is answered once
        Connection::deliver(std::move(connection_), std::move(response));
    }

  private:
    std::shared_ptr<Connection> connection_;
};

// --- From accepting to closing

Connection::Connection(Socket socket, std::string peer, Kind kind,
                       std::shared_ptr<ConnectionSet> set)
    : socket_(std::move(socket)),
      peer_(std::move(peer)),
      kind_(kind),
      set_(std::move(set)),
      parser_(set_->shared().limits) {}

// Closed before, unless its io_context is being destroyed.
Connection::~Connection() { close(); }

void Connection::start() {
    error_code error;
    // So that writes never block; reads are asynchronous anyway.
    socket_.non_blocking(true, error);
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    if (error) return close();  // the peer has gone already
    set_->add(*this);
    in_set_ = true;
    read_deadline_ = set_->in(set_->shared().limits.head_timeout);
    if (kind_ == Kind::refused) {
        refuse(Refusal::overloaded, "the server has too many connections");
    }
    resume();
}

void Connection::close() {
    if (!std::exchange(open_, false)) return;
    error_code ignored;
    socket_.close(ignored);
    if (stream_) stream_->abandon();
    if (answer_ && answer_->stream) answer_->stream->abandon();
    if (std::exchange(in_set_, false)) set_->remove(*this);
    Shared& shared = set_->shared();
    if (kind_ == Kind::served) {
        count(shared.counters.open, -1);
    } else {
        shared.being_refused.fetch_sub(1, std::memory_order_relaxed);
    }
}

bool Connection::is_idle() const {
    return (reading_ == Reading::first || reading_ == Reading::idle) && receiving_ && !closing_;
}

bool Connection::expire(std::chrono::steady_clock::time_point now) {
    if (now < (writing_ ? write_deadline_ : read_deadline_)) return false;
    if (lingering_) {
        close();
    } else if (writing_) {
        give_up();
    } else if (reading_ == Reading::first) {  // nobody waits for an answer to nothing
        count(set_->shared().counters.timed_out);
        close();
    } else if (reading_ == Reading::idle) {
        close();
    } else if (reading_ == Reading::head) {
        refuse_late("the head of the request did not arrive in time");
    } else if (reading_ == Reading::body) {
        refuse_late("the body of the request did not arrive in time");
    } else {
        return false;  // the handler takes its time
    }
    return true;
}

// What the system still has for a client who does not take it goes too: the connection is reset.
void Connection::give_up() {
    count(set_->shared().counters.timed_out);
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

// --- From bytes to answers

void Connection::resume() {
    const Meanwhile is_resuming(resuming, true);
    advance();
}

void Connection::advance() {
    while (open_ && !writing_) {
        if (answer_) {
            take_answer();
        } else if (stream_) {
            send_stream();
            if (stream_) return;
        } else if (outbox_.full()) {
            flush();
        } else if (answering_) {
            flush();
            return;
        } else if (closing_) {
            if (flush()) linger();
            return;
        } else if (!parse()) {
            // Only now: what lay in the buffer is answered, and all answers go at once.
            if (flush()) read();
            return;
        }
    }
}

// False: more bytes are needed.
bool Connection::parse() {
    const std::string_view bytes(in_.data() + in_begin_, in_end_ - in_begin_);
    const auto fed = parser_.feed(bytes);
    in_begin_ += fed.taken;
    switch (fed.step) {
        case Parser::Step::more:
            if (parser_.at_start()) {
                if (reading_ != Reading::first) now_reading(Reading::idle);
            } else if (reading_ != Reading::body) {
                now_reading(Reading::head);
            }
            return false;
        case Parser::Step::head:
            take_head();
            return true;
        case Parser::Step::request:
            ask_handler();
            return true;
        case Parser::Step::refused:
            refuse(parser_.fault().refusal, parser_.fault().detail);
            return true;
    }
    return false;
}

void Connection::take_head() {
    const Head& head = parser_.head();
    parser_.request().peer = peer_;
    BodyLeave leave = set_->shared().handler->leave_for_body(head.request);
    if (leave.refused) {
        add_to_outbox(std::move(*leave.refused), {.date = set_->date(), .close = true});
        closing_ = true;
        return;
    }
    if (!parser_.accept_body(leave.bytes_max)) {
        return refuse(parser_.fault().refusal, parser_.fault().detail);
    }
    held_ = std::move(leave.held);
    now_reading(Reading::body);
    // A client that has begun with its body does not wait for leave.
    if (head.expects_continue && in_begin_ == in_end_) {
        outbox_.add_text("HTTP/1.1 100 Continue\r\n\r\n");
    }
}

void Connection::ask_handler() {
    answering_ = true;
    reading_ = Reading::nothing;
    parser_.request().peer = peer_;  // of one without a body
    const Meanwhile<const Connection*> is_handled(being_handled, this);
    try {
        set_->shared().handler->handle(parser_.request(), Answer(shared_from_this()),
                                       set_->context().get_executor());
    } catch (const std::exception&) {
        return;  // what was thrown past its Respond has answered with 500
    }
}

// Any thread.
void Connection::deliver(std::shared_ptr<Connection> connection, std::optional<Response> response) {
    if (being_handled == connection.get()) {
        // Still inside handle(): the loop that called it goes on with the answer.
        return connection->keep_answer(std::move(response));
    }
    const auto executor = connection->set_->context().get_executor();
    if (executor.running_in_this_thread() && !resuming) {
        connection->keep_answer(std::move(response));
        connection->resume();
        return;
    }
    asio::post(executor,
               [connection = std::move(connection), response = std::move(response)]() mutable {
                   connection->keep_answer(std::move(response));
                   connection->resume();
               });
}

void Connection::keep_answer(std::optional<Response> response) {
    answer_ = response ? std::move(*response)
                       : set_->shared().handler->refuse(
                             Refusal::internal, "the request was dropped without an answer", peer_);
    if (!open_ && answer_->stream) answer_->stream->abandon();
}

void Connection::take_answer() {
    const Head& head = parser_.head();
    const bool without_body = head.request.method == Method::head;
    if (answer_->stream) {
        if (without_body) {
            answer_->stream->abandon();
        } else {
            stream_ = answer_->stream;
        }
    }
    chunked_ = !head.is_1_0;
    const bool close = answer_->close || stream_ || !head.keep_alive ||
                       set_->shared().draining.load(std::memory_order_relaxed);
    add_to_outbox(std::move(*answer_), {.date = set_->date(),
                                        .without_body = without_body,
                                        .close = close,
                                        .chunked = chunked_,
                                        .says_keep_alive = head.is_1_0});
    answer_.reset();
    held_.reset();
    answering_ = false;
    closing_ = close;
    parser_.next();
    if (stream_) begin_stream();
}

// The client may go at any time, which only a read tells; what it sends meanwhile is not answered.
void Connection::begin_stream() {
    reading_ = Reading::nothing;
    in_begin_ = in_end_ = 0;
    stream_->attach([connection = weak_from_this(), executor = set_->context().get_executor()] {
        asio::post(executor, [connection] {
            const auto self = connection.lock();
            if (!self || !self->open_ || !self->stream_) return;
            // Who takes nothing is not waited for any longer.
            if (self->stream_->is_cut()) return self->give_up();
            self->resume();
        });
    });
    read();
}

// Leaves stream_ empty once it has come to its end.
void Connection::send_stream() {
    // What was taken before goes first: no more than one batch waits here.
    if (!flush()) return;
    auto [texts, state] = stream_->take();
    for (auto& text : texts) outbox_.add_part(std::move(text), chunked_);
    if (state == Stream::State::cut) return give_up();
    if (state == Stream::State::ended) {
        if (chunked_) outbox_.add_part(std::make_shared<const std::string>(), true);
        stream_.reset();
        return;
    }
    flush();
}

void Connection::refuse(Refusal refusal, std::string_view detail) {
    Shared& shared = set_->shared();
    if (kind_ == Kind::served) count(shared.counters.framing);
    add_to_outbox(shared.handler->refuse(refusal, detail, peer_),
                  {.date = set_->date(), .close = true});
    closing_ = true;
}

void Connection::refuse_late(std::string_view detail) {
    count(set_->shared().counters.timed_out);
    refuse(Refusal::request_timeout, detail);
    resume();
}

// --- The socket

void Connection::now_reading(Reading what) {
    if (reading_ == what) return;
    reading_ = what;
    const Limits& limits = set_->shared().limits;
    read_deadline_ = set_->in(what == Reading::idle   ? limits.idle_timeout
                              : what == Reading::head ? limits.head_timeout
                                                      : limits.body_timeout);
}

void Connection::read() {
    if (std::exchange(receiving_, true)) return;
    // The parser has taken all there was.
    CONCERTRES_ASSERT(in_begin_ == in_end_);
    socket_.async_read_some(asio::buffer(in_),
                            [self = shared_from_this()](const error_code& error, std::size_t n) {
                                self->on_read(error, n);
                            });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
    receiving_ = false;
    if (!open_) return;
    if (error) {
        // Who has stopped sending may still read the answer that is being written.
        if (!closing_ || lingering_ || stream_) close();
        return;
    }
    count(set_->shared().counters.bytes_in, static_cast<std::int64_t>(bytes));
    if (closing_) {
        drained_bytes_ += bytes;
        if (drained_bytes_ > drained_bytes_max) return close();
        if (lingering_ || stream_) read();
        return;
    }
    in_begin_ = 0;
    in_end_ = bytes;
    resume();
}

// Whoever is slow to take what waits may be as slow about this, and gets the time for it.
void Connection::add_to_outbox(Response response, const Outbox::Manner& manner) {
    const std::size_t before = outbox_.pending_bytes();
    outbox_.add(response, manner);
    give_spare_text(std::move(response.fields));
    give_spare_text(std::move(response.body));
    if (take_deadline_ != never) take_deadline_ += time_to_take(outbox_.pending_bytes() - before);
}

std::chrono::milliseconds Connection::time_to_take(std::size_t bytes) const {
    const auto per_second = set_->shared().limits.take_bytes_per_second_min;
    return std::chrono::milliseconds(bytes * 1000 / per_second);
}

// True: everything is sent. False: the rest goes when there is room, and resume() is called then;
// or the connection is closed.
bool Connection::flush() {
    while (!outbox_.empty()) {
        error_code error;
        const std::size_t bytes = socket_.write_some(outbox_.buffers(), error);
        if (error == asio::error::would_block) {
            writing_ = true;
            write_deadline_ = set_->in(set_->shared().limits.write_timeout);
            if (take_deadline_ == never) {
                take_deadline_ = write_deadline_ + time_to_take(outbox_.pending_bytes());
            }
            write_deadline_ = std::min(write_deadline_, take_deadline_);
            socket_.async_wait(Socket::wait_write,
                               [self = shared_from_this()](const error_code& failed) {
                                   self->on_writable(failed);
                               });
            return false;
        }
        if (error && error != asio::error::interrupted) {
            close();
            return false;
        }
        count(set_->shared().counters.bytes_out, static_cast<std::int64_t>(bytes));
        outbox_.sent(bytes);
    }
    take_deadline_ = never;
    return true;
}

void Connection::on_writable(const error_code& error) {
    writing_ = false;
    if (!open_) return;
    if (error) return close();
    resume();
}

// Closing at once would reset the connection where bytes of the client are unread or under way, and
// the reset would overtake the answer.
void Connection::linger() {
    lingering_ = true;
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    if (error) return close();
    drained_bytes_ += in_end_ - in_begin_;
    in_begin_ = in_end_ = 0;
    read_deadline_ = set_->in(linger_time);
    read();
}

}  // namespace concertres::http

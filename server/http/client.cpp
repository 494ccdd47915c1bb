#include "http/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "http/text.hpp"

namespace concertres::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// More than any server of ours sends in a head or in the line of a chunk.
constexpr std::size_t line_bytes_max = 64 * 1024;
constexpr std::size_t fields_max = 256;
constexpr std::size_t body_bytes_max = std::size_t{1} << 30;

// Why no answer came. `answered`: some of one had.
struct Failure {
    std::error_code code;
    bool answered = false;
};

std::error_code as_std(const error_code& error) {
    if (error == asio::error::eof) return std::make_error_code(std::errc::connection_reset);
    if (error.category() == boost::system::system_category()) {
        return {error.value(), std::system_category()};
    }
    return error;  // the resolver's
}

template <class Number>
Number parsed(std::string_view text, int base) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw Failure{std::make_error_code(std::errc::bad_message)};
    }
    return value;
}

// A body as large as this is sent when the server has agreed to read it.
bool awaits_leave(const Call& call) { return call.body && call.body->size() > 256 * 1024; }

std::string written_head(const Call& call, std::string_view host) {
    std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", call.method, call.target, host);
    for (const auto& [name, value] : call.fields) text += fmt::format("{}: {}\r\n", name, value);
    if (call.body) text += fmt::format("Content-Length: {}\r\n", call.body->size());
    if (awaits_leave(call)) text += "Expect: 100-continue\r\n";
    text += "\r\n";
    if (call.body && !awaits_leave(call)) text += *call.body;
    return text;
}

}  // namespace

std::optional<std::string_view> Reply::field(std::string_view name) const {
    for (const auto& [candidate, value] : fields) {
        if (same_ignoring_case(candidate, name)) return value;
    }
    return std::nullopt;
}

class Client::Impl {
  public:
    Impl(std::string_view url, std::chrono::milliseconds timeout);
    Reply send(const Call& call);

  private:
    Reply attempt(const Call& call, const std::string& text);
    void connect();
    Reply read_reply(const Call& call);
    Reply read_head();
    void read_body(const Call& call, Reply& reply);
    void read_chunks(std::string& body);
    std::string_view line();
    void take(std::size_t bytes, std::string& into);
    std::size_t receive();
    template <class Start>
    std::size_t wait(Start&& start);

    asio::io_context io_;
    tcp::socket socket_{io_};
    std::string host_;       // as the Host field says it
    std::string host_name_;  // as the resolver wants it
    std::string port_;
    std::chrono::milliseconds timeout_;
    std::chrono::steady_clock::time_point deadline_{};
    std::string in_;  // received; what lies before in_begin_ has been read
    std::size_t in_begin_ = 0;
    bool answered_ = false;
};

Client::Impl::Impl(std::string_view url, std::chrono::milliseconds timeout) : timeout_(timeout) {
    const auto parsed_url = boost::urls::parse_uri({url.data(), url.size()});
    const bool is_well = parsed_url && parsed_url->scheme() == "http" &&
                         !parsed_url->host().empty() && !parsed_url->has_userinfo() &&
                         !parsed_url->has_query() && !parsed_url->has_fragment() &&
                         (parsed_url->encoded_path().empty() || parsed_url->encoded_path() == "/");
    if (!is_well) {
        throw std::invalid_argument(
            fmt::format("\"{}\" is not the URL of a server, such as http://127.0.0.1:8081", url));
    }
    host_ = parsed_url->encoded_host_and_port();
    host_name_ = parsed_url->host_address();
    port_ = parsed_url->has_port() ? std::string(parsed_url->port()) : "80";
}

Reply Client::Impl::send(const Call& call) {
    const std::string text = written_head(call, host_);
    const bool kept = socket_.is_open();
    deadline_ = std::chrono::steady_clock::now() + timeout_;
    try {
        try {
            return attempt(call, text);
        } catch (const Failure& failure) {
            // The server may have closed a kept connection while this call was on its way.
            const bool late = failure.code == std::errc::timed_out;
            if (!kept || failure.answered || late) throw;
        }
        return attempt(call, text);
    } catch (const Failure& failure) {
        throw std::system_error(failure.code,
                                fmt::format("{} http://{}{}", call.method, host_, call.target));
    }
}

Reply Client::Impl::attempt(const Call& call, const std::string& text) {
    answered_ = false;
    try {
        if (in_begin_ < in_.size()) socket_.close();  // more came than was asked for
        if (!socket_.is_open()) connect();
        wait([&](auto&& done) { asio::async_write(socket_, asio::buffer(text), done); });
        return read_reply(call);
    } catch (Failure& failure) {
        error_code ignored;
        socket_.close(ignored);
        failure.answered = answered_;
        throw;
    }
}

void Client::Impl::connect() {
    tcp::resolver resolver(io_);
    tcp::resolver::results_type found;
    wait([&](auto&& done) {
        resolver.async_resolve(host_name_, port_,
                               [&found, done](const error_code& error, auto results) mutable {
                                   found = std::move(results);
                                   done(error, 0);
                               });
    });
    wait([&](auto&& done) {
        asio::async_connect(
            socket_, found,
            [done](const error_code& error, const tcp::endpoint&) mutable { done(error, 0); });
    });
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    in_.clear();
    in_begin_ = 0;
}

// Runs one asynchronous operation to its end, or to the deadline.
template <class Start>
std::size_t Client::Impl::wait(Start&& start) {
    error_code result = asio::error::would_block;
    std::size_t bytes = 0;
    io_.restart();
    start([&](const error_code& error, std::size_t n) {
        result = error;
        bytes = n;
    });
    io_.run_until(deadline_);
    if (result == asio::error::would_block) {
        error_code ignored;
        socket_.close(ignored);
        io_.restart();
        io_.run();  // the operation ends now, and forgets what it refers to
        throw Failure{std::make_error_code(std::errc::timed_out)};
    }
    if (result) throw Failure{as_std(result)};
    return bytes;
}

// --- Reading an answer

Reply Client::Impl::read_reply(const Call& call) {
    Reply reply = read_head();
    if (awaits_leave(call) && reply.status == 100) {
        wait([&](auto&& done) { asio::async_write(socket_, asio::buffer(*call.body), done); });
        reply = read_head();
    }
    while (reply.status < 200) reply = read_head();
    if (reply.field("Content-Type") == "text/event-stream") {
        error_code ignored;
        socket_.close(ignored);
        return reply;
    }
    read_body(call, reply);

    const auto connection = reply.field("Connection");
    if (connection && same_ignoring_case(*connection, "close")) {
        error_code ignored;
        socket_.close(ignored);
    }
    return reply;
}

Reply Client::Impl::read_head() {
    Reply reply;
    const auto status = line();
    if (!status.starts_with("HTTP/1.") || status.size() < 12 || status[8] != ' ') {
        throw Failure{std::make_error_code(std::errc::bad_message)};
    }
    reply.status = parsed<int>(status.substr(9, 3), 10);
    for (;;) {
        const auto text = line();
        if (text.empty()) return reply;
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || reply.fields.size() == fields_max) {
            throw Failure{std::make_error_code(std::errc::bad_message)};
        }
        reply.fields.emplace_back(text.substr(0, colon), trimmed(text.substr(colon + 1)));
    }
}

void Client::Impl::read_body(const Call& call, Reply& reply) {
    if (call.method == "HEAD" || reply.status == 204 || reply.status == 304) return;
    if (const auto coding = reply.field("Transfer-Encoding")) {
        if (!same_ignoring_case(*coding, "chunked")) {
            throw Failure{std::make_error_code(std::errc::bad_message)};
        }
        return read_chunks(reply.body);
    }
    if (const auto length = reply.field("Content-Length")) {
        return take(parsed<std::size_t>(*length, 10), reply.body);
    }
    // The body ends where the connection does.
    try {
        for (;;) {
            take(in_.size() - in_begin_, reply.body);
            receive();
        }
    } catch (const Failure& failure) {
        if (failure.code != std::errc::connection_reset) throw;
        error_code ignored;
        socket_.close(ignored);
    }
}

void Client::Impl::read_chunks(std::string& body) {
    for (;;) {
        const auto text = line();
        const auto size = parsed<std::size_t>(trimmed(text.substr(0, text.find(';'))), 16);
        if (size == 0) break;
        take(size, body);
        if (!line().empty()) throw Failure{std::make_error_code(std::errc::bad_message)};
    }
    while (!line().empty()) continue;  // trailers
}

// Lifetime: until the next call of line(), take() or receive().
std::string_view Client::Impl::line() {
    std::size_t searched = in_begin_;
    for (;;) {
        const std::size_t end = in_.find('\n', searched);
        if (end != std::string::npos) {
            auto text = std::string_view(in_).substr(in_begin_, end - in_begin_);
            if (text.ends_with('\r')) text.remove_suffix(1);
            in_begin_ = end + 1;
            return text;
        }
        if (in_.size() - in_begin_ > line_bytes_max) {
            throw Failure{std::make_error_code(std::errc::bad_message)};
        }
        const std::size_t scanned = in_.size() - in_begin_;
        receive();
        searched = in_begin_ + scanned;
    }
}

void Client::Impl::take(std::size_t bytes, std::string& into) {
    if (bytes > body_bytes_max - into.size()) {
        throw Failure{std::make_error_code(std::errc::file_too_large)};
    }
    while (bytes > 0) {
        if (in_begin_ == in_.size()) receive();
        const std::size_t part = std::min(bytes, in_.size() - in_begin_);
        into.append(in_, in_begin_, part);
        in_begin_ += part;
        bytes -= part;
    }
}

std::size_t Client::Impl::receive() {
    constexpr std::size_t room = 16 * 1024;
    in_.erase(0, in_begin_);
    in_begin_ = 0;
    const std::size_t before = in_.size();
    in_.resize(before + room);
    try {
        const std::size_t bytes = wait([&](auto&& done) {
            socket_.async_read_some(asio::buffer(in_.data() + before, room), done);
        });
        in_.resize(before + bytes);
        answered_ = true;
        return bytes;
    } catch (const Failure&) {
        in_.resize(before);
        throw;
    }
}

// --- The client

Client::Client(std::string_view url, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>(url, timeout)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Reply Client::send(const Call& call) { return impl_->send(call); }

}  // namespace concertres::http

#include "support/webhook_receiver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace concertres::test {
namespace {

void check(bool well, const char* what) {
    if (!well) throw std::system_error(errno, std::generic_category(), what);
}

// One connection, as it is or under TLS.
class Line {
  public:
    Line(int fd, const TestCertificate* certificate) : fd_(fd) {
        if (certificate == nullptr) return;
        tls_.reset(SSL_new(certificate->context()));
        SSL_set_fd(tls_.get(), fd);
        is_open_ = SSL_accept(tls_.get()) == 1;
    }

    [[nodiscard]] bool is_open() const { return is_open_; }
    [[nodiscard]] bool receive(std::string& in) {
        char bytes[4096];
        const auto count =
            tls_ ? SSL_read(tls_.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
        if (count <= 0) return false;
        in.append(bytes, static_cast<std::size_t>(count));
        return true;
    }
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent =
                tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                     : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

  private:
    struct Free {
        void operator()(SSL* tls) const { SSL_free(tls); }
    };

    const int fd_;
    std::unique_ptr<SSL, Free> tls_;
    bool is_open_ = true;
};

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

HookRequest read_head(std::string_view head) {
    HookRequest request;
    request.line = std::string(head.substr(0, head.find("\r\n")));
    head.remove_prefix(request.line.size() + 2);
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) continue;
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        request.fields[name] = std::string(line.substr(colon + 2));
    }
    return request;
}

// The next request of a connection; `in` is what has come and is not read.
std::optional<HookRequest> receive(Line& line, std::string& in) {
    std::size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) {
        if (!line.receive(in)) return {};
    }
    HookRequest request = read_head(std::string_view(in).substr(0, end + 2));
    in.erase(0, end + 4);
    const auto length = static_cast<std::size_t>(number(request.fields["content-length"]));
    while (in.size() < length) {
        if (!line.receive(in)) return {};
    }
    request.body = in.substr(0, length);
    in.erase(0, length);
    if (request.body.empty()) return request;  // no event
    const boost::json::value event = boost::json::parse(request.body);
    request.key = std::string(event.at("partitionkey").as_string());
    request.sequence = number(event.at("sequence").as_string());
    return request;
}

std::string text_of(const HookAnswer& answer) {
    return "HTTP/1.1 " + std::to_string(answer.status) +
           " Said\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n" +
           answer.fields + "\r\n" + answer.body;
}

}  // namespace

WebhookReceiver::WebhookReceiver(const TestCertificate* certificate) : certificate_(certificate) {
    listen();
}
WebhookReceiver::~WebhookReceiver() { close_all(); }

void WebhookReceiver::listen() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(listener >= 0, "socket");
    const int on = 1;
    check(::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* untyped = &address;
    socklen_t size = sizeof address;
    check(::bind(listener, static_cast<sockaddr*>(untyped), size) == 0, "bind");
    check(::listen(listener, 128) == 0, "listen");
    check(::getsockname(listener, static_cast<sockaddr*>(untyped), &size) == 0, "getsockname");
    std::lock_guard lock(mutex_);
    port_ = ntohs(address.sin_port);
    listener_ = listener;
    closing_ = false;
    accepting_ = std::thread([this, listener] { accept_all(listener); });
}

void WebhookReceiver::accept_all(int listener) {
    while (true) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        std::lock_guard lock(mutex_);
        if (closing_) {
            ::close(fd);
            return;
        }
        ++connections_;
        Peer& peer = peers_.emplace_back();
        peer.fd = fd;
        peer.thread = std::thread([this, &peer] { serve(peer); });
    }
}

void WebhookReceiver::serve(Peer& peer) {
    // OpenSSL writes to whoever is gone.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    Line line(peer.fd, certificate_);
    std::string in;
    while (line.is_open()) {
        auto request = receive(line, in);
        if (!request) break;
        const HookAnswer answer = note(std::move(*request));
        if (answer.after.count() > 0) {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, answer.after, [&] { return closing_; });
        }
        const std::string text = text_of(answer);
        line.send(std::string_view(text).substr(0, answer.cut ? text.size() / 2 : text.size()));
        if (answer.cut) break;
    }
    ::shutdown(peer.fd, SHUT_RDWR);
}

HookAnswer WebhookReceiver::note(HookRequest request) {
    std::lock_guard lock(mutex_);
    const HookAnswer answer = answer_by_ ? answer_by_(request) : HookAnswer{};
    std::vector<std::int64_t>& firsts = firsts_[request.key];
    const std::int64_t next = firsts.empty() ? 1 : firsts.back() + 1;
    if (request.sequence > next) ++breaches_;
    const bool is_granted = answer.status / 100 == 2 && !answer.cut;
    if (is_granted && request.sequence >= next) firsts.push_back(request.sequence);
    requests_.push_back(std::move(request));
    return answer;
}

void WebhookReceiver::close_all() {
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
        if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);
        for (const Peer& peer : peers_) ::shutdown(peer.fd, SHUT_RDWR);
        changed_.notify_all();
    }
    if (accepting_.joinable()) accepting_.join();
    // Nobody adds to them any more.
    for (Peer& peer : peers_) {
        peer.thread.join();
        ::close(peer.fd);
    }
    peers_.clear();
    if (listener_ >= 0) ::close(std::exchange(listener_, -1));
}

void WebhookReceiver::set_down(bool is_down) {
    if (is_down) {
        close_all();
    } else if (listener_ < 0) {
        listen();
    }
}

void WebhookReceiver::answer_by(AnswerBy answer_by) {
    std::lock_guard lock(mutex_);
    answer_by_ = std::move(answer_by);
}

std::vector<HookRequest> WebhookReceiver::requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t WebhookReceiver::connections() const {
    std::lock_guard lock(mutex_);
    return connections_;
}

std::map<std::string, std::vector<std::int64_t>> WebhookReceiver::firsts() const {
    std::lock_guard lock(mutex_);
    return firsts_;
}

std::size_t WebhookReceiver::breaches() const {
    std::lock_guard lock(mutex_);
    return breaches_;
}

}  // namespace concertres::test

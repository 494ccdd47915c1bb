#include "http/parser.hpp"

#include <llhttp.h>

#include <algorithm>

#include "concertres/assert.hpp"
#include "http/text.hpp"

#if LLHTTP_VERSION_MAJOR < 9
// From 9 on there is only the strict parser, and no macro.
static_assert(LLHTTP_STRICT_MODE == 1, "llhttp must be compiled and included in strict mode");
#endif

namespace concertres::http {

namespace {

// What a connection keeps for its next message; more is given back.
constexpr std::size_t head_bytes_kept = 4 * 1024;
constexpr std::size_t body_bytes_kept = 16 * 1024;
// What is set aside for a body before any of it has come.
constexpr std::size_t body_bytes_ahead = 64 * 1024;

Fault framing(std::string_view detail) { return {Refusal::framing_invalid, detail}; }

}  // namespace

// --- llhttp

struct Parser::Engine {
    llhttp_t state{};
    std::string* body = nullptr;
    // What llhttp made of the head. It forgets that itself at the message's end.
    int method = -1;
    int minor = -1;
    bool chunked = false;
    std::uint64_t content_length = 0;
    bool complete = false;

    static Engine& of(llhttp_t* state) { return *static_cast<Engine*>(state->data); }

    // Nothing may follow the message that is being read.
    static int on_message_begin(llhttp_t* state) { return of(state).complete ? -1 : 0; }
    static int on_headers_complete(llhttp_t* state) {
        Engine& engine = of(state);
        engine.method = state->method;
        engine.minor = state->http_minor;
        engine.chunked = (state->flags & F_CHUNKED) != 0;
        engine.content_length = (state->flags & F_CONTENT_LENGTH) != 0 ? state->content_length : 0;
        // An Upgrade field is a wish, which is not granted: what follows is HTTP as before.
        state->upgrade = 0;
        return 0;
    }
    static int on_body(llhttp_t* state, const char* at, std::size_t length) {
        of(state).body->append(at, length);
        return 0;
    }
    static int on_message_complete(llhttp_t* state) {
        of(state).complete = true;
        return 0;
    }
    static const llhttp_settings_t& settings() {
        static const llhttp_settings_t callbacks = [] {
            llhttp_settings_t made{};
            llhttp_settings_init(&made);
            made.on_message_begin = on_message_begin;
            made.on_headers_complete = on_headers_complete;
            made.on_body = on_body;
            made.on_message_complete = on_message_complete;
            return made;
        }();
        return callbacks;
    }

    explicit Engine(std::string& body_text) : body(&body_text) {
        llhttp_init(&state, HTTP_REQUEST, &settings());
        state.data = this;
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    bool execute(std::string_view bytes) {
        return llhttp_execute(&state, bytes.data(), bytes.size()) == HPE_OK;
    }
    void reset() {
        llhttp_reset(&state);
        method = -1;
        minor = -1;
        chunked = false;
        content_length = 0;
        complete = false;
    }
    [[nodiscard]] bool read_the_same(const Head& head) const {
        if (method < 0) return false;
        return llhttp_method_name(static_cast<llhttp_method_t>(method)) == head.method &&
               minor == (head.is_1_0 ? 0 : 1) && chunked == head.chunked &&
               content_length == head.content_length.value_or(0);
    }
};

bool llhttp_is_strict() {
    // A chunk's size whose CR no LF follows: one of the ways in of CVE-2023-30589. The lenient
    // parser skips whatever stands in the LF's place.
    constexpr std::string_view loose =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\rzx\r\n0\r\n\r\n";
    llhttp_settings_t nothing{};
    llhttp_settings_init(&nothing);
    llhttp_t state{};
    llhttp_init(&state, HTTP_REQUEST, &nothing);
    return llhttp_execute(&state, loose.data(), loose.size()) != HPE_OK;
}

// --- Feeding

Parser::Parser(const Limits& limits)
    : limits_(limits), chunks_(ChunkGuard::Bounds{}), engine_(std::make_unique<Engine>(body_)) {}

Parser::~Parser() = default;

Parser::Fed Parser::feed(std::string_view bytes) {
    switch (stage_) {
        case Stage::head:
            return feed_head(bytes);
        case Stage::body:
            return feed_body(bytes);
        case Stage::complete:
            return {Step::request, 0};
        case Stage::body_awaits_bound:
            return {Step::head, 0};
        case Stage::refused:
            break;
    }
    return {Step::refused, 0};
}

void Parser::next() {
    stage_ = Stage::head;
    text_.clear();
    if (text_.capacity() > head_bytes_kept) text_.shrink_to_fit();
    line_begin_ = 0;
    lines_ = 0;
    skipped_empty_line_ = false;
    head_.clear();
    body_.clear();
    if (body_.capacity() > body_bytes_kept) body_.shrink_to_fit();
    engine_->reset();
    fault_.reset();
}

Parser::Step Parser::refuse(const Fault& fault) {
    fault_ = fault;
    stage_ = Stage::refused;
    return Step::refused;
}

Parser::Step Parser::complete() {
    head_.request.body = body_;
    stage_ = Stage::complete;
    return Step::request;
}

// --- The head

Parser::Fed Parser::feed_head(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        const auto rest = bytes.substr(taken);
        const std::size_t line_end = rest.find('\n');
        const bool ends = line_end != std::string_view::npos;
        // One byte beyond the limit is enough to know.
        const std::size_t room = limits_.head_bytes_max + 1 - text_.size();
        const auto part = rest.substr(0, std::min(ends ? line_end + 1 : rest.size(), room));
        text_.append(part);
        taken += part.size();
        if (auto fault = check_unfinished_line()) return {refuse(*fault), taken};
        if (!ends) continue;

        if (auto fault = check_line()) return {refuse(*fault), taken};
        if (text_.size() - line_begin_ == 2) {
            if (line_begin_ > 0) {
                if (auto fault = read_head()) return {refuse(*fault), taken};
                if (engine_->complete) return {complete(), taken};
                stage_ = Stage::body_awaits_bound;
                return {Step::head, taken};
            }
            // Some clients end a body with a line break that they do not count: RFC 9112, 2.2.
            text_.clear();
            skipped_empty_line_ = true;
            continue;
        }
        line_begin_ = text_.size();
        ++lines_;
    }
    return {Step::more, taken};
}

// What can be told before the line's end, so that nobody has to be waited for.
std::optional<Fault> Parser::check_unfinished_line() const {
    if (!is_token(text_.front()) && text_.front() != '\r' && text_.front() != '\n') {
        return framing("the message does not begin with a method");
    }
    if (lines_ == 0 && text_.size() > limits_.target_bytes_max) {
        const std::string_view line = text_;
        const std::size_t method_end = std::min(line.find(' '), line.size());
        auto target = line.substr(std::min(method_end + 1, line.size()));
        target = target.substr(0, target.find_first_of(" \r\n"));
        if (target.size() > limits_.target_bytes_max) {
            return Fault{Refusal::target_too_long, "the target is longer than this server reads"};
        }
    }
    if (text_.size() > limits_.head_bytes_max) {
        return Fault{Refusal::head_too_large, "the head is longer than this server reads"};
    }
    return std::nullopt;
}

// The line that has just ended, as far as its verdict can be given without the others.
std::optional<Fault> Parser::check_line() {
    const auto line = std::string_view(text_).substr(line_begin_);
    if (line.size() < 2 || line[line.size() - 2] != '\r') {
        return framing("a line of the head ends in LF without CR");
    }
    if (line_begin_ > 0) {
        if (line.size() > 2 && lines_ > limits_.fields_max) {
            return Fault{Refusal::head_too_large, "there are more fields than this server reads"};
        }
        return std::nullopt;
    }
    if (line.size() == 2) {
        if (skipped_empty_line_) return framing("there are empty lines before the request");
        return std::nullopt;
    }
    // Read again with the whole head: until then the text may still move.
    Head scratch;
    return read_request_line(line.substr(0, line.size() - 2), limits_, scratch);
}

std::optional<Fault> Parser::read_head() {
    if (auto fault = read_lines()) return fault;
    if (auto fault = read_framing(head_)) return fault;
    body_bytes_left_ = head_.content_length.value_or(0);
    return parse_head();
}

std::optional<Fault> Parser::read_lines() {
    auto rest = std::string_view(text_).substr(0, text_.size() - 2);
    const auto take_line = [&] {
        const std::size_t end = rest.find('\n');
        const auto line = rest.substr(0, end - 1);
        rest.remove_prefix(end + 1);
        return line;
    };
    if (auto fault = read_request_line(take_line(), limits_, head_)) return fault;
    while (!rest.empty()) {
        if (auto fault = read_field_line(take_line(), head_)) return fault;
    }
    return std::nullopt;
}

std::optional<Fault> Parser::parse_head() {
    if (!engine_->execute(text_)) return framing("the head is malformed");
    const bool has_body = head_.chunked || body_bytes_left_ > 0;
    if (!engine_->read_the_same(head_) || engine_->complete == has_body) {
        return framing("the head can be read in more than one way");
    }
    return std::nullopt;
}

// --- The body

bool Parser::accept_body(std::size_t bytes_max) {
    CONCERTRES_ASSERT(stage_ == Stage::body_awaits_bound);
    if (body_bytes_left_ > bytes_max) {
        refuse({Refusal::body_too_large, "the body is longer than this request may have"});
        return false;
    }
    chunks_ = ChunkGuard(
        {.body_bytes_max = bytes_max, .overhead_bytes_max = limits_.chunk_overhead_bytes_max});
    body_.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(body_bytes_left_, body_bytes_ahead)));
    stage_ = Stage::body;
    return true;
}

Parser::Fed Parser::feed_body(std::string_view bytes) {
    std::size_t taken = 0;
    bool ends = false;
    if (head_.chunked) {
        taken = chunks_.take(bytes);
        ends = chunks_.done();
    } else {
        taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_bytes_left_, bytes.size()));
        body_bytes_left_ -= taken;
        ends = body_bytes_left_ == 0;
    }
    // Which of the two readers speaks first is decided by the bytes, not by how they were cut.
    const std::size_t agreed = chunks_.fault() ? taken - 1 : taken;
    if (agreed > 0 && !engine_->execute(bytes.substr(0, agreed))) {
        return {refuse(framing("the body's chunks are malformed")), taken};
    }
    if (chunks_.fault()) return {refuse(*chunks_.fault()), taken};
    if (engine_->complete != ends) {
        return {refuse(framing("the body can be read in more than one way")), taken};
    }
    return {ends ? complete() : Step::more, taken};
}

}  // namespace concertres::http

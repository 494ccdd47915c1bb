// H3: what our reading of HTTP accepts, llhttp in strict mode accepts as well when it reads the
// same bytes alone and from the first, and both see the same messages, with the same ends.
#include <llhttp.h>

#include <string>
#include <vector>

#include "fuzz/fuzzer.hpp"
#include "http/parser.hpp"
#include "http/text.hpp"
#include "server/http_reading.hpp"

using namespace concertres;

namespace {

struct Message {
    std::string method;
    int minor = 0;
    std::string fields;
    std::string body;
    std::size_t end = 0;  // in the stream

    friend bool operator==(const Message&, const Message&) = default;
};

std::string text_of(const Message& message) {
    return message.method + " 1." + std::to_string(message.minor) + " " + message.fields + "[" +
           message.body + "] until " + std::to_string(message.end) + "\n";
}

// Those that our parser accepts, up to its first refusal or to the one that ends the connection.
std::vector<Message> read_by_ours(std::string_view bytes) {
    const http::Limits limits;
    http::Parser parser(limits);
    std::vector<Message> messages;
    std::size_t at = 0;
    for (;;) {
        const auto fed = parser.feed(bytes.substr(at));
        at += fed.taken;
        if (fed.step == http::Parser::Step::head) {
            if (!parser.accept_body(test::HttpReading::body_max)) return messages;
            continue;
        }
        if (fed.step != http::Parser::Step::request) return messages;
        Message message{.method = std::string(parser.head().method),
                        .minor = parser.head().is_1_0 ? 0 : 1,
                        .body = std::string(parser.request().body),
                        .end = at};
        for (const auto& field : parser.request().fields) {
            message.fields.append(field.name).append(":").append(field.value).append(";");
        }
        messages.push_back(std::move(message));
        if (!parser.head().keep_alive) return messages;
        parser.next();
    }
}

// llhttp with nothing of ours around it.
class Reference {
  public:
    Reference() {
        llhttp_settings_init(&settings_);
        settings_.on_header_field = on_name;
        settings_.on_header_value = on_value;
        settings_.on_headers_complete = on_headers_complete;
        settings_.on_body = on_body;
        settings_.on_message_complete = on_message_complete;
        llhttp_init(&state_, HTTP_REQUEST, &settings_);
        state_.data = this;
    }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    // The next message of the stream; false where it refuses it, or where that does not end.
    bool read(std::string_view bytes, Message& message) {
        message_ = {};
        in_head_ = true;
        const auto rest = bytes.substr(at_);
        const llhttp_errno_t error = llhttp_execute(&state_, rest.data(), rest.size());
        if (error != HPE_PAUSED) return false;
        at_ = static_cast<std::size_t>(llhttp_get_error_pos(&state_) - bytes.data());
        llhttp_resume(&state_);
        message_.end = at_;
        message = message_;
        return true;
    }

  private:
    static Reference& of(llhttp_t* state) { return *static_cast<Reference*>(state->data); }
    static int on_name(llhttp_t* state, const char* at, std::size_t length) {
        of(state).take_value();
        of(state).name_.append(at, length);
        return 0;
    }
    static int on_value(llhttp_t* state, const char* at, std::size_t length) {
        of(state).value_.append(at, length);
        of(state).has_value_ = true;
        return 0;
    }
    static int on_headers_complete(llhttp_t* state) {
        Reference& self = of(state);
        self.take_value();
        self.in_head_ = false;
        self.message_.method = llhttp_method_name(static_cast<llhttp_method_t>(state->method));
        self.message_.minor = state->http_minor;
        // RFC 9110, 7.8: a server may ignore an Upgrade field.
        state->upgrade = 0;
        return 0;
    }
    static int on_body(llhttp_t* state, const char* at, std::size_t length) {
        of(state).message_.body.append(at, length);
        return 0;
    }
    static int on_message_complete(llhttp_t* state) {
        of(state).take_value();
        return HPE_PAUSED;
    }
    // Names and values come in pieces; a trailer is no field.
    void take_value() {
        if (!has_value_) return;
        if (in_head_) {
            message_.fields.append(name_).append(":").append(http::trimmed(value_)).append(";");
        }
        name_.clear();
        value_.clear();
        has_value_ = false;
    }

    llhttp_settings_t settings_{};
    llhttp_t state_{};
    Message message_;
    bool in_head_ = true;
    bool has_value_ = false;
    std::string name_;
    std::string value_;
    std::size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    Reference reference;
    for (const Message& ours : read_by_ours(bytes)) {
        Message theirs;
        fuzz::demand(reference.read(bytes, theirs), "what we accept llhttp accepts", text_of(ours));
        fuzz::demand(theirs == ours, "llhttp reads what we accept as the same message",
                     "ours:   " + text_of(ours) + "theirs: " + text_of(theirs));
    }
    return 0;
}

#include "load/answer_reader.hpp"

#include <llhttp.h>

#include <algorithm>
#include <charconv>

#include "concertres/assert.hpp"
#include "http/text.hpp"

namespace concertres::load {

namespace {

// The seats of a large hall are some megabytes.
constexpr std::size_t body_bytes_max = std::size_t{256} << 20;
constexpr std::size_t body_bytes_kept = 16 * 1024;
constexpr std::size_t field_bytes_max = 1'024;
constexpr std::int64_t retry_after_max_s = 3'600;

}  // namespace

struct AnswerReader::Engine {
    llhttp_t state{};
    std::string name{};   // of the field that is being read
    std::string value{};  // of Retry-After
    std::string body{};
    bool complete = false;
    bool keep_alive = false;

    static Engine& of(llhttp_t* state) { return *static_cast<Engine*>(state->data); }

    static const llhttp_settings_t& settings() {
        static const llhttp_settings_t all = [] {
            llhttp_settings_t made;
            llhttp_settings_init(&made);
            made.on_message_begin = [](llhttp_t* state) { return of(state).complete ? -1 : 0; };
            made.on_header_field = [](llhttp_t* state, const char* at, std::size_t length) {
                return append(of(state).name, {at, length}, field_bytes_max);
            };
            made.on_header_value = [](llhttp_t* state, const char* at, std::size_t length) {
                Engine& engine = of(state);
                if (!http::same_ignoring_case(engine.name, "retry-after")) return 0;
                return append(engine.value, {at, length}, field_bytes_max);
            };
            made.on_header_value_complete = [](llhttp_t* state) {
                of(state).name.clear();
                return 0;
            };
            made.on_body = [](llhttp_t* state, const char* at, std::size_t length) {
                return append(of(state).body, {at, length}, body_bytes_max);
            };
            made.on_message_complete = [](llhttp_t* state) {
                of(state).complete = true;
                of(state).keep_alive = llhttp_should_keep_alive(state) != 0;
                return 0;
            };
            return made;
        }();
        return all;
    }

  private:
    static int append(std::string& to, std::string_view text, std::size_t bytes_max) {
        if (text.size() > bytes_max - to.size()) return -1;
        to += text;
        return 0;
    }
};

AnswerReader::AnswerReader() : engine_(std::make_unique<Engine>()) { next(); }
AnswerReader::~AnswerReader() = default;
AnswerReader::AnswerReader(AnswerReader&&) noexcept = default;
AnswerReader& AnswerReader::operator=(AnswerReader&&) noexcept = default;

bool AnswerReader::feed(std::string_view bytes) {
    return llhttp_execute(&engine_->state, bytes.data(), bytes.size()) == HPE_OK;
}

bool AnswerReader::feed_end() {
    return llhttp_finish(&engine_->state) == HPE_OK && engine_->complete;
}

bool AnswerReader::complete() const { return engine_->complete; }

void AnswerReader::next() {
    Engine& engine = *engine_;
    llhttp_init(&engine.state, HTTP_RESPONSE, &Engine::settings());
    engine.state.data = &engine;
    engine.name.clear();
    engine.value.clear();
    engine.body.clear();
    if (engine.body.capacity() > body_bytes_kept) engine.body.shrink_to_fit();
    engine.complete = false;
}

int AnswerReader::status() const {
    CONCERTRES_ASSERT(engine_->complete);
    return engine_->state.status_code;
}

const std::string& AnswerReader::body() const { return engine_->body; }
bool AnswerReader::keep_alive() const { return engine_->keep_alive; }

std::optional<std::chrono::seconds> AnswerReader::retry_after() const {
    const std::string_view text = http::trimmed(engine_->value);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::min(seconds, retry_after_max_s));
}

}  // namespace concertres::load

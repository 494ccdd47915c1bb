// Feeds a parser and writes down what it reads, a line for each message.
//
//   HttpReading reading;
//   reading.feed("GET /a HTTP/1.1\r\n");
//   reading.feed("Host: b\r\n\r\n");
//   CHECK(reading.log() == "GET /a? Host=b []\n");
#pragma once

#include <string>
#include <string_view>

#include "concertres/assert.hpp"
#include "http/parser.hpp"

namespace concertres::test {

inline int status_of(http::Refusal refusal) {
    switch (refusal) {
        case http::Refusal::framing_invalid:
            return 400;
        case http::Refusal::request_timeout:
            return 408;
        case http::Refusal::internal:
            return 500;
        case http::Refusal::body_too_large:
            return 413;
        case http::Refusal::target_too_long:
            return 414;
        case http::Refusal::head_too_large:
            return 431;
        case http::Refusal::overloaded:
            return 503;
        case http::Refusal::version_unsupported:
            return 505;
    }
    return 0;
}

class HttpReading {
  public:
    static constexpr std::size_t body_max = 100;

    explicit HttpReading(const http::Limits& limits = {}) : limits_(limits), parser_(limits_) {}

    void feed(std::string_view bytes) {
        while (!refused_) {
            const auto fed = parser_.feed(bytes);
            CONCERTRES_ASSERT(fed.taken <= bytes.size());
            bytes.remove_prefix(fed.taken);
            switch (fed.step) {
                case http::Parser::Step::more:
                    CONCERTRES_ASSERT(bytes.empty());
                    return;
                case http::Parser::Step::head:
                    if (!parser_.accept_body(body_max)) refuse();
                    break;
                case http::Parser::Step::request:
                    note_request();
                    parser_.next();
                    break;
                case http::Parser::Step::refused:
                    refuse();
                    break;
            }
        }
    }

    [[nodiscard]] const std::string& log() const { return log_; }
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] bool kept() const { return kept_; }
    [[nodiscard]] const http::Parser& parser() const { return parser_; }

  private:
    void refuse() {
        refused_ = true;
        kept_ = false;
        status_ = status_of(parser_.fault().refusal);
        log_ += "refused " + std::to_string(status_) + "\n";
        CONCERTRES_ASSERT(!parser_.fault().detail.empty());
    }
    void note_request() {
        const auto& request = parser_.request();
        status_ = 200;
        kept_ = parser_.head().keep_alive;
        log_.append(http::method_name(request.method)).append(" ").append(request.path);
        log_.append("?").append(request.query);
        for (const auto& field : request.fields) {
            log_.append(" ").append(field.name).append("=").append(field.value);
        }
        log_.append(" [").append(request.body).append("]\n");
    }

    const http::Limits limits_;
    http::Parser parser_;
    std::string log_;
    int status_ = 0;
    bool kept_ = true;
    bool refused_ = false;
};

}  // namespace concertres::test

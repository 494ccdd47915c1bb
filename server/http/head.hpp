// The strict reading of a request's head. llhttp parses the same bytes; this judges them, and
// refuses what llhttp, even in its strict mode, lets through and another server on the way may
// understand differently: that difference is how requests are smuggled.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/handler.hpp"
#include "http/listener.hpp"
#include "http/message.hpp"

namespace concertres::http {

// Why a message is refused.
struct Fault {
    Refusal refusal{};
    std::string_view detail;  // of static storage
};

struct Head {
    Request request;          // all of it but body and peer
    std::string_view method;  // as sent
    bool is_1_0 = false;
    bool keep_alive = true;
    bool chunked = false;
    bool expects_continue = false;
    std::optional<std::uint64_t> content_length{};

    void clear();
};

// A line of the head, without its CRLF. Nothing comes back where it is well.
// Lifetime: `head` keeps views of the lines, or of static storage.
std::optional<Fault> read_request_line(std::string_view line, const Limits& limits, Head& head);
std::optional<Fault> read_field_line(std::string_view line, Head& head);
// What the fields say together, once all were read.
std::optional<Fault> read_framing(Head& head);

// Whether "Name: value" stands in `line`; nothing comes back where it does.
std::optional<Fault> check_field_line(std::string_view line);

}  // namespace concertres::http

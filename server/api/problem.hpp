// What is refused, as the network sees it: one table of codes with their status and title, and the
// RFC 9457 problem that tells of one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "concertres/error.hpp"
#include "http/handler.hpp"
#include "http/message.hpp"

namespace concertres::server {

// A code that clients may see.
struct CodeInfo {
    std::string_view name;
    int status = 500;
    std::string_view title;
};

// The engine's and the server's own, in the order of http status.
[[nodiscard]] std::span<const CodeInfo> all_code_infos();
// REQUIRES: it is one of them
[[nodiscard]] const CodeInfo& code_info(std::string_view name);

// A refusal on its way out.
struct Problem {
    explicit Problem(std::string_view code_name, std::string why = {});
    Problem(const Error& error);  // NOLINT(google-explicit-constructor): an Error is a refusal
    // request_invalid, or amount_invalid where every fault is an amount's.
    explicit Problem(const Faults& faults);

    // request_invalid, about a parameter of the query (or, in braces, of the path).
    [[nodiscard]] static Problem of_query(std::string_view name, std::string_view fault,
                                          std::string_view detail);

    const CodeInfo* code;
    std::string detail;
    std::vector<Fault> faults{};
    std::size_t faults_more = 0;  // that are not among `faults`
    std::vector<std::int32_t> seats{};
    std::optional<std::int64_t> position{};       // not_admitted
    std::optional<std::int64_t> retry_after_s{};  // also a field of the response
};

[[nodiscard]] Problem problem_of(http::Refusal refusal, std::string_view detail);

// How one proves who one is, which RFC 9110 wants told with every 401.
[[nodiscard]] std::string_view challenge(std::string_view code);

[[nodiscard]] http::Response response_of(const Problem& problem, std::string_view request_id);

}  // namespace concertres::server

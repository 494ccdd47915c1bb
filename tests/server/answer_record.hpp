// Writes down what was asked of the API and what it answered, a JSON object a line, into the file
// that CONCERTRES_ANSWERS names; nothing where it names none. tests/http/check_answers reads it.
//
//   record_answer({.method = "GET", .target = "/livez"}, {.status = 200, .body = "..."});
//
// Threads: any.
#pragma once

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "http/client.hpp"

namespace concertres::test {

inline void record_answer(const http::Call& call, const http::Reply& reply) {
    namespace json = boost::json;
    static std::mutex mutex;
    static const char* const file = std::getenv("CONCERTRES_ANSWERS");
    if (file == nullptr) return;
    const auto list_of = [](const auto& fields) {
        json::array list;
        for (const auto& [name, value] : fields) list.push_back(json::array{name, value});
        return list;
    };
    const auto* test = doctest::getContextOptions()->currentTest;
    json::object line{{"test", test == nullptr ? "" : test->m_name},
                      {"method", call.method},
                      {"target", call.target},
                      {"asked", list_of(call.fields)},
                      {"body", nullptr},
                      {"status", reply.status},
                      {"answered", list_of(reply.fields)},
                      {"answer", reply.body}};
    if (call.body) line["body"] = *call.body;
    const std::lock_guard lock(mutex);
    static std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << json::serialize(line) << '\n' << std::flush;
    if (!out) throw std::runtime_error("CONCERTRES_ANSWERS: cannot be written");
}

}  // namespace concertres::test

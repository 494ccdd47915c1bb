// The lines there are, so that one suite runs on all of them: a further one enters by a line in
// line_backends.cpp.
//
//   CONCERTRES_LINE_TEST("a user has one place") { LineCaller line(*store, ConcertId::random()); }
//
// Servers are started once for a test program; each test has a concert of its own.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "concertres/line.hpp"

namespace concertres::test {

struct LineBackend {
    std::string name;
    std::function<std::unique_ptr<LineStore>()> open;
};
[[nodiscard]] const std::vector<LineBackend>& line_backends();

// Runs `body` in a subcase for each.
void on_every_line(void (*body)(LineStore& store));

}  // namespace concertres::test

#define CONCERTRES_LINE_TEST(name) \
    CONCERTRES_LINE_TEST_NAMED(DOCTEST_ANONYMOUS(concertres_test_), name)
#define CONCERTRES_LINE_TEST_NAMED(function, name)                   \
    static void function(::concertres::LineStore&);                  \
    TEST_CASE(name) { ::concertres::test::on_every_line(function); } \
    static void function([[maybe_unused]] ::concertres::LineStore& store)

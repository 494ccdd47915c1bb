#include "concertres/result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace concertres;

namespace {

Result<std::string> accept() { return std::string("here"); }
Result<std::string> refuse() {
    return Error{.code = Errc::seat_held, .detail = "seat 7 is held", .seats = {7}};
}
Result<void> refuse_plain() { return Error{.code = Errc::sold_out, .detail = {}, .seats = {}}; }

}  // namespace

TEST_CASE("a result has a value") {
    const Result<std::string> r = accept();
    REQUIRE(r);
    CHECK(r.has_value());
    CHECK(*r == "here");
    CHECK(r->size() == 4);
    CHECK(r.value() == "here");
}

TEST_CASE("or the error that kept it from being") {
    const Result<std::string> r = refuse();
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::seat_held);
    CHECK(r.error().detail == "seat 7 is held");
    CHECK(r.error().seats == std::vector<std::int32_t>{7});
    CHECK(refuse().error().detail == "seat 7 is held");
}

TEST_CASE("asking for what a result does not have is a bug, not undefined") {
    CHECK_THROWS_AS(static_cast<void>(refuse().value()), AssertionFailed);
    CHECK_THROWS_AS(static_cast<void>(accept().error()), AssertionFailed);
    CHECK_THROWS_AS(static_cast<void>(Result<void>{}.error()), AssertionFailed);
}

TEST_CASE("a value moves out of a result that is left") {
    Result<std::unique_ptr<int>> r = std::make_unique<int>(3);
    const std::unique_ptr<int> taken = std::move(r).value();
    CHECK(*taken == 3);
    *accept() = "changed";
}

TEST_CASE("a result of nothing is done or refused") {
    CHECK(Result<void>{});
    const Result<void> r = refuse_plain();
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::sold_out);
}

TEST_CASE("a failed assertion says what and where") {
    try {
        CONCERTRES_ASSERT(1 + 1 == 3);
        FAIL("it did not throw");
    } catch (const AssertionFailed& e) {
        const std::string what = e.what();
        CHECK(what.find("1 + 1 == 3") != std::string::npos);
        CHECK(what.find("result_test.cpp:") != std::string::npos);
    }
}

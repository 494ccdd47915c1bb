#include "load/threshold.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace concertres::load;
using namespace std::chrono_literals;

namespace {

// Two seconds: 90 polls of 1 ms, 10 of 100 ms; ten holds, of which six are good, one refused, two
// shed and one failed.
Record measured() {
    Record record(1s);
    for (int i = 0; i < 90; ++i) record.add({Step::poll, Verdict::good, 1ms, "200"}, 1s);
    for (int i = 0; i < 10; ++i) record.add({Step::poll, Verdict::good, 100ms, "200"}, 1s);
    for (int i = 0; i < 6; ++i) record.add({Step::hold, Verdict::good, 20ms, "201"}, 2s);
    record.add({Step::hold, Verdict::refused, 20ms, "409 seat_held"}, 2s);
    for (int i = 0; i < 2; ++i) record.add({Step::hold, Verdict::shed, 1ms, "503 overloaded"}, 2s);
    record.add({Step::hold, Verdict::failed, 30s, "no answer in time"}, 2s);
    for (int i = 0; i < 30; ++i) record.add_outcome(i < 20 ? "done" : "gave up");
    record.missed = 10;
    record.finish(2s);
    return record;
}

Threshold threshold_of(std::string_view text) {
    auto threshold = Threshold::parse(text);
    REQUIRE(threshold);
    return *threshold;
}

}  // namespace

TEST_CASE("a threshold is met or missed by what was measured") {
    const Record record = measured();
    struct Case {
        const char* text;
        bool met;
    };
    for (const auto& [text, met] : {Case{"poll p50 <= 1.1 ms", true},
                                    {"poll p90 < 0.9ms", false},
                                    {"poll p95 >= 100 ms", true},
                                    {"poll max <= 0.1 s", true},
                                    {"poll mean <= 10900 us", true},
                                    {"poll mean < 10 ms", false},
                                    {"hold errors <= 30%", true},
                                    {"hold errors < 30%", false},
                                    {"hold shed <= 20%", true},
                                    {"hold failed > 10 %", false},
                                    {"hold refused >= 10%", true},
                                    {"errors <= 2.8%", true},
                                    {"errors <= 2.7%", false},
                                    {"rate >= 53/s", true},
                                    {"rate > 53/s", false},
                                    {"poll rate >= 50/s", true},
                                    {"missed <= 25%", true},
                                    {"missed < 25%", false}}) {
        CAPTURE(std::string(text));
        CHECK(threshold_of(text).is_met(record) == met);
        CHECK(threshold_of(text).text() == text);
    }
}

TEST_CASE("times of what was shed count apart: a refusal that is fast makes nothing faster") {
    CHECK(threshold_of("hold p50 >= 20 ms").is_met(measured()));
    CHECK(measured().of(Step::hold).shed_times.count() == 2);
}

TEST_CASE("where nothing was measured no threshold is met") {
    const Record record = measured();
    CHECK_FALSE(threshold_of("pay p95 <= 10 ms").is_met(record));
    CHECK_FALSE(threshold_of("pay errors <= 0%").is_met(record));
    CHECK(threshold_of("pay errors <= 0%").shown(std::nullopt) == "nothing");
}

TEST_CASE("what is no threshold is refused, with an example") {
    for (const char* text :
         {"", "p95", "p95 <=", "p95 <= 10", "p95 <= 10 %", "p95 = 10 ms", "p101 <= 1 ms",
          "p <= 1 ms", "errors <= 5", "errors <= 5 ms", "rate >= 5", "rate >= 5 ms",
          "buy p95 <= 1 ms", "hold missed <= 1%", "p95 <= -1 ms", "p95 <= x ms", "hold"}) {
        CAPTURE(text);
        const auto refused = Threshold::parse(text);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail.find("\"p95 <= 10 ms\"") != std::string::npos);
    }
}

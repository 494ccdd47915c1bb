// A person against answers that are made up: what is asked, in which order, and what becomes of it.
#include "load/person.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace concertres::load;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view admitted =
    R"({"token":"TICKET","status":"admitted","sale":"open","poll_after_ms":50})";
constexpr std::string_view waiting =
    R"({"token":"TICKET","status":"waiting","sale":"open","poll_after_ms":250})";
constexpr std::string_view dates =
    R"({"dates":[{"performance_id":"632fdd6f-ede1-47d5-8bd0-2b61ebfae39e","seats_total":2}]})";
constexpr std::string_view seats =
    R"({"seats":[{"number":7,"price":{"amount":50000}},{"number":8,"price":{"amount":50000}}]})";
constexpr std::string_view held = R"({"reservation_id":"R-1"})";

// The first words of a request: "POST /v1/payments".
std::string line_of(const std::string& text) { return text.substr(0, text.find(" HTTP/")); }

// What a server says to the lines that it knows.
using Server = std::function<Heard(const std::string& line, const std::string& text)>;

struct Walk {
    std::vector<std::string> asked{};
    std::vector<Verdict> verdicts{};
    std::vector<std::string> codes{};
    std::chrono::milliseconds paused{0};
    std::chrono::milliseconds in_line{0};
    std::string outcome{};
};

Walk walk(Person& person, const Server& server, bool prepare_only = false) {
    Walk walk;
    person.begin(prepare_only);
    for (int i = 0; i < 100; ++i) {
        const Move move = person.next();
        switch (move.kind) {
            case Move::Kind::ask: {
                walk.asked.push_back(line_of(person.text()));
                const Taken taken = person.take(server(walk.asked.back(), person.text()));
                walk.verdicts.push_back(taken.verdict);
                walk.codes.emplace_back(taken.code);
                break;
            }
            case Move::Kind::pause:
                walk.paused += move.pause;
                break;
            case Move::Kind::wait:
                walk.in_line += move.pause;
                break;
            case Move::Kind::done:
                walk.outcome = person.outcome();
                return walk;
        }
    }
    FAIL("no end");
    return walk;
}

Heard good(const std::string& line, const std::string&) {
    if (line.ends_with("/tokens")) return {.status = 201, .body = admitted};
    if (line.ends_with("/dates")) return {.status = 200, .body = dates};
    if (line.ends_with("/seats")) return {.status = 200, .body = seats};
    if (line == "POST /v1/reservations") return {.status = 201, .body = held};
    if (line.starts_with("DELETE ")) return {.status = 204};
    if (line == "GET /v1/tokens/current") return {.status = 200, .body = admitted};
    return {.status = 201, .body = "{}"};
}

Scene scene_of(Scenario scenario) {
    return {.host = "localhost", .concert = "C", .scenario = scenario};
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a sale goes from joining to paying, and the next is another user's") {
    const Scene scene = scene_of(Scenario::sale);
    Person person(scene);
    std::vector<std::string> texts;
    const Walk first = walk(person, [&](const std::string& line, const std::string& text) {
        texts.push_back(text);
        return good(line, text);
    });
    CHECK(first.outcome == "bought");
    REQUIRE(first.asked.size() == 6);
    CHECK(first.asked[0] == "POST /v1/concerts/C/tokens");
    CHECK(first.asked[1] == "GET /v1/concerts/C/dates");
    CHECK(first.asked[2] == "GET /v1/performances/632fdd6f-ede1-47d5-8bd0-2b61ebfae39e/seats");
    CHECK(first.asked[3] == "POST /v1/reservations");
    CHECK(first.asked[4].ends_with("/wallet/charges"));
    CHECK(first.asked[5] == "POST /v1/payments");
    CHECK_FALSE(has(texts[0], "Authorization"));
    CHECK(has(texts[1], "\r\nAuthorization: Bearer TICKET\r\n"));
    CHECK(has(texts[3], "\r\nIdempotency-Key: "));
    CHECK(has(texts[4], R"({"amount":50000})"));
    CHECK(has(texts[5], R"({"reservation_id":"R-1"})"));
    const Walk second = walk(person, [&](const std::string& line, const std::string& text) {
        texts.push_back(text);
        return good(line, text);
    });
    CHECK(second.asked.size() == 6);
    CHECK(texts[6] != texts[0]);
}

TEST_CASE("who waits in line asks again when told, until it is their turn") {
    const Scene scene = scene_of(Scenario::dates);
    Person person(scene);
    int polls = 0;
    const Walk first = walk(person, [&](const std::string& line, const std::string& text) -> Heard {
        if (line.ends_with("/tokens")) return {.status = 201, .body = waiting};
        if (line == "GET /v1/tokens/current" && ++polls < 3)
            return {.status = 200, .body = waiting};
        return good(line, text);
    });
    CHECK(polls == 3);
    CHECK(first.in_line == 750ms);
    CHECK(first.asked.back() == "GET /v1/concerts/C/dates");
    const Walk second = walk(person, good);
    CHECK(second.asked == std::vector<std::string>{"GET /v1/concerts/C/dates"});
}

TEST_CASE("a reservation is prepared once, and then holds and releases the same seat") {
    const Scene scene = scene_of(Scenario::reservation);
    Person person(scene);
    CHECK_FALSE(person.prepared());
    CHECK(walk(person, good, true).outcome == "prepared");
    CHECK(person.prepared());
    for (int i = 0; i < 3; ++i) {
        const Walk again = walk(person, good);
        CHECK(again.asked ==
              std::vector<std::string>{"POST /v1/reservations", "DELETE /v1/reservations/R-1"});
        CHECK(again.outcome == "done");
    }
}

TEST_CASE(
    "a seat that is gone is followed by another, then by a new look, and then it is sold out") {
    const Scene scene = scene_of(Scenario::sale);
    Person person(scene);
    std::vector<std::string> wanted;
    const Walk all_gone =
        walk(person, [&](const std::string& line, const std::string& text) -> Heard {
            if (line != "POST /v1/reservations") return good(line, text);
            wanted.push_back(text.substr(text.find("\"seats\"")));
            return {.status = 409, .body = R"({"code":"seat_held"})"};
        });
    CHECK(all_gone.outcome == "sold out");
    CHECK(wanted.size() == 10);  // both seats, after each of five looks
    CHECK(wanted[0] != wanted[1]);
    CHECK(all_gone.codes.back() == "409 seat_held");
    CHECK(all_gone.verdicts.back() == Verdict::refused);
}

TEST_CASE("what is shed amid a scenario is asked again when told, with the same key") {
    const Scene scene = scene_of(Scenario::sale);
    Person person(scene);
    std::vector<std::string> tries;
    const Walk sold = walk(person, [&](const std::string& line, const std::string& text) -> Heard {
        if (line != "POST /v1/payments") return good(line, text);
        tries.push_back(text);
        if (tries.size() == 1) {
            return {.status = 503, .body = R"({"code":"overloaded"})", .retry_after = 2s};
        }
        if (tries.size() == 2) return {.failure = "connection closed"};
        return good(line, text);
    });
    CHECK(sold.outcome == "bought");
    REQUIRE(tries.size() == 3);
    CHECK(tries[0] == tries[1]);
    CHECK(tries[1] == tries[2]);
    CHECK(sold.paused == 3s);
    CHECK(std::ranges::count(sold.verdicts, Verdict::shed) == 1);
    CHECK(std::ranges::count(sold.verdicts, Verdict::failed) == 1);
}

TEST_CASE("what is shed at the beginning is turned away, and is told when to come again") {
    const Scene scene = scene_of(Scenario::reservation);
    Person person(scene);
    (void)walk(person, good, true);
    person.begin();
    REQUIRE(person.next().kind == Move::Kind::ask);
    CHECK(person.take({.status = 503, .retry_after = 3s}).verdict == Verdict::shed);
    const Move move = person.next();
    CHECK(move.kind == Move::Kind::done);
    CHECK(move.pause == 3s);
    CHECK(person.outcome() == "turned away");
    CHECK(walk(person, good).outcome == "done");
}

TEST_CASE("who is never answered gives up, and begins as somebody else") {
    const Scene scene = scene_of(Scenario::reservation);
    Person person(scene);
    (void)walk(person, good, true);
    const Walk stuck = walk(person, [&](const std::string& line, const std::string& text) -> Heard {
        if (line.starts_with("DELETE ")) return {.failure = "no answer in time"};
        return good(line, text);
    });
    CHECK(stuck.outcome == "gave up");
    CHECK(stuck.asked.size() == 6);
    CHECK_FALSE(person.prepared());
    CHECK(walk(person, good).asked.front() == "POST /v1/concerts/C/tokens");
}

TEST_CASE("a pass that has ended is renewed by a new user") {
    const Scene scene = scene_of(Scenario::dates);
    Person person(scene);
    (void)walk(person, good);
    const Walk ended = walk(person, [](const std::string&, const std::string&) -> Heard {
        return {.status = 403, .body = R"({"code":"pass_expired"})"};
    });
    CHECK(ended.outcome == "pass_expired");
    CHECK_FALSE(person.prepared());
}

TEST_CASE("an answer that is no JSON harms nobody") {
    for (const auto scenario : {Scenario::token, Scenario::sale, Scenario::reservation}) {
        const Scene scene = scene_of(scenario);
        Person person(scene);
        const Walk odd = walk(person, [](const std::string&, const std::string&) -> Heard {
            return {.status = 200, .body = "<html>"};
        });
        CHECK_FALSE(odd.outcome.empty());
    }
}

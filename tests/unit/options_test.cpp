#include "concertres/options.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"

using namespace concertres;
using namespace std::chrono_literals;

namespace {

std::string detail_after(const std::function<void(Options&)>& change) {
    Options options;
    change(options);
    const auto checked = check(options);
    if (checked) return "";
    CHECK(checked.error().code == Errc::request_invalid);
    return checked.error().detail;
}

}  // namespace

TEST_CASE("options out of range are refused with the name of the option") {
    const struct {
        const char* detail;
        std::function<void(Options&)> change;
    } cases[] = {
        {"options.tick must be above 0 and at most 3650 days", [](Options& o) { o.tick = 0s; }},
        {"options.hold_ttl must be above 0 and at most 3650 days",
         [](Options& o) { o.hold_ttl = -1us; }},
        {"options.request_timeout must be above 0 and at most 3650 days",
         [](Options& o) { o.request_timeout = std::chrono::days(3'650) + 1us; }},
        {"options.waiting_max must be above 0", [](Options& o) { o.waiting_max = 0; }},
        {"options.reservations_per_payment must be above 0",
         [](Options& o) { o.reservations_per_payment = 0; }},
        {"options.inbox_max must be above 0", [](Options& o) { o.inbox_max = 0; }},
        {"options.group_max must be above 0", [](Options& o) { o.group_max = 0; }},
        {"options.page_max must be above 0", [](Options& o) { o.page_max = 0; }},
        {"options.pass_max must be at least options.pass_ttl",
         [](Options& o) { o.pass_max = o.pass_ttl - 1us; }},
        {"options.extend_max must be at least options.hold_ttl",
         [](Options& o) { o.extend_max = o.hold_ttl - 1us; }},
        {"options.policies['mine'] is null", [](Options& o) { o.policies["mine"] = nullptr; }},
    };
    for (const auto& c : cases) CHECK(detail_after(c.change) == c.detail);
}

TEST_CASE("keys in the options are checked as everywhere") {
    CHECK(detail_after([](Options& o) { o.token_keys = {TokenKey{.id = 1}}; }).find("token keys") !=
          std::string::npos);
    CHECK(detail_after([](Options& o) {
              o.ticket_keys = {TicketKey{.id = 1}};
          }).find("ticket keys") != std::string::npos);
    CHECK(detail_after([](Options& o) {
              TicketKey key{.id = 1};
              key.secret.fill(7);
              o.ticket_keys = {key};
          }) == "");
}

TEST_CASE("options at their bounds are accepted, and others open no box office") {
    CHECK(check(Options{}));
    CHECK(detail_after([](Options& o) {
              o.tick = std::chrono::days(3'650);
              o.extend_max = o.hold_ttl;
              o.pass_max = o.pass_ttl;
              o.page_max = o.group_max = o.inbox_max = 1;
          }) == "");
    Options options;
    options.tick = 0s;
    CHECK_THROWS_AS(BoxOffice(open_memory(), options), std::invalid_argument);
}

#include "concertres/cloud_event.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>

#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

Event sold() {
    return {.stream = {StreamKind::performance, 7},
            .number = 17,
            .kind = EventKind::payment_completed,
            .at = TestClock::default_wall,
            .user = UserId{uuid_of(3)},
            .items = {{.reservation = ReservationId{uuid_of(4)}, .seats = {7, 8}}},
            .amount = {50'000},
            .actor = "a \"quoted\" name"};
}

}  // namespace

TEST_SUITE_BEGIN("cloud events");

TEST_CASE("an event is written as CloudEvents 1.0") {
    const boost::json::object event =
        boost::json::parse(cloud_event(sold(), uuid_of(9), "shop.example")).as_object();
    const std::string owner = uuid_of(9).to_string();
    CHECK(event.at("specversion") == "1.0");
    CHECK(event.at("id").as_string() == owner + "/17/" + "1798106400000000");
    CHECK(event.at("source") == "shop.example");
    CHECK(event.at("type") == "concertres.payment.completed");
    CHECK(event.at("subject").as_string() == "performance/" + owner);
    CHECK(event.at("time") == "2026-12-24T10:00:00.000Z");
    CHECK(event.at("partitionkey").as_string() == owner);
    CHECK(event.at("sequence") == "17");
    CHECK(event.at("sequencetype") == "Integer");
    CHECK(event.at("datacontenttype") == "application/json");
    CHECK(event.size() == 11);
    CHECK(boost::json::serialize(event.at("data")) ==
          boost::json::serialize(boost::json::parse(encode(sold()))));
    Event read = {.stream = sold().stream, .number = 17, .kind = sold().kind, .at = sold().at};
    REQUIRE(decode(boost::json::serialize(event.at("data")), read));
    CHECK(read == sold());
}

TEST_CASE("an id is one event's, also where a store goes on from a backup") {
    const std::string id = cloud_event_id(sold(), uuid_of(9));
    CHECK(cloud_event_id(sold(), uuid_of(9)) == id);
    CHECK(cloud_event_id(sold(), uuid_of(8)) != id);
    Event other = sold();
    other.number = 18;
    CHECK(cloud_event_id(other, uuid_of(9)) != id);
    other = sold();
    other.at += 1us;
    CHECK(cloud_event_id(other, uuid_of(9)) != id);
}

TEST_SUITE_END();

}  // namespace concertres::test

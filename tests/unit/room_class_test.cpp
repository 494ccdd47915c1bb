// The classes of a room: which there may be, how an operator changes them, and what a place tells.
#include <string>
#include <vector>

#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

const std::vector<RoomClass> two = {{"general", 1}, {"fan_club", 3}};

std::string fault_of(const std::vector<RoomClass>& classes) {
    const auto checked = check(RoomPolicy{.classes = classes});
    return checked ? "" : checked.error().detail;
}

Sale sale_with(const std::vector<RoomClass>& classes) {
    Sale sale = open_sale();
    sale.room = RoomPolicy{.classes = classes};
    return sale;
}

SaleChange set_classes(const std::vector<RoomClass>& classes) {
    SaleChange change;
    change.patch.emplace().classes = classes;
    return change;
}

// What an operator is told who sets these; nothing where they were set.
std::string refusal_of(Sale& sale, const std::vector<RoomClass>& classes) {
    const Sale before = sale;
    const auto changed = change_sale(sale, set_classes(classes), {}, t0);
    if (changed) return "";
    CHECK(changed.error().code == Errc::request_invalid);
    CHECK(sale == before);
    return changed.error().detail;
}

}  // namespace

TEST_CASE("a room that names no classes has one, which is everybody's") {
    const RoomPolicy plain;
    CHECK(classes_of(plain) == std::vector<RoomClass>{{"general", 1}});
    CHECK(class_named(plain, "") == 0);
    CHECK(class_named(plain, "general") == 0);
    CHECK_FALSE(class_named(plain, "fan_club"));
}

TEST_CASE("a class is found by its name, and the first without one") {
    const RoomPolicy room{.classes = two};
    CHECK(classes_of(room) == two);
    CHECK(class_named(room, "") == 0);
    CHECK(class_named(room, "general") == 0);
    CHECK(class_named(room, "fan_club") == 1);
    CHECK_FALSE(class_named(room, "Fan_club"));
    CHECK_FALSE(class_named(room, "fan"));
}

TEST_CASE("classes have plain names and weights from 1 to 1,000, and there are at most sixteen") {
    CHECK(fault_of({}) == "");
    CHECK(fault_of({{"a", 1}, {std::string(40, 'z'), 1'000}, {"0-9_", 7}}) == "");
    std::vector<RoomClass> many;
    for (int i = 0; i < 16; ++i) many.push_back({"c" + std::to_string(i), 1});
    CHECK(fault_of(many) == "");
    many.push_back({"one_more", 1});
    CHECK(fault_of(many) == "classes: must be at most 16, not 17");
    for (const std::string& name :
         {std::string(), std::string(41, 'a'), std::string("Fans"), std::string("a b"),
          std::string("f\xc3\xa4n"), std::string("{fans}")}) {
        CHECK(fault_of({{"general", 1}, {name, 1}}) ==
              "classes/1/name: must be 1 to 40 of a-z, 0-9, _ and -");
    }
    CHECK(fault_of({{"a", 1}, {"b", 1}, {"a", 2}}) ==
          "classes/2/name: \"a\" is also that of classes/0");
    CHECK(fault_of({{"a", 0}}) == "classes/0/weight: must be 1 to 1000, not 0");
    CHECK(fault_of({{"a", 1'001}}) == "classes/0/weight: must be 1 to 1000, not 1001");
}

TEST_CASE("a concert is not added with classes that cannot be") {
    ConcertDraft draft{.title = "c",
                       .performances = {{OffsetTime{t0 + 24h, {}}}},
                       .seats = numbered_seats(1, price),
                       .room = RoomPolicy{.classes = two}};
    CHECK(check(draft));
    draft.room->classes[1].weight = -3;
    CHECK(check(draft).error().detail == "room/classes/1/weight: must be 1 to 1000, not -3");
}

TEST_CASE("weights change and classes are appended, and the event tells of it") {
    Sale sale = sale_with(two);
    const auto told = change_sale(
        sale, set_classes({{"general", 2}, {"fan_club", 5}, {"accessible", 1}}), {}, t0);
    REQUIRE(told);
    CHECK(sale.room->classes ==
          std::vector<RoomClass>{{"general", 2}, {"fan_club", 5}, {"accessible", 1}});
    CHECK(told->detail ==
          "room: any number at once, classes general of weight 2, fan_club of weight 5, accessible "
          "of weight 1");
}

TEST_CASE("a class that people may hold places in is not removed, renamed or moved") {
    Sale sale = sale_with(two);
    const std::string first =
        "room/classes/0: must stay \"general\": people hold places in the classes that there are; "
        "weights may change, and others be added after the last";
    CHECK(refusal_of(sale, {{"fan_club", 3}, {"general", 1}}) == first);
    CHECK(refusal_of(sale, {{"all", 1}, {"fan_club", 3}}) == first);
    CHECK(refusal_of(sale, {{"general", 1}}).starts_with("room/classes/1: must stay \"fan_club\""));
    CHECK(refusal_of(sale, {}).starts_with("room/classes/1: must stay \"fan_club\""));
    CHECK(refusal_of(sale, {{"general", 1}, {"fans", 3}})
              .starts_with("room/classes/1: must stay \"fan_club\""));
    // Nor by a policy in its place.
    CHECK(change_sale(sale, {.room = RoomPolicy{.active_max = 3}}, {}, t0).error().code ==
          Errc::request_invalid);
    CHECK(refusal_of(sale, two) == "");
}

TEST_CASE("the one class of a room that names none is general when others are added") {
    Sale sale = sale_with({});
    CHECK(refusal_of(sale, {{"fan_club", 3}, {"general", 1}})
              .starts_with("room/classes/0: must stay \"general\""));
    CHECK(refusal_of(sale, {{"general", 1}, {"fan_club", 3}}) == "");
    // A room that is made anew has whatever it is given.
    Sale without = open_sale();
    without.room.reset();
    CHECK(refusal_of(without, {{"fan_club", 3}, {"general", 1}}) == "");
}

TEST_CASE("a change of classes keeps what is remembered of shares and admissions") {
    Sale sale = sale_with(two);
    sale.share_state = "S123";
    sale.policy_state = "";
    REQUIRE(change_sale(sale, set_classes({{"general", 9}, {"fan_club", 3}, {"c", 1}}), {}, t0));
    CHECK(sale.share_state == "S123");
}

TEST_CASE("a new place has its class in its number, and stands at the end of its class's line") {
    const Line first{.concert = concert_key, .epoch = 2, .next_sequence = 40};
    JoinRows in;
    in.line = new_line(first, 3);
    CHECK(in.line == Line{.concert = concert_key, .line_class = 3, .epoch = 2});
    const JoinFacts facts{.user = alice,
                          .user_id = id_of(alice),
                          .concert = concert_key,
                          .waiting_max = 10,
                          .now = t0};
    const auto number = join(in, facts);
    REQUIRE(number);
    CHECK(*number == PlaceNumber::of({.line_class = 3, .epoch = 2, .sequence = 1}));
    CHECK(in.line.next_sequence == 2);
    CHECK(in.member->latest == *number);
}

TEST_CASE("a user's place stays in the class that it is in") {
    JoinRows in;
    in.line = {.concert = concert_key, .line_class = 3};
    in.latest = waiting(alice);
    in.member = Member{.concert = concert_key, .user = alice, .latest = alices_place};
    const JoinRows before = in;
    const JoinFacts facts{.user = alice,
                          .user_id = id_of(alice),
                          .concert = concert_key,
                          .again = true,
                          .waiting_max = 10,
                          .now = t0};
    CHECK(*join(in, facts) == alices_place);
    CHECK(in == before);
}

#include "cli/drawn_file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "api/answers.hpp"
#include "support/drawn_order.hpp"

using namespace concertres;
using namespace concertres::server;
using namespace std::chrono_literals;

namespace {

constexpr DrawSeed seed{9, 9, 9};
constexpr Time opening{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t size = 12;

// All twelve, let in in the drawn order, one a second; worked out without the library's code.
DrawnFile whole_file() {
    DrawnFile file{.concert = "5f0c",
                   .commitment = commitment_of(seed),
                   .seed = seed,
                   .drawn_at = opening,
                   .lines = {{"general", {.epoch = 0, .size = size}}}};
    file.admissions.resize(size);
    for (std::int64_t number = 1; number <= size; ++number) {
        const auto rank = test::rank_by_hand(seed, size, static_cast<std::uint64_t>(number));
        file.admissions[rank] = {{number}, opening + std::chrono::seconds(rank)};
    }
    return file;
}

std::string text_of(const DrawnFile& file) {
    DrawView view{.concert = ConcertId::from_name("c"),
                  .commitment = file.commitment,
                  .opens_at = opening,
                  .drawn_at = file.drawn_at,
                  .lines = file.lines,
                  .seed = file.seed,
                  .now = opening + 1h};
    return drawn_page_json(view, {.admissions = file.admissions, .next = {}});
}

std::string first_wrong(const DrawnFile& file,
                        const std::optional<DrawCommitment>& published = {}) {
    const Verified verified = verify(file, published);
    return verified.wrong.empty() ? "" : verified.wrong.front();
}

std::string refusal_of(std::string text, std::string_view part, std::string_view with) {
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    text.replace(at, part.size(), with);
    const auto read = read_drawn_file(text);
    return read ? "" : read.error().detail;
}

}  // namespace

TEST_CASE("what was exported is read back, and verifies") {
    const DrawnFile file = whole_file();
    const auto read = read_drawn_file(text_of(file));
    REQUIRE(read);
    CHECK(read->seed == file.seed);
    CHECK(read->commitment == file.commitment);
    CHECK(read->drawn_at == file.drawn_at);
    CHECK(read->lines == file.lines);
    CHECK(read->admissions == file.admissions);
    const Verified verified = verify(*read, commitment_of(seed));
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() == 3);
    CHECK(verified.good[2] == "12 of 12 places were let in, all of them in the order of the draw");
}

TEST_CASE("places that are passed over, or not let in yet, are no fault") {
    DrawnFile file = whole_file();
    file.admissions.erase(file.admissions.begin() + 2, file.admissions.begin() + 4);
    file.admissions.resize(5);
    const Verified verified = verify(file, {});
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() == 3);
    CHECK(verified.good[1] == "5 of 12 places were let in, all of them in the order of the draw");
    CHECK(verified.good[2] ==
          "2 places before the last of these were passed over: they had left the line, or nobody "
          "was there");
    file.admissions.clear();
    CHECK(verify(file, {}).wrong.empty());
}

TEST_CASE("whom an operator let in by hand is told, and is no part of the order") {
    DrawnFile file = whole_file();
    // The eighth came second, by hand; the rest in order, up to the sixth.
    Admission eighth = file.admissions[7];
    eighth.by_hand = true;
    eighth.at = file.admissions[1].at;
    file.admissions.resize(6);
    file.admissions.insert(file.admissions.begin() + 1, eighth);
    const auto read = read_drawn_file(text_of(file));
    REQUIRE(read);
    CHECK(read->admissions == file.admissions);
    const Verified verified = verify(*read, {});
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() == 2);
    CHECK(verified.good[1] ==
          "7 of 12 places were let in, 1 of them by an operator's hand, all others in the order of "
          "the draw");
    file.admissions[1].by_hand = false;
    CHECK(first_wrong(file).find("was let in after place") != std::string::npos);
}

TEST_CASE("who came back after being passed over is told, and has lost nothing but time") {
    DrawnFile file = whole_file();
    // Nobody was there for the first when the second was let in; it was let in after the fourth.
    Admission first = file.admissions[0];
    first.passed_at = file.admissions[1].at;
    first.at = file.admissions[3].at;
    file.admissions.resize(6);
    file.admissions.erase(file.admissions.begin());
    file.admissions.insert(file.admissions.begin() + 3, first);
    const auto read = read_drawn_file(text_of(file));
    REQUIRE(read);
    CHECK(read->admissions == file.admissions);
    const Verified verified = verify(*read, {});
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() == 3);
    CHECK(verified.good[1] == "5 of 12 places were let in, all of them in the order of the draw");
    CHECK(verified.good[2] ==
          "1 others were not there when their turn came, and were let in later");
    // Passed over only after somebody behind it was let in: that one had overtaken it.
    file.admissions[3].passed_at = file.admissions[3].at + std::chrono::seconds(1);
    CHECK(first_wrong(file).find("was let in after place") != std::string::npos);
    file.admissions[3].passed_at.reset();
    CHECK(first_wrong(file).find("was let in after place") != std::string::npos);
}

TEST_CASE("a seed that was changed is found, and so is a commitment") {
    DrawnFile file = whole_file();
    file.seed[3] ^= 1;
    CHECK(first_wrong(file).find("is not the one that was committed to") != std::string::npos);
    file = whole_file();
    CHECK(first_wrong(file, DrawCommitment{}).find("is not the one that was published") !=
          std::string::npos);
    // Seed and hash changed together: only whoever noted the hash can tell, or the order does.
    file.seed[3] ^= 1;
    file.commitment = commitment_of(file.seed);
    CHECK(first_wrong(file, commitment_of(seed)).find("published") != std::string::npos);
    CHECK(first_wrong(file).find("was let in after place") != std::string::npos);
}

TEST_CASE("an order that was changed is found, with who was preferred") {
    DrawnFile file = whole_file();
    std::swap(file.admissions[4].number, file.admissions[9].number);
    const std::string wrong = first_wrong(file);
    CHECK(wrong == fmt::format("place {}, drawn as number 6, was let in after place {}, drawn as "
                               "number 10",
                               file.admissions[5].number.value, file.admissions[4].number.value));
}

TEST_CASE("a number that was not drawn, one that comes twice, and times that go back are found") {
    DrawnFile file = whole_file();
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{-3}, size + 1, PlaceNumber::of(1, 1).value}) {
        file.admissions[3].number = {number};
        CHECK(first_wrong(file) ==
              fmt::format("place {} is none of the 12 that were drawn", number));
    }
    file = whole_file();
    file.admissions[3].number = file.admissions[1].number;
    CHECK(first_wrong(file) ==
          fmt::format("place {} was let in twice", file.admissions[1].number.value));
    file = whole_file();
    file.admissions[0].at = opening - 1s;
    CHECK(first_wrong(file).find("before what comes before it") != std::string::npos);
    file.lines[0].drawn.size = 4;
    CHECK(first_wrong(file) != "");
}

TEST_CASE("only the first twenty faults are told, and how many more there are") {
    DrawnFile file = whole_file();
    file.admissions.resize(100, file.admissions.front());
    const Verified verified = verify(file, {});
    CHECK(verified.wrong.size() == 20);
    CHECK(verified.wrong_more > 60);
}

TEST_CASE("what is no such file is refused with what is wrong in it") {
    CHECK_FALSE(read_drawn_file(""));
    CHECK_FALSE(read_drawn_file("[]"));
    const std::string text = text_of(whole_file());
    CHECK(refusal_of(text, "feistel-siphash-1", "dice-1") ==
          "it was drawn with \"dice-1\", and this program knows feistel-siphash-1");
    CHECK(refusal_of(text, "\"drawn\":true", "\"drawn\":false") ==
          "the line had not been drawn when this was written: export it again");
    CHECK(refusal_of(text, "\"commitment\":\"", "\"commitment\":\"00")
              .find("/commitment: must be 64 hexadecimal digits") != std::string::npos);
    CHECK(refusal_of(text, "\"seed\":\"", "\"seed\":\"xx").find("/seed") != std::string::npos);
    CHECK(refusal_of(text, "\"size\":12", "\"size\":-1").find("/size") != std::string::npos);
    CHECK(refusal_of(text, "\"size\":12", "\"sizes\":12").find("/size") != std::string::npos);
    CHECK(refusal_of(text, "{\"number\"", "{\"nomber\"").find("/admissions/0/number") !=
          std::string::npos);
    CHECK(refusal_of(text, "\"at\":\"", "\"at\":\"x").find("/admissions/0/at") !=
          std::string::npos);
}

// --- Classes -----------------------------------------------------------------------------------

namespace {

// The same with a second line of five, whose people are let in between the others.
DrawnFile two_lines() {
    DrawnFile file = whole_file();
    file.lines.push_back({"fan_club", {.line_class = 3, .epoch = 1, .size = 5}});
    std::vector<Admission> fans(5);
    for (std::int64_t sequence = 1; sequence <= 5; ++sequence) {
        const auto rank = test::rank_by_hand(seed, 5, static_cast<std::uint64_t>(sequence), 3);
        fans[rank] = {PlaceNumber::of({.line_class = 3, .epoch = 1, .sequence = sequence}),
                      opening + std::chrono::seconds(2 * rank)};
    }
    file.admissions.insert(file.admissions.end(), fans.begin(), fans.end());
    std::ranges::stable_sort(file.admissions, {}, &Admission::at);
    return file;
}

}  // namespace

TEST_CASE("a file of several lines is read back, and each verifies for itself") {
    const DrawnFile file = two_lines();
    const auto read = read_drawn_file(text_of(file));
    REQUIRE(read);
    CHECK(read->lines == file.lines);
    CHECK(read->admissions == file.admissions);
    CHECK(read->size() == 17);
    REQUIRE(read->line_of(3) != nullptr);
    CHECK(read->line_of(3)->name == "fan_club");
    CHECK(read->line_of(1) == nullptr);
    const Verified verified = verify(*read, {});
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() == 3);
    CHECK(verified.good[1] ==
          "class general: 12 of 12 places were let in, all of them in the order of the draw");
    CHECK(verified.good[2] ==
          "class fan_club: 5 of 5 places were let in, all of them in the order of the draw");
}

TEST_CASE("the order of one line that was changed is found, and so is a line that is left out") {
    DrawnFile file = two_lines();
    std::vector<Admission*> fans;
    for (Admission& admission : file.admissions) {
        if (admission.number.line_class() == 3) fans.push_back(&admission);
    }
    std::swap(fans[1]->number, fans[2]->number);
    CHECK(first_wrong(file) == fmt::format("place {}, drawn as number 2, was let in after place "
                                           "{}, drawn as number 3",
                                           fans[2]->number.value, fans[1]->number.value));
    file = two_lines();
    file.lines.pop_back();
    CHECK(first_wrong(file).find("is none of the 12 that were drawn") != std::string::npos);
    file = two_lines();
    file.lines[1].drawn.size = 6;
    CHECK(first_wrong(file) != "");
}

TEST_CASE("lines that cannot be are refused, and so are others than the file says beside them") {
    const std::string text = text_of(two_lines());
    CHECK(refusal_of(text, "\"size\":12,\"drawn_at\"", "\"size\":11,\"drawn_at\"")
              .find("/size: must be that of the first of the lines") != std::string::npos);
    CHECK(refusal_of(text, "\"epoch\":0,\"size\":12,\"drawn_at\"",
                     "\"epoch\":1,\"size\":12,\"drawn_at\"")
              .find("/epoch: must be that of the first of the lines") != std::string::npos);
    CHECK(refusal_of(text, "\"class_number\":3", "\"class_number\":0")
              .find("/lines/1/class_number: must be above the one before it") != std::string::npos);
    CHECK(refusal_of(text, "\"class_number\":3", "\"class_number\":16")
              .find("/lines/1/class_number") != std::string::npos);
    CHECK(refusal_of(text, "\"lines\":", "\"lanes\":").find("/lines") != std::string::npos);
}

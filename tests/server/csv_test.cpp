#include "api/csv.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace concertres;
using server::CsvWriter;

namespace {

std::string cell(std::string_view text) {
    std::string out;
    CsvWriter(out).text(text);
    return out;
}

}  // namespace

TEST_CASE("cells are separated by commas, and rows end with CRLF") {
    std::string out;
    CsvWriter csv(out);
    csv.text("a").number(-5).empty().id(UserId{}).end_row();
    csv.time(parse_rfc3339("2026-12-24T10:00:00Z")->time).end_row();
    CHECK(out == "a,-5,,\r\n2026-12-24T10:00:00.000Z\r\n");
}

TEST_CASE("a cell with a comma, a quote or a line break stands in quotes") {
    CHECK(cell("plain text") == "plain text");
    CHECK(cell("Row 1, Seat 7") == "\"Row 1, Seat 7\"");
    CHECK(cell("the \"best\"") == "\"the \"\"best\"\"\"");
    CHECK(cell("two\r\nlines") == "\"two\r\nlines\"");
    CHECK(cell("가나, 다") == "\"가나, 다\"");
}

TEST_CASE("what a spreadsheet would compute is text to it") {
    CHECK(cell("=1+1") == "\"'=1+1\"");
    CHECK(cell("+1") == "\"'+1\"");
    CHECK(cell("-1") == "\"'-1\"");
    CHECK(cell("@SUM(A1)") == "\"'@SUM(A1)\"");
    CHECK(cell("\t=1") == "\"'\t=1\"");
    CHECK(cell("\n=1") == "\"'\n=1\"");
    CHECK(cell("＝1") == "\"'＝1\"");
    CHECK(cell("=HYPERLINK(\"a\",\"b\")") == "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
    CHECK(cell("1=1") == "1=1");
}

// Writes CSV as RFC 4180 has it at the end of a string: UTF-8, commas, CRLF. A cell that a
// spreadsheet would take for a formula gets an apostrophe in front, so that it is text to it.
//
//   CsvWriter csv(body);
//   csv.text("Row 1, Seat 7").number(50'000).end_row();   // "Row 1, Seat 7",50000
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres::server {

class CsvWriter {
  public:
    // Lifetime: `out` outlives it.
    explicit CsvWriter(std::string& out) : out_(&out) {}

    CsvWriter& text(std::string_view text);
    CsvWriter& number(std::int64_t number);
    CsvWriter& time(Time time);  // RFC 3339, UTC
    CsvWriter& empty() { return text({}); }
    // Empty where it is nil.
    CsvWriter& id(const Uuid& id);
    template <class Tag>
    CsvWriter& id(const Id<Tag>& of) {
        return id(of.uuid);
    }
    CsvWriter& end_row();

  private:
    void separate();

    std::string* out_;
    bool is_first_ = true;
};

}  // namespace concertres::server

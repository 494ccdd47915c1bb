// One commit as bytes: what the journal keeps of a ChangeSet until it has been folded into the
// tables. Rows are written by the same Table<Row>::visit() as in the tables, numbers in few bytes,
// and a CRC-32C stands at the end.
//
//   std::string bytes;
//   write_record(bytes, {changes, texts, next_key});
//   Record record;
//   if (!read_record(bytes, record)) ...   // not what write_record() has written
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/storage.hpp"

namespace concertres::sqlite {

struct Record {
    ChangeSet changes{};
    std::vector<std::string> texts{};  // encode() of each event
    std::int64_t next_key = 1;         // above all keys that rows have
};

// Replaces `out`.
void write_record(std::string& out, const ChangeSet& changes, const std::vector<std::string>& texts,
                  std::int64_t next_key);
// False: damaged, and `record` is not to be used.
[[nodiscard]] bool read_record(std::string_view bytes, Record& record);

}  // namespace concertres::sqlite

#include "bare_journal.hpp"

#include <string_view>

namespace bench {

namespace {

// Rows that stay at least.
constexpr std::int64_t kept = 32;

}  // namespace

BareJournal::BareJournal(const std::filesystem::path& file)
    : database_(file),
      tables_(database_),
      begin_(database_, "BEGIN IMMEDIATE"),
      insert_(database_, "INSERT INTO journal(number, record) VALUES (?1, ?2)"),
      remove_(database_, "DELETE FROM journal WHERE number <= ?1"),
      commit_(database_, "COMMIT") {}

void BareJournal::commit(std::size_t bytes) {
    record_.assign(bytes, static_cast<char>(++number_));
    database_.checkpoint_if_due();
    begin_.run();
    insert_.run(number_, std::string_view(record_));
    if (number_ % kept == 0) remove_.run(number_ - kept);
    commit_.run();
}

}  // namespace bench

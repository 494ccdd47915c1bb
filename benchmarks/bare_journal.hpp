// The other yardstick: a bare loop that gives SQLite a blob in each commit, just as durably as a
// box office's journal, and keeps only the latest of them. It decides nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "bare_database.hpp"

namespace bench {

class BareJournal {
  public:
    // REQUIRES: there is no such file
    explicit BareJournal(const std::filesystem::path& file);

    // One more row, of so many bytes, and what is too old is gone.
    void commit(std::size_t bytes);

  private:
    struct Tables {
        explicit Tables(BareDatabase& database) {
            database.execute("CREATE TABLE journal (number INTEGER PRIMARY KEY, record BLOB)");
        }
    };

    BareDatabase database_;
    Tables tables_;
    BareStatement begin_;
    BareStatement insert_;
    BareStatement remove_;
    BareStatement commit_;
    std::int64_t number_ = 0;
    std::string record_;
};

}  // namespace bench

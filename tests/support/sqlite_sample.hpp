// A small store with every kind of row, and what a scan of it shows; and files as they lie on the
// disk, for tests that say that nothing was changed.
//
//   write_sample(*open_sqlite(file));
//   CHECK(everything_in(*open_sqlite(file)) == sample_contents());
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "concertres/storage.hpp"

namespace concertres::test {

// What a scan shows.
struct StoreContents {
    std::vector<NewConcert> concerts;
    std::tuple<std::vector<User>, std::vector<Sale>, std::vector<Line>, std::vector<Member>,
               std::vector<Place>, std::vector<Pass>, std::vector<PerformanceState>,
               std::vector<Limit>, std::vector<Reservation>, std::vector<Payment>,
               std::vector<Seat>, std::vector<Wallet>, std::vector<Transfer>, std::vector<Event>>
        rows;
    int flipped = 0;                  // transfers and events whose checksum is another
    std::vector<std::string> damage;  // in words

    template <class Row>
    [[nodiscard]] std::vector<Row>& of() {
        return std::get<std::vector<Row>>(rows);
    }
    [[nodiscard]] bool intact() const { return flipped == 0 && damage.empty(); }

    friend bool operator==(const StoreContents& a, const StoreContents& b);
};
[[nodiscard]] StoreContents everything_in(Storage& storage);

// Writes the sample into a new store. What it holds never changes: the stores in fixtures/ that
// earlier versions have written hold the same.
void write_sample(Storage& storage);
[[nodiscard]] StoreContents sample_contents();
// The latest time stamped on one of its commits.
[[nodiscard]] Time sample_mark();

// Every file in a folder, with its bytes.
using FolderImage = std::map<std::string, std::string>;
[[nodiscard]] FolderImage image_of(const std::filesystem::path& folder);
[[nodiscard]] std::string bytes_of(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

// Runs SQL on a file of its own accord, as a person with the sqlite3 shell would; returns the first
// column of all rows, one a line.
std::string run_sql(const std::filesystem::path& file, const std::string& sql);

}  // namespace concertres::test

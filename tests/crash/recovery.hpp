// Opens what a crash has left of a recorded day, and says what is wrong with it. What must hold:
// the store opens; what is in it is one of the day's states, whole; the audit is clean; all that
// was told in that state is told again; what was under way can be asked for again; and the sale
// goes on.
//
//   Recovery recovery(day);
//   const Recovered found = recovery.open(disk.after_cut(Fate::torn, random));
//   if (!found.fault.empty() || found.state < day.told_by(disk.position())) ...
//
// Each time SQLite recovers what there is, and all of it is checkpointed into the file. What that
// comes to is looked at once: the file is all that there is to know of it.
// Threads: one; no other FaultyVfs exists meanwhile.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crash/recorded_day.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

struct Recovered {
    std::size_t state = 0;
    std::string fault{};  // nothing is wrong
};

class Recovery {
  public:
    // Lifetime: `day` outlives it.
    explicit Recovery(const RecordedDay& day) : day_(&day) { vfs_.skips_syncs = true; }

    [[nodiscard]] Recovered open(const FolderImage& image);
    // What opening it tells the disk. REQUIRES: it opens
    [[nodiscard]] DiskLog log_of_opening(const FolderImage& image);

    // How many different files have been looked at.
    [[nodiscard]] std::size_t looked_at() const { return known_.size(); }

  private:
    void recover();
    [[nodiscard]] Recovered look(const std::filesystem::path& folder);

    const RecordedDay* day_;
    FaultyVfs vfs_;
    TempDir folder_;
    std::unordered_map<std::string, Recovered> known_;  // by the file's bytes
};

// What is wrong with a box office after a crash: the audit is clean, what was told is told again,
// what was under way can be asked for again, and the sale goes on.
[[nodiscard]] std::string wrong_with(BoxOffice& office, const std::vector<const Asked*>& told,
                                     const std::vector<const Asked*>& under_way);

// The files of a store, as they were.
void write_image(const std::filesystem::path& folder, const FolderImage& image);

}  // namespace concertres::test

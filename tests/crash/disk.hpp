// A disk as a power cut sees it. A DiskLog writes down what a disk is told; a Disk has been told
// the first so many of those, and says what it may hold if the power fails at that moment: what was
// synced is there, and of all else each piece is there, or not, or half of it is, or rubbish.
//
//   DiskLog log(folder);                       // what is in it now is on the disk
//   vfs.before = [&](const DiskCall& call) { log.note(call); return SQLITE_OK; };
//   ...
//   Disk disk(log);
//   while (disk.next()) check(disk.after_cut(Fate::torn, random));
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/faulty_vfs.hpp"
#include "support/sqlite_sample.hpp"

namespace concertres::test {

class DiskLog {
  public:
    struct Told {
        DiskCall::Kind kind;
        bool syncs_name;
        int file;  // in names()
        std::size_t at;
        std::string bytes;
    };

    explicit DiskLog(const std::filesystem::path& folder)
        : folder_(folder), start_(image_of(folder)) {}

    void note(const DiskCall& call);

    // By their last part: no two of a log's files share it.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] const FolderImage& start() const { return start_; }
    [[nodiscard]] const std::vector<Told>& told() const { return told_; }
    [[nodiscard]] std::size_t size() const { return told_.size(); }

  private:
    void note(Told told, const std::string& name);

    std::filesystem::path folder_;
    FolderImage start_;
    std::vector<std::string> names_;
    std::vector<Told> told_;
};

// What becomes of what was not synced.
enum class Fate : std::uint8_t {
    kept,     // all of it was written
    dropped,  // nothing of it
    begun,    // all up to one moment, nothing after it
    picked,   // each write on its own, in whole
    torn,     // each sector of 512 bytes on its own
    garbled,  // the same, and some are rubbish
};
inline constexpr int fates = 6;
[[nodiscard]] std::string_view fate_name(Fate fate);

class Disk {
  public:
    // Lifetime: `log` outlives it.
    explicit Disk(const DiskLog& log);

    // What it has been told so far, of the log.
    [[nodiscard]] std::size_t position() const { return position_; }
    // It is told the next thing. False: that was all.
    bool next();
    // Nothing is waiting to be synced: a cut can only leave one thing.
    [[nodiscard]] bool at_rest() const;
    [[nodiscard]] FolderImage after_cut(Fate fate, std::mt19937_64& random) const;
    // What is certainly there of one file.
    [[nodiscard]] std::string synced(const std::string& name) const;

  private:
    struct Content {
        std::string synced;
        std::vector<const DiskLog::Told*> pending;
    };
    // What its name may lead to after a cut: the first for certain if there is no other, the last
    // as it is now. Nothing: there is no such file.
    using Entry = std::vector<std::shared_ptr<Content>>;

    void sync_names();
    static std::string cut(const Content& content, Fate fate, std::mt19937_64& random);

    const DiskLog* log_;
    std::size_t position_ = 0;
    std::map<std::string, Entry> entries_;
};

}  // namespace concertres::test

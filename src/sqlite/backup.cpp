#include "sqlite/backup.hpp"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace concertres::sqlite {
namespace {

namespace fs = std::filesystem;

// A slice copies so many pages, looks at the clock, and goes on while it has time: with 4 KiB each,
// 64 KiB, which a slow disk too takes in a few milliseconds.
constexpr int pages_at_once = 16;
// And so much of the journal is folded first.
constexpr std::size_t items_at_once = 500;
// What is written is synced once it has become this much: rarely, because each sync is waited for,
// and never much at once, because it is waited for on the writer's thread.
constexpr std::int64_t unsynced_bytes_max = std::int64_t{4} << 20;
// A group that is undone throws a backup back to its beginning, and a store may grow faster than a
// slow disk takes its copy. So one that has copied all pages this many times, and then some (a
// store that was small may become a large one by an import), is given up.
constexpr std::int64_t times_over_max = 4;
constexpr std::int64_t pages_more_max = 64 * 1024;

Error refusal(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

Error unwritable(int error, const std::string& what) {
    if (error == ENOSPC || error == EDQUOT) {
        return {Errc::storage_full, what + ": there is no space left; nothing was kept of it", {}};
    }
    return {Errc::storage_unavailable, what + ": " + std::strerror(error), {}};
}

// No waiting helps: it cannot be a name, or is one where nothing may be written.
bool is_of_name(int error) {
    constexpr std::array of_names{EACCES, EINVAL, ENAMETOOLONG, ENOENT, EPERM, EROFS};
    return std::ranges::find(of_names, error) != of_names.end();
}

// What only reading can find. The copy is hardly read, and where it was, the engine stops once too
// often: better than to go on with a store that cannot be read.
bool is_of_source(int code) {
    return code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ||
           (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

// The files that SQLite takes for a part of the store, by their names.
bool is_of_store(const fs::path& store, const fs::path& target) {
    return std::ranges::any_of(std::array{"", "-wal", "-shm", "-journal"}, [&](const char* suffix) {
        return target == store.string() + suffix;
    });
}

// The target's full name, in which no folder is a link.
Result<fs::path> check_target(const Connection& source, const fs::path& file) {
    if (file.empty() || file.filename().empty()) {
        return refusal("name the file that the backup is to become");
    }
    if (file.native().find('\0') != std::string::npos) {
        return refusal("the name of the backup has a NUL in it");
    }
    std::error_code failed;
    const fs::path folder = fs::absolute(file, failed).parent_path();
    if (failed) return refusal("where " + file.string() + " would be is not known");
    if (!fs::is_directory(folder, failed)) {
        return refusal("there is no folder " + folder.string() + " for the backup: make it first");
    }
    const fs::path target = fs::canonical(folder, failed) / file.filename();
    if (failed) return refusal("where " + file.string() + " would be is not known");
    if (is_of_store(source.path(), target)) {
        return refusal(file.string() + " belongs to the store itself: name another file");
    }
    // With an old WAL or journal beside it, the copy would be opened as something else.
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        const std::string taken = target.string() + suffix;
        if (fs::exists(fs::symlink_status(taken, failed))) {
            return refusal(taken + " is there already: name a file that is not there yet");
        }
    }
    return target;
}

// 0, or errno. What it says of the name is only lasting once the folder is on the disk.
int sync_folder(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    return error;
}

// 0, or errno: EEXIST where something has taken the name.
int rename_to_new(const fs::path& from, const fs::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // Not every file system can do that in one step.
    std::error_code failed;
    if (fs::exists(fs::symlink_status(to, failed))) return EEXIST;
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Result<std::unique_ptr<BackupJob>> FileBackup::begin(Connection& source, Fold fold,
                                                     const fs::path& file) {
    const Result<fs::path> target = check_target(source, file);
    if (!target) return target.error();
    std::string partial = target->string() + ".partial-XXXXXX";
    const int descriptor = ::mkostemp(partial.data(), O_CLOEXEC);  // for its owner's eyes alone
    if (descriptor < 0) {
        const int error = errno;
        const std::string what = "the backup " + file.string() + " cannot be made";
        if (is_of_name(error)) return refusal(what + ": " + std::strerror(error));
        return unwritable(error, what);
    }
    std::unique_ptr<FileBackup> backup(
        new FileBackup(source, std::move(fold), {*target, partial}, descriptor));
    try {
        backup->open();
    } catch (const SQLite::Exception& error) {
        return backup->failed(error.getErrorCode(), error.what());
    }
    return std::unique_ptr<BackupJob>(std::move(backup));
}

FileBackup::FileBackup(Connection& source, Fold fold, Names names, int descriptor)
    : source_(source),
      fold_(std::move(fold)),
      file_(std::move(names.file)),
      partial_(std::move(names.partial)),
      descriptor_(descriptor) {}

FileBackup::~FileBackup() { discard(); }

void FileBackup::discard() {
    close_copy();
    if (partial_.empty()) return;
    for (const char* suffix : {"", "-journal", "-wal"}) {
        std::error_code ignored;  // what cannot be removed stays, under a name that says what it is
        fs::remove(partial_.string() + suffix, ignored);
    }
    partial_.clear();
}

void FileBackup::open() {
    copy_ = std::make_unique<SQLite::Database>(partial_.string(),
                                               SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    copy_->exec("PRAGMA locking_mode = EXCLUSIVE");
    // Until it has its name it is nothing, so it need not survive a crash. What is copied is to
    // leave memory at once: then the end, which syncs, has little left to do.
    copy_->exec("PRAGMA journal_mode = OFF");
    copy_->exec("PRAGMA cache_size = 16");
    copy_->exec("PRAGMA synchronous = FULL");
    backup_ =
        sqlite3_backup_init(copy_->getHandle(), "main", source_.database().getHandle(), "main");
    if (backup_ == nullptr) throw SQLite::Exception(copy_->getHandle());
}

Result<bool> FileBackup::step(Duration budget) {
    CONCERTRES_ASSERT(!partial_.empty());
    Result<bool> finished = false;
    if (fold_(items_at_once) == Folded::no_space) {
        finished = no_space_to_fold();
    } else {
        finished = copy_until(std::chrono::steady_clock::now() + budget);
    }
    if (!finished) discard();
    return finished;
}

Result<bool> FileBackup::copy_until(std::chrono::steady_clock::time_point end) {
    try {
        while (true) {
            const Folded folded = is_near_the_end() ? fold_before_the_end(end) : Folded::all;
            if (folded == Folded::no_space) return no_space_to_fold();
            if (folded == Folded::some) return false;
            if (copy_pages()) break;
            if (pages_copied_ > pages_max_) return given_up();
            if (unsynced_bytes_ >= unsynced_bytes_max) sync();
            if (std::chrono::steady_clock::now() < end) continue;
            start_writing();
            return false;
        }
        mark();
    } catch (const SQLite::Exception& error) {
        return failed(error.getErrorCode(), error.what());
    }
    close_copy();
    return take_name();
}

bool FileBackup::is_near_the_end() const {
    return pages_copied_ > 0 && done_ + pages_at_once >= total_;
}

// The last pages are copied once the tables have everything. Each slice folds twice as much as the
// one before: more than is committed meanwhile.
Folded FileBackup::fold_before_the_end(std::chrono::steady_clock::time_point end) {
    Folded folded = Folded::some;
    do {
        folded = fold_(items_at_the_end_);
    } while (folded == Folded::some && std::chrono::steady_clock::now() < end);
    if (folded == Folded::some) items_at_the_end_ *= 2;
    return folded;
}

// Whether all of them are. One at first, which tells how many there are.
bool FileBackup::copy_pages() {
    const int pages = pages_copied_ == 0 ? 1 : pages_at_once;
    const int result = sqlite3_backup_step(backup_, pages);
    const auto all = static_cast<std::size_t>(sqlite3_backup_pagecount(backup_));
    total_ = all;
    done_ = all - std::min(all, static_cast<std::size_t>(sqlite3_backup_remaining(backup_)));
    pages_copied_ += pages;
    unsynced_bytes_ += pages * source_.page_bytes();
    if (pages_max_ == 0) {
        pages_max_ = times_over_max * static_cast<std::int64_t>(all) + pages_more_max;
    }
    if (result == SQLITE_OK) return false;
    const int finished = sqlite3_backup_finish(std::exchange(backup_, nullptr));
    if (is_of_source(result)) {
        source_.abandon();
        throw StorageError(
            StorageError::Kind::failed,
            std::string("the store could not be read for a backup: ") + sqlite3_errstr(result));
    }
    if (result != SQLITE_DONE) throw SQLite::Exception(sqlite3_errstr(result), result);
    if (finished != SQLITE_OK) throw SQLite::Exception(sqlite3_errstr(finished), finished);
    return true;
}

// Says in the copy that it is one: whoever opens it as a store begins a new epoch of its lines. And
// takes it out of WAL mode, which it has from the store, so that it can be read where it may not be
// written; whoever opens it as a store sets that again. Both are synced.
void FileBackup::mark() {
    copy_->exec("PRAGMA journal_mode = MEMORY");
    copy_->exec("UPDATE store SET copied = 1");
}

// A little now and then, or the last slice would wait for all of it.
void FileBackup::sync() {
    unsynced_bytes_ = 0;
    sqlite3_file* file = nullptr;
    sqlite3_file_control(copy_->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER,
                         static_cast<void*>(&file));
    if (file == nullptr || file->pMethods == nullptr) return;
    const int result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (result != SQLITE_OK) throw SQLite::Exception(sqlite3_errstr(result), result);
}

// What is written starts on its way to the disk now, and nobody waits for it: then a sync has less
// to do. Where the file system cannot do that, the sync does it all.
void FileBackup::start_writing() const {
    static_cast<void>(::sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE));
}

void FileBackup::close_copy() {
    sqlite3_backup_finish(std::exchange(backup_, nullptr));
    copy_.reset();
    // Last: closing any descriptor of a file gives up the locks that SQLite has on it.
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<bool> FileBackup::take_name() {
    if (const int error = rename_to_new(partial_, file_)) {
        if (error == EEXIST) {
            return refusal(file_.string() + " came to be while the backup was made: name another");
        }
        return unwritable(error, "the backup cannot be named " + file_.string());
    }
    partial_.clear();
    if (const int error = sync_folder(file_.parent_path())) {
        partial_ = file_;  // a name that may be gone after a crash is none
        return unwritable(error, "the folder of " + file_.string() + " cannot be synced");
    }
    return true;
}

Error FileBackup::no_space_to_fold() const {
    return {Errc::storage_full,
            "the store has no space left to bring its tables up to date, so the backup " +
                file_.string() + " was not made; free some and make it again",
            {}};
}

Error FileBackup::given_up() const {
    return {Errc::storage_unavailable,
            "the backup " + file_.string() +
                " was given up: the store changed faster than it was copied, or had to undo "
                "changes again and again (is its disk full?); make it when less is sold, or on a "
                "faster disk",
            {}};
}

Error FileBackup::failed(int code, const std::string& what) const {
    const std::string whose = "the backup " + file_.string() + " could not be written";
    if ((code & 0xff) == SQLITE_FULL) return unwritable(ENOSPC, whose);
    return {Errc::storage_unavailable, whose + ": " + what + "; the store is as it was", {}};
}

}  // namespace concertres::sqlite

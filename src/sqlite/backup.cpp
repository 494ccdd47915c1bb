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

// What a slice may copy is measured. Never so few pages that a slow disk's syncs are all that is
// waited for, never so many that one slice could take long: with 4 KiB each, 256 KiB to 64 MiB.
constexpr int pages_min = 64;
constexpr int pages_max = 16 * 1024;

Error refusal(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

Error unwritable(int error, const std::string& what) {
    if (error == ENOSPC || error == EDQUOT) {
        return {Errc::storage_full, what + ": there is no space left; nothing was kept of it", {}};
    }
    return {Errc::storage_unavailable, what + ": " + std::strerror(error), {}};
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

std::optional<Error> check_target(const Connection& source, const fs::path& file) {
    if (file.empty() || file.filename().empty()) {
        return refusal("name the file that the backup is to become");
    }
    std::error_code failed;
    const fs::path folder = fs::absolute(file, failed).parent_path();
    if (failed) return refusal("where " + file.string() + " would be is not known");
    if (!fs::is_directory(folder, failed)) {
        return refusal("there is no folder " + folder.string() + " for the backup: make it first");
    }
    const fs::path target = fs::canonical(folder, failed) / file.filename();
    if (is_of_store(source.path(), target)) {
        return refusal(file.string() + " belongs to the store itself: name another file");
    }
    // With an old WAL or journal beside it, the copy would be opened as something else.
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        const std::string taken = file.string() + suffix;
        if (fs::exists(fs::symlink_status(taken, failed))) {
            return refusal(taken + " is there already: name a file that is not there yet");
        }
    }
    return std::nullopt;
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

Result<std::unique_ptr<BackupJob>> FileBackup::begin(Connection& source, const fs::path& file) {
    if (auto refused = check_target(source, file)) return std::move(*refused);
    const fs::path target = fs::absolute(file);
    std::string partial = target.string() + ".partial-XXXXXX";
    const int descriptor = ::mkostemp(partial.data(), O_CLOEXEC);  // for its owner's eyes alone
    if (descriptor < 0) return unwritable(errno, "the backup " + file.string() + " cannot be made");
    ::close(descriptor);
    std::unique_ptr<FileBackup> backup(new FileBackup(target, partial));
    try {
        backup->open(source);
    } catch (const SQLite::Exception& error) {
        return backup->failed(error.getErrorCode(), error.what());
    }
    return std::unique_ptr<BackupJob>(std::move(backup));
}

FileBackup::FileBackup(fs::path file, fs::path partial)
    : file_(std::move(file)), partial_(std::move(partial)), pages_per_step_(pages_min) {}

FileBackup::~FileBackup() {
    close_copy();
    if (partial_.empty()) return;
    for (const char* suffix : {"", "-journal", "-wal"}) {
        std::error_code ignored;  // what cannot be removed stays, under a name that says what it is
        fs::remove(partial_.string() + suffix, ignored);
    }
}

void FileBackup::open(Connection& source) {
    copy_ = std::make_unique<SQLite::Database>(partial_.string(),
                                               SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    copy_->exec("PRAGMA locking_mode = EXCLUSIVE");
    // Until it has its name it is nothing, so it need not survive a crash. What is copied is to
    // leave memory at once: then the end, which syncs, has little left to do.
    copy_->exec("PRAGMA journal_mode = OFF");
    copy_->exec("PRAGMA cache_size = 16");
    copy_->exec("PRAGMA synchronous = FULL");
    backup_ =
        sqlite3_backup_init(copy_->getHandle(), "main", source.database().getHandle(), "main");
    if (backup_ == nullptr) throw SQLite::Exception(copy_->getHandle());
}

Result<bool> FileBackup::step(Duration budget) {
    CONCERTRES_ASSERT(!partial_.empty());
    const auto began = std::chrono::steady_clock::now();
    try {
        if (!copy_pages()) {
            sync();
            const std::chrono::duration<double, std::micro> took =
                std::chrono::steady_clock::now() - began;
            const double factor = static_cast<double>(budget.count()) / std::max(took.count(), 1.0);
            pages_per_step_ =
                std::clamp(static_cast<int>(pages_per_step_ * std::clamp(factor, 0.5, 2.0)),
                           pages_min, pages_max);
            return false;
        }
        // Out of WAL mode, which it has from the store: so that it can be read where it may not be
        // written. Whoever opens it as a store sets that again.
        copy_->exec("PRAGMA journal_mode = DELETE");
    } catch (const SQLite::Exception& error) {
        if (is_of_source(error.getErrorCode())) {
            throw StorageError(
                StorageError::Kind::failed,
                std::string("the store could not be read for a backup: ") + error.what());
        }
        return failed(error.getErrorCode(), error.what());
    }
    close_copy();
    return take_name();
}

// Whether all of them are.
bool FileBackup::copy_pages() {
    const int result = sqlite3_backup_step(backup_, pages_per_step_);
    const auto all = static_cast<std::size_t>(sqlite3_backup_pagecount(backup_));
    total_ = all;
    done_ = all - std::min(all, static_cast<std::size_t>(sqlite3_backup_remaining(backup_)));
    if (result == SQLITE_OK) return false;
    const int finished = sqlite3_backup_finish(std::exchange(backup_, nullptr));
    if (result != SQLITE_DONE) throw SQLite::Exception(sqlite3_errstr(result), result);
    if (finished != SQLITE_OK) throw SQLite::Exception(sqlite3_errstr(finished), finished);
    return true;
}

// A little with every slice, or the last one would wait for all of it.
void FileBackup::sync() {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(copy_->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr) return;
    const int result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (result != SQLITE_OK) throw SQLite::Exception(sqlite3_errstr(result), result);
}

void FileBackup::close_copy() {
    sqlite3_backup_finish(std::exchange(backup_, nullptr));
    copy_.reset();
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

Error FileBackup::failed(int code, const std::string& what) const {
    const std::string whose = "the backup " + file_.string() + " could not be written";
    if ((code & 0xff) == SQLITE_FULL) return unwritable(ENOSPC, whose);
    return {Errc::storage_unavailable, whose + ": " + what + "; the store is as it was", {}};
}

}  // namespace concertres::sqlite

#include "support/faulty_vfs.hpp"

#include <unistd.h>

#include <cstdlib>

namespace concertres::test {
namespace {

// A file of ours, with SQLite's own behind it in the same piece of memory.
struct File {
    sqlite3_file base;
    FaultyVfs* disk;
    bool is_wal;
    bool is_new;       // no sync has told the folder of it
    const char* name;  // SQLite keeps it as long as the file is open
};

sqlite3_vfs* real_vfs = nullptr;  // SQLite's calls do not carry it to a file

File* ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(ours(file) + 1); }

// Does what a file is asked for, unless it fails before, and fails after it where it shall.
template <class Work>
int do_unless_failing(const FaultyVfs& disk, const DiskCall& call, Work&& work) {
    const auto& before = call.kind == DiskCall::read ? disk.before_read : disk.before;
    if (const int failed = before ? before(call) : SQLITE_OK) return failed;
    const int done = work();
    if (done != SQLITE_OK || call.kind == DiskCall::read) return done;
    return disk.after ? disk.after(call) : SQLITE_OK;
}
template <class Work>
int ask(sqlite3_file* file, DiskCall call, Work&& work) {
    call.to_wal = ours(file)->is_wal;
    call.file = ours(file)->name;
    return do_unless_failing(*ours(file)->disk, call, work);
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
    return ask(file, {.kind = DiskCall::read, .at = at},
               [&] { return real(file)->pMethods->xRead(real(file), bytes, size, at); });
}
int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    return ask(file,
               {.kind = DiskCall::write,
                .at = at,
                .bytes = {static_cast<const char*>(bytes), static_cast<std::size_t>(size)}},
               [&] { return real(file)->pMethods->xWrite(real(file), bytes, size, at); });
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return ask(file, {.kind = DiskCall::truncate, .at = size},
               [&] { return real(file)->pMethods->xTruncate(real(file), size); });
}
// SQLite syncs the folder with the first sync of a journal or a WAL that it has made.
int sync_file(sqlite3_file* file, int flags) {
    return ask(file, {.kind = DiskCall::sync, .syncs_name = ours(file)->is_new}, [&] {
        ours(file)->is_new = false;
        if (ours(file)->disk->skips_syncs) return SQLITE_OK;
        return real(file)->pMethods->xSync(real(file), flags);
    });
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* out) {
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int control_file(sqlite3_file* file, int what, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

// Version 1: without shared memory. A store needs none, because nobody shares it.
const sqlite3_io_methods methods = {
    1,         close_file,  read_file,  write_file,   truncate_file, sync_file,       size_of_file,
    lock_file, unlock_file, check_lock, control_file, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,     nullptr,    nullptr,      nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    const bool makes =
        (flags & SQLITE_OPEN_CREATE) != 0 && name != nullptr && ::access(name, F_OK) != 0;
    *ours(file) = {.base = {},
                   .disk = static_cast<FaultyVfs*>(vfs->pAppData),
                   .is_wal = (flags & SQLITE_OPEN_WAL) != 0,
                   .is_new = makes && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0,
                   .name = name == nullptr ? "" : name};
    real(file)->pMethods = nullptr;
    const auto open = [&] {
        const int result = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
        if (real(file)->pMethods != nullptr) file->pMethods = &methods;
        return result;
    };
    return makes ? ask(file, {.kind = DiskCall::create}, open) : open();
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync) {
    const FaultyVfs& disk = *static_cast<FaultyVfs*>(vfs->pAppData);
    const DiskCall call{.kind = DiskCall::remove,
                        .to_wal = std::string_view(name).ends_with("-wal"),
                        .syncs_name = sync != 0,
                        .file = name};
    return do_unless_failing(
        disk, call, [&] { return real_vfs->xDelete(real_vfs, name, disk.skips_syncs ? 0 : sync); });
}

}  // namespace

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    if (real_vfs != nullptr) std::abort();  // one at a time
    real_vfs = real_;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.zName = "faulty";
    vfs_.pAppData = this;
    vfs_.xOpen = open_file;
    vfs_.xDelete = remove_file;
    sqlite3_vfs_register(&vfs_, 1);
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    real_vfs = nullptr;
}

}  // namespace concertres::test

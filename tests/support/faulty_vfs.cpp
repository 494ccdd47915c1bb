#include "support/faulty_vfs.hpp"

#include <cstdlib>

namespace concertres::test {
namespace {

// A file of ours, with SQLite's own behind it in the same piece of memory.
struct File {
    sqlite3_file base;
    FaultyVfs* disk;
    bool is_wal;
    const char* name;  // SQLite keeps it as long as the file is open
};

sqlite3_vfs* real_vfs = nullptr;  // SQLite's calls do not carry it to a file

File* ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(ours(file) + 1); }

int ask(sqlite3_file* file, DiskCall call) {
    const FaultyVfs& disk = *ours(file)->disk;
    const auto& before = call.kind == DiskCall::read ? disk.before_read : disk.before;
    call.to_wal = ours(file)->is_wal;
    call.file = ours(file)->name;
    return before ? before(call) : SQLITE_OK;
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
    const int failed = ask(file, {.kind = DiskCall::read, .at = at});
    return failed ? failed : real(file)->pMethods->xRead(real(file), bytes, size, at);
}
int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    const int failed =
        ask(file, {.kind = DiskCall::write,
                   .at = at,
                   .bytes = {static_cast<const char*>(bytes), static_cast<std::size_t>(size)}});
    return failed ? failed : real(file)->pMethods->xWrite(real(file), bytes, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    const int failed = ask(file, {.kind = DiskCall::truncate, .at = size});
    return failed ? failed : real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
    const int failed = ask(file, {.kind = DiskCall::sync});
    return failed ? failed : real(file)->pMethods->xSync(real(file), flags);
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
    *ours(file) = {.base = {},
                   .disk = static_cast<FaultyVfs*>(vfs->pAppData),
                   .is_wal = (flags & SQLITE_OPEN_WAL) != 0,
                   .name = name == nullptr ? "" : name};
    real(file)->pMethods = nullptr;
    const int result = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
    if (real(file)->pMethods != nullptr) file->pMethods = &methods;
    return result;
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
    sqlite3_vfs_register(&vfs_, 1);
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    real_vfs = nullptr;
}

}  // namespace concertres::test

// A slow disk, preloaded into a program that is tested: each sync takes as long as the environment
// says, and as long as a file of that name is there, none comes to an end.
//
//   LD_PRELOAD=libconcertres_slow_disk.so SLOW_DISK_SYNC_US=2000 SLOW_DISK_KIB_PER_SECOND=4096
//   SLOW_DISK_STALL=/tmp/stall concertres serve ...
//
// A sync takes SYNC_US, and for what was written since the last one the time that this takes at
// KIB_PER_SECOND. What is not set costs nothing.
//
// Threads: any; it calls nothing that allocates.
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

std::atomic<std::int64_t> written_bytes{0};

std::int64_t number_of(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

void sleep_us(std::int64_t us) {
    timespec rest{.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1'000};
    while (::nanosleep(&rest, &rest) != 0) continue;
}

void take_time() {
    static const std::int64_t sync_us = number_of("SLOW_DISK_SYNC_US");
    static const std::int64_t kib_per_second = number_of("SLOW_DISK_KIB_PER_SECOND");
    static const char* const stall = std::getenv("SLOW_DISK_STALL");
    std::int64_t us = sync_us;
    const std::int64_t bytes = written_bytes.exchange(0);
    if (kib_per_second > 0) us += bytes * 1'000'000 / (kib_per_second * 1'024);
    if (us > 0) sleep_us(us);
    while (stall != nullptr && ::access(stall, F_OK) == 0) sleep_us(1'000);
}

template <class Function>
Function real(const char* name) {
    void* const found = ::dlsym(RTLD_NEXT, name);
    return reinterpret_cast<Function>(found);
}

}  // namespace

extern "C" {

int fsync(int file) {
    static const auto next = real<int (*)(int)>("fsync");
    take_time();
    return next(file);
}

int fdatasync(int file) {
    static const auto next = real<int (*)(int)>("fdatasync");
    take_time();
    return next(file);
}

ssize_t pwrite64(int file, const void* bytes, std::size_t count, off64_t at) {
    static const auto next = real<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64");
    const ssize_t done = next(file, bytes, count, at);
    if (done > 0) written_bytes += done;
    return done;
}

}  // extern "C"

#include "sqlite/look.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "sqlite/peek.hpp"
#include "sqlite/schema.hpp"

namespace concertres::sqlite {

namespace {

// Where SQLite's locks lie: https://www.sqlite.org/fileformat2.html, the lock-byte page.
constexpr off_t lock_bytes_begin = 0x40000000;
constexpr off_t lock_bytes_count = 512;

bool is_locked(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = lock_bytes_begin;
    lock.l_len = lock_bytes_count;
    const bool asked = ::fcntl(descriptor, F_GETLK, &lock) == 0;
    ::close(descriptor);
    return asked && lock.l_type != F_UNLCK;
}

Look::State state_of(const Peek& peeked) {
    using State = Look::State;
    switch (peeked.kind) {
        case FileKind::absent:
        case FileKind::empty:
            return State::absent;
        case FileKind::truncated:
            return State::truncated;
        case FileKind::other:
            return State::foreign;
        case FileKind::database:
            break;
    }
    if (peeked.application != application_id) return State::foreign;
    const std::int32_t ours = current_schema().version;
    if (peeked.version == ours) return State::current;
    return peeked.version < ours ? State::earlier : State::newer;
}

}  // namespace

Look look_at(const std::filesystem::path& file) {
    const Peek peeked = peek(file, "the store " + file.string());
    return {.state = state_of(peeked), .version = peeked.version, .is_open = is_locked(file)};
}

}  // namespace concertres::sqlite

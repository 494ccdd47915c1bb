// What a file is, for people who want to know before they open it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace concertres::sqlite {

// As its header says, and whether anybody has it open. Nothing is opened, locked or changed.
struct Look {
    enum class State : std::uint8_t { absent, current, earlier, newer, foreign, truncated };
    State state = State::absent;
    std::int32_t version = 0;
    bool is_open = false;
};
// Throws StorageError(unavailable) where there can be no file, or it cannot be read.
// REQUIRES: this process has not opened it
[[nodiscard]] Look look_at(const std::filesystem::path& file);

}  // namespace concertres::sqlite

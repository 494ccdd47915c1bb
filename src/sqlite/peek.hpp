// A look at a file that changes nothing: no lock is taken, nothing is created beside it. What it
// tells decides whether the file is opened at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sqlite/schema.hpp"

namespace concertres::sqlite {

enum class FileKind : std::uint8_t {
    absent,
    empty,
    database,   // it begins as SQLite's files do
    truncated,  // it begins so, and ends within its header
    other,
};

struct Peek {
    FileKind kind = FileKind::absent;
    // Of a database; what the header says, without the WAL.
    std::int32_t application = 0;
    std::int32_t version = 0;
};

// Throws StorageError(unavailable) where there can be no file, or it cannot be read.
[[nodiscard]] Peek peek(const std::filesystem::path& file, const std::string& name);

// A journal stands beside the file and says that it was empty when its first writing began: that
// was cut short, and SQLite will undo what is there of it.
[[nodiscard]] bool is_half_made(const std::filesystem::path& file);

// Tables in the file, leaving the WAL aside; nothing where it cannot be read as a database.
[[nodiscard]] std::optional<std::int64_t> count_tables(const std::filesystem::path& file);

}  // namespace concertres::sqlite

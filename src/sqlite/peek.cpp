#include "sqlite/peek.hpp"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/bytes.hpp"
#include "concertres/storage.hpp"

namespace concertres::sqlite {
namespace {

// https://www.sqlite.org/fileformat2.html, section 1.3.
constexpr std::size_t header_size = 100;
constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::size_t version_offset = 60;
constexpr std::size_t application_offset = 68;

// The same, section 3: a journal's header, and where it has the file's length in pages.
constexpr std::string_view journal_magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
constexpr std::size_t length_before_offset = 16;
constexpr std::size_t journal_header_size = 28;

// A file as SQLite opens it. A plain open() and close() would not do: closing any descriptor of a
// file takes away all locks that the process has on it, those of a store that is open in it as
// well. SQLite's own files know of each other.
class VfsFile {
  public:
    // Lifetime: `path` outlives it.
    explicit VfsFile(const char* path) : vfs_(sqlite3_vfs_find(nullptr)) {
        if (vfs_ == nullptr) return;
        memory_ = std::make_unique<std::max_align_t[]>(
            static_cast<std::size_t>(vfs_->szOsFile) / sizeof(std::max_align_t) + 1);
        name_.reset(sqlite3_create_filename(path, "", "", 0, nullptr));
        if (!name_) return;
        int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
        is_open_ = vfs_->xOpen(vfs_, name_.get(), file(), flags, &flags) == SQLITE_OK;
    }
    ~VfsFile() {
        if (file() != nullptr && file()->pMethods != nullptr) file()->pMethods->xClose(file());
    }
    VfsFile(const VfsFile&) = delete;
    VfsFile& operator=(const VfsFile&) = delete;

    // The first bytes, at most as many as `size`; nothing where they cannot be read.
    std::optional<std::string> start(std::size_t size) {
        sqlite3_int64 length = 0;
        if (!is_open_ || file()->pMethods->xFileSize(file(), &length) != SQLITE_OK) {
            return std::nullopt;
        }
        std::string bytes(std::min(size, static_cast<std::size_t>(length)), '\0');
        if (bytes.empty()) return bytes;
        const int result =
            file()->pMethods->xRead(file(), bytes.data(), static_cast<int>(bytes.size()), 0);
        if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ) return std::nullopt;
        return bytes;
    }

  private:
    struct FreeName {
        void operator()(const char* name) const { sqlite3_free_filename(name); }
    };
    [[nodiscard]] sqlite3_file* file() const {
        return reinterpret_cast<sqlite3_file*>(memory_.get());
    }

    sqlite3_vfs* vfs_;
    std::unique_ptr<std::max_align_t[]> memory_;
    std::unique_ptr<const char, FreeName> name_;
    bool is_open_ = false;
};

std::int32_t integer_at(std::string_view header, std::size_t offset) {
    std::int32_t value = 0;
    if (!ByteReader(header.substr(offset)).i32(value)) return 0;
    return value;
}

[[noreturn]] void unavailable(const std::string& what) {
    throw StorageError(StorageError::Kind::unavailable, what);
}

// A name as SQLite's URIs want it.
std::string escaped(std::string_view path) {
    constexpr std::string_view hex_digits = "0123456789abcdef";
    std::string out;
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            out += '%';
            out += hex_digits[static_cast<unsigned char>(c) >> 4];
            out += hex_digits[static_cast<unsigned char>(c) & 0x0fu];
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

Peek peek(const std::filesystem::path& file, const std::string& name) {
    namespace fs = std::filesystem;
    std::error_code failed;
    const fs::file_status status = fs::status(file, failed);
    if (status.type() == fs::file_type::not_found) {
        const fs::path folder = file.parent_path();
        if (!fs::is_directory(folder, failed)) {
            unavailable(name + " cannot be made: there is no folder " + folder.string());
        }
        return {};
    }
    if (status.type() == fs::file_type::none) {
        unavailable(name + " cannot be reached: " + failed.message());
    }
    if (status.type() != fs::file_type::regular) unavailable(name + " is not a file");

    const auto start = VfsFile(file.c_str()).start(header_size);
    if (!start) unavailable(name + " cannot be read; who runs this needs the right to");
    if (start->empty()) {
        // SQLite reports a file of one byte as empty; it would write over that byte.
        const bool is_empty = fs::file_size(file, failed) == 0;
        return {.kind = is_empty ? FileKind::empty : FileKind::other};
    }
    if (start->size() < header_size) {
        const bool begins_so = start->substr(0, magic.size()) == magic.substr(0, start->size());
        return {.kind = begins_so ? FileKind::truncated : FileKind::other};
    }
    if (start->substr(0, magic.size()) != magic) return {.kind = FileKind::other};
    return {.kind = FileKind::database,
            .application = integer_at(*start, application_offset),
            .version = integer_at(*start, version_offset)};
}

bool is_half_made(const std::filesystem::path& file) {
    const std::string journal = file.string() + "-journal";
    std::error_code failed;
    if (!std::filesystem::is_regular_file(journal, failed)) return false;
    const auto start = VfsFile(journal.c_str()).start(journal_header_size);
    return start && start->size() == journal_header_size && start->starts_with(journal_magic) &&
           integer_at(*start, length_before_offset) == 0;
}

std::optional<std::int64_t> count_tables(const std::filesystem::path& file) {
    try {
        // `immutable` reads the file alone and takes no lock.
        SQLite::Database database("file:" + escaped(file.string()) + "?immutable=1",
                                  SQLite::OPEN_READONLY | SQLite::OPEN_URI);
        return database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt64();
    } catch (const SQLite::Exception&) {
        return std::nullopt;
    }
}

}  // namespace concertres::sqlite

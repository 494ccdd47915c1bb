#include "sqlite/connection.hpp"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "sqlite/peek.hpp"

namespace concertres::sqlite {
namespace {

// SQLite's own cache of pages, in KiB: the inner pages and the latest leaves of a few million rows.
constexpr int page_cache_kib = 64 * 1024;

// A WAL shorter than this costs nothing: the next open reads it in a millisecond or two.
constexpr std::int64_t worth_a_checkpoint_bytes = 1024 * 1024;

// A checkpoint goes between two commits, and everybody waits for it: on a disk where it takes
// longer than this the WAL is kept shorter, though not so short that its syncs are most of it.
constexpr Duration checkpoint_time = std::chrono::milliseconds(50);
constexpr std::int64_t wal_bytes_min = 256 * 1024;
constexpr std::int64_t wal_bytes_first = 1024 * 1024;

Portion wal_portion(std::int64_t bytes_max) {
    const std::int64_t max = std::max<std::int64_t>(bytes_max, 1);
    return Portion({.min = std::min(wal_bytes_min, max),
                    .first = std::min(wal_bytes_first, max),
                    .max = max,
                    .time = checkpoint_time});
}

StorageError::Kind kind_of(const SQLite::Exception& error) {
    switch (error.getErrorCode() & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return StorageError::Kind::in_use;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return StorageError::Kind::corrupt;
        case SQLITE_FULL:
            return StorageError::Kind::full;
        default:
            return StorageError::Kind::unavailable;
    }
}

[[noreturn]] void throw_unsafe(const std::string& name, const std::string& what) {
    throw StorageError(StorageError::Kind::unavailable,
                       name + " cannot be kept safely: SQLite refuses " + what);
}

bool has_wal(const std::filesystem::path& file) {
    std::error_code failed;
    const std::uintmax_t size = std::filesystem::file_size(file.string() + "-wal", failed);
    return !failed && size > 0;
}

[[noreturn]] void throw_not_a_database(const std::string& name) {
    throw StorageError(
        StorageError::Kind::foreign,
        name + " is not a database, so not a concertres store; it was left as it is");
}

// All that can be decided without opening the file for writing.
void check_before_open(const std::filesystem::path& file, const Peek& peeked, const Schema& schema,
                       const std::string& name) {
    // Whatever is there of it was never a store; SQLite makes it empty again when it is opened.
    if (is_half_made(file)) return;
    if (peeked.kind == FileKind::other) {
        // A checkpoint that a power cut has ended may leave rubbish where the file begins. Then
        // that is in the WAL, and SQLite will read it there.
        if (has_wal(file)) return;
        throw_not_a_database(name);
    }
    const auto corrupt = [&] {
        throw StorageError(StorageError::Kind::corrupt,
                           name +
                               " is damaged and cannot be read: restore it from a backup; it "
                               "was left as it is");
    };
    if (peeked.kind == FileKind::truncated) corrupt();
    if (peeked.kind != FileKind::database) {
        if (!has_wal(file)) return;
        // A new store would begin by deleting what may be all that is left of the old one.
        throw StorageError(StorageError::Kind::corrupt,
                           name +
                               " is gone or empty, but its WAL stands beside it: restore both, or "
                               "move " +
                               file.filename().string() + "-wal away");
    }
    // With a WAL beside it, the file alone may be too old to be judged by.
    if (has_wal(file)) {
        if (peeked.application != 0) {
            check_contents({peeked.application, peeked.version, 1}, schema, name);
        }
        return;
    }
    const auto tables = count_tables(file);
    if (!tables) corrupt();
    check_contents({peeked.application, peeked.version, *tables}, schema, name);
}

// A file for the owner's eyes: it will hold the keys that sign tokens. SQLite gives the WAL the
// same mode.
void make_file(const std::filesystem::path& file, const std::string& name) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
        ::close(descriptor);
    } else if (errno != EEXIST) {  // somebody else was quicker; who has it will be seen
        throw StorageError(StorageError::Kind::unavailable,
                           name + " cannot be made: " + std::strerror(errno));
    }
}

// One name for one file, and none that SQLite would take for something else (":memory:"). A link is
// followed even where what it names is not there yet: the WAL stands beside the file itself.
std::filesystem::path full_path(const std::filesystem::path& file) {
    namespace fs = std::filesystem;
    constexpr int links_max = 40;
    std::error_code failed;
    fs::path path = fs::absolute(file);
    for (int i = 0; i < links_max && fs::is_symlink(path, failed); ++i) {
        path = path.parent_path() / fs::read_symlink(path, failed);
    }
    const fs::path canonical = fs::weakly_canonical(path, failed);
    return failed ? path : canonical;
}

}  // namespace

void throw_as_open_error(const SQLite::Exception& error, const std::string& name) {
    const StorageError::Kind kind = kind_of(error);
    switch (kind) {
        case StorageError::Kind::in_use:
            throw StorageError(kind, name +
                                         " is in use: another process has it open, or this one "
                                         "opened it twice; it belongs to one at a time");
        case StorageError::Kind::corrupt:
            throw StorageError(kind, name + " is damaged (" + error.what() +
                                         "): restore it from a backup; it was left as it is");
        case StorageError::Kind::full:
            throw StorageError(kind, name + " cannot be opened: there is no space left");
        default:
            throw StorageError(kind, name + " cannot be opened: " + error.what());
    }
}

Connection::Connection(const std::filesystem::path& file, const SqliteOptions& options,
                       const Schema& schema)
    : name_("the store " + file.string()),
      path_(full_path(file)),
      clock_(options.clock ? *options.clock : system_clock()),
      wal_bytes_max_(wal_portion(options.wal_bytes_max)),
      checkpoint_at_(wal_bytes_max_.amount()) {
    const Peek peeked = peek(path_, name_);
    check_before_open(path_, peeked, schema, name_);
    const bool had_wal = has_wal(path_);
    if (peeked.kind == FileKind::absent) make_file(path_, name_);
    try {
        database_ = std::make_unique<SQLite::Database>(
            path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
        sqlite3* const handle = database_->getHandle();
        // Should the store be refused below, a WAL that was there stays as it was; one that SQLite
        // makes on the way goes again.
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, had_wal ? 1 : 0, nullptr);
        if (sqlite3_db_readonly(handle, "main") != 0) {
            throw StorageError(StorageError::Kind::unavailable,
                               name_ + " may not be written; who runs this needs the right to");
        }
        configure();
        check_contents(contents_of(*database_), schema, name_);
        make_durable();
        prepare_tables(*database_, schema, name_);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
        // So that the file alone says what it is, to whoever peeks next.
        checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
    } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() == SQLITE_NOTADB) throw_not_a_database(name_);
        throw_as_open_error(error, name_);
    }
}

Connection::~Connection() = default;

void Connection::configure() {
    sqlite3* const handle = database_->getHandle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    // Exclusive before anything is read: the index of the WAL is then kept in memory, so there is
    // no -shm file, and nobody else can write or checkpoint while this is open.
    database_->exec("PRAGMA locking_mode = EXCLUSIVE");
    database_->exec("PRAGMA mmap_size = 0");  // an I/O error would be a signal
    database_->exec("PRAGMA cell_size_check = ON");
    database_->exec("PRAGMA temp_store = MEMORY");
    // Debian's SQLite overwrites what is deleted with zeros, at every change of an index.
    database_->exec("PRAGMA secure_delete = OFF");
    database_->exec("PRAGMA cache_size = -" + std::to_string(page_cache_kib));
}

void Connection::make_durable() {
    const auto set = [&](const std::string& pragma, const std::string& value,
                         const std::string& read_back) {
        database_->exec("PRAGMA " + pragma + " = " + value);
        if (database_->execAndGet("PRAGMA " + pragma).getString() != read_back) {
            throw_unsafe(name_, pragma + " = " + value);
        }
    };
    set("journal_mode", "WAL", "wal");
    set("locking_mode", "EXCLUSIVE", "exclusive");
    set("synchronous", "FULL", "2");
    // A checkpoint that SQLite starts by itself swallows its errors.
    set("wal_autocheckpoint", "0", "0");
    page_bytes_ = database_->execAndGet("PRAGMA page_size").getInt64();
    sqlite3_wal_hook(database_->getHandle(), &Connection::on_commit, this);
}

int Connection::on_commit(void* self, sqlite3*, const char*, int pages) {
    constexpr std::int64_t frame_header_bytes = 24;
    auto& connection = *static_cast<Connection*>(self);
    connection.wal_bytes_ = pages * (connection.page_bytes_ + frame_header_bytes);
    connection.wal_file_bytes_ = std::max(connection.wal_file_bytes_, connection.wal_bytes_);
    return SQLITE_OK;
}

bool Connection::idle() const { return sqlite3_get_autocommit(database_->getHandle()) != 0; }

bool Connection::roll_back() noexcept {
    if (idle()) return true;  // SQLite has undone it by itself
    return database_->tryExec("ROLLBACK") == SQLITE_OK && idle();
}

bool Connection::checkpoint(int mode) {
    const Duration began = clock_.elapsed();
    const int result =
        sqlite3_wal_checkpoint_v2(database_->getHandle(), "main", mode, nullptr, nullptr);
    // Without space the file cannot grow yet: the WAL still has everything, and is tried again once
    // it has grown by as much as before.
    if (result == SQLITE_BUSY || result == SQLITE_FULL) {
        checkpoint_at_ = wal_bytes_ + wal_bytes_max_.amount();
        return false;
    }
    if (result != SQLITE_OK) throw SQLite::Exception(database_->getHandle(), result);
    wal_bytes_max_.took(wal_bytes_, clock_.elapsed() - began);
    wal_bytes_ = 0;
    checkpoint_at_ = wal_bytes_max_.amount();
    if (mode == SQLITE_CHECKPOINT_TRUNCATE) wal_file_bytes_ = 0;
    return true;
}

void Connection::checkpoint_if_due() {
    if (wal_bytes_ > checkpoint_at_) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

void Connection::checkpoint_if_worth_it() {
    const bool much_to_copy =
        wal_bytes_ > std::min(worth_a_checkpoint_bytes, wal_bytes_max_.amount());
    // One large commit makes the WAL's file long for good.
    const bool long_file = wal_file_bytes_ > 2 * wal_bytes_max_.max();
    if (much_to_copy || long_file) checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

void Connection::abandon() noexcept {
    is_abandoned_ = true;
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace concertres::sqlite

// What opening a store does with whatever lies at its path; and that what it refuses stays as it
// was, to the byte.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "concertres/sqlite.hpp"
#include "support/faulty_vfs.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

using Kind = StorageError::Kind;
using std::filesystem::path;

struct Refusal {
    Kind kind;
    std::string what;
};
Refusal refusal_of(const path& file) {
    try {
        const auto store = open_sqlite(file);
    } catch (const StorageError& error) {
        return {error.kind(), error.what()};
    }
    FAIL("the store was opened");
    return {};
}

// That opening is refused as `kind`, with the file's name and `words` in the message, and that
// nothing in the folder has changed, been made or gone.
void check_refused(const path& file, Kind kind, const std::string& words) {
    const FolderImage before = image_of(file.parent_path());
    const Refusal refusal = refusal_of(file);
    CAPTURE(refusal.what);
    CHECK(refusal.kind == kind);
    CHECK(refusal.what.find(words) != std::string::npos);
    CHECK(refusal.what.find(file.string()) != std::string::npos);
    const bool untouched = image_of(file.parent_path()) == before;
    CHECK(untouched);
}

// The same for a store that is open here. Its files are not read: closing them again would take
// away the locks that this process has on them.
void check_in_use(const path& file) {
    const auto listing = [&] {
        std::map<std::string, std::pair<std::uintmax_t, std::filesystem::file_time_type>> files;
        for (const auto& entry : std::filesystem::directory_iterator(file.parent_path())) {
            files[entry.path().filename()] = {entry.file_size(), entry.last_write_time()};
        }
        return files;
    };
    const auto before = listing();
    const Refusal refusal = refusal_of(file);
    CHECK(refusal.kind == Kind::in_use);
    CHECK(refusal.what.find(file.string() + " is in use") != std::string::npos);
    const bool untouched = listing() == before;
    CHECK(untouched);
}

// A closed store with the sample in it.
path sample_in(const TempDir& folder) {
    const path file = folder.path() / "sale.db";
    const auto store = open_sqlite(file);
    write_sample(*store);
    return file;
}

// Work that another process does once it is told to. The process begins before anything is opened:
// one that is forked later would inherit what SQLite here knows of its own locks.
class OtherProcess {
  public:
    explicit OtherProcess(const std::function<int()>& work) {
        REQUIRE(::pipe(pipe_) == 0);
        child_ = ::fork();
        REQUIRE(child_ >= 0);
        if (child_ > 0) return;
        char go = 0;
        const bool told = ::read(pipe_[0], &go, 1) == 1;
        ::_exit(told ? work() : 97);
    }
    // Lets it work, and gives its answer.
    int answer() {
        REQUIRE(::write(pipe_[1], "x", 1) == 1);
        int status = 0;
        REQUIRE(::waitpid(child_, &status, 0) == child_);
        ::close(pipe_[0]);
        ::close(pipe_[1]);
        REQUIRE(WIFEXITED(status));
        return WEXITSTATUS(status);
    }

  private:
    int pipe_[2] = {-1, -1};
    pid_t child_ = -1;
};

constexpr int opened = 100;
// How opening it ends, as a number.
int try_to_open(const path& file) {
    try {
        const auto store = open_sqlite(file);
    } catch (const StorageError& error) {
        return static_cast<int>(error.kind());
    } catch (...) {
        return 99;
    }
    return opened;
}
constexpr int in_use = static_cast<int>(Kind::in_use);

// The files of a store as a power cut leaves them: with what is in the WAL only there.
void copy_as_after_a_crash(const path& from, const path& to) {
    for (const char* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(from.string() + suffix, to.string() + suffix);
    }
}

}  // namespace

TEST_SUITE_BEGIN("sqlite: opening");

// --- A new store -------------------------------------------------------------------------------

TEST_CASE("a store that is not there is made") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    {
        const auto store = open_sqlite(file);
        CHECK(store->concerts().empty());
        CHECK(store->secrets().tokens.size() == 1);
        CHECK(store->exclusive());
    }
    CHECK(open_sqlite(file)->concerts().empty());
}

TEST_CASE("a new store is for its owner's eyes, and so is its WAL") {
    const TempDir folder;
    const auto store = open_sqlite(folder.path() / "sale.db");
    put(*store, Wallet{.user = {4}});
    for (const char* name : {"sale.db", "sale.db-wal"}) {
        CAPTURE(name);
        using std::filesystem::perms;
        CHECK(std::filesystem::status(folder.path() / name).permissions() ==
              (perms::owner_read | perms::owner_write));
    }
}

TEST_CASE("an empty file becomes a new store") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    write_bytes(file, "");
    write_sample(*open_sqlite(file));
    CHECK(everything_in(*open_sqlite(file)) == sample_contents());
}

TEST_CASE("a new store whose first writing was cut short is made anew, whatever is there of it") {
    const TempDir folder;
    const TempDir found;
    const path file = found.path() / "sale.db";
    {
        // As they are when the first of it goes to the disk.
        FaultyVfs disk;
        disk.before = [&](const DiskCall& call) {
            const bool is_first = image_of(found.path()).empty();
            if (call.kind == DiskCall::sync && call.file.ends_with("sale.db") && is_first) {
                for (const auto& [name, bytes] : image_of(folder.path())) {
                    write_bytes(found.path() / name, bytes);
                }
            }
            return SQLITE_OK;
        };
        open_sqlite(folder.path() / "sale.db").reset();
    }
    REQUIRE(image_of(found.path()).contains("sale.db-journal"));
    std::string bytes = bytes_of(file);
    REQUIRE(bytes.size() > 512);
    SUBCASE("all") {}
    SUBCASE("its length alone") { bytes.assign(bytes.size(), '\0'); }
    SUBCASE("its beginning") { bytes.replace(512, bytes.size() - 512, bytes.size() - 512, '\0'); }
    SUBCASE("rubbish") { bytes.assign(bytes.size(), 'x'); }
    SUBCASE("nothing") { bytes.clear(); }
    write_bytes(file, bytes);
    write_sample(*open_sqlite(file));
    CHECK(everything_in(*open_sqlite(file)) == sample_contents());
}

TEST_CASE("a store whose first bytes a checkpoint has left as rubbish opens from its WAL") {
    const TempDir folder;
    const TempDir found;
    const path file = found.path() / "sale.db";
    StoreContents contents;
    {
        const auto store = open_sqlite(folder.path() / "sale.db");
        // So much that the file will grow: then the WAL has its first page, and a checkpoint
        // writes it.
        store->add(new_concert(*store, {.seats = 1'000}), {});
        contents = everything_in(*store);
        copy_as_after_a_crash(folder.path() / "sale.db", file);
    }
    std::string rubbish(512, 'x');
    SUBCASE("rubbish") {}
    SUBCASE("zeros") { rubbish.assign(512, '\0'); }
    SUBCASE("rubbish that speaks of other pages") { rubbish.replace(16, 2, {2, 0}); }
    std::string bytes = bytes_of(file);
    bytes.replace(0, rubbish.size(), rubbish);
    write_bytes(file, bytes);
    CHECK(everything_in(*open_sqlite(file)) == contents);
    CHECK(everything_in(*open_sqlite(file)) == contents);
}

TEST_CASE("what is no database stays as it is, whatever is called its journal or its WAL") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    std::string beside = file.string();
    SUBCASE("a journal") { beside += "-journal"; }
    SUBCASE("a WAL") { beside += "-wal"; }
    write_bytes(file, std::string(5'000, 'x'));
    write_bytes(beside, std::string(5'000, 'y'));
    check_refused(file, Kind::foreign, "not a database");
}

TEST_CASE("a database without tables becomes a new store") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    run_sql(file, "CREATE TABLE t (x); DROP TABLE t; VACUUM");
    REQUIRE(std::filesystem::file_size(file) > 0);
    CHECK(open_sqlite(file)->concerts().empty());
}

TEST_CASE("each store has secrets of its own, and keeps them") {
    const TempDir folder;
    const auto secrets_of = [&](const char* name) {
        return open_sqlite(folder.path() / name)->secrets();
    };
    const StoreSecrets a = secrets_of("a.db");
    const StoreSecrets b = secrets_of("b.db");
    const StoreSecrets again = secrets_of("a.db");
    CHECK(a.ids != b.ids);
    CHECK(a.tokens.at(0).secret != b.tokens.at(0).secret);
    CHECK(a.ids == again.ids);
    CHECK(a.tokens.at(0).secret == again.tokens.at(0).secret);
    CHECK(a.tokens.at(0).id == again.tokens.at(0).id);
}

TEST_CASE("a closed store is one file, and an open one is that and its WAL") {
    const TempDir folder;
    const path file = sample_in(folder);
    CHECK(image_of(folder.path()).size() == 1);
    const auto store = open_sqlite(file);
    put(*store, Wallet{.user = {4}});
    const FolderImage open = image_of(folder.path());
    CHECK(open.contains("sale.db-wal"));
    CHECK(open.size() == 2);
}

TEST_CASE("a name may hold what means something in a URI") {
    const TempDir folder;
    for (const char* name :
         {"a b.db", "50%25.db", "what?mode=ro", "x#y", ":memory:", "file:z.db"}) {
        const path file = folder.path() / name;
        CAPTURE(file);
        write_sample(*open_sqlite(file));
        REQUIRE(std::filesystem::is_regular_file(file));
        CHECK(everything_in(*open_sqlite(file)) == sample_contents());
    }
}

TEST_CASE("a store is opened through a link, and has its WAL beside the file itself") {
    const TempDir folder;
    std::filesystem::create_directory(folder.path() / "data");
    std::filesystem::create_symlink("data/sale.db", folder.path() / "link.db");
    write_sample(*open_sqlite(folder.path() / "link.db"));
    CHECK(everything_in(*open_sqlite(folder.path() / "data" / "sale.db")) == sample_contents());
    const auto store = open_sqlite(folder.path() / "link.db");
    CHECK(refusal_of(folder.path() / "data" / "sale.db").kind == Kind::in_use);
}

TEST_CASE("what a crash has left in the WAL is there when the store is opened again") {
    const TempDir folder;
    const path crashed = folder.path() / "crashed.db";
    {
        const auto store = open_sqlite(folder.path() / "sale.db");
        write_sample(*store);
        copy_as_after_a_crash(folder.path() / "sale.db", crashed);
    }
    CHECK(everything_in(*open_sqlite(crashed)) == sample_contents());
    CHECK(everything_in(*open_sqlite(crashed)) == sample_contents());
}

TEST_CASE("a commit that a crash has torn is not there, and those before it are") {
    const TempDir folder;
    const path crashed = folder.path() / "crashed.db";
    {
        const auto store = open_sqlite(folder.path() / "sale.db");
        write_sample(*store);
        put(*store, Wallet{.user = {4}, .balance = {1}});
        copy_as_after_a_crash(folder.path() / "sale.db", crashed);
    }
    const path wal = crashed.string() + "-wal";
    const std::string whole = bytes_of(wal);
    write_bytes(wal, whole.substr(0, whole.size() - 100));
    CHECK(everything_in(*open_sqlite(crashed)) == sample_contents());
}

// --- One at a time -----------------------------------------------------------------------------

TEST_CASE("a store that is open is in use for another process") {
    const TempDir folder;
    const path file = sample_in(folder);
    OtherProcess first([&] { return try_to_open(file); });
    OtherProcess second([&] { return try_to_open(file); });
    const auto store = open_sqlite(file);
    CHECK(first.answer() == in_use);
    put(*store, Wallet{.user = {4}, .balance = {1}});
    CHECK(second.answer() == in_use);
    put(*store, Wallet{.user = {4}, .balance = {2}});
    CHECK(everything_in(*store).intact());
}

TEST_CASE("a store that is open is in use for its own process, which does not loosen its hold") {
    const TempDir folder;
    const path file = sample_in(folder);
    OtherProcess other([&] { return try_to_open(file); });
    const auto store = open_sqlite(file);
    check_in_use(file);
    // Closing a descriptor drops a process's locks on the file: that must not have happened.
    CHECK(other.answer() == in_use);
    check_in_use(file);
    put(*store, Wallet{.user = {4}, .balance = {1}});
    CHECK(everything_in(*store).intact());
}

TEST_CASE("a new store is in use before its first commit") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    OtherProcess other([&] { return try_to_open(file); });
    const auto store = open_sqlite(file);
    check_in_use(file);
    CHECK(other.answer() == in_use);
}

TEST_CASE("a store that another program reads is in use") {
    const TempDir folder;
    const path file = sample_in(folder);
    SQLite::Database reader(file.string(), SQLite::OPEN_READWRITE);
    reader.exec("BEGIN; SELECT count(*) FROM seat");
    check_in_use(file);
    reader.exec("COMMIT");
}

TEST_CASE("a store that has been closed can be opened by another process") {
    const TempDir folder;
    const path file = sample_in(folder);
    OtherProcess other([&] { return try_to_open(file); });
    open_sqlite(file).reset();
    CHECK(other.answer() == opened);
}

// --- What is refused ---------------------------------------------------------------------------

TEST_CASE("without a folder there is no store") {
    const TempDir folder;
    const path file = folder.path() / "missing" / "sale.db";
    const Refusal refusal = refusal_of(file);
    CHECK(refusal.kind == Kind::unavailable);
    CHECK(refusal.what.find("no folder") != std::string::npos);
    CHECK(image_of(folder.path()).empty());
}

TEST_CASE("a folder is no store, and neither is what lies below a file") {
    const TempDir folder;
    std::filesystem::create_directory(folder.path() / "sale.db");
    check_refused(folder.path() / "sale.db", Kind::unavailable, "not a file");
    write_bytes(folder.path() / "file", "text");
    CHECK(refusal_of(folder.path() / "file" / "sale.db").kind == Kind::unavailable);
}

TEST_CASE("a file of another kind is refused and left as it is") {
    const TempDir folder;
    const path file = folder.path() / "notes.txt";
    for (const std::string& bytes :
         {std::string("x"), std::string("Dear diary, ..."), std::string(100'000, '\0'),
          "SQLite format 2" + std::string(5'000, 'x')}) {
        CAPTURE(bytes.size());
        write_bytes(file, bytes);
        check_refused(file, Kind::foreign, "not a database");
    }
}

TEST_CASE("a database of another application is refused and left as it is") {
    const TempDir folder;
    const path file = folder.path() / "other.db";
    SUBCASE("that has an id of its own") {
        run_sql(file, "PRAGMA application_id = 252006673; CREATE TABLE t (x)");
    }
    SUBCASE("that has an id of its own and nothing else") {
        run_sql(file, "PRAGMA application_id = 252006673; PRAGMA user_version = 1");
    }
    SUBCASE("that has tables only") { run_sql(file, "CREATE TABLE t (x)"); }
    SUBCASE("that has a version only") { run_sql(file, "PRAGMA user_version = 1"); }
    SUBCASE("that has tables of our names") { run_sql(file, "CREATE TABLE seat (x)"); }
    SUBCASE("that uses a WAL") { run_sql(file, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)"); }
    check_refused(file, Kind::foreign, "another application");
}

TEST_CASE("a database of another application that crashed is refused with its WAL") {
    const TempDir folder;
    const path crashed = folder.path() / "crashed.db";
    {
        const path file = folder.path() / "other.db";
        SQLite::Database other(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        copy_as_after_a_crash(file, crashed);
    }
    std::filesystem::remove(folder.path() / "other.db");
    check_refused(crashed, Kind::foreign, "another application");
}

TEST_CASE("a store of a later version is refused and left as it is") {
    const TempDir folder;
    const path file = sample_in(folder);
    run_sql(file, "PRAGMA user_version = 99");
    check_refused(file, Kind::newer, "later version");
}

TEST_CASE("a store of a later version that only its WAL tells of is refused with it") {
    const TempDir folder;
    const path file = sample_in(folder);
    const path crashed = folder.path() / "crashed.db";
    {
        SQLite::Database later(file.string(), SQLite::OPEN_READWRITE);
        later.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99");
        copy_as_after_a_crash(file, crashed);
    }
    check_refused(crashed, Kind::newer, "later version");
}

TEST_CASE("a store whose tables are not those of its version is refused and left as it is") {
    const TempDir folder;
    const path file = sample_in(folder);
    std::string where;
    SUBCASE("a table more") {
        run_sql(file, "CREATE TABLE mine (x)");
        where = "table mine";
    }
    SUBCASE("a table less") {
        run_sql(file, "DROP TABLE member");
        where = "member";
    }
    SUBCASE("a column more") {
        run_sql(file, "ALTER TABLE seat ADD COLUMN note TEXT");
        where = "table seat note";
    }
    SUBCASE("an index less") {
        run_sql(file, "DROP INDEX reservation_held");
        where = "reservation_held";
    }
    SUBCASE("a trigger") {
        run_sql(file, "CREATE TRIGGER t AFTER INSERT ON seat BEGIN SELECT 1; END");
        where = "trigger t";
    }
    check_refused(file, Kind::foreign, where);
}

TEST_CASE("a store of a version that there never was is refused and left as it is") {
    const TempDir folder;
    const path file = sample_in(folder);
    run_sql(file, "PRAGMA user_version = 0");
    check_refused(file, Kind::foreign, "no version");
}

TEST_CASE("statistics that SQLite has gathered do no harm") {
    const TempDir folder;
    const path file = sample_in(folder);
    run_sql(file, "ANALYZE");
    CHECK(everything_in(*open_sqlite(file)) == sample_contents());
}

TEST_CASE("a damaged store is refused and left as it is") {
    const TempDir folder;
    const path file = sample_in(folder);
    const std::string whole = bytes_of(file);
    SUBCASE("cut within its header") { write_bytes(file, whole.substr(0, 40)); }
    SUBCASE("cut within its first page") { write_bytes(file, whole.substr(0, 2'000)); }
    SUBCASE("cut in the middle") { write_bytes(file, whole.substr(0, whole.size() / 2)); }
    SUBCASE("with a page size that there is not") {
        std::string bytes = whole;
        bytes[16] = '\x03';
        write_bytes(file, bytes);
    }
    SUBCASE("with a list of tables that cannot be read") {
        std::string bytes = whole;
        bytes.replace(100, 900, std::string(900, '\x5a'));
        write_bytes(file, bytes);
    }
    check_refused(file, Kind::corrupt, "damaged");
}

TEST_CASE("a WAL whose store is gone is not deleted for a new one") {
    const TempDir folder;
    const path file = folder.path() / "sale.db";
    write_bytes(file.string() + "-wal", std::string(5'000, 'w'));
    const FolderImage before = image_of(folder.path());
    CHECK(refusal_of(file).kind == Kind::corrupt);
    const bool untouched = image_of(folder.path()) == before;
    CHECK(untouched);
    write_bytes(file, "");
    check_refused(file, Kind::corrupt, "is gone or empty");
}

TEST_CASE("a store without its secret is damaged") {
    const TempDir folder;
    const path file = sample_in(folder);
    SUBCASE("its row is gone") { run_sql(file, "DELETE FROM store"); }
    SUBCASE("its keys for tokens are gone") { run_sql(file, "DELETE FROM token_key"); }
    SUBCASE("it is too short") { run_sql(file, "UPDATE store SET ids_secret = x'00'"); }
    CHECK(refusal_of(file).kind == Kind::corrupt);
}

TEST_CASE("a store in a file that may not be written is refused and left as it is") {
    const TempDir folder;
    const path file = sample_in(folder);
    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
    std::filesystem::permissions(file, std::filesystem::perms(0444));
    OtherProcess other([&] {
        // Root may write anything.
        const int nobody = 65534;
        if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) return 98;
        return try_to_open(file);
    });
    CHECK(other.answer() == static_cast<int>(Kind::unavailable));
    CHECK(image_of(folder.path()).size() == 1);
}

TEST_SUITE_END();

}  // namespace concertres::test

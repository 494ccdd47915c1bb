// The storage backends that a test can run over. A new one enters by one line in backends.cpp, and
// every test below then runs on it too.
//
//   CONCERTRES_BACKEND_TEST("a store remembers what was committed") {
//       TestStore store(backend);
//       store->commit(...);
//       if (backend.lasts) store.reopen();
//   }
//
// runs its body once for each backend, as a subcase with the backend's name.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "concertres/postgres.hpp"
#include "concertres/storage.hpp"
#include "concertres/time.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

struct Backend {
    std::string name;
    bool lasts = false;   // what was committed is there when it is opened again
    bool copies = false;  // it makes backups
    bool shared = false;  // several may have it open at once; each opening takes a while
    // Opens the store that is kept in the directory, or makes it. No clock: the system's.
    std::function<std::unique_ptr<Storage>(const std::filesystem::path& directory, Clock* clock)>
        open;
    // The outbox of a store that is there; none where the storage has one of its own.
    std::function<std::unique_ptr<Outbox>(const std::filesystem::path& directory, Clock* clock)>
        open_outbox;
    // Takes away what is kept elsewhere than in the directory.
    std::function<void(const std::filesystem::path& directory)> drop;
};

[[nodiscard]] const std::vector<Backend>& backends();
// One more, of this program alone. REQUIRES: before any test runs
void add_backend(Backend backend);
// A store in PostgreSQL, reached by what `conninfo_of` makes of its database's name.
[[nodiscard]] Backend postgres_backend(std::string name, Locking locking,
                                       std::string (*conninfo_of)(const std::string& database));
// REQUIRES: there is one of this name
[[nodiscard]] const Backend& backend_named(const std::string& name);

// The directory of a store, and all that belongs to it; gone when the test ends.
class StoreFolder {
  public:
    explicit StoreFolder(const Backend& backend) : backend_(&backend) {}
    StoreFolder(const StoreFolder&) = delete;
    StoreFolder& operator=(const StoreFolder&) = delete;
    ~StoreFolder() {
        if (backend_->drop) backend_->drop(folder_.path());
    }

    [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  private:
    const Backend* backend_;
    TempDir folder_;
};

// A store of its own for one test.
// Lifetime: `backend` and `clock` outlive it.
class TestStore {
  public:
    explicit TestStore(const Backend& backend, Clock* clock = nullptr)
        : backend_(&backend), clock_(clock), directory_(backend), storage_(open()) {}

    [[nodiscard]] Storage& operator*() const { return *storage_; }
    [[nodiscard]] Storage* operator->() const { return storage_.get(); }
    [[nodiscard]] const Backend& backend() const { return *backend_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

    void close() { storage_.reset(); }
    // Closes it, and opens the same one. REQUIRES: backend().lasts
    void reopen() {
        close();
        storage_ = open();
    }
    // Hands over what is open, for a box office to own. What open() then gives, once the box office
    // is gone, is the same store again.
    [[nodiscard]] std::unique_ptr<Storage> take() { return std::move(storage_); }
    [[nodiscard]] std::unique_ptr<Storage> open() const {
        return backend_->open(directory_.path(), clock_);
    }
    // Null: the storage has one of its own.
    [[nodiscard]] std::unique_ptr<Outbox> open_outbox() const {
        return backend_->open_outbox ? backend_->open_outbox(directory_.path(), clock_) : nullptr;
    }

  private:
    const Backend* backend_;
    Clock* clock_;
    StoreFolder directory_;  // outlives the storage in it
    std::unique_ptr<Storage> storage_;
};

// Runs `body` in a subcase for each backend, or for each that is shared.
void on_every_backend(void (*body)(const Backend& backend));
void on_every_shared_backend(void (*body)(const Backend& backend));

}  // namespace concertres::test

#define CONCERTRES_BACKEND_TEST(name) \
    CONCERTRES_BACKEND_TEST_NAMED(DOCTEST_ANONYMOUS(concertres_test_), on_every_backend, name)
#define CONCERTRES_SHARED_BACKEND_TEST(name)                                                    \
    CONCERTRES_BACKEND_TEST_NAMED(DOCTEST_ANONYMOUS(concertres_test_), on_every_shared_backend, \
                                  name)
#define CONCERTRES_BACKEND_TEST_NAMED(function, run, name)    \
    static void function(const ::concertres::test::Backend&); \
    TEST_CASE(name) { ::concertres::test::run(function); }    \
    static void function([[maybe_unused]] const ::concertres::test::Backend& backend)

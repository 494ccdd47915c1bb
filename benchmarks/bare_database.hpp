// A SQLite file through its C interface, configured as a store's is: for what a box office is
// compared with.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/ids.hpp"

namespace bench {

class BareDatabase {
  public:
    // All of it throws std::runtime_error where SQLite refuses.
    explicit BareDatabase(const std::filesystem::path& file);
    BareDatabase(const BareDatabase&) = delete;
    BareDatabase& operator=(const BareDatabase&) = delete;

    [[nodiscard]] sqlite3* get() const { return handle_.get(); }
    void execute(const std::string& sql);
    // Rows of whole numbers.
    [[nodiscard]] std::vector<std::vector<std::int64_t>> select(const std::string& sql);
    // Between two transactions, as often as the backend does it.
    void checkpoint_if_due();

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };

    std::unique_ptr<sqlite3, Close> handle_;
    std::int64_t page_bytes_ = 0;
    std::int64_t wal_bytes_ = 0;
};

// A prepared statement.
class BareStatement {
  public:
    BareStatement(const BareDatabase& database, const char* sql);
    // Binds the values to ?1, ?2, ... and runs. Integers, texts, and ids as blobs.
    template <class... Values>
    void run(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
        finish();
    }

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
    void bind(int index, const std::string& text) {
        sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()),
                          SQLITE_STATIC);
    }
    // Of bytes.
    void bind(int index, std::string_view bytes) {
        sqlite3_bind_blob(statement_.get(), index, bytes.data(), static_cast<int>(bytes.size()),
                          SQLITE_STATIC);
    }
    void bind(int index, const concertres::Uuid& id) {
        sqlite3_bind_blob(statement_.get(), index, id.bytes.data(), 16, SQLITE_STATIC);
    }
    void finish();

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace bench

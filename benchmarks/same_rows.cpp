#include "same_rows.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "report.hpp"

namespace bench {

namespace {

struct Size {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;  // of the cells, indexes included
};
using Sizes = std::map<std::string, Size>;

class Reader {
  public:
    explicit Reader(const std::filesystem::path& file) {
        sqlite3* database = nullptr;
        const int opened = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
        database_.reset(database);
        if (opened != SQLITE_OK) throw std::runtime_error("cannot open " + file.string());
    }

    // row(statement) for each.
    template <class Take>
    void for_each(const std::string& sql, Take&& row) {
        sqlite3_stmt* prepared = nullptr;
        if (sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_.get()));
        }
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared,
                                                                              &sqlite3_finalize);
        while (sqlite3_step(prepared) == SQLITE_ROW) row(prepared);
    }

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };
    std::unique_ptr<sqlite3, Close> database_;
};

std::string text(sqlite3_stmt* statement, int column) {
    return reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
}

Sizes sizes_of(const std::filesystem::path& file) {
    Reader reader(file);
    Sizes sizes;
    reader.for_each("SELECT name FROM sqlite_schema WHERE type = 'table'",
                    [&](sqlite3_stmt* row) { sizes[text(row, 0)] = {}; });
    for (auto& [table, size] : sizes) {
        reader.for_each("SELECT count(*) FROM " + table, [&size = size](sqlite3_stmt* row) {
            size.rows = sqlite3_column_int64(row, 0);
        });
    }
    reader.for_each(
        "SELECT m.tbl_name, sum(s.payload) FROM dbstat s JOIN sqlite_schema m USING (name)"
        " GROUP BY 1",
        [&](sqlite3_stmt* row) { sizes[text(row, 0)].bytes = sqlite3_column_int64(row, 1); });
    return sizes;
}

}  // namespace

void require_same_rows(const std::filesystem::path& engine, const std::filesystem::path& bare) {
    const Sizes ours = sizes_of(engine);
    const Sizes theirs = sizes_of(bare);
    std::string told;
    for (const auto& [table, size] : ours) {
        const Size other = theirs.at(table);
        const auto difference = static_cast<double>(std::abs(size.bytes - other.bytes));
        if (size.rows != other.rows || difference > 0.01 * static_cast<double>(size.bytes)) {
            throw std::runtime_error(fmt::format(
                "the bare loop did not write what the engine wrote: the table {} has {} rows of "
                "{} bytes against {} rows of {} bytes",
                table, size.rows, size.bytes, other.rows, other.bytes));
        }
        if (size.rows >= 10'000) {
            told += fmt::format("{}{} {} ({} against {} KB)", told.empty() ? "" : ", ", table,
                                size.rows, size.bytes / 1024, other.bytes / 1024);
        }
    }
    print_note("rows after this are the same in both: " + told);
}

}  // namespace bench

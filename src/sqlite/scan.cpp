// The scan: every row there is, every checksum, and SQLite's own check of its trees and indexes.
// What is damaged is told and passed over; only a disk that fails ends the scan.
#include <fmt/format.h>
#include <sqlite3.h>

#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

constexpr int findings_max = 1000;

// The row's key as text, "(1, 7)"; it stands in `count` columns from `first` on.
std::string key_text(const SQLite::Statement& row, int first, int count) {
    std::string text = "(";
    for (int i = 0; i < count; ++i) {
        if (i > 0) text += ", ";
        const SQLite::Column column = row.getColumn(first + i);
        text += column.isInteger() ? column.getString() : std::string("?");
    }
    return text + ')';
}

template <class Row>
int key_columns() {
    const std::string keys = ColumnText::of<Row>(1).keys();
    return 1 + static_cast<int>(std::count(keys.begin(), keys.end(), ','));
}

}  // namespace

template <class Work>
void SqliteStorage::tell_damage(ScanVisitor& visitor, std::string_view where, Work&& work) {
    try {
        work();
    } catch (const SQLite::Exception& error) {
        const int code = error.getErrorCode() & 0xff;
        if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB) throw;
        visitor.on_damage(std::string(where) + " cannot be read to the end: " + error.what());
    } catch (const Damaged& damage) {
        visitor.on_damage(std::string(where) + ": " + damage.what());
    }
}

template <class Row>
void SqliteStorage::scan_table(ScanVisitor& visitor) {
    const std::string table = "the table " + std::string(Table<Row>::name);
    tell_damage(visitor, table, [&] {
        SQLite::Statement rows(connection_.database(), select_sql<Row>() + in_key_order_sql<Row>());
        while (rows.executeStep()) {
            CellReader cells(rows);
            Versioned<Row> found;
            cells.get(found.version);
            get(cells, found.row);
            if (cells.intact()) {
                visitor.on(found.row);
            } else {
                visitor.on_damage(table + ": the row " + key_text(rows, 1, key_columns<Row>()) +
                                  " cannot be read (" + rows.getColumnName(cells.damaged()) + ")");
            }
        }
    });
}

void SqliteStorage::scan_rows(ScanVisitor& visitor) {
    scan_table<User>(visitor);
    scan_table<Sale>(visitor);
    scan_table<Line>(visitor);
    scan_table<Member>(visitor);
    scan_table<Place>(visitor);
    scan_table<Pass>(visitor);
    scan_table<PerformanceState>(visitor);
    scan_table<Limit>(visitor);
    scan_table<Reservation>(visitor);
    scan_table<Payment>(visitor);
    scan_table<Seat>(visitor);
    scan_table<Wallet>(visitor);
}

void SqliteStorage::scan_transfers(ScanVisitor& visitor) {
    tell_damage(visitor, "the table transfer", [&] {
        SQLite::Statement rows(connection_.database(),
                               select_once_sql<Transfer>("crc") + in_key_order_sql<Transfer>());
        while (rows.executeStep()) {
            CellReader cells(rows);
            Transfer transfer;
            std::uint32_t crc = 0;
            get(cells, transfer);
            cells.get(crc);
            visitor.on(transfer, cells.intact() && crc == checksum(transfer));
        }
    });
}

void SqliteStorage::scan_events(ScanVisitor& visitor) {
    tell_damage(visitor, "the table event", [&] {
        SQLite::Statement rows(connection_.database(),
                               select_once_sql<Event>("data, crc") + in_key_order_sql<Event>());
        std::string data;
        while (rows.executeStep()) {
            CellReader cells(rows);
            Event event;
            std::uint32_t crc = 0;
            get(cells, event);
            cells.get(data).get(crc);
            const bool intact =
                cells.intact() && crc == checksum(event, data) && decode(data, event);
            visitor.on(event, intact);
        }
    });
}

// What rows are found by beside their keys names each of them, and nothing else.
void SqliteStorage::scan_names(ScanVisitor& visitor) {
    struct Names {
        const char* table;
        const char* of;
        const char* where;  // a row `r` of that table has its name `n`
        const char* right;  // and this then holds
    };
    static constexpr Names all[] = {
        {"reservation_name", "reservation", "n.id = r.id", "n.reservation = r.key"},
        {"reservation_owner", "reservation", "n.user = r.user AND n.reservation = r.key", "TRUE"},
        {"payment_name", "payment", "n.id = r.id", "n.payment = r.key"},
        {"payment_owner", "payment", "n.user = r.user AND n.payment = r.key", "TRUE"},
        {"transfer_name", "transfer", "n.id = r.id", "n.wallet = r.wallet AND n.number = r.number"},
    };
    for (const auto& [table, of, where, right] : all) {
        const std::string name = std::string("the table ") + table;
        tell_damage(visitor, name, [&] {
            SQLite::Statement counts(
                connection_.database(),
                fmt::format("SELECT (SELECT count(*) FROM {1}), (SELECT count(*) FROM {0}),"
                            " (SELECT count(*) FROM {1} r JOIN {0} n ON {2} WHERE {3})",
                            table, of, where, right));
            counts.executeStep();
            std::int64_t rows = 0;
            std::int64_t names = 0;
            std::int64_t named = 0;
            read_cells(counts, rows, names, named);
            if (rows == names && rows == named) return;
            visitor.on_damage(
                fmt::format("{} does not name what the table {} has: {} rows, {} names, {} of "
                            "them right",
                            name, of, rows, names, named));
        });
    }
}

void SqliteStorage::scan_structure(ScanVisitor& visitor) {
    tell_damage(visitor, "the file", [&] {
        SQLite::Statement findings(connection_.database(),
                                   "PRAGMA integrity_check(" + std::to_string(findings_max) + ")");
        while (findings.executeStep()) {
            const std::string finding = findings.getColumn(0).getString();
            if (finding != "ok") visitor.on_damage(finding);
        }
    });
}

void SqliteStorage::fold_to_scan(ScanVisitor& visitor) {
    guarded([&] {
        try {
            while (!is_folded()) fold_alone(SIZE_MAX);
        } catch (const SQLite::Exception& error) {
            const int code = error.getErrorCode() & 0xff;
            if (!connection_.roll_back()) throw;
            if (code == SQLITE_FULL) {
                throw StorageError(StorageError::Kind::full,
                                   connection_.name() +
                                       " has no space left, which bringing its tables up to date "
                                       "takes; free some and look again");
            }
            if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB) throw;
            visitor.on_damage(std::string("the journal cannot be folded: ") + error.what());
        }
    });
}

void SqliteStorage::scan(ScanVisitor& visitor) {
    require_alive();
    fold_to_scan(visitor);
    guarded([&] {
        tell_damage(visitor, "the catalog", [&] {
            for (const NewConcert& concert : read_concerts()) visitor.on_concert(concert);
        });
        scan_rows(visitor);
        scan_transfers(visitor);
        scan_events(visitor);
        scan_names(visitor);
        scan_structure(visitor);
    });
}

}  // namespace concertres::sqlite

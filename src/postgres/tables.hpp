// A table's statements as text, and how rows are sent to one and read from one; all of it from
// Table<Row>::visit() (columns/tables.hpp). Each statement takes the rows of a whole group at once:
// a parameter is a column of them, an array. schema.cpp creates the tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columns/tables.hpp"
#include "postgres/connection.hpp"
#include "postgres/wire.hpp"

namespace concertres::postgres {

using columns::Table;

struct Column {
    std::string name;  // quoted: some are words of SQL
    Type type;
    bool is_key;
};

// The columns of a table in the order of visit(), keys first.
class ColumnList {
  public:
    template <class Row>
    [[nodiscard]] static const std::vector<Column>& of() {
        static const std::vector<Column> columns = [] {
            ColumnList list;
            Row row;
            Table<Row>::visit(list, row);
            return std::move(list.columns_);
        }();
        return columns;
    }

    template <class T>
    void key(std::string_view name, const T&) {
        columns_.push_back({in_quotes(name), type_of<T>, true});
    }
    void fixed(std::string_view name, const auto& value) { column(name, value); }
    void seldom(std::string_view name, const auto& value) { column(name, value); }
    template <class T>
    void column(std::string_view name, const T&) {
        columns_.push_back({in_quotes(name), type_of<T>, false});
    }

    [[nodiscard]] static std::string in_quotes(std::string_view name) {
        return '"' + std::string(name) + '"';
    }

  private:
    std::vector<Column> columns_;
};

// Collects rows, column by column.
class RowArrays {
  public:
    template <class Row>
    [[nodiscard]] static RowArrays of_columns() {
        RowArrays arrays;
        for (const Column& column : ColumnList::of<Row>()) arrays.arrays_.emplace_back(column.type);
        return arrays;
    }

    template <class Row>
    void add(const Row& row) {
        next_ = 0;
        Table<Row>::visit(*this, row);
    }
    void key(std::string_view, const auto& value) { take(value); }
    void fixed(std::string_view, const auto& value) { take(value); }
    void seldom(std::string_view, const auto& value) { take(value); }
    void column(std::string_view, const auto& value) { take(value); }

    void finish(std::vector<Param>& params) {
        for (ArrayParam& array : arrays_) params.push_back(array.finish());
    }

  private:
    void take(const auto& value) { arrays_[next_++].add(value); }

    std::vector<ArrayParam> arrays_;
    std::size_t next_ = 0;
};

class RowReader {
  public:
    explicit RowReader(CellReader& cells) : cells_(&cells) {}
    void key(std::string_view, auto& value) { cells_->get(value); }
    void fixed(std::string_view, auto& value) { cells_->get(value); }
    void seldom(std::string_view, auto& value) { cells_->get(value); }
    void column(std::string_view, auto& value) { cells_->get(value); }
    template <class String>
    void column(std::string_view, Bytes<String> value) {
        cells_->get(value);
    }

  private:
    CellReader* cells_;
};

template <class Row>
void get(CellReader& cells, Row& row) {
    RowReader reader(cells);
    Table<Row>::visit(reader, row);
}

// --- The parts of a key, in the order of its columns -------------------------------------------

template <class Row, class Key, class Visit>
void visit_key(const Key& key, const Visit& visit) {
    if constexpr (std::is_same_v<Row, Seat>) {
        visit(key.performance), visit(key.number);
    } else if constexpr (std::is_same_v<Row, Place> || std::is_same_v<Row, Pass>) {
        visit(key.concert), visit(key.number);
    } else if constexpr (std::is_same_v<Row, Member>) {
        visit(key.concert), visit(key.user);
    } else if constexpr (std::is_same_v<Row, Line>) {
        visit(key.concert), visit(key.line_class);
    } else if constexpr (std::is_same_v<Row, Limit>) {
        visit(key.user), visit(key.scope);
    } else {
        visit(key);
    }
}

// --- The text of statements --------------------------------------------------------------------

// "$3::bigint[], $4::bytea[]"
[[nodiscard]] inline std::string array_params(const std::vector<Column>& columns, int first,
                                              bool keys_only = false) {
    std::string text;
    for (const Column& column : columns) {
        if (keys_only && !column.is_key) break;
        if (!text.empty()) text += ", ";
        text += '$' + std::to_string(first++) + "::" + std::string(name_of(column.type)) + "[]";
    }
    return text;
}

// `"a", "b"`, each with something in front.
[[nodiscard]] inline std::string names(const std::vector<Column>& columns,
                                       std::string_view prefix = {}, bool keys_only = false) {
    std::string text;
    for (const Column& column : columns) {
        if (keys_only && !column.is_key) break;
        if (!text.empty()) text += ", ";
        text += std::string(prefix) + column.name;
    }
    return text;
}

[[nodiscard]] inline std::string matching(const std::vector<Column>& columns, std::string_view a,
                                          std::string_view b) {
    std::string text;
    for (const Column& column : columns) {
        if (!column.is_key) break;
        if (!text.empty()) text += " AND ";
        text += std::string(a) + column.name + " = " + std::string(b) + column.name;
    }
    return text;
}

template <class Row>
[[nodiscard]] std::string table_name() {
    return ColumnList::in_quotes(Table<Row>::name);
}

// The rows of many keys, each with where its key stands among them, from 1, its stamp and its
// version in front.
template <class Row>
[[nodiscard]] std::string select_sql() {
    const auto& columns = ColumnList::of<Row>();
    return "SELECT k.n, t.stamp, t.version, " + names(columns, "t.") + " FROM unnest(" +
           array_params(columns, 1, true) + ") WITH ORDINALITY AS k(" + names(columns, "", true) +
           ", n) JOIN " + table_name<Row>() + " t ON " + matching(columns, "t.", "k.");
}
// The same, locked one after the other in the order of the keys.
template <class Row>
[[nodiscard]] std::string lock_sql() {
    const auto& columns = ColumnList::of<Row>();
    return select_sql<Row>() + " ORDER BY " + names(columns, "k.", true) +
           " FOR NO KEY UPDATE OF t";
}
// Locked so that others may lock them in the same way, but not change them.
template <class Row>
[[nodiscard]] std::string share_sql() {
    return select_sql<Row>() + " ORDER BY " + names(ColumnList::of<Row>(), "k.", true) +
           " FOR SHARE OF t";
}
// $1: how many rows there are; $2: the versions that they had when they were read. Locks them in
// the order of the keys; one that has been changed since fails the transaction.
template <class Row>
[[nodiscard]] std::string same_sql(std::string_view lock) {
    const auto& columns = ColumnList::of<Row>();
    return "SELECT expect_rows(count(*), $1::bigint) FROM (SELECT FROM unnest($2::bigint[], " +
           array_params(columns, 3, true) + ") AS k(version, " + names(columns, "", true) +
           ") JOIN " + table_name<Row>() + " t ON " + matching(columns, "t.", "k.") +
           " WHERE t.version = k.version ORDER BY " + names(columns, "k.", true) + " FOR " +
           std::string(lock) + " OF t) AS same";
}
// $1: the stamp.
template <class Row>
[[nodiscard]] std::string insert_sql() {
    const auto& columns = ColumnList::of<Row>();
    return "INSERT INTO " + table_name<Row>() + "(stamp, version, " + names(columns) +
           ") SELECT $1::bigint, 1, u.* FROM unnest(" + array_params(columns, 2) + ") AS u";
}
// $1: how many rows there are; $2: the stamp; $3: the versions that they will have. Each row as it
// was read, one version before; one that has been changed since fails the transaction.
template <class Row>
[[nodiscard]] std::string update_sql() {
    const auto& columns = ColumnList::of<Row>();
    std::string set;
    for (const Column& column : columns) {
        if (!column.is_key) set += ", " + column.name + " = u." + column.name;
    }
    return "WITH done AS (UPDATE " + table_name<Row>() +
           " t SET stamp = $2::bigint, version = u.version" + set + " FROM unnest($3::bigint[], " +
           array_params(columns, 4) + ") AS u(version, " + names(columns) + ") WHERE " +
           matching(columns, "t.", "u.") +
           " AND t.version = u.version - 1 RETURNING 1) SELECT expect_rows(count(*), $1::bigint)"
           " FROM done";
}
// Of rows without a version, with `more` columns behind their own, of the types given.
template <class Row>
[[nodiscard]] std::string insert_once_sql(std::string_view more, std::string_view more_params) {
    const auto& columns = ColumnList::of<Row>();
    return "INSERT INTO " + table_name<Row>() + "(" + names(columns) + ", " + std::string(more) +
           ") SELECT u.* FROM unnest(" + array_params(columns, 1) + ", " +
           std::string(more_params) + ") AS u";
}
// "SELECT t.version, t.a, t.b FROM table t"
template <class Row>
[[nodiscard]] std::string plain_select_sql() {
    return "SELECT t.version, " + names(ColumnList::of<Row>(), "t.") + " FROM " +
           table_name<Row>() + " t";
}
// "SELECT t.a, t.b, t.more FROM table t"
template <class Row>
[[nodiscard]] std::string plain_select_once_sql(std::string_view more = {}) {
    return "SELECT " + names(ColumnList::of<Row>(), "t.") + std::string(more) + " FROM " +
           table_name<Row>() + " t";
}
template <class Row>
[[nodiscard]] std::string in_key_order_sql() {
    return " ORDER BY " + names(ColumnList::of<Row>(), "t.", true);
}

}  // namespace concertres::postgres

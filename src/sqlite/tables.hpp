// A table's statements as text, and how a row is bound to one and read from one; all of it from
// Table<Row>::visit() (columns/tables.hpp). What is fixed() is not part of an UPDATE: SQLite would
// rewrite its index entry even if the value is the same; what is seldom() is part of one only where
// it differs. schema.cpp creates the tables.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "columns/tables.hpp"
#include "concertres/storage.hpp"
#include "sqlite/cells.hpp"

namespace concertres::sqlite {

using columns::changes_seldom;
using columns::Table;

// --- Binding and reading a row -----------------------------------------------------------------

// Everything is bound in the order of visit(), whether it is a key or not.
template <class Cells>
class RowBinder {
  public:
    explicit RowBinder(Cells& cells) : cells_(&cells) {}
    void key(std::string_view, const auto& value) { cells_->add(value); }
    void fixed(std::string_view, const auto& value) { cells_->add(value); }
    void seldom(std::string_view, const auto& value) { cells_->add(value); }
    void column(std::string_view, const auto& value) { cells_->add(value); }

  private:
    Cells* cells_;
};

template <class Cells>
class RowReader {
  public:
    explicit RowReader(Cells& cells) : cells_(&cells) {}
    void key(std::string_view, auto& value) { cells_->get(value); }
    void fixed(std::string_view, auto& value) { cells_->get(value); }
    void seldom(std::string_view, auto& value) { cells_->get(value); }
    void column(std::string_view, auto& value) { cells_->get(value); }
    template <class String>
    void column(std::string_view, Bytes<String> value) {
        cells_->get(value);
    }

  private:
    Cells* cells_;
};

template <class Cells, class Row>
void bind(Cells& cells, const Row& row) {
    RowBinder<Cells> binder(cells);
    Table<Row>::visit(binder, row);
}

template <class Cells, class Row>
void get(Cells& cells, Row& row) {
    RowReader<Cells> reader(cells);
    Table<Row>::visit(reader, row);
}

// The parameters of by_key_sql().
template <class Row, class Cells>
void bind_key(Cells& cells, const KeyOf<Row>& key) {
    if constexpr (std::is_same_v<Row, Seat>) {
        cells.add(key.performance).add(key.number);
    } else if constexpr (std::is_same_v<Row, Place> || std::is_same_v<Row, Pass>) {
        cells.add(key.concert).add(key.number);
    } else if constexpr (std::is_same_v<Row, Member>) {
        cells.add(key.concert).add(key.user);
    } else if constexpr (std::is_same_v<Row, Line>) {
        cells.add(key.concert).add(key.line_class);
    } else if constexpr (std::is_same_v<Row, Limit>) {
        cells.add(key.user).add(key.scope);
    } else {
        cells.add(key);
    }
}

// --- The text of statements --------------------------------------------------------------------

// Put together once, when a store is opened.

// The columns of one table, as pieces of statements. Parameters are numbered in the order of
// visit(), from `first` on, so that one way of binding serves every statement.
class ColumnText {
  public:
    template <class Row>
    [[nodiscard]] static ColumnText of(int first) {
        ColumnText text(first);
        Row row;
        Table<Row>::visit(text, row);
        return text;
    }

    [[nodiscard]] const std::string& all() const { return all_; }        // "a, b, c"
    [[nodiscard]] const std::string& keys() const { return keys_; }      // "a, b"
    [[nodiscard]] const std::string& values() const { return values_; }  // "?2, ?3, ?4"
    [[nodiscard]] const std::string& set() const { return set_; }        // "c = ?4, d = ?5"
    // The same without seldom().
    [[nodiscard]] const std::string& set_often() const { return set_often_; }
    [[nodiscard]] const std::string& matching() const { return where_; }  // "a = ?2 AND b = ?3"

    void key(std::string_view name, const auto&) {
        const std::string value = next(name);
        append(keys_, ", ", name);
        append(where_, " AND ", std::string(name) + " = " + value);
    }
    void fixed(std::string_view name, const auto&) { next(name); }
    void seldom(std::string_view name, const auto&) {
        const std::string value = next(name);
        append(set_, ", ", std::string(name) + " = " + value);
    }
    void column(std::string_view name, const auto&) {
        const std::string value = next(name);
        const std::string assignment = std::string(name) + " = " + value;
        append(set_, ", ", assignment);
        append(set_often_, ", ", assignment);
    }

  private:
    explicit ColumnText(int first) : next_(first) {}

    std::string next(std::string_view name) {
        std::string value = '?' + std::to_string(next_++);
        append(all_, ", ", name);
        append(values_, ", ", value);
        return value;
    }
    static void append(std::string& list, std::string_view separator, std::string_view item) {
        if (!list.empty()) list += separator;
        list += item;
    }

    int next_;
    std::string all_;
    std::string keys_;
    std::string values_;
    std::string set_;
    std::string set_often_;
    std::string where_;
};

// Of a row with a version: ?1 is the version, the row's columns follow.
template <class Row>
[[nodiscard]] std::string insert_sql() {
    const auto text = ColumnText::of<Row>(2);
    return "INSERT INTO " + std::string(Table<Row>::name) + "(version, " + text.all() +
           ") VALUES (?1, " + text.values() + ")";
}
// The row of an earlier version: of several commits the last alone is written.
template <class Row>
[[nodiscard]] std::string update_sql() {
    const auto text = ColumnText::of<Row>(2);
    return "UPDATE " + std::string(Table<Row>::name) + " SET version = ?1, " + text.set() +
           " WHERE " + text.matching() + " AND version < ?1";
}
// The same where nothing differs that is visited as seldom().
template <class Row>
[[nodiscard]] std::string update_often_sql() {
    const auto text = ColumnText::of<Row>(2);
    return "UPDATE " + std::string(Table<Row>::name) + " SET version = ?1, " + text.set_often() +
           " WHERE " + text.matching() + " AND version < ?1";
}
// Of a row without a version, with `more` columns behind its own.
template <class Row>
[[nodiscard]] std::string insert_once_sql(std::string_view more = {}, int more_count = 0) {
    const auto text = ColumnText::of<Row>(1);
    std::string columns = text.all();
    std::string values = text.values();
    if (!more.empty()) columns += ", " + std::string(more);
    for (int i = 0; i < more_count; ++i) values += ", ?";
    return "INSERT INTO " + std::string(Table<Row>::name) + "(" + columns + ") VALUES (" + values +
           ")";
}
// "SELECT version, a, b, c FROM table"
template <class Row>
[[nodiscard]] std::string select_sql() {
    return "SELECT version, " + ColumnText::of<Row>(1).all() + " FROM " +
           std::string(Table<Row>::name);
}
// "SELECT a, b, c, more FROM table"
template <class Row>
[[nodiscard]] std::string select_once_sql(std::string_view more = {}) {
    std::string columns = ColumnText::of<Row>(1).all();
    if (!more.empty()) columns += ", " + std::string(more);
    return "SELECT " + columns + " FROM " + std::string(Table<Row>::name);
}
// The row of a key: " WHERE a = ?1 AND b = ?2"; keys come first in visit().
template <class Row>
[[nodiscard]] std::string by_key_sql() {
    return " WHERE " + ColumnText::of<Row>(1).matching();
}
template <class Row>
[[nodiscard]] std::string in_key_order_sql() {
    return " ORDER BY " + ColumnText::of<Row>(1).keys();
}

}  // namespace concertres::sqlite

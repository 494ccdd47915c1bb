// Each row type and its table, said once: Table<Row>::visit() names the columns in order, and from
// it come the statements, the binding and the reading. docs/reference/schema.md says the same for
// people; schema.cpp creates the tables.
//
// A visitor has four calls: key() for the primary key, fixed() for what never changes once the row
// is there (and is therefore not part of an UPDATE: SQLite would rewrite its index entry even if
// the value is the same), seldom() for what is in an index too and changes now and then (part of an
// UPDATE only where Table<Row>::seldom_differ() says so), column() for the rest.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "concertres/storage.hpp"
#include "sqlite/cells.hpp"
#include "sqlite/sale_columns.hpp"

namespace concertres::sqlite {

template <class Row>
struct Table;

template <>
struct Table<PerformanceState> {
    static constexpr std::string_view name = "performance_state";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("performance", row.performance);
        v.column("free", row.counts.free);
        v.column("blocked", row.counts.blocked);
        v.column("held", row.counts.held);
        v.column("sold", row.counts.sold);
        v.column("next_event", row.next_event);
    }
};

template <>
struct Table<Wallet> {
    static constexpr std::string_view name = "wallet";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("user", row.user);
        v.column("balance", row.balance);
        v.column("next_number", row.next_number);
    }
};

template <>
struct Table<Sale> {
    static constexpr std::string_view name = "sale";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("concert", row.concert);
        v.column("mode", row.mode);
        v.column("opens_at", row.opens_at);
        v.column("policy_state", Bytes(row.policy_state));
        v.column("next_event", row.next_event);
        if constexpr (std::is_const_v<Row>) {
            static const std::string none;
            const RoomColumns room = RoomColumns::of(row.room);
            RoomColumns::visit(v, room);
            v.column("custom_policy", row.room ? row.room->custom : none);
            const DrawColumns draw = DrawColumns::of(row.draw);
            DrawColumns::visit(v, draw);
            v.column("share_state", Bytes(row.share_state));
        } else {
            RoomColumns room;
            std::string custom;
            RoomColumns::visit(v, room);
            v.column("custom_policy", custom);
            row.room = room.to_policy(std::move(custom));
            DrawColumns draw;
            DrawColumns::visit(v, draw);
            row.draw = draw.to_state();
            v.column("share_state", Bytes(row.share_state));
        }
    }
};

template <>
struct Table<User> {
    static constexpr std::string_view name = "user";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("id", row.id);
        v.column("key", row.user);
    }
};

template <>
struct Table<Line> {
    static constexpr std::string_view name = "line";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("concert", row.concert);
        v.key("class", row.line_class);
        v.column("epoch", row.epoch);
        v.column("next_sequence", row.next_sequence);
        if constexpr (std::is_const_v<Row>) {
            const DrawnColumns drawn = DrawnColumns::of(row.drawn);
            DrawnColumns::visit(v, drawn);
        } else {
            DrawnColumns drawn;
            DrawnColumns::visit(v, drawn);
            row.drawn = drawn.to_drawn(row.line_class);
        }
    }
};

template <>
struct Table<Member> {
    static constexpr std::string_view name = "member";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("concert", row.concert);
        v.key("user", row.user);
        v.column("latest", row.latest);
    }
};

template <>
struct Table<Place> {
    static constexpr std::string_view name = "place";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("concert", row.concert);
        v.key("number", row.number);
        v.column("user", row.user);
        v.column("user_id", row.user_id);
        v.column("status", row.status);
        v.column("joined_at", row.joined_at);
        v.column("passed_at", row.passed_at);
    }
};

template <>
struct Table<Pass> {
    static constexpr std::string_view name = "pass";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("concert", row.concert);
        v.key("number", row.number);
        v.column("user", row.user);
        v.column("user_id", row.user_id);
        v.seldom("status", row.status);
        v.column("admitted_at", row.admitted_at);
        v.seldom("expires_at", row.expires_at);
        v.column("ceiling", row.ceiling);
        v.column("held", row.held);
    }
    [[nodiscard]] static bool seldom_differ(const Pass& a, const Pass& b) {
        return a.status != b.status || a.expires_at != b.expires_at;
    }
};

template <>
struct Table<Limit> {
    static constexpr std::string_view name = "seat_limit";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("user", row.user);
        v.key("scope", row.scope);
        v.column("paid", row.paid);
        v.column("held", row.held);
    }
};

template <>
struct Table<Reservation> {
    static constexpr std::string_view name = "reservation";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("key", row.row);
        v.fixed("id", row.id);
        v.fixed("user", row.user);
        v.column("user_id", row.user_id);
        v.column("concert", row.concert);
        v.column("performance", row.performance);
        v.column("place", row.place);
        v.column("seats", row.seats);
        v.column("total", row.total);
        v.column("status", row.status);
        v.column("held_at", row.held_at);
        v.column("held_until", row.held_until);
        v.column("extend_until", row.extend_until);
        v.column("payment", row.payment);
        v.column("fingerprint", row.fingerprint);
    }
};

template <>
struct Table<Payment> {
    static constexpr std::string_view name = "payment";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("key", row.row);
        v.fixed("id", row.id);
        v.fixed("user", row.user);
        v.column("user_id", row.user_id);
        v.column("concert", row.concert);
        v.column("place", row.place);
        v.column("reservations", row.reservations);
        v.column("released", row.released);
        v.column("amount", row.amount);
        v.column("balance_after", row.balance_after);
        v.column("status", row.status);
        v.column("paid_at", row.paid_at);
        v.column("refunded_at", row.refunded_at);
        v.column("fingerprint", row.fingerprint);
    }
};

template <>
struct Table<Seat> {
    static constexpr std::string_view name = "seat";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("performance", row.performance);
        v.key("number", row.number);
        v.column("status", row.status);
        v.column("reservation", row.reservation);
        v.column("held_until", row.held_until);
    }
};

// --- Rows without a version: written once ------------------------------------------------------

// A transfer, and with it the checksum over its fields.
template <>
struct Table<Transfer> {
    static constexpr std::string_view name = "transfer";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("wallet", row.wallet);
        v.key("number", row.number);
        v.column("id", row.id);
        v.column("kind", row.kind);
        v.column("debit", row.debit);
        v.column("credit", row.credit);
        v.column("amount", row.amount);
        v.column("balance_after", row.balance_after);
        v.column("at", row.at);
        v.column("reference", row.reference);
        v.column("fingerprint", row.fingerprint);
    }
};

// What of an event stands beside its encoded facts and its checksum.
template <>
struct Table<Event> {
    static constexpr std::string_view name = "event";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("stream", row.stream.kind);
        v.key("owner", row.stream.owner);
        v.key("number", row.number);
        v.column("kind", row.kind);
        v.column("at", row.at);
    }
};

template <>
struct Table<Concert> {
    static constexpr std::string_view name = "concert";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("key", row.key);
        v.column("id", row.id);
        v.column("title", row.title);
        v.column("venue", row.venue);
        v.column("per_performance", row.limits.per_performance);
        v.column("per_concert", row.limits.per_concert);
        v.column("hold_ttl", row.hold_ttl);
        v.column("refunds_allowed", row.refunds.allowed);
        v.column("refunds_until_before_start", row.refunds.until_before_start);
        v.column("orphans", row.orphans);
    }
};

template <>
struct Table<Performance> {
    static constexpr std::string_view name = "performance";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("key", row.key);
        v.column("concert", row.concert);
        v.column("id", row.id);
        v.column("starts_at", row.starts_at);
        v.column("utc_offset", row.utc_offset);
        v.column("date", row.date);
    }
};

// Beside it stand the concert, and where the seat stood when the concert was added.
template <>
struct Table<HallSeat> {
    static constexpr std::string_view name = "hall_seat";
    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.key("number", row.number);
        v.column("label", row.label);
        v.column("section", row.section);
        v.column("row", row.row);
        v.column("x", row.x);
        v.column("y", row.y);
        v.column("price", row.price);
        v.column("plan_id", row.plan_id);
        v.column("general", row.general);
        v.column("allotted_to", row.allotted_to);
    }
};

// Whether rows of a table have columns that are visited as seldom().
template <class Row>
inline constexpr bool changes_seldom = requires(const Row& row) {
    Table<Row>::seldom_differ(row, row);
};

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

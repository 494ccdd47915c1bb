// Each row type and its table, said once for every backend that keeps rows in tables:
// Table<Row>::visit() names the columns in order, and from it come a backend's statements, its
// binding and its reading. docs/reference/schema.md says the same for people.
//
// A visitor has four calls: key() for the primary key, fixed() for what never changes once the row
// is there, seldom() for what is in an index and changes now and then (Table<Row>::seldom_differ()
// says whether it did), column() for the rest. A backend that has no use for the difference takes
// all of the last three for one.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "columns/sale_columns.hpp"
#include "concertres/storage.hpp"

namespace concertres::columns {

// Opaque bytes, where std::string alone would mean text.
template <class String>
struct Bytes {
    String& bytes;
};
template <class String>
Bytes(String&) -> Bytes<String>;

// The first and last value of each enumeration that is stored in a row. Of events any kind is read:
// the row's checksum says whether it is the one that was written.
template <class Enum>
inline constexpr std::int64_t first_of = 1;
template <>
inline constexpr std::int64_t first_of<SeatStatus> = 0;
template <>
inline constexpr std::int64_t first_of<EventKind> = 0;
template <>
inline constexpr std::int64_t first_of<PaymentStage> = 0;
template <class Enum>
inline constexpr std::int64_t last_of = -1;
template <>
inline constexpr auto last_of<SeatStatus> = static_cast<std::int64_t>(SeatStatus::sold);
template <>
inline constexpr auto last_of<ReservationStatus> =
    static_cast<std::int64_t>(ReservationStatus::refunded);
template <>
inline constexpr auto last_of<PaymentStatus> = static_cast<std::int64_t>(PaymentStatus::failed);
template <>
inline constexpr auto last_of<PaymentStage> = static_cast<std::int64_t>(PaymentStage::refund);
template <>
inline constexpr auto last_of<PlaceStatus> = static_cast<std::int64_t>(PlaceStatus::passed);
template <>
inline constexpr auto last_of<OrphanRule> = static_cast<std::int64_t>(OrphanRule::refused);
template <>
inline constexpr auto last_of<PassStatus> = static_cast<std::int64_t>(PassStatus::left);
template <>
inline constexpr auto last_of<SaleMode> = static_cast<std::int64_t>(SaleMode::closed);
template <>
inline constexpr auto last_of<TransferKind> = static_cast<std::int64_t>(TransferKind::refund);
template <>
inline constexpr auto last_of<StreamKind> = static_cast<std::int64_t>(StreamKind::room);
template <>
inline constexpr auto last_of<EventKind> =
    static_cast<std::int64_t>(std::numeric_limits<std::uint8_t>::max());

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
        v.column("closed_until", row.closed_until);
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
        v.column("stage", row.stage);
        v.column("method", row.method);
        v.column("reference", row.reference);
        v.column("failure", row.failure);
        v.column("begun_at", row.begun_at);
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

}  // namespace concertres::columns

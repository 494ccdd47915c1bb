#include "api/answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "base/hex.hpp"

namespace concertres::server {

namespace {

void write_seats(JsonWriter& json, const std::vector<SeatPrice>& seats, std::string_view currency) {
    json.begin_array();
    for (const SeatPrice& seat : seats) {
        json.begin_object().field("number", seat.number).field("label", seat.label).key("price");
        write_money(json, seat.price, currency);
        json.end_object();
    }
    json.end_array();
}

void write_ids(JsonWriter& json, const std::vector<ReservationId>& ids) {
    json.begin_array();
    for (const ReservationId& id : ids) json.value(id);
    json.end_array();
}

std::string_view transfer_name(TransferKind kind) {
    switch (kind) {
        case TransferKind::charge:
            return "charge";
        case TransferKind::payment:
            return "payment";
        case TransferKind::refund:
            return "refund";
    }
    return "charge";
}

}  // namespace

std::int64_t milliseconds(Duration duration) {
    return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

void write_money(JsonWriter& json, Money money, std::string_view currency) {
    json.begin_object().field("amount", money.minor).field("currency", currency).end_object();
}

std::string place_json(const PlaceView& place, std::optional<std::string_view> token) {
    std::string body;
    body.reserve(512);
    JsonWriter json(body);
    json.begin_object();
    if (token) json.field("token", *token);
    json.field("user_id", place.user)
        .field("concert_id", place.concert)
        .field("status", token_status_name(place.status))
        .field("number", place.number.value)
        .field("position", place.position)
        .field("ahead", place.ahead)
        .field("eta_ms", place.eta ? std::optional(milliseconds(*place.eta)) : std::nullopt)
        .field("poll_after_ms", milliseconds(place.poll_after))
        .field("pass_expires_at", place.pass_expires_at)
        .field("sale", sale_name(place.sale))
        .field("seats_left", place.seats_left)
        .field("seats_held", place.seats_held)
        .field("now", place.now)
        .end_object();
    return body;
}

std::string concerts_json(const std::vector<ConcertView>& concerts) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("concerts").begin_array();
    for (const ConcertView& concert : concerts) {
        json.begin_object()
            .field("concert_id", concert.id)
            .field("title", concert.title)
            .field("venue", concert.venue)
            .field("sale", sale_name(concert.sale))
            .field("opens_at", concert.opens_at)
            .field("waiting", concert.waiting)
            .end_object();
    }
    json.end_array().end_object();
    return body;
}

std::string dates_json(const std::vector<DateView>& dates) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("dates").begin_array();
    for (const DateView& date : dates) {
        json.begin_object()
            .field("performance_id", date.performance)
            .field("date", date.date)
            .field("starts_at", to_rfc3339(date.starts_at, date.utc_offset))
            .field("seats_total", date.seats_total)
            .field("seats_available", date.seats_available)
            .end_object();
    }
    json.end_array().end_object();
    return body;
}

void write_reservation(JsonWriter& json, const ReservationView& reservation,
                       std::string_view currency) {
    json.begin_object()
        .field("reservation_id", reservation.id)
        .field("status", reservation_status_name(reservation.status))
        .field("concert_id", reservation.concert)
        .field("performance_id", reservation.performance)
        .field("date", reservation.date)
        .key("seats");
    write_seats(json, reservation.seats, currency);
    json.key("total");
    write_money(json, reservation.total, currency);
    json.field("held_until", reservation.held_until)
        .field("held_for_ms", milliseconds(reservation.held_for))
        .field("extend_until", reservation.extend_until)
        .field("payment_id", reservation.payment)
        .field("now", reservation.now)
        .end_object();
}

void write_payment(JsonWriter& json, const PaymentView& payment, std::string_view currency) {
    json.begin_object().field("payment_id", payment.id).key("reservation_ids");
    write_ids(json, payment.reservations);
    json.field("status", payment_status_name(payment.status)).key("amount");
    write_money(json, payment.amount, currency);
    json.key("balance");
    write_money(json, payment.balance, currency);
    json.key("seats").begin_array();
    for (const PaidSeat& paid : payment.seats) {
        json.begin_object()
            .field("performance_id", paid.performance)
            .field("number", paid.seat.number)
            .field("label", paid.seat.label)
            .key("price");
        write_money(json, paid.seat.price, currency);
        json.end_object();
    }
    json.end_array().key("released");
    write_ids(json, payment.released);
    json.field("paid_at", payment.paid_at)
        .field("refunded_at", payment.refunded_at)
        .field("now", payment.now)
        .end_object();
}

void write_transfer(JsonWriter& json, const Transfer& transfer, std::string_view currency) {
    json.begin_object()
        .field("transfer_id", transfer.id)
        .field("kind", transfer_name(transfer.kind))
        .key("amount");
    write_money(json, transfer.amount, currency);
    json.key("balance");
    write_money(json, transfer.balance_after, currency);
    json.field("at", transfer.at)
        .field("reference",
               transfer.reference.is_nil() ? std::nullopt : std::optional(transfer.reference))
        .end_object();
}

std::string charge_json(const ChargeView& charge, std::string_view currency) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("charge_id", charge.id).key("amount");
    write_money(json, charge.amount, currency);
    json.key("balance");
    write_money(json, charge.balance, currency);
    json.field("now", charge.now).end_object();
    return body;
}

std::string wallet_json(const WalletView& wallet, std::string_view currency) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("user_id", wallet.user).key("balance");
    write_money(json, wallet.balance, currency);
    json.field("now", wallet.now).end_object();
    return body;
}

std::string room_json(const ConcertView& concert) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("concert_id", concert.id)
        .field("title", concert.title)
        .field("sale", sale_name(concert.sale))
        .field("opens_at", concert.opens_at)
        .field("waiting", concert.waiting)
        .field("admitted", concert.admitted)
        .key("room");
    if (!concert.room) {
        json.value(nullptr);
    } else {
        json.begin_object().field("active_max", concert.room->active_max).key("window");
        if (const auto& window = concert.room->window) {
            json.begin_object()
                .field("admit_max", window->admit_max)
                .field("window_ms", milliseconds(window->length))
                .end_object();
        } else {
            json.value(nullptr);
        }
        json.field("pass_ms", concert.room->pass_ttl
                                  ? std::optional(milliseconds(*concert.room->pass_ttl))
                                  : std::nullopt)
            .field("draw", concert.room->draw)
            .end_object();
    }
    json.field("now", concert.now).end_object();
    return body;
}

void write_draw(JsonWriter& json, const DrawView& draw) {
    const auto& drawn = draw.drawn;
    const auto of_draw = [&drawn](std::int64_t Drawn::*field) {
        return drawn ? std::optional((*drawn).*field) : std::nullopt;
    };
    json.field("concert_id", draw.concert)
        .field("algorithm", draw_algorithm)
        .field("commitment", to_hex(draw.commitment))
        .field("opens_at", draw.opens_at)
        .field("drawn", drawn.has_value())
        .field("seed", drawn ? std::optional(to_hex(draw.seed)) : std::nullopt)
        .field("epoch", of_draw(&Drawn::epoch))
        .field("size", of_draw(&Drawn::size))
        .field("drawn_at", drawn ? std::optional(drawn->at) : std::nullopt)
        .field("now", draw.now);
}

std::string draw_json(const DrawView& draw) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_draw(json, draw);
    json.end_object();
    return body;
}

std::string drawn_page_json(const DrawView& draw, const AdmissionsView& page) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_draw(json, draw);
    json.key("admissions").begin_array();
    for (const Admission& admission : page.admissions) {
        json.begin_object()
            .field("number", admission.number.value)
            .field("at", admission.at)
            .end_object();
    }
    json.end_array()
        .field("next_cursor", page.next ? std::optional(std::to_string(*page.next)) : std::nullopt)
        .end_object();
    return body;
}

namespace {

void write_counts(JsonWriter& json, const SeatCounts& seats) {
    json.begin_object()
        .field("free", seats.free)
        .field("held", seats.held)
        .field("sold", seats.sold)
        .field("blocked", seats.blocked)
        .end_object();
}

// As they are stored, but for times and money, which are written as everywhere here.
void write_facts(JsonWriter& json, const Event& event, std::string_view currency) {
    const auto facts = boost::json::parse(encode(event));
    json.begin_object();
    for (const auto& [name, value] : facts.as_object()) {
        json.key(name);
        if (name == "amount" || name == "balance") {
            write_money(json, Money{value.as_int64()}, currency);
        } else if (name == "until" || name == "pass_expires_at") {
            json.value(Time(Duration(value.as_int64())));
        } else {
            json.raw(boost::json::serialize(value));
        }
    }
    json.end_object();
}

void write_event(JsonWriter& json, const ToldEvent& told, std::string_view currency) {
    const Event& event = told.event;
    json.begin_object()
        .field("at", event.at)
        .field("event", event_name(event.kind))
        .field("stream", stream_name(event.stream.kind))
        .field("stream_id", told.owner)
        .field("number", event.number)
        .key("facts");
    write_facts(json, event, currency);
    json.end_object();
}

}  // namespace

std::string added_json(const ConcertView& concert, const BoxOffice& office) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("concert_id", concert.id).key("performances").begin_array();
    for (const PerformanceId& id : concert.performances) {
        const auto performance = office.performance({id});
        if (!performance) continue;  // it has just been added
        json.begin_object()
            .field("performance_id", id)
            .field("date", performance->date)
            .field("starts_at", to_rfc3339(performance->starts_at, performance->utc_offset))
            .field("seats_total", performance->seats_total)
            .end_object();
    }
    json.end_array().field("now", concert.now).end_object();
    return body;
}

std::string backup_json(const BackupView& copy) {
    std::string body;
    JsonWriter(body)
        .begin_object()
        .field("file", copy.file.string())
        .field("bytes", copy.bytes)
        .field("now", copy.now)
        .end_object();
    return body;
}

std::string report_json(const ReportView& report, std::string_view currency) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("concert_id", report.concert.id)
        .field("title", report.concert.title)
        .field("sale", sale_name(report.concert.sale))
        .field("waiting", report.concert.waiting)
        .field("admitted", report.concert.admitted)
        .key("seats");
    write_counts(json, report.concert.seats);
    json.key("takings");
    write_money(json, report.takings, currency);
    json.key("performances").begin_array();
    for (const PerformanceReport& performance : report.performances) {
        json.begin_object()
            .field("performance_id", performance.id)
            .field("date", performance.date)
            .field("starts_at", to_rfc3339(performance.starts_at, performance.utc_offset))
            .key("seats");
        write_counts(json, performance.seats);
        json.key("takings");
        write_money(json, performance.takings, currency);
        json.end_object();
    }
    json.end_array().field("now", report.now).end_object();
    return body;
}

std::string explanation_json(const Explanation& explanation, std::string_view currency) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("id", explanation.id)
        .field("kind", explained_name(explanation.kind))
        .field("state", explanation.state)
        .field("total", explanation.total)
        .key("events")
        .begin_array();
    for (const ToldEvent& told : explanation.events) write_event(json, told, currency);
    json.end_array().field("now", explanation.now).end_object();
    return body;
}

std::string audit_json(const AuditReport& report, std::string_view currency) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("clean", report.clean())
        .field("findings_total", report.findings_total)
        .key("findings")
        .begin_array();
    for (const Finding& finding : report.findings) {
        json.begin_object().field("rule", finding.rule).field("what", finding.what).end_object();
    }
    json.end_array()
        .field("concerts", report.concerts)
        .field("performances", report.performances)
        .field("places", report.places)
        .field("passes", report.passes)
        .field("reservations", report.reservations)
        .field("payments", report.payments)
        .field("transfers", report.transfers)
        .field("events", report.events)
        .key("seats");
    write_counts(json, report.seats);
    json.key("wallets");
    write_money(json, report.wallets, currency);
    json.key("takings");
    write_money(json, report.takings, currency);
    json.end_object();
    return body;
}

Snapshot snapshot_of(std::string json) {
    std::string etag = '"' + Uuid::from_name(json).to_string() + '"';
    return {.body = std::make_shared<const std::string>(std::move(json)), .etag = std::move(etag)};
}

}  // namespace concertres::server

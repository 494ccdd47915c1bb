#include "api/answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "http/spare_text.hpp"

namespace concertres::server {

namespace {

void write_seat(JsonWriter& json, const SeatPrice& seat, std::string_view currency) {
    json.field("number", seat.number).field("label", seat.label);
    if (!seat.section.empty()) json.field("section", seat.section);
    json.key("price");
    write_money(json, seat.price, currency);
}

void write_seats(JsonWriter& json, const std::vector<SeatPrice>& seats, std::string_view currency) {
    json.begin_array();
    for (const SeatPrice& seat : seats) {
        json.begin_object();
        write_seat(json, seat, currency);
        json.end_object();
    }
    json.end_array();
}

void write_ids(JsonWriter& json, const std::vector<ReservationId>& ids) {
    json.begin_array();
    for (const ReservationId& id : ids) json.value(id);
    json.end_array();
}

// Of the classes that the room names.
void write_waiting(JsonWriter& json, const ConcertView& concert) {
    json.begin_array();
    for (std::size_t i = 0; i < concert.class_waiting.size(); ++i) {
        json.begin_object()
            .field("class", concert.room->classes[i].name)
            .field("waiting", concert.class_waiting[i])
            .end_object();
    }
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

void write_area_counts(JsonWriter& json, const SeatCounts& seats) {
    json.field("available", seats.free).field("held", seats.held).field("sold", seats.sold);
}

std::string place_json(const PlaceView& place, std::optional<std::string_view> token) {
    std::string body = http::take_spare_text();
    JsonWriter json(body);
    json.begin_object();
    if (token) json.field("token", *token);
    json.field("user_id", place.user)
        .field("concert_id", place.concert)
        .field("status", token_status_name(place.status))
        .field("number", place.number.value);
    if (!place.line_class.empty()) json.field("class", place.line_class);
    json.field("position", place.position)
        .field("ahead", place.ahead)
        .field("eta_ms", place.eta ? std::optional(milliseconds(*place.eta)) : std::nullopt)
        .key("eta_range_ms");
    if (place.eta_min && place.eta_max) {
        json.begin_object()
            .field("min", milliseconds(*place.eta_min))
            .field("max", milliseconds(*place.eta_max))
            .end_object();
    } else {
        json.value(nullptr);
    }
    json.field("poll_after_ms", milliseconds(place.poll_after))
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
            .field("passed_over", concert.passed_over)
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
    // Nothing is paid while the provider has yet to take the money, nor where it did not.
    const bool is_paid = payment.paid_at != Time{};
    json.key("balance");
    if (is_paid) {
        write_money(json, payment.balance, currency);
    } else {
        json.value(nullptr);
    }
    json.key("seats").begin_array();
    for (const PaidSeat& paid : payment.seats) {
        json.begin_object().field("performance_id", paid.performance);
        write_seat(json, paid.seat, currency);
        json.end_object();
    }
    json.end_array().key("released");
    write_ids(json, payment.released);
    json.field("paid_at", is_paid ? std::optional(payment.paid_at) : std::nullopt)
        .field("failure", payment.failure.empty() ? std::nullopt : std::optional(payment.failure))
        .field("refunded_at", payment.refunded_at)
        .field("refundable_until", payment.refundable_until)
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

namespace {

// How the loop stands, and what it goes by.
void write_loop(JsonWriter& json, const std::optional<LoopView>& loop) {
    json.key("loop");
    if (!loop) {
        json.value(nullptr);
        return;
    }
    json.begin_object()
        .field("limit", loop->limit)
        .field("load", loop->load)
        .field("commit_ms",
               loop->commit_time
                   ? std::optional(static_cast<double>(loop->commit_time->count()) / 1'000)
                   : std::nullopt)
        .field("seats_per_pass", loop->seats_per_pass)
        .end_object();
}

}  // namespace

std::string room_json(const ConcertView& concert) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("concert_id", concert.id)
        .field("title", concert.title)
        .field("sale", sale_name(concert.sale))
        .field("opens_at", concert.opens_at)
        .field("waiting", concert.waiting)
        .key("waiting_by_class");
    write_waiting(json, concert);
    json.field("passed_over", concert.passed_over).field("admitted", concert.admitted).key("room");
    if (concert.room) {
        write_settings(json, *concert.room);
    } else {
        json.value(nullptr);
    }
    write_loop(json, concert.loop);
    json.field("now", concert.now).end_object();
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

namespace {

void write_sink(JsonWriter& json, const SinkState& sink) {
    json.begin_object()
        .field("sink", sink.sink)
        .field("disabled_at", sink.disabled_at)
        .field("events_waiting", sink.events)
        .field("streams_waiting", sink.streams);
}

}  // namespace

std::string sink_json(const SinkState& sink, const BoxOffice& office) {
    std::string body;
    JsonWriter json(body);
    write_sink(json, sink);
    json.field("now", office.now()).end_object();
    return body;
}

std::string sinks_json(const std::vector<SinkState>& sinks, const BoxOffice& office) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("sinks").begin_array();
    for (const SinkState& sink : sinks) {
        write_sink(json, sink);
        json.end_object();
    }
    json.end_array().field("now", office.now()).end_object();
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
        .key("waiting_by_class");
    write_waiting(json, report.concert);
    json.field("passed_over", report.concert.passed_over)
        .field("admitted", report.concert.admitted);
    write_loop(json, report.concert.loop);
    json.key("seats");
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
    return {.text = SharedText::make(std::move(json)), .etag = std::move(etag)};
}

}  // namespace concertres::server

// What the box office answers, as the JSON of http-api.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/seat_map.hpp"
#include "concertres/audit.hpp"
#include "concertres/box_office.hpp"
#include "concertres/operations.hpp"
#include "concertres/outbox.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

// {"amount": 50000, "currency": "KRW"}
void write_money(JsonWriter& json, Money money, std::string_view currency);
// "available", "held" and "sold" of an area, as fields of the object that is open.
void write_area_counts(JsonWriter& json, const SeatCounts& seats);

[[nodiscard]] std::string place_json(const PlaceView& place,
                                     std::optional<std::string_view> token = std::nullopt);
[[nodiscard]] std::string concerts_json(const std::vector<ConcertView>& concerts);
[[nodiscard]] std::string dates_json(const std::vector<DateView>& dates);

void write_reservation(JsonWriter& json, const ReservationView& reservation,
                       std::string_view currency);
void write_payment(JsonWriter& json, const PaymentView& payment, std::string_view currency);
[[nodiscard]] std::string ticket_json(const SignedTicket& issued);
[[nodiscard]] std::string ticket_keys_json(const std::vector<TicketPublicKey>& keys);
void write_transfer(JsonWriter& json, const Transfer& transfer, std::string_view currency);
[[nodiscard]] std::string charge_json(const ChargeView& charge, std::string_view currency);
[[nodiscard]] std::string wallet_json(const WalletView& wallet, std::string_view currency);
void write_settings(JsonWriter& json, const RoomPolicy& room);
// The concert, its sale and its room, for operators.
[[nodiscard]] std::string room_json(const ConcertView& concert);

// A draw, for everybody; and the same with some of its admissions, for operators.
[[nodiscard]] std::string draw_json(const DrawView& draw);
[[nodiscard]] std::string drawn_page_json(const DrawView& draw, const AdmissionsView& page);

// A concert that has just been added.
[[nodiscard]] std::string added_json(const ConcertView& concert, const BoxOffice& office);
[[nodiscard]] std::string backup_json(const BackupView& copy);
[[nodiscard]] std::string report_json(const ReportView& report, std::string_view currency);
[[nodiscard]] std::string explanation_json(const Explanation& explanation,
                                           std::string_view currency);
[[nodiscard]] std::string sink_json(const SinkState& sink, const BoxOffice& office);
[[nodiscard]] std::string sinks_json(const std::vector<SinkState>& sinks, const BoxOffice& office);
[[nodiscard]] std::string audit_json(const AuditReport& report, std::string_view currency);

// With an ETag that is a function of the content.
[[nodiscard]] Snapshot snapshot_of(std::string json);

[[nodiscard]] std::int64_t milliseconds(Duration duration);

}  // namespace concertres::server

// How the audit writes ids, times, amounts and states. They become text only in a finding that is
// kept, so a check may name them as it goes.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "concertres/admission.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/money.hpp"
#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

// A sum of amounts, or a difference of times, that cannot overflow, whatever a damaged row says.
__extension__ typedef __int128 Wide;

[[nodiscard]] constexpr Wide wide(Time time) { return Wide{time.time_since_epoch().count()}; }

// A moment, to the microsecond where it has any: a time that is wrong may be so by one.
struct At {
    Time time{};
};

// --- Names of states; nothing for a value that is none -----------------------------------------

template <std::size_t count>
[[nodiscard]] constexpr std::string_view name_among(const std::string_view (&names)[count],
                                                    std::size_t value) {
    return value < count ? names[value] : std::string_view();
}
[[nodiscard]] constexpr std::string_view audited_name(SeatStatus status) {
    constexpr std::string_view names[] = {"free", "blocked", "held", "sold"};
    return name_among(names, static_cast<std::size_t>(status));
}
[[nodiscard]] constexpr std::string_view audited_name(ReservationStatus status) {
    constexpr std::string_view names[] = {"", "held", "paid", "released", "expired", "refunded"};
    return name_among(names, static_cast<std::size_t>(status));
}
[[nodiscard]] constexpr std::string_view audited_name(PaymentStatus status) {
    constexpr std::string_view names[] = {"", "completed", "refunded", "authorizing", "failed"};
    return name_among(names, static_cast<std::size_t>(status));
}
[[nodiscard]] constexpr std::string_view audited_name(PaymentStage stage) {
    constexpr std::string_view names[] = {"none",    "done",   "authorize",
                                          "capture", "cancel", "refund"};
    return name_among(names, static_cast<std::size_t>(stage));
}
[[nodiscard]] constexpr std::string_view audited_name(PlaceStatus status) {
    constexpr std::string_view names[] = {"", "waiting", "admitted", "left", "passed over"};
    return name_among(names, static_cast<std::size_t>(status));
}
[[nodiscard]] constexpr std::string_view audited_name(PassStatus status) {
    constexpr std::string_view names[] = {"", "admitted", "spent", "expired", "left"};
    return name_among(names, static_cast<std::size_t>(status));
}
[[nodiscard]] constexpr std::string_view audited_name(TransferKind kind) {
    constexpr std::string_view names[] = {"", "charge", "payment", "refund"};
    return name_among(names, static_cast<std::size_t>(kind));
}
template <class Status>
[[nodiscard]] constexpr bool is_known(Status status) {
    return !audited_name(status).empty();
}

// --- Texts -------------------------------------------------------------------------------------

template <class Status>
requires std::is_enum_v<Status>
[[nodiscard]] std::string text_of(Status status) {
    return is_known(status) ? std::string(audited_name(status))
                            : fmt::format("unknown ({})", static_cast<unsigned>(status));
}
[[nodiscard]] inline std::string text_of(At at) {
    std::string text = to_rfc3339(at.time);
    const std::int64_t beyond_ms = at.time.time_since_epoch().count() % 1'000;
    if (beyond_ms != 0) text += fmt::format(" ({:+} us)", beyond_ms);
    return text;
}
template <class Tag>
[[nodiscard]] std::string text_of(const Id<Tag>& id) {
    return id.to_string();
}

template <class Value>
struct TextFormatter : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const Value& value, Context& context) const {
        return fmt::formatter<std::string_view>::format(text_of(value), context);
    }
};

}  // namespace concertres

template <class Tag>
struct fmt::formatter<concertres::Id<Tag>> : concertres::TextFormatter<concertres::Id<Tag>> {};
template <>
struct fmt::formatter<concertres::At> : concertres::TextFormatter<concertres::At> {};
template <>
struct fmt::formatter<concertres::SeatStatus> : concertres::TextFormatter<concertres::SeatStatus> {
};
template <>
struct fmt::formatter<concertres::ReservationStatus>
    : concertres::TextFormatter<concertres::ReservationStatus> {};
template <>
struct fmt::formatter<concertres::PaymentStatus>
    : concertres::TextFormatter<concertres::PaymentStatus> {};
template <>
struct fmt::formatter<concertres::PaymentStage>
    : concertres::TextFormatter<concertres::PaymentStage> {};
template <>
struct fmt::formatter<concertres::PlaceStatus>
    : concertres::TextFormatter<concertres::PlaceStatus> {};
template <>
struct fmt::formatter<concertres::PassStatus> : concertres::TextFormatter<concertres::PassStatus> {
};
template <>
struct fmt::formatter<concertres::TransferKind>
    : concertres::TextFormatter<concertres::TransferKind> {};

template <class Tag>
struct fmt::formatter<concertres::Key<Tag>> : fmt::formatter<std::int64_t> {
    template <class Context>
    auto format(concertres::Key<Tag> key, Context& context) const {
        return fmt::formatter<std::int64_t>::format(key.value, context);
    }
};
template <>
struct fmt::formatter<concertres::PlaceNumber> : fmt::formatter<std::int64_t> {
    template <class Context>
    auto format(concertres::PlaceNumber number, Context& context) const {
        return fmt::formatter<std::int64_t>::format(number.value, context);
    }
};
template <>
struct fmt::formatter<concertres::Money> : fmt::formatter<std::int64_t> {
    template <class Context>
    auto format(concertres::Money money, Context& context) const {
        return fmt::formatter<std::int64_t>::format(money.minor, context);
    }
};

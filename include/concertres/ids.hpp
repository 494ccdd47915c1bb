// Identities. Whatever a caller names has a 128-bit Id of its own type, written as a UUID. Inside,
// storage names rows by a Key: a dense 64-bit integer from the store's one sequence, so that tables
// and indexes grow at their end. An Id never changes and may be shown; a Key means nothing outside
// its store.
//
//   UserId u = UserId::from_name("alice@example.org");   // for hosts whose users have no UUID
//   std::optional<ConcertId> c = ConcertId::parse("8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91");
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace concertres {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const Uuid&, const Uuid&) = default;

    // Lower-case 8-4-4-4-12.
    [[nodiscard]] std::string to_string() const;
    void append_to(std::string& text) const;
    // Accepts 8-4-4-4-12 in either case and nothing else.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);
    // RFC 9562 version 5 in a namespace of this library's own: the same name, the same UUID.
    [[nodiscard]] static Uuid from_name(std::string_view name);
    // RFC 9562 version 4, from the system's random source.
    [[nodiscard]] static Uuid random();
};

template <class Tag>
struct Id {
    Uuid uuid{};

    friend auto operator<=>(const Id&, const Id&) = default;

    [[nodiscard]] bool is_nil() const { return uuid == Uuid{}; }
    [[nodiscard]] std::string to_string() const { return uuid.to_string(); }
    [[nodiscard]] static std::optional<Id> parse(std::string_view text) {
        if (auto uuid = Uuid::parse(text)) return Id{*uuid};
        return std::nullopt;
    }
    [[nodiscard]] static Id from_name(std::string_view name) { return Id{Uuid::from_name(name)}; }
    [[nodiscard]] static Id random() { return Id{Uuid::random()}; }
};

using UserId = Id<struct UserTag>;
using ConcertId = Id<struct ConcertTag>;
using PerformanceId = Id<struct PerformanceTag>;
using ReservationId = Id<struct ReservationTag>;
using PaymentId = Id<struct PaymentTag>;
using TransferId = Id<struct TransferTag>;

// A row's name in its store. 0 names nothing.
template <class Tag>
struct Key {
    std::int64_t value = 0;

    friend auto operator<=>(const Key&, const Key&) = default;
    explicit operator bool() const { return value != 0; }
};

using UserKey = Key<struct UserTag>;
using ConcertKey = Key<struct ConcertTag>;
using PerformanceKey = Key<struct PerformanceTag>;
using ReservationKey = Key<struct ReservationTag>;
using PaymentKey = Key<struct PaymentTag>;

// A seat's number within its hall, from 1.
using SeatNumber = std::int32_t;

// A class of a room by its number: where it stands in the room's list of classes, from 0.
using LineClass = std::int32_t;

// A place's number in a room: the class whose line it is in, an epoch, and a sequence within the
// two, given by the store and ordered as one integer. In the first class and epoch 0 it reads as
// the plain sequence 1, 2, 3, ... The number 0 stands for "no room": the place that everybody has
// at a concert without one. It has at most 53 bits, so that JavaScript reads it as it is.
struct PlaceNumber {
    std::int64_t value = 0;

    struct Parts {
        LineClass line_class = 0;
        std::int64_t epoch = 0;
        std::int64_t sequence = 0;
    };

    static constexpr int class_bits = 4;
    static constexpr int epoch_bits = 13;
    static constexpr int sequence_bits = 36;
    static constexpr LineClass classes_max = 1 << class_bits;
    static constexpr std::int64_t epochs_max = std::int64_t{1} << epoch_bits;
    static constexpr std::int64_t sequences_max = std::int64_t{1} << sequence_bits;

    friend auto operator<=>(const PlaceNumber&, const PlaceNumber&) = default;

    // REQUIRES: each is at least 0 and below its maximum
    [[nodiscard]] static PlaceNumber of(const Parts& parts) {
        const auto line_class = std::int64_t{parts.line_class};
        return {(((line_class << epoch_bits) | parts.epoch) << sequence_bits) | parts.sequence};
    }
    // In the first class.
    [[nodiscard]] static PlaceNumber of(std::int64_t epoch, std::int64_t sequence) {
        return of({.line_class = 0, .epoch = epoch, .sequence = sequence});
    }
    // The last number that there can be in a class.
    [[nodiscard]] static PlaceNumber last_of(LineClass line_class) {
        return of({line_class, epochs_max - 1, sequences_max - 1});
    }
    [[nodiscard]] LineClass line_class() const {
        return static_cast<LineClass>(value >> (epoch_bits + sequence_bits)) & (classes_max - 1);
    }
    [[nodiscard]] std::int64_t epoch() const { return (value >> sequence_bits) & (epochs_max - 1); }
    [[nodiscard]] std::int64_t sequence() const { return value & (sequences_max - 1); }
    // Whether it is one that a store can have given.
    [[nodiscard]] bool is_valid() const {
        return value > 0 && value <= last_of(classes_max - 1).value && sequence() > 0;
    }
};

namespace detail {
struct HashSecret {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
};
// Another one in each process.
[[nodiscard]] const HashSecret& hash_secret() noexcept;
}  // namespace detail

}  // namespace concertres

// Users' ids are what their hosts and clients choose, so a table of them must not depend on their
// bits: nobody without the secret knows which ids meet.
template <>
struct std::hash<concertres::Uuid> {
    std::size_t operator()(const concertres::Uuid& uuid) const noexcept {
        __extension__ using Wide = unsigned __int128;
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::memcpy(&high, uuid.bytes.data(), 8);
        std::memcpy(&low, uuid.bytes.data() + 8, 8);
        const concertres::detail::HashSecret& secret = concertres::detail::hash_secret();
        const Wide product = Wide{high ^ secret.high} * (low ^ secret.low);
        return static_cast<std::size_t>(product ^ (product >> 64));
    }
};

template <class Tag>
struct std::hash<concertres::Id<Tag>> {
    std::size_t operator()(const concertres::Id<Tag>& id) const noexcept {
        return std::hash<concertres::Uuid>{}(id.uuid);
    }
};

template <class Tag>
struct std::hash<concertres::Key<Tag>> {
    std::size_t operator()(const concertres::Key<Tag>& key) const noexcept {
        return static_cast<std::size_t>(static_cast<std::uint64_t>(key.value) *
                                        0x9e3779b97f4a7c15u);
    }
};

// What the audit was shown, so that each check can look rows up by their keys. Nothing is taken for
// granted: a row may name what is not there, and two rows may claim one key.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"
#include "engine/audit_findings.hpp"

namespace concertres {

struct AuditHash {
    using is_avalanching = void;

    // Keys are dense: their bits must be spread before they choose a bucket.
    static std::size_t mix(std::uint64_t a, std::uint64_t b = 0) {
        std::uint64_t x = (a ^ (b * 0x9e3779b97f4a7c15u)) + 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return static_cast<std::size_t>(x ^ (x >> 31));
    }
    static std::size_t mix_keys(std::int64_t a, std::int64_t b) {
        return mix(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b));
    }

    template <class Tag>
    std::size_t operator()(const Id<Tag>& id) const {
        return mix(std::hash<Uuid>{}(id.uuid));
    }
    template <class Tag>
    std::size_t operator()(Key<Tag> key) const {
        return mix(static_cast<std::uint64_t>(key.value));
    }
    std::size_t operator()(const SeatKey& key) const {
        return mix_keys(key.performance.value, key.number);
    }
    std::size_t operator()(const PlaceKey& key) const {
        return mix_keys(key.concert.value, key.number.value);
    }
    std::size_t operator()(const MemberKey& key) const {
        return mix_keys(key.concert.value, key.user.value);
    }
    std::size_t operator()(const LineKey& key) const {
        return mix_keys(key.concert.value, key.line_class);
    }
    std::size_t operator()(const LimitKey& key) const {
        return mix_keys(key.user.value, key.scope);
    }
    std::size_t operator()(const Stream& stream) const {
        return mix_keys(stream.owner, static_cast<std::int64_t>(stream.kind));
    }
};

template <class KeyType, class Value>
using AuditMap = boost::unordered_flat_map<KeyType, Value, AuditHash>;

// Rows in the order in which they were shown, found by key.
template <class Row>
class ShownTable {
  public:
    // False: there is one with this key already, and this one is left out.
    bool add(Row row) {
        const bool is_new =
            index_.emplace(row.key(), static_cast<std::uint32_t>(rows_.size())).second;
        if (is_new) rows_.push_back(std::move(row));
        return is_new;
    }
    [[nodiscard]] const Row* find(const KeyOf<Row>& key) const {
        const auto found = index_.find(key);
        return found == index_.end() ? nullptr : &rows_[found->second];
    }
    // The row of this key, which is made where there is none.
    [[nodiscard]] Row& at(const KeyOf<Row>& key, Row fresh) {
        const auto [found, is_new] = index_.emplace(key, static_cast<std::uint32_t>(rows_.size()));
        if (is_new) rows_.push_back(std::move(fresh));
        return rows_[found->second];
    }
    [[nodiscard]] Row* find(const KeyOf<Row>& key) {
        return const_cast<Row*>(std::as_const(*this).find(key));
    }

    [[nodiscard]] auto begin() const { return rows_.begin(); }
    [[nodiscard]] auto end() const { return rows_.end(); }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }

  private:
    std::vector<Row> rows_;
    AuditMap<KeyOf<Row>, std::uint32_t> index_;
};

struct ShownConcert {
    ConcertKey row{};
    ConcertId id{};
    SeatLimits limits{};
    std::vector<SeatNumber> seats{};  // sorted
    std::vector<PerformanceKey> performances{};
    std::map<SeatNumber, LineClass> allotted{};

    [[nodiscard]] ConcertKey key() const { return row; }
    [[nodiscard]] bool has(SeatNumber number) const {
        // Most halls are numbered from 1 without a gap.
        const auto guess = static_cast<std::size_t>(number) - 1;
        if (guess < seats.size() && seats[guess] == number) return true;
        return std::binary_search(seats.begin(), seats.end(), number);
    }
};

struct ShownPerformance {
    PerformanceKey row{};
    PerformanceId id{};
    ConcertKey concert{};

    [[nodiscard]] PerformanceKey key() const { return row; }
};

// What a wallet's event says of a transfer.
struct ShownMovement {
    TransferId transfer{};
    Stream stream{};
    std::int64_t number = 0;
    EventKind kind = EventKind::wallet_charged;
    Time at{};
    UserId user{};
    PaymentId payment{};
    Money amount{};
    Money balance{};

    [[nodiscard]] TransferId key() const { return transfer; }
};

struct AuditRows {
    ShownTable<ShownConcert> concerts;
    ShownTable<ShownPerformance> performances;
    ShownTable<User> users;
    ShownTable<Sale> sales;
    ShownTable<Line> lines;
    ShownTable<Member> members;
    ShownTable<Place> places;
    ShownTable<Pass> passes;
    ShownTable<PerformanceState> states;
    ShownTable<Limit> limits;
    ShownTable<Reservation> reservations;
    ShownTable<Payment> payments;
    ShownTable<Seat> seats;
    ShownTable<Wallet> wallets;
    ShownTable<Transfer> transfers;
    ShownTable<ShownMovement> movements;

    AuditMap<ConcertKey, Time> sale_changed_at;  // the last time

    // Second names, whose uniqueness is a check of its own.
    AuditMap<UserKey, UserId> user_ids;
    AuditMap<ReservationId, ReservationKey> reservation_keys;
    AuditMap<PaymentId, PaymentKey> payment_keys;

    [[nodiscard]] const Reservation* reservation(const ReservationId& id) const {
        const auto found = reservation_keys.find(id);
        return found == reservation_keys.end() ? nullptr : reservations.find(found->second);
    }
    [[nodiscard]] const Payment* payment(const PaymentId& id) const {
        const auto found = payment_keys.find(id);
        return found == payment_keys.end() ? nullptr : payments.find(found->second);
    }
    [[nodiscard]] const ShownConcert* hall_of(PerformanceKey key) const {
        const ShownPerformance* performance = performances.find(key);
        return performance == nullptr ? nullptr : concerts.find(performance->concert);
    }
};

// A row by its public id where it is there, else by its key. Lifetime: used while `rows` live.
template <class KeyType>
struct NameIn {
    const AuditRows* rows = nullptr;
    KeyType key{};
};
template <class KeyType>
[[nodiscard]] NameIn<KeyType> name(const AuditRows& rows, KeyType key) {
    return {&rows, key};
}
template <class KeyType>
[[nodiscard]] std::string text_of(const NameIn<KeyType>& named) {
    const AuditRows& rows = *named.rows;
    if constexpr (std::is_same_v<KeyType, ConcertKey>) {
        if (const auto* found = rows.concerts.find(named.key)) return found->id.to_string();
    } else if constexpr (std::is_same_v<KeyType, PerformanceKey>) {
        if (const auto* found = rows.performances.find(named.key)) return found->id.to_string();
    } else if constexpr (std::is_same_v<KeyType, ReservationKey>) {
        if (const auto* found = rows.reservations.find(named.key)) return found->id.to_string();
    } else if constexpr (std::is_same_v<KeyType, PaymentKey>) {
        if (const auto* found = rows.payments.find(named.key)) return found->id.to_string();
    } else {
        static_assert(std::is_same_v<KeyType, UserKey>);
        const auto found = rows.user_ids.find(named.key);
        if (found != rows.user_ids.end()) return found->second.to_string();
    }
    return fmt::format("with key {}", named.key.value);
}

}  // namespace concertres

template <class KeyType>
struct fmt::formatter<concertres::NameIn<KeyType>>
    : concertres::TextFormatter<concertres::NameIn<KeyType>> {};

// Rows that were read or written lately, as they are committed; also that there is none. Right as
// long as nobody else can write, and every commit puts what it has written.
//
// When there is no room, a row of the largest table makes some: one that has not been asked for
// since it was last passed over (a "second chance"). So a hot seat stays however many people join
// the line, and no call does more than a few steps.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/storage.hpp"

namespace concertres::sqlite {

struct KeyHash {
    template <class T>
    std::size_t operator()(const T& key) const {
        if constexpr (std::is_same_v<T, SeatKey>) {
            return mix(key.performance.value, key.number);
        } else if constexpr (std::is_same_v<T, PlaceKey>) {
            return mix(key.concert.value, key.number.value);
        } else if constexpr (std::is_same_v<T, MemberKey>) {
            return mix(key.concert.value, key.user.value);
        } else if constexpr (std::is_same_v<T, LineKey>) {
            return mix(key.concert.value, key.line_class);
        } else if constexpr (std::is_same_v<T, LimitKey>) {
            return mix(key.user.value, key.scope);
        } else {
            return std::hash<T>{}(key);
        }
    }

  private:
    static std::size_t mix(std::int64_t a, std::int64_t b) {
        const auto high = static_cast<std::uint64_t>(a) * 0x9e3779b97f4a7c15u;
        const auto low = static_cast<std::uint64_t>(b) * 0xc2b2ae3d27d4eb4fu;
        return static_cast<std::size_t>(high ^ (low >> 29) ^ low);
    }
};

template <class... Rows>
class RowCache {
  public:
    // What is known of a key: its row, or that there is none.
    template <class Row>
    using Entry = std::optional<Versioned<Row>>;

    explicit RowCache(std::size_t rows_max) : rows_max_(rows_max) {}

    // Null: nothing is known. Lifetime: until the next call.
    template <class Row>
    [[nodiscard]] const Entry<Row>* find(const KeyOf<Row>& key) {
        auto& index = of<Row>().index;
        const auto at = index.find(key);
        if (at == index.end()) return nullptr;
        at->second->asked_for = true;
        return &at->second->entry;
    }

    template <class Row>
    void put(const KeyOf<Row>& key, const Entry<Row>& entry) {
        if (rows_max_ == 0) return;
        Part<Row>& part = of<Row>();
        if (const auto at = part.index.find(key); at != part.index.end()) {
            at->second->entry = entry;
            at->second->asked_for = true;
            return;
        }
        if (size() >= rows_max_) make_room();
        auto& slot = part.slots.emplace_back(std::make_unique<Slot<Row>>(key, entry));
        part.index.emplace(key, slot.get());
    }

    // Never more than `rows_max`.
    [[nodiscard]] std::size_t size() const {
        return std::apply([](const auto&... part) { return (part.slots.size() + ...); }, parts_);
    }

  private:
    template <class Row>
    struct Slot {
        Slot(const KeyOf<Row>& of, const Entry<Row>& as) : key(of), entry(as) {}

        KeyOf<Row> key;
        Entry<Row> entry;
        bool asked_for = false;
    };

    // The rows of one table.
    template <class Row>
    struct Part {
        boost::unordered_flat_map<KeyOf<Row>, Slot<Row>*, KeyHash> index;
        std::vector<std::unique_ptr<Slot<Row>>> slots;
        std::size_t hand = 0;  // where the search for room goes on
    };

    template <class Row>
    Part<Row>& of() {
        return std::get<Part<Row>>(parts_);
    }

    void make_room() {
        std::size_t largest = 0;
        ((largest = std::max(largest, of<Rows>().slots.size())), ...);
        const bool done = ((of<Rows>().slots.size() == largest && forget_one(of<Rows>())) || ...);
        CONCERTRES_ASSERT(done);
    }

    template <class Row>
    static bool forget_one(Part<Row>& part) {
        // Where nearly all have been asked for, the last of these goes all the same.
        constexpr int passed_over_max = 16;
        auto& slots = part.slots;
        for (int passed = 0;; ++passed) {
            if (++part.hand >= slots.size()) part.hand = 0;
            if (!slots[part.hand]->asked_for || passed == passed_over_max) break;
            slots[part.hand]->asked_for = false;
        }
        part.index.erase(slots[part.hand]->key);
        slots[part.hand] = std::move(slots.back());
        slots.pop_back();
        return true;
    }

    std::size_t rows_max_;
    std::tuple<Part<Rows>...> parts_;
};

}  // namespace concertres::sqlite

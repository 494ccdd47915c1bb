// Rows as they are committed: those that were read or written lately, also that there is none; and
// all whose latest version is in the journal and not yet in the tables. Right as long as nobody
// else can write, and every commit puts what it has written.
//
// When there is no room, a row of the largest table makes some: one that has not been asked for
// since it was last passed over (a "second chance"), and that the tables have. So a hot seat stays
// however many people join the line, and no call does more than a few steps.
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
#include "sqlite/fold_queue.hpp"

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

// New rows of others come in about the order of their keys.
template <class Row>
constexpr bool has_random_key = std::is_same_v<Row, User>;

template <class... Rows>
class RowCache {
  public:
    // What is known of a key: its row, or that there is none.
    template <class Row>
    using Entry = std::optional<Versioned<Row>>;

    template <class Row>
    struct Slot {
        KeyOf<Row> key;
        Entry<Row> entry;
        bool asked_for = false;
        std::size_t position = 0;   // among the folded
        bool is_unfolded = false;   // the tables have an earlier version
        bool is_new = false;        // or none
        bool seldom_differ = true;  // or one that differs in what is visited as seldom()
    };

    // By key those that the tables have in some version, and then the new ones as they came, unless
    // their keys are random: see recover(), which relies on that.
    struct FoldOrder {
        template <class Row>
        std::pair<bool, KeyOf<Row>> operator()(const std::unique_ptr<Slot<Row>>& slot) const {
            if (has_random_key<Row>) return {false, slot->key};
            return {slot->is_new, slot->is_new ? KeyOf<Row>{} : slot->key};
        }
    };
    template <class Row>
    using Unfolded = FoldQueue<std::unique_ptr<Slot<Row>>, FoldOrder>;

    explicit RowCache(std::size_t rows_max) : rows_max_(rows_max) {}

    // Null: nothing is known. Lifetime: until the next call.
    template <class Row>
    [[nodiscard]] const Entry<Row>* find(const KeyOf<Row>& key) {
        Slot<Row>* slot = at<Row>(key);
        if (slot == nullptr) return nullptr;
        slot->asked_for = true;
        return &slot->entry;
    }

    // What the tables have.
    template <class Row>
    void put(const KeyOf<Row>& key, const Entry<Row>& entry) {
        if (rows_max_ == 0) return;
        if (Slot<Row>* slot = at<Row>(key)) {
            CONCERTRES_ASSERT(!slot->is_unfolded);
            slot->entry = entry;
            slot->asked_for = true;
            return;
        }
        keep(std::make_unique<Slot<Row>>(Slot<Row>{.key = key, .entry = entry}));
    }

    // What the journal has, and the tables not yet. seldom_differs(before) says whether it differs
    // from the version before in what is visited as seldom(); null: that is not known.
    template <class Row, class SeldomDiffers>
    void change(const Versioned<Row>& row, const SeldomDiffers& seldom_differs) {
        Part<Row>& part = of<Row>();
        Slot<Row>* slot = at<Row>(row.row.key());
        bool seldom_differ = seldom_differs(slot == nullptr ? nullptr : &slot->entry);
        if (slot == nullptr) {
            auto made = std::make_unique<Slot<Row>>(Slot<Row>{.key = row.row.key(), .entry = {}});
            slot = made.get();
            part.index.emplace(slot->key, slot);
            part.unfolded.push(std::move(made));
        } else if (!slot->is_unfolded) {
            part.unfolded.push(take_out(part, slot->position));
        } else {
            seldom_differ = seldom_differ || slot->seldom_differ;
        }
        slot->entry = row;
        slot->asked_for = true;
        slot->is_unfolded = true;
        slot->is_new = slot->is_new || row.version == 1;
        slot->seldom_differ = seldom_differ;
    }

    // --- folding: see FoldQueue
    // visit(std::type_identity<Row>, Unfolded<Row>&) for each table.
    template <class Visit>
    void for_each_unfolded(Visit&& visit) {
        (visit(std::type_identity<Rows>{}, of<Rows>().unfolded), ...);
    }
    // Takes a slot that the tables have now as it stands.
    template <class Row>
    void fold(std::unique_ptr<Slot<Row>> slot) {
        slot->is_unfolded = slot->is_new = false;
        slot->seldom_differ = true;
        if (rows_max_ == 0) {
            of<Row>().index.erase(slot->key);
            return;
        }
        make_room();
        place(std::move(slot));
    }

    // Rows that the tables have: never more than `rows_max`.
    [[nodiscard]] std::size_t size() const {
        return std::apply([](const auto&... part) { return (part.folded.size() + ...); }, parts_);
    }
    [[nodiscard]] std::size_t unfolded() const {
        return std::apply([](const auto&... part) { return (part.unfolded.size() + ...); }, parts_);
    }

  private:
    // The rows of one table.
    template <class Row>
    struct Part {
        boost::unordered_flat_map<KeyOf<Row>, Slot<Row>*, KeyHash> index;
        std::vector<std::unique_ptr<Slot<Row>>> folded;
        std::size_t hand = 0;  // where the search for room goes on
        Unfolded<Row> unfolded;
    };

    template <class Row>
    Part<Row>& of() {
        return std::get<Part<Row>>(parts_);
    }
    template <class Row>
    Slot<Row>* at(const KeyOf<Row>& key) {
        auto& index = of<Row>().index;
        const auto found = index.find(key);
        return found == index.end() ? nullptr : found->second;
    }

    template <class Row>
    void keep(std::unique_ptr<Slot<Row>> slot) {
        make_room();
        of<Row>().index.emplace(slot->key, slot.get());
        place(std::move(slot));
    }
    template <class Row>
    void place(std::unique_ptr<Slot<Row>> slot) {
        auto& folded = of<Row>().folded;
        slot->position = folded.size();
        folded.push_back(std::move(slot));
    }
    // The index still has it.
    template <class Row>
    static std::unique_ptr<Slot<Row>> take_out(Part<Row>& part, std::size_t position) {
        auto taken = std::move(part.folded[position]);
        if (position + 1 < part.folded.size()) {
            part.folded[position] = std::move(part.folded.back());
            part.folded[position]->position = position;
        }
        part.folded.pop_back();
        return taken;
    }

    void make_room() {
        if (size() < rows_max_) return;
        std::size_t largest = 0;
        ((largest = std::max(largest, of<Rows>().folded.size())), ...);
        const bool done = ((of<Rows>().folded.size() == largest && forget_one(of<Rows>())) || ...);
        CONCERTRES_ASSERT(done);
    }

    template <class Row>
    static bool forget_one(Part<Row>& part) {
        // Where nearly all have been asked for, the last of these goes all the same.
        constexpr int passed_over_max = 16;
        auto& folded = part.folded;
        for (int passed = 0;; ++passed) {
            if (++part.hand >= folded.size()) part.hand = 0;
            if (!folded[part.hand]->asked_for || passed == passed_over_max) break;
            folded[part.hand]->asked_for = false;
        }
        part.index.erase(folded[part.hand]->key);
        take_out(part, part.hand);
        return true;
    }

    std::size_t rows_max_;
    std::tuple<Part<Rows>...> parts_;
};

}  // namespace concertres::sqlite

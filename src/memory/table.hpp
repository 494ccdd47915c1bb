// How rows lie in memory. Nothing is ever taken out of a store, so rows stand still in pools and
// indexes point at them; a pointer once found stays good.
//
// A commit first stages all of its rows, which finds or makes their slots and checks them, and then
// applies them, which cannot fail. A slot that was made for a commit that failed has version 0 and
// counts as absent.
#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/ids.hpp"
#include "concertres/storage.hpp"

namespace concertres::memory {

// One commit: its number, and the end of the keys that have been allocated by then.
struct Group {
    std::uint64_t number = 0;
    std::int64_t key_end = 1;
};

// Objects that stay where they are, in the order in which they were made.
template <class T>
class Pool {
  public:
    T& make() {
        const std::size_t within = size_ % chunk_size;
        if (within == 0) chunks_.push_back(std::make_unique<T[]>(chunk_size));
        ++size_;
        return chunks_.back()[within];
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < size_; ++i) visit(chunks_[i / chunk_size][i % chunk_size]);
    }

  private:
    static constexpr std::size_t chunk_size = 64;

    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
};

// Dense keys to objects. Pages instead of a hash table: keys that were given together stand
// together, and growing never moves what is there, so no commit pays for a rehash of millions.
template <class T>
class DenseIndex {
  public:
    [[nodiscard]] T* find(std::int64_t key) const {
        const auto position = static_cast<std::uint64_t>(key);  // below 0: past the end
        const std::uint64_t page = position / page_size;
        if (page >= pages_.size() || !pages_[page]) return nullptr;
        return (*pages_[page])[position % page_size];
    }
    // REQUIRES: 0 < key, and key has been allocated
    [[nodiscard]] T*& at(std::int64_t key, std::int64_t key_end) {
        CONCERTRES_ASSERT(key > 0 && key < key_end);
        const auto position = static_cast<std::uint64_t>(key);
        const std::uint64_t page = position / page_size;
        if (page >= pages_.size()) pages_.resize(page + 1);
        if (!pages_[page]) pages_[page] = std::make_unique<Page>();
        return (*pages_[page])[position % page_size];
    }
    // In the order of their keys.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const auto& page : pages_) {
            if (!page) continue;
            for (T* object : *page) {
                if (object) visit(*object);
            }
        }
    }

  private:
    static constexpr std::size_t page_size = 1024;
    using Page = std::array<T*, page_size>;

    std::vector<std::unique_ptr<Page>> pages_;
};

// The map mixes what it gets, so this needs to be quick and to lose nothing.
inline std::size_t hash_of(std::int64_t a, std::int64_t b) {
    const auto high = static_cast<std::uint64_t>(a) * 0x9e3779b97f4a7c15u;
    return static_cast<std::size_t>((high << 32 | high >> 32) ^ static_cast<std::uint64_t>(b));
}
struct RowKeyHash {
    std::size_t operator()(const UserId& key) const { return std::hash<UserId>{}(key); }
    std::size_t operator()(const MemberKey& key) const {
        return hash_of(key.concert.value, key.user.value);
    }
    std::size_t operator()(const PlaceKey& key) const {
        return hash_of(key.concert.value, key.number.value);
    }
    std::size_t operator()(const LineKey& key) const {
        return hash_of(key.concert.value, key.line_class);
    }
    std::size_t operator()(const LimitKey& key) const { return hash_of(key.user.value, key.scope); }
};

template <class Row>
struct Slot {
    Versioned<Row> stored;
    std::uint64_t staged_by = 0;

    [[nodiscard]] bool is_there() const { return stored.version != 0; }
    // Each row stands in a commit once, one version above the one that is stored.
    void stage(const Versioned<Row>& row, const Group& group) {
        CONCERTRES_ASSERT(row.version == stored.version + 1);
        CONCERTRES_ASSERT(staged_by != group.number);
        staged_by = group.number;
    }
};

template <class Row>
class DenseRows {
  public:
    [[nodiscard]] Slot<Row>* find(const KeyOf<Row>& key) const { return index_.find(key.value); }
    Slot<Row>& find_or_make(const KeyOf<Row>& key, const Group& group) {
        Slot<Row>*& slot = index_.at(key.value, group.key_end);
        if (!slot) slot = &slots_.make();
        return *slot;
    }
    template <class Visit>
    void for_each(Visit&& visit) const {
        index_.for_each(visit);
    }

  private:
    Pool<Slot<Row>> slots_;
    DenseIndex<Slot<Row>> index_;
};

template <class Row>
class HashedRows {
  public:
    [[nodiscard]] Slot<Row>* find(const KeyOf<Row>& key) const {
        const auto at = index_.find(key);
        return at == index_.end() ? nullptr : at->second;
    }
    Slot<Row>& find_or_make(const KeyOf<Row>& key, const Group&) {
        Slot<Row>*& slot = index_[key];
        if (!slot) slot = &slots_.make();
        return *slot;
    }
    // In the order of their keys, so it sorts: for the scan.
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::vector<const Slot<Row>*> sorted;
        slots_.for_each([&](const Slot<Row>& slot) {
            if (slot.is_there()) sorted.push_back(&slot);
        });
        std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
            return a->stored.row.key() < b->stored.row.key();
        });
        for (const auto* slot : sorted) visit(*slot);
    }

  private:
    Pool<Slot<Row>> slots_;
    boost::unordered_flat_map<KeyOf<Row>, Slot<Row>*, RowKeyHash> index_;
};

// A table over either kind of rows, or over the seats.
template <class Row, class RowsOf>
class Table {
  public:
    [[nodiscard]] RowsOf& rows() { return rows_; }
    [[nodiscard]] const RowsOf& rows() const { return rows_; }

    // Nothing where there is no such row.
    [[nodiscard]] const Versioned<Row>* find(const KeyOf<Row>& key) const {
        const Slot<Row>* slot = rows_.find(key);
        return slot && slot->is_there() ? &slot->stored : nullptr;
    }
    // check(slot, row) for each, once it is staged.
    template <class Check>
    void stage(const std::vector<Versioned<Row>>& changes, const Group& group, Check&& check) {
        staged_.clear();
        staged_.reserve(changes.size());
        for (const Versioned<Row>& change : changes) {
            Slot<Row>& slot = rows_.find_or_make(change.row.key(), group);
            slot.stage(change, group);
            check(slot, change.row);
            staged_.push_back(&slot);
        }
    }
    // before_change(slot, row) for each, while the slot still has the old row, if any.
    // REQUIRES: the same changes have just been staged
    template <class BeforeChange>
    void apply(const std::vector<Versioned<Row>>& changes, BeforeChange&& before_change) {
        for (std::size_t i = 0; i < changes.size(); ++i) {
            before_change(*staged_[i], changes[i].row);
            staged_[i]->stored = changes[i];
        }
    }
    template <class Visit>
    void for_each(Visit&& visit) const {
        rows_.for_each([&](const Slot<Row>& slot) {
            if (slot.is_there()) visit(slot.stored.row);
        });
    }

  private:
    RowsOf rows_;
    std::vector<Slot<Row>*> staged_;  // kept, so that a commit allocates nothing for it
};

}  // namespace concertres::memory

// The rows of one group of commands: what was read, and what the commands made of it. A handler
// wants rows by key; what is not here is noted, read for the whole group at once, and the handler
// is asked again. Nothing here is seen by anybody until the ChangeSet has been committed.
//
// Threads: the writer's.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/siphash.hpp"
#include "concertres/assert.hpp"
#include "concertres/options.hpp"
#include "concertres/storage.hpp"
#include "engine/board.hpp"
#include "engine/catalog.hpp"
#include "engine/seat_pictures.hpp"

namespace concertres {

struct RowKeyHash {
    template <class T>
    std::size_t operator()(const T& key) const {
        if constexpr (std::is_same_v<T, int>) {
            return static_cast<std::size_t>(key);
        } else if constexpr (std::is_same_v<T, SeatKey>) {
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

// A row that exists or does not. Whoever takes it for one that exists, because another row or the
// catalog says so, and is wrong, has a damaged store before it: the engine stops.
template <class Row>
class StoredRow : public std::optional<Row> {
  public:
    using std::optional<Row>::optional;
    using std::optional<Row>::operator=;

    const Row& operator*() const {
        if (!this->has_value()) missing_row();
        return std::optional<Row>::operator*();
    }
    const Row* operator->() const { return &**this; }

  private:
    [[noreturn]] static void missing_row() {
        throw StorageError(StorageError::Kind::corrupt,
                           "the store is damaged: a row that must be there is missing");
    }
};

// The rows of one table. Slots stay where they are until clear().
template <class Row>
class RowTable {
  public:
    struct Slot {
        KeyOf<Row> key{};
        StoredRow<Row> row;
        std::uint64_t version = 0;
        bool loaded = false;
        bool changed = false;
    };

    // The slot of `key`; `added` where it has just been made.
    Slot& at(const KeyOf<Row>& key, bool& added) {
        auto [entry, inserted] = index_.try_emplace(key, nullptr);
        added = inserted;
        if (inserted) {
            if (used_ == slots_.size()) slots_.emplace_back();
            entry->second = &slots_[used_++];
            *entry->second = Slot{.key = key, .row = {}};
        }
        return *entry->second;
    }
    std::vector<Slot*>& changed() { return changed_; }
    // visit(row) for each that has been read and exists.
    template <class Visit>
    void for_each(const Visit& visit) const {
        for (const auto& [key, slot] : index_) {
            if (slot->row) visit(*slot->row);
        }
    }
    // visit(slot) for each, whether the row exists or not.
    template <class Visit>
    void for_each_slot(const Visit& visit) const {
        for (const auto& [key, slot] : index_) visit(*slot);
    }
    void forget(const KeyOf<Row>& key) { index_.erase(key); }
    void clear() {
        index_.clear();
        changed_.clear();
        used_ = 0;
    }

  private:
    boost::unordered_flat_map<KeyOf<Row>, Slot*, RowKeyHash> index_;
    std::deque<Slot> slots_;
    std::size_t used_ = 0;
    std::vector<Slot*> changed_;
};

// A row as a handler sees it: not there yet (null), or read; and then it exists or it does not.
template <class Row>
using Read = const StoredRow<Row>*;

// What a unit of work asks of its surroundings.
struct Surroundings {
    const Catalog* catalog = nullptr;
    const Options* options = nullptr;
    const KeyedHash* ids = nullptr;  // derives ids and fingerprints
    const Board* board = nullptr;
};

class UnitOfWork {
  public:
    // Without `pictures` nobody may ask for what is free.
    // Lifetime: `pictures` outlive it.
    explicit UnitOfWork(const Surroundings& surroundings, SeatPictures* pictures = nullptr)
        : surroundings_(surroundings), pictures_(pictures) {}

    [[nodiscard]] const Catalog& catalog() const { return *surroundings_.catalog; }
    [[nodiscard]] const Options& options() const { return *surroundings_.options; }
    [[nodiscard]] const KeyedHash& ids() const { return *surroundings_.ids; }
    [[nodiscard]] const Board& board() const { return *surroundings_.board; }

    // --- reading
    // Null where the row has not been read yet; it is noted as wanted then.
    template <class Row>
    Read<Row> want(const KeyOf<Row>& key) {
        bool added = false;
        auto& slot = table<Row>().at(key, added);
        if (added) wanted_.of<Row>().push_back({key});
        if (slot.loaded) return &slot.row;
        missing_ = true;
        return nullptr;
    }
    // What the picture of this performance shows as free now: what has been committed, and nothing
    // of this group. Null where there is no picture yet; it is noted as wanted then.
    const SeatSet* want_free(PerformanceKey performance);
    // A picture that was asked for; it is not noted any more.
    std::optional<PerformanceKey> take_wanted_picture();
    // visit(row) for each row of the table that has been read, or made, and exists.
    template <class Row, class Visit>
    void for_each(const Visit& visit) {
        table<Row>().for_each(visit);
    }
    // Whether a want since the last take_missing found nothing.
    [[nodiscard]] bool missing() const { return missing_; }
    // The same; forgets it.
    bool take_missing() { return std::exchange(missing_, false); }
    [[nodiscard]] const RowKeys& wanted() const { return wanted_; }
    // Takes what was read for wanted(), which is empty then.
    void absorb(Rows& found);
    // The keys of what was read and others may have changed since: of all rows but those that are
    // written once and are there.
    // REQUIRES: all that is wanted has been read
    [[nodiscard]] RowKeys to_load() const;
    // Takes what was loaded for to_load(). Who waits in a room stays as it was read: the rows of
    // those who have joined since were not.
    void absorb_loaded(Rows& found);

    // --- changing
    // Writes a row; it must have been read, or be new by its key.
    template <class Row>
    void put(Row row) {
        bool added = false;
        auto& slot = table<Row>().at(row.key(), added);
        CONCERTRES_ASSERT(added || slot.loaded);
        note_name(row);
        if (!slot.changed) {
            note_before(row.key(), slot.row);
            table<Row>().changed().push_back(&slot);
        }
        slot.row = std::move(row);
        slot.loaded = true;
        slot.changed = true;
    }
    // The wallets that were put, each as it stood before this group: empty, where it is new.
    [[nodiscard]] const std::vector<Wallet>& wallets_before() const { return wallets_before_; }
    void append(Transfer transfer);
    void append(std::vector<Event>& events);
    // Drops what was read of a row that only storage can know: it is read anew by the next group.
    template <class Row>
    void forget(const KeyOf<Row>& key) {
        table<Row>().forget(key);
    }
    // The user's key, or one for a user whose first command this is; whoever lets the command
    // through then puts the User.
    UserKey user_key(Read<User> user);
    // A key that no row has. One that is not used is lost, which does no harm.
    // REQUIRES: the writer provided enough
    std::int64_t new_key();
    void provide_keys(std::int64_t first, std::size_t count);
    [[nodiscard]] std::size_t keys_left() const { return keys_left_; }

    // --- a group
    void begin(Time now);
    // From now on the commands are decided one by one: each sees what those before it did.
    void begin_deciding() { deciding_ = true; }
    [[nodiscard]] bool deciding() const { return deciding_; }
    // Another number for each group.
    [[nodiscard]] std::uint64_t group() const { return group_; }
    // What is free of the performance and not yet proposed to any command of this group; empty
    // until the first proposal has put it there.
    [[nodiscard]] SeatSet& unclaimed(PerformanceKey performance) { return unclaimed_[performance]; }
    void set_now(Time now) { now_ = now; }
    [[nodiscard]] Time now() const { return now_; }
    [[nodiscard]] ChangeSet take();

  private:
    template <class... Row>
    struct TableSet {
        std::tuple<RowTable<Row>...> tables;
    };
    template <class Row>
    static void note_name(const Row&) {}
    void note_name(const Reservation& row) { set_name<ReservationName>({row.id, row.row}); }
    void note_name(const Payment& row) { set_name<PaymentName>({row.id, row.row}); }
    template <class Key, class Row>
    void note_before(const Key&, const std::optional<Row>&) {}
    void note_before(UserKey key, const std::optional<Wallet>& wallet) {
        wallets_before_.push_back(wallet.value_or(Wallet{.user = key}));
    }
    template <class Name>
    void set_name(Name name) {
        bool added = false;
        auto& slot = table<Name>().at(name.key(), added);
        slot.row = std::move(name);
        slot.loaded = true;
    }
    template <class Row>
    RowTable<Row>& table() {
        return std::get<RowTable<Row>>(tables_.tables);
    }

    Surroundings surroundings_;
    SeatPictures* pictures_;
    Time now_;
    std::uint64_t group_ = 0;
    bool deciding_ = false;
    bool missing_ = false;
    std::vector<PerformanceKey> wanted_pictures_;
    boost::unordered_flat_map<PerformanceKey, SeatSet, RowKeyHash> unclaimed_;
    RowKeys wanted_;
    TableSet<PerformanceState, Wallet, Sale, User, Line, Member, Place, Pass, Limit, Reservation,
             Payment, Seat, ReservationName, PaymentName, Transfer, RoomLine, ExpiringHolds>
        tables_;
    std::vector<Wallet> wallets_before_;
    std::vector<Transfer> transfers_;
    std::vector<Event> events_;
    std::int64_t next_key_ = 0;
    std::size_t keys_left_ = 0;
};

}  // namespace concertres

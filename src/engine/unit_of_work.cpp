#include "engine/unit_of_work.hpp"

#include <utility>

namespace concertres {

void UnitOfWork::absorb(Rows& found) {
    found.for_each([this](auto& column) {
        for (auto& cell : column) {
            using Row = typename std::remove_cvref_t<decltype(cell.row)>::value_type;
            using Bare = decltype(Row::row);
            bool added = false;
            auto& slot = table<Bare>().at(cell.key, added);
            CONCERTRES_ASSERT(!slot.changed);
            slot.loaded = true;
            slot.version = cell.row ? cell.row->version : 0;
            slot.row = cell.row ? std::optional<Bare>(std::move(cell.row->row)) : std::nullopt;
        }
    });
    wanted_.clear();
}

namespace {

// Once they are there they stay as they are. Where they were not they may be by now: what was asked
// for on another instance too is answered then, and not refused by what that has changed.
template <class Row>
constexpr bool is_written_once =
    std::is_same_v<Row, User> || std::is_same_v<Row, ReservationName> ||
    std::is_same_v<Row, PaymentName> || std::is_same_v<Row, Transfer>;

// They were read to find out which reservations to look at, and those are loaded.
template <class Row>
constexpr bool is_hint = std::is_same_v<Row, ExpiringHolds>;

}  // namespace

RowKeys UnitOfWork::to_load() const {
    RowKeys keys;
    keys.for_each([this]<class Row>(std::vector<Wanted<Row>>& column) {
        if constexpr (!is_hint<Row>) {
            std::get<RowTable<Row>>(tables_.tables).for_each_slot([&](const auto& slot) {
                if constexpr (is_written_once<Row>) {
                    if (slot.row) return;
                }
                column.push_back({slot.key});
            });
        }
    });
    return keys;
}

void UnitOfWork::absorb_loaded(Rows& found) {
    for (Found<RoomLine>& line : found.of<RoomLine>()) {
        bool added = false;
        auto& slot = table<RoomLine>().at(line.key, added);
        if (line.row && slot.row) line.row->row.waiting = std::move(slot.row->waiting);
    }
    absorb(found);
}

const SeatSet* UnitOfWork::want_free(PerformanceKey performance) {
    CONCERTRES_ASSERT(pictures_ != nullptr);
    if (pictures_->has(performance)) return &pictures_->free_at(performance, now_);
    wanted_pictures_.push_back(performance);
    missing_ = true;
    return nullptr;
}

std::optional<PerformanceKey> UnitOfWork::take_wanted_picture() {
    if (wanted_pictures_.empty()) return std::nullopt;
    const PerformanceKey wanted = wanted_pictures_.back();
    // Whatever else was wanted is asked for again, when the commands gather once more.
    wanted_pictures_.clear();
    return wanted;
}

void UnitOfWork::append(Transfer transfer) {
    set_name<Transfer>(transfer);
    transfers_.push_back(std::move(transfer));
}

void UnitOfWork::append(std::vector<Event>& events) {
    events_.insert(events_.end(), std::make_move_iterator(events.begin()),
                   std::make_move_iterator(events.end()));
    events.clear();
}

UserKey UnitOfWork::user_key(Read<User> user) {
    CONCERTRES_ASSERT(user != nullptr);
    return *user ? (*user)->user : UserKey{new_key()};
}

std::int64_t UnitOfWork::new_key() {
    CONCERTRES_ASSERT(keys_left_ > 0);
    --keys_left_;
    return next_key_++;
}

void UnitOfWork::provide_keys(std::int64_t first, std::size_t count) {
    next_key_ = first;
    keys_left_ = count;
}

void UnitOfWork::begin(Time now) {
    now_ = now;
    ++group_;
    deciding_ = false;
    missing_ = false;
    wanted_pictures_.clear();
    unclaimed_.clear();
    wanted_.clear();
    std::apply([](auto&... table) { (table.clear(), ...); }, tables_.tables);
    wallets_before_.clear();
    transfers_.clear();
    events_.clear();
}

ChangeSet UnitOfWork::take() {
    ChangeSet changes;
    changes.at = now_;
    changes.rows.for_each([this](auto& column) {
        using Row = decltype(std::remove_cvref_t<decltype(column)>::value_type::row);
        for (auto* slot : table<Row>().changed()) {
            column.push_back({std::move(*slot->row), slot->version + 1});
        }
    });
    changes.transfers = std::move(transfers_);
    changes.events = std::move(events_);
    return changes;
}

}  // namespace concertres

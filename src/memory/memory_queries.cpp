// What a MemoryStorage tells: rows by key, the bounded queries, and the scan.
#include <algorithm>

#include "base/fetch_ahead.hpp"
#include "concertres/assert.hpp"
#include "memory/memory_storage.hpp"

namespace concertres::memory {
namespace {

// Rows that are made of others when somebody wants them; what is written once has version 1.
template <class Row>
constexpr bool is_derived = std::is_same_v<Row, ReservationName> ||
                            std::is_same_v<Row, PaymentName> || std::is_same_v<Row, Transfer> ||
                            std::is_same_v<Row, RoomLine> || std::is_same_v<Row, ExpiringHolds>;

}  // namespace

// --- Rows by key
// ----------------------------------------------------------------------------------

template <class Row>
std::optional<Row> MemoryStorage::derive(const KeyOf<Row>& key) {
    if constexpr (std::is_same_v<Row, ReservationName>) {
        const auto* slot = reservation_names_.find(key);
        if (slot) return ReservationName{key, slot->stored.row.row};
    } else if constexpr (std::is_same_v<Row, PaymentName>) {
        const auto* slot = payment_names_.find(key);
        if (slot) return PaymentName{key, slot->stored.row.row};
    } else if constexpr (std::is_same_v<Row, Transfer>) {
        const Transfer* transfer = ledger_.find(key);
        if (transfer) return *transfer;
    } else if constexpr (std::is_same_v<Row, RoomLine>) {
        const Show* show = show_index_.find(key.value);
        if (show) return show->room.line(key);
    } else {
        static_assert(std::is_same_v<Row, ExpiringHolds>);
        if (key == ExpiringHolds{}.key()) return held_.batch();
    }
    return std::nullopt;
}

template <class Row>
void MemoryStorage::read_rows(const std::vector<Wanted<Row>>& wanted,
                              std::vector<Found<Row>>& found) {
    // Found first and copied then: the memory of one comes while the next is looked for.
    std::vector<const Slot<Row>*> slots;
    slots.reserve(wanted.size());
    for (const Wanted<Row>& want : wanted) {
        slots.push_back(table<Row>().rows().find(want.key));
        if (slots.back()) fetch_ahead(*slots.back());
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        Found<Row>& row = found.emplace_back();
        row.key = wanted[i].key;
        if (slots[i] && slots[i]->is_there()) row.row = slots[i]->stored;
    }
}

void MemoryStorage::read(const RowKeys& wanted, Rows& found) {
    wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
        if (keys.empty()) return;
        std::vector<Found<Row>>& rows = found.template of<Row>();
        const std::size_t size = rows.size() + keys.size();
        if (size > rows.capacity()) rows.reserve(std::max(size, 2 * rows.capacity()));
        if constexpr (is_derived<Row>) {
            for (const Wanted<Row>& want : keys) {
                Found<Row>& row = rows.emplace_back();
                row.key = want.key;
                if (auto derived = derive<Row>(want.key)) row.row = {*std::move(derived), 1};
            }
        } else {
            read_rows(keys, rows);
        }
    });
}

Time MemoryStorage::load(const RowKeys& wanted, Rows& found) {
    read(wanted, found);
    return now();
}

// --- Bounded queries ---------------------------------------------------------------------------

std::vector<PerformanceState> MemoryStorage::performances(ConcertKey concert, Time after) {
    std::vector<PerformanceState> result;
    const Show* show = show_index_.find(concert.value);
    if (!show) return result;
    const auto later =
        std::upper_bound(show->by_start.begin(), show->by_start.end(), after,
                         [](Time wanted, const std::pair<Time, PerformanceKey>& start) {
                             return wanted < start.first;
                         });
    for (auto at = later; at != show->by_start.end(); ++at) {
        result.push_back(table<PerformanceState>().find(at->second)->row);
    }
    return result;
}

Result<std::unique_ptr<BackupJob>> MemoryStorage::backup(const std::filesystem::path&) {
    return Error{Errc::request_invalid,
                 "a store in memory has no file to make a backup of: only one on disk has",
                 {}};
}

std::vector<Seat> MemoryStorage::seats(PerformanceKey performance, SeatNumber after,
                                       std::size_t limit) {
    std::vector<Seat> result;
    const Hall* hall = table<Seat>().rows().hall(performance);
    if (!hall) return result;
    const auto first = std::upper_bound(
        hall->seats.begin(), hall->seats.end(), after,
        [](SeatNumber number, const Slot<Seat>& slot) { return number < slot.stored.row.number; });
    const auto left = static_cast<std::size_t>(hall->seats.end() - first);
    result.reserve(std::min(left, limit));
    for (auto at = first; at != hall->seats.end() && result.size() < limit; ++at) {
        result.push_back(at->stored.row);
    }
    return result;
}

std::map<PerformanceKey, std::int64_t> MemoryStorage::dead_seats(Time now) {
    return held_.dead_seats(now);
}

std::optional<Time> MemoryStorage::next_deadline() {
    std::optional<Time> earliest = held_.first();
    const auto consider = [&](std::optional<Time> end) {
        if (end && (!earliest || *end < *earliest)) earliest = end;
    };
    shows_.for_each([&](const Show& show) { consider(show.room.first_end()); });
    return earliest;
}

std::vector<Place> MemoryStorage::waiting(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    const Show* show = show_index_.find(concert.value);
    if (!show) return {};
    return places(concert, show->room.waiting(after, limit));
}

std::vector<Place> MemoryStorage::passed(ConcertKey concert, PlaceNumber after, std::size_t limit) {
    const Show* show = show_index_.find(concert.value);
    if (!show) return {};
    return places(concert, show->room.passed(after, limit));
}

std::vector<Place> MemoryStorage::places(ConcertKey concert,
                                         const std::vector<PlaceNumber>& numbers) const {
    std::vector<Place> result;
    for (const PlaceNumber number : numbers) {
        result.push_back(table<Place>().find({concert, number})->row);
    }
    return result;
}

std::vector<Pass> MemoryStorage::admitted(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    std::vector<Pass> result;
    const Show* show = show_index_.find(concert.value);
    if (!show) return result;
    for (PlaceNumber number : show->room.admitted(after, limit)) {
        result.push_back(table<Pass>().find({concert, number})->row);
    }
    return result;
}

std::vector<std::optional<HoldEnd>> MemoryStorage::ends_of_holds(
    std::span<const ReservationKey> keys) {
    return held_.ends(keys);
}

std::vector<Reservation> MemoryStorage::reservations(UserKey user,
                                                     std::optional<ReservationKey> before,
                                                     std::size_t limit) {
    const UserRows* rows = users_.find(user);
    return rows ? newest(rows->reservations, before, limit) : std::vector<Reservation>{};
}

std::vector<Payment> MemoryStorage::payments(UserKey user, std::optional<PaymentKey> before,
                                             std::size_t limit) {
    const UserRows* rows = users_.find(user);
    return rows ? newest(rows->payments, before, limit) : std::vector<Payment>{};
}

std::vector<Payment> MemoryStorage::open_payments(PaymentKey after, std::size_t limit) {
    std::vector<Payment> result;
    for (const PaymentKey key : open_payments_.after(after, limit)) {
        result.push_back(table<Payment>().find(key)->row);
    }
    return result;
}

std::vector<Transfer> MemoryStorage::transfers(UserKey user, std::optional<std::int64_t> before,
                                               std::size_t limit) {
    std::vector<Transfer> result;
    const UserRows* rows = users_.find(user);
    if (!rows) return result;
    // Number n stands at n - 1.
    const auto size = static_cast<std::int64_t>(rows->transfers.size());
    std::int64_t end = before ? std::clamp<std::int64_t>(*before, 1, size + 1) - 1 : size;
    while (end > 0 && result.size() < limit) {
        result.push_back(rows->transfers[static_cast<std::size_t>(--end)]->transfer);
    }
    return result;
}

std::vector<Event> MemoryStorage::events(const Stream& stream, std::int64_t after,
                                         std::size_t limit) {
    std::vector<Event> result;
    const std::int64_t last = events_.size(stream);
    for (std::int64_t number = std::max<std::int64_t>(after, 0);
         number < last && result.size() < limit;) {
        result.push_back(events_.read(stream, ++number).event);
    }
    return result;
}

Uuid MemoryStorage::id_of(const Stream& stream) const {
    if (stream.kind == StreamKind::room) {
        return show_index_.find(stream.owner)->as_added.concert.id.uuid;
    }
    Uuid id;
    shows_.for_each([&](const Show& show) {
        for (const Performance& performance : show.as_added.performances) {
            if (performance.key.value == stream.owner) id = performance.id.uuid;
        }
    });
    return id;
}

// --- The scan ----------------------------------------------------------------------------------

void MemoryStorage::scan(ScanVisitor& visitor) {
    show_index_.for_each([&](const Show& show) { visitor.on_concert(as_it_stands(show)); });
    std::apply(
        [&](const auto&... each) {
            (each.for_each([&](const auto& row) { visitor.on(row); }), ...);
        },
        tables_);
    users_.for_each([&](const UserRows& user) {
        for (const TransferSlot* slot : user.transfers) {
            visitor.on(slot->transfer, checksum(slot->transfer) == slot->checksum);
        }
    });
    events_.for_each_stream([&](const Stream& stream) {
        const std::int64_t last = events_.size(stream);
        for (std::int64_t number = 1; number <= last; ++number) {
            const EventLog::Read read = events_.read(stream, number);
            visitor.on(read.event, read.intact);
        }
    });
}

}  // namespace concertres::memory

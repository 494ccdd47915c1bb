#include "engine/catalog.hpp"

#include <algorithm>
#include <mutex>

#include "concertres/assert.hpp"

namespace concertres {

namespace {

template <class Map, class Key>
auto find_in(const Map& map, const Key& key) -> typename Map::mapped_type {
    auto at = map.find(key);
    return at == map.end() ? nullptr : at->second;
}

// Of an exclusive store that is damage, and its engine stops.
[[noreturn]] void miss() {
    throw StorageError(StorageError::Kind::unavailable,
                       "a row is of a concert that is not known here yet: another instance has "
                       "only just added it");
}

}  // namespace

const HallSeat* CatalogConcert::seat(SeatNumber number) const {
    // Halls are mostly numbered 1..n, where the seat stands at its number.
    const auto guess = static_cast<std::size_t>(number) - 1;
    if (number >= 1 && guess < seats.size() && seats[guess].number == number) return &seats[guess];
    auto at = std::ranges::lower_bound(seats, number, {}, &HallSeat::number);
    return at != seats.end() && at->number == number ? &*at : nullptr;
}

std::unique_ptr<CatalogConcert> Catalog::make(const NewConcert& added) {
    auto concert = std::make_unique<CatalogConcert>();
    concert->concert = added.concert;
    concert->seats = added.seats;
    concert->seating = Seating(added.seats);
    std::ranges::sort(concert->seats, {}, &HallSeat::number);
    for (const Performance& performance : added.performances) {
        concert->performances.push_back({performance, concert.get()});
    }
    std::ranges::sort(concert->performances, {},
                      [](const CatalogPerformance& p) { return p.performance.starts_at; });
    return concert;
}

void Catalog::add(std::unique_ptr<CatalogConcert> concert) {
    std::unique_lock lock(mutex_);
    concerts_by_id_.emplace(concert->concert.id, concert.get());
    concerts_by_key_.emplace(concert->concert.key, concert.get());
    for (const CatalogPerformance& entry : concert->performances) {
        performances_by_id_.emplace(entry.performance.id, &entry);
        performances_by_key_.emplace(entry.performance.key, &entry);
    }
    concerts_.push_back(std::move(concert));
}

const CatalogConcert* Catalog::find(const ConcertId& id) const {
    std::shared_lock lock(mutex_);
    return find_in(concerts_by_id_, id);
}

const CatalogPerformance* Catalog::find(const PerformanceId& id) const {
    std::shared_lock lock(mutex_);
    return find_in(performances_by_id_, id);
}

const CatalogConcert& Catalog::at(ConcertKey key) const {
    std::shared_lock lock(mutex_);
    const CatalogConcert* concert = find_in(concerts_by_key_, key);
    if (concert == nullptr) miss();
    return *concert;
}

const CatalogPerformance& Catalog::at(PerformanceKey key) const {
    std::shared_lock lock(mutex_);
    const CatalogPerformance* performance = find_in(performances_by_key_, key);
    if (performance == nullptr) miss();
    return *performance;
}

std::vector<const CatalogConcert*> Catalog::all() const {
    std::shared_lock lock(mutex_);
    std::vector<const CatalogConcert*> found;
    found.reserve(concerts_.size());
    for (const auto& concert : concerts_) found.push_back(concert.get());
    return found;
}

}  // namespace concertres

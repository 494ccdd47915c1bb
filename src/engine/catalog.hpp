// The catalog: what is fixed of every concert, in memory. Entries are never changed or taken away,
// so a pointer to one stays good for the life of the office.
//
// Threads: any; the writer adds.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/seating.hpp"
#include "concertres/storage.hpp"

namespace concertres {

struct CatalogConcert;

// What a seat is called: one of an area has no label, and goes by the name of its section.
[[nodiscard]] inline const std::string& label_of(const HallSeat& seat) {
    return seat.general ? seat.section : seat.label;
}

struct CatalogPerformance {
    Performance performance;
    const CatalogConcert* concert = nullptr;
};

struct CatalogConcert {
    Concert concert;
    std::vector<CatalogPerformance> performances;  // by start
    std::vector<HallSeat> seats;                   // by number
    Seating seating;

    // Nothing where the hall has no such seat.
    [[nodiscard]] const HallSeat* seat(SeatNumber number) const;
};

class Catalog {
  public:
    // An entry, which stays where it is when it is added.
    [[nodiscard]] static std::unique_ptr<CatalogConcert> make(const NewConcert& added);
    // From now on everybody finds it: whatever else is kept of it in memory is there already.
    void add(std::unique_ptr<CatalogConcert> concert);

    [[nodiscard]] const CatalogConcert* find(const ConcertId& id) const;
    [[nodiscard]] const CatalogPerformance* find(const PerformanceId& id) const;
    // Throws StorageError(unavailable) where there is none.
    [[nodiscard]] const CatalogConcert& at(ConcertKey key) const;
    [[nodiscard]] const CatalogPerformance& at(PerformanceKey key) const;
    // In the order in which they were added.
    [[nodiscard]] std::vector<const CatalogConcert*> all() const;

  private:
    template <class Key, class Value>
    using Map = boost::unordered_flat_map<Key, Value, std::hash<Key>>;

    mutable std::shared_mutex mutex_;
    std::vector<std::unique_ptr<CatalogConcert>> concerts_;
    Map<ConcertId, const CatalogConcert*> concerts_by_id_;
    Map<ConcertKey, const CatalogConcert*> concerts_by_key_;
    Map<PerformanceId, const CatalogPerformance*> performances_by_id_;
    Map<PerformanceKey, const CatalogPerformance*> performances_by_key_;
};

}  // namespace concertres

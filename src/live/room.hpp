// Who waits in the room of one concert, who was passed over, and whose pass ends when.
//
// Threads: one.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"
#include "live/number_set.hpp"

namespace concertres::live {

class Room {
  public:
    // What is committed of a place, or a pass, each time that it changes.
    void change(const Place& after);
    void change(const Pass& after);
    void add_waiting(PlaceNumber number) { waiting_.insert(number); }
    void add_passed(PlaceNumber number) { passed_.insert(number); }
    void add_admitted(PlaceNumber number, Time expires_at);

    [[nodiscard]] RoomLine line(ConcertKey concert) const;
    [[nodiscard]] std::optional<Time> first_end() const;
    // Above `after`, in order.
    [[nodiscard]] std::vector<PlaceNumber> waiting(PlaceNumber after, std::size_t limit) const;
    [[nodiscard]] std::vector<PlaceNumber> passed(PlaceNumber after, std::size_t limit) const;
    [[nodiscard]] std::vector<PlaceNumber> admitted(PlaceNumber after, std::size_t limit) const;

  private:
    NumberSet waiting_;
    NumberSet passed_;
    NumberSet admitted_;
    boost::unordered_flat_map<std::int64_t, Time> end_of_;  // of each who is admitted, by number
    std::set<std::pair<Time, PlaceNumber>> by_end_;
};

}  // namespace concertres::live

// Reads the allotments of a concert's own JSON:
//
//   "allotments": [{"class": "fan_club", "sections": ["Stalls"], "seats": [101, 102]}]
#pragma once

#include <boost/json/value.hpp>

#include "base/json_reader.hpp"
#include "concertres/catalog.hpp"

namespace concertres {

// Puts seats of the draft into the allotments of classes of its room.
// REQUIRES: the draft's seats and room are read
void read_allotments(const boost::json::value& value, const JsonPath& path, ConcertDraft& draft,
                     Faults& faults);

}  // namespace concertres

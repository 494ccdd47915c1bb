// An event as others read it: CloudEvents 1.0, in JSON.
//
//   {"specversion":"1.0","id":"5f0c.../17/1766570400000000","source":"concertres",
//    "type":"concertres.reservation.held","subject":"performance/5f0c...",
//    "time":"2026-12-24T10:00:00.000Z","partitionkey":"5f0c...","sequence":"17",
//    "sequencetype":"Integer","datacontenttype":"application/json","data":{...}}
//
// `data` is what encode() writes: docs/reference/events.md says what is in it.
#pragma once

#include <string>
#include <string_view>

#include "concertres/event.hpp"
#include "concertres/ids.hpp"

namespace concertres {

// The same whenever the event is sent, and no other event's: whose stream, its number there, and
// when it was committed. A store that goes on from a backup gives the numbers after that once more,
// at other times. `owner`: the public id of the performance, user or concert.
[[nodiscard]] std::string cloud_event_id(const Event& event, const Uuid& owner);
// `source`: which deployment it is of; an absolute URI or a name, without quotes or backslashes.
[[nodiscard]] std::string cloud_event(const Event& event, const Uuid& owner,
                                      std::string_view source);

}  // namespace concertres

// Reads a waiting room's settings, as a concert's file and a change of its room have them.
#pragma once

#include <optional>

#include "base/json_reader.hpp"
#include "concertres/catalog.hpp"

namespace concertres {

// A length of time in milliseconds, up to ten years.
[[nodiscard]] std::optional<Duration> read_ms(ObjectReader& from, std::string_view key, Need need);

// Nothing where there is a fault, which is added then.
[[nodiscard]] std::optional<AdmissionWindow> read_window(const boost::json::value& value,
                                                         const JsonPath& path, Faults& faults);
[[nodiscard]] std::optional<NoShows> read_no_shows(const boost::json::value& value,
                                                   const JsonPath& path, Faults& faults);
[[nodiscard]] std::optional<ClosedLoop> read_closed_loop(const boost::json::value& value,
                                                         const JsonPath& path, Faults& faults);

}  // namespace concertres

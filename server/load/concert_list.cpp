#include "load/concert_list.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <exception>

namespace concertres::load {

std::optional<std::vector<ListedConcert>> concerts_of(std::string_view body) {
    try {
        std::vector<ListedConcert> all;
        const auto list = boost::json::parse({body.data(), body.size()});
        for (const boost::json::value& concert : list.at("concerts").as_array()) {
            all.push_back({.id = std::string(concert.at("concert_id").as_string()),
                           .sale = std::string(concert.at("sale").as_string()),
                           .waiting = concert.at("waiting").as_int64()});
        }
        return all;
    } catch (const std::exception&) {
        return std::nullopt;  // no JSON, or without one of these
    }
}

}  // namespace concertres::load

// Files of concerts: each is refused with its faults, or read as a draft that the box office takes,
// the same one every time; and a draft that is written out as a file is read back as it was.
//
// The first line of an input says what is given beside the file: a title, "|", prices as
// "Stalls=4500", and "dates" for a date.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>

#include "concertres/seating_plan.hpp"
#include "fuzz/fuzzer.hpp"

using namespace concertres;

namespace {

namespace json = boost::json;

constexpr std::size_t written_seats_max = 500;  // more only take longer

ImportOptions options_of(std::string_view line) {
    ImportOptions options;
    if (line.find("dates") != std::string_view::npos) {
        options.dates = {*parse_rfc3339("2026-12-24T19:00:00+01:00")};
    }
    if (line.find("Stalls") != std::string_view::npos) options.prices["Stalls"] = Money{4'500};
    if (line.find("Gallery") != std::string_view::npos) options.prices["Gallery"] = Money{2'500};
    // A host's title is its own affair, and may be what no file can say.
    for (const char letter : line.substr(0, std::min(line.find('|'), line.size()))) {
        if (letter >= ' ' && letter <= '~') options.title += letter;
    }
    return options;
}

json::value hall_of(const ConcertDraft& draft, json::array& areas) {
    json::array seats;
    std::map<std::string, std::size_t> known;
    for (const HallSeat& seat : draft.seats) {
        if (!seat.general) {
            seats.push_back(json::object{{"number", seat.number},
                                         {"label", seat.label},
                                         {"section", seat.section},
                                         {"row", seat.row},
                                         {"x", seat.x},
                                         {"y", seat.y},
                                         {"price", seat.price.minor}});
            continue;
        }
        const auto [at, is_new] = known.try_emplace(seat.section, areas.size());
        if (is_new) {
            areas.push_back(json::object{
                {"section", seat.section}, {"capacity", 0}, {"price", seat.price.minor}});
        }
        auto& capacity = areas[at->second].as_object()["capacity"];
        capacity = capacity.as_int64() + 1;
    }
    return seats;
}

std::string file_of(const ConcertDraft& draft) {
    json::array performances;
    for (const auto& performance : draft.performances) {
        const auto& [time, offset] = performance.starts_at;
        performances.push_back(json::object{{"starts_at", to_rfc3339(time, offset)}});
    }
    json::object file{{"title", draft.title},
                      {"venue", draft.venue},
                      {"performances", std::move(performances)},
                      {"orphans", draft.orphans == OrphanRule::refused ? "refused" : "allowed"}};
    json::array areas;
    json::value seats = hall_of(draft, areas);
    if (!seats.as_array().empty()) file["seats"] = std::move(seats);
    if (!areas.empty()) file["areas"] = std::move(areas);
    if (draft.opens_at) file["opens_at"] = to_rfc3339(*draft.opens_at);
    file["limits"] = {{"per_performance", draft.limits.per_performance},
                      {"per_concert", draft.limits.per_concert}};
    return json::serialize(file);
}

bool same(const ConcertDraft& a, const ConcertDraft& b) {
    const auto times = [](const ConcertDraft& draft) {
        std::vector<std::string> all;
        for (const auto& performance : draft.performances) {
            all.push_back(to_rfc3339(performance.starts_at.time, performance.starts_at.utc_offset));
        }
        return all;
    };
    return a.title == b.title && a.venue == b.venue && a.seats == b.seats && times(a) == times(b) &&
           a.opens_at == b.opens_at && a.limits == b.limits && a.orphans == b.orphans;
}

void demand_round_trip(ConcertDraft draft) {
    if (draft.seats.size() > written_seats_max) return;
    // Our own files have no ids of another's plan.
    for (HallSeat& seat : draft.seats) seat.plan_id.clear();
    const std::string file = file_of(draft);
    const Result<ConcertDraft> again = read_concert(file);
    fuzz::demand(again.has_value(), "what is written is a file",
                 again ? file : again.error().detail + "\n" + file);
    fuzz::demand(same(*again, draft), "what is written is read back", file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view file = fuzz::text_of(data, size);
    const ImportOptions options = options_of(fuzz::take_line(file));
    const Result<ConcertDraft> draft = read_concert(file, options);
    const Result<ConcertDraft> again = read_concert(file, options);
    fuzz::demand(draft.has_value() == again.has_value(), "the same file is read alike");
    if (!draft) {
        fuzz::demand(draft.error().code == Errc::request_invalid && !draft.error().detail.empty(),
                     "a file is refused with its faults");
        fuzz::demand(draft.error().detail == again.error().detail, "the same faults are found",
                     draft.error().detail);
        return 0;
    }
    fuzz::demand(same(*draft, *again), "the same file is the same draft");
    fuzz::demand(check(*draft).has_value(), "what is read can be sold");
    demand_round_trip(*draft);
    return 0;
}

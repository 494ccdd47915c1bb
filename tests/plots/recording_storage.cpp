#include "plots/recording_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "columns/tables.hpp"

namespace concertres::test {
namespace {

// The tables by their names; what is looked up in one way or another, by what it finds.
template <class Row>
std::string name_of() {
    if constexpr (std::is_same_v<Row, ReservationName>) {
        return "reservation by id";
    } else if constexpr (std::is_same_v<Row, PaymentName>) {
        return "payment by id";
    } else if constexpr (std::is_same_v<Row, RoomLine>) {
        return "who waits, whose pass ends";
    } else if constexpr (std::is_same_v<Row, ExpiringHolds>) {
        return "holds that end";
    } else {
        return std::string(columns::Table<Row>::name);
    }
}

// Not to be broken between name and number.
std::string counted(std::string name, std::size_t count) {
    return count == 1 ? std::move(name) : fmt::format("{}\u00a0×\u00a0{}", name, count);
}

template <template <class> class Cell, class Row>
std::string counted(const std::vector<Cell<Row>>& column) {
    return counted(name_of<Row>(), column.size());
}

template <class Tables>
std::string names_in(const Tables& tables) {
    std::vector<std::string> names;
    tables.for_each([&](const auto& column) {
        if (!column.empty()) names.push_back(counted(column));
    });
    return fmt::format("{}", fmt::join(names, ", "));
}

// Of which of the rows there was none.
std::string missing_in(const Rows& found) {
    std::vector<std::string> names;
    const auto add = [&]<class Row>(const std::vector<Found<Row>>& column) {
        const auto count =
            std::ranges::count_if(column, [](const auto& cell) { return !cell.row; });
        if (count > 0) names.push_back(counted(name_of<Row>(), static_cast<std::size_t>(count)));
    };
    found.for_each(add);
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void RecordingStorage::read(const RowKeys& wanted, Rows& found) {
    Rows answer;  // in `found` there may be rows of before
    KeptStorage::read(wanted, answer);
    const std::string missing = missing_in(answer);
    listener_(
        {{"read", names_in(wanted)}, missing.empty() ? "all of it" : "not there: " + missing});
    KeptStorage::read(wanted, found);
}

Time RecordingStorage::load(const RowKeys& wanted, Rows& found) {
    const Time now = KeptStorage::load(wanted, found);
    listener_({{"load", wanted.empty() ? "nothing but the time" : names_in(wanted)}, "store time"});
    return now;
}

CommitOutcome RecordingStorage::commit(const ChangeSet& changes) {
    const CommitOutcome outcome = KeptStorage::commit(changes);
    StorageTalk talk{{"commit", names_in(changes.rows)},
                     outcome == CommitOutcome::committed ? "committed" : "not committed"};
    for (const Transfer& transfer : changes.transfers) {
        const std::string_view kind = transfer.kind == TransferKind::charge    ? "a charge"
                                      : transfer.kind == TransferKind::payment ? "a payment"
                                                                               : "a refund";
        talk.asked.push_back(fmt::format("transfer: {}", kind));
    }
    for (const Event& event : changes.events) {
        talk.asked.push_back(fmt::format("event {} ({})", event_name(event.kind),
                                         event.stream.kind == StreamKind::performance
                                             ? "performance"
                                         : event.stream.kind == StreamKind::wallet ? "wallet"
                                                                                   : "room"));
    }
    listener_(talk);
    return outcome;
}

std::vector<PerformanceState> RecordingStorage::performances(ConcertKey concert, Time after) {
    auto states = KeptStorage::performances(concert, after);
    listener_({{"performances", "those to come"}, counted("performance_state", states.size())});
    return states;
}

std::vector<Seat> RecordingStorage::seats(PerformanceKey performance, SeatNumber after,
                                          std::size_t limit) {
    auto seats = KeptStorage::seats(performance, after, limit);
    listener_({{"seats", "of the performance"}, counted("seat", seats.size())});
    return seats;
}

}  // namespace concertres::test

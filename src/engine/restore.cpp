#include "engine/restore.hpp"

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace concertres {
namespace {

constexpr std::size_t page = 10'000;

void restore_seats(Storage& storage, Board& board, const CatalogConcert& concert) {
    for (const CatalogPerformance& entry : concert.performances) {
        for (SeatNumber after = 0;;) {
            const auto seats = storage.seats(entry.performance.key, after, page);
            board.restore(seats);
            if (seats.size() < page) break;
            after = seats.back().number;
        }
    }
}

std::vector<std::optional<HoldEnd>> ends_of_holds(Storage& storage, std::span<const Pass> passes) {
    std::vector<ReservationKey> keys;
    for (const Pass& pass : passes) keys.insert(keys.end(), pass.held.begin(), pass.held.end());
    return storage.ends_of_holds(keys);
}

void restore_line(Storage& storage, Board& board, ConcertKey concert) {
    for (PlaceNumber after;;) {
        const auto waiting = storage.waiting(concert, after, page);
        board.restore(concert, waiting, storage.now());
        if (waiting.size() < page) break;
        after = waiting.back().number;
    }
    for (PlaceNumber after;;) {
        const auto passed = storage.passed(concert, after, page);
        board.restore(concert, passed, storage.now());
        if (passed.size() < page) break;
        after = passed.back().number;
    }
    for (PlaceNumber after;;) {
        const auto admitted = storage.admitted(concert, after, page);
        board.restore(concert, admitted, ends_of_holds(storage, admitted));
        if (admitted.size() < page) break;
        after = admitted.back().number;
    }
}

Rows lines_of(Storage& storage, ConcertKey concert, std::size_t classes) {
    RowKeys keys;
    for (std::size_t i = 0; i < classes; ++i) {
        keys.of<Line>().push_back({{concert, static_cast<LineClass>(i)}});
    }
    Rows lines;
    storage.read(keys, lines);
    return lines;
}

// Before those who wait are read: whoever comes in between is followed as everybody is.
void restore_given(Storage& storage, Board& board, ConcertKey concert) {
    if (storage.exclusive()) return;
    const Rows lines = lines_of(storage, concert, PlaceNumber::classes_max);
    for (const auto& found : lines.of<Line>()) {
        const Line none{.concert = concert, .line_class = found.key.line_class};
        board.restore_given(found.row ? found.row->row : none);
    }
}

// Where they end, and what was drawn of them.
void restore_lines(Storage& storage, Board& board, const Sale& sale) {
    if (!sale.room) return;
    const Rows lines = lines_of(storage, sale.concert, classes_of(*sale.room).size());
    for (const auto& found : lines.of<Line>()) {
        if (found.row) board.restore(found.row->row);
    }
}

}  // namespace

void restore(Storage& storage, Catalog& catalog, Board& board, const NewConcert& stored) {
    const ConcertKey key = stored.concert.key;
    auto concert = Catalog::make(stored);
    board.add(*concert, stored.sale, storage.performances(key, Time::min()));
    try {
        if (concert->seating.has_allotments()) restore_seats(storage, board, *concert);
        restore_given(storage, board, key);
        restore_line(storage, board, key);
        restore_lines(storage, board, stored.sale);
    } catch (...) {
        board.forget(*concert);  // it holds on to an entry that goes now
        throw;
    }
    catalog.add(std::move(concert));
}

}  // namespace concertres

// How a PostgresStorage asks for what changes nothing, and what it makes of an event's row.
#pragma once

#include "postgres/postgres_storage.hpp"

namespace concertres::postgres {

// How often what changes nothing is asked for again because others were in the way.
inline constexpr int conflicts_max = 10;

template <class Work>
auto PostgresStorage::asked(Work&& work) {
    require_alive();
    bool was_lost = false;
    for (int conflicts = 0;;) {
        try {
            return work();
        } catch (const ConnectionSilent& silence) {
            lose_connection();
            fail_unavailable(silence.what());
        } catch (const ConnectionLost& lost) {
            lose_connection();
            // It was lost a moment ago, and again: reconnecting has waited for as long as it may.
            if (std::exchange(was_lost, true)) fail_unavailable(lost.what());
        } catch (const SqlError& error) {
            abandon_transaction();
            if (error.is_refusal_of_server() && !std::exchange(was_lost, true)) {
                lose_connection();
            } else if (error.is_refusal_of_server() ||
                       (error.is_conflict() && ++conflicts == conflicts_max)) {
                fail_unavailable(error.what());
            } else if (!error.is_conflict()) {
                fail(error.what());
            }
        } catch (const Damaged& damage) {
            fail(damage.what());
        }
    }
}

// Of a row that has, from `first_column` on, the event's own columns and the encoded facts.
[[nodiscard]] inline Event event_of(const Answer& answer, int row, int first_column = 0) {
    CellReader cells = answer.row(row, first_column);
    Event event;
    std::string data;
    get(cells, event);
    cells.get(data);
    if (!cells.intact() || !decode(data, event)) throw Damaged("an event is damaged");
    return event;
}

}  // namespace concertres::postgres

// Every statement of a store. A connection prepares one when it first sends it; a test asks
// PostgreSQL how it runs each of them.
#pragma once

#include <string>
#include <tuple>

#include "concertres/storage.hpp"
#include "postgres/connection.hpp"

namespace concertres::postgres {

template <class Row>
struct RowStatements {
    Statement select;
    Statement lock;
    Statement insert;
    Statement update;
    Statement lock_same;   // those of the versions that were read
    Statement select_all;  // in the order of the keys
};

class Statements {
  public:
    Statements();
    // A connection knows a statement by where it is.
    Statements(const Statements&) = delete;
    Statements& operator=(const Statements&) = delete;

    template <class Row>
    [[nodiscard]] const RowStatements<Row>& of() const {
        return std::get<RowStatements<Row>>(rows_);
    }

    // visit(const Statement&) for each that reads or writes rows by key or by an index.
    template <class Visit>
    void for_each(const Visit& visit) const {
        std::apply(
            [&](const auto&... each) {
                ((visit(each.select), visit(each.lock), visit(each.insert), visit(each.update),
                  visit(each.lock_same)),
                 ...);
            },
            rows_);
        for (const Statement* each : {&clock,          &share_jump,       &share_sales,
                                      &own_sales,      &share_same_sales, &reservation_names,
                                      &payment_names,  &transfers_by_id,  &insert_transfers,
                                      &insert_events,  &note_unpublished, &performances,
                                      &seats,          &dead_seats,       &next_deadline,
                                      &waiting_places, &passed_places,    &admitted,
                                      &admitted_count, &first_waiting,    &ending,
                                      &expiring,       &reservations,     &payments,
                                      &open_payments,  &transfers,        &events,
                                      &event_ranges}) {
            visit(*each);
        }
    }

  private:
    template <template <class> class Cell, class... Rows>
    static std::tuple<RowStatements<Rows>...> tuple_of(const Tables<Cell, Rows...>&);

    decltype(tuple_of(WritableTables<Versioned>{})) rows_;

  public:
    const Statement begin = {"begin", "BEGIN"};
    const Statement begin_snapshot = {"begin_snapshot",
                                      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    const Statement commit = {"commit", "COMMIT"};
    const Statement rollback = {"rollback", "ROLLBACK"};

    Statement store_time;
    Statement clock;
    Statement share_jump;
    Statement store;
    Statement token_keys;
    Statement allocate;
    Statement touch;
    Statement new_instance;
    Statement last_groups;
    Statement note_group;
    Statement group;
    Statement groups_since;
    Statement forget_groups;

    // Sales that are only looked at; and those of them that turn out to be written.
    Statement share_sales;
    Statement own_sales;
    Statement share_same_sales;

    Statement insert_transfers;
    Statement insert_events;
    Statement note_unpublished;

    Statement reservation_names;
    Statement payment_names;
    Statement transfers_by_id;

    Statement performances;
    Statement seats;
    Statement dead_seats;
    Statement next_deadline;
    Statement waiting_places;
    Statement passed_places;
    Statement admitted;
    Statement admitted_count;
    Statement first_waiting;
    Statement ending;
    Statement expiring;
    Statement reservations;
    Statement payments;
    Statement open_payments;
    Statement transfers;
    Statement events;
    Statement event_ranges;

    Statement all_transfers;
    Statement all_events;

    Statement lock_concerts;
    Statement insert_concert;
    Statement insert_performance;
    Statement insert_hall;
    Statement insert_seats;
    Statement concerts;
    Statement concert_performances;
    Statement concert_halls;
    Statement concert_sales;
};

}  // namespace concertres::postgres

#include "sqlite/statements.hpp"

#include "sqlite/tables.hpp"

namespace concertres::sqlite {

// INDEXED BY is a promise that SQLite checks: a statement whose index is gone, or does not fit, is
// not prepared at all. It stands where another index looks as good to the planner, which has no
// statistics.
Statements::Statements(SQLite::Database& database)
    : database_(database),
      rows_(prepare_rows(static_cast<decltype(rows_)*>(nullptr))),
      begin(prepare("BEGIN IMMEDIATE")),
      commit(prepare("COMMIT")),
      set_counters(prepare("UPDATE store SET mark = ?1, next_key = ?2 WHERE id = 1")),
      insert_record(prepare("INSERT INTO journal(number, record) VALUES (?1, ?2)")),
      delete_records(prepare("DELETE FROM journal WHERE number <= ?1")),
      insert_transfer(prepare(insert_once_sql<Transfer>("crc", 1))),
      insert_event(prepare(insert_once_sql<Event>("data, crc", 2))),
      // After a crash it is not known which of these the tables have.
      insert_reservation_name(prepare("INSERT INTO reservation_name(id, reservation)"
                                      " VALUES (?1, ?2) ON CONFLICT DO NOTHING")),
      insert_reservation_owner(prepare("INSERT INTO reservation_owner(user, reservation)"
                                       " VALUES (?1, ?2) ON CONFLICT DO NOTHING")),
      insert_payment_name(prepare("INSERT INTO payment_name(id, payment)"
                                  " VALUES (?1, ?2) ON CONFLICT DO NOTHING")),
      insert_payment_owner(prepare("INSERT INTO payment_owner(user, payment)"
                                   " VALUES (?1, ?2) ON CONFLICT DO NOTHING")),
      insert_transfer_name(prepare("INSERT INTO transfer_name(id, wallet, number)"
                                   " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")),

      last_event(prepare("SELECT ifnull(max(number), 0) FROM event"
                         " WHERE stream = ?1 AND owner = ?2")),
      last_transfer(prepare("SELECT ifnull(max(number), 0) FROM transfer WHERE wallet = ?1")),
      reservation_name(prepare("SELECT reservation FROM reservation_name WHERE id = ?1")),
      payment_name(prepare("SELECT payment FROM payment_name WHERE id = ?1")),
      transfer_name(prepare("SELECT wallet, number FROM transfer_name WHERE id = ?1")),
      transfer(prepare(select_once_sql<Transfer>("crc") + " WHERE wallet = ?1 AND number = ?2")),

      live_reservations(prepare("SELECT key, held_until, place, performance, seats FROM reservation"
                                " INDEXED BY reservation_held WHERE status = 1")),
      open_payments(prepare("SELECT key FROM payment INDEXED BY payment_open WHERE stage > 1")),
      live_waiting(prepare("SELECT concert, number FROM place INDEXED BY place_waiting"
                           " WHERE status = 1")),
      live_passed(prepare("SELECT concert, number FROM place INDEXED BY place_passed"
                          " WHERE status = 4")),
      live_passes(prepare("SELECT concert, number, expires_at FROM pass INDEXED BY pass_ending"
                          " WHERE status = 1")),

      // CROSS JOIN fixes the order: the performances of a concert, then their states.
      performances(prepare("SELECT s.version, " + ColumnText::of<PerformanceState>(1).all() +
                           " FROM performance p CROSS JOIN performance_state s"
                           " ON s.performance = p.key"
                           " WHERE p.concert = ?1 AND p.starts_at > ?2"
                           " ORDER BY p.starts_at, p.key")),
      seats(prepare(select_sql<Seat>() + " WHERE performance = ?1 AND number > ?2 ORDER BY number"
                                         " LIMIT ?3")),
      waiting_places(prepare(select_sql<Place>() +
                             " INDEXED BY place_waiting"
                             " WHERE status = 1 AND concert = ?1 AND number > ?2"
                             " ORDER BY number")),
      passed_places(prepare(select_sql<Place>() +
                            " INDEXED BY place_passed"
                            " WHERE status = 4 AND concert = ?1 AND number > ?2"
                            " ORDER BY number")),
      passes(prepare(select_sql<Pass>() + " WHERE concert = ?1 AND number > ?2 ORDER BY number")),
      reservations_of(prepare("SELECT reservation FROM reservation_owner"
                              " WHERE user = ?1 AND reservation < ?2"
                              " ORDER BY reservation DESC LIMIT ?3")),
      payments_of(prepare("SELECT payment FROM payment_owner"
                          " WHERE user = ?1 AND payment < ?2"
                          " ORDER BY payment DESC LIMIT ?3")),
      transfers(prepare(select_once_sql<Transfer>("crc") +
                        " WHERE wallet = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3")),
      events(prepare(select_once_sql<Event>("data, crc") +
                     " WHERE stream = ?1 AND owner = ?2 AND number > ?3"
                     " ORDER BY number LIMIT ?4")),

      published(prepare("SELECT number FROM published"
                        " WHERE sink = ?1 AND stream = ?2 AND owner = ?3")),
      publish(prepare("INSERT INTO published(sink, stream, owner, number) VALUES (?1, ?2, ?3, ?4)"
                      " ON CONFLICT (sink, stream, owner) DO UPDATE SET number = excluded.number")),
      performance_id(prepare("SELECT id FROM performance WHERE key = ?1")),
      concert_id(prepare("SELECT id FROM concert WHERE key = ?1")) {}

SQLite::Statement& Statements::prepare(const std::string& sql) {
    return all_.emplace_back(database_, sql);
}

template <class Row>
RowStatements<Row> Statements::prepare_row() {
    SQLite::Statement& select = prepare(select_sql<Row>() + by_key_sql<Row>());
    SQLite::Statement& insert = prepare(insert_sql<Row>());
    SQLite::Statement& update = prepare(update_sql<Row>());
    if constexpr (changes_seldom<Row>) {
        return {select, insert, update, prepare(update_often_sql<Row>())};
    }
    return {select, insert, update, update};
}

template <class... Rows>
std::tuple<RowStatements<Rows>...> Statements::prepare_rows(std::tuple<RowStatements<Rows>...>*) {
    return {prepare_row<Rows>()...};
}

}  // namespace concertres::sqlite

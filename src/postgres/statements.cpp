#include "postgres/statements.hpp"

#include "postgres/tables.hpp"

namespace concertres::postgres {
namespace {

template <class Row>
RowStatements<Row> row_statements() {
    const std::string table(Table<Row>::name);
    return {.select = {"select_" + table, select_sql<Row>()},
            .lock = {"lock_" + table, lock_sql<Row>()},
            .insert = {"insert_" + table, insert_sql<Row>()},
            .update = {"update_" + table, update_sql<Row>()},
            .lock_same = {"lock_same_" + table, same_sql<Row>("NO KEY UPDATE")},
            .select_all = {"all_" + table, plain_select_sql<Row>() + in_key_order_sql<Row>()}};
}

template <class... Rows>
std::tuple<RowStatements<Rows>...> all_row_statements(std::tuple<RowStatements<Rows>...>*) {
    return {row_statements<Rows>()...};
}

// The rows of a name: where the id stands among those wanted, and what it names.
std::string names_sql(const std::string& table) {
    return "SELECT k.n, t.key FROM unnest($1::bytea[]) WITH ORDINALITY AS k(id, n) JOIN " + table +
           " t ON t.id = k.id";
}

// Places of one status, of numbers above $2.
std::string places_sql(const char* status) {
    return plain_select_sql<Place>() + " WHERE t.status = " + status +
           " AND t.concert = $1::bigint AND t.number > $2::bigint ORDER BY t.number"
           " LIMIT $3::bigint";
}

// Of those concerts whose keys are in $1; NULL: of all.
std::string of_concerts_sql(std::string_view key) {
    return " WHERE ($1::bigint[] IS NULL OR " + std::string(key) + " = ANY($1::bigint[]))";
}

}  // namespace

Statements::Statements()
    : rows_(all_row_statements(static_cast<decltype(rows_)*>(nullptr))),
      store_time{"store_time", "SELECT store_time()"},
      clock{"clock", "SELECT store_time(), confirmations, jump FROM clock WHERE id = 1"},
      // Not over a confirmation that has come in between.
      share_jump{"share_jump",
                 "UPDATE clock SET jump = $1::bigint WHERE id = 1 AND confirmations = $2::bigint"},
      store{"store",
            "SELECT ids_secret, (SELECT coalesce(max(at), 0) FROM commit_group) FROM store"
            " WHERE id = 1"},
      token_keys{"token_keys", "SELECT id, secret FROM token_key ORDER BY position"},
      allocate{"allocate",
               "UPDATE store SET next_key = next_key + $1::bigint WHERE id = 1"
               " RETURNING next_key - $1::bigint"},
      touch{"touch", "UPDATE store SET next_key = next_key WHERE id = 1 RETURNING format"},
      new_instance{"new_instance", "SELECT nextval('instance')"},
      last_groups{"last_groups",
                  "SELECT instance, max(number) FROM commit_group GROUP BY instance"},
      note_group{"note_group",
                 "INSERT INTO commit_group(instance, number, at, changed)"
                 " VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bytea)"},
      group{"group",
            "SELECT changed FROM commit_group WHERE instance = $1::bigint AND number = $2::bigint"},
      // Of every instance but $1, above the number that is given for it, or above 0.
      groups_since{"groups_since",
                   "SELECT g.instance, g.number, g.changed FROM commit_group g"
                   " LEFT JOIN unnest($1::bigint[], $2::bigint[]) AS k(instance, number)"
                   " ON k.instance = g.instance"
                   " WHERE g.instance <> $3::bigint AND g.number > coalesce(k.number, 0)"
                   " ORDER BY g.instance, g.number"},
      // The last of each instance stays: it has the mark, and shows those who follow a gap.
      forget_groups{"forget_groups",
                    "DELETE FROM commit_group g USING unnest($1::bigint[], $2::bigint[])"
                    " AS known(instance, number)"
                    " WHERE g.instance = known.instance AND g.number <= known.number"
                    " AND EXISTS (SELECT FROM commit_group l"
                    " WHERE l.instance = g.instance AND l.number > g.number)"},

      share_sales{"share_sales", share_sql<Sale>()},
      own_sales{"own_sales", lock_sql<Sale>() + " NOWAIT"},
      share_same_sales{"share_same_sales", same_sql<Sale>("SHARE")},

      insert_transfers{"insert_transfers", insert_once_sql<Transfer>("crc", "$12::bigint[]")},
      insert_events{"insert_events",
                    insert_once_sql<Event>("data, crc", "$6::bytea[], $7::bigint[]")},
      // For each sink; in one order, as relays lock the same rows.
      note_unpublished{"note_unpublished",
                       "INSERT INTO outbox(sink, stream, owner, shard, published, head)"
                       " SELECT s.name, k.stream, k.owner, k.shard, k.first - 1, k.last"
                       " FROM sink s CROSS JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[],"
                       " $4::bigint[], $5::bigint[]) AS k(stream, owner, shard, first, last)"
                       " ORDER BY s.name, k.stream, k.owner"
                       " ON CONFLICT (sink, stream, owner) DO UPDATE SET head = excluded.head"},

      reservation_names{"reservation_names", names_sql("reservation")},
      payment_names{"payment_names", names_sql("payment")},
      transfers_by_id{"transfers_by_id", "SELECT k.n, " + names(ColumnList::of<Transfer>(), "t.") +
                                             " FROM unnest($1::bytea[]) WITH ORDINALITY AS k(id, n)"
                                             " JOIN transfer t ON t.id = k.id"},

      performances{"performances",
                   "SELECT t.version, " + names(ColumnList::of<PerformanceState>(), "t.") +
                       " FROM performance p JOIN performance_state t ON t.performance = p.key"
                       " WHERE p.concert = $1::bigint AND p.starts_at > $2::bigint"
                       " ORDER BY p.starts_at, p.key"},
      seats{"seats", plain_select_sql<Seat>() +
                         " WHERE t.performance = $1::bigint AND t.number > $2::bigint"
                         " ORDER BY t.number LIMIT $3::bigint"},
      dead_seats{"dead_seats",
                 "SELECT performance, sum(json_array_length(seats::json))::bigint FROM reservation"
                 " WHERE status = 1 AND held_until <= $1::bigint GROUP BY performance"},
      // For each room the first pass that ends: there are few rooms.
      next_deadline{"next_deadline",
                    "SELECT least((SELECT held_until FROM reservation WHERE status = 1"
                    " ORDER BY held_until LIMIT 1),"
                    " (SELECT min(first.expires_at) FROM sale CROSS JOIN LATERAL"
                    " (SELECT expires_at FROM pass WHERE pass.concert = sale.concert"
                    " AND status = 1 ORDER BY expires_at LIMIT 1) AS first))"},
      waiting_places{"waiting_places", places_sql("1")},
      passed_places{"passed_places", places_sql("4")},
      admitted{"admitted",
               plain_select_sql<Pass>() +
                   " WHERE t.status = 1 AND t.concert = $1::bigint AND t.number > $2::bigint"
                   " ORDER BY t.number LIMIT $3::bigint"},
      // Nothing where there is no such concert.
      admitted_count{"admitted_count",
                     "SELECT (SELECT count(*) FROM pass WHERE concert = $1::bigint"
                     " AND status = 1) FROM sale WHERE concert = $1::bigint"},
      // Of each class the first numbers that wait; a class is a range of numbers.
      first_waiting{"first_waiting",
                    "SELECT w.number FROM unnest($2::bigint[], $3::bigint[]) AS c(first, last)"
                    " CROSS JOIN LATERAL (SELECT number FROM place WHERE concert = $1::bigint"
                    " AND status = 1 AND number >= c.first AND number <= c.last"
                    " ORDER BY number LIMIT $4::bigint) AS w ORDER BY w.number"},
      ending{"ending",
             "SELECT number, expires_at FROM pass WHERE concert = $1::bigint AND status = 1"
             " ORDER BY expires_at, number LIMIT $2::bigint"},
      expiring{"expiring",
               "SELECT key, held_until FROM reservation WHERE status = 1"
               " ORDER BY held_until, key LIMIT $1::bigint"},
      reservations{"reservations", plain_select_sql<Reservation>() +
                                       " WHERE t.\"user\" = $1::bigint AND t.key < $2::bigint"
                                       " ORDER BY t.key DESC LIMIT $3::bigint"},
      payments{"payments", plain_select_sql<Payment>() +
                               " WHERE t.\"user\" = $1::bigint AND t.key < $2::bigint"
                               " ORDER BY t.key DESC LIMIT $3::bigint"},
      open_payments{"open_payments", plain_select_sql<Payment>() +
                                         " WHERE t.stage > 1 AND t.key > $1::bigint"
                                         " ORDER BY t.key LIMIT $2::bigint"},
      transfers{"transfers", plain_select_once_sql<Transfer>() +
                                 " WHERE t.wallet = $1::bigint AND t.number < $2::bigint"
                                 " ORDER BY t.number DESC LIMIT $3::bigint"},
      events{"events", plain_select_once_sql<Event>(", t.data") +
                           " WHERE t.stream = $1::bigint AND t.owner = $2::bigint"
                           " AND t.number > $3::bigint ORDER BY t.number LIMIT $4::bigint"},
      // Of several streams, from a number to a number.
      event_ranges{"event_ranges",
                   "SELECT " + names(ColumnList::of<Event>(), "t.") +
                       ", t.data FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],"
                       " $4::bigint[]) AS k(stream, owner, first, last) JOIN event t"
                       " ON t.stream = k.stream AND t.owner = k.owner"
                       " AND t.number >= k.first AND t.number <= k.last"
                       " ORDER BY t.stream, t.owner, t.number"},

      all_transfers{"all_transfers",
                    plain_select_once_sql<Transfer>(", t.crc") + in_key_order_sql<Transfer>()},
      all_events{"all_events",
                 plain_select_once_sql<Event>(", t.data, t.crc") + in_key_order_sql<Event>()},

      lock_concerts{"lock_concerts", "LOCK TABLE concert IN SHARE ROW EXCLUSIVE MODE"},
      insert_concert{"insert_concert",
                     "INSERT INTO concert(position, " + names(ColumnList::of<Concert>()) +
                         ") SELECT (SELECT count(*) FROM concert), u.* FROM unnest(" +
                         array_params(ColumnList::of<Concert>(), 1) + ") AS u"},
      insert_performance{"insert_performance",
                         insert_once_sql<Performance>("position", "$7::bigint[]")},
      insert_hall{"insert_hall",
                  insert_once_sql<HallSeat>("position, concert", "$11::bigint[], $12::bigint[]")},
      // A free seat for each seat of the hall of concert $1.
      insert_seats{"insert_seats",
                   "INSERT INTO seat(performance, number, stamp, version, status, reservation,"
                   " held_until) SELECT $2::bigint, number, $3::bigint, 1, 0, 0, 0 FROM hall_seat"
                   " WHERE concert = $1::bigint ORDER BY number"},
      concerts{"concerts", plain_select_once_sql<Concert>() + of_concerts_sql("t.key") +
                               " ORDER BY t.position"},
      concert_performances{"concert_performances", plain_select_once_sql<Performance>() +
                                                       of_concerts_sql("t.concert") +
                                                       " ORDER BY t.concert, t.position"},
      concert_halls{"concert_halls", plain_select_once_sql<HallSeat>(", t.concert") +
                                         of_concerts_sql("t.concert") +
                                         " ORDER BY t.concert, t.position"},
      concert_sales{"concert_sales", plain_select_sql<Sale>() + of_concerts_sql("t.concert")} {}

}  // namespace concertres::postgres

#include "postgres/outbox_statements.hpp"

#include <string>

#include "postgres/tables.hpp"

namespace concertres::postgres {
namespace {

// $1: the key that the last page ended with; $2: a time, or NULL: before all of them; $3: how many.
std::string heads_sql(const std::string& kind, const std::string& table, const std::string& owner,
                      const std::string& next) {
    return "SELECT h." + owner + ", h." + next +
           " - 1, CASE WHEN $2::bigint IS NULL THEN 0 ELSE coalesce((SELECT e.number FROM event e"
           " WHERE e.stream = " +
           kind + " AND e.owner = h." + owner +
           " AND e.at < $2::bigint ORDER BY e.number DESC LIMIT 1), 0) END FROM " + table +
           " h WHERE h." + owner + " > $1::bigint AND h." + next + " > 1 ORDER BY h." + owner +
           " LIMIT $3::bigint";
}

}  // namespace

OutboxStatements::OutboxStatements()
    : commit_soon{"commit_soon", "SELECT set_config('synchronous_commit', 'off', true)"},
      store_time{"store_time", "SELECT store_time()"},
      touch{"touch", "UPDATE store SET next_key = next_key WHERE id = 1"},

      insert_sink{"insert_sink",
                  "INSERT INTO sink(name) VALUES ($1::bytea) ON CONFLICT DO NOTHING"},
      await_writers{"await_writers", "LOCK TABLE event IN SHARE MODE"},
      detach{"detach",
             "WITH rows AS (DELETE FROM outbox WHERE sink = $1::bytea),"
             " leases AS (DELETE FROM outbox_lease WHERE sink = $1::bytea),"
             " relays AS (DELETE FROM outbox_relay WHERE sink = $1::bytea)"
             " DELETE FROM sink WHERE name = $1::bytea"},
      sinks{"sinks",
            "SELECT s.name, s.disabled_at, coalesce(sum(o.head - o.published), 0)::bigint,"
            " count(o.sink) FROM sink s LEFT JOIN outbox o ON o.sink = s.name"
            " GROUP BY s.name ORDER BY s.name"},
      disable{"disable",
              "UPDATE sink SET disabled_at = $2::bigint WHERE name = $1::bytea"
              " AND disabled_at IS NULL"},
      enable{"enable", "UPDATE sink SET disabled_at = NULL WHERE name = $1::bytea"},
      performance_heads{"performance_heads",
                        heads_sql("1", "performance_state", "performance", "next_event")},
      wallet_heads{"wallet_heads", heads_sql("2", "wallet", "\"user\"", "next_number")},
      room_heads{"room_heads", heads_sql("3", "sale", "concert", "next_event")},
      // What is written at the same time may have a later head; nothing goes forward.
      rewind{"rewind",
             "INSERT INTO outbox(sink, stream, owner, shard, published, head)"
             " SELECT $1::bytea, k.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[],"
             " $5::bigint[], $6::bigint[]) AS k(stream, owner, shard, published, head)"
             " ORDER BY k.stream, k.owner ON CONFLICT (sink, stream, owner) DO UPDATE"
             " SET published = least(outbox.published, excluded.published),"
             " head = greatest(outbox.head, excluded.head)"},
      void_leases{"void_leases",
                  "UPDATE outbox_lease SET epoch = epoch + 1, relay = '' WHERE sink = $1::bytea"},

      lock_sink{"lock_sink", "SELECT disabled_at FROM sink WHERE name = $1::bytea FOR UPDATE"},
      leases{"leases",
             "SELECT shard, epoch, relay, until FROM outbox_lease WHERE sink = $1::bytea"
             " ORDER BY shard"},
      relays{"relays", "SELECT relay, until FROM outbox_relay WHERE sink = $1::bytea"},
      put_leases{"put_leases",
                 "INSERT INTO outbox_lease(sink, shard, epoch, relay, until)"
                 " SELECT $1::bytea, k.* FROM unnest($2::bigint[], $3::bigint[], $4::bytea[],"
                 " $5::bigint[]) AS k(shard, epoch, relay, until)"
                 " ON CONFLICT (sink, shard) DO UPDATE SET epoch = excluded.epoch,"
                 " relay = excluded.relay, until = excluded.until"},
      forget_relays{"forget_relays", "DELETE FROM outbox_relay WHERE sink = $1::bytea"},
      put_relays{"put_relays",
                 "INSERT INTO outbox_relay(sink, relay, until) SELECT $1::bytea, k.*"
                 " FROM unnest($2::bytea[], $3::bigint[]) AS k(relay, until)"},
      give_up{"give_up",
              "UPDATE outbox_lease SET relay = '' WHERE sink = $1::bytea AND relay = $2::bytea"},
      forget_relay{"forget_relay",
                   "DELETE FROM outbox_relay WHERE sink = $1::bytea AND relay = $2::bytea"},

      // Of each stream no more than the whole may be; the rows come in the order of the index.
      take{"take", "SELECT coalesce(p.id, c.id), " + names(ColumnList::of<Event>(), "e.") +
                       ", e.data FROM (SELECT stream, owner, published FROM outbox"
                       " WHERE sink = $1::bytea AND shard = ANY($2::bigint[])"
                       " AND (stream, owner) > ($3::bigint, $4::bigint)"
                       " AND owner * 4 + stream <> ALL($7::bigint[])"
                       " ORDER BY stream, owner LIMIT $5::bigint) o"
                       " LEFT JOIN performance p ON o.stream = 1 AND p.key = o.owner"
                       " LEFT JOIN concert c ON o.stream = 3 AND c.key = o.owner"
                       " CROSS JOIN LATERAL (SELECT * FROM event WHERE event.stream = o.stream"
                       " AND event.owner = o.owner AND event.number > o.published"
                       " ORDER BY event.number LIMIT $6::bigint) e LIMIT $5::bigint"},
      lock_leases{"lock_leases",
                  "SELECT l.shard FROM unnest($2::bigint[], $3::bigint[]) AS k(shard, epoch)"
                  " JOIN outbox_lease l ON l.sink = $1::bytea AND l.shard = k.shard"
                  " AND l.epoch = k.epoch FOR SHARE OF l"},
      lock_marked{"lock_marked",
                  "SELECT o.owner FROM unnest($2::bigint[], $3::bigint[]) AS k(stream, owner)"
                  " JOIN outbox o ON o.sink = $1::bytea AND o.stream = k.stream"
                  " AND o.owner = k.owner ORDER BY o.stream, o.owner FOR UPDATE OF o"},
      mark{"mark",
           "UPDATE outbox o SET published = k.published"
           " FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS k(stream, owner, published)"
           " WHERE o.sink = $1::bytea AND o.stream = k.stream AND o.owner = k.owner"
           " AND o.published < k.published"},
      settle{"settle",
             "DELETE FROM outbox o USING unnest($2::bigint[], $3::bigint[]) AS k(stream, owner)"
             " WHERE o.sink = $1::bytea AND o.stream = k.stream AND o.owner = k.owner"
             " AND o.published = o.head"} {}

}  // namespace concertres::postgres

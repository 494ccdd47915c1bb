// The rows that a group has read without locking them, each with the version that it had: it may
// only be written while they are still so.
//
//   SeenRows seen(found);
//   seen.send_locks(statements, connection, changes);
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "concertres/storage.hpp"
#include "postgres/fetch.hpp"

namespace concertres::postgres {

class SeenRows {
  public:
    SeenRows() = default;
    explicit SeenRows(const Rows& found) {
        rows_.for_each([&]<class Row>(std::vector<Seen<Row>>& seen) {
            for (const Found<Row>& each : found.of<Row>()) {
                if (each.row) seen.push_back({each.key, each.row->version});
            }
        });
    }

    // Locks them in the order of tables and keys, as they are locked where they are read; the
    // transaction fails where one has changed. What was not there is made once, by whoever is
    // first.
    void send_locks(const Statements& statements, Connection& connection,
                    const ChangeSet& changes) const {
        const bool sells = std::ranges::all_of(changes.rows.of<Sale>(),
                                               [](const auto& sale) { return sale.version == 1; });
        rows_.for_each([&]<class Row>(const std::vector<Seen<Row>>& seen) {
            if (seen.empty()) return;
            const Statement* lock = &statements.of<Row>().lock_same;
            if constexpr (std::is_same_v<Row, Sale>) {
                if (sells) lock = &statements.share_same_sales;
            }
            connection.send(*lock, params_of(seen));
        });
    }

  private:
    template <class Row>
    struct Seen {
        KeyOf<Row> key{};
        std::uint64_t version = 0;
    };

    template <class Row>
    [[nodiscard]] static std::vector<Param> params_of(const std::vector<Seen<Row>>& seen) {
        ArrayParam versions(Type::integer);
        std::vector<Wanted<Row>> keys;
        keys.reserve(seen.size());
        for (const Seen<Row>& each : seen) {
            versions.add(each.version);
            keys.push_back({each.key});
        }
        std::vector<Param> params = {Param::integer(static_cast<std::int64_t>(seen.size())),
                                     versions.finish()};
        for (Param& part : key_params(keys)) params.push_back(std::move(part));
        return params;
    }

    WritableTables<Seen> rows_;
};

}  // namespace concertres::postgres

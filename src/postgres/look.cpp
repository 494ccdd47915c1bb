#include "postgres/look.hpp"

#include "postgres/connection.hpp"
#include "postgres/fetch.hpp"

namespace concertres::postgres {

Look look_at(const std::string& conninfo, const PostgresOptions& options) {
    const std::string name = name_of(conninfo);
    try {
        Connection connection(conninfo, options);
        connection.send_once(
            "SELECT current_setting('server_version_num')::bigint,"
            " pg_is_in_recovery()::int::bigint, (to_regclass('store') IS NOT NULL)::int::bigint,"
            " current_setting('max_connections')::bigint"
            " - current_setting('superuser_reserved_connections')::bigint"
            " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')");
        const Answers answers = connection.finish();
        Look look;
        read_cells(answers.at(0), 0, look.server_version, look.is_standby, look.has_store,
                   look.connections_free);
        return look;
    } catch (const ConnectionLost& lost) {
        throw StorageError(StorageError::Kind::unavailable,
                           name + " cannot be reached: " + lost.what());
    } catch (const SqlError& error) {
        throw StorageError(StorageError::Kind::unavailable,
                           name + " cannot be asked: " + error.what());
    }
}

}  // namespace concertres::postgres

// The contract holds behind a pgbouncer too. Each call takes longer there, so the other suites do
// without it.
#include "support/backends.hpp"
#include "support/pgbouncer.hpp"
#include "support/postgres_server.hpp"

namespace concertres::test {
namespace {

std::string address_of(const std::string& database) {
    static const Pgbouncer bouncer(postgres_server());
    return bouncer.address(database);
}

const bool is_added = [] {
    add_backend(postgres_backend("postgres behind a pgbouncer", Locking::pessimistic, address_of));
    return true;
}();

}  // namespace
}  // namespace concertres::test

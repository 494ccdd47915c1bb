#include "config/store_address.hpp"

#include "concertres/postgres.hpp"

namespace concertres::server {

std::optional<std::string> store_address_fault(const std::string& text) {
    if (!text.starts_with("postgres://") && !text.starts_with("postgresql://")) {
        return "must be like postgres://USER@HOST/DATABASE";
    }
    switch (check_conninfo(text)) {
        case Conninfo::good:
            break;
        case Conninfo::malformed:
            return "must be like postgres://USER@HOST/DATABASE, and PostgreSQL's library does not "
                   "understand it";
        case Conninfo::has_password:
            return "has a password, which others could see there: write "
                   "HOST:PORT:DATABASE:USER:PASSWORD to a file of mode 0600, and name that with "
                   "?passfile=FILE at the address's end";
    }
    return {};
}

}  // namespace concertres::server

#include "config/store_address.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace concertres::server {

std::optional<std::string> store_address_fault(const std::string& text) {
    constexpr std::string_view like = "must be like postgres://USER@HOST/DATABASE";
    struct Free {
        void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
    };
    if (!text.starts_with("postgres://") && !text.starts_with("postgresql://")) {
        return std::string(like);
    }
    // libpq's own message repeats what it does not understand.
    const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(text.c_str(), nullptr));
    if (!options) return std::string(like) + ", and PostgreSQL's library does not understand it";
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const std::string_view value = option->val == nullptr ? "" : option->val;
        // The end of a password that has an "@" in it is taken for a host.
        const bool is_secret = keyword == "password" || keyword == "sslpassword" ||
                               (keyword == "host" && value.find('@') != std::string_view::npos);
        if (!is_secret || value.empty()) continue;
        return "has a password, which others could see there: write "
               "HOST:PORT:DATABASE:USER:PASSWORD "
               "to a file of mode 0600, and name that with ?passfile=FILE at the address's end";
    }
    return {};
}

}  // namespace concertres::server

// The tables of a SQLite store as they are, and a diagram of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace concertres::test {

struct EntityColumn {
    std::string name;
    bool is_key = false;               // of the primary key, or a part of it
    std::optional<std::string> names;  // the table whose row it names
};

struct Entity {
    std::string name;
    std::vector<EntityColumn> columns;
};

// As `file`, a store, has them. Tables have no foreign keys: a column names a row of the table
// after which it is called, and some more do that are called otherwise.
[[nodiscard]] std::vector<Entity> entities_of(const std::filesystem::path& file);

[[nodiscard]] std::string to_svg(const std::vector<Entity>& entities);

}  // namespace concertres::test

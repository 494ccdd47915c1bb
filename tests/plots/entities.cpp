#include "plots/entities.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>

#include "plots/svg.hpp"

namespace concertres::test {
namespace {

// Columns that name a row of a table, and are not called as it is.
struct Named {
    std::string_view table;
    std::string_view column;
    std::string_view names;
};
constexpr auto called_otherwise = std::to_array<Named>({
    {"member", "latest", "place"},
    {"pass", "number", "place"},
    {"payment", "reservations", "reservation"},
    {"payment", "released", "reservation"},
    {"seat", "number", "hall_seat"},
});

// Tables whose rows are named have a lane of their own between the columns of boxes, so they stand
// in the middle, where both sides can reach them.
using Places = std::vector<std::string_view>;
const std::array<Places, 3> places{{
    {"sale", "line", "hall_seat", "performance_state", "seat", "reservation_name",
     "reservation_owner", "payment_name", "payment_owner", "store", "sink"},
    {"concert", "performance", "user", "place", "reservation", "payment", "wallet"},
    {"member", "pass", "seat_limit", "transfer", "transfer_name", "event", "published", "journal",
     "token_key"},
}};

// --- Where things stand ------------------------------------------------------------------------

constexpr double box_width = 182;
constexpr double gutter = (Svg::width - 3 * box_width - 2 * 8) / 2;
constexpr std::array<double, 3> lefts{8, 8 + box_width + gutter, 8 + 2 * (box_width + gutter)};
constexpr double top = 56;
constexpr double head = 24;
constexpr double row_height = 15;
constexpr double box_gap = 20;
constexpr std::size_t letters_max = 28;

// What is drawn of a table: the columns that are keys or name something, one a line; the others as
// text.
struct Box {
    const Entity* entity = nullptr;
    std::vector<const EntityColumn*> rows;
    std::vector<std::string> others;
    std::size_t column = 0;  // of the three
    double y = 0;

    [[nodiscard]] double height() const {
        return head + row_height * static_cast<double>(rows.size() + others.size()) + 8;
    }
};

Box box_of(const Entity& entity) {
    Box box{.entity = &entity, .rows = {}, .others = {}};
    std::string others;
    for (const EntityColumn& column : entity.columns) {
        if (column.is_key || column.names) {
            box.rows.push_back(&column);
        } else {
            others += (others.empty() ? "" : ", ") + column.name;
        }
    }
    box.others = wrapped(others, letters_max);
    return box;
}

std::map<std::string_view, Box> placed(const std::vector<Entity>& entities) {
    std::map<std::string_view, Box> boxes;
    for (const Entity& entity : entities) boxes.emplace(entity.name, box_of(entity));
    std::size_t count = 0;
    for (std::size_t column = 0; column < places.size(); ++column) {
        double y = top;
        for (const std::string_view name : places.at(column)) {
            const auto box = boxes.find(name);
            if (box == boxes.end()) throw std::runtime_error(fmt::format("no table {}", name));
            box->second.column = column;
            box->second.y = y;
            y += box->second.height() + box_gap;
            ++count;
        }
    }
    if (count != boxes.size()) throw std::runtime_error("a table has no place in the diagram");
    return boxes;
}

// --- Lanes: one in each gutter for each table that is named ------------------------------------

std::size_t lane_of(std::string_view table) {
    const Places& middle = places[1];
    const auto found = std::ranges::find(middle, table);
    // hall_seat is named by its neighbour alone, on the outer side.
    return static_cast<std::size_t>(found - middle.begin());
}

class Diagram {
  public:
    explicit Diagram(const std::vector<Entity>& entities) : boxes_(placed(entities)) {}

    std::string svg() {
        for (const auto& [name, box] : boxes_) draw_names(box);
        for (const auto& [lane, ends] : lanes_) draw_lane(lane.first, lane.second, ends);
        double bottom = 0;
        for (const auto& [name, box] : boxes_) {
            draw_box(box);
            bottom = std::max(bottom, box.y + box.height());
        }
        svg_.text(8, 22, "title", "The tables of a store");
        svg_.text(8, 40, "small",
                  "Bold: the key. A colour: names a row of the table of that colour; a list names "
                  "some.");
        return svg_.document(bottom + 14, "The tables of a store",
                             "A box for each table with its columns, and lines from columns that "
                             "name a row to the table that has it.");
    }

  private:
    // The gutter (0, 1) and the table.
    using Lane = std::pair<std::size_t, std::string_view>;

    static std::string colour(std::string_view table) {
        return lane_of(table) < places[1].size() ? fmt::format("c{}", lane_of(table)) : "";
    }
    static double lane_x(std::size_t side, std::string_view table) {
        const double left = lefts.at(side) + box_width;
        return left + gutter * static_cast<double>(lane_of(table) + 1) /
                          static_cast<double>(places[1].size() + 1);
    }
    static double row_y(const Box& box, std::size_t row) {
        return box.y + head + row_height * static_cast<double>(row) + 8;
    }

    // From each row that names a table to that table's lane, and from there to the table.
    void draw_names(const Box& box) {
        for (std::size_t row = 0; row < box.rows.size(); ++row) {
            const auto& names = box.rows[row]->names;
            if (!names || colour(*names).empty()) continue;
            const std::string_view table = boxes_.find(*names)->first;
            // The middle goes by the left gutter.
            const std::size_t side = box.column == 2 ? 1 : 0;
            const double edge = box.column == 0 ? lefts[0] + box_width : lefts.at(box.column);
            const double x = lane_x(side, table);
            const double y = row_y(box, row);
            svg_.line(edge, y, x, y, colour(table));
            svg_.dot(x, y, colour(table));
            lanes_[{side, table}].push_back(y);
        }
    }
    void draw_lane(std::size_t side, std::string_view table, std::vector<double> ends) {
        const Box& box = boxes_.at(table);
        const double x = lane_x(side, table);
        const double y = box.y + head / 2;
        const double edge = side == 0 ? lefts[1] : lefts[1] + box_width;
        svg_.line(x, y, edge, y, colour(table));
        ends.push_back(y);
        const auto [low, high] = std::ranges::minmax(ends);
        svg_.line(x, low, x, high, colour(table));
    }
    void draw_box(const Box& box) {
        const double x = lefts.at(box.column);
        svg_.box(x, box.y, box_width, box.height(), "box");
        svg_.box(x, box.y, box_width, head, "band");
        svg_.text(x + 8, box.y + 16, "head " + colour(box.entity->name), box.entity->name);
        double y = box.y + head + 12;
        for (const EntityColumn* column : box.rows) {
            std::string kind = column->is_key ? "key" : "";
            if (column->names) kind += ' ' + colour(*column->names);
            svg_.text(x + 8, y, kind, label(*column));
            y += row_height;
        }
        for (const std::string& line : box.others) {
            svg_.text(x + 8, y, "small", line);
            y += row_height;
        }
    }
    // With the table where the column is called otherwise.
    static std::string label(const EntityColumn& column) {
        if (!column.names || *column.names == column.name) return column.name;
        return column.name + ": " + *column.names;
    }

    std::map<std::string_view, Box> boxes_;
    std::map<Lane, std::vector<double>> lanes_;
    Svg svg_;
};

}  // namespace

std::vector<Entity> entities_of(const std::filesystem::path& file) {
    SQLite::Database database(file.string());
    SQLite::Statement rows(database,
                           "SELECT m.name, c.name, c.pk, c.type FROM sqlite_schema m "
                           "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' "
                           "ORDER BY m.name, c.cid");
    std::vector<Entity> entities;
    std::set<std::string> tables;
    while (rows.executeStep()) {
        const std::string table = rows.getColumn(0).getString();
        if (tables.insert(table).second) entities.push_back({table, {}});
        entities.back().columns.push_back(
            {rows.getColumn(1).getString(), rows.getColumn(2).getInt() > 0, std::nullopt});
    }
    std::size_t otherwise = 0;
    for (Entity& entity : entities) {
        for (EntityColumn& column : entity.columns) {
            if (column.name != entity.name && tables.contains(column.name)) {
                column.names = column.name;
            }
            for (const Named& named : called_otherwise) {
                if (named.table != entity.name || named.column != column.name) continue;
                column.names = std::string(named.names);
                ++otherwise;
            }
        }
    }
    if (otherwise != called_otherwise.size()) {
        throw std::runtime_error("a column that names a row is not there any more");
    }
    return entities;
}

std::string to_svg(const std::vector<Entity>& entities) { return Diagram(entities).svg(); }

}  // namespace concertres::test

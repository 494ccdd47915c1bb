// Draws what docs/concepts/engine.md and docs/reference/schema.md show: a purchase in five flows,
// as a box office does it, and the tables of a store, as SQLite has them.
//
//   concertres_diagrams FOLDER           writes them
//   concertres_diagrams --check FOLDER   says which of them are not what would be written
#include "concertres/sqlite.hpp"
#include "plots/entities.hpp"
#include "plots/files.hpp"
#include "plots/flows.hpp"
#include "plots/sequence.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {
namespace {

Drawings drawings() {
    Drawings all;
    for (const Flow& flow : purchase_flows()) {
        all.emplace("flow-" + flow.name + ".svg", to_svg(flow));
    }
    const TempDir folder;
    const auto file = folder.path() / "sale.db";
    (void)open_sqlite(file);
    all.emplace("tables.svg", to_svg(entities_of(file)));
    return all;
}

}  // namespace
}  // namespace concertres::test

int main(int argc, char** argv) {
    return concertres::test::run_drawings(argc, argv, concertres::test::drawings);
}

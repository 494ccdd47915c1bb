// Whether two stores have tables of one shape: the check that the bare loop does the engine's work.
#pragma once

#include <filesystem>

namespace bench {

// Prints how many rows and bytes the larger tables have in each. Throws where a table has not as
// many rows in one as in the other, or where its bytes differ by more than a hundredth.
void require_same_rows(const std::filesystem::path& engine, const std::filesystem::path& bare);

}  // namespace bench

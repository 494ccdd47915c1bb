// Drawings that stand in the tree: written, or compared with what would be written.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace concertres::test {

// By the name of the file.
using Drawings = std::map<std::string, std::string>;

// Writes them. Throws std::runtime_error where that cannot be.
void write(const Drawings& drawings, const std::filesystem::path& folder);
// True where each of them stands in the folder as it is; says which do not.
[[nodiscard]] bool check(const Drawings& drawings, const std::filesystem::path& folder);

// What a program of drawings does with `[--check] FOLDER`; its exit code.
int run_drawings(int argc, char** argv, Drawings (*draw)());

}  // namespace concertres::test

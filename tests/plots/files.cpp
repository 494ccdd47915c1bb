#include "plots/files.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace concertres::test {

void write(const Drawings& drawings, const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    for (const auto& [name, svg] : drawings) {
        std::ofstream out(folder / name, std::ios::binary);
        out << svg << std::flush;
        if (!out) throw std::runtime_error((folder / name).string() + " cannot be written");
    }
}

bool check(const Drawings& drawings, const std::filesystem::path& folder) {
    bool fresh = true;
    for (const auto& [name, svg] : drawings) {
        std::ifstream in(folder / name, std::ios::binary);
        if (std::string{std::istreambuf_iterator<char>(in), {}} == svg) continue;
        fmt::print(stderr, "{} is not what would be drawn now: draw it anew\n",
                   (folder / name).string());
        fresh = false;
    }
    return fresh;
}

int run_drawings(int argc, char** argv, Drawings (*draw)()) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    const bool only_check = words.size() == 2 && words[0] == "--check";
    if (!only_check && words.size() != 1) {
        fmt::print(stderr, "usage: {} [--check] FOLDER\n", argv[0]);
        return 2;
    }
    try {
        const Drawings drawings = draw();
        if (only_check) return check(drawings, words.back()) ? 0 : 1;
        write(drawings, words.back());
        return 0;
    } catch (const std::exception& failure) {
        fmt::print(stderr, "{}: {}\n", argv[0], failure.what());
        return 1;
    }
}

}  // namespace concertres::test

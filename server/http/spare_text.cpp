#include "http/spare_text.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace concertres::http {

namespace {

constexpr std::size_t bytes_min = 512;
// More is given back to the system.
constexpr std::size_t bytes_max = 8 * 1024;

struct Spare {
    std::array<std::string, 16> texts;
    std::size_t count = 0;
};
thread_local Spare spare;

}  // namespace

std::string take_spare_text() {
    if (spare.count > 0) return std::move(spare.texts[--spare.count]);
    std::string text;
    text.reserve(bytes_min);
    return text;
}

void give_spare_text(std::string&& text) noexcept {
    const bool is_of_use = text.capacity() >= bytes_min && text.capacity() <= bytes_max;
    if (!is_of_use || spare.count == spare.texts.size()) return;
    text.clear();
    spare.texts[spare.count++] = std::move(text);
}

}  // namespace concertres::http

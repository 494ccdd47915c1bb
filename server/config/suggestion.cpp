#include "config/suggestion.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace concertres::server {
namespace {

// How many letters have to be put in, left out, changed or swapped with their neighbour.
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> known) {
    // Longer than any name, so no misspelling of one; and the table below grows with its length.
    constexpr std::size_t longest = 64;
    if (word.size() > longest) return std::nullopt;

    std::optional<std::string_view> best;
    std::size_t best_edits = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (std::string_view candidate : known) {
        const std::size_t edits = edits_between(word, candidate);
        // All letters changed is no misspelling.
        if (edits >= best_edits || edits >= std::min(word.size(), candidate.size())) continue;
        best = candidate;
        best_edits = edits;
    }
    if (best) return best;

    // "--cors" for "--cors-origin", "--data-dir" for "--data"; where only one is so.
    auto begins = [word](std::string_view candidate) {
        return candidate.starts_with(word) || word.starts_with(candidate);
    };
    if (word.size() < 3 || std::count_if(known.begin(), known.end(), begins) != 1) {
        return std::nullopt;
    }
    return *std::find_if(known.begin(), known.end(), begins);
}

}  // namespace concertres::server

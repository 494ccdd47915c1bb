// A draw as `draw export` writes it to a file, and what anybody can check of it with nothing but
// that file: that the seed is the one whose hash was published, and that people were let in in the
// order that follows from it.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/draw.hpp"
#include "concertres/operations.hpp"
#include "concertres/queries.hpp"
#include "concertres/result.hpp"

namespace concertres::server {

struct DrawnFile {
    std::string concert{};  // its id, for people
    DrawCommitment commitment{};
    DrawSeed seed{};
    Time drawn_at{};
    std::vector<DrawnLine> lines{};  // by class, at least one
    std::vector<Admission> admissions{};

    // Nothing: no line of that class was drawn. Lifetime: of this file.
    [[nodiscard]] const DrawnLine* line_of(LineClass line_class) const;
    // Of all lines.
    [[nodiscard]] std::int64_t size() const;
};

// Refuses: request_invalid (no such file, naming the first faults; the line has not been drawn; an
// algorithm that is not known here).
[[nodiscard]] Result<DrawnFile> read_drawn_file(std::string_view text);

struct Verified {
    static constexpr std::size_t kept_max = 20;

    std::vector<std::string> good{};   // what was checked, and holds
    std::vector<std::string> wrong{};  // what does not: the first of it
    std::size_t wrong_more = 0;
};

// `published`: the hash as it was noted before the sale opened.
[[nodiscard]] Verified verify(const DrawnFile& file,
                              const std::optional<DrawCommitment>& published);

}  // namespace concertres::server

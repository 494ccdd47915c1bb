// What diagrams are made of: boxes, strokes and texts in an SVG of one width, whose colours follow
// whoever looks from light to dark.
//
//   Svg svg;
//   svg.text(20, 30, "head", "concert");
//   std::string file = svg.document(400, "Tables", "A box for each table.");
//
// The same drawing is the same text, on every machine.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::test {

class Svg {
  public:
    static constexpr double width = 720;

    // `kind` is one or more of the classes of the style: svg.cpp.
    void text(double x, double y, std::string_view kind, std::string_view what);
    void box(double x, double y, double wide, double high, std::string_view kind);
    void line(double x1, double y1, double x2, double y2, std::string_view kind);
    void dot(double x, double y, std::string_view kind);
    // An arrow to (x2, y), from (x1, y).
    void arrow(double x1, double x2, double y, std::string_view kind);

    // Above what there is.
    void append(const Svg& other) { body_ += other.body_; }

    [[nodiscard]] std::string document(double height, std::string_view title,
                                       std::string_view description) const;

  private:
    std::string body_;
};

// Lines of at most so many letters, broken at spaces.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t letters_max);

}  // namespace concertres::test

// Progress on standard output: a small panel that is drawn in its place on a terminal, plain lines
// anywhere else.
#pragma once

#include <concertres/time.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace on_sale {

// How the terminal may be written to. Colours only there, and only where NO_COLOR is unset.
struct Style {
    bool panel = false;
    bool colour = false;
    bool unicode = false;

    [[nodiscard]] static Style of_stdout();

    [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return in("31", text); }
    [[nodiscard]] std::string green(std::string_view text) const { return in("32", text); }
    [[nodiscard]] std::string yellow(std::string_view text) const { return in("33", text); }

  private:
    [[nodiscard]] std::string in(std::string_view code, std::string_view text) const;
};

struct Progress {
    concertres::Duration elapsed{0};
    std::int64_t sold = 0;
    std::int64_t held = 0;
    std::int64_t free = 0;
    std::int64_t waiting = 0;
    std::int64_t admitted = 0;
    double commands_per_second = 0;
    double commits_per_second = 0;
    std::string note;

    [[nodiscard]] std::int64_t seats() const { return sold + held + free; }
};

// Threads: one at a time.
class Screen {
  public:
    explicit Screen(Style style) : style_(style) {}

    // How long until the next picture is worth drawing.
    [[nodiscard]] concertres::Duration interval() const;
    void show(const Progress& progress);

  private:
    [[nodiscard]] std::vector<std::string> panel(const Progress& progress) const;
    [[nodiscard]] std::string bar(const Progress& progress) const;

    Style style_;
    std::size_t drawn_ = 0;  // lines of the panel
    std::string last_note_;
};

}  // namespace on_sale

#include "screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "text.hpp"

namespace on_sale {
namespace {

constexpr std::int64_t bar_cells = 64;
constexpr unsigned short rows_min = 12;

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

bool is_utf8() {
    // The first of the three that is set decides.
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const std::string_view locale = environment(name);
        if (locale.empty()) continue;
        return locale.find("UTF-8") != std::string_view::npos ||
               locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

void write_out(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

std::string repeated(std::string_view text, std::int64_t times) {
    std::string all;
    for (std::int64_t i = 0; i < times; ++i) all += text;
    return all;
}

std::string rate(double per_second) {
    return grouped(static_cast<std::int64_t>(std::lround(per_second)));
}

}  // namespace

Style Style::of_stdout() {
    Style style;
    const std::string_view terminal = environment("TERM");
    const bool is_terminal = isatty(STDOUT_FILENO) == 1 && !terminal.empty() && terminal != "dumb";
    style.colour = is_terminal && environment("NO_COLOR").empty();
    style.unicode = is_terminal && is_utf8();
    winsize size{};
    style.panel = is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
                  (size.ws_row == 0 || size.ws_row >= rows_min);
    return style;
}

std::string Style::in(std::string_view code, std::string_view text) const {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

concertres::Duration Screen::interval() const {
    return style_.panel ? std::chrono::milliseconds(100) : std::chrono::seconds(1);
}

void Screen::show(const Progress& p) {
    if (!style_.panel) {
        write_out(fmt::format(
            "{:>6.1f} s  sold {:>5}  held {:>5}  waiting {:>5}  admitted {:>3}  {:>5} commands/s\n",
            std::chrono::duration<double>(p.elapsed).count(), grouped(p.sold), grouped(p.held),
            grouped(p.waiting), grouped(p.admitted), rate(p.commands_per_second)));
        if (p.note != last_note_) write_out(fmt::format("{:>8}  note: {}\n", "", p.note));
        last_note_ = p.note;
        return;
    }
    // One write a picture, which leaves the terminal as it was: nothing flickers, and a program
    // that is killed leaves no hidden cursor behind. Lines that are too long are cut, not wrapped.
    std::string picture = "\x1b[?25l\x1b[?7l";
    if (drawn_ > 0) picture += fmt::format("\x1b[{}A", drawn_);
    const std::vector<std::string> lines = panel(p);
    for (const std::string& line : lines) picture += fmt::format("\r{}\x1b[K\n", line);
    picture += "\x1b[J\x1b[?7h\x1b[?25h";
    drawn_ = lines.size();
    write_out(picture);
}

std::string Screen::bar(const Progress& p) const {
    const std::int64_t seats = std::max<std::int64_t>(p.seats(), 1);
    // Rounded so that the bar is full when, and only when, all is sold.
    const std::int64_t sold = p.sold * bar_cells / seats;
    const std::int64_t taken = (p.sold + p.held) * bar_cells / seats;
    auto cells = [&](const char* shape, const char* plain, std::int64_t count) {
        return repeated(style_.unicode ? shape : plain, count);
    };
    return style_.green(cells("█", "#", sold)) + style_.yellow(cells("▓", "+", taken - sold)) +
           style_.dim(cells("░", ".", bar_cells - taken));
}

std::vector<std::string> Screen::panel(const Progress& p) const {
    const double part =
        static_cast<double>(p.sold) / static_cast<double>(std::max<std::int64_t>(p.seats(), 1));
    // Cut, not rounded: 100 % is when the last seat is sold.
    const std::string percent = fmt::format("{:.1f} %", std::floor(part * 1'000) / 10);
    auto row = [&](const std::string& seats, std::int64_t number, std::string_view people,
                   const std::string& count, std::string_view speed, const std::string& value) {
        return fmt::format("  {} {:>9}      {} {:>9}      {} {:>12}", seats, grouped(number),
                           style_.dim(fmt::format("{:<8}", people)), count,
                           style_.dim(fmt::format("{:<8}", speed)), value);
    };
    std::vector<std::string> lines{
        fmt::format("  {} {:>8}", bar(p), percent),
        "",
        row(style_.green("sold"), p.sold, "waiting", grouped(p.waiting), "commands",
            rate(p.commands_per_second) + "/s"),
        row(style_.yellow("held"), p.held, "admitted", grouped(p.admitted), "commits",
            rate(p.commits_per_second) + "/s"),
        row(style_.dim("free"), p.free, "", "", "elapsed", in_seconds(p.elapsed)),
    };
    if (!p.note.empty()) lines.push_back(fmt::format("  {}", style_.yellow(p.note)));
    return lines;
}

}  // namespace on_sale

// The one table that a run prints.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct Row {
    std::string what;
    std::string in_flight;
    std::vector<double> figures;  // of each repetition, in `unit`
    std::string unit;
    double cpu_us = 0;      // for each command; 0: not told
    double written_kb = 0;  // likewise
    std::string note;
};

[[nodiscard]] double median(std::vector<double> figures);

// Machine, commit, date and command, and how to read the rest.
void print_head(int argc, char** argv, int repetitions);
void print_section(const std::string& title);
void print(const Row& row);
void print_note(const std::string& text);

}  // namespace bench

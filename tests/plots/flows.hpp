// A purchase in five flows, as it is done by a box office on storage that is watched: what the
// caller asks, what that makes the box office ask of storage, and what is answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace concertres::test {

enum class Actor : std::uint8_t { caller, box_office, storage };

struct FlowStep {
    Actor from{};
    Actor to{};
    bool is_answer = false;
    std::vector<std::string> lines;
};

struct Flow {
    std::string name;  // of the file
    std::string title;
    std::vector<FlowStep> steps;
};

// The same each time.
[[nodiscard]] std::vector<Flow> purchase_flows();

}  // namespace concertres::test

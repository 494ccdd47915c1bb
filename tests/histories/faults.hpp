// The verdict on a whole history, in words.
//
//   const std::vector<std::string> faults = faults_of(history);
//   CHECK(faults.empty());
//
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "histories/history.hpp"

namespace concertres::test {

// What could not be explained or decided, one text for each part; empty: all is well.
[[nodiscard]] std::vector<std::string> faults_of(const History& history);

}  // namespace concertres::test

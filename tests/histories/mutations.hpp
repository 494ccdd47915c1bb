// Histories that are wrong for certain: a recorded one with an answer changed so that no order
// explains it any more. Each kind says why it must be wrong, and takes nothing of the checker for
// it; an answer that might be right as well after the change is left alone.
//
//   for (const Mutation& mutation : mutations_of(history)) {
//       CHECK(is_refuted(history, mutation));
//   }
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "histories/history.hpp"

namespace concertres::test {

struct Mutation {
    std::string kind{};                                     // "a second winner"
    std::vector<std::pair<std::size_t, Answer>> changed{};  // by event
};
// All there are, in the order of their kinds.
[[nodiscard]] std::vector<Mutation> mutations_of(const History& history);

// Whether the checker refutes the history with these answers in it. It is as before afterwards.
[[nodiscard]] bool is_refuted(History& history, const Mutation& mutation);

}  // namespace concertres::test

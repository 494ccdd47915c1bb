// A history falls apart into what each seat, wallet, key and waiting room saw of it, and each part
// is checked alone. It is linearizable only if all of them are.
//
//   for (const Partition& part : partitions_of(history)) CHECK(check(*part.model,
//   part.spans).holds());
//
// Threads: any.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "histories/history.hpp"
#include "histories/linearizability.hpp"

namespace concertres::test {

struct Partition {
    std::string name{};  // "seat 7 of sale 0"
    std::unique_ptr<Model> model{};
    std::vector<Span> spans{};
    std::vector<std::size_t> events{};  // which of the history's each call is
};
[[nodiscard]] std::vector<Partition> partitions_of(const History& history);
// Those alone that one of these events is in.
[[nodiscard]] std::vector<Partition> partitions_with(const History& history,
                                                     const std::set<std::size_t>& events);

}  // namespace concertres::test

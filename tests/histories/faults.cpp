#include "histories/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "histories/linearizability.hpp"
#include "histories/partitions.hpp"

namespace concertres::test {

namespace {

// What this part of the history was told, up to the answer that nothing explains.
std::string told_around(const History& history, const Partition& part, std::size_t stuck) {
    constexpr std::size_t shown_max = 40;
    std::vector<std::pair<Moment, std::size_t>> order;
    for (std::size_t i = 0; i < part.spans.size(); ++i) {
        if (part.spans[i].invoked <= part.spans[stuck].returned) {
            order.emplace_back(part.spans[i].invoked, part.events[i]);
        }
    }
    std::sort(order.begin(), order.end());
    if (order.size() > shown_max) order.erase(order.begin(), order.end() - shown_max);
    std::string text;
    for (const auto& [moment, event] : order) {
        text += "\n    " + text_of(history, history.events[event]);
    }
    return text + "\n  is stuck at\n    " + text_of(history, history.events[part.events[stuck]]);
}

}  // namespace

std::vector<std::string> faults_of(const History& history) {
    std::vector<std::string> faults;
    for (const Partition& part : partitions_of(history)) {
        const Verdict verdict = check(*part.model, part.spans);
        if (verdict.holds()) continue;
        std::string text =
            fmt::format("{} is {} after {} steps", part.name,
                        verdict.is_refuted() ? "refuted" : "undecided", verdict.steps);
        if (verdict.stuck) text += told_around(history, part, *verdict.stuck);
        faults.push_back(std::move(text));
    }
    return faults;
}

}  // namespace concertres::test

#include "provider/provider_faults.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

namespace concertres::test {

int ProviderFault::number() const { return argument.empty() ? 0 : std::stoi(argument); }

void ProviderFaults::add(const std::string& text) {
    static const std::set<std::string> steps = {"authorize", "capture", "cancel",
                                                "refund",    "lookup",  "*"};
    static const std::set<std::string> kinds = {"refuse", "busy",    "drop",     "late", "stall",
                                                "lose",   "cut",     "hang",     "slow", "twice",
                                                "repeat", "amount",  "currency", "id",   "status",
                                                "code",   "garbage", "huge",     "empty"};
    std::istringstream words(text);
    ProviderFault fault;
    words >> fault.step >> fault.kind;
    if (!steps.contains(fault.step) || !kinds.contains(fault.kind)) {
        throw std::invalid_argument("no fault: " + text);
    }
    if (int times = 0; words >> times) fault.times = times;
    words >> fault.argument;
    std::lock_guard lock(mutex_);
    faults_.push_back(fault);
}

void ProviderFaults::clear() {
    std::lock_guard lock(mutex_);
    faults_.clear();
}

std::optional<ProviderFault> ProviderFaults::take(const std::string& step) {
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(faults_, [&](const ProviderFault& fault) {
        return fault.step == "*" || fault.step == step;
    });
    if (found == faults_.end()) return {};
    const ProviderFault fault = *found;
    if (found->times == 1) {
        faults_.erase(found);
    } else if (found->times > 1) {
        --found->times;
    }
    return fault;
}

}  // namespace concertres::test

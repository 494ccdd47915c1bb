#include "histories/history.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace concertres::test {

std::string_view name_of(Verb verb) {
    constexpr std::array<std::string_view, 12> names{"join",   "place",   "leave",  "hold",
                                                     "extend", "release", "look",   "seats",
                                                     "charge", "pay",     "refund", "wallet"};
    return names.at(static_cast<std::size_t>(verb));
}

std::string text_of(const History& history, const Event& event) {
    const Call& call = event.call;
    std::string text = fmt::format("client {} [{}..{}]: {} of user {} in sale {}", event.client,
                                   event.span.invoked, event.span.returned.value_or(-1),
                                   name_of(call.verb), call.user, call.sale);
    if (call.place != 0) text += fmt::format(", place {}", call.place);
    if (call.hold >= 0) {
        const Wanted& wanted = history.wanted[static_cast<std::size_t>(call.hold)];
        text += fmt::format(", hold {} of seats {}", call.hold, fmt::join(wanted.seats, "+"));
    }
    if (call.amount != 0) text += fmt::format(", amount {}", call.amount);
    if (!call.key.empty()) text += ", key " + call.key;
    if (!event.answer) return text + " -> no answer";
    const Answer& answer = *event.answer;
    text += fmt::format(" -> {} {}{}{}", answer.status, answer.code, answer.state,
                        answer.replayed ? " (replayed)" : "");
    if (answer.number != 0) text += fmt::format(", number {}", answer.number);
    if (answer.position) text += fmt::format(", position {}", *answer.position);
    if (answer.is_good() && call.sale >= 0) text += fmt::format(", balance {}", answer.balance);
    return text;
}

HistoryCounts counts_of(const History& history) {
    HistoryCounts counts;
    for (const Event& event : history.events) {
        if (!event.answer) {
            ++counts.lost;
            continue;
        }
        ++counts.answered;
        ++(event.answer->is_good() ? counts.good : counts.refused);
        if (event.answer->replayed) ++counts.replayed;
        if (event.answer->code == "key_reused") ++counts.reused;
        if (event.answer->status == 500) ++counts.failed;
    }
    return counts;
}

}  // namespace concertres::test

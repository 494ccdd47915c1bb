#include "histories/mutations.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "histories/partitions.hpp"

namespace concertres::test {

namespace {

bool is_good(const Event& event) { return event.answer && event.answer->is_good(); }
bool was_made(const Event& event) { return is_good(event) && !event.answer->replayed; }
bool has_code(const Event& event, std::string_view code) {
    return event.answer && event.answer->code == code;
}
// `first` was over when `second` began.
bool precedes(const Event& first, const Event& second) {
    return first.span.returned && *first.span.returned < second.span.invoked;
}
// `first` may have happened before `second` was answered.
bool may_precede(const Event& first, const Event& second) {
    return first.span.invoked <= second.span.returned.value_or(first.span.invoked);
}

Answer made(std::string id, std::string state, std::int64_t balance = 0) {
    return {.status = 201, .id = std::move(id), .state = std::move(state), .balance = balance};
}

class Mutations {
  public:
    explicit Mutations(const History& history) : history_(history), events_(history.events) {
        for (std::size_t i = 0; i < events_.size(); ++i) {
            if (events_[i].call.hold >= 0) by_hold_[events_[i].call.hold].push_back(i);
        }
    }

    std::vector<Mutation> all() {
        for (std::size_t i = 0; i < events_.size(); ++i) {
            if (!events_[i].answer) continue;
            second_winner(i);
            denied_winner(i);
            stale_reservation(i);
            stale_map(i);
            wrong_balance(i);
            paid_by_the_poor(i);
            second_effect(i);
            key_of_two(i);
            paid_twice(i);
            number_of_another(i);
            place_that_grows(i);
            sent_back(i);
        }
        std::ranges::stable_sort(all_, {}, &Mutation::kind);
        return std::move(all_);
    }

  private:
    const Wanted& wanted(int hold) const { return history_.wanted[static_cast<std::size_t>(hold)]; }
    void change(const char* kind, std::size_t event, Answer answer) {
        all_.push_back({kind, {{event, std::move(answer)}}});
    }
    static std::string forged(std::size_t event) { return "forged-" + std::to_string(event); }

    // Whether this call may end the hold, or the pass that it is of.
    bool may_end(const Event& event, int hold) const {
        const Call& call = event.call;
        if (call.hold == hold) return call.verb == Verb::release || call.verb == Verb::refund;
        const Wanted& held = wanted(hold);
        return held.place != 0 && call.sale == held.sale && call.user == held.user &&
               (call.verb == Verb::leave || call.verb == Verb::pay);
    }
    // Whether the hold was made before the call began, this much earlier at least, and nothing has
    // ended it before the answer.
    bool is_taken_during(int hold, const Event& event, Moment earlier = 0) const {
        const auto& own = by_hold_.at(hold);
        const bool before = std::ranges::any_of(own, [&](std::size_t i) {
            return events_[i].call.verb == Verb::hold && was_made(events_[i]) &&
                   *events_[i].span.returned < event.span.invoked - earlier;
        });
        return before && std::ranges::none_of(events_, [&](const Event& other) {
                   return may_end(other, hold) && may_precede(other, event);
               });
    }
    bool is_taken_by_another(int sale, int seat, int own, const Event& event,
                             Moment earlier = 0) const {
        return std::ranges::any_of(by_hold_, [&](const auto& each) {
            const Wanted& other = wanted(each.first);
            return each.first != own && other.sale == sale &&
                   std::ranges::find(other.seats, seat) != other.seats.end() &&
                   is_taken_during(each.first, event, earlier);
        });
    }

    // Two have the same seat at once.
    void second_winner(std::size_t i) {
        const Event& event = events_[i];
        if (!has_code(event, "seat_held") && !has_code(event, "seat_sold")) return;
        const bool taken = std::ranges::any_of(event.answer->taken, [&](int seat) {
            return is_taken_by_another(event.call.sale, seat, event.call.hold, event);
        });
        if (taken) change("a second winner of a seat", i, made(forged(i), "held"));
    }

    // Who was refused a seat, and never asked again, cannot do anything with it later. Alone, or
    // in exchange with one who was refused.
    void denied_winner(std::size_t i) {
        const Event& event = events_[i];
        if (event.call.verb != Verb::hold || !was_made(event)) return;
        const auto& own = by_hold_.at(event.call.hold);
        const auto holds = std::ranges::count_if(
            own, [&](std::size_t each) { return events_[each].call.verb == Verb::hold; });
        const bool used = std::ranges::any_of(own, [&](std::size_t each) {
            return events_[each].call.verb == Verb::look && is_good(events_[each]);
        });
        if (holds != 1 || !used) return;
        const Answer refused{
            .status = 409, .code = "seat_held", .taken = wanted(event.call.hold).seats};
        change("a winner who is refused", i, refused);
        for (std::size_t other = 0; other < events_.size(); ++other) {
            if (!has_code(events_[other], "seat_held") ||
                events_[other].answer->taken != refused.taken ||
                events_[other].call.sale != event.call.sale) {
                continue;
            }
            all_.push_back({"two who exchange their answers",
                            {{i, refused}, {other, made(forged(other), "held")}}});
            return;
        }
    }

    // What has ended is not held again.
    void stale_reservation(std::size_t i) {
        const Event& event = events_[i];
        const bool looks = event.call.verb == Verb::look && is_good(event);
        const bool extends =
            event.call.verb == Verb::extend && has_code(event, "reservation_released");
        if (!looks && !extends) return;
        const bool over = std::ranges::any_of(by_hold_.at(event.call.hold), [&](std::size_t each) {
            const Event& other = events_[each];
            const bool ends = other.call.verb == Verb::release || other.call.verb == Verb::pay ||
                              other.call.verb == Verb::refund;
            return ends && is_good(other) && precedes(other, event);
        });
        if (!over) return;
        Answer answer = *event.answer;
        answer.status = 200;
        answer.code.clear();
        answer.state = "held";
        change(looks ? "a stale look at a reservation" : "an extension after the end", i, answer);
    }

    // A map older than it may be.
    void stale_map(std::size_t i) {
        const Event& event = events_[i];
        if (event.call.verb != Verb::seats || !is_good(event)) return;
        for (std::size_t at = 0; at < event.answer->seats.size(); ++at) {
            const auto& [seat, status] = event.answer->seats[at];
            if (status == "available" ||
                !is_taken_by_another(event.call.sale, seat, -1, event, history_.map_age_max)) {
                continue;
            }
            Answer answer = *event.answer;
            answer.seats[at].second = "available";
            change("a stale map", i, answer);
        }
    }

    // Whether nothing else moved the user's money, or may have, while this call was under way: the
    // balance is the sum of what was over before.
    bool is_alone_in_wallet(std::size_t i) const {
        const Event& event = events_[i];
        return std::ranges::none_of(events_, [&](const Event& other) {
            const Verb verb = other.call.verb;
            const bool moves = verb == Verb::charge || verb == Verb::pay || verb == Verb::refund;
            return &other != &event && moves && other.call.user == event.call.user &&
                   may_precede(other, event) && !precedes(other, event);
        });
    }
    void wrong_balance(std::size_t i) {
        const Event& event = events_[i];
        const bool reads = event.call.verb == Verb::wallet && is_good(event);
        const bool charges = event.call.verb == Verb::charge && was_made(event);
        if ((!reads && !charges) || !is_alone_in_wallet(i)) return;
        Answer answer = *event.answer;
        if (charges) {
            answer.balance -= event.call.amount;
            return change("a lost charge", i, answer);
        }
        if (const auto last = last_move(event)) {
            answer.balance = event.answer->balance - *last;
            change("a stale balance", i, answer);
            answer.balance = event.answer->balance + *last;
            change("a movement that counts twice", i, answer);
        }
    }
    // What the last charge before the call added.
    std::optional<std::int64_t> last_move(const Event& event) const {
        const Event* last = nullptr;
        for (const Event& other : events_) {
            if (other.call.verb != Verb::charge || other.call.user != event.call.user ||
                !was_made(other) || !precedes(other, event)) {
                continue;
            }
            if (last == nullptr || other.span.invoked > last->span.invoked) last = &other;
        }
        return last == nullptr ? std::nullopt : std::optional(last->call.amount);
    }

    // The balance was too small, and nothing made it larger.
    void paid_by_the_poor(std::size_t i) {
        if (!has_code(events_[i], "insufficient_balance") || !is_alone_in_wallet(i)) return;
        change("a payment out of nothing", i, made(forged(i), "completed"));
    }

    bool is_same_key(const Call& a, const Call& b) const {
        return a.verb == b.verb && a.user == b.user && a.key == b.key;
    }
    bool is_same_content(const Call& a, const Call& b) const {
        return a.hold == b.hold && a.amount == b.amount;
    }
    // One key has one effect, and one thing comes of it.
    void second_effect(std::size_t i) {
        const Event& event = events_[i];
        if (!is_good(event) || !event.answer->replayed) return;
        const bool first = std::ranges::any_of(events_, [&](const Event& other) {
            return was_made(other) && is_same_key(other.call, event.call);
        });
        if (!first) return;
        Answer answer = *event.answer;
        answer.replayed = false;
        change("a second effect of a key", i, answer);
        answer = *event.answer;
        answer.id = forged(i);
        change("a second thing of a key", i, answer);
    }
    void key_of_two(std::size_t i) {
        const Event& event = events_[i];
        if (!has_code(event, "key_reused")) return;
        const bool bound = std::ranges::any_of(events_, [&](const Event& other) {
            return is_good(other) && is_same_key(other.call, event.call) &&
                   !is_same_content(other.call, event.call);
        });
        const char* const state = event.call.verb == Verb::hold ? "held" : "completed";
        if (bound) change("two contents of a key", i, made(forged(i), state));
    }
    void paid_twice(std::size_t i) {
        const Event& event = events_[i];
        if (!has_code(event, "already_paid") || event.call.verb != Verb::pay) return;
        const bool paid = std::ranges::any_of(by_hold_.at(event.call.hold), [&](std::size_t each) {
            return events_[each].call.verb == Verb::pay && is_good(events_[each]) &&
                   precedes(events_[each], event);
        });
        if (paid) change("a second payment of a seat", i, made(forged(i), "completed"));
    }

    // Numbers are given once, and in the order in which people came.
    void number_of_another(std::size_t i) {
        constexpr int most = 12;
        const Event& event = events_[i];
        if (event.call.verb != Verb::join || event.answer->status != 201) return;
        int changed = 0;
        for (std::size_t other = 0; other < events_.size() && changed < most; ++other) {
            const Event& earlier = events_[other];
            if (earlier.call.verb != Verb::join || earlier.call.sale != event.call.sale ||
                !earlier.answer || earlier.answer->status != 201 || other == i) {
                continue;
            }
            Answer answer = *event.answer;
            answer.number = earlier.answer->number;
            change("a number that is given twice", i, answer);
            ++changed;
            if (!precedes(earlier, event)) continue;
            Answer swapped = *earlier.answer;
            swapped.number = event.answer->number;
            all_.push_back({"numbers against the order", {{i, answer}, {other, swapped}}});
        }
    }

    bool shows(const Event& event, std::string_view state) const {
        return event.call.verb == Verb::place && is_good(event) && event.answer->state == state;
    }
    // Nobody falls back in the line.
    void place_that_grows(std::size_t i) {
        const Event& event = events_[i];
        if (!shows(event, "waiting")) return;
        for (const Event& other : events_) {
            if (!shows(other, "waiting") || other.call.place != event.call.place ||
                other.call.sale != event.call.sale || !precedes(other, event)) {
                continue;
            }
            Answer answer = *event.answer;
            answer.position = *other.answer->position + 1;
            return change("a place that grows", i, answer);
        }
    }
    // Who is in, or stands before one who is in, does not wait.
    void sent_back(std::size_t i) {
        const Event& event = events_[i];
        if (!shows(event, "admitted")) return;
        for (const Event& other : events_) {
            if (!shows(other, "admitted") || other.call.place < event.call.place ||
                other.call.sale != event.call.sale || !precedes(other, event)) {
                continue;
            }
            Answer answer = *event.answer;
            answer.state = "waiting";
            answer.position = 1;
            const bool own = other.call.place == event.call.place;
            return change(own ? "one who was in, and waits" : "one who was overtaken", i, answer);
        }
    }

    const History& history_;
    const std::vector<Event>& events_;
    std::map<int, std::vector<std::size_t>> by_hold_;
    std::vector<Mutation> all_;
};

}  // namespace

std::vector<Mutation> mutations_of(const History& history) { return Mutations(history).all(); }

bool is_refuted(History& history, const Mutation& mutation) {
    std::vector<Answer> before;
    std::set<std::size_t> changed;
    for (const auto& [event, answer] : mutation.changed) {
        before.push_back(*history.events[event].answer);
        history.events[event].answer = answer;
        changed.insert(event);
    }
    const auto parts = partitions_with(history, changed);
    const bool refuted = std::ranges::any_of(
        parts, [](const Partition& part) { return check(*part.model, part.spans).is_refuted(); });
    for (std::size_t i = 0; i < before.size(); ++i) {
        history.events[mutation.changed[i].first].answer = before[i];
    }
    return refuted;
}

}  // namespace concertres::test

#include "histories/partitions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "histories/models.hpp"

namespace concertres::test {

namespace {

// A part in the making, with its model's own type.
template <class M, class C>
struct Part {
    std::vector<C> calls{};
    std::vector<Span> spans{};
    std::vector<std::size_t> events{};

    void add(C call, const Span& span, std::size_t event) {
        calls.push_back(std::move(call));
        spans.push_back(span);
        events.push_back(event);
    }
    Partition finish(std::string name, M model) {
        model.calls = std::move(calls);
        return {std::move(name), std::make_unique<M>(std::move(model)), std::move(spans),
                std::move(events)};
    }
};

// The small number of each thing, in the order they are first seen.
template <class Thing>
class Numbers {
  public:
    std::size_t operator()(const Thing& thing) {
        return numbers_.try_emplace(thing, numbers_.size()).first->second;
    }
    [[nodiscard]] std::size_t size() const { return numbers_.size(); }

  private:
    std::map<Thing, std::size_t> numbers_;
};

// --- Seats ---------------------------------------------------------------------------------------

char letter_of(std::string_view state) {
    if (state == "held") return 'h';
    if (state == "paid" || state == "completed" || state == "sold") return 'p';
    if (state == "released") return 'r';
    if (state == "refunded") return 'f';
    if (state == "available") return 'a';
    return '?';  // that none of these can be
}

// What a refusal tells of its reservation; nothing where it tells nothing.
std::optional<char> letter_of_refusal(std::string_view code) {
    if (code == "already_paid") return 'p';
    if (code == "reservation_released") return 'r';
    if (code == "reservation_refunded") return 'f';
    if (code == "insufficient_balance" || code == "extend_limit") return 'h';
    return std::nullopt;
}

class Seats {
  public:
    explicit Seats(const History& history) : history_(history) {
        for (std::size_t i = 0; i < history.events.size(); ++i) {
            const Event& event = history.events[i];
            if (event.call.verb != Verb::hold || !event.answer || !event.answer->is_good())
                continue;
            by_id_[event.answer->id] = event.call.hold;
            with_id_.insert(event.call.hold);
        }
    }

    void take(const Event& event, std::size_t index) {
        switch (event.call.verb) {
            case Verb::hold:
                return take_hold(event, index);
            case Verb::extend:
            case Verb::release:
            case Verb::look:
            case Verb::pay:
            case Verb::refund:
                return take_reservation(event, index);
            case Verb::seats:
                return take_map(event, index);
            case Verb::leave:
                return drop_all(event, index, -1);
            default:
                return;
        }
    }

    void finish(std::vector<Partition>& all) {
        for (auto& [seat, part] : parts_) {
            all.push_back(part.finish(fmt::format("seat {} of sale {}", seat.second, seat.first),
                                      SeatModel(std::max<std::size_t>(holds_[seat].size(), 1))));
        }
    }

  private:
    using Seat = std::pair<int, int>;  // sale, number

    [[nodiscard]] const Wanted& wanted(int hold) const {
        return history_.wanted[static_cast<std::size_t>(hold)];
    }
    void add(int sale, int seat, int hold, SeatCall call, const Event& event, std::size_t index) {
        if (hold >= 0) call.hold = static_cast<int>(holds_[{sale, seat}](hold));
        parts_[{sale, seat}].add(std::move(call), event.span, index);
    }
    void add_to_all(const SeatCall& call, const Event& event, std::size_t index) {
        const int hold = event.call.hold;
        for (const int seat : wanted(hold).seats) {
            add(event.call.sale, seat, hold, call, event, index);
        }
    }

    void take_hold(const Event& event, std::size_t index) {
        SeatCall call{.what = SeatCall::What::hold};
        if (!event.answer) return add_to_all(call, event, index);
        const Answer& answer = *event.answer;
        if (answer.is_good()) {
            call.told = letter_of(answer.state);
            call.replayed = answer.replayed;
            return add_to_all(call, event, index);
        }
        if (answer.code != "seat_held" && answer.code != "seat_sold") return;
        call.told = answer.code == "seat_held" ? 'H' : 'S';
        for (const int seat : answer.taken) {
            add(event.call.sale, seat, event.call.hold, call, event, index);
        }
    }

    void take_reservation(const Event& event, std::size_t index) {
        SeatCall call{.what = what_of(event.call.verb)};
        if (event.answer) {
            const Answer& answer = *event.answer;
            if (answer.is_good()) {
                call.told = event.call.verb == Verb::release ? 'r' : letter_of(answer.state);
                call.replayed = answer.replayed;
            } else {
                call.told = letter_of_refusal(answer.code);
                call.replayed = true;
                if (!call.told) return;
            }
        }
        add_to_all(call, event, index);
        const bool paid = !event.answer || (event.answer->is_good() && !event.answer->replayed);
        if (event.call.verb == Verb::pay && paid) drop_all(event, index, event.call.hold);
    }

    // The other holds of a pass, which ends.
    void drop_all(const Event& event, std::size_t index, int but) {
        if (event.call.place == 0 || (event.answer && !event.answer->is_good())) return;
        const bool names = event.answer && event.call.verb == Verb::pay;
        const std::set<int> named = names ? released_by(*event.answer) : std::set<int>();
        std::map<int, SeatCall> by_seat;
        for (int hold = 0; hold < static_cast<int>(history_.wanted.size()); ++hold) {
            if (hold == but || !is_of_pass(wanted(hold), event.call)) continue;
            const auto told = names && with_id_.contains(hold) ? std::optional(named.contains(hold))
                                                               : std::nullopt;
            for (const int seat : wanted(hold).seats) {
                by_seat[seat].dropped.emplace_back(
                    static_cast<int>(holds_[{event.call.sale, seat}](hold)), told);
            }
        }
        for (auto& [seat, call] : by_seat) {
            call.what = SeatCall::What::drop;
            add(event.call.sale, seat, -1, call, event, index);
        }
    }
    static bool is_of_pass(const Wanted& hold, const Call& call) {
        return hold.sale == call.sale && hold.user == call.user && hold.place == call.place;
    }
    [[nodiscard]] std::set<int> released_by(const Answer& payment) const {
        std::set<int> holds;
        for (const std::string& id : payment.released) {
            const auto found = by_id_.find(id);
            if (found != by_id_.end()) holds.insert(found->second);
        }
        return holds;
    }

    void take_map(const Event& event, std::size_t index) {
        if (history_.shows_late || !event.answer || !event.answer->is_good()) return;
        Event shown = event;
        shown.span.invoked -= history_.map_age_max;
        for (const auto& [seat, status] : event.answer->seats) {
            add(event.call.sale, seat, -1, {.what = SeatCall::What::map, .told = letter_of(status)},
                shown, index);
        }
    }

    static SeatCall::What what_of(Verb verb) {
        switch (verb) {
            case Verb::extend:
                return SeatCall::What::extend;
            case Verb::release:
                return SeatCall::What::release;
            case Verb::pay:
                return SeatCall::What::pay;
            case Verb::refund:
                return SeatCall::What::refund;
            default:
                return SeatCall::What::look;
        }
    }

    const History& history_;
    std::map<std::string, int> by_id_;
    std::set<int> with_id_;
    std::map<Seat, Part<SeatModel, SeatCall>> parts_;
    std::map<Seat, Numbers<int>> holds_;
};

// --- Wallets -------------------------------------------------------------------------------------

class Wallets {
  public:
    explicit Wallets(const History& history) : history_(history) {}

    void take(const Event& event, std::size_t index) {
        const Call& asked = event.call;
        WalletCall call;
        switch (asked.verb) {
            case Verb::wallet:
                call.what = WalletCall::What::read;
                break;
            case Verb::charge:
                call.what = WalletCall::What::charge;
                call.amount = asked.amount;
                break;
            case Verb::pay:
            case Verb::refund:
                call.what =
                    asked.verb == Verb::pay ? WalletCall::What::pay : WalletCall::What::refund;
                call.amount = total_of(asked.hold);
                break;
            default:
                return;
        }
        if (event.answer) {
            call.poor = event.answer->code == "insufficient_balance";
            if (!call.poor && !event.answer->is_good()) return;
            if (!call.poor) call.told = event.answer->balance;
            call.replayed = event.answer->replayed;
        }
        if (asked.verb != Verb::wallet) {
            const char kind = asked.verb == Verb::charge ? 'c' : 'p';
            call.slot = slots_[asked.user](kind + asked.key);
        }
        parts_[asked.user].add(call, event.span, index);
    }

    void finish(std::vector<Partition>& all) {
        for (auto& [user, part] : parts_) {
            note_told_elsewhere(part.calls);
            all.push_back(part.finish(fmt::format("wallet of user {}", user),
                                      WalletModel(std::max<std::size_t>(slots_[user].size(), 1))));
        }
    }

  private:
    // All answers about one charge, payment or refund tell the same, so what one call was not told
    // another may have been. It spares the search most of its choices.
    static void note_told_elsewhere(std::vector<WalletCall>& calls) {
        std::map<std::pair<std::size_t, bool>, std::int64_t> told;
        const auto slot_of = [](const WalletCall& call) {
            return std::pair(call.slot, call.what == WalletCall::What::refund);
        };
        for (const WalletCall& call : calls) {
            if (call.told && call.what != WalletCall::What::read) told[slot_of(call)] = *call.told;
        }
        for (WalletCall& call : calls) {
            const auto found = told.find(slot_of(call));
            if (!call.told && found != told.end()) call.told_elsewhere = found->second;
        }
    }
    [[nodiscard]] std::int64_t total_of(int hold) const {
        const auto& seats = history_.wanted[static_cast<std::size_t>(hold)].seats;
        return history_.price * static_cast<std::int64_t>(seats.size());
    }

    const History& history_;
    std::map<int, Part<WalletModel, WalletCall>> parts_;
    std::map<int, Numbers<std::string>> slots_;
};

// --- Keys ----------------------------------------------------------------------------------------

class Keys {
  public:
    void take(const Event& event, std::size_t index) {
        const Call& asked = event.call;
        if (asked.verb != Verb::hold && asked.verb != Verb::charge && asked.verb != Verb::pay) {
            return;
        }
        const Key key{asked.user, asked.verb, asked.key};
        const std::int64_t content = asked.verb == Verb::charge ? asked.amount : asked.hold;
        KeyCall call{.content = 1 + static_cast<int>(contents_[key](content))};
        if (event.answer) {
            const Answer& answer = *event.answer;
            if (answer.is_good()) {
                call.told = answer.replayed ? KeyCall::Told::replayed : KeyCall::Told::made;
                call.id = 1 + static_cast<std::int64_t>(ids_(answer.id));
            } else {
                call.told =
                    answer.code == "key_reused" ? KeyCall::Told::reused : KeyCall::Told::refused;
            }
        }
        parts_[key].add(call, event.span, index);
    }

    void finish(std::vector<Partition>& all) {
        for (auto& [key, part] : parts_) {
            const auto& [user, verb, text] = key;
            all.push_back(part.finish(
                fmt::format("key {} of user {} for {}", text, user, name_of(verb)), KeyModel()));
        }
    }

  private:
    using Key = std::tuple<int, Verb, std::string>;
    std::map<Key, Part<KeyModel, KeyCall>> parts_;
    std::map<Key, Numbers<std::int64_t>> contents_;
    Numbers<std::string> ids_;
};

// --- Waiting rooms -------------------------------------------------------------------------------

std::optional<RoomCall::Told> told_of(std::string_view word) {
    if (word == "waiting" || word == "not_admitted") return RoomCall::Told::waiting;
    if (word == "admitted") return RoomCall::Told::admitted;
    if (word == "left" || word == "pass_left") return RoomCall::Told::left;
    if (word == "spent" || word == "pass_spent") return RoomCall::Told::spent;
    return std::nullopt;
}

class Rooms {
  public:
    explicit Rooms(const History& history) : history_(history) {
        for (const Event& event : history.events) users_(event.call.user);
    }

    void take(const Event& event, std::size_t index) {
        const auto sale = static_cast<std::size_t>(event.call.sale);
        if (history_.admitted_max.at(sale) == 0 || history_.loses_line) return;
        if (auto call = read(event)) {
            call->user = users_(event.call.user);
            parts_[event.call.sale].add(*call, event.span, index);
        }
    }

    void finish(std::vector<Partition>& all) {
        for (auto& [sale, part] : parts_) {
            const std::int64_t most = history_.admitted_max.at(static_cast<std::size_t>(sale));
            all.push_back(
                part.finish(fmt::format("room of sale {}", sale), RoomModel(users_.size(), most)));
        }
    }

  private:
    [[nodiscard]] std::optional<RoomCall> read(const Event& event) const {
        RoomCall call{.place = event.call.place, .again = event.call.again};
        const Answer* const answer = event.answer ? &*event.answer : nullptr;
        switch (event.call.verb) {
            case Verb::join:
                call.what = RoomCall::What::join;
                if (answer == nullptr) return call;
                call.made = answer->status == 201;
                call.place = answer->number;
                if (history_.shows_late && !call.made) return std::nullopt;
                return with_state(call, *answer);
            case Verb::place:
                if (answer == nullptr || history_.shows_late) return std::nullopt;
                return with_state(call, *answer);
            case Verb::leave:
                call.what = RoomCall::What::leave;
                return call;
            case Verb::hold:
            case Verb::extend:
            case Verb::release:
            case Verb::pay:
                return read_use(event, call);
            default:
                return std::nullopt;
        }
    }
    [[nodiscard]] std::optional<RoomCall> with_state(RoomCall call, const Answer& answer) const {
        if (!answer.is_good()) return std::nullopt;
        call.told = told_of(answer.state).value_or(RoomCall::Told::other);
        if (call.told == RoomCall::Told::waiting && !history_.shows_late) {
            call.position = answer.position;
        }
        return call;
    }
    // What needs a pass tells of it by working, or by not.
    static std::optional<RoomCall> read_use(const Event& event, RoomCall call) {
        const bool pays = event.call.verb == Verb::pay;
        if (!event.answer) {
            call.what = RoomCall::What::spend;
            return pays ? std::optional(call) : std::nullopt;
        }
        if (!event.answer->is_good()) {
            const auto told = told_of(event.answer->code);
            if (!told) return std::nullopt;
            call.told = *told;
            return call;
        }
        if (event.answer->replayed) return std::nullopt;
        if (pays) call.what = RoomCall::What::spend;
        call.told = RoomCall::Told::admitted;
        return call;
    }

    const History& history_;
    Numbers<int> users_;
    std::map<int, Part<RoomModel, RoomCall>> parts_;
};

// Whether two events can be in one part: wallets and keys are a user's, seats and rooms a sale's.
bool may_meet(const Event& a, const Event& b) {
    const auto is_of_sale = [](const Event& event) {
        return event.call.verb != Verb::charge && event.call.verb != Verb::wallet;
    };
    return a.call.user == b.call.user ||
           (a.call.sale == b.call.sale && is_of_sale(a) && is_of_sale(b));
}

template <class Takes>
std::vector<Partition> build(const History& history, Takes&& takes) {
    Seats seats(history);
    Wallets wallets(history);
    Keys keys;
    Rooms rooms(history);
    for (std::size_t i = 0; i < history.events.size(); ++i) {
        const Event& event = history.events[i];
        if ((event.answer && event.answer->is_shed()) || !takes(event)) continue;
        seats.take(event, i);
        wallets.take(event, i);
        keys.take(event, i);
        rooms.take(event, i);
    }
    std::vector<Partition> all;
    seats.finish(all);
    wallets.finish(all);
    keys.finish(all);
    rooms.finish(all);
    return all;
}

}  // namespace

std::vector<Partition> partitions_of(const History& history) {
    return build(history, [](const Event&) { return true; });
}

std::vector<Partition> partitions_with(const History& history,
                                       const std::set<std::size_t>& events) {
    std::vector<Partition> parts = build(history, [&](const Event& event) {
        return std::ranges::any_of(
            events, [&](std::size_t one) { return may_meet(event, history.events[one]); });
    });
    std::erase_if(parts, [&](const Partition& part) {
        return std::ranges::none_of(part.events,
                                    [&](std::size_t event) { return events.contains(event); });
    });
    return parts;
}

}  // namespace concertres::test

#include "histories/models.hpp"

#include <algorithm>
#include <limits>

namespace concertres::test {

// --- SeatModel -----------------------------------------------------------------------------------

namespace {

char taken_by_any(const State& holds) {
    for (const std::int64_t hold : holds) {
        if (hold == 'h' || hold == 'p') return static_cast<char>(hold);
    }
    return 'a';
}

bool hold_seat(State& holds, std::int64_t& own, const SeatCall& call) {
    if (own != '-') return !call.told || (call.replayed && *call.told == own);
    const char seat = taken_by_any(holds);
    if (seat != 'a') return !call.told || *call.told == (seat == 'h' ? 'H' : 'S');
    own = 'h';
    return !call.told || (*call.told == 'h' && !call.replayed);
}

bool pay_seat(std::int64_t& own, const SeatCall& call) {
    if (own == 'h') {
        if (call.told == 'h') return true;  // there was not enough money
        if (call.told && (*call.told != 'p' || call.replayed)) return false;
        own = 'p';
        return true;
    }
    return !call.told || (call.replayed && *call.told == own);
}

// Ends what is `from`; what has ended so before stays.
bool end_seat(std::int64_t& own, const SeatCall& call, char from, char to) {
    if (own == from && (!call.told || *call.told == to)) own = to;
    return !call.told || *call.told == own;
}

}  // namespace

bool SeatModel::step(State& state, std::size_t index) const {
    const SeatCall& call = calls[index];
    std::int64_t& own = state[static_cast<std::size_t>(call.hold)];
    switch (call.what) {
        case SeatCall::What::hold:
            return hold_seat(state, own, call);
        case SeatCall::What::extend:
        case SeatCall::What::look:
            return !call.told || *call.told == own;
        case SeatCall::What::release:
            return end_seat(own, call, 'h', 'r');
        case SeatCall::What::map:
            return !call.told || *call.told == taken_by_any(state);
        case SeatCall::What::pay:
            return pay_seat(own, call);
        case SeatCall::What::refund:
            return end_seat(own, call, 'p', 'f');
        case SeatCall::What::drop:
            return std::ranges::all_of(call.dropped, [&](const auto& dropped) {
                std::int64_t& other = state[static_cast<std::size_t>(dropped.first)];
                const bool ends = other == 'h';
                if (ends) other = 'r';
                return dropped.second.value_or(ends) == ends;
            });
    }
    return false;
}

bool SeatModel::only_tells(std::size_t index) const {
    const SeatCall& call = calls[index];
    switch (call.what) {
        case SeatCall::What::extend:
        case SeatCall::What::look:
        case SeatCall::What::map:
            return true;
        case SeatCall::What::hold:
            return call.told && (call.replayed || *call.told != 'h');
        case SeatCall::What::pay:
            return call.told && (call.replayed || *call.told != 'p');
        default:
            return false;
    }
}

// --- WalletModel ---------------------------------------------------------------------------------

namespace {

// What a slot left of the balance, where it is no balance.
constexpr std::int64_t not_moved = -1;
constexpr std::int64_t never_told = -2;  // moved; no answer says what was left

// The first time it moves the balance, and later it tells the same as then.
bool move(std::int64_t& balance, std::int64_t& left, const WalletCall& call, std::int64_t by) {
    const bool repeats = call.replayed || call.what == WalletCall::What::refund;
    if (left != not_moved) {
        return !call.poor && (!call.told || (repeats && *call.told == left));
    }
    if (balance + by < 0) return call.poor || !call.told;
    if (call.poor || call.replayed) return false;
    balance += by;
    const auto told = call.told ? call.told : call.told_elsewhere;
    left = told ? balance : never_told;
    return !told || *told == left;
}

}  // namespace

// The balance; by slot what was left after it; by slot what was left after its refund.
State WalletModel::start() const {
    State state(1 + 2 * slots_, not_moved);
    state[0] = 0;
    return state;
}

bool WalletModel::step(State& state, std::size_t index) const {
    const WalletCall& call = calls[index];
    std::int64_t& left = state[1 + call.slot];
    switch (call.what) {
        case WalletCall::What::read:
            return !call.told || *call.told == state[0];
        case WalletCall::What::charge:
            return move(state[0], left, call, call.amount);
        case WalletCall::What::pay:
            return move(state[0], left, call, -call.amount);
        case WalletCall::What::refund:
            if (left == not_moved) return !call.told;
            return move(state[0], state[1 + slots_ + call.slot], call, call.amount);
    }
    return false;
}

bool WalletModel::only_tells(std::size_t index) const {
    const WalletCall& call = calls[index];
    return call.what == WalletCall::What::read || call.poor || call.replayed;
}

// --- KeyModel ------------------------------------------------------------------------------------

bool KeyModel::step(State& state, std::size_t index) const {
    const KeyCall& call = calls[index];
    std::int64_t& bound = state[0];
    std::int64_t& id = state[1];
    const auto is_that = [&] {
        if (id == 0) id = call.id;
        return id == call.id;
    };
    switch (call.told) {
        case KeyCall::Told::nothing:
            if (bound == 0) bound = call.content;
            return true;
        case KeyCall::Told::made:
            if (bound != 0) return false;
            bound = call.content;
            return is_that();
        case KeyCall::Told::replayed:
            return bound == call.content && is_that();
        case KeyCall::Told::reused:
            return bound != 0 && bound != call.content;
        case KeyCall::Told::refused:
            return bound == 0;
    }
    return false;
}

bool KeyModel::only_tells(std::size_t index) const {
    const KeyCall::Told told = calls[index].told;
    return told == KeyCall::Told::reused || told == KeyCall::Told::refused;
}

// --- RoomModel -----------------------------------------------------------------------------------

namespace {

// Where in the state what stands.
constexpr std::size_t last_number = 0;
constexpr std::size_t let_in = 1;  // everybody up to this number
constexpr std::size_t by_user = 2;

// How the latest place of a user stands. Whether one that lives still waits is a matter of let_in.
enum Standing : std::int64_t { none, lives, left, spent };

std::int64_t& number_of(State& state, std::size_t user) { return state[by_user + 2 * user]; }
std::int64_t& standing_of(State& state, std::size_t user) { return state[by_user + 2 * user + 1]; }

}  // namespace

State RoomModel::start() const { return State(by_user + 2 * users_, 0); }

bool RoomModel::step(State& state, std::size_t index) const {
    const RoomCall& call = calls[index];
    switch (call.what) {
        case RoomCall::What::join:
            return join(state, call);
        case RoomCall::What::read:
            return read(state, call);
        case RoomCall::What::leave:
            return leave(state, call);
        case RoomCall::What::spend:
            if (call.told == RoomCall::Told::nothing) {
                // A payment nobody heard of: it needed a pass, but whether there was one is open.
                if (number_of(state, call.user) != call.place ||
                    standing_of(state, call.user) != lives || !admit_up_to(state, call.place)) {
                    return false;
                }
            } else if (!read(state, call)) {
                return false;
            }
            standing_of(state, call.user) = spent;
            return true;
    }
    return false;
}

// Who waits, or is in, tells also of how many have been let in, and that the state keeps.
bool RoomModel::only_tells(std::size_t index) const {
    const RoomCall& call = calls[index];
    return call.what == RoomCall::What::read &&
           (call.told == RoomCall::Told::left || call.told == RoomCall::Told::spent);
}

bool RoomModel::join(State& state, const RoomCall& call) const {
    std::int64_t& number = number_of(state, call.user);
    std::int64_t& standing = standing_of(state, call.user);
    const bool makes = standing == none || (call.again && standing != lives);
    if (makes) {
        number = ++state[last_number];
        standing = lives;
    }
    if (call.told == RoomCall::Told::nothing) return true;
    return call.made == makes && read(state, call);
}

bool RoomModel::read(State& state, const RoomCall& call) const {
    if (call.told == RoomCall::Told::nothing) return true;
    if (call.place > state[last_number]) return false;
    if (call.place != number_of(state, call.user)) {
        // An older place of the user: over, one way or the other.
        return call.place < number_of(state, call.user) &&
               (call.told == RoomCall::Told::left || call.told == RoomCall::Told::spent);
    }
    switch (standing_of(state, call.user)) {
        case left:
            return call.told == RoomCall::Told::left;
        case spent:
            return call.told == RoomCall::Told::spent;
        default:
            break;
    }
    if (call.told == RoomCall::Told::admitted) return admit_up_to(state, call.place);
    return call.told == RoomCall::Told::waiting && wait_at(state, call);
}

bool RoomModel::leave(State& state, const RoomCall& call) const {
    if (number_of(state, call.user) == call.place && standing_of(state, call.user) == lives) {
        standing_of(state, call.user) = left;
    }
    return call.place <= state[last_number];
}

// When people are let in nobody is told, so the model lets in no more than what is told demands.
bool RoomModel::admit_up_to(State& state, std::int64_t number) const {
    state[let_in] = std::max(state[let_in], number);
    return admitted_max_ == 0 || live_between(state, 0, state[let_in]) <= admitted_max_;
}

bool RoomModel::wait_at(State& state, const RoomCall& call) const {
    if (!call.position) return call.place > state[let_in];
    std::int64_t ahead = live_between(state, state[let_in], call.place);
    if (ahead < *call.position) return false;
    while (ahead > *call.position) {
        std::int64_t next = std::numeric_limits<std::int64_t>::max();
        for (std::size_t user = 0; user < users_; ++user) {
            const std::int64_t number = number_of(state, user);
            if (standing_of(state, user) == lives && number > state[let_in]) {
                next = std::min(next, number);
            }
        }
        if (!admit_up_to(state, next)) return false;
        --ahead;
    }
    return call.place > state[let_in];
}

std::int64_t RoomModel::live_between(const State& state, std::int64_t after,
                                     std::int64_t last) const {
    std::int64_t count = 0;
    for (std::size_t user = 0; user < users_; ++user) {
        const std::int64_t number = state[by_user + 2 * user];
        if (state[by_user + 2 * user + 1] == lives && number > after && number <= last) ++count;
    }
    return count;
}

}  // namespace concertres::test

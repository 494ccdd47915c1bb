// What a seat, a wallet, a key and a waiting room are, each in a few lines that share nothing with
// the engine: the state, what a call does to it, and which answers are right then.
//
//   SeatModel seat(2);                                   // two reservations will want it
//   seat.calls.push_back({.what = SeatCall::What::hold, .hold = 0, .told = 'h'});
//   check(seat, {{.invoked = 1, .returned = 2}});
//
// Told is what the answer says; nothing: there was none. Threads: any, while nobody writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "histories/linearizability.hpp"

namespace concertres::test {

// --- A seat: free, or held or sold by one of the reservations that ever wanted it ----------------
// A reservation is one of: '-' not made, 'h' held, 'p' paid, 'r' released, 'f' refunded.
struct SeatCall {
    enum class What : std::uint8_t { hold, extend, release, look, map, pay, refund, drop };

    What what = What::look;
    int hold = 0;
    // As what the reservation (of map: the seat) is shown, 'a' where a seat is free; of a hold that
    // is refused: what the seat is, as a capital.
    std::optional<char> told{};
    bool replayed = false;  // tells of what was there before: a replay, or a refusal to pay twice
    // drop: reservations that end if they are held, because their pass does; and whether the
    // answer names each, where it names any.
    std::vector<std::pair<int, std::optional<bool>>> dropped{};
};
class SeatModel final : public Model {
  public:
    explicit SeatModel(std::size_t holds) : holds_(holds) {}
    std::vector<SeatCall> calls{};

    [[nodiscard]] State start() const override { return State(holds_, '-'); }
    [[nodiscard]] bool step(State& state, std::size_t call) const override;
    [[nodiscard]] bool only_tells(std::size_t call) const override;

  private:
    std::size_t holds_;
};

// --- A wallet: a balance, and what each charge, payment and refund left of it --------------------
struct WalletCall {
    enum class What : std::uint8_t { charge, pay, refund, read };

    What what = What::read;
    std::size_t slot = 0;  // of the charge or payment, by its key; of refund: of its payment
    std::int64_t amount = 0;
    std::optional<std::int64_t> told{};  // the balance
    // What another answer tells that it left, where this call has no answer of its own.
    std::optional<std::int64_t> told_elsewhere{};
    bool replayed = false;
    bool poor = false;  // refused: the balance is too small
};
class WalletModel final : public Model {
  public:
    explicit WalletModel(std::size_t slots) : slots_(slots) {}
    std::vector<WalletCall> calls{};

    [[nodiscard]] State start() const override;
    [[nodiscard]] bool step(State& state, std::size_t call) const override;
    [[nodiscard]] bool only_tells(std::size_t call) const override;

  private:
    std::size_t slots_;
};

// --- A key: bound to the first content that had an effect ----------------------------------------
struct KeyCall {
    enum class Told : std::uint8_t { nothing, made, replayed, reused, refused };

    int content = 1;
    Told told = Told::nothing;
    std::int64_t id = 0;  // of the thing that was made, where one is told
};
class KeyModel final : public Model {
  public:
    std::vector<KeyCall> calls{};

    [[nodiscard]] State start() const override { return {0, 0}; }  // content, id
    [[nodiscard]] bool step(State& state, std::size_t call) const override;
    [[nodiscard]] bool only_tells(std::size_t call) const override;
};

// --- A waiting room: numbers without gaps, and everybody up to some number is let in -------------
struct RoomCall {
    enum class What : std::uint8_t { join, read, leave, spend };
    enum class Told : std::uint8_t { nothing, waiting, admitted, left, spent, other };

    What what = What::read;
    std::size_t user = 0;
    std::int64_t place = 0;  // the one asked with; of join: the one told
    bool made = false;       // join: a new place
    bool again = false;      // join: ready to have a new place
    Told told = Told::nothing;
    std::optional<std::int64_t> position{};
};
class RoomModel final : public Model {
  public:
    RoomModel(std::size_t users, std::int64_t admitted_max)
        : users_(users), admitted_max_(admitted_max) {}
    std::vector<RoomCall> calls{};

    [[nodiscard]] State start() const override;
    [[nodiscard]] bool step(State& state, std::size_t call) const override;
    [[nodiscard]] bool only_tells(std::size_t call) const override;

  private:
    bool join(State& state, const RoomCall& call) const;
    bool read(State& state, const RoomCall& call) const;
    bool leave(State& state, const RoomCall& call) const;
    bool admit_up_to(State& state, std::int64_t number) const;
    bool wait_at(State& state, const RoomCall& call) const;
    [[nodiscard]] std::int64_t live_between(const State& state, std::int64_t after,
                                            std::int64_t last) const;

    std::size_t users_;
    std::int64_t admitted_max_;
};

}  // namespace concertres::test

// Whether calls that overlapped can have happened one after another, each at one moment between
// its invocation and its answer, so that every answer is right: linearizability. The search is that
// of Wing and Gong (try who may come first, go back where it leads nowhere), with Lowe's memory of
// where it has been: the set of calls that have happened, and the state they led to.
//
//   class Counter : public Model { ... };    // what one call does to the state, and what it tells
//   CHECK(check(Counter(calls), spans).holds());
//
// A call that was never answered may have happened at any moment after its invocation, or never.
// It knows nothing of what it checks. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace concertres::test {

// Of one clock that never goes back, in nanoseconds.
using Moment = std::int64_t;

struct Span {
    Moment invoked = 0;
    std::optional<Moment> returned{};  // nothing: nobody was told how it ended
};

// What a model keeps, however it reads it: equal states are the same state.
using State = std::vector<std::int64_t>;

class Model {
  public:
    virtual ~Model() = default;

    [[nodiscard]] virtual State start() const = 0;
    // Lets this call happen. False where it cannot happen now, or not with this answer; then the
    // state is worth nothing. A call without an answer does what it can do.
    [[nodiscard]] virtual bool step(State& state, std::size_t call) const = 0;
    // Whether this call changes no state that it can happen in: a look, a refusal. Once such a call
    // can happen it may as well happen at once, which spares most of the search. Of a call that
    // only has nothing to do yet this must be false.
    [[nodiscard]] virtual bool only_tells(std::size_t call) const = 0;
};

struct Verdict {
    enum class Kind : std::uint8_t { linearizable, not_linearizable, undecided };
    Kind kind = Kind::linearizable;
    // The call whose answer nothing could explain, in the longest order that was found.
    std::optional<std::size_t> stuck{};
    std::size_t steps = 0;

    [[nodiscard]] bool holds() const { return kind == Kind::linearizable; }
    [[nodiscard]] bool is_refuted() const { return kind == Kind::not_linearizable; }
};

// After so many steps it gives up as undecided, which no test takes for either.
inline constexpr std::size_t steps_max = 20'000'000;
[[nodiscard]] Verdict check(const Model& model, const std::vector<Span>& spans,
                            std::size_t steps_at_most = steps_max);

}  // namespace concertres::test

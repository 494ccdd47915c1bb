// A Task is one command on its way through the writer: it gathers its rows, is decided with its
// group, and is answered after the commit. Work is what an inbox holds: tasks and queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "concertres/callback.hpp"
#include "concertres/error.hpp"
#include "concertres/result.hpp"
#include "concertres/storage.hpp"
#include "concertres/time.hpp"
#include "engine/board.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

class Task;
class QueryTask;

class Work {
  public:
    virtual ~Work() = default;

    // Answers with an error: nothing was done.
    virtual void fail(Error error) = 0;
    virtual Task* as_task() { return nullptr; }
    virtual QueryTask* as_query() { return nullptr; }

    Time received;
};

class Task : public Work {
  public:
    // False: rows are missing; the unit of work has noted which.
    virtual bool gather(UnitOfWork& rows) = 0;
    // REQUIRES: gather was true, on these rows, just now
    virtual void decide(UnitOfWork& rows) = 0;
    // After the commit.
    virtual void answer(const Board& board) = 0;
    // Decided before the others of its group.
    [[nodiscard]] virtual bool goes_first() const { return false; }
    // It has more to do than one group may carry.
    [[nodiscard]] virtual bool again() const { return false; }
    // Dense keys that it may need.
    [[nodiscard]] virtual std::size_t keys() const { return 2; }
    // REQUIRES: it was decided
    [[nodiscard]] virtual bool refused() const = 0;
    Task* as_task() override { return this; }

    int deferred = 0;  // how many groups it has missed for want of a row
};

class QueryTask : public Work {
  public:
    enum class Ran : std::uint8_t { whole, slice };

    // It takes as long as there is data.
    [[nodiscard]] virtual bool is_sliced() const { return false; }

    // Does all of it; or, of what takes long, a slice of a few milliseconds, and is run again after
    // the commands that wait.
    virtual Ran run() = 0;
    // REQUIRES: run has returned `whole`
    virtual void answer() = 0;
    QueryTask* as_query() override { return this; }

    bool begun = false;  // a slice of it is done
};

// How a command is handled: Handler<Hold> and so on, in engine/handlers.hpp.
//
//   explicit Handler(Command)          what can be said without any row
//   void gather(UnitOfWork&)           wants the rows, as far as they can be named by now
//   Result<Answer> decide(UnitOfWork&) applies the rule to the rows and puts back what it changed
template <class Command>
class Handler;

template <class Answer>
void finish(Answer&, const Board&) {}
// A position is that of after the commit.
void finish(PlaceView& view, const Board& board);

template <class Command>
class CommandTask final : public Task {
  public:
    using Answer = typename Command::Answer;

    CommandTask(Command command, Callback<void(Result<Answer>)> done)
        : handler_(std::move(command)), done_(std::move(done)) {}

    bool gather(UnitOfWork& rows) override {
        (void)rows.take_missing();
        handler_.gather(rows);
        return !rows.take_missing();
    }
    void decide(UnitOfWork& rows) override { outcome_.emplace(handler_.decide(rows)); }
    void answer(const Board& board) override {
        if (!done_) return;
        if (*outcome_) finish(outcome_->value(), board);
        done_(std::move(*outcome_));
    }
    void fail(Error error) override {
        if (done_) done_(std::move(error));
    }
    [[nodiscard]] bool refused() const override { return !outcome_.value().has_value(); }
    [[nodiscard]] bool goes_first() const override {
        return requires { Handler<Command>::goes_first; };
    }
    [[nodiscard]] std::size_t keys() const override {
        if constexpr (requires { handler_.keys(); }) return handler_.keys();
        return Task::keys();
    }
    [[nodiscard]] bool again() const override {
        if constexpr (requires { handler_.again(); }) return handler_.again();
        return false;
    }

  private:
    Handler<Command> handler_;
    Callback<void(Result<Answer>)> done_;
    std::optional<Result<Answer>> outcome_;
};

}  // namespace concertres

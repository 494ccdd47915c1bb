// A line that stands before a MemoryLine and says what a test tells it to, call by call; what it is
// told nothing of it passes on.
//
//   ScriptedLine line;
//   line.joining.say(fault(LineFault::Kind::no_numbers), 2);  // to the next two who join
//   line.positioning.hold();                                  // the next call is long on its way,
//   line.positioning.let_go();                                // and arrives
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "concertres/callback.hpp"
#include "concertres/line.hpp"
#include "support/memory_line.hpp"

namespace concertres::test {

inline LineFault fault(LineFault::Kind kind, std::int64_t epoch = 0) {
    return {.kind = kind, .detail = "as the test wants it", .epoch = epoch};
}

// What becomes of one kind of call.
template <class T>
class Script {
  public:
    int calls = 0;

    // To the next calls, so many, in place of making them.
    void say(const LineAnswer<T>& answer, int times = 1) {
        said_.insert(said_.end(), static_cast<std::size_t>(times), answer);
    }
    void say_no_more() { said_.clear(); }
    // The next calls, so many, have not arrived before they are let go.
    void hold(int times = 1) { to_hold_ = times; }
    void let_go() {
        to_hold_ = 0;
        for (Callback<void()>& call : std::exchange(held_, {})) call();
    }

    template <class Call>
    void take(LineDone<T> done, Call call) {
        ++calls;
        auto arrive = [this, done = std::move(done), call = std::move(call)]() mutable {
            if (said_.empty()) return call(std::move(done));
            const LineAnswer<T> answer = said_.front();
            said_.pop_front();
            done(answer);
        };
        if (to_hold_ == 0) return arrive();
        --to_hold_;
        held_.emplace_back(std::move(arrive));
    }

  private:
    std::deque<LineAnswer<T>> said_;
    int to_hold_ = 0;
    std::vector<Callback<void()>> held_;
};

class ScriptedLine final : public LineStore {
  public:
    MemoryLine inner;
    Script<LineDid> beginning;
    Script<LineDid> extending;
    Script<LinePlace> joining;
    Script<LinePlace> reentering;
    Script<bool> leaving;
    Script<std::int64_t> hearing;
    Script<LineHead> peeking;
    Script<LineDid> dropping;
    Script<LinePositions> positioning;
    Script<LineDid> erasing;
    std::size_t heard_of = 0;  // users that it was told of

    // Whatever is on its way arrives.
    void let_go() {
        const auto each = [](auto&... scripts) { (scripts.let_go(), ...); };
        each(beginning, extending, joining, reentering, leaving, hearing, peeking, dropping,
             positioning, erasing);
    }

    void begin(const LineRoom& room, LineDone<LineDid> done) override {
        beginning.take(std::move(done), [this, room](LineDone<LineDid> then) {
            inner.begin(room, std::move(then));
        });
    }
    void extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) override {
        extending.take(std::move(done), [this, room, block](LineDone<LineDid> then) {
            inner.extend(room, block, std::move(then));
        });
    }
    void join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) override {
        joining.take(std::move(done), [this, room, join](LineDone<LinePlace> then) {
            inner.join(room, join, std::move(then));
        });
    }
    void reenter(const LineRoom& room, const LineEntry& place, LineDone<LinePlace> done) override {
        reentering.take(std::move(done), [this, room, place](LineDone<LinePlace> then) {
            inner.reenter(room, place, std::move(then));
        });
    }
    void leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) override {
        leaving.take(std::move(done), [this, room, place](LineDone<bool> then) {
            inner.leave(room, place, std::move(then));
        });
    }
    void heard(const LineRoom& room, std::span<const UserId> users, Time now,
               LineDone<std::int64_t> done) override {
        heard_of += users.size();
        hearing.take(
            std::move(done),
            [this, room, now, users = std::vector(users.begin(), users.end())](
                LineDone<std::int64_t> then) { inner.heard(room, users, now, std::move(then)); });
    }
    void peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) override {
        peeking.take(std::move(done), [this, room, peek](LineDone<LineHead> then) {
            inner.peek(room, peek, std::move(then));
        });
    }
    void drop(const LineRoom& room, std::span<const LineEntry> places,
              LineDone<LineDid> done) override {
        dropping.take(std::move(done),
                      [this, room, places = std::vector(places.begin(), places.end())](
                          LineDone<LineDid> then) { inner.drop(room, places, std::move(then)); });
    }
    void position(const LineRoom& room, std::span<const UserId> users,
                  LineDone<LinePositions> done) override {
        positioning.take(
            std::move(done),
            [this, room, users = std::vector(users.begin(), users.end())](
                LineDone<LinePositions> then) { inner.position(room, users, std::move(then)); });
    }
    void erase(const ConcertId& concert, LineDone<LineDid> done) override {
        erasing.take(std::move(done), [this, concert](LineDone<LineDid> then) {
            inner.erase(concert, std::move(then));
        });
    }
};

}  // namespace concertres::test

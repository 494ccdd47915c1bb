// Calls a line and waits for what it says.
//
//   LineCaller line(store, ConcertId::random());
//   line.start();                                   // epoch 1, with numbers to give
//   const LinePlace place = line.join(alice);       // fails the test where there is a fault
//   CHECK(line.try_join(alice).fault().kind == LineFault::Kind::lost);
//
// Threads: one at a time.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/line.hpp"

namespace concertres::test {

inline Time at_second(std::int64_t second) { return Time(std::chrono::seconds(second)); }
// For what is going to be, on however slow a machine.
constexpr auto patience = std::chrono::seconds(90);
// Whether it comes about.
inline bool comes_about(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}
inline UserId user_named(const std::string& name) { return UserId::from_name(name); }

class LineCaller {
  public:
    LineCaller(LineStore& store, ConcertId concert, std::int64_t epoch = 1)
        : room{concert, epoch}, store_(&store) {}

    LineRoom room;

    // Makes the call and waits: make(done). Every call is answered, or it is a fault.
    template <class T, class Make>
    static LineAnswer<T> wait(const Make& make) {
        auto told = std::make_shared<std::promise<LineAnswer<T>>>();
        auto answer = told->get_future();
        make(LineDone<T>([told](LineAnswer<T> said) { told->set_value(std::move(said)); }));
        if (answer.wait_for(patience) != std::future_status::ready) FAIL("it is never answered");
        return answer.get();
    }

    auto try_begin() {
        return wait<LineDid>([&](auto done) { store_->begin(room, std::move(done)); });
    }
    auto try_extend(const LineBlock& block) {
        return wait<LineDid>([&](auto done) { store_->extend(room, block, std::move(done)); });
    }
    auto try_join(const LineJoin& join) {
        return wait<LinePlace>([&](auto done) { store_->join(room, join, std::move(done)); });
    }
    auto try_join(const UserId& user) { return try_join(LineJoin{.user = user}); }
    auto try_reenter(const LineEntry& place) {
        return wait<LinePlace>([&](auto done) { store_->reenter(room, place, std::move(done)); });
    }
    auto try_leave(const LineEntry& place) {
        return wait<bool>([&](auto done) { store_->leave(room, place, std::move(done)); });
    }
    auto try_heard(const std::vector<UserId>& users, Time now) {
        return wait<std::int64_t>(
            [&](auto done) { store_->heard(room, users, now, std::move(done)); });
    }
    auto try_peek(const LinePeek& peek) {
        return wait<LineHead>([&](auto done) { store_->peek(room, peek, std::move(done)); });
    }
    auto try_drop(const std::vector<LineEntry>& places) {
        return wait<LineDid>([&](auto done) { store_->drop(room, places, std::move(done)); });
    }
    auto try_position(const std::vector<UserId>& users) {
        return wait<LinePositions>(
            [&](auto done) { store_->position(room, users, std::move(done)); });
    }
    auto try_erase() {
        return wait<LineDid>([&](auto done) { store_->erase(room.concert, std::move(done)); });
    }

    // --- the same where it must be well
    template <class T>
    static T well(const LineAnswer<T>& answer) {
        if (!answer) {
            FAIL("a fault: ", static_cast<int>(answer.fault().kind), " ", answer.fault().detail);
        }
        return answer.value();
    }
    // Epoch `room.epoch`, with sequences 1 to `last` to give in each of two classes.
    void start(std::int64_t last = 1'000) {
        well(try_begin());
        for (const LineClass each : {0, 1}) well(try_extend({each, 1, last}));
    }
    LinePlace join(const UserId& user) { return well(try_join(user)); }
    LinePlace join(const LineJoin& join) { return well(try_join(join)); }
    LinePlace reenter(const LineEntry& place) { return well(try_reenter(place)); }
    bool leave(const LineEntry& place) { return well(try_leave(place)); }
    std::int64_t heard(const std::vector<UserId>& users, Time now) {
        return well(try_heard(users, now));
    }
    LineHead peek(const LinePeek& peek) { return well(try_peek(peek)); }
    void drop(const std::vector<LineEntry>& places) { well(try_drop(places)); }
    LinePositions position(const std::vector<UserId>& users) { return well(try_position(users)); }

  private:
    LineStore* store_;
};

}  // namespace concertres::test

// A line in memory that does what line.hpp says and can be treated as badly as any other: it
// is wiped, put back to a copy, goes away, or answers to nobody what it has done.
//
//   MemoryLine line;
//   const MemoryLine::Copy copy = line.copy();
//   line.join(room, {.user = user}, done);
//   line.roll_back(copy);                    // as by a fail-over that loses the last second
//   line.join(room, {.user = other}, done);  // `lost`
//
// Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "concertres/line.hpp"

namespace concertres::test {

class MemoryLine final : public LineStore {
  public:
    struct Room {
        std::int64_t epoch = 0;
        std::int64_t home = 0;                    // whose it was when it was begun
        std::map<LineClass, LineBlock> blocks{};  // what is left of them
        std::map<UserId, PlaceNumber> latest{};
        std::map<PlaceNumber, UserId> waiting{};  // and not passed over
        std::map<PlaceNumber, UserId> passed{};
        std::map<PlaceNumber, Time> passed_at{};
        std::map<UserId, Time> heard{};
    };
    using Copy = std::map<ConcertId, Room>;

    // --- what it may suffer
    void wipe();
    [[nodiscard]] Copy copy() const;
    void roll_back(const Copy& copy);
    // From now on every call is `away`; until it is not.
    void go_away(bool away);
    // It can be asked, but not begun, as where a server takes no writes.
    void refuse_beginning(bool refuses);
    // The next calls are done and answered with `unknown`.
    void lose_answers(int calls);

    // --- the port
    void begin(const LineRoom& room, LineDone<LineDid> done) override;
    void extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) override;
    void join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) override;
    void reenter(const LineRoom& room, const LineEntry& place, LineDone<LinePlace> done) override;
    void leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) override;
    void heard(const LineRoom& room, std::span<const UserId> users, Time now,
               LineDone<std::int64_t> done) override;
    void peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) override;
    void drop(const LineRoom& room, std::span<const LineEntry> places,
              LineDone<LineDid> done) override;
    void position(const LineRoom& room, std::span<const UserId> users,
                  LineDone<LinePositions> done) override;
    void erase(const ConcertId& concert, LineDone<LineDid> done) override;

  private:
    // Answers what `act` does to the room; where it is not to be had, why.
    template <class T, class Act>
    void answer(LineDone<T>& done, const Act& act);
    template <class T, class Act>
    void in_room(const LineRoom& room, LineDone<T>& done, const Act& act);

    mutable std::mutex mutex_;
    Copy rooms_;
    std::int64_t home_ = 1;
    bool away_ = false;
    bool refuses_beginning_ = false;
    int answers_to_lose_ = 0;
};

}  // namespace concertres::test

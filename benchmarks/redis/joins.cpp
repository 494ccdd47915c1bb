// Joins of a line in Redis, by one client of it, or by a box office in front of it.
//
//   concertres_redis_joins ADDRESS CONCERT prepare        begins the line, with numbers to give;
//                                                         prints the script and the keys of a join
//   concertres_redis_joins ADDRESS CONCERT join JOINS IN_FLIGHT    prints how many a second, and
//                                                         the processor's time for each
//   concertres_redis_joins ADDRESS CONCERT office JOINS IN_FLIGHT  the same of a box office, at a
//                                                         concert of its own
#include <fmt/core.h>

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/redis.hpp"
#include "redis/scripts.hpp"
#include "stopwatch.hpp"

namespace {

using namespace concertres;

// Calls that are under way, and what went wrong of those that were.
class Calls {
  public:
    explicit Calls(std::int64_t most) : most_(most) {}

    void begin() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way_ < most_; });
        ++under_way_;
    }
    void end(bool is_well) {
        const std::lock_guard lock(mutex_);
        failed_ += is_well ? 0 : 1;
        // Whoever makes them is woken for a batch, not for each.
        if (--under_way_ <= most_ / 2) changed_.notify_one();
    }
    std::int64_t wait_for_all() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way_ == 0; });
        return failed_;
    }

  private:
    const std::int64_t most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t under_way_ = 0;
    std::int64_t failed_ = 0;
};

int prepare(RedisLine& line, const LineRoom& room) {
    Calls calls(1);
    const auto did = [&](LineAnswer<LineDid> answer) { calls.end(bool(answer)); };
    calls.begin();
    line.erase(room.concert, did);
    calls.begin();
    line.begin(room, did);
    calls.begin();
    line.extend(room, {0, 1, PlaceNumber::sequences_max - 1}, did);
    if (calls.wait_for_all() != 0) return 1;
    fmt::print("{}", redis::script_of(redis::Step::join).sha1);
    for (const std::string& key : redis::keys_of("concertres", room.concert)) {
        fmt::print(" {}", key);
    }
    fmt::print("\n");
    return 0;
}

// join(user, calls) begins one of them.
int measure(std::int64_t joins, std::int64_t in_flight, const auto& join) {
    Calls calls(in_flight);
    std::mt19937_64 dice(std::random_device{}());
    const bench::Stopwatch watch;
    for (std::int64_t i = 0; i < joins; ++i) {
        UserId user;
        for (auto& byte : user.uuid.bytes) byte = static_cast<std::uint8_t>(dice());
        calls.begin();
        join(user, calls);
    }
    const std::int64_t failed = calls.wait_for_all();
    const bench::Elapsed took = watch.elapsed();
    fmt::print("{:.0f} {:.2f}\n", static_cast<double>(joins) / took.seconds,
               took.cpu_seconds * 1e6 / static_cast<double>(joins));
    return failed == 0 ? 0 : 1;
}

int join(RedisLine& line, const LineRoom& room, std::int64_t joins, std::int64_t in_flight) {
    return measure(joins, in_flight, [&](const UserId& user, Calls& calls) {
        line.join(room, {.user = user}, [&calls](LineAnswer<LinePlace> place) {
            calls.end(place && place.value().made);
        });
    });
}

// Numbers are reserved as they are used up; the storage has nothing else to do with it.
int join_office(std::shared_ptr<LineStore> line, std::int64_t joins, std::int64_t in_flight) {
    Options options;
    options.line = std::move(line);
    BoxOffice office(open_memory(), std::move(options));
    ConcertDraft draft{.title = "A rush", .seats = numbered_seats(50, {100})};
    draft.performances = {{*parse_rfc3339("2090-12-24T19:00:00+09:00")}};
    draft.room = RoomPolicy{.active_max = 1};
    const ConcertId concert = office.add_concert(std::move(draft))->id;
    return measure(joins, in_flight, [&](const UserId& user, Calls& calls) {
        office.submit<Join>({.concert = concert, .user = user},
                            [&calls](Result<PlaceView> place) { calls.end(place && place->made); });
    });
}

}  // namespace

int main(int argc, char** argv) {
    const auto concert = argc > 3 ? ConcertId::parse(argv[2]) : std::nullopt;
    if (!concert || (argc != 4 && argc != 6)) {
        fmt::print(stderr,
                   "usage: concertres_redis_joins ADDRESS CONCERT prepare\n"
                   "       concertres_redis_joins ADDRESS CONCERT join JOINS IN_FLIGHT\n"
                   "       concertres_redis_joins ADDRESS CONCERT office JOINS IN_FLIGHT\n");
        return 2;
    }
    const std::shared_ptr<RedisLine> line =
        open_redis_line(argv[1], {.timeout = std::chrono::seconds(30)});
    const LineRoom room{*concert, 1};
    if (std::string_view(argv[3]) == "prepare") return prepare(*line, room);
    if (std::string_view(argv[3]) == "office") {
        return join_office(line, std::atoll(argv[4]), std::atoll(argv[5]));
    }
    return join(*line, room, std::atoll(argv[4]), std::atoll(argv[5]));
}

// What a place's holder is told as it happens, over a stream of server-sent events: where the place
// stands, the pass, the holder's own holds, and the seats that others take and give back. A pulse
// four times a second looks what has changed; the writer only notes it. What many see is written
// once and shared.
//
// Threads: any. on_committed: the writer's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/snapshots.hpp"
#include "concertres/box_office.hpp"
#include "concertres/event_sink.hpp"
#include "http/stream.hpp"

namespace concertres::server {

class Live final : public EventSink {
  public:
    // A reader may be so far behind, and is cut off then; reconnecting, it is told what it missed.
    static constexpr std::size_t waiting_bytes_max = 256 * 1024;
    static constexpr std::chrono::milliseconds period{250};
    // A stream says something at least this often, so that whoever stands between does not close
    // it.
    static constexpr std::chrono::seconds heartbeat{15};

    // Lifetime: `context` and `snapshots` outlive it.
    Live(boost::asio::io_context& context, Snapshots& snapshots)
        : snapshots_(&snapshots), timer_(context) {}

    // REQUIRES: called before anything is followed, on the context's thread or before it runs
    void bind(BoxOffice& office);
    // Passed on to the snapshots first.
    void on_committed(std::span<const Event> events) override;

    // Tells `stream` of the place from now on. `last_event_id`: what the reader heard last, before
    // its connection was cut; empty at first.
    void follow(const PlaceView& place, std::string_view last_event_id,
                std::shared_ptr<http::Stream> stream);
    // Each stream is told that the server stops, and ends.
    void stop() { stopping_ = true; }
    [[nodiscard]] std::int64_t followed() const { return followed_; }

  private:
    struct Follower {
        std::shared_ptr<http::Stream> stream;
        PlaceView told;
        std::string last_event_id;
        std::chrono::steady_clock::time_point told_at{};
        std::chrono::steady_clock::time_point said_at{};
        bool begun = false;
        bool asking = false;  // storage, what became of the place
    };
    // The holder's own hold.
    struct OwnChange {
        UserId user{};
        std::string text;
    };
    // What became of a place, as storage tells it.
    struct Ended {
        std::shared_ptr<http::Stream> stream;
        PlaceView place;
    };
    // The changes of a concert's seats, numbered from 1; the last of them are kept for those who
    // come back.
    struct Seats {
        std::int64_t last = 0;
        std::deque<std::shared_ptr<const std::string>> kept;
        std::size_t kept_bytes = 0;
    };

    void pulse();
    void take_newcomers();
    void begin(Follower& follower);
    void resume(const Follower& follower);
    void tell_places(std::chrono::steady_clock::time_point now);
    void tell_place(Follower& follower, std::chrono::steady_clock::time_point now);
    void tell_ended();
    void tell_own();
    void tell_seats();
    void forget_closed();
    void say(Follower& follower, std::string text);
    void say_bye(Follower& follower, std::string_view why);
    [[nodiscard]] std::string event(const ConcertId& concert, std::string_view name,
                                    std::string_view data);

    BoxOffice* office_ = nullptr;
    Snapshots* snapshots_;
    boost::asio::steady_timer timer_;
    std::string instance_;  // sets event ids of before a restart apart
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> followed_{0};

    // Of the pulse alone.
    std::vector<Follower> followers_;
    std::unordered_map<ConcertId, Seats> seats_;

    std::mutex mutex_;
    std::vector<Follower> newcomers_;
    std::vector<Ended> ended_;
    std::unordered_multiset<UserId> users_;  // of all followers
    std::vector<OwnChange> own_;
};

}  // namespace concertres::server

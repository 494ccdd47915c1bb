// What a place's holder is told as it happens, over a stream of server-sent events: where the place
// stands, the pass, the holder's own holds, and the seats that others take and give back. A pulse
// four times a second looks what has changed; the writer only notes it. What many see is written
// once and shared, and told to a few at a time with a rest in between: told to thousands at once,
// it would keep all others waiting. Nothing of it is promised: who connects again asks for seats
// and holds anew.
//
// Threads: any. on_committed: the writer's.
#pragma once

#include <atomic>
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

    // Of one user: tabs and devices.
    static constexpr std::size_t streams_per_user_max = 8;

    // Lifetime: `context` and `snapshots` outlive it.
    Live(boost::asio::io_context& context, Snapshots& snapshots)
        : snapshots_(&snapshots), timer_(context) {}

    // So many streams may be open at once.
    // REQUIRES: called before anything is followed, on the context's thread or before it runs
    void bind(BoxOffice& office, std::string currency, std::size_t streams_max);
    // Passed on to the snapshots first.
    void on_committed(std::span<const Event> events) override;

    // Tells `stream` of the place from now on. `last_event_id`: what the reader heard last, before
    // its connection was cut; empty at first. False: there are too many.
    [[nodiscard]] bool follow(const PlaceView& place, std::string_view last_event_id,
                              std::shared_ptr<http::Stream> stream);
    // Each stream is told that the server stops, and ends.
    void stop() { stopping_ = true; }
    [[nodiscard]] std::int64_t followed() const { return followed_; }

  private:
    struct Follower {
        std::shared_ptr<http::Stream> stream;
        PlaceView told;
        std::string last_event_id;
        std::int64_t heard = 0;  // the last change of seats that it was told of
        std::chrono::steady_clock::time_point told_at{};
        std::chrono::steady_clock::time_point said_at{};
        std::chrono::steady_clock::time_point asked_at{};
        bool asking = false;               // the box office, for the place
        int asked_holds = 0;               // of whom it has not answered yet
        std::optional<PlaceView> ended{};  // what is to be told before `bye`
        std::int64_t ended_in = 0;         // the pulse that heard of it
    };
    // What the box office has answered; nothing: it refused.
    struct Answer {
        std::shared_ptr<http::Stream> stream;
        bool of_hold = false;
        std::optional<PlaceView> place{};
        std::optional<ReservationView> hold{};
    };
    // The changes of a concert's seats, numbered from 1; the last of them are kept for those who
    // come back.
    struct Seats {
        std::int64_t last = 0;
        std::deque<std::shared_ptr<const std::string>> kept;
        std::size_t kept_bytes = 0;

        [[nodiscard]] std::int64_t first_kept() const {
            return last + 1 - static_cast<std::int64_t>(kept.size());
        }
    };

    void go_on();
    void begin_pulse();
    void tell_some();
    void end_pulse();
    void take_newcomers();
    [[nodiscard]] bool pick_up(Follower& newcomer);
    void note_seats();
    void tell_seats(Follower& follower);
    void tell_place(Follower& follower);
    void tell_change(Follower& follower, const PlaceView& place);
    void tell_end(Follower& follower, const PlaceView& place);
    void ask_place(Follower& follower, const GetPlace& query);
    void tell_own();
    void ask_hold(Follower& follower, const ReservationId& hold);
    void tell_answers();
    void tell_ends();
    void forget_closed();
    void say(Follower& follower, std::string_view name, std::string_view data);
    void say_bye(Follower& follower, std::string_view why);
    [[nodiscard]] std::string event(std::int64_t heard, std::string_view name,
                                    std::string_view data) const;
    void answered(Answer answer);

    BoxOffice* office_ = nullptr;
    Snapshots* snapshots_;
    std::string currency_;
    std::size_t streams_max_ = 0;
    boost::asio::steady_timer timer_;
    std::string instance_;  // sets event ids of before a restart apart
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> followed_{0};

    // Of the pulse alone.
    std::chrono::steady_clock::time_point began_{};
    std::chrono::steady_clock::time_point now_{};
    std::int64_t pulse_ = 0;
    std::size_t asks_left_ = 0;
    bool own_waits_ = false;  // for the next pulse
    std::size_t from_ = 0;    // which of the followers this pulse begins with
    std::size_t left_ = 0;    // so many have not had their turn
    std::size_t first_ = 0;   // with whom the next one begins
    std::vector<Follower> followers_;
    std::unordered_map<ConcertId, Seats> seats_;

    std::mutex mutex_;
    std::vector<Follower> newcomers_;
    std::vector<Answer> answers_;
    std::unordered_multiset<UserId> users_;             // of all followers
    std::deque<std::pair<UserId, ReservationId>> own_;  // holds of theirs that have changed
    bool own_missed_ = false;                           // some of them
};

}  // namespace concertres::server

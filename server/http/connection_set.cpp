#include "http/connection_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <ctime>
#include <utility>

#include "concertres/assert.hpp"
#include "http/connection.hpp"

namespace concertres::http {

namespace {

// How long one turn of a sweep may take, and how many it looks at before it looks at the clock. Who
// is ended costs as much as hundreds of others, and comes back with the end of its own side: after
// so many there is a rest, in which others have their turn.
constexpr auto sweep_turn = std::chrono::microseconds(250);
constexpr std::size_t looked_at_once = 16;
constexpr int ended_at_once = 4;
constexpr auto sweep_rest = std::chrono::milliseconds(1);

// Often enough for the shortest time-out, seldom enough to cost nothing.
std::chrono::milliseconds sweep_period(const Limits& limits) {
    const auto shortest = std::min(
        {limits.head_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
    return std::clamp<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(10),
                                                 std::chrono::milliseconds(250));
}

std::string date_field(std::time_t seconds) {
    static constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n", days[utc.tm_wday],
                       utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                       utc.tm_sec);
}

}  // namespace

ConnectionSet::ConnectionSet(boost::asio::io_context& context, std::shared_ptr<Shared> shared)
    : context_(context),
      shared_(std::move(shared)),
      period_(sweep_period(shared_->limits)),
      timer_(context) {}

void ConnectionSet::add(Connection& connection) {
    if (!armed_) {
        tell_time();
        armed_ = true;
        sweep_after(period_, SIZE_MAX);
    }
    connection.slot_ = connections_.size();
    connections_.push_back(&connection);
}

void ConnectionSet::remove(Connection& connection) {
    CONCERTRES_ASSERT(connections_[connection.slot_] == &connection);
    connections_.back()->slot_ = connection.slot_;
    connections_[connection.slot_] = connections_.back();
    connections_.pop_back();
}

// Backwards, here and below: closing one moves the last into its place.
void ConnectionSet::close_idle() {
    for (std::size_t i = connections_.size(); i-- > 0;) {
        if (connections_[i]->is_idle()) connections_[i]->close();
    }
}

void ConnectionSet::close_all() {
    for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->close();
}

// Thousands may expire at once, and each is told why: in between others have their turn. Who moves
// from one place to another meanwhile is looked at by the next sweep.
void ConnectionSet::sweep(std::size_t from) {
    tell_time();
    const auto turn_ends = now_ + sweep_turn;
    int ended = 0;
    for (std::size_t i = std::min(from, connections_.size()); i-- > 0;) {
        // An expiring connection may let go of its last owner: keep it until it is done.
        const auto kept = connections_[i]->shared_from_this();
        if (kept->expire(now_)) ++ended;
        if (i == 0) break;
        if (ended == ended_at_once) return sweep_after(sweep_rest, i);
        if (i % looked_at_once == 0 && std::chrono::steady_clock::now() >= turn_ends) {
            boost::asio::post(context_, [self = shared_from_this(), i] { self->sweep(i); });
            return;
        }
    }
    // Without connections nothing keeps the io_context busy.
    armed_ = !connections_.empty();
    if (armed_) sweep_after(period_, SIZE_MAX);
}

void ConnectionSet::sweep_after(std::chrono::steady_clock::duration rest, std::size_t from) {
    timer_.expires_after(rest);
    timer_.async_wait([self = shared_from_this(), from](const boost::system::error_code& error) {
        if (!error) self->sweep(from);
    });
}

void ConnectionSet::tell_time() {
    now_ = std::chrono::steady_clock::now();
    const std::time_t seconds = std::time(nullptr);
    if (seconds == date_seconds_) return;
    date_seconds_ = seconds;
    date_ = date_field(seconds);
}

}  // namespace concertres::http

#include "redis/redis_line.hpp"

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres::redis {

namespace asio = boost::asio;

namespace {

using Kind = LineFault::Kind;

std::string text_of(const UserId& user) {
    const auto& bytes = user.uuid.bytes;
    return {bytes.begin(), bytes.end()};
}

std::string text_of(std::int64_t number) { return std::to_string(number); }
std::string text_of(PlaceNumber number) { return std::to_string(number.value); }
std::string text_of(Time time) { return std::to_string(time.time_since_epoch().count()); }

UserId user_of(const Reply& reply) {
    UserId user;
    if (reply.text.size() != user.uuid.bytes.size()) {
        throw MalformedReply("a user that is none");
    }
    std::copy(reply.text.begin(), reply.text.end(), user.uuid.bytes.begin());
    return user;
}

ConnectionSettings settings_of(const Address& address, const RedisOptions& options,
                               asio::ssl::context& tls) {
    return {.timeout = options.timeout,
            .user = address.user,
            .password_file = address.password_file,
            .database = address.database,
            .tls = address.is_tls ? &tls : nullptr,
            .is_bare = false};
}

// Of whom to believe. A file that cannot be read is found out with the first connection: it trusts
// nobody then.
asio::ssl::context trusted(const Address& address) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    if (!address.is_tls) return tls;
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    tls.set_verify_mode(asio::ssl::verify_peer);
    boost::system::error_code ignored;
    if (address.ca_file.empty()) {
        tls.set_default_verify_paths(ignored);
    } else {
        tls.load_verify_file(address.ca_file, ignored);
    }
    return tls;
}

// Behind the 1 of a script that was done.
LinePlace place_of(const Reply& reply) {
    return {.number = {reply.at(1).number()},
            .made = reply.at(2).number() == 1,
            .waits = reply.at(3).number() == 1,
            .ahead = reply.at(4).number()};
}

LineFault fault_of(const Reply& reply) {
    const std::string& why = reply.at(1).text;
    if (why == "lost") return {.kind = Kind::lost};
    if (why == "outdated") return {.kind = Kind::outdated, .epoch = reply.at(2).number()};
    if (why == "full") return {.kind = Kind::full};
    if (why == "no_numbers") return {.kind = Kind::no_numbers};
    throw MalformedReply("a refusal that nobody knows");
}

const auto did = [](const Reply&) { return LineDid{}; };

}  // namespace

ScriptedLine::ScriptedLine(Address address, const RedisOptions& options)
    : address_(std::move(address)),
      options_(options),
      tls_(trusted(address_)),
      settings_(settings_of(address_, options_, tls_)),
      work_(asio::make_work_guard(io_)),
      router_(io_, address_, settings_, *this),
      thread_([this] { io_.run(); }) {}

ScriptedLine::~ScriptedLine() {
    io_.stop();
    thread_.join();
}

// --- Calls -------------------------------------------------------------------------------------

std::unique_ptr<Call> ScriptedLine::call_of(Step step, const ConcertId& concert) const {
    auto call = std::make_unique<Call>();
    call->words.reserve(16);
    call->words = {"EVALSHA", script_of(step).sha1, "5"};
    for (std::string& key : keys_of(address_.prefix, concert)) {
        call->words.push_back(std::move(key));
    }
    if (address_.is_cluster) call->slot = slot_of(concert.to_string());
    return call;
}

std::unique_ptr<Call> ScriptedLine::call_of(Step step, const LineRoom& room) const {
    auto call = call_of(step, room.concert);
    call->words.push_back(text_of(room.epoch));
    call->home_at = call->words.size();
    call->words.emplace_back();
    return call;
}

LineFault ScriptedLine::count(LineFault fault) {
    if (fault.kind == Kind::away) ++away_;
    if (fault.kind == Kind::unknown) ++unknown_;
    return fault;
}

template <class T, class Read>
LineAnswer<T> ScriptedLine::answer_of(const Outcome& outcome, const Read& read) {
    if (!outcome.reply) {
        const Kind kind = outcome.was_sent ? Kind::unknown : Kind::away;
        return count({.kind = kind, .detail = outcome.why});
    }
    const Reply& reply = *outcome.reply;
    if (reply.is_error()) {
        // Before it runs a script a server says what is wrong by a word of its own. ERR may be
        // anything.
        const bool may_have_run = reply.text.starts_with("ERR ");
        return count({.kind = may_have_run ? Kind::unknown : Kind::away, .detail = reply.text});
    }
    try {
        if (reply.at(0).number() == 0) return count(fault_of(reply));
        return read(reply);
    } catch (const MalformedReply& fault) {
        return count({.kind = Kind::unknown, .detail = fault.what()});
    }
}

template <class T, class Read>
void ScriptedLine::run(std::unique_ptr<Call> call, LineDone<T> done, Read read) {
    ++calls_;
    if (under_way_.fetch_add(1) >= options_.calls_max) {
        --under_way_;
        return done(count({.kind = Kind::away, .detail = "too many calls are under way"}));
    }
    call->deadline = std::chrono::steady_clock::now() + options_.timeout;
    call->done = [this, done = std::move(done), read = std::move(read)](Outcome outcome) mutable {
        --under_way_;
        done(answer_of<T>(outcome, read));
    };
    submit(std::move(call));
}

// What is submitted while the thread is busy goes out together.
void ScriptedLine::submit(std::unique_ptr<Call> call) {
    bool is_first = false;
    {
        const std::lock_guard lock(inbox_mutex_);
        is_first = inbox_.empty();
        inbox_.push_back(std::move(call));
    }
    if (is_first) asio::post(io_, [this] { take_inbox(); });
}

void ScriptedLine::take_inbox() {
    std::vector<std::unique_ptr<Call>> taken;
    {
        const std::lock_guard lock(inbox_mutex_);
        std::swap(taken, inbox_);
    }
    for (auto& call : taken) router_.send(std::move(call));
}

// --- The steps ---------------------------------------------------------------------------------

void ScriptedLine::begin(const LineRoom& room, LineDone<LineDid> done) {
    run(call_of(Step::begin, room), std::move(done), did);
}

void ScriptedLine::extend(const LineRoom& room, const LineBlock& block, LineDone<LineDid> done) {
    auto call = call_of(Step::extend, room);
    call->words.push_back(text_of(std::int64_t{block.line_class}));
    call->words.push_back(text_of(block.first));
    call->words.push_back(text_of(block.last));
    run(std::move(call), std::move(done), did);
}

void ScriptedLine::join(const LineRoom& room, const LineJoin& join, LineDone<LinePlace> done) {
    auto call = call_of(Step::join, room);
    call->words.push_back(text_of(join.user));
    call->words.push_back(text_of(std::int64_t{join.line_class}));
    call->words.push_back(text_of(join.over));
    call->words.push_back(text_of(join.waiting_max));
    run(std::move(call), std::move(done), place_of);
}

void ScriptedLine::reenter(const LineRoom& room, const LineEntry& place, LineDone<LinePlace> done) {
    auto call = call_of(Step::reenter, room);
    call->words.push_back(text_of(place.user));
    call->words.push_back(text_of(place.number));
    run(std::move(call), std::move(done), place_of);
}

void ScriptedLine::leave(const LineRoom& room, const LineEntry& place, LineDone<bool> done) {
    auto call = call_of(Step::leave, room);
    call->words.push_back(text_of(place.user));
    call->words.push_back(text_of(place.number));
    run(std::move(call), std::move(done),
        [](const Reply& reply) { return reply.at(1).number() == 1; });
}

void ScriptedLine::heard(const LineRoom& room, std::span<const UserId> users, Time now,
                         LineDone<std::int64_t> done) {
    CONCERTRES_ASSERT(users.size() <= users_max);
    auto call = call_of(Step::heard, room);
    call->words.push_back(text_of(now));
    for (const UserId& user : users) call->words.push_back(text_of(user));
    run(std::move(call), std::move(done), [](const Reply& reply) { return reply.at(1).number(); });
}

void ScriptedLine::peek(const LineRoom& room, const LinePeek& peek, LineDone<LineHead> done) {
    CONCERTRES_ASSERT(peek.count <= LinePeek::heads_max);
    auto call = call_of(Step::peek, room);
    const auto unless_never = [](Time time) {
        return time == Time::min() ? std::string() : text_of(time);
    };
    call->words.push_back(text_of(std::int64_t{peek.line_class}));
    call->words.push_back(std::to_string(peek.count));
    call->words.push_back(text_of(peek.now));
    call->words.push_back(unless_never(peek.silent_before));
    call->words.push_back(unless_never(peek.lost_before));
    run(std::move(call), std::move(done), [](const Reply& reply) {
        LineHead head{.waiting = {},
                      .passed_over = reply.at(2).number(),
                      .lost = reply.at(1).number(),
                      .class_waiting = reply.at(4).number(),
                      .class_passed_over = reply.at(5).number(),
                      .is_cut = reply.at(3).number() == 1};
        for (std::size_t i = 6; i < reply.elements.size(); i += 2) {
            head.waiting.push_back({{reply.at(i + 1).number()}, user_of(reply.at(i))});
        }
        return head;
    });
}

void ScriptedLine::drop(const LineRoom& room, std::span<const LineEntry> places,
                        LineDone<LineDid> done) {
    CONCERTRES_ASSERT(places.size() <= users_max);
    auto call = call_of(Step::drop, room);
    for (const LineEntry& place : places) {
        call->words.push_back(text_of(place.number));
        call->words.push_back(text_of(place.user));
    }
    run(std::move(call), std::move(done), did);
}

void ScriptedLine::position(const LineRoom& room, std::span<const UserId> users,
                            LineDone<LinePositions> done) {
    CONCERTRES_ASSERT(users.size() <= users_max);
    auto call = call_of(Step::position, room);
    for (const UserId& user : users) call->words.push_back(text_of(user));
    run(std::move(call), std::move(done), [](const Reply& reply) {
        LinePositions positions{.places = {}, .waiting = reply.at(1).number()};
        for (std::size_t i = 2; i < reply.elements.size(); i += 3) {
            positions.places.push_back({.number = {reply.at(i).number()},
                                        .made = false,
                                        .waits = reply.at(i + 1).number() == 1,
                                        .ahead = reply.at(i + 2).number()});
        }
        return positions;
    });
}

void ScriptedLine::erase(const ConcertId& concert, LineDone<LineDid> done) {
    run(call_of(Step::erase, concert), std::move(done), did);
}

// --- How it fares ------------------------------------------------------------------------------

RedisCounters ScriptedLine::counters() const {
    return {.is_reached = is_reached_,
            .calls = calls_,
            .away = away_,
            .unknown = unknown_,
            .connections = connections_,
            .redirections = redirections_};
}

void ScriptedLine::on_trouble(const std::string& why) {
    if (std::exchange(trouble_, why) != why && options_.log) options_.log(why);
}

void ScriptedLine::on_connection() {
    ++connections_;
    if (!std::exchange(trouble_, {}).empty() && options_.log) options_.log("connected again");
}

}  // namespace concertres::redis

namespace concertres {

std::unique_ptr<RedisLine> open_redis_line(const std::string& address,
                                           const RedisOptions& options) {
    auto parsed = redis::parse_address(address);
    if (!parsed) throw std::invalid_argument(parsed.error().detail);
    return std::make_unique<redis::ScriptedLine>(std::move(*parsed), options);
}

}  // namespace concertres

// The line behind open_redis_line(): it makes of each step a call of its script, and runs all that
// is asynchronous on one thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "concertres/redis.hpp"
#include "redis/router.hpp"
#include "redis/scripts.hpp"

namespace concertres::redis {

class ScriptedLine final : public RedisLine, private Router::Observer {
  public:
    ScriptedLine(Address address, const RedisOptions& options);
    ~ScriptedLine() override;
    ScriptedLine(const ScriptedLine&) = delete;
    ScriptedLine& operator=(const ScriptedLine&) = delete;

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

    [[nodiscard]] RedisCounters counters() const override;

  private:
    void on_trouble(const std::string& why) override;
    void on_connection() override;
    void on_redirection() override { ++redirections_; }
    void on_reached(bool is_reached) override { is_reached_ = is_reached; }

    [[nodiscard]] std::unique_ptr<Call> call_of(Step step, const ConcertId& concert) const;
    [[nodiscard]] std::unique_ptr<Call> call_of(Step step, const LineRoom& room) const;
    // `read` makes of the script's answer what is asked for.
    template <class T, class Read>
    void run(std::unique_ptr<Call> call, LineDone<T> done, Read read);
    template <class T, class Read>
    LineAnswer<T> answer_of(const Outcome& outcome, const Read& read);
    LineFault count(LineFault fault);
    void submit(std::unique_ptr<Call> call);
    void take_inbox();

    const Address address_;
    const RedisOptions options_;

    std::atomic<bool> is_reached_{false};
    std::atomic<std::uint64_t> calls_{0};
    std::atomic<std::uint64_t> away_{0};
    std::atomic<std::uint64_t> unknown_{0};
    std::atomic<std::uint64_t> connections_{0};
    std::atomic<std::uint64_t> redirections_{0};
    std::atomic<std::size_t> under_way_{0};
    std::string trouble_;  // what was told of last

    std::mutex inbox_mutex_;
    std::vector<std::unique_ptr<Call>> inbox_;
    // What is left in there is given up, and answered, before anything above is gone.
    boost::asio::ssl::context tls_;
    ConnectionSettings settings_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Router router_;
    std::thread thread_;
};

}  // namespace concertres::redis

// A whole server in the test's own process, on free ports of the loopback: box office, snapshots,
// dispatchers and listeners as `serve` puts them together, on a clock that only the test moves. It
// is spoken to over sockets, as a buyer would.
//
//   TestServer server;
//   const SmallSale sale = server.add();
//   const Buyer ann = server.buyer("ann", sale.concert);
//   const Reply held = server.hold(ann, sale.performance(), {7, 8});
//   CHECK(held.status == 201);
//   CHECK(held.at("/total/amount") == 100'000);
//
// Nobody is let in but by admit(): rooms tick by themselves once an hour, and no time passes.
//
// Threads: one; others make clients of their own from url().
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/dispatcher.hpp"
#include "api/services.hpp"
#include "concertres/box_office.hpp"
#include "http/client.hpp"
#include "http/listener.hpp"
#include "support/small_sale.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

struct ServerSettings {
    bool sqlite = false;  // else in memory
    std::optional<std::string> api_key{};
    std::optional<std::string> admin_key{};
    std::vector<std::string> trusted_proxies{};
    std::vector<std::string> cors_origins{};
    server::RateLimiter::Rate token_rate{.per_second = 0};
    std::size_t body_bytes_max = 64 * 1024;
    Options engine{.tick = std::chrono::hours(1)};
    LogLevel log_level = LogLevel::error;
    // Puts something else in the place of the storage, or around it.
    std::function<std::unique_ptr<Storage>(std::unique_ptr<Storage>)> wrap{};
};

// What is asked. A body is JSON unless a field says otherwise.
struct Ask {
    std::string method = "GET";
    std::string target = "/";
    std::string token{};  // of a buyer, or the admin key
    std::optional<std::string> body{};
    std::string key{};  // Idempotency-Key
    std::vector<std::pair<std::string, std::string>> fields{};
};

// What is answered.
struct Reply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};
    boost::json::value json{};  // of a body that is JSON

    // The first field of this name; "" where there is none.
    [[nodiscard]] std::string field(std::string_view name) const;
    [[nodiscard]] bool has_field(std::string_view name) const;
    // The value at a JSON pointer; fails the test where there is none.
    [[nodiscard]] const boost::json::value& at(std::string_view pointer) const;
    [[nodiscard]] std::string text(std::string_view pointer) const;
    [[nodiscard]] std::int64_t number(std::string_view pointer) const;
    // "404 unknown_concert", or "201" alone: what a test mostly wants to know.
    [[nodiscard]] std::string outcome() const;
    // A problem's faults, as "pointer code", in order.
    [[nodiscard]] std::vector<std::string> faults() const;
    // The seats that a problem names.
    [[nodiscard]] std::vector<std::int64_t> seats() const;
};

struct Buyer {
    UserId user{};
    std::string token{};
};

class TestServer {
  public:
    explicit TestServer(ServerSettings settings = {});
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    [[nodiscard]] BoxOffice& office() { return office_; }
    [[nodiscard]] TestClock& clock() { return clock_; }
    [[nodiscard]] server::Services& services() { return services_; }
    [[nodiscard]] server::Snapshots& snapshots() { return snapshots_; }
    [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
    [[nodiscard]] std::string url(server::Side side = server::Side::buyers) const;

    // --- speaking to it
    Reply ask(const Ask& ask) { return send(buyers_client_, ask); }
    Reply ask_operators(const Ask& ask) { return send(operators_client_, ask); }
    static Reply send(http::Client& client, const Ask& ask);

    // --- setting the stage, past HTTP
    // A concert with a room that lets in whoever comes, as soon as it is told to admit.
    SmallSale add(ConcertDraft draft);
    SmallSale add();
    // One whose line has just been drawn, of nobody.
    SmallSale add_drawn();
    void admit(const ConcertId& concert);

    // --- what buyers do
    Reply join(const UserId& user, const ConcertId& concert, bool again = false);
    // Joins; is let in.
    Buyer waiting(std::string_view name, const ConcertId& concert);
    Buyer buyer(std::string_view name, const ConcertId& concert);
    // Asks for a new place with the same name; is let in.
    Buyer again(const Buyer& buyer, const ConcertId& concert);

    Reply get(const std::string& target, const Buyer& buyer = {});
    Reply place(const Buyer& buyer) { return get("/v1/tokens/current", buyer); }
    Reply leave(const Buyer& buyer);
    // Keys are new each time where none is given.
    Reply hold(const Buyer& buyer, const PerformanceId& performance,
               const std::vector<SeatNumber>& seats, const std::string& key = {});
    // `best` as it stands in the body: {"count": 2}
    Reply hold_best(const Buyer& buyer, const PerformanceId& performance, const std::string& best,
                    const std::string& key = {});
    // `wanted` as it stands in the body: "areas": [{"section": "Standing", "count": 2}]
    Reply hold_wanted(const Buyer& buyer, const PerformanceId& performance,
                      const std::string& wanted, const std::string& key = {});
    Reply charge(const Buyer& buyer, std::int64_t amount, const std::string& key = {});
    Reply pay(const Buyer& buyer, const std::vector<std::string>& reservations,
              const std::string& key = {});
    Reply extend(const Buyer& buyer, const std::string& reservation);
    Reply release(const Buyer& buyer, const std::string& reservation);
    Reply refund(const Buyer& buyer, const std::string& payment);
    // Holds, charges just enough, and pays: the payment.
    Reply buy(const Buyer& buyer, const PerformanceId& performance,
              const std::vector<SeatNumber>& seats);

    [[nodiscard]] std::string new_key() { return "key-" + std::to_string(++keys_); }

  private:
    Options options(const ServerSettings& settings);
    std::unique_ptr<Storage> open(const ServerSettings& settings);

    // The order is that of serve.cpp: whoever may still be answered outlives the box office.
    TestClock clock_;
    TempDir folder_;
    server::Log log_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::thread_pool chores_{1};
    server::Metrics metrics_;
    server::RateLimiter token_rate_;
    server::Gate gate_{std::chrono::seconds(1)};
    server::Snapshots snapshots_;
    server::Live live_{context_, snapshots_};
    BoxOffice office_;
    server::Services services_;
    server::Dispatcher buyers_;
    server::Dispatcher operators_;
    http::Listener listener_;
    http::Listener operators_listener_;
    std::thread thread_;
    http::Client buyers_client_;
    http::Client operators_client_;
    int keys_ = 0;
};

// --- Comparing JSON

// The names of an object's fields, sorted and joined: a shape to compare.
[[nodiscard]] std::string names_of(const boost::json::value& object);
// `expected` with `$NAME` replaced by each text. Compares numbers by kind as well: 1.0 is not 1.
void check_json(const boost::json::value& actual, std::string expected,
                const std::map<std::string, std::string>& texts = {});

// Tries until it is so. For what a snapshot of at most 50 ms ago may show; no test depends on how
// long it takes.
[[nodiscard]] bool eventually(const std::function<bool()>& is_so);

}  // namespace concertres::test

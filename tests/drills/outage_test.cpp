// The outage drill: in the middle of a steady sale the disk takes nothing for a while. No sale is
// lost or made twice, and soon after it all is as before.
//
// Buyers come at set times, whatever the server does, and do what a good client does: they ask
// again with the same key until they are told. What each was told is kept here, outside.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "drills/drill.hpp"
#include "program/rush.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

struct Shape {
    double per_second = 0;
    int seconds_before = 0;
    int seconds_stalled = 0;
    int seconds_after = 0;
    int workers = 0;  // who serve the arrivals; more than can be waiting at once

    [[nodiscard]] int seconds() const { return seconds_before + seconds_stalled + seconds_after; }
    [[nodiscard]] int buyers() const { return static_cast<int>(per_second * seconds()); }
};

// One purchase, as its buyer saw it.
struct Purchase {
    Told told{};
    steady_clock::time_point came{};   // when it was to begin
    steady_clock::time_point began{};  // when somebody was free for it
    steady_clock::time_point paid{};
    int tries = 0;
};

class SteadySale {
  public:
    SteadySale(std::string url, RushSale sale, const Shape& shape)
        : url_(std::move(url)), sale_(std::move(sale)), shape_(shape), start_(steady_clock::now()) {
        sales_.resize(static_cast<std::size_t>(shape.buyers()));
        for (int i = 0; i < shape.workers; ++i) threads_.emplace_back([this] { work(); });
    }
    ~SteadySale() { end(); }
    SteadySale(const SteadySale&) = delete;
    SteadySale& operator=(const SteadySale&) = delete;

    void end() {
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }
    // REQUIRES: end() was called
    [[nodiscard]] const std::vector<Purchase>& sales() const { return sales_; }
    [[nodiscard]] steady_clock::time_point start() const { return start_; }

  private:
    void work() {
        for (int i = next_++; i < shape_.buyers(); i = next_++) {
            Purchase& sale = sales_[static_cast<std::size_t>(i)];
            sale.told.buyer = i;
            sale.came = start_ + std::chrono::duration_cast<steady_clock::duration>(
                                     std::chrono::duration<double>(i / shape_.per_second));
            std::this_thread::sleep_until(sale.came);
            sale.began = steady_clock::now();
            Shopper shopper(url_, sale_);
            do {
                if (sale.tries++ > 0) std::this_thread::sleep_for(milliseconds(1'000));
                shopper.buy(sale.told);
            } while (sale.told.payment.empty() && sale.tries < 120);
            sale.paid = steady_clock::now();
        }
    }

    std::string url_;
    RushSale sale_;
    Shape shape_;
    steady_clock::time_point start_;
    std::atomic<int> next_{0};
    std::vector<Purchase> sales_;
    std::vector<std::thread> threads_;
};

// --- What was measured -------------------------------------------------------------------------

// Sales paid between the two, a second.
double rate(const std::vector<Purchase>& sales, steady_clock::time_point from,
            steady_clock::time_point to) {
    const auto count = std::ranges::count_if(
        sales, [&](const Purchase& sale) { return sale.paid >= from && sale.paid < to; });
    return static_cast<double>(count) / std::chrono::duration<double>(to - from).count();
}

// Of those who came between the two, how long the slowest twentieth took at least.
milliseconds p95(const std::vector<Purchase>& sales, steady_clock::time_point from,
                 steady_clock::time_point to) {
    std::vector<steady_clock::duration> times;
    for (const Purchase& sale : sales) {
        if (sale.came >= from && sale.came < to) times.push_back(sale.paid - sale.came);
    }
    if (times.empty()) return milliseconds(0);
    std::ranges::sort(times);
    return std::chrono::duration_cast<milliseconds>(times[times.size() * 95 / 100]);
}

// How long after `from` it takes until who comes is served as fast as wanted.
milliseconds time_to_recover(const std::vector<Purchase>& sales, steady_clock::time_point from,
                             steady_clock::time_point end, milliseconds wanted) {
    constexpr auto window = std::chrono::seconds(1);
    auto at = from;
    while (at + window < end && p95(sales, at, at + window) > wanted) at += milliseconds(100);
    return std::chrono::duration_cast<milliseconds>(at - from);
}

void print_timeline(const SteadySale& sale, const Shape& shape) {
    std::string text;
    for (int second = 0; second < shape.seconds(); ++second) {
        const auto at = sale.start() + std::chrono::seconds(second);
        const auto to = at + std::chrono::seconds(1);
        text += fmt::format("{:>4} s {:>5.0f} sales/s   p95 of who came {:>6} ms\n", second,
                            rate(sale.sales(), at, to), p95(sale.sales(), at, to).count());
    }
    MESSAGE("timeline, the stall from " << shape.seconds_before << " s on for "
                                        << shape.seconds_stalled << " s\n"
                                        << text);
}

void check_told(const std::vector<Purchase>& sales) {
    std::set<std::string> payments;
    int asked_again = 0;
    for (const Purchase& sale : sales) {
        CAPTURE(sale.told.buyer);
        CHECK(sale.told.contradictions == std::vector<std::string>());
        REQUIRE(!sale.told.payment.empty());
        CHECK(payments.insert(sale.told.payment).second);
        asked_again += sale.tries > 1 ? 1 : 0;
        for (const std::string& refusal : sale.told.refusals) {
            const bool is_known = refusal == "503 overloaded" || refusal == "408 request_timeout";
            CAPTURE(refusal);
            CHECK(is_known);
        }
    }
    MESSAGE(fmt::format("{} sales, {} of them asked again", sales.size(), asked_again));
}

}  // namespace

TEST_CASE("a disk that stalls amid a steady sale loses no sale and doubles none") {
    const Shape shape = sized(Shape{.per_second = 20,
                                    .seconds_before = 2,
                                    .seconds_stalled = 3,
                                    .seconds_after = 3,
                                    .workers = 150},
                              Shape{.per_second = 5'000.0 / 60,
                                    .seconds_before = 20,
                                    .seconds_stalled = 10,
                                    .seconds_after = 30,
                                    .workers = 1'500});
    const TempDir folder;
    const SlowDisk disk({.sync_us = 1'000});
    Serving serving{.data = folder.path(),
                    .arguments = {"--tick-ms", "50", "--log-level", "error"},
                    .is_patient = false};
    disk.add_to(serving.launch);
    ServerProcess server(serving);
    const RushSale halls = import_rush_sale({"--server", server.operators_url()}, shape.buyers());

    SteadySale sale(server.url(), halls, shape);
    const auto stall_at = sale.start() + std::chrono::seconds(shape.seconds_before);
    const auto stall_end = stall_at + std::chrono::seconds(shape.seconds_stalled);
    std::this_thread::sleep_until(stall_at);
    disk.stall();
    std::this_thread::sleep_until(stall_end - milliseconds(300));
    const auto asked = steady_clock::now();
    const auto seen = metrics_of(server.operators_url());
    const auto told = std::chrono::duration_cast<milliseconds>(steady_clock::now() - asked);
    judge(
        seen.at("concertres_stalled") == 1 && told < milliseconds(250),
        fmt::format("towards its end the metrics say that it stalls, after {} ms; {} wait, {} were "
                    "turned away",
                    told.count(), seen.at("concertres_commands_waiting"),
                    seen.at("concertres_requests_turned_away_total")));
    std::this_thread::sleep_until(stall_end);
    disk.go_on();
    sale.end();
    CHECK(metrics_of(server.operators_url()).at("concertres_stalled") == 0);

    const std::vector<Purchase>& purchases = sale.sales();
    check_told(purchases);
    print_timeline(sale, shape);
    const auto end = sale.start() + std::chrono::seconds(shape.seconds());
    const auto soon = stall_end + std::chrono::seconds(sized(1, 5));
    const double normal = rate(purchases, sale.start() + std::chrono::seconds(1), stall_at);
    const double after = rate(purchases, soon, end);
    judge(after >= 0.95 * normal,
          fmt::format("{:.1f} sales/s before the stall, {:.1f} from {} s after "
                      "it on",
                      normal, after, sized(1, 5)));
    // Without those who came just before it.
    const milliseconds p95_before =
        p95(purchases, sale.start(), stall_at - std::chrono::seconds(1));
    const milliseconds recovered = time_to_recover(purchases, stall_end, end, 2 * p95_before);
    judge(
        recovered <= std::chrono::seconds(5),
        fmt::format("p95 of a sale: {} ms before, at most twice that for who came {} ms after the "
                    "stall, {} ms for all from {} s on",
                    p95_before.count(), recovered.count(), p95(purchases, soon, end).count(),
                    sized(1, 5)));

    // What was told, against the server, the database and its audit.
    std::vector<Told> some;
    for (std::size_t i = 0; i < purchases.size(); i += sized<std::size_t>(4, 20))
        some.push_back(purchases[i].told);
    check_again(server.url(), halls, some);
    CHECK(server.stop() == "exit 0");
    const auto counts = audit({"--data", folder.path()});
    CHECK(counts.at("payments") == shape.buyers());
    CHECK(counts.at("sold") == shape.buyers());
    CHECK(counts.at("reservations") == shape.buyers());
    CHECK(counts.at("transfers") == 2 * shape.buyers());
    CHECK(counts.at("held") == 0);
}

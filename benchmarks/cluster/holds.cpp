// Holds through instances that share one PostgreSQL database: so many a second, from this process.
//
//   concertres_cluster_holds CONNINFO INSTANCES SECONDS [LOCKING] [DATES]
//
// Each hold is of a free seat, by a user whose first command it is, at one of twenty dates; so many
// are in flight as a busy server has. LOCKING is pessimistic (the default) or optimistic. DATES is
// apart (the default): each instance sells dates of its own, so that they seldom meet; or together:
// each sells all of them, so that any two groups want the same rows.
#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"

namespace {

using namespace concertres;
using std::chrono::steady_clock;

constexpr int dates = 20;
constexpr SeatNumber seats = 20'000;
constexpr int in_flight = 1'024;

ConcertDraft draft() {
    ConcertDraft draft;
    draft.title = "Winter Songs";
    draft.venue = "Large Hall";
    for (int i = 0; i < dates; ++i) {
        OffsetTime at = *parse_rfc3339("2090-12-01T19:00:00+09:00");
        at.time += std::chrono::days(i);
        draft.performances.push_back({at});
    }
    draft.seats = numbered_seats(seats, Money{50'000});
    return draft;
}

// No two instances want the same seat. Where they sell apart, one has the dates whose number is its
// own modulo how many there are.
class Load {
  public:
    Load(BoxOffice& office, const std::vector<PerformanceId>& performances, int instance,
         int instances, bool together)
        : office_(office),
          performances_(performances),
          next_(instance),
          step_(instances),
          dates_shared_by_(together ? instances : 1) {}

    void start() {
        for (int i = 0; i < in_flight; ++i) submit();
    }
    // Waits until everything is answered.
    void stop() {
        stopping_ = true;
        while (unanswered_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    [[nodiscard]] std::int64_t held() const { return held_; }
    [[nodiscard]] std::int64_t refused() const { return refused_; }

  private:
    void submit() {
        const std::int64_t number = next_.fetch_add(step_);
        Hold hold{.user = UserId::from_name("user " + std::to_string(number)),
                  .performance =
                      performances_[static_cast<std::size_t>(number / dates_shared_by_ % dates)],
                  .seats = {static_cast<SeatNumber>(
                      1 + number / dates / dates_shared_by_ * dates_shared_by_ % seats +
                      number % dates_shared_by_)},
                  .key = "hold"};
        ++unanswered_;
        office_.submit<Hold>(std::move(hold), [this](Result<ReservationView> answer) {
            ++(answer ? held_ : refused_);
            if (!stopping_) submit();
            --unanswered_;
        });
    }

    BoxOffice& office_;
    const std::vector<PerformanceId>& performances_;
    std::atomic<std::int64_t> next_;
    int step_;
    int dates_shared_by_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> unanswered_{0};
    std::atomic<std::int64_t> held_{0};
    std::atomic<std::int64_t> refused_{0};
};

int run(const std::string& conninfo, int instances, int seconds, Locking locking, bool together) {
    const PostgresOptions options{.locking = locking};
    std::vector<std::unique_ptr<BoxOffice>> offices;
    offices.push_back(std::make_unique<BoxOffice>(open_postgres(conninfo, options)));
    const auto added = offices[0]->add_concert(draft());
    if (!added) return EXIT_FAILURE;
    while (static_cast<int>(offices.size()) < instances) {
        offices.push_back(std::make_unique<BoxOffice>(open_postgres(conninfo, options)));
    }
    std::vector<std::unique_ptr<Load>> loads;
    for (int i = 0; i < instances; ++i) {
        loads.push_back(std::make_unique<Load>(*offices[static_cast<std::size_t>(i)],
                                               added->performances, i, instances, together));
    }
    const auto began = steady_clock::now();
    for (const auto& load : loads) load->start();
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    std::int64_t held = 0;
    for (const auto& load : loads) held += load->held();
    const std::chrono::duration<double> took = steady_clock::now() - began;
    for (const auto& load : loads) load->stop();
    std::int64_t refused = 0;
    double groups = 0;
    double grouped = 0;
    for (const auto& load : loads) refused += load->refused();
    for (const auto& office : offices) {
        groups += static_cast<double>(office->statistics().groups);
        grouped += static_cast<double>(office->statistics().grouped);
    }
    fmt::print("{} instances: {:.0f} holds/s, {:.0f} a group, {} refused\n", instances,
               static_cast<double>(held) / took.count(), grouped / groups, refused);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view locking = argc > 4 ? argv[4] : "pessimistic";
    const std::string_view contention = argc > 5 ? argv[5] : "apart";
    const bool optimistic = locking == "optimistic";
    const bool together = contention == "together";
    if (argc < 4 || argc > 6 || (!optimistic && locking != "pessimistic") ||
        (!together && contention != "apart")) {
        fmt::print(stderr,
                   "usage: {} CONNINFO INSTANCES SECONDS [pessimistic|optimistic]"
                   " [apart|together]\n",
                   argv[0]);
        return EXIT_FAILURE;
    }
    return run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]),
               optimistic ? Locking::optimistic : Locking::pessimistic, together);
}

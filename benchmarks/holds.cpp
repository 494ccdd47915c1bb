#include "holds.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"

namespace bench {

namespace {

using namespace concertres;
using std::chrono::steady_clock;

constexpr int dates = 100;
constexpr SeatNumber seats = 6'000;
constexpr std::size_t buyers = 50'000;
constexpr std::chrono::seconds duration{5};

class HoldRun {
  public:
    explicit HoldRun(BoxOffice& office) : office_(office) {
        ConcertDraft draft{.title = "Hall",
                           .venue = "Bench",
                           .seats = numbered_seats(seats, Money{1}),
                           .limits = {.per_performance = 1'000, .per_concert = 1'000},
                           .hold_ttl = std::chrono::hours(1)};
        for (int i = 0; i < dates; ++i) {
            draft.performances.push_back({{.time = office.now() + std::chrono::days(30 + i)}});
        }
        auto added = office.add_concert(std::move(draft));
        if (!added) throw std::runtime_error(added.error().detail);
        concert_ = *added;
        for (std::size_t i = 0; i < buyers; ++i) {
            users_.push_back(UserId::from_name("buyer " + std::to_string(i)));
        }
    }

    double run(std::size_t in_flight) {
        const auto start = steady_clock::now();
        end_ = start + duration;
        under_way_ = in_flight;
        for (std::size_t i = 0; i < in_flight; ++i) next();
        under_way_.wait(in_flight);
        for (std::size_t left = under_way_; left > 0; left = under_way_) under_way_.wait(left);
        if (!refusal_.empty()) throw std::runtime_error(refusal_);
        const std::chrono::duration<double> took = steady_clock::now() - start;
        return static_cast<double>(answered_) / took.count();
    }

  private:
    // Threads: before the run the caller's, then the writer's; counters are shared while both send.
    void next() {
        const std::size_t count = sent_++;
        Hold hold{.user = users_[count % buyers],
                  .performance = concert_.performances[count % dates],
                  .seats = {static_cast<SeatNumber>(count / dates + 1)},
                  .key = "k" + std::to_string(count)};
        office_.submit<Hold>(std::move(hold), [this](Result<ReservationView> held) {
            if (!held) refusal_ = held.error().detail;
            ++answered_;
            const bool full = sent_ >= static_cast<std::size_t>(seats) * dates;
            if (held && !full && steady_clock::now() < end_) return next();
            --under_way_;
            under_way_.notify_one();
        });
    }

    BoxOffice& office_;
    ConcertView concert_;
    std::vector<UserId> users_;
    steady_clock::time_point end_;
    std::atomic<std::size_t> sent_{0};
    std::atomic<std::size_t> answered_{0};
    std::atomic<std::size_t> under_way_{0};
    std::string refusal_;
};

}  // namespace

void run_holds(const Settings& settings, std::size_t in_flight) {
    const auto folder = settings.folder / "holds";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    {
        BoxOffice office(open_sqlite(folder / "holds.db"));
        fmt::print("rate {:.0f}\n", HoldRun(office).run(in_flight));
    }
    std::filesystem::remove_all(folder);
}

}  // namespace bench

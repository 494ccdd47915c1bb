#include "fill.hpp"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"

namespace bench {

namespace {

using namespace concertres;

constexpr std::size_t users_in_all = 20'000;
constexpr std::size_t in_flight = 1'024;

class Filling {
  public:
    Filling(BoxOffice& office, std::size_t transfers)
        : office_(office), transfers_(transfers), run_(Uuid::random().to_string()) {
        for (std::size_t i = 0; i < users_in_all; ++i) {
            users_.push_back(UserId::from_name("buyer " + std::to_string(i)));
        }
    }

    // Its last charges are under way for ever.
    [[noreturn]] void run() {
        for (std::size_t i = 0; i < in_flight; ++i) next();
        done_.wait(false);
        fmt::print("transfers {}\n", transfers_);
        std::fflush(stdout);
        std::raise(SIGKILL);
        std::abort();
    }

  private:
    // Threads: before the run the caller's, then the writer's.
    void next() {
        const std::size_t count = sent_++;
        Charge charge{.user = users_[count % users_in_all],
                      .amount = {1'000},
                      .key = run_ + "-" + std::to_string(count)};
        office_.submit<Charge>(std::move(charge), [this](const Result<ChargeView>& charged) {
            if (!charged) std::abort();
            if (++answered_ == transfers_) {
                done_ = true;
                done_.notify_one();
            }
            next();
        });
    }

    BoxOffice& office_;
    std::size_t transfers_;
    std::string run_;  // so that the keys of one run are not those of another
    std::vector<UserId> users_;
    std::atomic<std::size_t> sent_{0};
    std::atomic<std::size_t> answered_{0};
    std::atomic<bool> done_{false};
};

}  // namespace

void fill_and_die(const Settings& settings, std::size_t transfers) {
    BoxOffice office(open_sqlite(settings.folder / "concertres.db"));
    if (office.concerts()->empty()) {
        ConcertDraft draft{
            .title = "Hall", .venue = "Bench", .seats = numbered_seats(1'000, Money{1'000})};
        draft.performances.push_back({{.time = office.now() + std::chrono::days(30)}});
        if (!office.add_concert(std::move(draft))) std::abort();
    }
    Filling(office, transfers).run();
}

}  // namespace bench

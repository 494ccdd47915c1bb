#include "fill.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "scene.hpp"

namespace bench {

namespace {

using namespace concertres;

constexpr std::size_t in_flight = 1'024;

std::string file_of(const Settings& settings) {
    return (settings.folder / "concertres.db").string();
}

// Sends commands until so many are answered; its last ones are under way for ever.
class Filling {
  public:
    using Answered = std::function<void(bool)>;  // whether it was done
    using Send = std::function<void(std::size_t, Answered)>;

    Filling(std::size_t count, Send send) : count_(count), send_(std::move(send)) {}

    [[noreturn]] void run(const char* what) {
        for (std::size_t i = 0; i < in_flight; ++i) next();
        done_.wait(false);
        fmt::print("{} {}\n", what, count_);
        std::fflush(stdout);
        std::raise(SIGKILL);
        std::abort();
    }

  private:
    // Threads: the writer's, and for the first of them the caller's beside it.
    void next() {
        send_(sent_++, [this](bool done) {
            if (!done) std::abort();
            if (++answered_ == count_) {
                done_ = true;
                done_.notify_one();
            }
            next();
        });
    }

    std::size_t count_;
    Send send_;
    std::atomic<std::size_t> sent_{0};
    std::atomic<std::size_t> answered_{0};
    std::atomic<bool> done_{false};
};

}  // namespace

void fill_and_die(const Settings& settings, std::size_t transfers) {
    BoxOffice office(open_sqlite(file_of(settings)));
    if (office.concerts()->empty()) {
        ConcertDraft draft{
            .title = "Hall", .venue = "Bench", .seats = numbered_seats(1'000, Money{1'000})};
        draft.performances.push_back({{.time = office.now() + std::chrono::days(30)}});
        if (!office.add_concert(std::move(draft))) std::abort();
    }
    std::vector<UserId> users;
    for (std::size_t i = 0; i < 20'000; ++i) {
        users.push_back(UserId::from_name("buyer " + std::to_string(i)));
    }
    // So that the keys of one run are not those of another.
    const std::string run = Uuid::random().to_string();
    Filling(transfers, [&](std::size_t count, Filling::Answered answered) {
        office.submit<Charge>({.user = users[count % users.size()],
                               .amount = {1'000},
                               .key = run + "-" + std::to_string(count)},
                              [answered = std::move(answered)](const auto& charged) {
                                  answered(charged.has_value());
                              });
    }).run("transfers");
}

void hold_and_die(const Settings& settings, std::size_t reservations) {
    constexpr int dates = 100;
    // And some that are under way at the end, or are answered before it is killed.
    const auto seats = static_cast<SeatNumber>((reservations + 64 * in_flight) / dates);
    const SceneShape shape{
        .name = "held", .concerts = 1, .dates = dates, .seats = seats, .buyers = seats / 4};
    Options options = scene_options();
    options.hold_ttl = std::chrono::hours(1);
    BoxOffice office(open_sqlite(file_of(settings)), options);
    const std::vector<Buyer> people = build_scene(office, shape);
    HoldOrder order(shape);
    std::mutex mutex;  // the first are sent while the writer answers those before
    Filling(reservations, [&](std::size_t count, Filling::Answered answered) {
        HoldOrder::Next next = [&] {
            const std::lock_guard lock(mutex);
            return order.next(1);
        }();
        const Buyer& buyer = people[next.buyer];
        office.submit<Hold>(
            {.user = buyer.user,
             .place = buyer.place,
             .performance = buyer.performance,
             .seats = std::move(next.seats),
             .key = std::to_string(count)},
            [answered = std::move(answered)](const auto& held) { answered(held.has_value()); });
    }).run("reservations");
}

}  // namespace bench

// A busy day at a box office, drawn from a seed: people join, are let in, hold, extend, release,
// charge, pay, refund and leave, holds and passes end, operators open, pause, block and let in,
// backups are made. It remembers what was told, so that it can be asked for again: after a crash.
//
//   BusyDay day(seed);
//   day.begin(office);
//   for (int i = 0; i < 100; ++i) day.act(office, clock, [&] { ... });   // after each step
//   ...                                                                  // the crash
//   for (const Asked& asked : day.asked()) check(asked.again(other_office));
//
// Lifetime: it outlives the box offices that it asks. A copy of it goes on by itself.
// Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

// One thing that somebody asked for.
struct Asked {
    std::string what{};
    // Asks once more, in the same words. What is wrong with the answer, if the first was told: ""
    // is nothing. Of some things there is nothing to ask.
    std::function<std::string(BoxOffice&)> again{};
    bool told = false;  // it was answered, and not refused
    std::optional<Errc> refusal{};
    std::size_t step = 0;  // which of the day's steps answered it
};

class BusyDay {
  public:
    // Where backups go. They are made from time to time if there is such a folder.
    explicit BusyDay(std::uint64_t seed, std::filesystem::path backups = {})
        : random_(seed), backups_(std::move(backups)) {}

    using AfterStep = std::function<void()>;
    // Adds a concert with a room and one without, both of two dates.
    void begin(BoxOffice& office, const AfterStep& after_step);
    // Somebody does something, or a few do at once; time passes.
    void act(BoxOffice& office, TestClock& clock, const AfterStep& after_step);

    [[nodiscard]] const std::deque<std::shared_ptr<Asked>>& asked() const { return asked_; }
    [[nodiscard]] std::size_t steps() const { return steps_; }
    // The file of each backup that was told of, and in which step.
    struct MadeBackup {
        std::filesystem::path file;
        std::size_t step;
    };
    [[nodiscard]] const std::deque<MadeBackup>& made_backups() const { return made_backups_; }

  private:
    // What a buyer knows, as it was told.
    struct Buyer {
        UserId id{};
        PlaceNumber place{};
        std::vector<std::pair<ReservationId, bool>> holds{};  // and whether it is at the room's
        std::vector<PaymentId> payments{};
    };

    [[nodiscard]] int draw(int below) {
        return static_cast<int>(random_() % static_cast<std::uint64_t>(below));
    }
    [[nodiscard]] std::string next_key() { return "key-" + std::to_string(++keys_); }
    template <class Command, class See, class Again>
    void ask(BoxOffice& office, std::string what, Command command, See see, Again again);
    void run(BoxOffice& office, const AfterStep& after_step);

    void something(BoxOffice& office);
    void join(BoxOffice& office);
    void hold(BoxOffice& office);
    void extend(BoxOffice& office);
    void release(BoxOffice& office);
    void charge(BoxOffice& office);
    void pay(BoxOffice& office);
    void refund(BoxOffice& office);
    void leave(BoxOffice& office);
    void operate(BoxOffice& office);
    void back_up(BoxOffice& office);
    void add_concert(BoxOffice& office, std::size_t which);

    std::mt19937_64 random_;
    std::filesystem::path backups_;
    int keys_ = 0;
    int acts_ = 0;
    std::size_t steps_ = 0;
    SmallSale sales_[2];  // with a room, without
    std::vector<Buyer> buyers_;
    std::deque<std::shared_ptr<Asked>> asked_;
    std::deque<MadeBackup> made_backups_;
};

}  // namespace concertres::test

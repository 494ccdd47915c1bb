#include "draw.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "report.hpp"
#include "stopwatch.hpp"

namespace bench {

namespace {

using namespace concertres;
using namespace std::chrono_literals;

// Time passes when it is told to.
class MovedClock final : public Clock {
  public:
    [[nodiscard]] Time wall() override { return Time(1'800'000'000s) + passed_; }
    [[nodiscard]] Duration elapsed() override { return passed_; }
    void advance(Duration by) { passed_ += by; }

  private:
    Duration passed_{1h};
};

using Open = std::function<std::unique_ptr<Storage>(Clock& clock)>;

// A room with a line in front of a sale that opens in an hour.
class Room {
  public:
    Room(Open open, bool draw, std::int64_t people) : open_(std::move(open)), people_(people) {
        options_.running = Running::by_host;
        options_.tick = 24h;
        options_.group_max = 8'192;
        options_.inbox_max = 16'384;
        office_ = std::make_unique<BoxOffice>(open_(clock_), options_);
        ConcertDraft draft{.title = "Hall", .venue = "Bench", .seats = numbered_seats(1, Money{1})};
        draft.performances = {{{.time = office_->now() + std::chrono::days(30)}}};
        draft.room = RoomPolicy{.active_max = 100, .draw = draw};
        draft.opens_at = office_->now() + 1h;
        const auto added = office_->add_concert(std::move(draft));
        if (!added) throw std::runtime_error(added.error().detail);
        concert_ = added->id;
        fill();
    }

    // Seconds that the first tick after the opening takes, with its draw and 100 admissions.
    double opening() {
        clock_.advance(1h);
        const Stopwatch watch;
        const auto admitted = office_->tick({concert_});
        if (!admitted || *admitted != 100) throw std::runtime_error("the room did not open");
        return watch.elapsed().seconds;
    }
    double poll() {
        constexpr int polls = 200'000;
        std::mt19937_64 random(1);
        const Stopwatch watch;
        for (int i = 0; i < polls; ++i) {
            const auto number =
                1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(people_));
            const auto view = office_->place_in_memory(
                {.concert = concert_, .user = user_of(number), .place = {number}, .last = {}});
            if (!view) throw std::runtime_error("a place is not found");
        }
        return watch.elapsed().seconds / polls;
    }
    double reopening() {
        office_.reset();
        const Stopwatch watch;
        office_ = std::make_unique<BoxOffice>(open_(clock_), options_);
        return watch.elapsed().seconds;
    }

  private:
    // Whose number this is.
    static UserId user_of(std::int64_t number) {
        UserId user;
        std::memcpy(user.uuid.bytes.data(), &number, sizeof number);
        user.uuid.bytes[15] = 1;
        return user;
    }
    void fill() {
        for (std::int64_t joined = 0; joined < people_;) {
            for (std::size_t i = 0; i < options_.group_max && joined < people_; ++i, ++joined) {
                office_->submit<Join>({.concert = concert_, .user = user_of(joined + 1)},
                                      [this](const Result<PlaceView>& made) {
                                          if (!made) refusal_ = made.error().detail;
                                      });
            }
            while (office_->step()) {
            }
            if (!refusal_.empty()) throw std::runtime_error(refusal_);
        }
    }

    Open open_;
    std::int64_t people_;
    Options options_;
    MovedClock clock_;
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
    std::string refusal_;
};

// What one room of each kind came to, run after run.
struct Figures {
    std::vector<double> opening_ms;
    std::vector<double> before_ns;
    std::vector<double> after_ns;
    std::vector<double> reopening_ms;

    void print(const std::string& what) const {
        const auto row = [&](const char* part, const std::vector<double>& figures,
                             const char* unit) {
            if (figures.empty()) return;
            bench::print({.what = fmt::format("{}: {}", what, part),
                          .in_flight = {},
                          .figures = figures,
                          .unit = unit,
                          .note = {}});
        };
        row("the tick that opens it", opening_ms, "ms");
        row("a poll before the opening", before_ns, "ns");
        row("a poll after it", after_ns, "ns");
        row("opening the store again", reopening_ms, "ms");
    }
};

void play(Room& room, Figures& figures, bool lasts) {
    figures.before_ns.push_back(room.poll() * 1e9);
    figures.opening_ms.push_back(room.opening() * 1e3);
    figures.after_ns.push_back(room.poll() * 1e9);
    if (!lasts) return;
    for (int i = 0; i < 3; ++i) figures.reopening_ms.push_back(room.reopening() * 1e3);
}

}  // namespace

void run_draws(const Settings& settings) {
    const std::int64_t people = settings.quick ? 20'000 : 1'000'000;
    print_section(fmt::format("draws: a room with {} waiting, 100 let in at once", people));
    const auto file = settings.folder / "draws";
    const Open in_memory = [](Clock& clock) { return open_memory({.clock = &clock}); };
    const Open on_disk = [&file](Clock& clock) {
        return open_sqlite(file / "draws.db", {.clock = &clock});
    };
    for (const bool lasts : {false, true}) {
        for (const bool draw : {true, false}) {
            Figures figures;
            const int runs = lasts ? 1 : settings.repetitions_without_target();
            for (int run = 0; run < runs; ++run) {
                std::filesystem::remove_all(file);
                std::filesystem::create_directories(file);
                Room room(lasts ? on_disk : in_memory, draw, people);
                play(room, figures, lasts);
            }
            figures.print(fmt::format("{}, {}", lasts ? "SQLite" : "memory",
                                      draw ? "drawn" : "as they came"));
        }
    }
    std::filesystem::remove_all(file);
}

}  // namespace bench

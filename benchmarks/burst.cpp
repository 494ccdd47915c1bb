#include "burst.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bare_journal.hpp"
#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "lanes.hpp"
#include "report.hpp"
#include "scene.hpp"
#include "stopwatch.hpp"

namespace bench {

namespace {

using namespace concertres;
using std::chrono::steady_clock;

// What is asked for, of this machine and of the yardsticks.
constexpr double memory_min = 2'000'000;
constexpr double memory_calls_min = 150'000;
constexpr double burst_min = 500'000;
constexpr double burst_spread_min = 300'000;
constexpr double sustained_min = 100'000;
constexpr double of_bare_commit_max = 1.3;
constexpr double of_bare_p99_max = 5;
constexpr std::size_t burst_in_flight = 4'096;

// Roughly what the journal takes of one command: alone in its commit, and among thousands.
constexpr std::size_t bytes_alone = 500;
constexpr std::size_t bytes_in_crowd = 380;

double seconds_since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

double percentile(std::vector<float>& figures, double share) {
    if (figures.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(figures.size() - 1));
    std::nth_element(figures.begin(), figures.begin() + static_cast<std::ptrdiff_t>(at),
                     figures.end());
    return figures[at];
}

// --- A whole purchase, in memory
// ------------------------------------------------------------------

// Each buyer charges a wallet, holds a seat, gives it back, holds another and pays for it.
class Purchases {
  public:
    Purchases(BoxOffice& office, const std::vector<Buyer>& buyers, const SceneShape& shape)
        : office_(office) {
        HoldOrder order(shape);
        for (std::size_t i = 0; i < buyers.size(); ++i) {
            const HoldOrder::Next next = order.next(2);
            prepared_.push_back({.buyer = &buyers[next.buyer],
                                 .first = next.seats[0],
                                 .second = next.seats[1],
                                 .key = "k" + std::to_string(i)});
        }
    }

    Done run(std::size_t in_flight) {
        const Stopwatch watch;
        lanes_.begin(in_flight);
        for (std::size_t i = 0; i < in_flight; ++i) next();
        return lanes_.wait(watch);
    }

  private:
    struct Buying {
        const Buyer* buyer = nullptr;
        SeatNumber first = 0;
        SeatNumber second = 0;
        std::string key;
        steady_clock::time_point begun{};
    };
    // Calls `then(buying, answer)` once the command is granted.
    template <class Command, class Then>
    void submit(Buying& buying, Command command, Then then) {
        buying.begun = steady_clock::now();
        office_.submit<Command>(std::move(command), [this, &buying, then](auto answer) {
            lanes_.note(buying.begun);
            if (!answer) return lanes_.end(answer.error());
            (this->*then)(buying, *answer);
        });
    }
    void next() {
        const std::size_t at = next_++;
        if (at >= prepared_.size() || lanes_.stopped()) return lanes_.end();
        Buying& buying = prepared_[at];
        submit(buying,
               Charge{.user = buying.buyer->user, .amount = Money{50'000}, .key = buying.key + 'c'},
               &Purchases::charged);
    }
    void charged(Buying& buying, const ChargeView&) {
        submit(buying, hold(buying, buying.first, 'h'), &Purchases::held);
    }
    void held(Buying& buying, const ReservationView& view) {
        submit(
            buying,
            Release{
                .user = buying.buyer->user, .place = buying.buyer->place, .reservation = view.id},
            &Purchases::released);
    }
    void released(Buying& buying, const ReservationView&) {
        submit(buying, hold(buying, buying.second, 'i'), &Purchases::held_again);
    }
    void held_again(Buying& buying, const ReservationView& view) {
        submit(buying,
               Pay{.user = buying.buyer->user,
                   .place = buying.buyer->place,
                   .concert = view.concert,
                   .reservations = {view.id},
                   .key = buying.key + 'p'},
               &Purchases::paid);
    }
    void paid(Buying&, const PaymentView&) { next(); }
    static Hold hold(const Buying& buying, SeatNumber seat, char attempt) {
        return {.user = buying.buyer->user,
                .place = buying.buyer->place,
                .performance = buying.buyer->performance,
                .seats = {seat},
                .key = buying.key + attempt};
    }

    BoxOffice& office_;
    std::vector<Buying> prepared_;
    std::atomic<std::size_t> next_{0};
    Lanes lanes_;
};

// --- Holds and releases, for a time
// ---------------------------------------------------------------

class HoldsFor {
  public:
    HoldsFor(BoxOffice& office, const std::vector<Buyer>& buyers, HoldOrder& order,
             std::string keys)
        : office_(office), buyers_(buyers), order_(order), keys_(std::move(keys)) {}

    Done run(std::size_t in_flight, double seconds) {
        end_ = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                         std::chrono::duration<double>(seconds));
        lanes_of_ = std::vector<Lane>(in_flight);
        const Stopwatch watch;
        lanes_.begin(in_flight);
        for (Lane& lane : lanes_of_) hold(lane);
        return lanes_.wait(watch);
    }

  private:
    struct Lane {
        const Buyer* buyer = nullptr;
        steady_clock::time_point begun;
    };

    Hold next(Lane& lane) {
        // The first of each lane are the caller's, while the writer answers those before.
        const std::lock_guard lock(order_mutex_);
        HoldOrder::Next next = order_.next(1);
        lane.buyer = &buyers_[next.buyer];
        return {.user = lane.buyer->user,
                .place = lane.buyer->place,
                .performance = lane.buyer->performance,
                .seats = std::move(next.seats),
                .key = keys_ + std::to_string(++keys_used_)};
    }
    void hold(Lane& lane) {
        Hold hold = next(lane);
        lane.begun = steady_clock::now();
        office_.submit<Hold>(std::move(hold), [this, &lane](Result<ReservationView> held) {
            lanes_.note(lane.begun);
            if (!held) return lanes_.end(held.error());
            release(lane, held->id);
        });
    }
    void release(Lane& lane, const ReservationId& id) {
        lane.begun = steady_clock::now();
        office_.submit<Release>(
            {.user = lane.buyer->user, .place = lane.buyer->place, .reservation = id},
            [this, &lane](const Result<ReservationView>& released) {
                lanes_.note(lane.begun);
                if (!released) return lanes_.end(released.error());
                if (steady_clock::now() >= end_ || lanes_.stopped()) return lanes_.end();
                hold(lane);
            });
    }

    BoxOffice& office_;
    const std::vector<Buyer>& buyers_;
    HoldOrder& order_;
    std::string keys_;
    std::mutex order_mutex_;
    std::size_t keys_used_ = 0;
    steady_clock::time_point end_;
    std::vector<Lane> lanes_of_;
    Lanes lanes_;
};

// The same by blocking calls, each thread for itself.
Done call(BoxOffice& office, const std::vector<Buyer>& buyers, HoldOrder& order,
          std::size_t threads, double seconds, const std::string& keys) {
    std::mutex mutex;
    std::size_t key = 0;
    Done all;
    std::optional<std::string> refused;
    const auto work = [&] {
        std::vector<float> waits;
        const auto timed = [&](auto&& ask) {
            const auto begun = steady_clock::now();
            auto answer = ask();
            waits.push_back(static_cast<float>(seconds_since(begun)));
            if (!answer) {
                const std::lock_guard lock(mutex);
                refused = answer.error().detail;
            }
            return answer;
        };
        const auto start = steady_clock::now();
        while (seconds_since(start) < seconds) {
            std::unique_lock lock(mutex);
            if (refused) break;
            HoldOrder::Next next = order.next(1);
            const Buyer& buyer = buyers[next.buyer];
            Hold hold{.user = buyer.user,
                      .place = buyer.place,
                      .performance = buyer.performance,
                      .seats = std::move(next.seats),
                      .key = keys + std::to_string(++key)};
            lock.unlock();
            const auto held = timed([&] { return office.hold(std::move(hold)); });
            if (!held) break;
            (void)timed([&] {
                return office.release(
                    {.user = buyer.user, .place = buyer.place, .reservation = held->id});
            });
        }
        const std::lock_guard lock(mutex);
        all.waits.insert(all.waits.end(), waits.begin(), waits.end());
    };
    const Stopwatch watch;
    {
        std::vector<std::jthread> running;
        running.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i) running.emplace_back(work);
    }
    if (refused) throw std::runtime_error("a command was refused: " + *refused);
    all.elapsed = watch.elapsed();
    all.commands = all.waits.size();
    return all;
}

// --- The table
// ------------------------------------------------------------------------------------

// One series of runs: its row, and what is asked of its median.
class Series {
  public:
    Series(std::string what, std::size_t in_flight)
        : what_(std::move(what)), in_flight_(in_flight) {}

    void add(Done done) { runs_.push_back(std::move(done)); }
    [[nodiscard]] double rate() const { return median(rates()); }
    [[nodiscard]] double wait(double share) {
        std::vector<double> waits;
        waits.reserve(runs_.size());
        for (Done& run : runs_) waits.push_back(percentile(run.waits, share));
        return median(waits);
    }
    void print(const std::string& note) const {
        bench::print({.what = what_,
                      .in_flight = std::to_string(in_flight_),
                      .figures = rates(),
                      .unit = "commands/s",
                      .cpu_us = median(each([](const Done& run) {
                          return run.elapsed.cpu_seconds * 1e6 / static_cast<double>(run.commands);
                      })),
                      .written_kb = median(each([](const Done& run) {
                          return static_cast<double>(run.elapsed.written_bytes) / 1024 /
                                 static_cast<double>(run.commands);
                      })),
                      .note = note});
    }
    void print_against(double min) const {
        print(fmt::format("at least {:.0f}: {}", min, rate() >= min ? "PASS" : "MISS"));
    }

  private:
    template <class Figure>
    [[nodiscard]] std::vector<double> each(Figure&& figure) const {
        std::vector<double> figures;
        figures.reserve(runs_.size());
        for (const Done& run : runs_) figures.push_back(figure(run));
        return figures;
    }
    [[nodiscard]] std::vector<double> rates() const {
        return each([](const Done& run) { return run.rate(); });
    }

    std::string what_;
    std::size_t in_flight_;
    std::vector<Done> runs_;
};

class Burst {
  public:
    explicit Burst(const Settings& settings) : settings_(settings) {}

    void run() {
        measure_memory();
        for (const SceneShape& shape : {hot_scene(), spread_scene()}) measure_burst(shape);
        measure_minute();
        measure_waits();
    }

  private:
    [[nodiscard]] double seconds(double whole) const { return settings_.quick ? 0.2 : whole; }
    [[nodiscard]] std::filesystem::path fresh(const std::string& name) const {
        const auto file = settings_.folder / name;
        for (const char* end : {"", "-wal"}) std::filesystem::remove(file.string() + end);
        return file;
    }
    [[nodiscard]] SceneShape shape_of(SceneShape shape) const {
        if (settings_.quick) shape.concerts = 2;
        return shape;
    }

    void measure_memory() const {
        SceneShape shape = shape_of(hot_scene());
        shape.buyers = settings_.quick ? 20 : 500;
        print_section("memory: a charge, a hold, its release, another hold, a payment; of " +
                      std::to_string(shape.all_buyers()) + " buyers");
        for (const std::size_t in_flight : {64U, 256U, 4'096U}) {
            Series series("memory, engine", in_flight);
            for (int i = 0; i < settings_.repetitions; ++i) {
                BoxOffice office(open_memory(), scene_options());
                const std::vector<Buyer> buyers = build_scene(office, shape);
                series.add(Purchases(office, buyers, shape).run(in_flight));
            }
            series.print_against(memory_min);
        }
        BoxOffice office(open_memory(), scene_options());
        const std::vector<Buyer> buyers = build_scene(office, shape);
        HoldOrder order(shape);
        Series calls("memory, one thread that waits; holds and releases", 1);
        for (int i = 0; i < settings_.repetitions; ++i) {
            calls.add(call(office, buyers, order, 1, seconds(1), fmt::format("{}-", i)));
        }
        calls.print_against(memory_calls_min);
    }

    // The journal may grow as far as these seconds fill it: an operator who expects such a rush
    // sets it so.
    void measure_burst(const SceneShape& scene) const {
        const SceneShape shape = shape_of(scene);
        const double min = shape.name == "hot" ? burst_min : burst_spread_min;
        print_section("SQLite, 5 s, " + shape.name + ": " + std::to_string(shape.halls()) +
                      " halls of " + std::to_string(shape.seats) +
                      " seats; a journal of up to 2 GiB");
        Series bare("SQLite, a blob for each commit", burst_in_flight);
        Series engine("SQLite, engine", burst_in_flight);
        for (int i = 0; i < settings_.repetitions_without_target(); ++i) {
            BareJournal journal(fresh("bare.db"));
            bare.add(bare_run(journal, burst_in_flight, bytes_in_crowd, seconds(5)));
            BoxOffice office(
                open_sqlite(fresh("burst.db"), {.journal_bytes_max = std::int64_t{2} << 30}),
                scene_options());
            const std::vector<Buyer> buyers = build_scene(office, shape);
            HoldOrder order(shape);
            HoldsFor(office, buyers, order, "w").run(burst_in_flight, seconds(1));
            engine.add(HoldsFor(office, buyers, order, "h").run(burst_in_flight, seconds(5)));
        }
        bare.print(fmt::format("{} bytes for each", bytes_in_crowd));
        engine.print_against(min);
        print_note(fmt::format("of the blobs: {:.2f}", engine.rate() / bare.rate()));
        static_cast<void>(fresh("bare.db"));
        static_cast<void>(fresh("burst.db"));
    }

    void measure_minute() const {
        const SceneShape shape = shape_of(hot_scene());
        print_section("SQLite, 60 s, hot, as it is by default: the tables follow");
        const auto file = fresh("minute.db");
        BoxOffice office(open_sqlite(file), scene_options());
        const std::vector<Buyer> buyers = build_scene(office, shape);
        HoldOrder order(shape);
        Done done = HoldsFor(office, buyers, order, "h").run(burst_in_flight, seconds(60));
        std::vector<std::size_t> whole = done.each_second;
        if (whole.size() > 1) whole.pop_back();
        const auto [least, most] = std::ranges::minmax(whole);
        const double p50 = percentile(done.waits, 0.5) * 1e3;
        const double p99 = percentile(done.waits, 0.99) * 1e3;
        const double max = percentile(done.waits, 1) * 1e3;
        Series series("SQLite, engine", burst_in_flight);
        series.add(std::move(done));
        series.print_against(sustained_min);
        print_note(fmt::format(
            "in a second at least {} and at most {}; a command waited {:.1f} ms, "
            "{:.1f} at p99, {:.1f} at most; the file has {} MB, its WAL {}",
            least, most, p50, p99, max, size_of(file), size_of(file.string() + "-wal")));
    }
    static std::uintmax_t size_of(const std::filesystem::path& file) {
        return std::filesystem::file_size(file) >> 20;
    }

    void measure_waits() const {
        const SceneShape shape = shape_of(hot_scene());
        print_section("SQLite, how long a caller waits");
        BareJournal journal(fresh("bare.db"));
        BoxOffice office(open_sqlite(fresh("waits.db")), scene_options());
        const std::vector<Buyer> buyers = build_scene(office, shape);
        HoldOrder order(shape);
        Series bare("SQLite, one row for each commit", 1);
        Series alone("SQLite, one caller", 1);
        Series crowd("SQLite, 64 callers", 64);
        for (int i = 0; i < settings_.repetitions; ++i) {
            bare.add(bare_run(journal, 1, bytes_alone, seconds(2)));
            alone.add(call(office, buyers, order, 1, seconds(2), fmt::format("a{}-", i)));
            crowd.add(call(office, buyers, order, 64, seconds(2), fmt::format("c{}-", i)));
        }
        const double commit = bare.wait(0.5);
        const double commit_p99 = bare.wait(0.99);
        const double one = alone.wait(0.5) / commit;
        const double many = crowd.wait(0.99) / commit_p99;
        bare.print(fmt::format("{:.0f} us, p99 {:.0f} us", commit * 1e6, commit_p99 * 1e6));
        alone.print(fmt::format("{:.0f} us, {:.2f} of it; at most {}: {}", alone.wait(0.5) * 1e6,
                                one, of_bare_commit_max,
                                one <= of_bare_commit_max ? "PASS" : "MISS"));
        crowd.print(fmt::format("p99 {:.0f} us, {:.2f} of its p99; at most {}: {}",
                                crowd.wait(0.99) * 1e6, many, of_bare_p99_max,
                                many <= of_bare_p99_max ? "PASS" : "MISS"));
    }

    static Done bare_run(BareJournal& journal, std::size_t records, std::size_t bytes,
                         double seconds) {
        Done done;
        const Stopwatch watch;
        const auto start = steady_clock::now();
        while (seconds_since(start) < seconds) {
            const auto begun = steady_clock::now();
            journal.commit(records * bytes);
            done.waits.push_back(static_cast<float>(seconds_since(begun)));
            done.commands += records;
        }
        done.elapsed = watch.elapsed();
        return done;
    }

    const Settings& settings_;
};

}  // namespace

void run_burst(const Settings& settings) { Burst(settings).run(); }

}  // namespace bench

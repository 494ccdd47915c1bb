// on_sale sells a hall out. It opens a waiting room on one SQLite file and lets thousands of buyers
// loose on it, on many threads: they queue up, fight for the good seats, pay, give up or forget,
// until nothing is left. Then it audits the file. It can be stopped at any time, kill -9 included,
// and goes on where it was when it is started again.
//
//   on_sale --help
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "crowd.hpp"
#include "flags.hpp"
#include "hall.hpp"
#include "report.hpp"
#include "sale.hpp"
#include "screen.hpp"
#include "text.hpp"

namespace on_sale {
namespace {

using namespace concertres;
using Clock = std::chrono::steady_clock;

std::atomic<int> caught_signal{0};

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = [](int signal) { caught_signal = signal; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program at once
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

Duration since(Clock::time_point start) {
    return std::chrono::duration_cast<Duration>(Clock::now() - start);
}

// Makes pictures of the sale, with what has changed since the last one as rates.
class Observer {
  public:
    explicit Observer(Sale& sale) : sale_(sale), start_(Clock::now()), last_(start_) {}

    Progress look(const ConcertView& concert) {
        const Statistics now = sale_.office().statistics();
        const auto time = Clock::now();
        // Over at least half a second: shorter, the figures would dance.
        if (time - last_ >= std::chrono::milliseconds(500)) {
            const double seconds = std::chrono::duration<double>(time - last_).count();
            commands_ = static_cast<double>(now.commands - before_.commands) / seconds;
            commits_ = static_cast<double>(now.groups - before_.groups) / seconds;
            before_ = now;
            last_ = time;
        }
        return {.elapsed = since(start_),
                .sold = concert.seats.sold,
                .held = concert.seats.held,
                .free = concert.seats.free,
                .waiting = concert.waiting,
                .admitted = concert.admitted,
                .commands_per_second = commands_,
                .commits_per_second = commits_,
                .note = sale_.note()};
    }
    [[nodiscard]] Duration elapsed() const { return since(start_); }

  private:
    Sale& sale_;
    Clock::time_point start_;
    Clock::time_point last_;
    Statistics before_;
    double commands_ = 0;
    double commits_ = 0;
};

// Shows how it goes, until the hall is sold out or there is a reason to stop.
void watch(Sale& sale, const Crowd& crowd, Observer& observer, Screen& screen) {
    Clock::time_point next_picture = Clock::now();
    while (true) {
        const ConcertView concert = sale.view();
        const bool is_over = is_sold_out(concert) || caught_signal != 0 || crowd.has_failed();
        if (is_over || Clock::now() >= next_picture) {
            screen.show(observer.look(concert));
            next_picture += screen.interval();
        }
        if (is_over) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

Outcome sell(const Flags& flags, Sale& sale, const Style& style) {
    BoxOffice& office = sale.office();
    const ConcertView concert = sale.view();
    auto seats = office.seats({.performance = concert.performances.front(), .all = true});
    if (!seats) throw Trouble(seats.error().detail);
    const Hall hall(seats->seats);
    const Scene scene{.office = office,
                      .hall = hall,
                      .concert = concert.id,
                      .hold = flags.hold,
                      .tick = flags.tick,
                      .seed = flags.seed,
                      .start = Uuid::random().to_string()};
    Screen screen(style);
    Observer observer(sale);
    Crowd crowd(scene, {.buyers = flags.buyers, .threads = flags.threads});
    watch(sale, crowd, observer, screen);
    Tally tally = crowd.stop();
    return {.concert = sale.view(),
            .statistics = office.statistics(),
            .elapsed = observer.elapsed(),
            .tally = std::move(tally)};
}

int audit(Sale& sale, const Style& style) {
    const auto start = Clock::now();
    auto report = sale.office().audit();
    if (!report) throw Trouble(report.error().detail);
    print(verdict(style, *report, since(start)));
    return report->clean() ? 0 : 1;
}

int run(const Flags& flags) {
    const Style style = Style::of_stdout();
    Sale sale(flags);
    const ConcertView concert = sale.view();
    if (is_sold_out(concert)) {
        print(fmt::format("\n  {} is sold out: {}\n  {}\n", style.bold(concert.title),
                          counted(concert.seats.sold, "seat", "seats"),
                          style.dim(sale.file().string())));
        const int status = audit(sale, style);
        print("\n  To sell it once more, start with --fresh.\n\n");
        return status;
    }
    print(opening(style, sale, concert, flags));
    catch_signals();
    const Outcome outcome = sell(flags, sale, style);
    print(summary(style, outcome));
    const int status = audit(sale, style);
    if (is_sold_out(outcome.concert)) {
        print(fmt::format("\n  {}\n\n", status == 0 ? style.green("Sold out.") : "Sold out."));
        return status;
    }
    print("\n  Stopped. Started again in the same way, it goes on from here.\n\n");
    return status != 0 ? status : 128 + caught_signal;
}

}  // namespace
}  // namespace on_sale

int main(int argc, char** argv) {
    using namespace on_sale;
    try {
        const Flags flags = parse_flags(argc, argv);
        if (flags.help) {
            print(help());
            return 0;
        }
        return run(flags);
    } catch (const BadFlags& e) {
        fmt::print(stderr, "on_sale: {}; --help lists what there is\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        fmt::print(stderr, "on_sale: {}\n", e.what());
        return 1;
    }
}

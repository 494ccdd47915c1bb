#include "engine_run.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace bench {

using namespace concertres;

namespace {

[[noreturn]] void throw_refused(const Error& error) {
    throw std::runtime_error("a command was refused: " + std::string(code_name(error.code)) + ": " +
                             error.detail);
}

// The commands of one run on their way. Whoever is free takes the next hold; all that throws or
// refuses ends the run once nothing is on its way any more.
template <class Prepared>
class Flight {
  public:
    Flight(BoxOffice& office, const std::vector<Buyer>& buyers, std::vector<Prepared>& holds)
        : office_(office), buyers_(buyers), holds_(holds) {}

    void run(std::size_t in_flight) {
        on_their_way_ = in_flight;
        for (std::size_t i = 0; i < in_flight; ++i) hold_next();
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [this] { return on_their_way_ == 0; });
        if (refused_) throw_refused(*refused_);
    }

  private:
    // Holds the next seats; the answer releases them, and the answer to that holds the next.
    void hold_next() {
        const std::size_t at = next_++;
        if (at >= holds_.size()) return end();
        const Buyer& buyer = buyers_[holds_[at].buyer];
        office_.submit<Hold>(std::move(holds_[at].hold),
                             [this, &buyer](Result<ReservationView> held) {
                                 if (!held) return end(held.error());
                                 release(buyer, held->id);
                             });
    }
    void release(const Buyer& buyer, const ReservationId& id) {
        office_.submit<Release>({.user = buyer.user, .place = buyer.place, .reservation = id},
                                [this](Result<ReservationView> released) {
                                    if (!released) return end(released.error());
                                    hold_next();
                                });
    }
    void end(std::optional<Error> refused = {}) {
        // Notified under the lock: whoever waits then destroys this.
        std::lock_guard lock(mutex_);
        if (refused) {
            next_ = holds_.size();
            refused_ = std::move(refused);
        }
        if (--on_their_way_ == 0) ended_.notify_one();
    }

    BoxOffice& office_;
    const std::vector<Buyer>& buyers_;
    std::vector<Prepared>& holds_;
    std::atomic<std::size_t> next_{0};
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t on_their_way_ = 0;
    std::optional<Error> refused_;
};

}  // namespace

std::vector<EngineRun::Prepared> EngineRun::prepare(const Load& load) {
    std::vector<Prepared> holds(load.commands / 2);
    for (Prepared& prepared : holds) {
        HoldOrder::Next next = order_.next(load.seats);
        const Buyer& buyer = buyers_[next.buyer];
        prepared.buyer = next.buyer;
        prepared.hold = {.user = buyer.user,
                         .place = buyer.place,
                         .performance = buyer.performance,
                         .seats = std::move(next.seats),
                         .key = keys_ + std::to_string(++keys_used_)};
    }
    return holds;
}

Elapsed EngineRun::submit(const Load& load) {
    std::vector<Prepared> holds = prepare(load);
    Flight<Prepared> flight(office_, buyers_, holds);
    const Stopwatch watch;
    flight.run(load.in_flight);
    return watch.elapsed();
}

Elapsed EngineRun::call(const Load& load) {
    std::vector<Prepared> holds = prepare(load);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t at = next++; at < holds.size(); at = next++) {
            const Buyer& buyer = buyers_[holds[at].buyer];
            const auto held = office_.hold(std::move(holds[at].hold));
            if (!held) throw_refused(held.error());
            const auto released = office_.release(
                {.user = buyer.user, .place = buyer.place, .reservation = held->id});
            if (!released) throw_refused(released.error());
        }
    };
    const Stopwatch watch;
    std::vector<std::future<void>> threads;
    for (std::size_t i = 0; i < load.in_flight; ++i) {
        threads.push_back(std::async(std::launch::async, work));
    }
    for (auto& thread : threads) thread.get();
    return watch.elapsed();
}

}  // namespace bench

#include "concertres/payment_settler.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace concertres {
namespace {

constexpr std::size_t page_size = 500;

std::uint32_t random_seed() {
    std::array<std::uint8_t, 4> bytes{};
    fill_random(bytes);
    std::uint32_t seed = 0;
    for (const std::uint8_t byte : bytes) seed = seed << 8 | byte;
    return seed;
}

PaymentSettlerOptions checked(PaymentSettlerOptions options) {
    const Duration least = std::min({options.authorize_within, options.poll, options.poll_all,
                                     options.retry_first, options.retry_max});
    if (least < Duration(1) || std::min(options.workers, options.open_max) < 1) {
        throw std::invalid_argument("a settler of payments wants times and bounds above 0");
    }
    return options;
}

}  // namespace

class PaymentSettler::Impl {
  public:
    Impl(BoxOffice& office, PaymentGateway& gateway, PaymentSettlerOptions options)
        : office_(office),
          gateway_(gateway),
          options_(checked(std::move(options))),
          clock_(options_.clock != nullptr ? *options_.clock : system_clock()),
          random_(random_seed()) {}

    Duration step();
    void start();
    void stop();
    [[nodiscard]] PaymentSettlerStatistics statistics() const;

  private:
    struct Known {
        OpenPayment payment;
        bool look_first = false;  // it is not known how far the provider is
        bool busy = false;        // a call for it is under way
        bool seen = true;         // by the latest look at all
        int failures = 0;         // in a row
        Duration due{};           // of clock_
    };
    // What came of one step with a payment.
    struct Outcome {
        std::optional<PaymentStage> stage;  // as it stands now; nothing: it could not be settled
        bool answered = false;              // by the provider
    };

    void look(std::unique_lock<std::mutex>& lock);
    enum class Looked : std::uint8_t { part, whole, in_vain };
    Looked look_at_page(std::unique_lock<std::mutex>& lock, bool all);
    [[nodiscard]] Known* next_due(Duration now);
    [[nodiscard]] Duration pause(Duration now) const;
    [[nodiscard]] Outcome settle(const Known& known);
    [[nodiscard]] Result<GatewayAnswer> ask(const Known& known);
    [[nodiscard]] Result<GatewayAnswer> call(const Known& known);
    void note(PaymentKey key, const Outcome& outcome);
    [[nodiscard]] Duration pause_after(int failures);
    void work();
    void log(const std::string& text) const {
        if (options_.log) options_.log("payments: " + text);
    }

    BoxOffice& office_;
    PaymentGateway& gateway_;
    PaymentSettlerOptions options_;
    Clock& clock_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::minstd_rand random_;
    std::map<PaymentKey, Known> known_;
    PaymentKey last_{};  // of those that have been listed
    std::optional<Duration> looked_;
    std::optional<Duration> looked_at_all_;
    bool looking_ = false;
    bool stopping_ = false;
    PaymentSettlerStatistics counted_;
    std::mutex running_mutex_;  // of start() and stop()
    std::vector<std::thread> workers_;
};

// --- What is open --------------------------------------------------------------------------------

// Of those that were open when it began, and of those that others have left behind, nobody knows
// here how far the provider is. Others that appear have just begun.
PaymentSettler::Impl::Looked PaymentSettler::Impl::look_at_page(std::unique_lock<std::mutex>& lock,
                                                                bool all) {
    const PaymentKey after = last_;
    const bool is_first = !looked_at_all_;
    lock.unlock();
    const auto listed = office_.open_payments({.after = after, .limit = page_size});
    lock.lock();
    if (!listed) return Looked::in_vain;
    for (const OpenPayment& open : *listed) {
        last_ = open.row;
        const auto found = known_.find(open.row);
        if (found != known_.end()) {
            found->second.seen = true;
        } else if (known_.size() < options_.open_max) {
            known_.emplace(open.row, Known{.payment = open, .look_first = is_first || all});
        }
    }
    return listed->empty() ? Looked::whole : Looked::part;
}

void PaymentSettler::Impl::look(std::unique_lock<std::mutex>& lock) {
    const Duration now = clock_.elapsed();
    if (looking_ || (looked_ && now - *looked_ < options_.poll)) return;
    looking_ = true;
    const bool all = !looked_at_all_ || now - *looked_at_all_ >= options_.poll_all;
    if (all) {
        last_ = {};
        for (auto& [key, known] : known_) known.seen = false;
    }
    auto so_far = Looked::part;
    while (so_far == Looked::part) so_far = look_at_page(lock, all);
    // What others have settled is not listed any more.
    if (all && so_far == Looked::whole) {
        std::erase_if(known_,
                      [](const auto& each) { return !each.second.seen && !each.second.busy; });
        looked_at_all_ = now;
    }
    looked_ = now;
    looking_ = false;
}

PaymentSettler::Impl::Known* PaymentSettler::Impl::next_due(Duration now) {
    Known* next = nullptr;
    for (auto& [key, known] : known_) {
        if (known.busy || known.due > now) continue;
        if (next == nullptr || known.due < next->due) next = &known;
    }
    return next;
}

Duration PaymentSettler::Impl::pause(Duration now) const {
    Duration pause = options_.poll;
    if (looked_ && !looking_) pause = std::min(pause, *looked_ + options_.poll - now);
    for (const auto& [key, known] : known_) {
        if (!known.busy) pause = std::min(pause, known.due - now);
    }
    return std::max(pause, Duration(1));
}

// --- One step ------------------------------------------------------------------------------------

Result<GatewayAnswer> PaymentSettler::Impl::call(const Known& known) {
    const OpenPayment& open = known.payment;
    if (known.look_first) return gateway_.lookup(open.id);
    const GatewayPayment payment{
        .id = open.id, .amount = open.amount, .currency = options_.currency, .method = open.method};
    switch (open.stage) {
        case PaymentStage::capture:
            return gateway_.capture(payment);
        case PaymentStage::cancel:
            return gateway_.cancel(payment);
        case PaymentStage::refund:
            return gateway_.refund(payment);
        default:
            break;
    }
    const bool is_late = office_.now() - open.begun_at > options_.authorize_within;
    return is_late ? gateway_.cancel(payment) : gateway_.authorize(payment);
}

Result<GatewayAnswer> PaymentSettler::Impl::ask(const Known& known) {
    try {
        return call(known);
    } catch (const std::exception& error) {
        return Error{Errc::gateway_unavailable, error.what(), {}};
    } catch (...) {
        return Error{Errc::gateway_unavailable, "the gateway has thrown something", {}};
    }
}

PaymentSettler::Impl::Outcome PaymentSettler::Impl::settle(const Known& known) {
    const Result<GatewayAnswer> answer = ask(known);
    {
        std::lock_guard lock(mutex_);
        if (!answer) {
            ++counted_.unavailable;
        } else if (const auto status = static_cast<std::size_t>(answer->status);
                   status < counted_.answered.size()) {
            ++counted_.answered[status];
        }
    }
    if (!answer) {
        log(known.payment.id.to_string() + ": " + answer.error().detail);
        return {};
    }
    const auto settled = office_.settle({.payment = known.payment.id, .answer = *answer});
    if (settled) return {.stage = settled->stage, .answered = true};
    log(known.payment.id.to_string() + ": " + settled.error().detail);
    std::lock_guard lock(mutex_);
    ++counted_.refused;
    return {.stage = {}, .answered = true};
}

Duration PaymentSettler::Impl::pause_after(int failures) {
    Duration pause = options_.retry_first;
    for (int i = 1; i < failures && pause < options_.retry_max; ++i) pause *= 2;
    pause = std::min(pause, options_.retry_max);
    std::uniform_int_distribution<std::int64_t> less(0, pause.count() / 2);
    return pause - Duration(less(random_));
}

// A look alone is neither a failure nor the end of one: what the stage wants is asked for next, and
// at once.
void PaymentSettler::Impl::note(PaymentKey key, const Outcome& outcome) {
    Known& known = known_.at(key);
    known.busy = false;
    if (outcome.stage && !is_open(*outcome.stage)) {
        known_.erase(key);
        return;
    }
    const bool has_looked = std::exchange(known.look_first, !outcome.answered);
    known.due = clock_.elapsed();
    if (outcome.stage && *outcome.stage != known.payment.stage) {
        known.payment.stage = *outcome.stage;
        known.failures = 0;
    } else if (!outcome.stage || !has_looked) {
        known.due += pause_after(++known.failures);
    }
}

Duration PaymentSettler::Impl::step() {
    std::unique_lock lock(mutex_);
    look(lock);
    const Duration now = clock_.elapsed();
    Known* next = next_due(now);
    if (next == nullptr) return pause(now);
    next->busy = true;
    const Known known = *next;
    lock.unlock();
    const Outcome outcome = settle(known);
    lock.lock();
    note(known.payment.row, outcome);
    return {};
}

// --- On threads of its own -----------------------------------------------------------------------

void PaymentSettler::Impl::work() {
    for (;;) {
        const Duration pause = step();
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, pause, [this] { return stopping_; });
        if (stopping_) return;
    }
}

void PaymentSettler::Impl::start() {
    std::lock_guard running(running_mutex_);
    if (!workers_.empty()) return;
    stopping_ = false;  // nobody else is running
    for (std::size_t i = 0; i < options_.workers; ++i) {
        workers_.emplace_back([this] { work(); });
    }
}

void PaymentSettler::Impl::stop() {
    std::lock_guard running(running_mutex_);
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
}

PaymentSettlerStatistics PaymentSettler::Impl::statistics() const {
    const Time now = office_.now();
    std::lock_guard lock(mutex_);
    PaymentSettlerStatistics statistics = counted_;
    statistics.open = static_cast<std::int64_t>(known_.size());
    for (const auto& [key, known] : known_) {
        statistics.oldest = std::max(statistics.oldest, now - known.payment.begun_at);
    }
    return statistics;
}

// --- PaymentSettler ------------------------------------------------------------------------------

PaymentSettler::PaymentSettler(BoxOffice& office, PaymentGateway& gateway,
                               PaymentSettlerOptions options)
    : impl_(std::make_unique<Impl>(office, gateway, std::move(options))) {}

PaymentSettler::~PaymentSettler() { impl_->stop(); }

Duration PaymentSettler::step() { return impl_->step(); }

void PaymentSettler::start() { impl_->start(); }

void PaymentSettler::stop() { impl_->stop(); }

PaymentSettlerStatistics PaymentSettler::statistics() const { return impl_->statistics(); }

}  // namespace concertres

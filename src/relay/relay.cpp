#include "concertres/relay.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "base/random.hpp"
#include "concertres/assert.hpp"
#include "concertres/ids.hpp"
#include "concertres/storage.hpp"

namespace concertres {
namespace {

constexpr Duration count_every = std::chrono::seconds(1);

std::uint64_t random_seed() {
    std::array<std::uint8_t, 8> bytes{};
    fill_random(bytes);
    std::uint64_t seed = 0;
    for (const std::uint8_t byte : bytes) seed = seed << 8 | byte;
    return seed;
}

}  // namespace

class Relay::Impl {
  public:
    Impl(Outbox& outbox, Publisher& publisher, RelayOptions options)
        : outbox_(outbox),
          publisher_(publisher),
          options_(std::move(options)),
          clock_(options_.clock ? *options_.clock : system_clock()),
          random_(random_seed()) {
        CONCERTRES_ASSERT(options_.lease > Duration{0} && options_.batch_max > 0);
        if (options_.relay.empty()) options_.relay = UserId::random().to_string();
    }

    Duration step();
    void leave();
    void interrupt() { publisher_.interrupt(); }
    [[nodiscard]] RelayStatistics statistics() const {
        std::lock_guard lock(mutex_);
        return statistics_;
    }

  private:
    struct Retry {
        int failures = 0;
        Duration at{};  // of clock_
    };

    [[nodiscard]] Duration round();
    void claim(Duration now);
    void count(Duration now);
    [[nodiscard]] std::vector<Unpublished> gather(Duration now);
    [[nodiscard]] Duration settle(const std::vector<Unpublished>& runs, const Published& published);
    void mark(const std::vector<Mark>& marks, const std::vector<std::size_t>& counts);
    void give_up();
    void note_lag(const std::vector<Unpublished>& runs);
    [[nodiscard]] Duration pause_after(int failures);
    void log(const std::string& text) const {
        if (options_.log) options_.log(options_.sink + ": " + text);
    }
    template <class Change>
    void change(Change&& change) {
        std::lock_guard lock(mutex_);
        change(statistics_);
    }

    Outbox& outbox_;
    Publisher& publisher_;
    RelayOptions options_;
    Clock& clock_;
    std::minstd_rand random_;

    bool attached_ = false;
    std::vector<Lease> leases_;
    Duration claim_at_ = Duration::min();
    Duration leases_until_{};
    Duration count_at_ = Duration::min();
    std::optional<Stream> cursor_;     // what comes next is behind it
    std::map<Stream, Retry> retries_;  // of streams whose last attempt failed
    int failures_ = 0;                 // in a row, of everything
    int troubles_ = 0;                 // in a row, of the store
    Duration paused_until_ = Duration::min();

    mutable std::mutex mutex_;
    RelayStatistics statistics_;
};

// --- A round -----------------------------------------------------------------------------------

Duration Relay::Impl::step() {
    try {
        const Duration wait = round();
        troubles_ = 0;
        return wait;
    } catch (const StorageError& trouble) {
        // Whatever was claimed may be another's by now.
        claim_at_ = Duration::min();
        if (troubles_ == 0) log(trouble.what());
        return pause_after(++troubles_);
    }
}

Duration Relay::Impl::round() {
    const Duration now = clock_.elapsed();
    if (!attached_) {
        outbox_.attach(options_.sink);
        attached_ = true;
    }
    if (now >= claim_at_) claim(now);
    count(now);
    const Duration until_claim = std::max(Duration{0}, claim_at_ - now);
    if (leases_.empty()) return until_claim;
    if (now < paused_until_) return std::min(until_claim, paused_until_ - now);
    const std::vector<Unpublished> runs = gather(now);
    note_lag(runs);
    if (runs.empty()) return std::min(until_claim, options_.poll);
    // What is on its way when the leases end may be on its way from another too.
    const Duration budget = leases_until_ - clock_.elapsed() - options_.lease / 5;
    if (budget <= Duration{0}) {
        claim_at_ = Duration::min();
        return Duration{0};
    }
    return settle(runs, publisher_.publish(runs, budget));
}

void Relay::Impl::claim(Duration now) {
    Claimed claimed = outbox_.claim(options_.sink, options_.relay, options_.lease);
    if (claimed.leases != leases_) retries_.clear();
    leases_ = std::move(claimed.leases);
    claim_at_ = now + options_.lease / 3;
    leases_until_ = now + options_.lease;
    change([&](RelayStatistics& statistics) {
        statistics.shards = static_cast<std::int64_t>(leases_.size());
        statistics.disabled = claimed.disabled;
    });
}

void Relay::Impl::count(Duration now) {
    if (now < count_at_) return;
    count_at_ = now + count_every;
    for (const SinkState& state : outbox_.sinks()) {
        if (state.sink != options_.sink) continue;
        change([&](RelayStatistics& statistics) { statistics.lag_events = state.events; });
    }
}

// At most once through all streams, so that none is taken twice.
std::vector<Unpublished> Relay::Impl::gather(Duration now) {
    std::vector<Unpublished> runs;
    bool from_start = !cursor_;
    std::size_t events = 0;
    while (events < options_.batch_max) {
        auto taken = outbox_.take(options_.sink, leases_, cursor_, options_.batch_max - events);
        if (taken.empty()) {
            cursor_.reset();
            if (!runs.empty() || std::exchange(from_start, true)) break;
            continue;
        }
        cursor_ = taken.back().stream;
        for (Unpublished& run : taken) {
            const auto retry = retries_.find(run.stream);
            if (retry != retries_.end() && now < retry->second.at) continue;
            events += run.events.size();
            runs.push_back(std::move(run));
        }
    }
    return runs;
}

void Relay::Impl::note_lag(const std::vector<Unpublished>& runs) {
    Time oldest = Time::max();
    for (const Unpublished& run : runs) oldest = std::min(oldest, run.events.front().at);
    const Time now = clock_.wall();
    change([&](RelayStatistics& statistics) {
        statistics.lag = oldest < now ? now - oldest : Duration{0};
    });
}

Duration Relay::Impl::settle(const std::vector<Unpublished>& runs, const Published& published) {
    CONCERTRES_ASSERT(published.acknowledged.size() == runs.size());
    const Duration now = clock_.elapsed();
    std::vector<Mark> marks;
    std::vector<std::size_t> counts;
    const bool out_of_time = published.error.empty() &&
                             std::ranges::any_of(published.acknowledged, [](auto n) { return n; });
    bool is_whole = true;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::size_t count = published.acknowledged[i];
        CONCERTRES_ASSERT(count <= runs[i].events.size());
        if (count > 0) {
            marks.push_back({runs[i].stream, runs[i].events[count - 1].number});
            counts.push_back(count);
        }
        if (count == runs[i].events.size() || out_of_time) {
            if (count > 0) retries_.erase(runs[i].stream);
            continue;
        }
        is_whole = false;
        Retry& retry = retries_[runs[i].stream];
        retry.failures = count > 0 ? 1 : retry.failures + 1;
        retry.at = now + pause_after(retry.failures);
    }
    if (!marks.empty()) {
        mark(marks, counts);
        // It is back: whoever failed while it was away need not wait.
        if (std::exchange(failures_, 0) > 0) retries_.clear();
    }
    if (is_whole) return Duration{0};
    change([](RelayStatistics& statistics) { ++statistics.failures; });
    if (marks.empty()) ++failures_;
    if (failures_ <= 1) log(published.error);
    if (options_.failures_max > 0 && failures_ >= options_.failures_max) {
        give_up();
    } else if (failures_ > 0) {
        // Not for as long as a stream that fails: it may be this one's events alone.
        paused_until_ = now + std::min(pause_after(failures_), options_.lease / 2);
    }
    const Duration asked = std::min(published.wait, options_.retry_max);
    paused_until_ = std::max(paused_until_, now + asked);
    return Duration{0};
}

void Relay::Impl::mark(const std::vector<Mark>& marks, const std::vector<std::size_t>& counts) {
    const std::vector<Shard> lost = outbox_.mark(options_.sink, leases_, marks);
    std::size_t marked = 0;
    for (std::size_t i = 0; i < marks.size(); ++i) {
        const bool counts_too = std::ranges::find(lost, shard_of(marks[i].stream)) == lost.end();
        if (counts_too) marked += counts[i];
    }
    if (!lost.empty()) {
        std::erase_if(leases_, [&](const Lease& lease) {
            return std::ranges::find(lost, lease.shard) != lost.end();
        });
        claim_at_ = Duration::min();
    }
    change([&](RelayStatistics& statistics) {
        statistics.published += static_cast<std::int64_t>(marked);
        statistics.fenced += static_cast<std::int64_t>(lost.size());
    });
}

void Relay::Impl::give_up() {
    outbox_.disable(options_.sink);
    log("nothing has arrived in " + std::to_string(failures_) +
        " attempts: it is disabled until it is enabled");
    failures_ = 0;
    claim_at_ = Duration::min();
}

// Twice as long each time, and by chance up to a half less: many do not come back at once.
Duration Relay::Impl::pause_after(int failures) {
    Duration pause = options_.retry_first;
    for (int i = 1; i < failures && pause < options_.retry_max; ++i) pause *= 2;
    pause = std::min(pause, options_.retry_max);
    return pause -
           Duration(std::uniform_int_distribution<Duration::rep>(0, pause.count() / 2)(random_));
}

void Relay::Impl::leave() {
    try {
        outbox_.leave(options_.sink, options_.relay);
    } catch (const StorageError&) {  // NOLINT(bugprone-empty-catch): its leases end by themselves
    }
    leases_.clear();
    claim_at_ = Duration::min();
}

// --- The face ----------------------------------------------------------------------------------

Relay::Relay(Outbox& outbox, Publisher& publisher, RelayOptions options)
    : impl_(std::make_unique<Impl>(outbox, publisher, std::move(options))) {}
Relay::~Relay() = default;

Duration Relay::step() { return impl_->step(); }
void Relay::leave() { impl_->leave(); }
RelayStatistics Relay::statistics() const { return impl_->statistics(); }

void Relay::run(const std::stop_token& stop) {
    const std::stop_callback interrupt(stop, [this] { impl_->interrupt(); });
    std::mutex mutex;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
        const Duration wait = impl_->step();
        if (wait <= Duration{0}) continue;
        std::unique_lock lock(mutex);
        stopped.wait_for(lock, stop, wait, [] { return false; });
    }
    impl_->leave();
}

}  // namespace concertres

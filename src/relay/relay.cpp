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
constexpr Duration idle_max = std::chrono::seconds(1);

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
    // Of a stream whose next event was tried last and failed.
    struct Retry {
        int failures = 0;  // in a row
        Duration at{};     // of clock_
        Time since{};      // that event's
    };

    [[nodiscard]] Duration round();
    void claim(Duration now);
    void count(Duration now);
    [[nodiscard]] std::vector<Unpublished> gather(Duration now);
    [[nodiscard]] Duration settle(const std::vector<Unpublished>& runs, const Published& published);
    void mark(const std::vector<Mark>& marks, const std::vector<std::size_t>& counts);
    void note_failure(const std::string& why, bool any_arrived, Duration now);
    void give_up();
    void look_elsewhere();
    void vary_first(std::vector<Unpublished>& runs);
    void note_lag(const std::vector<Unpublished>& runs);
    [[nodiscard]] Duration pause_after(int failures, Duration longest);
    [[nodiscard]] Duration idle_pause() const;
    [[nodiscard]] std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
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
    bool disabled_ = false;
    std::optional<Stream> cursor_;  // what comes next is behind it
    std::map<Stream, Retry> retries_;
    int failures_ = 0;  // attempts in a row that failed and brought nothing
    int troubles_ = 0;  // in a row, of the store
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
        return pause_after(++troubles_, options_.retry_max);
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
    if (runs.empty()) return std::min(until_claim, idle_pause());
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
    // What others may have gone on with is none of its retries.
    std::erase_if(retries_, [&](const auto& retry) {
        const auto is_of = [&](const Lease& lease) { return lease.shard == shard_of(retry.first); };
        const auto now_of = std::ranges::find_if(claimed.leases, is_of);
        return now_of == claimed.leases.end() ||
               std::ranges::find(leases_, *now_of) == leases_.end();
    });
    if (claimed.disabled) {
        failures_ = 0;
        paused_until_ = Duration::min();
    }
    if (std::exchange(disabled_, claimed.disabled) != claimed.disabled) {
        log(claimed.disabled ? "it is disabled: nothing is passed on until it is enabled"
                             : "it is enabled: events are passed on");
    }
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
    TakeOptions wanted{
        .after = cursor_, .events_max = options_.batch_max, .of_one_max = options_.run_max};
    for (const auto& [stream, retry] : retries_) {
        if (now < retry.at) wanted.but.insert(stream);
    }
    std::vector<Unpublished> runs;
    bool from_start = !wanted.after;
    while (wanted.events_max > 0) {
        auto taken = outbox_.take(options_.sink, leases_, wanted);
        if (taken.empty()) {
            wanted.after.reset();
            if (!runs.empty() || std::exchange(from_start, true)) break;
            continue;
        }
        wanted.after = taken.back().stream;
        for (Unpublished& run : taken) {
            wanted.events_max -= std::min(wanted.events_max, run.events.size());
            runs.push_back(std::move(run));
        }
    }
    cursor_ = wanted.after;
    if (failures_ > 0) vary_first(runs);
    return runs;
}

// Any of those that are of the first one's kind.
void Relay::Impl::vary_first(std::vector<Unpublished>& runs) {
    const auto other = std::ranges::find_if(
        runs, [&](const Unpublished& run) { return run.stream.kind != runs.front().stream.kind; });
    if (other == runs.begin()) return;
    const std::size_t first = below(static_cast<std::size_t>(other - runs.begin()));
    std::rotate(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(first), runs.end());
}

void Relay::Impl::note_lag(const std::vector<Unpublished>& runs) {
    Time oldest = Time::max();
    for (const auto& [stream, retry] : retries_) oldest = std::min(oldest, retry.since);
    for (const Unpublished& run : runs) oldest = std::min(oldest, run.events.front().at);
    const Time now = clock_.wall();
    change([&](RelayStatistics& statistics) {
        statistics.lag = oldest < now ? now - oldest : Duration{0};
    });
}

Duration Relay::Impl::settle(const std::vector<Unpublished>& runs, const Published& published) {
    CONCERTRES_ASSERT(published.acknowledged.size() == runs.size());
    CONCERTRES_ASSERT(published.failed.size() == runs.size());
    const Duration now = clock_.elapsed();
    std::vector<Mark> marks;
    std::vector<std::size_t> counts;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Stream& stream = runs[i].stream;
        const std::size_t count = published.acknowledged[i];
        CONCERTRES_ASSERT(count <= runs[i].events.size());
        if (count > 0) {
            marks.push_back({stream, runs[i].events[count - 1].number});
            counts.push_back(count);
            retries_.erase(stream);
        }
        if (!published.failed[i] || count == runs[i].events.size()) continue;
        Retry& retry = retries_[stream];
        retry.at = now + pause_after(++retry.failures, options_.retry_max);
        retry.since = runs[i].events[count].at;
    }
    if (!marks.empty()) {
        mark(marks, counts);
        failures_ = 0;
    }
    if (!published.error.empty()) note_failure(published.error, !marks.empty(), now);
    const Duration asked = std::min(published.wait, options_.retry_max);
    paused_until_ = std::max(paused_until_, now + asked);
    // Neither: it was interrupted, say.
    return marks.empty() && published.error.empty() ? options_.poll : Duration{0};
}

void Relay::Impl::note_failure(const std::string& why, bool any_arrived, Duration now) {
    change([](RelayStatistics& statistics) { ++statistics.failures; });
    if (!any_arrived) ++failures_;
    if (failures_ <= 1) log(why);
    if (any_arrived) return;
    if (options_.failures_max > 0 && failures_ >= options_.failures_max) return give_up();
    // Not for as long as a stream that fails: it may be this one's events alone.
    paused_until_ = now + pause_after(failures_, std::min(options_.retry_max, options_.lease / 2));
    look_elsewhere();
}

// Where nothing arrives, a publisher tries few streams, and it may be these that are refused: the
// next attempt goes on, or begins with any kind.
void Relay::Impl::look_elsewhere() {
    constexpr std::array kinds = {StreamKind::performance, StreamKind::wallet, StreamKind::room};
    const std::size_t choice = below(kinds.size() + 1);
    if (choice < kinds.size()) cursor_ = Stream{kinds[choice], 0};
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
    disabled_ = true;
    claim_at_ = Duration::min();
}

// To look past streams that wait costs the store something.
Duration Relay::Impl::idle_pause() const {
    const Duration pause = options_.poll * (1 + static_cast<std::int64_t>(retries_.size()) / 100);
    return std::max(options_.poll, std::min(pause, idle_max));
}

// Twice as long each time, and by chance up to a half less: many do not come back at once.
Duration Relay::Impl::pause_after(int failures, Duration longest) {
    Duration pause = options_.retry_first;
    for (int i = 1; i < failures && pause < longest; ++i) pause *= 2;
    pause = std::min(pause, longest);
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

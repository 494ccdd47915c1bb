// What a writer does only where its store is shared: it follows what other instances commit, takes
// back what they were in the way of, and goes on when the store cannot be reached for a while.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "engine/restore.hpp"
#include "engine/writer.hpp"

namespace concertres {
namespace {

// How often the store is asked what others have done, so that what is shown here is no older; and
// how often they are told who was heard of here, which matters after a minute and a half.
constexpr Duration follow_interval = std::chrono::milliseconds(250);
constexpr Duration tell_interval = std::chrono::seconds(10);

std::string told_of(Duration jump) {
    const auto seconds = std::chrono::round<std::chrono::seconds>(jump).count();
    return "the clock of the store's server has moved by " + std::to_string(seconds) +
           " s against this machine's";
}

}  // namespace

// Brings what is kept in memory up to date with what other instances have committed.
void Writer::follow_others(Time now) {
    if (storage_.exclusive()) return;
    // What is left of the last time may not wait: no group is to run ahead of it.
    const Duration elapsed = storage_.elapsed();
    if (elapsed < next_follow_ && news_.empty()) return;
    next_follow_ = elapsed + follow_interval;
    // Store time was set back: what is due by it is so as of now.
    if (now < followed_at_) {
        next_pulse_ = std::min(next_pulse_, now + options_.tick);
        told_until_ = std::min(told_until_, now);
    }
    followed_at_ = now;
    if (told_until_ == Time::min()) {
        // All who waited when the store was opened count as heard of then, here alone.
        told_until_ = now + std::chrono::seconds(1);
    } else if (told_until_ + tell_interval <= now && next_tell_ <= elapsed) {
        next_tell_ = elapsed + std::chrono::seconds(1);
        const auto heard = board_.heard_since(told_until_);
        if (heard.empty() || storage_.tell(heard)) told_until_ = now;
    }
    if (news_.empty()) news_ = storage_.follow();
    note_clock();
    for (; !news_.concerts.empty(); news_.concerts.erase(news_.concerts.begin())) {
        restore(storage_, catalog_, board_, news_.concerts.front());
    }
    const News news = std::exchange(news_, {});
    board_.hear(news.heard);
    if (news.changes.empty()) return;
    board_.apply(news.changes);
    pictures_.apply(news.changes);
    if (options_.events != nullptr && !news.changes.events.empty()) {
        options_.events->on_committed(news.changes.events);
    }
}

// How long before what may wait is done.
Duration Writer::lull_left() const {
    if (lull_ == Duration{}) return {};
    const auto left = last_taken_ + lull_ - std::chrono::steady_clock::now();
    return std::max(std::chrono::ceil<Duration>(left), Duration{});
}

Duration Writer::idle_max() const {
    {
        std::lock_guard lock(inbox_mutex_);
        if (!failure_.empty()) return options_.tick;  // and nothing is ever due again
    }
    const Time now = storage_.now();
    Duration pulse = std::min(std::max(next_pulse_, now) - now, options_.tick);
    if (tidy_due_) pulse = std::min(pulse, lull_left());
    if (storage_.exclusive()) return pulse;
    const Duration elapsed = storage_.elapsed();
    const Duration follow = std::min(std::max(next_follow_, elapsed) - elapsed, follow_interval);
    return std::min(pulse, follow);
}

// Another instance was in the way: all of it is read and decided anew.
void Writer::take_back_group() {
    changes_ = {};
    auto group = std::exchange(group_, {});
    for (auto task = group.rbegin(); task != group.rend(); ++task) {
        deferred_.push_front(std::move(*task));
    }
    stage_ = Stage::gather;
}

// The group is answered once it is known what became of it. Others are not kept waiting that long.
void Writer::wait_for_outcome() {
    if (stage_ != Stage::settle) {
        log(LogLevel::error,
            "the store cannot be reached, and what became of a commit is not known");
    }
    stage_ = Stage::settle;
    fail_waiting({Errc::storage_unavailable,
                  "the store cannot be reached; nothing was changed, try again shortly",
                  {}});
}

void Writer::settle() {
    const CommitOutcome outcome = storage_.settle();
    if (outcome == CommitOutcome::committed || outcome == CommitOutcome::conflict) {
        log(LogLevel::info, "the store can be reached again, and tells what became of the commit");
    }
    conclude(outcome);
}

// Nothing is decided by a clock that has jumped: it would end whatever has a deadline, at once.
// What was loaded is let go of by a commit without changes.
bool Writer::refuse_by_clock() {
    const Duration jump = storage_.clock_jump();
    if (jump == Duration{}) return false;
    fail_group({Errc::clock_jumped, told_of(jump) + "; nothing was changed, try again later", {}});
    stage_ = Stage::commit;
    return true;
}

void Writer::note_clock() {
    const Duration jump = storage_.clock_jump();
    if ((jump != Duration{}) == clock_jumped_) return;
    clock_jumped_ = !clock_jumped_;
    log(LogLevel::error, clock_jumped_ ? told_of(jump) +
                                             ": commands are refused until it is back "
                                             "or an operator confirms it"
                                       : "the store's clock is believed again");
}

// A shared store that cannot be reached now may be again: whoever waits is told, and it goes on.
void Writer::miss_storage(const StorageError& failure) {
    if (failure.kind() != StorageError::Kind::unavailable || storage_.exclusive()) {
        return fail_engine(failure.what());
    }
    log(LogLevel::error, failure.what());
    fail_all({Errc::storage_unavailable,
              std::string(failure.what()) + "; nothing was changed, try again shortly",
              {}});
    stage_ = Stage::gather;
    rounds_ = 0;
}

}  // namespace concertres

#include "crowd.hpp"

#include <algorithm>

namespace on_sale {

using Clock = std::chrono::steady_clock;

Crowd::Crowd(const Scene& scene, Size size) : scene_(scene) {
    const std::int64_t threads = std::min(size.threads, size.buyers);
    for (std::int64_t i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
    // Nobody wants to be late: all of them come within a fifth of the time that seats are kept.
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < size.buyers; ++i) {
        Worker& worker = *workers_[static_cast<std::size_t>(i % threads)];
        worker.buyers.emplace(start + scene.hold * i / size.buyers / 5, nullptr);
    }
    for (auto& worker : workers_) {
        worker->thread = std::thread([this, &w = *worker] { run(w); });
    }
}

Crowd::~Crowd() { end(); }

void Crowd::end() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    stopping_.notify_all();
    for (auto& worker : workers_) {
        if (worker->thread.joinable()) worker->thread.join();
    }
}

Tally Crowd::stop() {
    end();
    if (failure_) std::rethrow_exception(failure_);
    Tally all;
    for (auto& worker : workers_) all.add(worker->tally);
    return all;
}

void Crowd::run(Worker& worker) {
    try {
        while (sleep_until(worker.buyers.begin()->first)) act_first(worker);
    } catch (...) {
        std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        failed_ = true;
    }
}

void Crowd::act_first(Worker& worker) {
    auto first = worker.buyers.extract(worker.buyers.begin());
    auto& buyer = first.mapped();
    if (!buyer) buyer = std::make_unique<Buyer>(scene_, next_number_++, worker.tally);
    Buyer::Next next = buyer->act();
    if (!next) buyer.reset();
    first.key() = Clock::now() + next.value_or(scene_.hold / 100);
    worker.buyers.insert(std::move(first));
}

bool Crowd::sleep_until(Time time) {
    std::unique_lock lock(mutex_);
    return !stopping_.wait_until(lock, time, [this] { return stop_; });
}

}  // namespace on_sale

// Relays over one outbox, in virtual time, while everything goes wrong: brokers that are away,
// refuse a key, or take what they are sent and do not say so; relays that are killed, that sleep
// past their leases with half of what they send on its way, that are two or three at once. Whatever
// happens, every event arrives, of each key for the first time in the order of the commits, under
// an id of its own; and nothing is marked that has not arrived.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "concertres/memory.hpp"
#include "concertres/relay.hpp"
#include "support/fake_broker.hpp"
#include "support/outbox_store.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t streams = 6;
constexpr const char* sink = "sink";

class Chaos {
  public:
    explicit Chaos(std::uint32_t seed) : random_(seed) {
        store_->outbox()->attach(sink);
        for (int i = 0; i < 3; ++i) add_relay();
    }

    // One thing happens.
    void step() {
        const int what = draw(100);
        if (what < 25) {
            sell();
        } else if (what < 75) {
            run(static_cast<std::size_t>(draw(static_cast<int>(relays_.size()))));
        } else if (what < 85) {
            clock_.advance(std::chrono::milliseconds(draw(4'000)));
        } else if (what < 88) {
            broker_.is_down = !broker_.is_down;
        } else if (what < 91) {
            const Uuid key = owner(static_cast<std::size_t>(draw(streams)));
            if (broker_.refuses.erase(key) == 0) broker_.refuses.insert(key);
        } else if (what < 94) {
            FakePublisher& publisher = any_relay().publisher;
            publisher.loses_answers = !publisher.loses_answers;
        } else if (what < 97) {
            let_sleep(any_relay());
        } else {
            // Killed: it says goodbye to nobody.
            relays_.erase(relays_.begin() + draw(static_cast<int>(relays_.size())));
            add_relay();
        }
        check_marks();
    }

    // Everything is mended, and all arrives.
    void end() {
        broker_.is_down = false;
        broker_.refuses.clear();
        for (auto& relay : relays_) relay->publisher.loses_answers = false;
        for (int i = 0; i < 10'000 && behind() > 0; ++i) {
            run(static_cast<std::size_t>(i) % relays_.size());
            clock_.advance(50ms);
        }
        CHECK(behind() == 0);
        std::size_t all = 0;
        for (std::size_t i = 0; i < streams; ++i) {
            CAPTURE(i);
            std::vector<std::int64_t> sold(static_cast<std::size_t>(sold_[i]));
            std::iota(sold.begin(), sold.end(), 1);
            CHECK(broker_.firsts(owner(i)) == sold);
            all += sold.size();
        }
        CHECK(broker_.by_id.size() == all);
    }
    [[nodiscard]] std::int64_t fenced() const { return fenced_; }
    [[nodiscard]] std::size_t repeated() const {
        std::size_t arrived = 0;
        for (const auto& [key, numbers] : broker_.arrived) arrived += numbers.size();
        return arrived - broker_.by_id.size();
    }

  private:
    struct OneRelay {
        explicit OneRelay(FakeBroker& broker) : publisher(broker) {}
        FakePublisher publisher;
        std::unique_ptr<Relay> relay;
        bool runs = false;  // it is in the middle of a step
    };

    int draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
    OneRelay& any_relay() {
        return *relays_[static_cast<std::size_t>(draw(static_cast<int>(relays_.size())))];
    }
    [[nodiscard]] Uuid owner(std::size_t i) const { return concert_.performances[i].id.uuid; }
    [[nodiscard]] Stream stream(std::size_t i) const {
        return {StreamKind::performance, concert_.performances[i].key.value};
    }
    [[nodiscard]] std::int64_t behind() const { return store_->outbox()->sinks().front().events; }

    void add_relay() {
        auto one = std::make_unique<OneRelay>(broker_);
        one->relay = std::make_unique<Relay>(
            *store_->outbox(), one->publisher,
            RelayOptions{.sink = sink,
                         .batch_max = static_cast<std::size_t>(1 + draw(20)),
                         .retry_max = 2s,
                         .clock = &clock_});
        relays_.push_back(std::move(one));
    }
    void sell() {
        const auto i = static_cast<std::size_t>(draw(streams));
        const int count = 1 + draw(6);
        append_events(*store_, stream(i), count);
        sold_[i] += count;
    }
    void run(std::size_t i) {
        OneRelay& one = *relays_[i];
        if (one.runs) return;
        one.runs = true;
        const std::int64_t before = one.relay->statistics().fenced;
        static_cast<void>(one.relay->step());
        fenced_ += one.relay->statistics().fenced - before;
        one.runs = false;
    }
    // In its next step, with all but the last sent: others go on meanwhile.
    void let_sleep(OneRelay& one) {
        one.publisher.before_last = [this, &one] {
            one.publisher.before_last = {};
            clock_.advance(std::chrono::milliseconds(draw(25'000)));
            for (int i = 0; i < 5; ++i) {
                if (draw(3) == 0) sell();
                run(static_cast<std::size_t>(draw(static_cast<int>(relays_.size()))));
            }
        };
    }
    // What is behind begins no later than with the first that has not arrived.
    void check_marks() {
        for (std::size_t i = 0; i < streams; ++i) {
            const auto arrived = static_cast<std::int64_t>(broker_.firsts(owner(i)).size());
            std::int64_t published = sold_[i];
            for (const auto& run :
                 store_->outbox()->take(sink, all_shards(), {.events_max = 100'000})) {
                if (run.stream == stream(i)) published = run.events.front().number - 1;
            }
            CHECK(published <= arrived);
        }
    }
    static const std::vector<Lease>& all_shards() {
        static const std::vector<Lease> all = [] {
            std::vector<Lease> leases(outbox_shards);
            for (Shard shard = 0; shard < outbox_shards; ++shard) {
                leases[static_cast<std::size_t>(shard)].shard = shard;
            }
            return leases;
        }();
        return all;
    }

    std::minstd_rand random_;
    TestClock clock_;
    std::unique_ptr<Storage> store_ = open_memory({.clock = &clock_});
    NewConcert concert_ = add_concert(*store_, {.performances = streams});
    FakeBroker broker_;
    std::vector<std::unique_ptr<OneRelay>> relays_;
    std::int64_t sold_[streams]{};
    std::int64_t fenced_ = 0;
};

}  // namespace

TEST_SUITE_BEGIN("properties: relays");

TEST_CASE("whatever happens to relays and brokers, all arrives, in order, and nothing is skipped") {
    std::int64_t fenced = 0;
    std::size_t repeated = 0;
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Chaos chaos(seed);
        for (int i = 0; i < 200; ++i) chaos.step();
        chaos.end();
        fenced += chaos.fenced();
        repeated += chaos.repeated();
    }
    // It did go wrong.
    CHECK(fenced > 100);
    CHECK(repeated > 1'000);
}

TEST_SUITE_END();

}  // namespace concertres::test

// The other side of a relay, in memory: it keeps what arrives, by key and in order, and fails as a
// test says.
//
//   FakeBroker broker;
//   FakePublisher publisher(broker);
//   Relay relay(outbox, publisher, {...});
//   broker.is_down = true;                    // nothing arrives
//   publisher.before_last = [&] { ... };      // what happens while it is about to send the last
//   CHECK(broker.firsts(owner) == Numbers{1, 2, 3});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "concertres/cloud_event.hpp"
#include "concertres/publisher.hpp"

namespace concertres::test {

struct FakeBroker {
    bool is_down = false;
    std::set<Uuid> refuses{};  // keys of which nothing arrives
    // By key the numbers in the order in which they arrived.
    std::map<Uuid, std::vector<std::int64_t>> arrived{};
    std::map<std::string, Event> by_id{};

    void take(const Uuid& owner, const Event& event) {
        arrived[owner].push_back(event.number);
        by_id.try_emplace(cloud_event_id(event, owner), event);
    }
    // Of a key each number once, as a consumer that drops repetitions sees them.
    [[nodiscard]] std::vector<std::int64_t> firsts(const Uuid& owner) const {
        std::vector<std::int64_t> numbers;
        std::set<std::int64_t> seen;
        const auto found = arrived.find(owner);
        if (found == arrived.end()) return numbers;
        for (const std::int64_t number : found->second) {
            if (seen.insert(number).second) numbers.push_back(number);
        }
        return numbers;
    }
};

class FakePublisher final : public Publisher {
  public:
    explicit FakePublisher(FakeBroker& broker) : broker_(broker) {}

    [[nodiscard]] Published publish(std::span<const Unpublished> runs, Duration budget) override {
        budgets.push_back(budget);
        std::size_t total = 0;
        for (const Unpublished& run : runs) total += run.events.size();
        Published published;
        std::size_t sent = 0;
        std::size_t failures = 0;
        std::size_t sent_of_all = 0;
        for (const Unpublished& run : runs) {
            std::size_t count = 0;
            bool failed = false;
            if (failures >= gives_up_after) {
                published.acknowledged.push_back(0);
                published.failed.push_back(false);
                continue;
            }
            tried.push_back(run.owner);
            for (const Event& event : run.events) {
                if (before_last && ++sent == total) before_last();
                failed = broker_.is_down || broker_.refuses.contains(run.owner);
                if (failed) break;
                if (time_for && sent_of_all++ >= *time_for) break;
                broker_.take(run.owner, event);
                ++count;
            }
            failures = failed ? failures + 1 : 0;
            published.acknowledged.push_back(loses_answers ? 0 : count);
            published.failed.push_back(failed || loses_answers);
            if (published.failed.back()) published.error = "a key is refused";
        }
        if (broker_.is_down || loses_answers) {
            published.error = "the broker is away";
            published.wait = asks_to_wait;
        }
        return published;
    }

    bool loses_answers = false;  // it arrives, and nothing is acknowledged
    Duration asks_to_wait{};     // whenever nothing is acknowledged
    // Keys in a row of which nothing arrives, until the others are not tried.
    std::size_t gives_up_after = SIZE_MAX;
    // How many events there is time for in one call; nothing: for all.
    std::optional<std::size_t> time_for{};
    std::function<void()> before_last{};
    std::vector<Duration> budgets{};
    std::vector<Uuid> tried{};  // keys, in order

  private:
    FakeBroker& broker_;
};

}  // namespace concertres::test

#include "histories/crowd.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <utility>

namespace concertres::test {

namespace {

// Decides what one client does next.
class Walker {
  public:
    Walker(Stage& stage, int client, std::uint32_t seed)
        : stage_(stage),
          client_(client),
          user_(client / 2 % static_cast<int>(stage.users.size())),
          random_(seed * 7919u + static_cast<std::uint32_t>(client)) {}

    // With what came of the call before; nothing: it was lost.
    Call next(const std::optional<Answer>& answer) {
        Call call = keyed_.empty() ? charge() : choose(answer);
        if (call.verb == Verb::hold || call.verb == Verb::charge || call.verb == Verb::pay) {
            keyed_.push_back(call);
        }
        last_ = call;
        return call;
    }

  private:
    [[nodiscard]] int below(int bound) {
        return static_cast<int>(random_() % static_cast<std::uint32_t>(bound));
    }
    [[nodiscard]] std::string new_key() {
        return "c" + std::to_string(client_) + "-" + std::to_string(++keys_);
    }

    Call choose(const std::optional<Answer>& answer) {
        if (!answer && below(10) < 7) return last_;
        const int lot = below(100);
        if (lot < 20) return hold(0, 0);
        if (lot < 26) return keyed_[keyed_.size() - 1 - below_recent(keyed_.size())];
        if (lot < 30) return reuse();
        if (lot < 36) return with_hold(Verb::extend);
        if (lot < 43) return with_hold(Verb::release);
        if (lot < 48) return with_hold(Verb::look);
        if (lot < 60) return with_hold(Verb::pay);
        if (lot < 65) return with_hold(Verb::refund);
        if (lot < 73) return charge();
        if (lot < 79) return {.verb = Verb::wallet, .user = user_};
        if (lot < 84) return {.verb = Verb::seats, .user = user_};
        return in_room();
    }
    // One of the last few, so that clients meet over the same things.
    [[nodiscard]] std::size_t below_recent(std::size_t size) {
        return static_cast<std::size_t>(below(static_cast<int>(std::min<std::size_t>(size, 5))));
    }

    Call charge() {
        return {
            .verb = Verb::charge, .user = user_, .amount = 20 * (1 + below(6)), .key = new_key()};
    }
    Call hold(int sale, std::int64_t place) { return hold(sale, place, new_key()); }
    Call hold(int sale, std::int64_t place, const std::string& key) {
        constexpr int seats = 10;
        std::vector<int> wanted{1 + below(seats)};
        if (below(4) == 0) wanted.push_back(1 + wanted.front() % seats);
        const int number =
            stage_.want({.sale = sale, .user = user_, .place = place, .seats = wanted, .key = key});
        return {.verb = Verb::hold,
                .sale = sale,
                .user = user_,
                .place = place,
                .hold = number,
                .key = key};
    }
    Call reuse() {
        Call call = keyed_[keyed_.size() - 1 - below_recent(keyed_.size())];
        if (call.verb == Verb::hold) return hold(call.sale, call.place, call.key);
        if (call.verb == Verb::charge) {
            call.amount += 1;
            return call;
        }
        Call other = with_hold(Verb::pay);
        if (other.verb != Verb::pay) return other;
        other.key = call.key;
        return other;
    }

    // With a reservation of the user's that is known to have been made, by whichever client.
    Call with_hold(Verb verb) {
        std::vector<int> known;
        {
            const std::lock_guard lock(stage_.mutex);
            for (std::size_t i = stage_.reservations.size(); i-- > 0 && known.size() < 6;) {
                if (stage_.history.wanted[i].user != user_ || stage_.reservations[i].empty()) {
                    continue;
                }
                if (verb == Verb::refund && stage_.payments[i].empty()) continue;
                known.push_back(static_cast<int>(i));
            }
        }
        if (known.empty()) return hold(0, 0);
        const int number = known[static_cast<std::size_t>(below(static_cast<int>(known.size())))];
        const std::lock_guard lock(stage_.mutex);
        const Wanted& wanted = stage_.history.wanted[static_cast<std::size_t>(number)];
        Call call{.verb = verb,
                  .sale = wanted.sale,
                  .user = user_,
                  .place = wanted.place,
                  .hold = number};
        if (verb == Verb::pay) call.key = new_key();
        if (verb == Verb::refund) {
            call.key = stage_.payment_keys[static_cast<std::size_t>(number)];
        }
        return call;
    }

    Call in_room() {
        constexpr int room = 1;
        std::int64_t place = 0;
        {
            const std::lock_guard lock(stage_.mutex);
            const auto after = stage_.tokens.upper_bound({user_, INT64_MAX});
            const auto& [key, token] = *std::prev(after);  // at least that of the sale without room
            place = key.second;
        }
        if (place == 0) return {.verb = Verb::join, .sale = room, .user = user_};
        const int lot = below(10);
        if (lot < 4) return {.verb = Verb::place, .sale = room, .user = user_, .place = place};
        if (lot < 7) return hold(room, place);
        if (lot < 8) return {.verb = Verb::leave, .sale = room, .user = user_, .place = place};
        return {.verb = Verb::join, .sale = room, .user = user_, .again = lot < 10};
    }

    Stage& stage_;
    int client_;
    int user_;
    std::mt19937 random_;  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    int keys_ = 0;
    std::vector<Call> keyed_{};
    Call last_{};
};

// One look at everything, when all is quiet.
std::vector<Event> look_at_all(Stage& stage, int client) {
    Caller caller(stage, client);
    for (std::size_t user = 0; user < stage.users.size(); ++user) {
        (void)caller.ask({.verb = Verb::wallet, .user = static_cast<int>(user)});
    }
    for (std::size_t i = 0; i < stage.reservations.size(); ++i) {
        if (stage.reservations[i].empty()) continue;
        const Wanted& wanted = stage.history.wanted[i];
        (void)caller.ask({.verb = Verb::look,
                          .sale = wanted.sale,
                          .user = wanted.user,
                          .place = wanted.place,
                          .hold = static_cast<int>(i)});
    }
    for (const auto& [key, token] : std::map(stage.tokens)) {
        if (key.second == 0) continue;
        (void)caller.ask({.verb = Verb::place, .sale = 1, .user = key.first, .place = key.second});
    }
    (void)caller.ask({.verb = Verb::seats});
    return caller.take_events();
}

}  // namespace

Crowd::Crowd(Stage& stage, const CrowdShape& shape)
    : stage_(stage), shape_(shape), running_(shape.clients) {
    for (int client = 0; client < shape.clients; ++client) {
        threads_.emplace_back([this, client] { run(client); });
    }
}

Crowd::~Crowd() {
    for (std::thread& thread : threads_) thread.join();
}

void Crowd::run(int client) {
    Caller caller(stage_, client);
    std::exception_ptr thrown;
    try {
        Walker walker(stage_, client, shape_.seed);
        std::optional<Answer> answer = Answer{};
        for (int i = 0; i < shape_.calls; ++i) {
            answer = caller.ask(walker.next(answer));
            ++asked_;
        }
    } catch (...) {
        thrown = std::current_exception();
    }
    --running_;
    std::vector<Event> events = caller.take_events();
    const std::lock_guard lock(mutex_);
    events_.insert(events_.end(), events.begin(), events.end());
    if (thrown) thrown_ = thrown;
}

bool Crowd::comes_to(int calls) const {
    while (asked_ < calls && running_ > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return asked_ >= calls;
}

History Crowd::end() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    if (thrown_) std::rethrow_exception(thrown_);
    const std::vector<Event> looks = look_at_all(stage_, shape_.clients);
    History history = stage_.history;
    history.events = std::move(events_);
    history.events.insert(history.events.end(), looks.begin(), looks.end());
    return history;
}

}  // namespace concertres::test

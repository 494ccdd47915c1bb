// Any sequence of commands, of three users who share seats, money and keys, is answered as a plain
// model says, and leaves what the model says, with a room and without, on every backend, whether or
// not the box office is closed and opened in between. S1 to S7, L2 to L4, P1 to P3, I1 to I3.
#include <memory>
#include <string>
#include <vector>

#include "property/property.hpp"
#include "support/backends.hpp"
#include "support/reopened_store.hpp"
#include "support/sale_model.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

int number(int least, int most) { return *rc::gen::inRange(least, most + 1); }

// Often the seats that others want too.
std::vector<SeatNumber> any_seats() {
    std::set<SeatNumber> seats;
    for (int i = number(1, 3); i > 0; --i) seats.insert(number(1, 12) % number(3, 12) + 1);
    return {seats.begin(), seats.end()};
}

Act any_act() {
    return *rc::gen::weightedElement<Act>({{3, Act::join},
                                           {2, Act::join_again},
                                           {1, Act::leave},
                                           {3, Act::tick},
                                           {10, Act::hold},
                                           {3, Act::extend},
                                           {2, Act::release},
                                           {4, Act::charge},
                                           {7, Act::pay},
                                           {2, Act::refund},
                                           {5, Act::pass_time}});
}

// Mostly what exists, and mostly the last of it.
std::size_t any_of(std::size_t made) {
    if (made == 0 || number(0, 9) == 0) return static_cast<std::size_t>(number(0, 9));
    return made - 1 - static_cast<std::size_t>(number(0, 3)) % made;
}

SaleStep any_step(const SaleModel& model) {
    // To the microsecond, where something ends.
    static const std::vector<Duration> times = {1us, 1s, 1min, 5min - 1us, 5min, 10min};
    SaleStep step{.act = any_act(), .user = number(0, SaleTerms::users - 1)};
    step.seats = any_seats();
    step.named = {any_of(step.act == Act::refund ? model.payments() : model.reservations())};
    const bool is_of_reservation =
        step.act == Act::extend || step.act == Act::release || step.act == Act::pay;
    if (is_of_reservation && step.named.front() < model.reservations() && number(0, 4) > 0) {
        step.user = model.owner(step.named.front());
    }
    if (step.act == Act::pay && number(0, 3) == 0) {
        const std::size_t other = any_of(model.reservations());
        if (other != step.named.front()) step.named.push_back(other);
    }
    step.amount = number(0, 6) * SaleTerms::price;
    step.key = number(1, 20);
    step.time = *rc::gen::elementOf(times);
    return step;
}

struct Counts {
    std::int64_t steps = 0;
    std::int64_t paid = 0;
    std::int64_t refused = 0;
    std::int64_t replayed = 0;
};

void check_sequence(const Backend& backend, Counts& counts) {
    const SaleTerms terms{.room = number(0, 1) == 1};
    const Options options{.tick = 1h, .running = Running::by_host, .sweeps = number(0, 1) == 1};
    TestClock clock;
    ReopenedStore store(backend);
    auto office = std::make_unique<BoxOffice>(store.open(clock), options);
    SaleModel model(terms);
    SaleDriver driver(terms, clock);
    driver.use(*office);
    const int reopen_percent = number(0, 1) * 5;
    // Everybody comes, with some money, before anything is left to chance.
    std::vector<SaleStep> first;
    for (int user = 0; user < SaleTerms::users; ++user) {
        first.push_back({.act = Act::join, .user = user});
        first.push_back({.act = Act::charge, .user = user, .amount = 4 * SaleTerms::price});
    }
    first.push_back({.act = Act::tick});
    std::vector<SaleStep> said;
    const auto length = static_cast<std::size_t>(number(10, 60));
    for (std::size_t i = 0; i < length; ++i) {
        // Now and then somebody says again what was said already.
        const bool is_again = !said.empty() && number(0, 7) == 0;
        const SaleStep step = i < first.size() ? first[i]
                              : is_again ? said[said.size() - 1 - any_of(said.size()) % said.size()]
                                         : any_step(model);
        said.push_back(step);
        RC_LOG() << text_of(step) << '\n';
        const std::string expected = model.run(step);
        RC_ASSERT(driver.run(step) == expected);
        ++counts.steps;
        counts.paid += expected.starts_with("$") && step.act == Act::pay ? 1 : 0;
        counts.replayed += expected.ends_with("replayed") ? 1 : 0;
        counts.refused += expected.find(' ') == std::string::npos ? 1 : 0;
        if (number(1, 100) <= reopen_percent) {
            office.reset();
            office = std::make_unique<BoxOffice>(store.open(clock), options);
            RC_LOG() << "closed and opened\n";
            driver.use(*office);
            static_cast<void>(model.run({.act = Act::tick}));
        }
    }
    RC_ASSERT(driver.state() == model.state());
    const auto report = office->audit();
    RC_ASSERT(report);
    for (const Finding& finding : report->findings) RC_LOG() << finding.what << '\n';
    RC_ASSERT(report->clean());
}

}  // namespace

CONCERTRES_BACKEND_TEST("any sequence of commands is answered as a plain model says") {
    Counts counts;
    CHECK_PROPERTY("any sequence", [&] { check_sequence(backend, counts); });
    MESSAGE(backend.name, ": ", counts.steps, " commands, ", counts.paid, " payments, ",
            counts.refused, " refusals, ", counts.replayed, " replays");
    // Sequences in which nothing happens say nothing.
    CHECK(counts.steps > 2'000);
    CHECK(counts.paid > 30);
    CHECK(counts.refused > 300);
    CHECK(counts.replayed > 30);
}

}  // namespace concertres::test

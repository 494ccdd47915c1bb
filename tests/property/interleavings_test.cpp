// A small scope, all of it: two users, two seats, three steps each, in every order in which the two
// can be interleaved, and for each order a crash at every step, before its commit and after it,
// when nobody was answered. Then the box office is opened again and the step is said once more.
// Each is answered as a plain model says, each leaves what the model says, and the audit is clean.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "property/property.hpp"
#include "support/backends.hpp"
#include "support/faulty_storage.hpp"
#include "support/reopened_store.hpp"
#include "support/sale_model.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// What a user does, a letter for each step: 1, 2, or b (both) holds seats; p pays the user's last
// hold, r releases it, e extends it; f refunds the last payment; t lets the holds run out.
using Program = std::string;

constexpr std::size_t steps_each = 3;

enum class Crash { none, before_commit, after_commit };

struct Case {
    std::array<Program, 2> programs;
    std::string order;  // "010110": whose turn it is
    Crash crash = Crash::none;
    std::size_t crash_at = 0;  // of the order
};

std::string text_of(const Case& one) {
    static constexpr const char* crashes[] = {"no crash", "a crash before", "a crash after"};
    return one.programs[0] + " and " + one.programs[1] + " as " + one.order + ", " +
           crashes[static_cast<int>(one.crash)] + " " + std::to_string(one.crash_at);
}

std::vector<Program> programs_of(std::string_view firsts, std::string_view others) {
    std::vector<Program> all;
    for (const char first : firsts) {
        for (const char second : others) {
            for (const char third : others) all.push_back({first, second, third});
        }
    }
    return all;
}

std::vector<std::string> all_orders() {
    std::string order = std::string(steps_each, '0') + std::string(steps_each, '1');
    std::vector<std::string> all;
    do all.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
    return all;
}

constexpr SaleTerms terms{.room = false, .seats_max = 2, .seats_per_user = 2};

class Run {
  public:
    Run(const Backend& backend, const Case& one) : case_(&one), store_(backend) {}

    // Empty where all went as it should.
    std::string run() {
        open();
        for (const int user : {0, 1}) {
            const SaleStep charge{.act = Act::charge, .user = user, .amount = 2 * SaleTerms::price};
            if (std::string fault = say(charge, Crash::none); !fault.empty()) return fault;
        }
        std::array<std::size_t, 2> done{};
        for (std::size_t i = 0; i < case_->order.size(); ++i) {
            const int user = case_->order[i] - '0';
            const auto who = static_cast<std::size_t>(user);
            const char what = case_->programs[who][done[who]++];
            const bool crashes = case_->crash != Crash::none && case_->crash_at == i;
            const std::string fault =
                say(step_of(user, what, static_cast<int>(i)), crashes ? case_->crash : Crash::none);
            if (!fault.empty()) return fault;
        }
        return check_end();
    }
    [[nodiscard]] bool crashed() const { return crashed_; }

  private:
    void open() {
        office_.reset();
        plan_ = std::make_unique<FaultPlan>();
        office_ = std::make_unique<BoxOffice>(
            std::make_unique<FaultyStorage>(store_.open(clock_), *plan_),
            Options{.tick = 1h, .running = Running::by_host, .sweeps = false});
        driver_.use(*office_);
    }

    SaleStep step_of(int user, char what, int key) {
        const auto who = static_cast<std::size_t>(user);
        SaleStep step{.user = user, .named = {last_hold_[who]}, .key = key};
        switch (what) {
            case '1':
            case '2':
            case 'b':
                step.act = Act::hold;
                step.seats = what == 'b' ? std::vector{1, 2} : std::vector{what - '0'};
                last_hold_[who] = model_.reservations();
                break;
            case 'p':
                step.act = Act::pay;
                last_payment_[who] = model_.payments();
                break;
            case 'f':
                step.act = Act::refund;
                step.named = {last_payment_[who]};
                break;
            case 'r':
                step.act = Act::release;
                break;
            case 'e':
                step.act = Act::extend;
                break;
            default:
                step.act = Act::pass_time;
                step.time = 5min;
        }
        return step;
    }

    // A step that was cut off is said again to the box office that was opened after it: it is
    // answered as if nothing had been, or as what was done already.
    std::string say(const SaleStep& step, Crash crash) {
        const std::string expected = model_.run(step);
        std::string actual;
        if (crash == Crash::none || step.act == Act::pass_time) {
            actual = driver_.run(step);
            return actual == expected ? "" : fault_of(step, expected, actual);
        }
        plan_->fail_commit(1, crash == Crash::before_commit ? CommitFault::lost_not_applied
                                                            : CommitFault::lost_but_applied);
        actual = driver_.run(step);
        if (!plan_->has_failed()) {
            // There was nothing to commit.
            plan_->fail_commit(0, CommitFault::not_committed);
            return actual == expected ? "" : fault_of(step, expected, actual);
        }
        if (actual != "engine_failed") return fault_of(step, "engine_failed", actual);
        crashed_ = true;
        open();
        actual = driver_.run(step);
        const std::string again = crash == Crash::after_commit ? model_.run(step) : expected;
        return actual == again ? "" : fault_of(step, again, actual);
    }

    std::string fault_of(const SaleStep& step, const std::string& expected,
                         const std::string& actual) {
        return text_of(*case_) + ": " + test::text_of(step) + " is answered " + actual +
               " and not " + expected;
    }

    std::string check_end() {
        if (driver_.state() != model_.state()) {
            return text_of(*case_) + " leaves\n" + driver_.state() + "and not\n" + model_.state();
        }
        const auto report = office_->audit();
        if (!report || !report->clean()) {
            return text_of(*case_) + ": the audit finds " +
                   (report ? report->findings.front().what : "nothing");
        }
        return "";
    }

    const Case* case_;
    TestClock clock_;
    ReopenedStore store_;
    std::unique_ptr<FaultPlan> plan_;
    std::unique_ptr<BoxOffice> office_;
    SaleModel model_{terms};
    SaleDriver driver_{terms, clock_};
    std::array<std::size_t, 2> last_hold_{9, 9};
    std::array<std::size_t, 2> last_payment_{9, 9};
    bool crashed_ = false;
};

struct Totals {
    std::int64_t cases = 0;
    std::int64_t crashes = 0;
    std::int64_t faults = 0;
};

void run_case(const Backend& backend, const Case& one, Totals& totals) {
    Run run(backend, one);
    const std::string fault = run.run();
    ++totals.cases;
    if (run.crashed()) ++totals.crashes;
    if (fault.empty() || ++totals.faults > 5) return;
    FAIL_CHECK(fault);
}

// Both programs, in every order, with every crash where `with_crashes`.
void run_all(const Backend& backend, const Program& one, const Program& other, bool with_crashes,
             Totals& totals) {
    for (const std::string& order : all_orders()) {
        run_case(backend, {{one, other}, order}, totals);
        if (!with_crashes) continue;
        for (std::size_t at = 0; at < order.size(); ++at) {
            for (const Crash crash : {Crash::before_commit, Crash::after_commit}) {
                run_case(backend, {{one, other}, order, crash, at}, totals);
            }
        }
    }
}

void tell(const Backend& backend, const Totals& totals) {
    MESSAGE(backend.name, ": ", totals.cases, " cases, ", totals.crashes, " of them with a crash");
    CHECK(totals.faults == 0);
}

}  // namespace

// Nothing sets the two seats apart: one user begins with the first, the other with it or with both.
TEST_CASE("two users with three steps each, in every order, on memory") {
    const Backend backend = backend_named("memory");
    Totals totals;
    for (const Program& one : programs_of("1", "prt")) {
        for (const Program& other : programs_of("1b", "prt")) {
            run_all(backend, one, other, false, totals);
        }
    }
    tell(backend, totals);
}

CONCERTRES_BACKEND_TEST("two users with three steps each, in every order, with every crash") {
    // Each case has a store of its own, and a database takes too long to make. Two box offices over
    // one are stepped through every moment by threads/instances_test.
    if (backend.shared) return;
    Totals totals;
    const bool is_memory = backend.name == "memory";
    const std::vector<Program> ones =
        is_memory ? std::vector<Program>{"1pf", "1er", "bpp"} : std::vector<Program>{"1pf"};
    const std::vector<Program> others =
        is_memory ? std::vector<Program>{"1tp", "2pf"} : std::vector<Program>{"1tp"};
    for (const Program& one : ones) {
        for (const Program& other : others) run_all(backend, one, other, true, totals);
    }
    tell(backend, totals);
    CHECK(totals.crashes > totals.cases / 4);
}

}  // namespace concertres::test

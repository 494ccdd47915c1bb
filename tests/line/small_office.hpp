// The least box office that a line can stand in front of: a storage that is never in doubt, several
// instances that use one line as line.hpp says, and people who ask when they are told to. Whatever
// the line suffers, it says what must not be:
//
// - two people with one number, or one person with two at once;
// - anybody let in ahead of one who was told a smaller number, still waits and asks in time;
// - more let in than may be, anybody twice, or anybody while others come back;
// - at the end, anybody who was told a number and kept asking, and was not let in by that number.
//
// Each instance does one thing at a time, in steps, and any other may act between two of them.
//
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "line/line_caller.hpp"

namespace concertres::test {

class SmallOffice {
  public:
    // Nobody is told to wait longer than this before asking again.
    static constexpr std::int64_t ask_every_max = 40;
    // So in this time everybody has asked at least twice.
    static constexpr std::int64_t come_back_for = 2 * ask_every_max;

    // A line for each instance: the same, by a connection of its own.
    SmallOffice(std::vector<LineStore*> lines, std::uint32_t seed);

    // One step of somebody.
    void step();
    // Until everybody who waits has been let in. False: that does not come about.
    [[nodiscard]] bool run_to_end(int steps);

    // What must not be, and was; empty: nothing.
    [[nodiscard]] const std::vector<std::string>& breaches() const { return breaches_; }
    [[nodiscard]] std::size_t admitted() const { return passes_.size(); }
    [[nodiscard]] std::int64_t epoch() const { return epoch_; }
    [[nodiscard]] std::int64_t came_back() const { return came_back_; }
    // How many numbers storage has set aside.
    [[nodiscard]] std::int64_t reserved() const { return next_sequence_ - 1; }

    std::size_t people_max = 60;
    // Whoever is in goes after a while; so many are in at once.
    std::size_t inside_max = 4;

    // --- what mutants of it do wrong
    bool admits_at_once = false;      // while people come back
    bool begins_no_epoch = false;     // goes on in a line that says `lost`, by beginning anew
    bool ignores_passes = false;      // lets in whoever the line shows
    bool brings_nobody_back = false;  // presents no tokens

  private:
    struct Person {
        UserId user{};
        std::optional<PlaceNumber> told{};  // of the number that an answer named
        bool has_left = false;
        bool is_in = false;
        std::int64_t next_ask = 0;
        std::int64_t leaves_at = 0;  // once in
    };
    struct Instance {
        LineCaller line;
        std::vector<std::function<void()>> plan{};  // what is left of what it does, last first
    };

    void begin_something(Instance& instance);
    void ask(Instance& instance, Person& person);
    void join(Instance& instance, Person& person);
    void poll(Instance& instance, Person& person);
    void tell(Person& person, PlaceNumber number);
    void peek(Instance& instance);
    void admit(Instance& instance, std::int64_t epoch, const std::vector<LineEntry>& heads);
    void let_in(const LineEntry& entry);
    void extend(Instance& instance);
    void on_fault(Instance& instance, const LineFault& fault);
    void raise(Instance& instance);
    void breach(const std::string& what) { breaches_.push_back(what); }
    [[nodiscard]] std::int64_t upto(std::int64_t most) {
        return static_cast<std::int64_t>(dice_() % static_cast<std::uint32_t>(most));
    }
    [[nodiscard]] Person& person_of(const UserId& user);

    std::mt19937 dice_;
    // So many that nobody who is due to ask is kept waiting by the others.
    static constexpr std::int64_t steps_per_second = 20;
    std::int64_t steps_ = 0;
    std::int64_t now_ = 0;  // in seconds
    std::vector<Instance> instances_;
    std::vector<Person> people_;
    std::map<PlaceNumber, UserId> owners_;  // of every number that anybody was told
    std::int64_t came_back_ = 0;
    bool is_ending_ = false;
    std::vector<std::string> breaches_;

    // --- storage
    std::int64_t epoch_ = 0;
    std::int64_t closed_until_ = 0;  // people come back till then
    std::int64_t next_sequence_ = 1;
    std::map<PlaceNumber, UserId> passes_;
    std::int64_t inside_ = 0;
};

}  // namespace concertres::test

// Box offices in front of a line that is wiped, put back, away and unheard again and again, and of
// people who ask when they are told to. What must not be:
//
// - two people with one number, or one who is told another number than before without having lost
//   the place in the meantime;
// - anybody let in ahead of one who was told a smaller number, still waits and asks in time;
// - anybody who was told a number and keeps asking, and is never let in;
// - more let in than may be, or whatever else the audit finds.
//
// CONCERTRES_SEED and CONCERTRES_ROUNDS change what is tried.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/postgres.hpp"
#include "support/environment.hpp"
#include "support/memory_line.hpp"
#include "support/postgres_server.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t inside_max = 4;
// Nobody waits longer than this before asking again.
constexpr int ask_every_max = 40;

struct Person {
    UserId user{};
    std::optional<PlaceNumber> told{};
    bool is_in = false;
    bool is_through = false;
    int next_ask = 0;
    int leaves_at = 0;
};

class Crowd {
  public:
    Crowd(std::vector<BoxOffice*> offices, TestClock& clock, std::uint32_t seed)
        : offices_(std::move(offices)), clock_(&clock), dice_(seed) {
        ConcertDraft draft = SmallSale::draft(10);
        draft.room = RoomPolicy{.active_max = inside_max};
        sale_ = SmallSale::add(*offices_.front(), std::move(draft));
        run();
    }

    // A second, in which whoever is due asks.
    void second(bool takes_newcomers) {
        clock_->advance(1s);
        ++now_;
        run();
        if (takes_newcomers && people_.size() < 60 && upto(3) == 0) {
            people_.push_back({.user = SmallSale::user(static_cast<int>(people_.size()))});
        }
        for (Person& person : people_) {
            if (!person.is_through && person.next_ask <= now_) ask(person);
        }
        look_who_is_in();
    }
    void run() {
        // One after the other: what the one has locked the other would wait for.
        for (BoxOffice* office : offices_) {
            while (office->step()) {
            }
        }
    }
    [[nodiscard]] bool all_are_through() const {
        return std::ranges::all_of(people_, &Person::is_through);
    }

    std::vector<std::string> breaches;
    std::int64_t came_back = 0;

  private:
    void breach(const std::string& what) { breaches.push_back(what); }
    [[nodiscard]] int upto(int most) {
        return static_cast<int>(dice_() % static_cast<std::uint32_t>(most));
    }
    [[nodiscard]] BoxOffice& any_office() {
        return *offices_[static_cast<std::size_t>(upto(static_cast<int>(offices_.size())))];
    }

    void ask(Person& person) {
        person.next_ask = now_ + 1 + upto(ask_every_max - 1);
        if (person.is_in) {
            if (now_ >= person.leaves_at) leave(person);
            return;
        }
        if (!person.told) {
            const auto joined = any_office().join({.concert = sale_.concert, .user = person.user});
            if (joined) return hear(person, *joined);
            return refused(person, joined.error());
        }
        const auto place = any_office().place(
            {.concert = sale_.concert, .user = person.user, .place = *person.told});
        if (!place) return refused(person, place.error());
        hear(person, *place);
    }
    void refused(Person& person, const Error& error) {
        person.next_ask = now_ + 1 + upto(5);
        if (error.code != Errc::storage_unavailable) breach(error.detail);
    }
    void hear(Person& person, const PlaceView& place) {
        const auto [owner, is_new] = owners_.try_emplace(place.number, person.user);
        if (!is_new && owner->second != person.user) breach("two people have one number");
        if (person.told && *person.told != place.number) breach("one person has two numbers");
        person.told = place.number;
        if (place.status == TokenStatus::left || place.status == TokenStatus::spent) {
            breach("a place is gone that its owner has asked after in time");
            person.is_through = true;
        }
    }
    void leave(Person& person) {
        const auto left = any_office().leave(
            {.concert = sale_.concert, .user = person.user, .place = *person.told});
        if (!left) return refused(person, left.error());
        if (left->status != TokenStatus::left) breach("one who was in could not leave");
        person.is_in = false;
        person.is_through = true;
    }

    // Whoever has been let in, asked or not, was first of all who wait.
    void look_who_is_in() {
        std::vector<Person*> fresh;
        for (Person& person : people_) {
            if (person.is_in || person.is_through || !person.told) continue;
            const auto place = offices_.front()->place_in_memory(
                {.concert = sale_.concert, .user = person.user, .place = *person.told});
            if (place && place->status == TokenStatus::admitted) fresh.push_back(&person);
        }
        for (Person* person : fresh) {
            person->is_in = true;
            person->leaves_at = now_ + 5 + upto(20);
            person->next_ask = person->leaves_at;
        }
        for (const Person* person : fresh) {
            for (const Person& other : people_) {
                if (!other.told || other.is_in || other.is_through) continue;
                if (*other.told < *person->told) {
                    breach(std::to_string(person->told->value) + " overtakes " +
                           std::to_string(other.told->value));
                }
            }
        }
    }

    std::vector<BoxOffice*> offices_;
    TestClock* clock_;
    std::mt19937 dice_;
    SmallSale sale_;
    int now_ = 0;
    std::vector<Person> people_;
    std::map<PlaceNumber, UserId> owners_;
};

struct Outcome {
    std::vector<std::string> breaches;
    std::int64_t epochs = 0;
};

// With trouble every half minute or so.
Outcome run_crowd(Crowd& crowd, MemoryLine& line, std::uint32_t seed, int seconds) {
    std::mt19937 dice(seed);
    std::vector<MemoryLine::Copy> copies = {line.copy()};
    int back_in = 0;
    for (int i = 0; i < seconds; ++i) {
        crowd.second(true);
        if (back_in > 0 && --back_in == 0) line.go_away(false);
        if (dice() % 10 == 0) copies.push_back(line.copy());
        if (dice() % 150 != 0) continue;
        switch (dice() % 4) {
            case 0:
                line.wipe();
                break;
            case 1:
                line.roll_back(
                    copies[copies.size() - 1 - dice() % std::min<std::size_t>(copies.size(), 5)]);
                break;
            case 2:
                line.go_away(true);
                back_in = static_cast<int>(dice() % 200);
                break;
            default:
                line.lose_answers(static_cast<int>(dice() % 5));
        }
    }
    line.go_away(false);
    for (int i = 0; i < 3'000 && !crowd.all_are_through(); ++i) crowd.second(false);
    if (!crowd.all_are_through()) crowd.breaches.push_back("somebody is never let in");
    Outcome outcome{crowd.breaches};
    for (const auto& [concert, room] : line.copy()) outcome.epochs = room.epoch;
    return outcome;
}

void check(const Outcome& outcome, BoxOffice& office) {
    CHECK(outcome.breaches.size() == 0);
    for (const std::string& breach : outcome.breaches) MESSAGE(breach);
    const auto report = office.audit();
    REQUIRE(report);
    for (const Finding& finding : report->findings) MESSAGE(finding.rule, ": ", finding.what);
    CHECK(report->clean());
}

Options options_with(const std::shared_ptr<MemoryLine>& line) {
    Options options{.running = Running::by_host};
    options.line = line;
    return options;
}

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("whatever becomes of the line, a box office lets in who is next, and everybody") {
    const auto seed = static_cast<std::uint32_t>(from_environment("CONCERTRES_SEED", 1));
    const auto rounds = static_cast<std::uint32_t>(from_environment("CONCERTRES_ROUNDS", 20));
    std::int64_t epochs = 0;
    for (std::uint32_t i = 0; i < rounds; ++i) {
        CAPTURE(seed + i);
        TestClock clock;
        const auto line = std::make_shared<MemoryLine>();
        BoxOffice office(open_memory({.clock = &clock}), options_with(line));
        Crowd crowd({&office}, clock, seed + i);
        const Outcome outcome = run_crowd(crowd, *line, seed + i, 1'500);
        check(outcome, office);
        epochs += outcome.epochs;
    }
    CHECK(epochs > rounds);
}

TEST_CASE("and so do several over one store") {
    const auto seed = static_cast<std::uint32_t>(from_environment("CONCERTRES_SEED", 1));
    const auto rounds = static_cast<std::uint32_t>(from_environment("CONCERTRES_ROUNDS", 2));
    for (std::uint32_t i = 0; i < rounds; ++i) {
        CAPTURE(seed + i);
        const std::string database = postgres_server().make_database();
        {
            TestClock clock;
            const auto line = std::make_shared<MemoryLine>();
            const auto open = [&] {
                return open_postgres(postgres_server().conninfo(database), {.clock = &clock});
            };
            BoxOffice one(open(), options_with(line));
            BoxOffice two(open(), options_with(line));
            Crowd crowd({&one, &two}, clock, seed + i);
            check(run_crowd(crowd, *line, seed + i, 300), one);
        }
        postgres_server().drop_database(database);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test

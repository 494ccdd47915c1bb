#include "line.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "report.hpp"
#include "stopwatch.hpp"

namespace bench {

namespace {

using namespace concertres;
using namespace std::chrono_literals;

constexpr std::int64_t admitted_at_once = 100;
constexpr std::int64_t comers = 1'000;  // in a round, who join and leave again
constexpr std::size_t in_flight = 64;

std::size_t bytes_in_use() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// Whoever has this number in the line that was filled, or, from `people` on, comes later. The ids
// are spread as real ones are.
UserId user_of(std::int64_t number) {
    std::mt19937_64 random(static_cast<std::uint64_t>(number));
    UserId user;
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint64_t bits = random();
        std::memcpy(user.uuid.bytes.data() + 8 * half, &bits, sizeof bits);
    }
    return user;
}

NewConcert concert_for(Storage& storage) {
    const Time starts_at = storage.now() + std::chrono::days(30);
    NewConcert made;
    made.concert = {.key = {storage.allocate(1)},
                    .id = ConcertId::from_name("a very long line"),
                    .title = "Hall",
                    .venue = "Bench",
                    .hold_ttl = 5min};
    made.performances = {{.key = {storage.allocate(1)},
                          .id = PerformanceId::from_name("a very long line"),
                          .concert = made.concert.key,
                          .starts_at = starts_at,
                          .date = "2100-01-01"}};
    made.seats = numbered_seats(50, Money{1});
    // Opened for each tick that is measured, and no other.
    made.sale = {.concert = made.concert.key,
                 .mode = SaleMode::paused,
                 .room = RoomPolicy{.active_max = admitted_at_once}};
    return made;
}

// As many places as that, with their users, written past the engine: what is measured comes after.
void fill(Storage& storage, ConcertKey concert, std::int64_t people) {
    constexpr std::int64_t group = 20'000;
    // A table by ids is filled many times as fast in their order.
    std::vector<std::pair<UserId, std::int64_t>> users;
    users.reserve(static_cast<std::size_t>(people));
    for (std::int64_t number = 1; number <= people; ++number) {
        users.emplace_back(user_of(number), number);
    }
    std::ranges::sort(users);
    const std::int64_t key_before = storage.allocate(static_cast<std::size_t>(people)) - 1;
    const auto commit = [&](ChangeSet& changes) {
        changes.at = storage.now();
        if (storage.commit(changes) != CommitOutcome::committed) {
            throw std::runtime_error("the line cannot be stored");
        }
        changes = {};
    };
    ChangeSet changes;
    for (const auto& [id, number] : users) {
        changes.rows.of<User>().push_back({{.id = id, .user = {key_before + number}}, 1});
        if (changes.rows.of<User>().size() == group) commit(changes);
    }
    commit(changes);
    std::ranges::sort(users, {}, &std::pair<UserId, std::int64_t>::second);
    const Time joined_at = storage.now();
    for (const auto& [id, number] : users) {
        const UserKey user{key_before + number};
        const PlaceNumber place{number};
        changes.rows.of<Member>().push_back({{concert, user, place}, 1});
        changes.rows.of<Place>().push_back({{.concert = concert,
                                             .number = place,
                                             .user = user,
                                             .user_id = id,
                                             .joined_at = joined_at},
                                            1});
        if (changes.rows.of<Place>().size() == group) commit(changes);
    }
    changes.rows.of<Line>().push_back({{.concert = concert, .next_sequence = people + 1}, 2});
    commit(changes);
}

using Open = std::function<std::unique_ptr<Storage>()>;

class LongLine {
  public:
    // `lasts`: the store is closed and opened again before the engine gets it.
    LongLine(const Open& open, bool lasts, std::int64_t people) : people_(people) {
        auto storage = open();
        const NewConcert concert = concert_for(*storage);
        concert_ = concert.concert.id;
        storage->add(concert, {});
        fill(*storage, concert.concert.key, people);
        if (lasts) {
            storage.reset();
            malloc_trim(0);
        }
        const Stopwatch watch;
        if (lasts) storage = open();
        const std::size_t before = bytes_in_use();
        office_ = std::make_unique<BoxOffice>(std::move(storage), options());
        bytes_each_ = static_cast<double>(bytes_in_use() - before) / static_cast<double>(people);
        sample_tokens();
        if (!poll(tokens_.front())) throw std::runtime_error("a place is lost");
        opening_s_ = watch.elapsed().seconds;
    }

    [[nodiscard]] double bytes_each() const { return bytes_each_; }
    // To the answer to the first poll.
    [[nodiscard]] double opening_s() const { return opening_s_; }

    // Nanoseconds of processor time.
    double polls() {
        constexpr int polls = 400'000;
        const Stopwatch watch;
        for (int i = 0; i < polls; ++i) {
            if (!poll(tokens_[static_cast<std::size_t>(i) % tokens_.size()])) {
                throw std::runtime_error("a place is not found");
            }
        }
        return watch.elapsed().cpu_seconds / polls * 1e9;
    }
    // Microseconds, of who comes to the end of the line; they leave it again.
    std::pair<double, double> joining_and_leaving() {
        std::vector<PlaceNumber> places;
        const std::int64_t first = people_ + come_;
        come_ += comers;
        const Stopwatch joins;
        all<Join>(
            [&](std::int64_t i) {
                return Join{concert_, user_of(first + i), false};
            },
            [&](const PlaceView& view) { places.push_back(view.number); });
        const double joining = joins.elapsed().seconds;
        const Stopwatch leaves;
        all<Leave>(
            [&](std::int64_t i) {
                return Leave{concert_, user_of(first + i), places[static_cast<std::size_t>(i)]};
            },
            [](const PlaceView&) {});
        const double leaving = leaves.elapsed().seconds;
        return {joining / comers * 1e6, leaving / comers * 1e6};
    }
    // Microseconds of a tick that admits a hundred; they leave again.
    double admitting() {
        set(SaleMode::open);
        const Stopwatch watch;
        const auto admitted = office_->tick({concert_});
        const double took = watch.elapsed().seconds;
        if (!admitted || *admitted != admitted_at_once) {
            throw std::runtime_error("a tick did not admit a hundred");
        }
        for (std::int64_t i = 0; i < admitted_at_once; ++i) {
            const std::int64_t number = ++admitted_;
            const auto left = office_->leave({concert_, user_of(number), {number}});
            if (!left) throw std::runtime_error(left.error().detail);
        }
        set(SaleMode::paused);
        return took * 1e6;
    }

  private:
    static Options options() {
        Options options;
        options.running = Running::by_host;
        options.tick = 24h;
        options.waiting_max = 100'000'000;
        return options;
    }

    void set(SaleMode mode) {
        ChangeSale change{.concert = concert_, .change = {}};
        change.change.mode = mode;
        if (auto set = office_->change_sale(change); !set) {
            throw std::runtime_error(set.error().detail);
        }
    }

    // As many for a short line as for a long one, so that reading them costs the same.
    void sample_tokens() {
        constexpr std::size_t tokens = 20'000;
        std::mt19937_64 random(1);
        for (std::size_t i = 0; i < tokens; ++i) {
            // Whoever is behind those that will be admitted.
            const auto spread = static_cast<std::uint64_t>(people_ / 2);
            const std::int64_t number = people_ - static_cast<std::int64_t>(random() % spread);
            PlaceView place;
            place.concert = concert_;
            place.user = user_of(number);
            place.number = {number};
            tokens_.push_back(office_->sign(place));
        }
    }

    [[nodiscard]] bool poll(const std::string& token) const {
        const auto claims = office_->verify(token);
        if (!claims) return false;
        const auto view = office_->place_in_memory({.concert = claims->concert,
                                                    .user = claims->user,
                                                    .place = claims->number,
                                                    .last = {}});
        return view && view->position;
    }

    // One round of commands, so many at once.
    template <class Command, class Make, class See>
    void all(Make make, See see) {
        std::string refusal;
        for (std::int64_t sent = 0; sent < comers;) {
            for (std::size_t i = 0; i < in_flight && sent < comers; ++i, ++sent) {
                office_->submit<Command>(make(sent), [&](const AnswerTo<Command>& answer) {
                    if (answer) return see(*answer);
                    refusal = answer.error().detail;
                });
            }
            while (office_->step()) {
            }
        }
        if (!refusal.empty()) throw std::runtime_error(refusal);
    }

    std::int64_t people_;
    std::int64_t come_ = 1;
    std::int64_t admitted_ = 0;
    ConcertId concert_;
    std::unique_ptr<BoxOffice> office_;
    std::vector<std::string> tokens_;
    double bytes_each_ = 0;
    double opening_s_ = 0;
};

// The figures of both lines, and what the long one costs of the short one.
class Table {
  public:
    void add(const std::string& what, const char* unit, double figure) {
        auto& figures = figures_[what];
        figures.unit = unit;
        figures.of[is_long_].push_back(figure);
    }
    void turn_to(bool is_long) { is_long_ = is_long; }

    void print(const std::string& where, const std::map<std::string, double>& at_most) const {
        for (const auto& [what, figures] : figures_) {
            for (const bool is_long : {false, true}) {
                const auto& of = figures.of[is_long];
                if (of.empty()) continue;
                bench::print({.what = fmt::format("{}: {}, {}", where, what,
                                                  is_long ? "long line" : "short line"),
                              .in_flight = {},
                              .figures = of,
                              .unit = figures.unit,
                              .note = is_long ? ratio(what, figures, at_most) : ""});
            }
        }
    }

  private:
    struct Figures {
        const char* unit = "";
        std::vector<double> of[2];
    };
    static std::string ratio(const std::string& what, const Figures& figures,
                             const std::map<std::string, double>& at_most) {
        if (figures.of[0].empty()) return {};
        const double times = median(figures.of[1]) / median(figures.of[0]);
        const auto bound = at_most.find(what);
        if (bound == at_most.end()) return fmt::format("{:.2f} times", times);
        return fmt::format("{:.2f} times (at most {}) {}", times, bound->second,
                           times <= bound->second ? "PASS" : "MISS");
    }

    std::map<std::string, Figures> figures_;
    bool is_long_ = false;
};

void play(LongLine& line, Table& table, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        table.add("a poll with its token", "ns", line.polls());
        const auto [joining, leaving] = line.joining_and_leaving();
        table.add("a join", "us", joining);
        table.add("a leave", "us", leaving);
        table.add("a tick that admits 100", "us", line.admitting());
    }
}

}  // namespace

void run_line(const Settings& settings) {
    const std::int64_t people[] = {1'000, settings.quick ? 20'000 : 10'000'000};
    print_section(fmt::format("line: {} waiting beside {}", people[1], people[0]));
    const auto folder = settings.folder / "line";
    const int rounds = settings.quick ? 1 : 5;
    for (const bool lasts : {false, true}) {
        Table table;
        for (const bool is_long : {false, true}) {
            std::filesystem::remove_all(folder);
            std::filesystem::create_directories(folder);
            const Open open = [&]() -> std::unique_ptr<Storage> {
                if (lasts) return open_sqlite(folder / "line.db");
                return open_memory();
            };
            LongLine line(open, lasts, people[is_long]);
            table.turn_to(is_long);
            play(line, table, rounds);
            if (!lasts) continue;
            table.add("opening the store, to the first poll", "s", line.opening_s());
            if (is_long) table.add("memory for each who waits", "bytes", line.bytes_each());
        }
        // What is durable may cost more: its tables are deeper.
        const double at_most = lasts ? 5 : 2.5;
        table.print(lasts ? "SQLite" : "memory", {{"a poll with its token", 2.5},
                                                  {"a join", at_most},
                                                  {"a leave", at_most},
                                                  {"a tick that admits 100", at_most}});
    }
    std::filesystem::remove_all(folder);
}

}  // namespace bench

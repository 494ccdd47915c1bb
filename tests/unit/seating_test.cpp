#include "concertres/seating.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace concertres;

namespace {

// A hall as it is drawn, the stage above: a row a line, a character a seat. `.` is free, `x` is
// taken, `o` is chosen, a blank is no seat. A capital letter is free too, and its price is 100.
// Seats are numbered from 1 as one reads, and cost 50.
using Drawing = std::vector<std::string>;

struct Drawn {
    std::vector<HallSeat> seats;
    std::vector<SeatNumber> free;
    std::vector<SeatNumber> chosen;

    explicit Drawn(const Drawing& rows, const std::string& section = "", double left = 0,
                   double top = 0) {
        add(rows, section, left, top);
    }
    Drawn& add(const Drawing& rows, const std::string& section, double left, double top) {
        for (std::size_t y = 0; y < rows.size(); ++y) {
            for (std::size_t x = 0; x < rows[y].size(); ++x) {
                const char at = rows[y][x];
                if (at == ' ') continue;
                const auto number = static_cast<SeatNumber>(seats.size() + 1);
                seats.push_back({.number = number,
                                 .label = std::to_string(number),
                                 .section = section,
                                 .row = std::to_string(y + 1),
                                 .x = left + static_cast<double>(x),
                                 .y = top + static_cast<double>(y),
                                 .price = Money{at >= 'A' && at <= 'Z' ? 100 : 50},
                                 .plan_id = {}});
                if (at != 'x' && at != 'o') free.push_back(number);
                if (at == 'o') chosen.push_back(number);
            }
        }
        return *this;
    }
};

SeatSet set_of(const Seating& seating, const std::vector<SeatNumber>& numbers) {
    SeatSet set(seating.size());
    for (const SeatNumber number : numbers) set.insert(seating.find(number).value());
    return set;
}

std::optional<SeatChoice> choose(const Drawn& hall, const BestSeats& wanted) {
    const Seating seating(hall.seats);
    return choose_best(seating, set_of(seating, hall.free), wanted);
}

// The drawing with the choice in it.
Drawing pick(Drawing rows, const BestSeats& wanted) {
    const auto choice = choose(Drawn(rows), wanted);
    if (!choice) return {"none"};
    CHECK(choice->seats.size() == static_cast<std::size_t>(wanted.count));
    SeatNumber number = 0;
    for (std::string& row : rows) {
        for (char& at : row) {
            if (at != ' ' && std::ranges::find(choice->seats, ++number) != choice->seats.end()) {
                at = 'o';
            }
        }
    }
    return rows;
}

std::vector<SeatNumber> orphans(const std::string& row) {
    const Drawn hall({row});
    const Seating seating(hall.seats);
    return avoidable_orphans(seating, set_of(seating, hall.free), hall.chosen);
}

using Numbers = std::vector<SeatNumber>;

// The numbers of each bench, the benches by their first number.
std::set<Numbers> benches(const Seating& seating) {
    std::set<Numbers> found;
    for (const Seating::Bench& bench : seating.benches()) {
        const auto numbers = seating.numbers(bench);
        found.emplace(numbers.begin(), numbers.end());
    }
    return found;
}

}  // namespace

// --- The hall
// -------------------------------------------------------------------------------------

TEST_CASE("seats of one row are neighbours up to an aisle") {
    const Seating seating(Drawn({"... ...", ".."}).seats);
    CHECK(benches(seating) == std::set<Numbers>{{1, 2, 3}, {4, 5, 6}, {7, 8}});
    // A short row tells nothing of itself; its section does.
    CHECK(benches(Seating(Drawn({".....", ". ."}).seats)) ==
          std::set<Numbers>{{1, 2, 3, 4, 5}, {6}, {7}});
    // Seats in pairs: what is usual is the step within a pair.
    CHECK(benches(Seating(Drawn({"..  ..  .."}).seats)) ==
          std::set<Numbers>{{1, 2}, {3, 4}, {5, 6}});
}

TEST_CASE("the seats of a plan may be listed in any order") {
    std::vector<HallSeat> seats = Drawn({".....", "....."}).seats;
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    std::ranges::shuffle(seats, random);
    const Seating seating(seats);
    CHECK(benches(seating) == std::set<Numbers>{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}});
    for (const HallSeat& seat : seats) {
        CHECK(seating.number(seating.find(seat.number).value()) == seat.number);
    }
    CHECK_FALSE(seating.find(0));
    CHECK_FALSE(seating.find(11));
    CHECK_FALSE(seating.find(-1));
}

TEST_CASE("two rows of one name in one section are two benches") {
    std::vector<HallSeat> seats = Drawn({"....", "...."}).seats;
    for (HallSeat& seat : seats) seat.row = "1";
    CHECK(benches(Seating(seats)) == std::set<Numbers>{{1, 2, 3, 4}, {5, 6, 7, 8}});
}

TEST_CASE("rows without a name are told apart by where they are") {
    std::vector<HallSeat> seats = Drawn({"....", "...."}).seats;
    for (HallSeat& seat : seats) seat.row.clear();
    // Numbered to and fro, so that the last seat of a row is behind the first of the next.
    std::reverse(seats.begin() + 4, seats.end());
    CHECK(benches(Seating(seats)) == std::set<Numbers>{{1, 2, 3, 4}, {5, 6, 7, 8}});
}

TEST_CASE("a row that runs upwards, or in a bow, is a row") {
    std::vector<HallSeat> seats;
    for (SeatNumber i = 0; i < 9; ++i) {
        const double angle = 0.3 * i;
        seats.push_back(
            {.number = 9 - i, .row = "bow", .x = std::sin(angle), .y = std::cos(angle)});
        seats.push_back({.number = 20 + i, .row = "up", .x = 5, .y = 2.0 * i});
    }
    CHECK(benches(Seating(seats)) ==
          std::set<Numbers>{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {20, 21, 22, 23, 24, 25, 26, 27, 28}});
}

TEST_CASE("a hall without coordinates is taken in the order of its plan") {
    std::vector<HallSeat> seats;
    for (const SeatNumber number : {5, 3, 9, 1, 2}) {
        seats.push_back({.number = number, .row = number < 3 ? "back" : "front"});
    }
    const Seating seating(seats);
    CHECK(benches(seating) == std::set<Numbers>{{5, 3, 9}, {1, 2}});
    const SeatSet all(seating.size(), true);
    CHECK(choose_best(seating, all, {.count = 2})->seats == Numbers{1, 2});
    CHECK(choose_best(seating, all, {.count = 3})->seats == Numbers{3, 5, 9});
    CHECK(choose_best(seating, all, {.count = 1})->seats == Numbers{5});
    CHECK(choose_best(seating, all, {.count = 5})->groups == 2);
}

TEST_CASE("a hall whose coordinates are beyond measure is taken in the order of its plan") {
    std::vector<HallSeat> seats(3);
    const double most = std::numeric_limits<double>::max();
    seats[0] = {.number = 1, .x = most, .y = -most};
    seats[1] = {.number = 2, .x = -most, .y = most};
    seats[2] = {.number = 3};
    const Seating seating(seats);
    CHECK(choose_best(seating, SeatSet(3, true), {.count = 2})->seats == Numbers{1, 2});
}

TEST_CASE("a seat is found by its number, however the hall is numbered") {
    for (const Numbers& numbers :
         {Numbers{1, 2, 3, 4}, Numbers{1, 3, 9, 12}, Numbers{12, 9, 3, 1}, Numbers{4, 1, 3, 2}}) {
        std::vector<HallSeat> seats;
        for (const SeatNumber number : numbers) seats.push_back({.number = number});
        const Seating seating(seats);
        for (SeatNumber number = -1; number <= 13; ++number) {
            CAPTURE(number);
            const auto slot = seating.find(number);
            CHECK(slot.has_value() == (std::ranges::count(numbers, number) == 1));
            if (slot) CHECK(seating.number(*slot) == number);
        }
    }
}

TEST_CASE("an empty hall has no seats to choose") {
    const Seating seating;
    CHECK(seating.size() == 0);
    CHECK_FALSE(choose_best(seating, SeatSet(), {.count = 1}));
}

// --- The best
// -------------------------------------------------------------------------------------

TEST_CASE("the best seats are in the middle of the front") {
    CHECK(pick({"......", "......"}, {.count = 2}) == Drawing{"..oo..", "......"});
    CHECK(pick({".....", "....."}, {.count = 1}) == Drawing{"..o..", "....."});
    CHECK(pick({"..xx..", "......"}, {.count = 2}) == Drawing{"..xx..", "..oo.."});
    // The edge of the front row is farther from the middle than the second row.
    CHECK(pick({"..xxxxx..", "........."}, {.count = 2}) == Drawing{"..xxxxx..", "...oo...."});
}

TEST_CASE("a plan that begins below has its front below") {
    Drawn hall({".....", "....."});
    std::reverse(hall.seats.begin(), hall.seats.end());
    CHECK(choose(hall, {.count = 1})->seats == Numbers{8});
}

TEST_CASE("no single seat is left where there is another choice") {
    CHECK(pick({"x...x", "....."}, {.count = 2}) == Drawing{"x...x", "oo..."});
    CHECK(pick({"x..x", "x..x", "x.xx"}, {.count = 1}) == Drawing{"x..x", "x..x", "xoxx"});
    CHECK(pick({"......"}, {.count = 4}) == Drawing{"oooo.."});
    CHECK(pick({"... ....x"}, {.count = 2}) == Drawing{"... oo..x"});
    // An orphan that was there before is nobody's fault.
    CHECK(pick({"x.x.xx..xx"}, {.count = 2}) == Drawing{"x.x.xxooxx"});
}

TEST_CASE("a single seat is left where there is no other choice") {
    CHECK(pick({"x...x"}, {.count = 2}) == Drawing{"xoo.x"});
    CHECK(pick({"x..x"}, {.count = 1}) == Drawing{"xo.x"});
    // One is better than two.
    CHECK(pick({"x...x", "xx..."}, {.count = 1}) == Drawing{"xo..x", "xx..."});
}

TEST_CASE("only the section that is wanted is looked at") {
    Drawn hall({"..."}, "Front");
    hall.add({"..."}, "Back", 0, 10);
    CHECK(choose(hall, {.count = 2})->seats == Numbers{1, 2});
    CHECK(choose(hall, {.count = 2, .section = "Back"})->seats == Numbers{4, 5});
    CHECK_FALSE(choose(hall, {.count = 4, .section = "Back"}));
    CHECK_FALSE(choose(hall, {.count = 1, .section = "Middle"}));
    CHECK_FALSE(choose(hall, {.count = 1, .section = ""}));
    CHECK(choose(hall, {.count = 6})->groups == 2);
}

TEST_CASE("no seat costs more than is wanted") {
    const BestSeats cheap{.count = 2, .max_price = Money{99}};
    CHECK(pick({"AAAAAA", "......"}, {.count = 2}) == Drawing{"AAooAA", "......"});
    CHECK(pick({"AAAA", "...."}, cheap) == Drawing{"AAAA", "oo.."});
    CHECK(pick({"..AA", "AAAA"}, cheap) == Drawing{"ooAA", "AAAA"});
    CHECK(pick({"AAAA", "AAAA"}, cheap) == Drawing{"none"});
    CHECK(pick({"AAAA"}, {.count = 2, .max_price = Money{100}}) == Drawing{"ooAA"});
    // A seat that is too dear is free all the same, and not to be left alone.
    CHECK(pick({"x..Ax", ".A.."}, cheap) == Drawing{"x..Ax", ".Aoo"});
    CHECK(pick({"x..Ax", "x..AA"}, cheap) == Drawing{"x..Ax", "xooAA"});
}

TEST_CASE("where not enough neighbours are free, the groups are few and close together") {
    CHECK(pick({"xx.x.xx"}, {.count = 2}) == Drawing{"xxoxoxx"});
    CHECK(pick({"xx. .xx"}, {.count = 2}) == Drawing{"xxo oxx"});
    CHECK(pick({".x.xx.x.x"}, {.count = 2}) == Drawing{".x.xxoxox"});
    // Two groups, though three would be nearer.
    CHECK(pick({"xxx.x.x.xxx", "xxxxxxxxxxx", "x..xxxxx.xx"}, {.count = 3}) ==
          Drawing{"xxxox.x.xxx", "xxxxxxxxxxx", "xooxxxxx.xx"});
    // The nearest, though it is farther from the stage.
    CHECK(pick({".xxxxxxxx.", "xxxxxxxxxx", "xxxxxxxxxx", "xxxxx.x.xx"}, {.count = 2}) ==
          Drawing{".xxxxxxxx.", "xxxxxxxxxx", "xxxxxxxxxx", "xxxxxoxoxx"});
    // The sizes of the groups leave no single seat where they need not.
    CHECK(pick({"...x...x"}, {.count = 4}) == Drawing{"..oxooox"});
    CHECK(pick({"..x..x.x.x"}, {.count = 6}) == Drawing{"ooxooxoxox"});
}

TEST_CASE(
    "in a hall of very many single seats the groups are found by looking from the best only") {
    // One place to look from costs a look at each of 400 * 15 seats: there are 25 places, and 400
    // seats. The two rows at the back are neighbours' neighbours, and nobody comes that far.
    Drawing rows(20);
    for (std::string& row : rows) {
        for (int i = 0; i < 20; ++i) row += ".x";
    }
    const BestSeats wanted{.count = 16};
    const auto choice = choose(Drawn(rows), wanted);
    REQUIRE(choice);
    CHECK(choice->seats.size() == 16);
    // In the front half, and around its middle.
    for (const SeatNumber number : choice->seats) CHECK(number <= 10 * 40);
}

TEST_CASE("there are never fewer seats than were wanted") {
    CHECK(pick({"xx.x.xx"}, {.count = 3}) == Drawing{"none"});
    CHECK(pick({"xxxx"}, {.count = 1}) == Drawing{"none"});
    CHECK(pick({"..x.x"}, {.count = 3}) != Drawing{"none"});
}

// --- Orphans
// --------------------------------------------------------------------------------------

TEST_CASE("a choice that leaves a single seat and need not is told of it") {
    CHECK(orphans(".oo.") == Numbers{1, 4});
    CHECK(orphans("x.oo..x") == Numbers{2});
    CHECK(orphans("o.o.") == Numbers{2, 4});
    CHECK(orphans(".o...") == Numbers{1});
    // Beside an aisle, too.
    CHECK(orphans(".... .oo...") == Numbers{5});
    // Elsewhere in the row there is room.
    CHECK(orphans("x.oox....") == Numbers{2});
}

TEST_CASE("a choice that leaves no single seat, or one that was there before, is good") {
    CHECK(orphans("oo..").empty());
    CHECK(orphans("oooo").empty());
    CHECK(orphans("..oo..").empty());
    CHECK(orphans("x.xoo").empty());
    CHECK(orphans("x.x.o").size() == 1);
    CHECK(orphans("x.xo").empty());
}

TEST_CASE("nobody is refused where so many seats cannot be had without an orphan") {
    CHECK(orphans("x.oox").empty());
    CHECK(orphans("xo.ox").empty());
    CHECK(orphans("x.ox").empty());
    // The two single seats would do, but not for two who want to sit together.
    CHECK(orphans("x.oox.x.").empty());
    // Across the aisle is another row.
    CHECK(orphans("x.oox ....").empty());
}

TEST_CASE("a bench beyond all measure is not looked at") {
    std::vector<HallSeat> seats(orphan_bench_max + 1);
    for (std::size_t i = 0; i < seats.size(); ++i) seats[i].number = static_cast<SeatNumber>(i + 1);
    const Numbers chosen{2, 3};
    const Seating longer(seats);
    CHECK(avoidable_orphans(longer, SeatSet(seats.size(), true), chosen).empty());
    seats.pop_back();
    const Seating long_enough(seats);
    CHECK(avoidable_orphans(long_enough, SeatSet(seats.size(), true), chosen) == Numbers{1});
}

// --- Against a model
// ------------------------------------------------------------------------------

namespace {

// A hall on a grid, in which everything is found by trying it out.
class Model {
  public:
    explicit Model(std::mt19937& random) {
        columns_ = 7 + static_cast<int>(random() % 4);
        rows_ = 1 + static_cast<int>(random() % 4);
        const auto taken_of_ten = random() % 10;
        for (int y = 0; y < rows_; ++y) {
            // At most two aisles in a row, so that what is usual in it is a step of one.
            const int aisle[] = {static_cast<int>(random() % 20), static_cast<int>(random() % 20)};
            for (int x = 0; x < columns_; ++x) {
                if (x == aisle[0] || x == aisle[1]) continue;
                const auto number = static_cast<SeatNumber>(seats.size() + 1);
                seats.push_back({.number = number,
                                 .section = y < 2 ? "A" : "B",
                                 .row = std::to_string(y),
                                 .x = static_cast<double>(x),
                                 .y = static_cast<double>(y),
                                 .price = Money{random() % 4 == 0 ? 100 : 50}});
                at_[{y, x}] = number;
                if (random() % 10 >= taken_of_ten) free.insert(number);
            }
        }
    }

    // A single row as it is drawn; what is chosen was free.
    Model(std::vector<HallSeat> row, std::set<SeatNumber> left, const Numbers& chosen)
        : seats(std::move(row)), free(std::move(left)) {
        free.insert(chosen.begin(), chosen.end());
        for (const HallSeat& seat : seats) at_[{0, static_cast<int>(seat.x)}] = seat.number;
    }

    [[nodiscard]] bool suits(SeatNumber number, const BestSeats& wanted) const {
        const HallSeat& seat = this->seat(number);
        return free.contains(number) && (!wanted.section || seat.section == *wanted.section) &&
               (!wanted.max_price || seat.price.minor <= wanted.max_price->minor);
    }
    // 0: there is none.
    [[nodiscard]] SeatNumber beside(SeatNumber number, int step) const {
        const HallSeat& seat = this->seat(number);
        const auto found = at_.find({static_cast<int>(seat.y), static_cast<int>(seat.x) + step});
        return found == at_.end() ? 0 : found->second;
    }
    // Free seats without a free neighbour, once these are taken.
    [[nodiscard]] std::set<SeatNumber> orphans(const std::set<SeatNumber>& taken) const {
        const auto is_left = [&](SeatNumber n) { return free.contains(n) && !taken.contains(n); };
        std::set<SeatNumber> found;
        for (const SeatNumber number : free) {
            if (!is_left(number)) continue;
            if (is_left(beside(number, -1)) || is_left(beside(number, 1))) continue;
            found.insert(number);
        }
        return found;
    }
    [[nodiscard]] std::set<SeatNumber> new_orphans(const std::set<SeatNumber>& taken) const {
        std::set<SeatNumber> found = orphans(taken);
        for (const SeatNumber before : orphans({})) found.erase(before);
        return found;
    }
    [[nodiscard]] int groups(const std::set<SeatNumber>& taken) const {
        return static_cast<int>(std::ranges::count_if(
            taken, [&](SeatNumber number) { return !taken.contains(beside(number, -1)); }));
    }

    // Neighbours: those that leave the fewest orphans, then the best, then the first.
    [[nodiscard]] std::vector<SeatNumber> best_neighbours(const BestSeats& wanted) const {
        std::vector<SeatNumber> best;
        std::tuple<std::size_t, std::int64_t, SeatNumber> best_rank;
        for (const HallSeat& first : seats) {
            std::vector<SeatNumber> here;
            for (SeatNumber n = first.number; here.size() < static_cast<std::size_t>(wanted.count);
                 n = beside(n, 1)) {
                if (n == 0 || !suits(n, wanted)) break;
                here.push_back(n);
            }
            if (here.size() < static_cast<std::size_t>(wanted.count)) continue;
            std::int64_t cost = 0;
            for (const SeatNumber n : here) cost += cost_of(n);
            const std::tuple rank{new_orphans({here.begin(), here.end()}).size(), cost,
                                  first.number};
            if (best.empty() || rank < best_rank) {
                best = here;
                best_rank = rank;
            }
        }
        return best;
    }
    // The stretches of seats that suit, from end to end.
    [[nodiscard]] std::vector<std::vector<SeatNumber>> stretches(const BestSeats& wanted) const {
        std::vector<std::vector<SeatNumber>> found;
        for (const HallSeat& seat : seats) {
            if (!suits(seat.number, wanted)) continue;
            const SeatNumber before = beside(seat.number, -1);
            if (before == 0 || !suits(before, wanted)) found.emplace_back();
            found.back().push_back(seat.number);
        }
        return found;
    }
    [[nodiscard]] double between(const std::vector<SeatNumber>& a,
                                 const std::vector<SeatNumber>& b) const {
        const auto middle = [&](const std::vector<SeatNumber>& s) {
            return (seat(s.front()).x + seat(s.back()).x) / 2;
        };
        return std::hypot(middle(a) - middle(b), seat(a.front()).y - seat(b.front()).y);
    }

    std::vector<HallSeat> seats;
    std::set<SeatNumber> free;

  private:
    [[nodiscard]] const HallSeat& seat(SeatNumber number) const {
        return seats[static_cast<std::size_t>(number - 1)];
    }
    [[nodiscard]] std::int64_t cost_of(SeatNumber number) const {
        double left = 1e9;
        double right = 0;
        double bottom = 0;
        for (const HallSeat& each : seats) {
            left = std::min(left, each.x);
            right = std::max(right, each.x);
            bottom = std::max(bottom, each.y);
        }
        const double diagonal = std::hypot(right - left, bottom);
        return std::llround(std::hypot(seat(number).x - (left + right) / 2, seat(number).y) *
                            (1e6 / diagonal));
    }

    int columns_ = 0;
    int rows_ = 0;
    std::map<std::pair<int, int>, SeatNumber> at_;
};

BestSeats some_wish(std::mt19937& random) {
    BestSeats wanted{.count = 1 + static_cast<std::int32_t>(random() % 6)};
    if (random() % 3 == 0) wanted.section = random() % 2 == 0 ? "A" : "B";
    if (random() % 3 == 0) wanted.max_price = Money{75};
    return wanted;
}

// A choice of two groups is of two stretches that are as near to each other as any two that have
// room for all.
void check_two_are_near(const Model& model, const BestSeats& wanted, const SeatChoice& choice) {
    const auto stretches = model.stretches(wanted);
    const auto count = static_cast<std::size_t>(wanted.count);
    double nearest = 1e9;
    double chosen = 1e9;
    for (std::size_t i = 0; i < stretches.size(); ++i) {
        for (std::size_t j = i + 1; j < stretches.size(); ++j) {
            if (stretches[i].size() + stretches[j].size() < count) continue;
            const double between = model.between(stretches[i], stretches[j]);
            nearest = std::min(nearest, between);
            const auto has = [&](const std::vector<SeatNumber>& stretch) {
                return std::ranges::any_of(stretch, [&](SeatNumber n) {
                    return std::ranges::find(choice.seats, n) != choice.seats.end();
                });
            };
            if (has(stretches[i]) && has(stretches[j])) chosen = between;
        }
    }
    CHECK(chosen == doctest::Approx(nearest).epsilon(1e-4));
}

void check_groups(const Model& model, const BestSeats& wanted,
                  const std::optional<SeatChoice>& choice) {
    std::vector<std::size_t> lengths;
    for (const auto& stretch : model.stretches(wanted)) lengths.push_back(stretch.size());
    std::ranges::sort(lengths, std::greater<>());
    std::int32_t groups = 0;
    std::size_t seats = 0;
    for (const std::size_t length : lengths) {
        if (seats >= static_cast<std::size_t>(wanted.count)) break;
        seats += length;
        ++groups;
    }
    REQUIRE(choice.has_value() == (seats >= static_cast<std::size_t>(wanted.count)));
    if (!choice) return;
    const std::set<SeatNumber> taken(choice->seats.begin(), choice->seats.end());
    CHECK(taken.size() == static_cast<std::size_t>(wanted.count));
    CHECK(std::ranges::all_of(taken, [&](SeatNumber n) { return model.suits(n, wanted); }));
    CHECK(choice->groups == groups);
    CHECK(model.groups(taken) <= groups);
    if (groups == 2) check_two_are_near(model, wanted, *choice);
}

// Whether any so many seats of the row, in no more groups, leave no new orphan.
bool could_leave_none(const Model& model, const std::set<SeatNumber>& taken) {
    const std::vector<SeatNumber> free(model.free.begin(), model.free.end());
    for (std::size_t bits = 0; bits < (std::size_t{1} << free.size()); ++bits) {
        if (static_cast<std::size_t>(std::popcount(bits)) != taken.size()) continue;
        std::set<SeatNumber> other;
        for (std::size_t i = 0; i < free.size(); ++i) {
            if ((bits >> i & 1) != 0) other.insert(free[i]);
        }
        if (model.groups(other) <= model.groups(taken) && model.new_orphans(other).empty()) {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("in thousands of small halls the best is what trying everything finds") {
    std::mt19937 random(20261225);  // NOLINT(cert-msc51-cpp): the same each time
    int neighbours = 0;
    int split = 0;
    int none = 0;
    for (int i = 0; i < 5'000; ++i) {
        CAPTURE(i);
        const Model model(random);
        const BestSeats wanted = some_wish(random);
        const Seating seating(model.seats);
        const auto choice =
            choose_best(seating, set_of(seating, {model.free.begin(), model.free.end()}), wanted);
        const std::vector<SeatNumber> best = model.best_neighbours(wanted);
        if (!best.empty()) {
            REQUIRE(choice);
            CHECK(choice->seats == best);
            CHECK(choice->groups == 1);
            ++neighbours;
        } else {
            check_groups(model, wanted, choice);
            ++(choice ? split : none);
        }
    }
    CHECK(neighbours > 1'000);
    CHECK(split > 300);
    CHECK(none > 300);
}

TEST_CASE("in thousands of small rows the orphans are what trying everything finds") {
    std::mt19937 random(20261226);  // NOLINT(cert-msc51-cpp): the same each time
    int refused = 0;
    int unavoidable = 0;
    for (int i = 0; i < 4'000; ++i) {
        CAPTURE(i);
        std::string row(1 + random() % 10, '.');
        const auto taken_of_ten = random() % 5;
        for (char& at : row) {
            const auto die = random() % 10;
            at = die < taken_of_ten ? 'x' : die > 6 ? 'o' : '.';
        }
        CAPTURE(row);
        const Drawn hall({row});
        if (hall.chosen.empty()) continue;
        const Model model(hall.seats, {hall.free.begin(), hall.free.end()}, hall.chosen);
        const std::set<SeatNumber> taken(hall.chosen.begin(), hall.chosen.end());
        const std::set<SeatNumber> made = model.new_orphans(taken);
        const bool avoidable = !made.empty() && could_leave_none(model, taken);
        const std::vector<SeatNumber> found = orphans(row);
        CHECK(std::set<SeatNumber>(found.begin(), found.end()) ==
              (avoidable ? made : std::set<SeatNumber>()));
        if (avoidable) ++refused;
        if (!made.empty() && !avoidable) ++unavoidable;
    }
    CHECK(refused > 300);
    CHECK(unavoidable > 50);
}

// --- Areas ---------------------------------------------------------------------------------------

namespace {

// Two rows of five, and beside them two areas, the numbers of the first of which lie around all
// others.
std::vector<HallSeat> hall_with_areas() {
    std::vector<HallSeat> seats;
    add_area(seats, {.section = "Standing", .capacity = 1, .price = Money{60}});
    for (HallSeat seat : Drawn({".....", "....."}).seats) {
        seat.number += 1;
        seats.push_back(seat);
    }
    add_area(seats, {.section = "Terrace", .capacity = 3, .price = Money{40}});
    add_area(seats, {.section = "Standing", .capacity = 4, .price = Money{60}});
    return seats;
}

}  // namespace

TEST_CASE("an area's seats stand on no bench, and change nothing of the others") {
    const Seating seating(hall_with_areas());
    const Seating plain(Drawn({".....", "....."}).seats);
    CHECK(seating.size() == 18);
    REQUIRE(seating.benches().size() == plain.benches().size());
    for (SeatSlot slot = 0; slot < plain.size(); ++slot) {
        CHECK(seating.number(slot) == plain.number(slot) + 1);
        CHECK(seating.cost(slot) == plain.cost(slot));
        CHECK(seating.area_of(slot) == nullptr);
    }
    REQUIRE(seating.areas().size() == 2);
    const Seating::Area* standing = seating.find_area("Standing");
    REQUIRE(standing == &seating.areas()[0]);
    CHECK(standing->price == Money{60});
    CHECK(seating.name(*standing) == "Standing");
    std::vector<SeatNumber> numbers;
    for (SeatSlot slot = standing->begin; slot < standing->end; ++slot) {
        CHECK(seating.area_of(slot) == standing);
        numbers.push_back(seating.number(slot));
    }
    CHECK(numbers == std::vector<SeatNumber>{1, 15, 16, 17, 18});
    const Seating::Area* terrace = seating.find_area("Terrace");
    REQUIRE(terrace == &seating.areas()[1]);
    CHECK(terrace->end - terrace->begin == 3);
    CHECK(seating.area_of(terrace->end - 1) == terrace);
    CHECK(seating.find_area("") == nullptr);
    CHECK(seating.find_area("Balcony") == nullptr);
}

TEST_CASE("the best are of an area only where it is named, and then the first that are free") {
    const Seating seating(hall_with_areas());
    SeatSet free(seating.size(), true);
    CHECK_FALSE(choose_best(seating, free, {.count = 11}));
    CHECK(choose_best(seating, free, {.count = 10})->seats.back() == 11);
    CHECK_FALSE(choose_best(seating, free, {.count = 1, .max_price = Money{40}}));
    free.erase(*seating.find(15));
    const auto three = choose_best(seating, free, {.count = 3, .section = "Standing"});
    REQUIRE(three);
    CHECK(three->seats == std::vector<SeatNumber>{1, 16, 17});
    CHECK(three->groups == 1);
    CHECK_FALSE(choose_best(seating, free, {.count = 5, .section = "Standing"}));
    CHECK_FALSE(
        choose_best(seating, free, {.count = 1, .section = "Standing", .max_price = Money{59}}));
    CHECK(choose_best(seating, free, {.count = 4, .section = "Standing", .max_price = Money{60}}));
}

TEST_CASE("a hall of nothing but areas has no benches") {
    std::vector<HallSeat> seats;
    add_area(seats, {.section = "Standing", .capacity = 200, .price = Money{60}});
    const Seating seating(seats);
    CHECK(seating.benches().empty());
    const SeatSet free(seating.size(), true);
    CHECK_FALSE(choose_best(seating, free, {.count = 1}));
    CHECK_FALSE(choose_best(seating, free, {.count = 2}));
    CHECK(choose_best(seating, free, {.count = 100, .section = "Standing"})->seats.back() == 100);
}

TEST_CASE("a set of seats counts those of any part of it") {
    std::mt19937 random(7);
    SeatSet set(300);
    std::vector<bool> model(300);
    for (int i = 0; i < 150; ++i) {
        const auto slot = static_cast<SeatSlot>(random() % 300);
        set.insert(slot);
        model[slot] = true;
    }
    for (SeatSlot from = 0; from <= 300; from += 13) {
        for (SeatSlot end = from; end <= 300; ++end) {
            const auto expected = std::count(model.begin() + from, model.begin() + end, true);
            if (set.count(from, end) != static_cast<std::size_t>(expected)) {
                FAIL("wrong from ", from, " to ", end);
            }
        }
    }
    CHECK(SeatSet(300, true).count(0, 300) == 300);
}

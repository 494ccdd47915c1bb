// Choosing among free seats, and what a choice leaves behind.
#include <algorithm>
#include <bitset>
#include <cmath>
#include <compare>
#include <optional>
#include <utility>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/seating.hpp"

namespace concertres {
namespace {

// Looking for groups that are close together costs, for each place from which it is done, a look at
// every stretch. So many looks take a quarter of a millisecond.
constexpr std::size_t looks_max = 150'000;

// Neighbours that are free and as wanted, as many as there are; and the free seats around, which
// may cost too much.
struct Stretch {
    SeatSlot begin = 0;
    SeatSlot end = 0;
    SeatSlot free_begin = 0;
    SeatSlot free_end = 0;

    [[nodiscard]] std::size_t size() const { return end - begin; }
};

// Some neighbours of a stretch.
struct Window {
    SeatSlot begin = 0;
    SeatSlot end = 0;
};

// How good a choice is: less is better, the first member above all.
struct Rank {
    int orphans = 0;
    std::int64_t cost = 0;
    std::uint32_t plan_position = 0;

    friend auto operator<=>(const Rank&, const Rank&) = default;
};

int orphans_of(const Stretch& stretch, const Window& window) {
    return (window.begin - stretch.free_begin == 1 ? 1 : 0) +
           (stretch.free_end - window.end == 1 ? 1 : 0);
}

// Which section is wanted: any, one by its index, or one that the hall has not.
class WantedSection {
  public:
    WantedSection(const Seating& seating, const BestSeats& wanted) {
        if (!wanted.section) return;
        const auto& all = seating.sections();
        index_ = static_cast<std::size_t>(std::ranges::find(all, *wanted.section) - all.begin());
    }
    [[nodiscard]] bool has(const Seating::Bench& bench) const {
        return !index_ || bench.section == *index_;
    }

  private:
    std::optional<std::size_t> index_;
};

template <class Visit>
void for_each_stretch(const Seating& seating, const SeatSet& free, const Seating::Bench& bench,
                      const std::optional<Money>& max_price, const Visit& visit) {
    const auto suits = [&](SeatSlot slot) { return seating.price(slot).minor <= max_price->minor; };
    for (SeatSlot begin = free.next(bench.begin, bench.end); begin < bench.end;) {
        const SeatSlot end = free.next_absent(begin, bench.end);
        if (!max_price) {
            visit(Stretch{begin, end, begin, end});
        } else {
            for (SeatSlot slot = begin; slot < end; ++slot) {
                if (!suits(slot)) continue;
                const SeatSlot first = slot;
                while (slot < end && suits(slot)) ++slot;
                visit(Stretch{first, slot, begin, end});
            }
        }
        begin = free.next(end, bench.end);
    }
}

// visit(window, rank) for each `count` neighbours of the stretch.
template <class Visit>
void for_each_window(const Seating& seating, const Stretch& stretch, std::size_t count,
                     const Visit& visit) {
    if (stretch.size() < count) return;
    Window window{stretch.begin, stretch.begin + static_cast<SeatSlot>(count)};
    std::int64_t cost = 0;
    for (SeatSlot slot = window.begin; slot < window.end; ++slot) cost += seating.cost(slot);
    for (;; ++window.begin, ++window.end) {
        visit(window, Rank{orphans_of(stretch, window), cost, seating.plan_position(window.begin)});
        if (window.end == stretch.end) return;
        cost += seating.cost(window.end) - seating.cost(window.begin);
    }
}

// `stretches` are all that there are, where there is no such window.
std::optional<Window> best_window(const Seating& seating, const SeatSet& free,
                                  const BestSeats& wanted, std::vector<Stretch>& stretches) {
    const auto count = static_cast<std::size_t>(wanted.count);
    const WantedSection section(seating, wanted);
    std::optional<std::pair<Rank, Window>> best;
    for (const Seating::Bench& bench : seating.benches()) {
        // The benches come by their best seat: from here on all are worse.
        if (best && best->first.orphans == 0 && bench.cost_min * wanted.count > best->first.cost) {
            break;
        }
        if (!section.has(bench)) continue;
        for_each_stretch(seating, free, bench, wanted.max_price, [&](const Stretch& stretch) {
            if (!best) stretches.push_back(stretch);
            for_each_window(seating, stretch, count, [&](const Window& window, const Rank& rank) {
                if (!best || rank < best->first) best.emplace(rank, window);
            });
        });
    }
    return best ? std::optional(best->second) : std::nullopt;
}

// --- Several groups ------------------------------------------------------------------------------

// Splits a party over stretches none of which has room for all of it.
class Splitter {
  public:
    Splitter(const Seating& seating, std::vector<Stretch> stretches, std::size_t count);

    // Nothing where there are not enough seats.
    [[nodiscard]] std::vector<Window> split();

  private:
    struct Gathered {
        std::vector<std::size_t> stretches;  // the first is the one that the others are near to
        std::int64_t spread = 0;
    };
    struct Placed {
        Rank rank;
        std::vector<Window> windows;
    };

    [[nodiscard]] bool count_groups();
    [[nodiscard]] std::size_t length_needed(std::size_t taken, std::size_t groups_left) const;
    [[nodiscard]] Gathered gather_around(std::size_t first);
    [[nodiscard]] std::int64_t distance_squared(std::size_t a, std::size_t b) const;
    [[nodiscard]] Placed place(const std::vector<std::size_t>& chosen) const;

    const Seating& seating_;
    std::vector<Stretch> stretches_;
    std::vector<Seating::Point> middles_;
    std::size_t count_;
    std::size_t groups_ = 0;
    std::vector<std::size_t> of_length_;  // how many stretches of each length are not chosen
    std::vector<bool> is_chosen_;
};

Splitter::Splitter(const Seating& seating, std::vector<Stretch> stretches, std::size_t count)
    : seating_(seating),
      stretches_(std::move(stretches)),
      count_(count),
      of_length_(count),
      is_chosen_(stretches_.size()) {
    middles_.reserve(stretches_.size());
    for (const Stretch& stretch : stretches_) {
        CONCERTRES_ASSERT(stretch.size() < count);
        ++of_length_[stretch.size()];
        const Seating::Point first = seating.point(stretch.begin);
        const Seating::Point last = seating.point(stretch.end - 1);
        middles_.push_back({(first.x + last.x) / 2, (first.y + last.y) / 2});
    }
}

// As few as the longest stretches need.
bool Splitter::count_groups() {
    std::size_t seats = 0;
    for (std::size_t length = count_ - 1; length > 0; --length) {
        for (std::size_t i = 0; i < of_length_[length]; ++i) {
            seats += length;
            ++groups_;
            if (seats >= count_) return true;
        }
    }
    return false;
}

// How long the next stretch must be at least, so that the longest of the others make up the rest.
std::size_t Splitter::length_needed(std::size_t taken, std::size_t groups_left) const {
    std::size_t seats = taken;
    std::size_t left = groups_left;
    // There are more stretches than those others, so it ends.
    for (std::size_t length = count_ - 1;; --length) {
        CONCERTRES_ASSERT(length > 0);
        const std::size_t others = std::min(of_length_[length], left - 1);
        seats += others * length;
        left -= others;
        // One that is as long as the last of those is as good as that one.
        if (left == 1 && of_length_[length] > others) {
            CONCERTRES_ASSERT(seats < count_);  // one group fewer never suffices
            return std::min(length, count_ - seats);
        }
    }
}

std::int64_t Splitter::distance_squared(std::size_t a, std::size_t b) const {
    const std::int64_t x = middles_[a].x - middles_[b].x;
    const std::int64_t y = middles_[a].y - middles_[b].y;
    return x * x + y * y;
}

// The stretches nearest to the first, with which as many groups as must be suffice. Nothing where
// they cannot, with this one.
Splitter::Gathered Splitter::gather_around(std::size_t first) {
    Gathered gathered;
    std::size_t taken = 0;
    const auto choose = [&](std::size_t i) {
        gathered.stretches.push_back(i);
        taken += stretches_[i].size();
        --of_length_[stretches_[i].size()];
        is_chosen_[i] = true;
    };
    if (stretches_[first].size() >= length_needed(0, groups_)) choose(first);
    while (!gathered.stretches.empty() && gathered.stretches.size() < groups_) {
        const std::size_t needed = length_needed(taken, groups_ - gathered.stretches.size());
        std::size_t nearest = stretches_.size();
        std::int64_t least = 0;
        for (std::size_t i = 0; i < stretches_.size(); ++i) {
            if (stretches_[i].size() < needed || is_chosen_[i]) continue;
            const std::int64_t away = distance_squared(first, i);
            if (nearest < stretches_.size() && away >= least) continue;
            nearest = i;
            least = away;
        }
        CONCERTRES_ASSERT(nearest < stretches_.size());
        choose(nearest);
        gathered.spread += std::llround(std::sqrt(static_cast<double>(least)));
    }
    for (const std::size_t i : gathered.stretches) {
        ++of_length_[stretches_[i].size()];
        is_chosen_[i] = false;
    }
    return gathered;
}

// Spreads the party over the stretches: of all sizes of groups that add up, those that leave the
// fewest orphans, and then the best seats.
Splitter::Placed Splitter::place(const std::vector<std::size_t>& chosen) const {
    std::vector<std::optional<Placed>> best(count_ + 1);  // by the seats that are placed
    best[0].emplace();
    for (const std::size_t i : chosen) {
        std::vector<std::optional<Placed>> next(count_ + 1);
        for (std::size_t size = 1; size <= stretches_[i].size(); ++size) {
            std::optional<std::pair<Rank, Window>> here;
            for_each_window(seating_, stretches_[i], size, [&](const Window& window, Rank rank) {
                if (!here || rank < here->first) here.emplace(rank, window);
            });
            for (std::size_t before = 0; before + size <= count_; ++before) {
                if (!best[before]) continue;
                Rank rank = best[before]->rank;
                rank.orphans += here->first.orphans;
                rank.cost += here->first.cost;
                auto& at = next[before + size];
                if (at && at->rank <= rank) continue;
                at.emplace(Placed{rank, best[before]->windows});
                at->windows.push_back(here->second);
            }
        }
        best = std::move(next);
    }
    CONCERTRES_ASSERT(best[count_]);
    return *best[count_];
}

std::vector<Window> Splitter::split() {
    if (!count_groups()) return {};
    CONCERTRES_ASSERT(groups_ >= 2);
    const std::size_t per_place = stretches_.size() * (groups_ - 1);
    const std::size_t places = std::max<std::size_t>(looks_max / per_place, 1);
    std::int64_t spread = 0;
    std::optional<Placed> best;
    std::size_t looked = 0;
    // The stretches come as their benches do, the best first.
    for (std::size_t i = 0; i < stretches_.size() && looked < places; ++i) {
        const Gathered gathered = gather_around(i);
        if (gathered.stretches.empty()) continue;
        ++looked;
        if (best && gathered.spread > spread) continue;
        Placed placed = place(gathered.stretches);
        if (best && gathered.spread == spread && best->rank <= placed.rank) continue;
        spread = gathered.spread;
        best = std::move(placed);
    }
    CONCERTRES_ASSERT(best);
    return best->windows;
}

// --- Orphans -------------------------------------------------------------------------------------

// A bench of which some seats are chosen.
struct Touched {
    std::vector<std::size_t> stretches;  // their lengths, before
    std::vector<SeatNumber> orphans;
    std::size_t seats = 0;   // chosen
    std::size_t groups = 0;  // of them
};

Touched look_at(const Seating& seating, const Seating::Bench& bench, const SeatSet& free,
                const SeatSet& chosen) {
    Touched touched;
    // Neither is asked about the seat before the first.
    const auto is_left = [&](SeatSlot slot) {
        return slot < bench.end && free.contains(slot) && !chosen.contains(slot);
    };
    const auto is_chosen = [&](SeatSlot slot) { return slot < bench.end && chosen.contains(slot); };
    std::size_t length = 0;
    for (SeatSlot slot = bench.begin; slot < bench.end; ++slot) {
        const bool was_free = free.contains(slot) || chosen.contains(slot);
        if (was_free) ++length;
        if ((!was_free || slot + 1 == bench.end) && length > 0) {
            touched.stretches.push_back(std::exchange(length, 0));
        }
        if (is_chosen(slot)) {
            ++touched.seats;
            if (slot == bench.begin || !is_chosen(slot - 1)) ++touched.groups;
        } else if (is_left(slot)) {
            const bool first = slot == bench.begin;
            const bool alone = (first || !is_left(slot - 1)) && !is_left(slot + 1);
            const bool beside = (!first && is_chosen(slot - 1)) || is_chosen(slot + 1);
            if (alone && beside) touched.orphans.push_back(seating.number(slot));
        }
    }
    return touched;
}

// Whether as many seats, in no more groups, could be had without an orphan. Of each stretch one
// group is taken, from its end (two would leave more behind): all of it, or all but two or more.
bool could_leave_none(const Touched& touched) {
    using Sums = std::bitset<orphan_bench_max + 1>;
    std::vector<Sums> within(touched.groups + 1);  // by the groups: what they may come to
    within[0].set(0);
    for (const std::size_t length : touched.stretches) {
        for (std::size_t groups = touched.groups; groups > 0; --groups) {
            Sums sums;
            for (std::size_t size = 1; size <= std::min(length, touched.seats); ++size) {
                if (length - size != 1) sums |= within[groups - 1] << size;
            }
            within[groups] |= sums;
        }
    }
    return std::ranges::any_of(within, [&](const Sums& sums) { return sums.test(touched.seats); });
}

// --- Areas ---------------------------------------------------------------------------------------

std::optional<SeatChoice> choose_in(const Seating& seating, const Seating::Area& area,
                                    const SeatSet& free, const BestSeats& wanted) {
    if (wanted.max_price && area.price.minor > wanted.max_price->minor) return std::nullopt;
    SeatChoice choice;
    SeatSlot slot = area.begin;
    for (std::int32_t i = 0; i < wanted.count; ++i, ++slot) {
        slot = free.next(slot, area.end);
        if (slot == area.end) return std::nullopt;
        choice.seats.push_back(seating.number(slot));
    }
    return choice;
}

}  // namespace

std::optional<SeatChoice> choose_best(const Seating& seating, const SeatSet& free,
                                      const BestSeats& wanted) {
    CONCERTRES_ASSERT(free.size() == seating.size());
    CONCERTRES_ASSERT(wanted.count >= 1 && wanted.count <= best_count_max);
    if (wanted.section) {
        if (const auto* area = seating.find_area(*wanted.section)) {
            return choose_in(seating, *area, free, wanted);
        }
    }
    std::vector<Window> windows;
    std::vector<Stretch> stretches;
    if (const auto window = best_window(seating, free, wanted, stretches)) {
        windows.push_back(*window);
    } else if (wanted.count > 1) {
        const auto count = static_cast<std::size_t>(wanted.count);
        windows = Splitter(seating, std::move(stretches), count).split();
    }
    if (windows.empty()) return std::nullopt;
    SeatChoice choice{.seats = {}, .groups = static_cast<std::int32_t>(windows.size())};
    for (const Window& window : windows) {
        for (SeatSlot slot = window.begin; slot < window.end; ++slot) {
            choice.seats.push_back(seating.number(slot));
        }
    }
    std::ranges::sort(choice.seats);
    return choice;
}

std::vector<SeatNumber> avoidable_orphans(const Seating& seating, const SeatSet& free,
                                          std::span<const SeatNumber> seats) {
    SeatSet chosen(seating.size());
    std::vector<SeatSlot> benches;  // where each begins
    for (const SeatNumber number : seats) {
        const std::optional<SeatSlot> slot = seating.find(number);
        CONCERTRES_ASSERT(slot);
        chosen.insert(*slot);
        benches.push_back(seating.bench_of(*slot).begin);
    }
    std::ranges::sort(benches);
    const auto twice = std::ranges::unique(benches);
    benches.erase(twice.begin(), twice.end());
    std::vector<SeatNumber> orphans;
    for (const SeatSlot begin : benches) {
        const Seating::Bench& bench = seating.bench_of(begin);
        if (bench.size() > orphan_bench_max) continue;
        const Touched touched = look_at(seating, bench, free, chosen);
        if (touched.orphans.empty() || !could_leave_none(touched)) continue;
        orphans.insert(orphans.end(), touched.orphans.begin(), touched.orphans.end());
    }
    std::ranges::sort(orphans);
    return orphans;
}

}  // namespace concertres

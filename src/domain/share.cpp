// How admissions are shared among the classes of a room.
//
// A class's lag is how many admissions it is behind its share, below 0: ahead of it. With each
// admission every class that has people who wait gains its share of one, weight / total weight, and
// whoever is admitted costs its class one. Only a class that is behind with this admission counted
// may have it, and of those the one that would fall a whole person behind first. That is scheduling
// by earliest deadlines among those that are released: it keeps every lag within one person, which
// always taking the smallest finish time, as plain fair queueing does, would not (S. K. Baruah et
// al.: Proportionate Progress, 1996). All of it is whole numbers, so it is exact, on any machine.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/assert.hpp"
#include "domain/varint.hpp"

namespace concertres {
namespace {

// A lag is written in parts of 1 / (total weight * fineness), so that a share of one is a whole
// number, and that little is lost where the total changes.
constexpr std::int64_t fineness = std::int64_t{1} << 20;
constexpr std::int64_t total_max =
    RoomClass::weight_max * static_cast<std::int64_t>(RoomClass::count_max);
// No lag comes near this many people; it keeps a state that is damaged from overflowing.
constexpr std::int64_t people_max = 64;

// The first byte says what the others are; stored, so it never changes.
constexpr char state_tag = 'S';

struct Lags {
    std::int64_t total = 1;  // weight, that the parts refer to
    std::vector<std::int64_t> parts{};
};

std::uint64_t folded(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unfolded(std::int64_t value) { return (value >> 1) ^ -(value & 1); }

std::string written(const Lags& lags) {
    std::string out(1, state_tag);
    put_varint(out, static_cast<std::uint64_t>(lags.total));
    for (const std::int64_t part : lags.parts) put_varint(out, folded(part));
    return out;
}

// What cannot be read begins anew: the shares are off by a few people then, and no limit is passed.
Lags read_lags(std::string_view state, std::size_t classes) {
    Lags fresh{.total = 1, .parts = std::vector<std::int64_t>(classes)};
    if (state.empty() || state.front() != state_tag) return fresh;
    state.remove_prefix(1);
    Lags lags;
    if (!take_varint(state, lags.total) || lags.total < 1 || lags.total > total_max) return fresh;
    const std::int64_t bound = people_max * lags.total * fineness;
    while (!state.empty()) {
        std::int64_t part = 0;
        if (!take_varint(state, part)) return fresh;
        lags.parts.push_back(std::clamp(unfolded(part), -bound, bound));
    }
    lags.parts.resize(classes);
    return lags;
}

class Sharing {
  public:
    Sharing(std::span<const ClassDemand> classes, std::string_view state, std::int64_t common)
        : classes_(classes),
          lags_(read_lags(state, classes.size())),
          admitted_(classes.size()),
          common_(common) {
        follow_changes();
    }

    // False: nobody is left, or it is the turn of one who was not looked at.
    bool admit_next() {
        if (waiting_ == 0) return false;
        const std::size_t next = next_class();
        if (is_out(next)) return false;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (takes_part(i)) lags_.parts[i] += share(i);
        }
        lags_.parts[next] -= one();
        ++admitted_[next];
        const bool is_last_in_common = is_past_own(next) && --common_ == 0;
        if (is_last_in_common || !takes_part(next)) follow_changes();
        return true;
    }

    [[nodiscard]] ClassShares result() && {
        return {.admitted = std::move(admitted_), .state = written(lags_)};
    }

  private:
    [[nodiscard]] bool is_out(std::size_t i) const { return admitted_[i] == classes_[i].waiting; }
    // Its last admission was beyond its own seats.
    [[nodiscard]] bool is_past_own(std::size_t i) const {
        return admitted_[i] > classes_[i].own_seats;
    }
    [[nodiscard]] bool has_seat(std::size_t i) const {
        return common_ > 0 || admitted_[i] < classes_[i].own_seats;
    }
    [[nodiscard]] bool takes_part(std::size_t i) const {
        return has_seat(i) && (!is_out(i) || classes_[i].has_more);
    }
    // Of one admission, in parts.
    [[nodiscard]] std::int64_t share(std::size_t i) const { return classes_[i].weight * fineness; }
    [[nodiscard]] std::int64_t one() const { return lags_.total * fineness; }

    // Where it is for others to share, everybody is as many people behind or ahead as before.
    void follow_changes() {
        std::int64_t total = 0;
        waiting_ = 0;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (!takes_part(i)) continue;
            total += classes_[i].weight;
            ++waiting_;
        }
        total = std::max<std::int64_t>(total, 1);
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            lags_.parts[i] = takes_part(i) ? lags_.parts[i] * total / lags_.total : 0;
        }
        lags_.total = total;
    }

    std::size_t next_class() {
        const auto is_behind = [&](std::size_t i) { return lags_.parts[i] + share(i) > 0; };
        std::optional<std::size_t> next = earliest(is_behind);
        if (next) return *next;
        // One that was behind has left, so all others are ahead: time goes on until one is not.
        std::int64_t turns = INT64_MAX;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (takes_part(i)) turns = std::min(turns, -lags_.parts[i] / share(i));
        }
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (takes_part(i)) lags_.parts[i] += turns * share(i);
        }
        next = earliest(is_behind);
        CONCERTRES_ASSERT(next.has_value());
        return *next;
    }

    // The class that falls a person behind first: after (one - lag) / share admissions.
    template <class Released>
    [[nodiscard]] std::optional<std::size_t> earliest(const Released& is_released) const {
        std::optional<std::size_t> first;
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            if (!takes_part(i) || !is_released(i)) continue;
            const bool is_earlier =
                !first || (one() - lags_.parts[i]) * classes_[*first].weight <
                              (one() - lags_.parts[*first]) * classes_[i].weight;
            if (is_earlier) first = i;
        }
        return first;
    }

    std::span<const ClassDemand> classes_;
    Lags lags_;
    std::vector<std::int64_t> admitted_;
    std::int64_t common_;      // seats that are left to all
    std::size_t waiting_ = 0;  // classes that take part
};

}  // namespace

ClassShares share_out(std::int64_t total, std::span<const ClassDemand> classes,
                      std::string_view state, std::int64_t common) {
    CONCERTRES_ASSERT(std::ranges::all_of(classes, [](const ClassDemand& each) {
        return each.weight >= 1 && each.weight <= RoomClass::weight_max && each.waiting >= 0;
    }));
    // One class alone has all of it, and nothing to remember.
    if (classes.size() == 1) {
        const std::int64_t own = classes.front().own_seats;
        const std::int64_t seats = common < INT64_MAX - own ? own + common : INT64_MAX;
        const std::int64_t admitted =
            std::clamp<std::int64_t>(std::min(total, seats), 0, classes.front().waiting);
        return {.admitted = {admitted}, .state = {}};
    }
    if (total <= 0) {
        return {.admitted = std::vector<std::int64_t>(classes.size()), .state = std::string(state)};
    }
    Sharing sharing(classes, state, common);
    while (total > 0 && sharing.admit_next()) --total;
    return std::move(sharing).result();
}

}  // namespace concertres

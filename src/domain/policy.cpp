#include "domain/policy.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/bytes.hpp"
#include "concertres/admission.hpp"
#include "domain/closed_loop.hpp"
#include "domain/varint.hpp"

namespace concertres {
namespace {

// --- What is stored of it all --------------------------------------------------------------------
//
//   state    := settings | sections              the room's policy_state; empty at first
//   sections := 'A' text(settings) text(custom)  a room with a policy of the host's as well
//   settings := record | 'S' text(record) text(loop)
//   record   := 'W' (time since the last, count)*
//   loop     := 'L' limit(8) moved_at(8)         closed_loop.hpp; only while a room has one
//
// The tags are stored and never change; text() is a length and bytes. A change of settings keeps
// the record whatever else comes or goes.
constexpr char record_tag = 'W';
constexpr char settings_tag = 'S';
constexpr char sections_tag = 'A';

// --- The record of admissions --------------------------------------------------------------------
//
// When how many were admitted. It never forgets an admission, so that it has an answer whatever
// window an operator sets next. To stay small it merges neighbours, and counts those at the later
// time of the two: merging can delay an admission, and never lets one through. Within the window it
// is exact while that has no more than `exact_max` times in it.

struct Admissions {
    Time at;
    std::int64_t count = 0;
};
using Record = std::vector<Admissions>;  // by time

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t exact_max = 1'024;

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? any_number : sum;
}

std::string write_record(const Record& record) {
    std::string out(1, record_tag);
    Time before{};
    for (const auto& [at, count] : record) {
        put_varint(out, static_cast<std::uint64_t>((at - before).count()));
        put_varint(out, static_cast<std::uint64_t>(count));
        before = at;
    }
    return out;
}

std::optional<Record> read_record(std::string_view bytes) {
    Record record;
    if (bytes.empty()) return record;
    if (bytes.front() != record_tag) return std::nullopt;
    bytes.remove_prefix(1);
    std::int64_t at = 0;
    while (!bytes.empty()) {
        std::int64_t since = 0;
        std::int64_t count = 0;
        if (!take_varint(bytes, since) || !take_varint(bytes, count)) return std::nullopt;
        if (__builtin_add_overflow(at, since, &at)) return std::nullopt;
        record.push_back({Time(Duration(at)), count});
    }
    return record;
}

// --- Sections: what several policies remember together -------------------------------------------

bool is_sections(std::string_view state) { return !state.empty() && state.front() == sections_tag; }

// A state that is of one policy alone is the first's.
std::vector<std::string_view> sections_of(std::string_view state) {
    if (!is_sections(state)) return {state};
    std::vector<std::string_view> sections;
    ByteReader in(state.substr(1));
    std::string_view section;
    while (in.text(section)) sections.push_back(section);
    if (!in.at_end() || sections.empty()) {
        throw std::invalid_argument("the state of a room's admission policies cannot be read");
    }
    return sections;
}

std::string joined(const std::vector<std::string>& sections) {
    std::string out(1, sections_tag);
    for (const std::string& section : sections) ByteWriter(out).text(section);
    return out;
}

// What a room's settings remember. Lifetime: looks into the bytes.
struct Settings {
    std::string_view record;
    std::string_view loop;
};

Settings settings_in(std::string_view state) {
    if (state.empty() || state.front() != settings_tag) return {.record = state, .loop = {}};
    ByteReader in(state.substr(1));
    Settings settings;
    if (in.text(settings.record) && in.text(settings.loop) && in.at_end()) return settings;
    throw std::invalid_argument("what a room's settings remember cannot be read");
}

std::string joined(std::string record, std::string_view loop) {
    if (loop.empty()) return record;
    std::string out(1, settings_tag);
    ByteWriter(out).text(record).text(loop);
    return out;
}

// Of the first section, where there are several.
Settings find_settings(std::string_view state) {
    while (is_sections(state)) state = sections_of(state).front();
    return settings_in(state);
}

std::optional<Record> find_record(std::string_view state) {
    try {
        return read_record(find_settings(state).record);
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

// --- Keeping the record small --------------------------------------------------------------------

// Admissions that are in one cell are merged. A cell is a stretch of time that begins at a multiple
// of its size, so that what is merged stays in its cell however often that is done.
bool in_one_cell(Time a, Time b, std::int64_t size) {
    return a.time_since_epoch().count() / size == b.time_since_epoch().count() / size;
}

// Beyond the window: about a second, or a quarter of the age where that is more; a power of two, so
// that a cell lies within the one that it becomes part of with age. Four or five cells for each
// doubling of the age: about sixty for a day.
std::int64_t cell_by_age(Duration age) {
    constexpr std::int64_t size_min = std::int64_t{1} << 20;
    const auto quarter = static_cast<std::uint64_t>(std::max(age.count(), std::int64_t{0})) / 4;
    return std::max(size_min, static_cast<std::int64_t>(std::bit_floor(quarter)));
}

// `cell(at)` is the size of the cells there.
template <class Cell>
Record merged(const Record& record, Cell&& cell) {
    Record out;
    for (const Admissions& next : record) {
        if (!out.empty() && in_one_cell(out.back().at, next.at, cell(next.at))) {
            out.back() = {next.at, saturating_add(out.back().count, next.count)};
        } else {
            out.push_back(next);
        }
    }
    return out;
}

Record compacted(const Record& record, Duration window, Time now) {
    const Time begin = now - window;
    Record out = merged(
        record, [&](Time at) { return at <= begin ? cell_by_age(now - at) : std::int64_t{1}; });
    const auto within =
        std::count_if(out.begin(), out.end(), [&](const Admissions& a) { return a.at > begin; });
    if (static_cast<std::size_t>(within) <= exact_max) return out;
    const std::int64_t size =
        std::max(std::int64_t{1}, window.count() / static_cast<std::int64_t>(exact_max / 2));
    return merged(out, [&](Time at) { return at <= begin ? cell_by_age(now - at) : size; });
}

// --- The policies --------------------------------------------------------------------------------

std::int64_t active_quota(std::int64_t active_max, const RoomSnapshot& room) {
    return std::max<std::int64_t>(0, active_max - room.admitted);
}

// A seat for everybody who is let in: one that is free now, and that none of those who are in and
// hold nothing yet may be about to take.
std::int64_t seats_quota(const RoomSnapshot& room) {
    return std::max<std::int64_t>(0, room.seats_free - room.seats_sought);
}

// Throws where the record cannot be read: what is not known cannot be counted, and admitting nobody
// without a word would leave the operator guessing.
std::int64_t window_quota(const AdmissionWindow& window, std::string_view state, Time now) {
    const std::optional<Record> record = find_record(state);
    if (!record) throw std::invalid_argument("a room's record of admissions cannot be read");
    std::int64_t within = 0;
    for (const auto& [at, count] : *record) {
        if (at > now - window.length) within = saturating_add(within, count);
    }
    return std::max<std::int64_t>(0, window.admit_max - within);
}

std::string record_admitted(std::string_view state, std::int64_t admitted, Duration window,
                            Time now) {
    if (admitted <= 0) return std::string(state);
    Record record = find_record(state).value_or(Record{{now, any_number}});
    // Store time does not go back; if a host's did, the admissions would count from the later time.
    const Time at = record.empty() ? now : std::max(now, record.back().at);
    record.push_back({at, admitted});
    return write_record(compacted(record, window, now));
}

class AtMostActive final : public AdmissionPolicy {
  public:
    explicit AtMostActive(std::int64_t active_max) : active_max_(active_max) {}

    std::int64_t quota(const RoomSnapshot& room, std::string_view, Time) const override {
        return active_quota(active_max_, room);
    }
    std::string record(std::string_view state, std::int64_t, Time) const override {
        return std::string(state);
    }

  private:
    std::int64_t active_max_;
};

class AtMostPerWindow final : public AdmissionPolicy {
  public:
    explicit AtMostPerWindow(AdmissionWindow window) : window_(window) {}

    std::int64_t quota(const RoomSnapshot&, std::string_view state, Time now) const override {
        return window_quota(window_, state, now);
    }
    std::string record(std::string_view state, std::int64_t admitted, Time now) const override {
        return record_admitted(state, admitted, window_.length, now);
    }

  private:
    AdmissionWindow window_;
};

// One policy for all settings, rather than a composition of those that are set, so that its state
// is the same record whatever is set. It records without a window too: the next one begins with
// what was admitted before it.
class RoomSettings final : public AdmissionPolicy {
  public:
    explicit RoomSettings(const RoomPolicy& room)
        : active_max_(room.active_max),
          window_(room.window),
          loop_(room.closed_loop),
          waiting_list_(room.waiting_list) {}

    std::int64_t quota(const RoomSnapshot& room, std::string_view state, Time now) const override {
        std::int64_t least = unlimited;
        if (active_max_) least = std::min(least, active_quota(*active_max_, room));
        if (window_) least = std::min(least, window_quota(*window_, state, now));
        if (waiting_list_) least = std::min(least, seats_quota(room));
        if (!loop_) return least;
        return std::min(least, loop_quota(*loop_, room, find_settings(state).loop, now));
    }
    std::string record(std::string_view state, std::int64_t admitted, Time now) const override {
        if (admitted <= 0) return std::string(state);
        const Settings settings = find_settings(state);
        const Duration window = window_ ? window_->length : Duration(0);
        return joined(record_admitted(settings.record, admitted, window, now), settings.loop);
    }
    std::string observe(const RoomSnapshot& room, std::string_view state, std::int64_t admitted,
                        Time now) const override {
        if (!loop_) return std::string(state);
        const Settings settings = find_settings(state);
        return joined(std::string(settings.record),
                      loop_observed(*loop_, room, settings.loop, admitted, now));
    }

  private:
    std::optional<std::int64_t> active_max_;
    std::optional<AdmissionWindow> window_;
    std::optional<ClosedLoop> loop_;
    bool waiting_list_;
};

class AllOf final : public AdmissionPolicy {
  public:
    explicit AllOf(std::vector<std::shared_ptr<const AdmissionPolicy>> policies)
        : policies_(std::move(policies)) {}

    std::int64_t quota(const RoomSnapshot& room, std::string_view state, Time now) const override {
        const std::vector<std::string_view> sections = sections_of(state);
        std::int64_t least = unlimited;
        for (std::size_t i = 0; i < policies_.size(); ++i) {
            least = std::min(least, policies_[i]->quota(room, section(sections, i), now));
        }
        return std::max<std::int64_t>(0, least);
    }

    std::string record(std::string_view state, std::int64_t admitted, Time now) const override {
        return each(state, [&](const AdmissionPolicy& policy, std::string_view own) {
            return policy.record(own, admitted, now);
        });
    }
    std::string observe(const RoomSnapshot& room, std::string_view state, std::int64_t admitted,
                        Time now) const override {
        return each(state, [&](const AdmissionPolicy& policy, std::string_view own) {
            return policy.observe(room, own, admitted, now);
        });
    }

  private:
    // Each policy's next state, from its own.
    template <class Next>
    std::string each(std::string_view state, Next&& next) const {
        const std::vector<std::string_view> sections = sections_of(state);
        std::vector<std::string> made;
        made.reserve(policies_.size());
        for (std::size_t i = 0; i < policies_.size(); ++i) {
            made.push_back(next(*policies_[i], section(sections, i)));
        }
        const bool is_empty = std::all_of(made.begin(), made.end(),
                                          [](const std::string& bytes) { return bytes.empty(); });
        return is_empty ? std::string() : joined(made);
    }
    static std::string_view section(const std::vector<std::string_view>& sections, std::size_t i) {
        return i < sections.size() ? sections[i] : std::string_view();
    }

    std::vector<std::shared_ptr<const AdmissionPolicy>> policies_;
};

// What the settings go on with: the record, and a loop only where there still is one.
std::string carried_settings(std::string_view state, const std::optional<ClosedLoop>& loop,
                             Time now) {
    Settings settings;
    const bool is_read = find_record(state).has_value();
    if (is_read) settings = settings_in(state);
    std::string record =
        is_read ? std::string(settings.record) : write_record(Record{{now, any_number}});
    if (!loop || !read_loop(settings.loop)) return record;
    return joined(std::move(record), write_loop(loop_at(*loop, settings.loop, 0, now)));
}

}  // namespace

std::string AdmissionPolicy::observe(const RoomSnapshot&, std::string_view state, std::int64_t,
                                     Time) const {
    return std::string(state);
}

std::string carried_over(std::string_view state, bool same_custom, Time now,
                         const std::optional<ClosedLoop>& loop) {
    std::vector<std::string> sections;
    try {
        for (const std::string_view section : sections_of(state)) sections.emplace_back(section);
    } catch (const std::invalid_argument&) {
        return write_record(Record{{now, any_number}});
    }
    sections.front() = carried_settings(sections.front(), loop, now);
    if (same_custom && is_sections(state)) return joined(sections);
    return sections.front();
}

std::shared_ptr<const AdmissionPolicy> at_most_active(std::int64_t active_max) {
    return std::make_shared<AtMostActive>(active_max);
}

std::shared_ptr<const AdmissionPolicy> at_most_per_window(AdmissionWindow window) {
    CONCERTRES_ASSERT(window.length > Duration(0));
    return std::make_shared<AtMostPerWindow>(window);
}

std::shared_ptr<const AdmissionPolicy> all_of(
    std::vector<std::shared_ptr<const AdmissionPolicy>> policies) {
    CONCERTRES_ASSERT(std::none_of(policies.begin(), policies.end(),
                                   [](const auto& policy) { return policy == nullptr; }));
    return std::make_shared<AllOf>(std::move(policies));
}

std::optional<std::int64_t> stored_limit(std::string_view state) {
    try {
        const auto loop = read_loop(find_settings(state).loop);
        return loop ? std::optional(loop->limit) : std::nullopt;
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

std::optional<std::int64_t> loop_limit(const Sale& sale, std::int64_t admitted) {
    if (!sale.room || !sale.room->closed_loop) return std::nullopt;
    const ClosedLoop& loop = *sale.room->closed_loop;
    return std::clamp(stored_limit(sale.policy_state).value_or(admitted), loop.floor, loop.ceiling);
}

std::shared_ptr<const AdmissionPolicy> policy_of(const RoomPolicy& room) {
    return std::make_shared<RoomSettings>(room);
}

}  // namespace concertres

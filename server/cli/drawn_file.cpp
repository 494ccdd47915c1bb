#include "cli/drawn_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <vector>

#include "base/hex.hpp"
#include "base/json_reader.hpp"

namespace concertres::server {

namespace {

// For each admission: an object and two values.
constexpr JsonLimits limits{.values_max = 60'000'000};
constexpr std::size_t admissions_max = 16'000'000;

Error fault_of(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

void read_bytes(ObjectReader& in, std::string_view name, std::span<std::uint8_t> out,
                Faults& faults) {
    const auto text = in.text(name);
    if (text && !from_hex(*text, out)) {
        faults.add(in.path(name), "malformed",
                   fmt::format("must be {} hexadecimal digits", 2 * out.size()));
    }
}

void read_time(ObjectReader& in, std::string_view name, Time& out, Faults& faults) {
    const auto text = in.text(name);
    const auto time = text ? parse_rfc3339(*text) : std::nullopt;
    if (text && !time) faults.add(in.path(name), "malformed", "must be an RFC 3339 time");
    if (time) out = time->time;
}

void read_passed(ObjectReader& in, Admission& admission, Faults& faults) {
    const auto text = in.text("passed_at", {}, Need::optional);
    if (!text) return;
    const auto time = parse_rfc3339(*text);
    if (!time) return faults.add(in.path("passed_at"), "malformed", "must be an RFC 3339 time");
    admission.passed_at = time->time;
}

void read_admissions(ObjectReader& in, std::vector<Admission>& out, Faults& faults) {
    const auto* list = in.array("admissions", {.min = 0, .max = admissions_max});
    if (list == nullptr) return;
    out.reserve(list->size());
    const JsonPath path = in.path("admissions");
    for (std::size_t i = 0; i < list->size(); ++i) {
        ObjectReader entry((*list)[i], path.index(i), faults);
        Admission admission;
        // Any number is read: that it is none of the draw's is what verify() finds.
        admission.number = {
            entry.integer("number", {.min = INT64_MIN, .max = INT64_MAX}).value_or(0)};
        read_time(entry, "at", admission.at, faults);
        admission.by_hand = entry.boolean("by_hand", Need::optional).value_or(false);
        read_passed(entry, admission, faults);
        out.push_back(admission);
    }
}

void read_lines(ObjectReader& in, std::vector<DrawnLine>& out, Faults& faults) {
    const auto* list = in.array("lines", {.min = 1, .max = RoomClass::count_max});
    if (list == nullptr) return;
    const JsonPath path = in.path("lines");
    for (std::size_t i = 0; i < list->size(); ++i) {
        ObjectReader entry((*list)[i], path.index(i), faults);
        const auto name = entry.text("class");
        const auto line_class =
            entry.integer("class_number", {.min = 0, .max = PlaceNumber::classes_max - 1});
        const auto epoch = entry.integer("epoch", {.min = 0, .max = PlaceNumber::epochs_max - 1});
        const auto size = entry.integer("size", {.min = 0, .max = Draw::size_max - 1});
        if (!name || !line_class || !epoch || !size) continue;
        if (!out.empty() && *line_class <= out.back().drawn.line_class) {
            faults.add(entry.path("class_number"), "duplicate", "must be above the one before it");
        }
        out.push_back({.name = std::string(*name),
                       .drawn = {.line_class = static_cast<LineClass>(*line_class),
                                 .epoch = *epoch,
                                 .size = *size}});
    }
}

// What stands beside the lines for readers that know of one line only must say the same.
void check_first(ObjectReader& in, const std::vector<DrawnLine>& lines, Faults& faults) {
    const auto epoch = in.integer("epoch", {.min = 0, .max = INT64_MAX});
    const auto size = in.integer("size", {.min = 0, .max = INT64_MAX});
    if (!epoch || !size || lines.empty()) return;
    const Drawn& first = lines.front().drawn;
    if (*epoch != first.epoch) {
        faults.add(in.path("epoch"), "malformed", "must be that of the first of the lines");
    }
    if (*size != first.size) {
        faults.add(in.path("size"), "malformed", "must be that of the first of the lines");
    }
}

// Collects what is right and wrong, and counts what is not kept.
class Verifier {
  public:
    Verifier(const DrawnFile& file, Verified& out) : file_(&file), out_(&out) {
        for (const DrawnLine& line : file.lines) lines_.emplace_back(file.seed, line);
    }

    void check_seed(const std::optional<DrawCommitment>& published) {
        const DrawCommitment made = commitment_of(file_->seed);
        if (made != file_->commitment) {
            wrong(
                "the seed {} is not the one that was committed to: its SHA-256 is {}, the "
                "commitment {}",
                to_hex(file_->seed), to_hex(made), to_hex(file_->commitment));
        } else {
            good("the commitment {} is the SHA-256 of the seed", to_hex(made));
        }
        if (!published) return;
        if (*published != file_->commitment) {
            wrong("the commitment {} is not the one that was published, {}",
                  to_hex(file_->commitment), to_hex(*published));
        } else {
            good("it is the commitment that was published");
        }
    }

    void check_order() {
        Time last = file_->drawn_at;
        for (std::size_t i = 0; i < file_->admissions.size(); ++i) {
            const Admission& admission = file_->admissions[i];
            const auto [number, at] = std::pair(admission.number, admission.at);
            if (at < last) {
                wrong("place {} was let in at {}, before what comes before it in the file",
                      number.value, to_rfc3339(at));
            }
            last = std::max(last, at);
            const auto line = std::ranges::find_if(
                lines_, [&](const Followed& each) { return each.line->drawn.covers(number); });
            if (line == lines_.end()) {
                wrong("place {} is none of the {} that were drawn", number.value, file_->size());
            } else if (!seen_.emplace(number.value, i).second) {
                wrong("place {} was let in twice", number.value);
            } else {
                follow(*line, admission);
            }
        }
        if (!out_->wrong.empty()) return;
        for (const Followed& line : lines_) tell_good(line);
    }

  private:
    // How far the admissions of one line have come.
    struct Followed {
        Followed(const DrawSeed& seed, const DrawnLine& drawn)
            : line(&drawn), order(seed, drawn.drawn) {}

        const DrawnLine* line;
        Draw order;
        std::int64_t furthest = -1;
        Time furthest_at{};
        std::int64_t number_there = 0;
        std::int64_t admitted = 0;
        std::vector<std::int64_t> by_hand;  // the ranks of others
        std::vector<std::int64_t> came_back;
    };

    void follow(Followed& line, const Admission& admission) {
        const PlaceNumber number = admission.number;
        const std::int64_t rank = line.order.rank_of(number.sequence());
        if (admission.by_hand) return line.by_hand.push_back(rank);
        if (rank < line.furthest && admission.passed_at &&
            *admission.passed_at <= line.furthest_at) {
            return line.came_back.push_back(rank);
        }
        if (rank < line.furthest) {
            wrong("place {}, drawn as number {}, was let in after place {}, drawn as number {}",
                  number.value, rank + 1, line.number_there, line.furthest + 1);
            return;
        }
        ++line.admitted;
        line.furthest = rank;
        line.furthest_at = admission.at;
        line.number_there = number.value;
    }

    void tell_good(const Followed& line) {
        const std::string of =
            lines_.size() > 1 ? fmt::format("class {}: ", line.line->name) : std::string();
        const auto by_hand = static_cast<std::int64_t>(line.by_hand.size());
        if (by_hand == 0) {
            good("{}{} of {} places were let in, all of them in the order of the draw", of,
                 line.admitted, line.line->drawn.size);
        } else {
            good(
                "{}{} of {} places were let in, {} of them by an operator's hand, all others in "
                "the order of the draw",
                of, line.admitted + by_hand, line.line->drawn.size, by_hand);
        }
        const auto within = std::ranges::count_if(
            line.by_hand, [&](std::int64_t rank) { return rank < line.furthest; });
        const auto came_back = static_cast<std::int64_t>(line.came_back.size());
        if (came_back > 0) {
            good("{}{} others were not there when their turn came, and were let in later", of,
                 came_back);
        }
        const auto passed_over = line.furthest + 1 - line.admitted - within - came_back;
        if (passed_over > 0) {
            good(
                "{}{} places before the last of these were passed over: they had left the line, or "
                "nobody was there",
                of, passed_over);
        }
    }

    template <class... Parts>
    void wrong(fmt::format_string<Parts...> format, Parts&&... parts) {
        if (out_->wrong.size() == Verified::kept_max) {
            ++out_->wrong_more;
            return;
        }
        out_->wrong.push_back(fmt::format(format, std::forward<Parts>(parts)...));
    }
    template <class... Parts>
    void good(fmt::format_string<Parts...> format, Parts&&... parts) {
        out_->good.push_back(fmt::format(format, std::forward<Parts>(parts)...));
    }

    const DrawnFile* file_;
    Verified* out_;
    std::vector<Followed> lines_;
    boost::unordered_flat_map<std::int64_t, std::size_t> seen_;
    std::vector<std::int64_t> by_hand_;  // their ranks
};

}  // namespace

const DrawnLine* DrawnFile::line_of(LineClass line_class) const {
    for (const DrawnLine& line : lines) {
        if (line.drawn.line_class == line_class) return &line;
    }
    return nullptr;
}

std::int64_t DrawnFile::size() const {
    std::int64_t sum = 0;
    for (const DrawnLine& line : lines) sum += line.drawn.size;
    return sum;
}

Result<DrawnFile> read_drawn_file(std::string_view text) {
    Faults faults;
    const auto document = parse_json(text, faults, limits);
    if (!document) return faults.to_error("the file");
    ObjectReader in(*document, {}, faults);
    DrawnFile file;
    file.concert = in.text("concert_id").value_or("");
    const auto algorithm = in.text("algorithm");
    const auto drawn = in.boolean("drawn");
    read_bytes(in, "commitment", file.commitment, faults);
    if (faults.empty() && *algorithm != draw_algorithm) {
        return fault_of(fmt::format("it was drawn with {}, and this program knows {}",
                                    in_quotes(*algorithm), draw_algorithm));
    }
    if (faults.empty() && !*drawn) {
        return fault_of("the line had not been drawn when this was written: export it again");
    }
    read_bytes(in, "seed", file.seed, faults);
    read_time(in, "drawn_at", file.drawn_at, faults);
    read_lines(in, file.lines, faults);
    check_first(in, file.lines, faults);
    read_admissions(in, file.admissions, faults);
    if (!faults.empty()) return faults.to_error("the file");
    return file;
}

Verified verify(const DrawnFile& file, const std::optional<DrawCommitment>& published) {
    Verified verified;
    Verifier verifier(file, verified);
    verifier.check_seed(published);
    verifier.check_order();
    return verified;
}

}  // namespace concertres::server

#include "cli/drawn_file.hpp"

#include <fmt/format.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <span>

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
        out.push_back(admission);
    }
}

// Collects what is right and wrong, and counts what is not kept.
class Verifier {
  public:
    Verifier(const DrawnFile& file, Verified& out)
        : file_(&file), out_(&out), order_(file.seed, file.drawn.size) {}

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
        std::int64_t furthest = -1;
        std::int64_t number_there = 0;
        Time last = file_->drawn.at;
        for (std::size_t i = 0; i < file_->admissions.size(); ++i) {
            const auto& [number, at] = file_->admissions[i];
            if (at < last) {
                wrong("place {} was let in at {}, before what comes before it in the file",
                      number.value, to_rfc3339(at));
            }
            last = std::max(last, at);
            if (!file_->drawn.covers(number)) {
                wrong("place {} is none of the {} that were drawn", number.value,
                      file_->drawn.size);
                continue;
            }
            if (!seen_.emplace(number.value, i).second) {
                wrong("place {} was let in twice", number.value);
                continue;
            }
            const std::int64_t rank = order_.rank_of(number.sequence());
            if (rank < furthest) {
                wrong("place {}, drawn as number {}, was let in after place {}, drawn as number {}",
                      number.value, rank + 1, number_there, furthest + 1);
                continue;
            }
            furthest = rank;
            number_there = number.value;
        }
        if (!out_->wrong.empty()) return;
        good("{} of {} places were let in, all of them in the order of the draw", seen_.size(),
             file_->drawn.size);
        const auto passed_over = furthest + 1 - static_cast<std::int64_t>(seen_.size());
        if (passed_over > 0) {
            good("{} places before the last of these were passed over: they had left the line",
                 passed_over);
        }
    }

  private:
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
    Draw order_;
    boost::unordered_flat_map<std::int64_t, std::size_t> seen_;
};

}  // namespace

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
                                    quoted(*algorithm), draw_algorithm));
    }
    if (faults.empty() && !*drawn) {
        return fault_of("the line had not been drawn when this was written: export it again");
    }
    read_bytes(in, "seed", file.seed, faults);
    file.drawn.epoch = in.integer("epoch", {.min = 0, .max = (1 << 20)}).value_or(0);
    file.drawn.size = in.integer("size", {.min = 0, .max = Draw::size_max}).value_or(0);
    read_time(in, "drawn_at", file.drawn.at, faults);
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

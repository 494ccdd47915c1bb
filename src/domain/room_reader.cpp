#include "domain/room_reader.hpp"

namespace concertres {
namespace {

// Ten years, as check(RoomPolicy) has it.
constexpr IntegerBounds duration_ms{.min = 1, .max = std::int64_t{3'650} * 24 * 60 * 60 * 1'000};

// What no single field shows.
void check_whole(const ClosedLoop& loop, const ObjectReader& from, Faults& faults) {
    if (loop.ceiling < loop.floor) {
        faults.add(from.path("ceiling"), "out_of_range", "must not be below floor");
    }
    const bool watches =
        from.has("load_max") || from.has("commit_ms_max") || from.has("seats_per_pass_min");
    if (!watches) {
        faults.add(from.path(), "missing",
                   "must have load_max, commit_ms_max or seats_per_pass_min: what the loop is to "
                   "keep");
    }
}

}  // namespace

std::optional<Duration> read_ms(ObjectReader& from, std::string_view key, Need need) {
    const auto ms = from.integer(key, duration_ms, need);
    if (!ms) return std::nullopt;
    return std::chrono::milliseconds(*ms);
}

std::optional<AdmissionWindow> read_window(const boost::json::value& value, const JsonPath& path,
                                           Faults& faults) {
    static constexpr std::string_view known[] = {"admit_max", "window_ms"};
    ObjectReader window(value, path, faults, known);
    const auto admit_max = window.integer("admit_max");
    const auto length = read_ms(window, "window_ms", Need::required);
    if (!admit_max || !length) return std::nullopt;
    return AdmissionWindow{*admit_max, *length};
}

std::optional<NoShows> read_no_shows(const boost::json::value& value, const JsonPath& path,
                                     Faults& faults) {
    static constexpr std::string_view known[] = {"silent_ms", "grace_ms"};
    const std::size_t before = faults.count();
    ObjectReader from(value, path, faults, known);
    NoShows rule;
    rule.silent_after = read_ms(from, "silent_ms", Need::required).value_or(Duration{0});
    rule.grace = read_ms(from, "grace_ms", Need::required).value_or(Duration{0});
    if (faults.count() != before) return std::nullopt;
    if (rule.silent_after < NoShows::silent_after_min) {
        faults.add(from.path("silent_ms"), "out_of_range",
                   "must be at least 90000: whoever asks again after poll_after_ms, which may be "
                   "over a minute, must not count as absent");
    }
    if (rule.grace < NoShows::grace_min) {
        faults.add(from.path("grace_ms"), "out_of_range", "must be at least 1000");
    }
    if (faults.count() != before) return std::nullopt;
    return rule;
}

std::optional<ClosedLoop> read_closed_loop(const boost::json::value& value, const JsonPath& path,
                                           Faults& faults) {
    static constexpr std::string_view known[] = {"floor",         "ceiling",           "add",
                                                 "cut",           "every_ms",          "load_max",
                                                 "commit_ms_max", "seats_per_pass_min"};
    const std::size_t before = faults.count();
    ObjectReader from(value, path, faults, known);
    ClosedLoop loop;
    loop.floor = from.integer("floor").value_or(0);
    loop.ceiling = from.integer("ceiling").value_or(0);
    loop.add = from.integer("add", {}, Need::optional).value_or(loop.add);
    loop.cut = from.integer("cut", {.min = 1, .max = 99}, Need::optional).value_or(loop.cut);
    loop.every = read_ms(from, "every_ms", Need::optional).value_or(loop.every);
    // Below a thousandth nobody ever is; far above 1 it would not be reached.
    loop.load_max = from.number("load_max", {.min = 0.001, .max = 1'000}, Need::optional);
    loop.commit_max = read_ms(from, "commit_ms_max", Need::optional);
    loop.seats_per_pass_min = from.integer("seats_per_pass_min", {}, Need::optional);
    if (faults.count() == before) check_whole(loop, from, faults);
    if (faults.count() != before) return std::nullopt;
    return loop;
}

}  // namespace concertres

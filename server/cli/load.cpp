#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"
#include "config/secrets.hpp"
#include "load/report.hpp"
#include "load/run.hpp"

namespace concertres::server {

namespace {

load::Plan plan_of(const LoadArguments& arguments) {
    auto profile = load::load_profile(arguments.profile);
    if (!profile) throw Failure{profile.error().detail, exit_code::usage};
    if (!arguments.scenario.empty()) {
        const auto scenario = load::scenario_of(arguments.scenario);
        if (!scenario) {
            throw Failure{fmt::format("flag --scenario: must be one of {}, not {}",
                                      load::scenario_list(), arguments.scenario),
                          exit_code::usage};
        }
        profile->scenario = *scenario;
    }
    profile->stages = profile->stages.scaled(arguments.time_scale);
    if (arguments.think) profile->think = *arguments.think;
    load::Plan plan{.target = arguments.target,
                    .concert = arguments.concert,
                    .timeout = arguments.timeout,
                    .profile = std::move(*profile)};
    if (!arguments.api_key.empty()) {
        const auto key = read_secret_file(arguments.api_key);
        if (!key) throw Failure{key.error().detail, exit_code::config};
        plan.api_key = *key;
    }
    return plan;
}

// What cannot be written is better known before the run than after it.
std::ofstream open_report(const std::filesystem::path& file) {
    std::ofstream out(file, std::ios::binary);
    if (!out) throw Failure{fmt::format("{} cannot be written", file.string())};
    return out;
}

void write_report(std::ofstream out, const std::filesystem::path& file, const std::string& text) {
    out << text;
    out.close();
    if (!out) throw Failure{fmt::format("{} cannot be written", file.string())};
}

// One line on a terminal that is written over.
class Progress {
  public:
    explicit Progress(const load::Profile& profile)
        : profile_(profile), is_shown_(::isatty(STDERR_FILENO) != 0) {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void tell(const load::Record& record, load::Nanoseconds at) {
        if (!is_shown_ || record.points().empty()) return;
        const load::Point& last = record.points().back();
        const load::Tally all = record.all();
        const double per_second = static_cast<double>(last.counts[0]) /
                                  std::chrono::duration<double>(record.interval()).count();
        fmt::print(stderr, "\r\033[K{} of {}: {} at it{}, {:.0f} good/s, p95 {:.1f} ms, {} errors",
                   load::shown_length(at), load::shown_length(profile_.stages.length()), last.users,
                   last.waiting ? fmt::format(", {} in the line", *last.waiting) : "", per_second,
                   static_cast<double>(last.p95.count()) / 1'000,
                   all.count(load::Verdict::shed) + all.count(load::Verdict::failed));
        std::fflush(stderr);
    }
    void clear() const {
        if (is_shown_) fmt::print(stderr, "\r\033[K");
    }

  private:
    const load::Profile& profile_;
    bool is_shown_;
};

int put_under_load(const LoadArguments& arguments) {
    const load::Plan plan = plan_of(arguments);
    std::ofstream json;
    std::ofstream html;
    if (!arguments.json.empty()) json = open_report(arguments.json);
    if (!arguments.html.empty()) html = open_report(arguments.html);

    load::Run run(plan);
    run.prepare();
    const auto started = std::chrono::system_clock::now();
    Progress progress(plan.profile);
    const load::Record record = run.go(
        [&](const load::Record& so_far, load::Nanoseconds at) { progress.tell(so_far, at); });
    progress.clear();

    const load::Finished finished{.plan = plan,
                                  .record = record,
                                  .concert = run.concert(),
                                  .started = started,
                                  .prepared_requests = run.prepared_requests(),
                                  .interrupted = run.interrupted()};
    fmt::print("{}", load::text_report(finished));
    if (json.is_open()) write_report(std::move(json), arguments.json, load::json_report(finished));
    if (html.is_open()) write_report(std::move(html), arguments.html, load::html_report(finished));
    return load::all_met(finished) ? exit_code::good : exit_code::missed;
}

}  // namespace

int run(const LoadArguments& arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    return guarded([&] {
        try {
            return put_under_load(arguments);
        } catch (const load::LoadError& failure) {
            const bool is_gone = failure.kind() == load::LoadError::Kind::unreachable;
            throw Failure{failure.what(), is_gone ? exit_code::unavailable : exit_code::refused};
        }
    });
}

}  // namespace concertres::server

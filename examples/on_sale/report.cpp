#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "text.hpp"

namespace on_sale {

using namespace concertres;

namespace {

std::string line(const Style& style, std::string_view name, const std::string& value) {
    return fmt::format("  {} {}\n", style.dim(fmt::format("{:<16}", name)), value);
}

std::string_view meaning(Errc code) {
    switch (code) {
        case Errc::seat_held:
            return "somebody else was faster";
        case Errc::seat_sold:
            return "and has paid";
        case Errc::reservation_expired:
            return "forgot to pay in time";
        case Errc::pass_expired:
            return "stayed too long";
        case Errc::insufficient_balance:
            return "paid before charging";
        case Errc::sold_out:
            return "came too late";
        case Errc::overloaded:
            return "too much at once; tried again";
        case Errc::request_timeout:
            return "waited too long; tried again";
        case Errc::hold_limit:
            return "wanted more than one may have";
        case Errc::storage_full:
            return "the disk is full; tried again";
        default:
            return "";
    }
}

std::string times(const Style& style, std::string_view name, std::vector<Duration>& of) {
    if (of.empty()) return "";
    return line(style, name,
                fmt::format("{:>9} {:>11} {:>11} {:>11}", in_milliseconds(quantile(of, 0.5)),
                            in_milliseconds(quantile(of, 0.99)), in_milliseconds(quantile(of, 1)),
                            grouped(static_cast<std::int64_t>(of.size()))));
}

std::string refusals(const Style& style, const Tally& tally) {
    if (tally.refusals.empty()) return "";
    std::vector<std::pair<Errc, std::int64_t>> codes(tally.refusals.begin(), tally.refusals.end());
    std::ranges::stable_sort(codes, std::greater{}, &std::pair<Errc, std::int64_t>::second);
    std::string text = "\n";
    std::string_view name = "refused";
    for (const auto& [code, number] : codes) {
        text += line(style, name,
                     fmt::format("{:>9}  {:<22} {}", grouped(number), code_name(code),
                                 style.dim(meaning(code))));
        name = "";
    }
    return text;
}

}  // namespace

std::string opening(const Style& style, const Sale& sale, const ConcertView& concert,
                    const Flags& flags) {
    const std::string dates =
        concert.performances.size() == 1
            ? ""
            : fmt::format(" on {} dates", grouped(std::ssize(concert.performances)));
    std::string text = fmt::format(
        "\n  {}\n  {}{}; {} at a time on {}; {} may be inside\n  {}\n", style.bold(concert.title),
        counted(concert.seats.total(), "seat", "seats"), dates,
        counted(flags.buyers, "buyer", "buyers"), counted(flags.threads, "thread", "threads"),
        grouped(flags.active_max), style.dim(sale.file().string()));
    if (sale.is_continued()) {
        text += fmt::format("  {}: {} sold, {} held, {} in line, {} inside\n",
                            style.yellow("continues where it stopped"), grouped(concert.seats.sold),
                            grouped(concert.seats.held), grouped(concert.waiting),
                            grouped(concert.admitted));
    }
    return text + '\n';
}

std::string summary(const Style& style, Outcome outcome) {
    const auto& [concert, statistics, elapsed, tally] = outcome;
    auto per_second = [took = elapsed](std::int64_t number) {
        const double seconds = std::max(std::chrono::duration<double>(took).count(), 0.001);
        return grouped(static_cast<std::int64_t>(static_cast<double>(number) / seconds));
    };
    const auto groups = static_cast<double>(std::max<std::int64_t>(statistics.groups, 1));
    std::string text = "\n";
    text += line(style, "seats",
                 fmt::format("{} of {} sold", grouped(concert.seats.sold),
                             grouped(concert.seats.total() - concert.seats.blocked)));
    text +=
        line(style, "buyers",
             fmt::format(
                 "{} came{}, {} bought, {} stood in line", grouped(tally.came),
                 tally.came_back > 0 ? fmt::format(", {} came back", grouped(tally.came_back)) : "",
                 grouped(tally.bought), grouped(concert.waiting)));
    text += line(
        style, "second thoughts",
        fmt::format("{} left the line, {} released their seats, {} forgot them",
                    grouped(tally.left_line), grouped(tally.gave_back), grouped(tally.let_go)));
    text += line(
        style, "double clicks",
        fmt::format("{} sent twice and made once", counted(tally.replayed, "payment", "payments")));
    text += line(style, "commands",
                 fmt::format("{} in {}, {}/s", grouped(statistics.commands), in_seconds(elapsed),
                             per_second(statistics.commands)));
    text += line(style, "questions",
                 fmt::format("{} about places, dates and seats, {}/s", grouped(tally.questions),
                             per_second(tally.questions)));
    text += line(style, "commits",
                 fmt::format("{}, {:.1f} commands in one on average", grouped(statistics.groups),
                             static_cast<double>(statistics.grouped) / groups));
    text += line(style, "longest wait", fmt::format("{} in line", in_seconds(tally.longest_wait)));

    text += '\n' + line(style, "answered in",
                        style.dim(fmt::format("{:>9} {:>11} {:>11} {:>11}", "p50", "p99", "longest",
                                              "times")));
    text += times(style, "hold", outcome.tally.holds);
    text += times(style, "pay", outcome.tally.payments);
    return text + refusals(style, tally);
}

std::string verdict(const Style& style, const AuditReport& report, Duration took) {
    std::string text = "\n";
    text += line(style, "takings",
                 fmt::format("{} won in {}", grouped(report.takings.minor),
                             counted(report.payments, "payment", "payments")));
    if (report.clean()) {
        text += line(style, "audit",
                     fmt::format("{}, in {}", style.green("clean"), in_milliseconds(took)));
        return text + line(style, "checked",
                           fmt::format("{} seats, {} reservations, {} transfers, {} events",
                                       grouped(report.seats.total()), grouped(report.reservations),
                                       grouped(report.transfers), grouped(report.events)));
    }
    text += line(style, "audit", style.red(counted(report.findings_total, "finding", "findings")));
    const std::size_t shown = std::min<std::size_t>(report.findings.size(), 20);
    for (std::size_t i = 0; i < shown; ++i) {
        text += fmt::format("    {} {}\n", report.findings[i].rule, report.findings[i].what);
    }
    return text;
}

}  // namespace on_sale

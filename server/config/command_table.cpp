#include "config/command_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/settings_text.hpp"

namespace concertres::server {
namespace {

// Of all commands that need a store, after what is their own.
std::string with_common_codes(std::string_view own) {
    return std::string(own) +
           "  64  the command line is wrong\n"
           "  69  the store or the server cannot be reached: another program has the folder\n"
           "      open, nobody answers, or the key is wrong\n"
           "  70  storage failed\n";
}

// Where the sale is, which all commands but serve are told in the same way.
std::vector<FlagSpec> with_store(
    std::vector<FlagSpec> flags,
    std::string store_help =
        "The PostgreSQL database of a sale, whether or not servers run on it: "
        "postgres://USER@HOST/DATABASE, with ?passfile=FILE for its "
        "password.") {
    flags.push_back(
        {.name = "data", .hint = "DIR", .help = "The folder of a sale that no server has open."});
    flags.push_back({.name = "store", .hint = "URI", .help = std::move(store_help)});
    flags.push_back({.name = "server",
                     .hint = "URL",
                     .help = "A running server, by its admin-listen: http://127.0.0.1:8081."});
    flags.push_back({.name = "admin-key",
                     .hint = "FILE",
                     .help = "The file with that server's admin key, where it has one."});
    flags.push_back({.name = "help", .help = "This text."});
    return flags;
}

CommandSpec serve_command() {
    return {.name = "serve",
            .arguments = "[--data DIR | --store URI] [--demo] [option...]",
            .summary = "serves a sale over HTTP",
            .text = {},
            .flags = {},
            .exit_codes = {},
            .example = {}};
}

CommandSpec import_command() {
    return {.name = "import",
            .arguments = "FILE (--data DIR | --store URI | --server URL) [option...]",
            .summary = "adds a concert from a file",
            .text =
                "Adds a concert with its dates and seats from a file: the project's own JSON, or "
                "a seating plan as the pretix editor exports it. A plan has neither dates nor "
                "prices; they are given here. What is given here beats the file.",
            .flags = with_store({
                {.name = "title", .hint = "TITLE", .help = "What the concert is called."},
                {.name = "date",
                 .hint = "RFC3339",
                 .help = "A performance, with the offset of the place where it is: "
                         "2026-12-24T19:00:00+09:00. May be given more than once.",
                 .repeatable = true},
                {.name = "price",
                 .hint = "CATEGORY=AMOUNT",
                 .help = "The price of a category of seats in minor units of the currency. May be "
                         "given more than once.",
                 .repeatable = true},
                {.name = "active-max",
                 .hint = "N",
                 .help = "Puts a waiting room in front, which lets at most N in at once."},
                {.name = "per-window",
                 .hint = "R/MS",
                 .help = "Puts a waiting room in front, which admits at most R in any MS "
                         "milliseconds."},
                {.name = "opens-at",
                 .hint = "RFC3339",
                 .help = "When the sale opens; without it, at once."},
                {.name = "draw",
                 .help = "Puts a waiting room in front, which draws the order of those who are "
                         "there when the sale opens; goes with --opens-at."},
                {.name = "waiting-list",
                 .help = "Puts a waiting room in front, where people may wait on while it is sold "
                         "out, for seats that come back."},
                {.name = "class",
                 .hint = "NAME=WEIGHT",
                 .help = "Puts a waiting room in front, with a class of its own for some, like "
                         "fan_club=3, which is let in by that weight. Given once for each class; "
                         "the first is everybody's who is in no other.",
                 .repeatable = true},
            }),
            .exit_codes = with_common_codes(
                "  0   the concert was added; its id and those of its dates are printed\n"
                "  1   it was not; the message says why\n"),
            .example =
                "  concertres import hall.json --server http://127.0.0.1:8081 \\\n"
                "      --title 'Winter Songs' --date 2026-12-24T19:00:00+09:00 \\\n"
                "      --price Stalls=90000 --price Gallery=50000 --active-max 300\n"};
}

CommandSpec audit_command() {
    return {.name = "audit",
            .arguments = "(--data DIR | --store URI | --server URL) [option...]",
            .summary = "checks that a sale keeps what was promised",
            .text =
                "Reads the whole store and checks every invariant that it can show: no seat "
                "sold twice, no money made or lost, no event missing. A running server "
                "checks a copy, and goes on selling meanwhile.",
            .flags = with_store({}),
            .exit_codes = with_common_codes("  0   all is well\n"
                                            "  1   something is wrong; each finding is a line\n"),
            .example = "  concertres audit --data /var/lib/concertres\n"};
}

std::vector<FlagSpec> relay_flags() {
    std::vector<FlagSpec> flags;
    for (const std::string_view name : relay_settings()) {
        flags.push_back(flag_of(*find_setting(name)));
    }
    flags.push_back({.name = "from",
                     .hint = "TIME",
                     .help = "Since when it is passed on again: RFC 3339, or beginning. A sink "
                             "that was disabled goes on."});
    flags.push_back({.name = "enable", .help = "A sink that was disabled goes on where it was."});
    flags.push_back({.name = "sink",
                     .hint = "kafka|webhook",
                     .help =
                         "Which sink --from and --enable are for; without it the one of --kafka "
                         "or --webhook, or else the only one that the store knows."});
    return with_store(std::move(flags));
}

CommandSpec relay_command() {
    return {.name = "relay",
            .arguments =
                "--store URI (--kafka BROKERS | --webhook URL --webhook-secrets FILE)\n"
                "       concertres relay (--from TIME | --enable) [--sink kafka|webhook]\n"
                "                        (--store URI | --data DIR)",
            .summary = "passes a sale's events on to Kafka or a webhook",
            .text =
                "Passes on what is committed, until it is ended: at least once, and in order for "
                "each performance, wallet and room. Any number of them share the work, servers "
                "with the same settings among them. A sale in a folder is passed on by its own "
                "server. With --from nothing is passed on: it sees to it that what has happened "
                "since then will be once more. With --enable neither: a sink that was disabled "
                "after too many failures will go on.",
            .flags = relay_flags(),
            .exit_codes =
                with_common_codes("  0   it was ended, or what was asked for was done\n"
                                  "  1   it was not; the message says why\n"
                                  "  78  the properties, or the file of the secrets, are wrong\n"),
            .example =
                "  concertres relay --store postgres://sale@db.example/tickets \\\n"
                "      --kafka kafka-1:9092,kafka-2:9092\n"
                "  concertres relay --store postgres://sale@db.example/tickets \\\n"
                "      --webhook https://shop.example/events \\\n"
                "      --webhook-secrets /etc/concertres/webhook-secrets\n"};
}

CommandSpec explain_command() {
    return {
        .name = "explain",
        .arguments = "ID [--seat N | --place N] (--data DIR | --store URI | --server URL)",
        .summary = "tells all that happened to one thing",
        .text =
            "Prints how a thing stands and every event of it, oldest first, with its cause. The id "
            "is the UUID of a concert, performance, reservation, payment, transfer or user; with "
            "--seat that of a performance, with --place that of a concert.",
        .flags = with_store({
            {.name = "seat", .hint = "N", .help = "A seat of the performance, by its number."},
            {.name = "place", .hint = "N", .help = "A place in the concert's line, by its number."},
            {.name = "json", .help = "Prints JSON, as the server gives it."},
        }),
        .exit_codes = with_common_codes("  0   it was told\n"
                                        "  1   there is nothing of that id\n"),
        .example =
            "  concertres explain 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91 --seat 7 \\\n"
            "      --server http://127.0.0.1:8081 --admin-key admin-key\n"};
}

CommandSpec backup_command() {
    return {.name = "backup",
            .arguments = "FILE (--data DIR | --server URL) [option...]",
            .summary = "copies a sale to a file, while it goes on",
            .text =
                "Writes a copy of the store as it stands at one moment. FILE must not exist. A "
                "running server writes it itself, so FILE is a path of its machine; a bare name "
                "stands beside the store.",
            .flags = with_store({}, "Not for this command: pg_dump copies a sale in PostgreSQL."),
            .exit_codes = with_common_codes("  0   the copy is whole and on disk\n"
                                            "  1   there is no copy; the message says why\n"),
            .example = "  concertres backup sale.db --server http://127.0.0.1:8081\n"};
}

CommandSpec draw_command() {
    return {
        .name = "draw",
        .arguments = "verify FILE | export ID FILE (--data DIR | --store URI | --server URL)",
        .summary = "checks the order of a line that was drawn, or writes it to a file",
        .text =
            "`export` writes the draw of a concert's waiting room to FILE, which must not exist: "
            "the hash that was published, the seed, and who of those drawn was let in when, by "
            "number. `verify` reads nothing but such a file, and checks that the seed is the one "
            "of the hash and that everybody was let in in the order that follows from it.",
        .flags = with_store({
            {.name = "commitment",
             .hint = "HEX",
             .help = "verify: the hash as it was published before the sale opened; the file's must "
                     "be the same."},
            {.name = "place",
             .hint = "N",
             .help = "verify: tells as which of all the place with this number was drawn."},
        }),
        .exit_codes =
            with_common_codes("  0   the draw verifies, or it was written\n"
                              "  1   it does not, or it was not; the message says what is wrong\n"),
        .example =
            "  concertres draw export 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91 draw.json \\\n"
            "      --server http://127.0.0.1:8081\n"
            "  concertres draw verify draw.json --place 7\n"};
}

CommandSpec ticket_command() {
    return {
        .name = "ticket",
        .arguments = "verify [TICKET | -] (--keys FILE | --server URL) [option...]",
        .summary = "checks a ticket, as the door does",
        .text =
            "Says what a ticket is good for, or what is wrong with it. TICKET is the text of its "
            "QR code; without it, or with -, it is read from standard input. With --keys nothing "
            "is asked of anybody: a copy is then as good as the original, and a refund is not "
            "seen. With --server it is also asked whether the payment still stands.",
        .flags = {{.name = "keys",
                   .hint = "FILE",
                   .help = "The public keys, as GET /v1/ticket-keys of the server gives them."},
                  {.name = "server",
                   .hint = "URL",
                   .help = "A running server, by its admin-listen: http://127.0.0.1:8081."},
                  {.name = "admin-key",
                   .hint = "FILE",
                   .help = "The file with that server's admin key, where it has one."},
                  {.name = "help", .help = "This text."}},
        .exit_codes =
            "  0   the ticket is good\n"
            "  1   it is not: malformed, of another kind, by an unknown key, altered or refunded\n"
            "  64  the command line is wrong\n"
            "  69  the server cannot be reached, or its key is wrong\n"
            "  78  the keys cannot be read\n",
        .example =
            "  concertres ticket verify AQIAAAAB... --keys keys.json\n"
            "  concertres ticket verify --server http://127.0.0.1:8081 < scanned\n"};
}

CommandSpec doctor_command() {
    return {.name = "doctor",
            .arguments = "[what serve is given]",
            .summary = "looks whether a server would run well here",
            .text =
                "Takes the options, the environment and the configuration file of `serve`, and "
                "looks at what a server would need with them: the settings and key files, the "
                "folder or the database of the sale, the line in Redis, the clock, the addresses, "
                "and the limits of "
                "the system. Prints a line for each: ok, warning or PROBLEM, with what to do. "
                "Changes nothing, also not a sale that a server has open.",
            .flags = {{.name = "help", .help = "This text; `serve --help` has the other options."}},
            .exit_codes =
                "  0   there is no problem; there may be warnings\n"
                "  1   there is at least one problem\n"
                "  64  the command line is wrong\n",
            .example = "  concertres doctor --config /etc/concertres/concertres.toml\n"};
}

CommandSpec load_command() {
    return {
        .name = "load",
        .arguments = "PROFILE [option...]",
        .summary = "puts a server under load, and measures",
        .text =
            "Makes many people buy from a running server, and tells how many of their requests "
            "were answered how, and how fast: from when each was to start, so that waiting for a "
            "slow server counts. PROFILE is smoke (a few people, 3 s), stages (up to 150, 7 "
            "minutes), peak (up to 1,000, 11 minutes) or a file that ends in .toml; docs/load.md "
            "says what is in it. Load is for servers of your own: all of this is real, holds and "
            "payments too. Ctrl-C ends it early, with a report.",
        .flags = {{.name = "target",
                   .hint = "URL",
                   .help = "Where the server listens for buyers; http://127.0.0.1:8080 without "
                           "it."},
                  {.name = "scenario",
                   .hint = "NAME",
                   .help = "What people do, in place of what the profile says: token, poll, dates, "
                           "seats, reservation, payment or sale."},
                  {.name = "concert",
                   .hint = "ID",
                   .help = "Which concert; without it the first whose sale is open."},
                  {.name = "api-key",
                   .hint = "FILE",
                   .help = "The file with the server's api-key, where it has one."},
                  {.name = "time-scale",
                   .hint = "X",
                   .help = "Makes each stage X times as long: 0.1 for a tenth."},
                  {.name = "think-ms",
                   .hint = "MS",
                   .help = "How long people think between two requests, in place of what the "
                           "profile says."},
                  {.name = "timeout-ms",
                   .hint = "MS",
                   .help = "How long an answer is waited for; 30000 without it."},
                  {.name = "json", .hint = "FILE", .help = "Writes the report as JSON."},
                  {.name = "html",
                   .hint = "FILE",
                   .help = "Writes the report as a page with charts, which needs no network."},
                  {.name = "help", .help = "This text."}},
        .exit_codes =
            "  0   every threshold of the profile was met\n"
            "  1   there was no run, or no report; the message says why\n"
            "  64  the command line or the profile is wrong\n"
            "  69  the server cannot be reached\n"
            "  78  the key cannot be used\n"
            "  99  a threshold was missed\n",
        .example =
            "  concertres load smoke\n"
            "  concertres load peak --time-scale 0.1 --scenario reservation --html peak.html\n"};
}

}  // namespace

std::span<const CommandSpec> all_commands() {
    static const CommandSpec commands[] = {
        serve_command(),
        import_command(),
        audit_command(),
        relay_command(),
        explain_command(),
        backup_command(),
        draw_command(),
        ticket_command(),
        doctor_command(),
        load_command(),
        {.name = "version",
         .arguments = "",
         .summary = "prints the version",
         .text = "Prints the version of the program.",
         .flags = {{.name = "help", .help = "This text."}},
         .exit_codes = "  0   always\n",
         .example = "  concertres version\n"},
        {.name = "help",
         .arguments = "[COMMAND]",
         .summary = "prints this text, or what there is to say of a command",
         .text = "Prints which commands there are, or the help of one.",
         .flags = {{.name = "help", .help = "This text."}},
         .exit_codes = "  0   it was printed\n"
                       "  64  there is no such command\n",
         .example = "  concertres help import\n"},
    };
    return commands;
}

const CommandSpec* find_command(std::string_view name) {
    const auto all = all_commands();
    auto found = std::find_if(all.begin(), all.end(),
                              [name](const CommandSpec& command) { return command.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string program_help() {
    std::string text =
        "usage: concertres COMMAND [argument...]\n"
        "\n"
        "A box office for concert on-sales: waiting room, seats, wallet and payment.\n"
        "\n";
    for (const CommandSpec& command : all_commands()) {
        text += fmt::format("  {:<9}{}\n", command.name, command.summary);
    }
    return text +
           "\n"
           "concertres COMMAND --help says more of each.\n"
           "\n"
           "Exit codes: 0 done, 1 not done, 64 wrong command line; others stand with the command.\n"
           "\n"
           "Example:\n"
           "  concertres serve --demo\n";
}

std::string command_help(const CommandSpec& command) {
    if (command.name == "serve") return serve_help();
    std::string usage = fmt::format("usage: concertres {}", command.name);
    if (!command.arguments.empty()) usage += fmt::format(" {}", command.arguments);
    return fmt::format("{}\n\n{}\nOptions:\n{}\nExit codes:\n{}\nExample:\n{}", usage,
                       wrapped(command.text, 0), describe_flags(command.flags), command.exit_codes,
                       command.example);
}

}  // namespace concertres::server

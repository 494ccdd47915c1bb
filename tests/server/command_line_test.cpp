#include "config/command_line.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "concertres/version.hpp"
#include "config/command_table.hpp"
#include "config/exit_codes.hpp"
#include "config/suggestion.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::server;
using concertres::test::TempDir;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

constexpr const char* some_id = "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91";

// What the words of a line ask for.
template <class Arguments>
Arguments parsed(const Words& words) {
    Command command = parse_command_line(words, {});
    if (const Say* say = std::get_if<Say>(&command)) MESSAGE(say->err);
    REQUIRE(std::holds_alternative<Arguments>(command));
    return std::get<Arguments>(std::move(command));
}

// The faults of a line that is wrong, without what each begins with.
Words faults(const Words& words) {
    const Command command = parse_command_line(words, {});
    REQUIRE(std::holds_alternative<Say>(command));
    const Say& say = std::get<Say>(command);
    CHECK(say.exit_code == exit_code::usage);
    CHECK(say.out.empty());
    const std::string begin = "concertres " + words.front();
    Words texts;
    std::istringstream lines(say.err);
    for (std::string line; std::getline(lines, line);) {
        if (line == begin + " --help says what it takes.") return texts;
        REQUIRE(line.starts_with(begin + ": "));
        texts.push_back(line.substr(begin.size() + 2));
    }
    FAIL("no word of help");
    return texts;
}

Say said(const Words& words, const Environment& environment = {}) {
    return std::get<Say>(parse_command_line(words, environment));
}

std::string write(const TempDir& dir, const char* name, std::string_view text) {
    const auto path = dir.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path.string();
}

}  // namespace

TEST_CASE("import takes a file, a store and what the file does not say") {
    const auto arguments = parsed<ImportArguments>(
        {"import", "hall.json", "--data", "/srv/sale", "--title", "Winter Songs", "--date",
         "2026-12-24T19:00:00+09:00", "--date=2026-12-25T19:00:00+09:00", "--price", "Stalls=90000",
         "--price", "A=B=0", "--active-max", "300", "--per-window", "50/60000", "--opens-at",
         "2026-12-01T00:00:00Z"});
    CHECK(arguments.file == "hall.json");
    CHECK(arguments.data == "/srv/sale");
    CHECK(arguments.server.empty());
    CHECK(arguments.title == "Winter Songs");
    REQUIRE(arguments.dates.size() == 2);
    CHECK(arguments.dates[0] == *parse_rfc3339("2026-12-24T19:00:00+09:00"));
    CHECK(arguments.prices ==
          std::map<std::string, Money>{{"Stalls", Money{90'000}}, {"A=B", Money{0}}});
    CHECK(arguments.active_max == 300);
    CHECK(arguments.per_window == AdmissionWindow{.admit_max = 50, .length = 60s});
    CHECK(arguments.opens_at == parse_rfc3339("2026-12-01T00:00:00Z")->time);

    const ImportOptions options = arguments.options();
    CHECK(options.title == arguments.title);
    CHECK(options.dates == arguments.dates);
    CHECK(options.prices == arguments.prices);
    CHECK(options.opens_at == arguments.opens_at);
    REQUIRE(options.room);
    CHECK(*options.room == RoomPolicy{.active_max = 300, .window = arguments.per_window});
}

TEST_CASE("import makes no room where none was asked for") {
    const auto arguments = parsed<ImportArguments>({"import", "--data=sale", "hall.json"});
    CHECK(!arguments.options().room);
    CHECK(!arguments.options().opens_at);
    CHECK(arguments.options().title.empty());
    CHECK(parsed<ImportArguments>({"import", "f", "--data=d", "--active-max=1"}).options().room);
}

TEST_CASE("import sets a draw where one was asked for") {
    const auto arguments = parsed<ImportArguments>(
        {"import", "f", "--data=d", "--draw", "--opens-at=2026-12-01T00:00:00Z"});
    CHECK(arguments.options().room == RoomPolicy{.draw = true});
}

TEST_CASE("import sets a waiting list where one was asked for") {
    const auto arguments = parsed<ImportArguments>({"import", "f", "--data=d", "--waiting-list"});
    CHECK(arguments.options().room == RoomPolicy{.waiting_list = true});
}

TEST_CASE("import sets the classes of a room in the order in which they were given") {
    const auto arguments = parsed<ImportArguments>(
        {"import", "f", "--data=d", "--class=general=1", "--class", "fan_club=1000"});
    CHECK(arguments.options().room == RoomPolicy{.classes = {{"general", 1}, {"fan_club", 1'000}}});
    CHECK(faults({"import", "f", "--data=d", "--class=fans", "--class==1", "--class=a=0",
                  "--class=a=1001", "--class=a=x"}) ==
          Words{"flag --class: must be NAME=WEIGHT, like fan_club=3, not \"fans\"",
                "flag --class: must be NAME=WEIGHT, like fan_club=3, not \"=1\"",
                "flag --class: must be NAME=WEIGHT, like fan_club=3, not \"a=0\"",
                "flag --class: must be NAME=WEIGHT, like fan_club=3, not \"a=1001\"",
                "flag --class: must be NAME=WEIGHT, like fan_club=3, not \"a=x\""});
}

TEST_CASE("draw verifies a file, or exports a concert's to one") {
    const auto verify = parsed<DrawArguments>({"draw", "verify", "draw.json"});
    CHECK(verify.action == DrawArguments::Action::verify);
    CHECK(verify.file == "draw.json");
    CHECK_FALSE(verify.commitment);
    CHECK_FALSE(verify.place);
    const auto more = parsed<DrawArguments>(
        {"draw", "verify", "draw.json", "--place=7", "--commitment", std::string(62, '0') + "fF"});
    CHECK(more.place == PlaceNumber{7});
    REQUIRE(more.commitment);
    CHECK(more.commitment->back() == 0xff);
    const auto exported = parsed<DrawArguments>({"draw", "export", some_id, "draw.json", "--server",
                                                 "http://127.0.0.1:8081", "--admin-key", "key"});
    CHECK(exported.action == DrawArguments::Action::export_);
    CHECK(exported.concert.to_string() == some_id);
    CHECK(exported.file == "draw.json");
    CHECK(exported.server == "http://127.0.0.1:8081");
    CHECK(exported.admin_key == "key");
}

TEST_CASE("what is wrong with a draw command is told") {
    CHECK(faults({"draw"}) == Words{"verify or export, what is to be done, is missing"});
    CHECK(faults({"draw", "roll", "f"}) == Words{"argument \"roll\": must be verify or export"});
    CHECK(faults({"draw", "verify"}) == Words{"FILE, what `draw export` has written, is missing"});
    CHECK(faults({"draw", "verify", "f", "g", "--data=d", "--commitment=12"}) ==
          Words{"argument \"g\": nothing more is expected",
                "flag --data: goes not with verify, which reads nothing but the file",
                "flag --commitment: must be 64 hexadecimal digits, not \"12\""});
    CHECK(faults({"draw", "export", some_id, "--data=d"}) ==
          Words{"FILE, where the draw goes, is missing"});
    CHECK(faults({"draw", "export", "x", "f", "--data=d", "--place=7"}) ==
          Words{"argument \"x\": must be a UUID, like 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91",
                "flag --place: goes only with verify"});
    CHECK(faults({"draw", "export", some_id, "f"}) ==
          Words{"give exactly one of --data DIR, where no server runs, --server URL, where one "
                "does, and --store URI, a PostgreSQL database"});
}

TEST_CASE("relay takes a database and where to, or since when all is passed on again") {
    const auto runs = parsed<RelayArguments>({"relay", "--store", "postgres://a@b/c", "--kafka",
                                              "k-1:9092,[::1]:9092", "--kafka-topics", "sale"});
    CHECK(runs.store == "postgres://a@b/c");
    CHECK(runs.relay.kafka == "k-1:9092,[::1]:9092");
    CHECK(runs.relay.kafka_topics == "sale");
    CHECK(!runs.from);
    CHECK(parsed<RelayArguments>({"relay", "--data", "d", "--from", "beginning"}).from ==
          Time::min());
    CHECK(parsed<RelayArguments>(
              {"relay", "--store", "postgres://a@b/c", "--from", "2026-12-24T19:00:00+09:00"})
              .from == parse_rfc3339("2026-12-24T19:00:00+09:00")->time);
    CHECK(faults({"relay", "--data", "d", "--kafka", "k:1"}) ==
          Words{"flag --data: a folder belongs to one program at a time: have its server pass "
                "events on, with its settings kafka and webhook; --data goes with --from and "
                "--enable, while no server runs"});
    CHECK(faults({"relay", "--store", "postgres://a@b/c", "--kafka", "a b", "--kafka-topics",
                  "a/b"}) ==
          Words{"flag --kafka: must be HOST:PORT,HOST:PORT,..., or off, not \"a b\"",
                "flag --kafka-topics: must be at most 200 letters, digits, dots, underscores and "
                "hyphens, not \"a/b\""});
    CHECK(
        faults({"relay"}) ==
        Words{"give exactly one of --data DIR, where no server runs, and --store URI, a PostgreSQL "
              "database",
              "where to is needed: flag --kafka, brokers as HOST:PORT,..., or --webhook, a URL"});
    CHECK(faults({"backup", "f"}) ==
          Words{"give exactly one of --data DIR, where no server runs, and --server URL, where one "
                "does"});
    CHECK(faults({"relay", "--store", "postgres://a@b/c"}) ==
          Words{"where to is needed: flag --kafka, brokers as HOST:PORT,..., or --webhook, a URL"});
}

TEST_CASE("relay takes a webhook, beside Kafka or alone, and names the sink that is enabled") {
    const auto runs = parsed<RelayArguments>(
        {"relay", "--store", "postgres://a@b/c", "--webhook", "http://10.0.0.1/", "--kafka", "k:1",
         "--webhook-secrets", "s", "--webhook-private", "--webhook-timeout-ms", "500",
         "--webhook-failures-max", "0", "--webhook-ca", "ca.pem"});
    CHECK(runs.relay.kafka == "k:1");
    CHECK(runs.relay.webhook == "http://10.0.0.1/");
    CHECK(runs.relay.webhook_secrets == "s");
    CHECK(runs.relay.webhook_private);
    CHECK(runs.relay.webhook_ca == "ca.pem");
    CHECK(runs.relay.webhook_timeout == std::chrono::milliseconds(500));
    CHECK(runs.relay.webhook_failures_max == 0);
    CHECK(!runs.enable);
    const auto again = parsed<RelayArguments>(
        {"relay", "--data", "d", "--sink", "webhook", "--from", "beginning"});
    CHECK(again.sink == "webhook");
    CHECK(again.from == Time::min());
    const auto enable = parsed<RelayArguments>({"relay", "--data", "d", "--enable"});
    CHECK(enable.enable);
    CHECK(enable.sink.empty());
    // The one that other flags are of.
    CHECK(parsed<RelayArguments>({"relay", "--data", "d", "--enable", "--webhook", "https://a/"})
              .sink == "webhook");
    CHECK(parsed<RelayArguments>({"relay", "--data", "d", "--enable", "--kafka", "k:1"}).sink ==
          "kafka");
    CHECK(parsed<RelayArguments>(
              {"relay", "--data", "d", "--enable", "--kafka", "k:1", "--webhook", "https://a/"})
              .sink.empty());
    CHECK(faults({"relay", "--store", "postgres://a@b/c", "--webhook", "http://shop.example/"}) ==
          Words{"flag --webhook: needs webhook-secrets, the file with what its requests are signed "
                "with",
                "flag --webhook: must begin with https://, unless webhook-private is set"});
    CHECK(faults({"relay", "--data", "d", "--enable", "--from", "beginning", "--sink", "a"}) ==
          Words{"flag --sink: must be kafka or webhook, not \"a\"",
                "flag --enable: goes not with --from, which enables too"});
    CHECK(faults({"relay", "--store", "postgres://a@b/c", "--kafka", "k:1", "--sink", "kafka"}) ==
          Words{"flag --sink: goes only with --from and --enable"});
}

TEST_CASE("all that is wrong with an import is told at once") {
    CHECK(faults({"import",   "hall.json",  "more",       "--data",       "a",      "--server",
                  "http://h", "--date",     "2026-12-24", "--price",      "Stalls", "--price",
                  "=5",       "--price",    "A=-1",       "--price",      "A=1",    "--price",
                  "A=2",      "--price",    "B=1.5",      "--active-max", "0",      "--per-window",
                  "50",       "--opens-at", "soon",       "--titel",      "T"}) ==
          Words{"flag \"--titel\": there is no such flag; did you mean --title?",
                "argument \"more\": nothing more is expected",
                "give exactly one of --data DIR, where no server runs, --server URL, where one "
                "does, and --store URI, a PostgreSQL database",
                "flag --date: must be a time with its offset, like 2026-12-24T19:00:00+09:00, not "
                "\"2026-12-24\"",
                "flag --price: must be CATEGORY=AMOUNT, like Stalls=90000, not \"Stalls\"",
                "flag --price: must be CATEGORY=AMOUNT, like Stalls=90000, not \"=5\"",
                "flag --price: must be CATEGORY=AMOUNT, like Stalls=90000, not \"A=-1\"",
                "flag --price: \"A\" has a price already",
                "flag --price: must be CATEGORY=AMOUNT, like Stalls=90000, not \"B=1.5\"",
                "flag --active-max: must be a whole number from 1, not \"0\"",
                "flag --per-window: must be R/MS, like 50/60000 for 50 in any minute, not \"50\"",
                "flag --opens-at: must be a time with its offset, like 2026-12-24T19:00:00+09:00, "
                "not \"soon\""});
    for (const char* window :
         {"", "/", "50/", "/60000", "0/60000", "50/0", "50/60000/1", "a/b", "50/315360000001"}) {
        CAPTURE(window);
        CHECK(faults({"import", "f", "--data", "d", "--per-window", window}).size() == 1);
    }
}

TEST_CASE("each command finds its store in exactly one place") {
    const std::vector<Words> commands = {
        {"import", "f"}, {"audit"}, {"explain", some_id}, {"backup", "f"}};
    for (const Words& command : commands) {
        CAPTURE(command[0]);
        auto with = [&](const Words& more) {
            Words words = command;
            words.insert(words.end(), more.begin(), more.end());
            return words;
        };
        CHECK(faults(command).size() == 1);
        CHECK(faults(with({"--data", "d", "--server", "http://h"})).size() == 1);
        // What copies a sale says besides that it copies none in PostgreSQL.
        const std::size_t more = command[0] == "backup" ? 1 : 0;
        CHECK(faults(with({"--data", "d", "--store", "postgres://h/d"})).size() == 1 + more);
        CHECK(faults(with({"--data", ""})).size() == 1);
        CHECK(faults(with({"--store", "postgres://sale:hush@h/d"})).size() == 1 + more);
        CHECK(faults(with({"--data", "d", "--admin-key", "k"})) ==
              Words{"flag --admin-key: goes with --server; a store asks for no key"});
        CHECK(faults(with({"--data", "d", "--data", "e"})) ==
              Words{"flag --data: is given more than once"});
        CHECK(parse_command_line(with({"--data", "d"}), {}).index() ==
              parse_command_line(with({"--server", "http://h:1", "--admin-key", "k"}), {}).index());
    }
    const auto audit = parsed<AuditArguments>(
        {"audit", "--server", "http://127.0.0.1:8081/", "--admin-key", "key"});
    CHECK(audit.server == "http://127.0.0.1:8081");
    CHECK(audit.admin_key == "key");
    CHECK(audit.data.empty());
    for (const char* url : {"", "http://", "127.0.0.1:8081", "https://h", "http://h/admin",
                            "http://u@h", "http://h?x", "http://h#x", "ftp://h", "http:// "}) {
        CAPTURE(url);
        CHECK(faults({"audit", "--server", url}).size() == 1);
    }
}

TEST_CASE("a sale in PostgreSQL is named by its address, and copied by PostgreSQL's own programs") {
    CHECK(parsed<AuditArguments>({"audit", "--store", "postgres://h/d"}).store == "postgres://h/d");
    CHECK(parsed<ImportArguments>({"import", "f", "--store", "postgresql:///d?host=/run"}).store ==
          "postgresql:///d?host=/run");
    const Words refused = faults({"backup", "f", "--store", "postgres://h/d"});
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].find("pg_dump") != std::string::npos);
}

TEST_CASE("explain takes the id of a thing, and which seat or place is meant") {
    const auto plain = parsed<ExplainArguments>({"explain", some_id, "--data", "d"});
    CHECK(plain.id == *Uuid::parse(some_id));
    CHECK(!plain.seat);
    CHECK(!plain.place);
    CHECK_FALSE(plain.json);
    const auto seat =
        parsed<ExplainArguments>({"explain", some_id, "--data", "d", "--seat", "7", "--json"});
    CHECK(seat.seat == 7);
    CHECK(seat.json);
    const auto place = parsed<ExplainArguments>(
        {"explain", some_id, "--data", "d", "--place", "68719476778", "--json=false"});
    CHECK(place.place == PlaceNumber::of(1, 42));
    CHECK_FALSE(place.json);

    CHECK(faults({"explain", "--data", "d"}) ==
          Words{"ID, the UUID of what is to be explained, is missing"});
    CHECK(
        faults(
            {"explain", "7", "--data", "d", "--seat", "2147483648", "--place", "-3", "--json=x"}) ==
        Words{"argument \"7\": must be a UUID, like 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91",
              "flag --seat: must be a whole number from 1, not \"2147483648\"",
              "flag --place: must be a whole number from 1, not \"-3\"",
              "flag --place: goes not with --seat; a place is a concert's, a seat a performance's",
              "flag --json: must be true or false, not \"x\""});
}

TEST_CASE("backup takes the file to write") {
    const auto arguments = parsed<BackupArguments>({"backup", "copy.db", "--data", "d"});
    CHECK(arguments.file == "copy.db");
    CHECK(faults({"backup", "--data", "d"}) == Words{"FILE, where the copy goes, is missing"});
}

TEST_CASE("load takes a profile, and what is to be different from it") {
    const auto plain = parsed<LoadArguments>({"load", "smoke"});
    CHECK(plain.profile == "smoke");
    CHECK(plain.target == "http://127.0.0.1:8080");
    CHECK(plain.time_scale == 1);
    CHECK_FALSE(plain.think);
    const auto all =
        parsed<LoadArguments>({"load",       "./mine.toml", "--target",     "http://[::1]:80/",
                               "--scenario", "poll",        "--concert",    some_id,
                               "--api-key",  "key",         "--time-scale", "0.25",
                               "--think-ms", "0",           "--timeout-ms", "500",
                               "--json",     "a.json",      "--html",       "a.html"});
    CHECK(all.target == "http://[::1]:80");
    CHECK(all.scenario == "poll");
    CHECK(all.concert == some_id);
    CHECK(all.api_key == "key");
    CHECK(all.time_scale == 0.25);
    CHECK(all.think == 0ms);
    CHECK(all.timeout == 500ms);
    CHECK(all.json == "a.json");
    CHECK(all.html == "a.html");
}

TEST_CASE("all that is wrong with a load command is told at once") {
    CHECK(faults({"load", "smoke", "--target", "https://a", "--concert", "7", "--time-scale", "x",
                  "--think-ms", "-1", "--timeout-ms", "0"}) ==
          Words{"flag --target: must begin with http://; the server itself speaks no TLS, what "
                "stands before it does",
                "flag --concert: must be a UUID, not \"7\"",
                "flag --time-scale: must be a number from 0.001 to 1000, not \"x\"",
                "flag --think-ms: must be a whole number from 0 to 3600000, not \"-1\"",
                "flag --timeout-ms: must be a whole number from 1, not \"0\""});
}

TEST_CASE("words after -- are no flags") {
    CHECK(parsed<BackupArguments>({"backup", "--data", "d", "--", "--strange"}).file ==
          "--strange");
    CHECK(parsed<BackupArguments>({"backup", "-", "--data", "d"}).file == "-");
    CHECK(parsed<ImportArguments>({"import", "f", "--data=d", "--title=--x"}).title == "--x");
    CHECK(faults({"import", "f", "--data=d", "--title", "--x"}).front() ==
          "flag --title: needs a value: --title TITLE");
}

TEST_CASE("a flag that is not known takes its value with it, and hides no word") {
    CHECK(faults({"backup", "--server-url", "http://h", "f", "--data", "d"}) ==
          Words{"flag \"--server-url\": there is no such flag; did you mean --server?"});
    CHECK(faults({"explain", "--jsn", some_id, "--data", "d"}) ==
          Words{"flag \"--jsn\": there is no such flag; did you mean --json?"});
}

TEST_CASE("serve gives settings, or says what is wrong with them") {
    const TempDir dir;
    const auto arguments =
        parsed<ServeArguments>({"serve", "--data", dir.path().string(), "--threads", "2"});
    CHECK(arguments.settings.data == dir.path());
    CHECK(arguments.settings.threads == 2);
    CHECK(!arguments.secrets.api_key);
    CHECK(arguments.secrets.token_keys.empty());

    // A wrong command line is told before all else.
    CHECK(faults({"serve", "--demo", "--thread", "x", "--hold-ms", "0"}).size() == 2);
    CHECK(said({"serve"}).exit_code == exit_code::usage);
    CHECK(said({"serve", "--demo", "--hold-ms", "0"}).exit_code == exit_code::config);
    CHECK(said({"serve", "--demo"}, {{"CONCERTRES_THREDS", "1"}}).err ==
          "concertres serve: environment CONCERTRES_THREDS: there is no such setting; did you mean "
          "CONCERTRES_THREADS?\n");
}

TEST_CASE("serve brings what the files with keys say") {
    const TempDir dir;
    const std::string api = write(dir, "api", "api-key-0123456789\n");
    const std::string admin = write(dir, "admin", "admin-key-0123456789\n");
    const std::string tokens = write(dir, "tokens", "3:" + std::string(43, 'E') + "\n");
    const auto arguments = parsed<ServeArguments>(
        {"serve", "--demo", "--api-key", api, "--admin-key", admin, "--token-keys", tokens});
    CHECK(arguments.secrets.api_key == "api-key-0123456789");
    CHECK(arguments.secrets.admin_key == "admin-key-0123456789");
    REQUIRE(arguments.secrets.token_keys.size() == 1);
    CHECK(arguments.secrets.token_keys[0].id == 3);
}

TEST_CASE("to check a configuration tries its files and starts nothing") {
    const TempDir dir;
    const std::string folder = dir.path().string();
    const std::string key = write(dir, "key", "0123456789abcdef");
    const std::string tokens = write(dir, "tokens", "no key");
    Say say = said({"serve", "--check-config", "--data", folder + "/new/sale", "--api-key", key});
    CHECK(say.out == "the configuration is good\n");
    CHECK(say.err.empty());
    CHECK(say.exit_code == exit_code::good);
    CHECK_FALSE(std::filesystem::exists(folder + "/new"));

    say = said({"serve", "--check-config", "--data", key, "--api-key", folder + "/none",
                "--admin-key", folder, "--token-keys", tokens, "--hold-ms", "x"});
    CHECK(say.out.empty());
    CHECK(say.exit_code == exit_code::config);
    CHECK(say.err ==
          "concertres serve: flag --hold-ms: must be a whole number of milliseconds from 1 to "
          "315360000000, not \"x\"\n"
          "concertres serve: api-key: cannot read " +
              folder +
              "/none: No such file or directory\n"
              "concertres serve: admin-key: " +
              folder +
              " is a folder; it must be a file\n"
              "concertres serve: token-keys: " +
              tokens +
              ":1: must be ID:KEY\n"
              "concertres serve: data: " +
              key + " is no folder\n");
    CHECK(said({"serve", "--check-config"}).exit_code == exit_code::config);
    CHECK(said({"serve", "--check-config", "--demmo"}).exit_code == exit_code::usage);
    CHECK(said({"serve", "--check-config", "--print-config"}).exit_code == exit_code::usage);
}

TEST_CASE("to print a configuration shows paths and no keys") {
    const TempDir dir;
    const std::string key = write(dir, "key", "0123456789abcdef");
    const Say say = said({"serve", "--print-config", "--api-key", key});
    CHECK(say.exit_code == exit_code::good);
    CHECK(say.out.find("api-key = \"" + key + "\"") != std::string::npos);
    CHECK(say.out.find("0123456789abcdef") == std::string::npos);
    CHECK(said({"serve", "--print-config", "--threads", "x"}).exit_code == exit_code::config);
}

TEST_CASE("each command has a help that tells its usage, options, exit codes and an example") {
    for (const CommandSpec& command : all_commands()) {
        CAPTURE(command.name);
        const std::string name(command.name);
        const std::string usage = "usage: concertres " + name +
                                  (command.arguments.empty() ? "" : " ") +
                                  std::string(command.arguments);
        const Say say = said({name, "--help"});
        CHECK(say.exit_code == exit_code::good);
        CHECK(say.out.starts_with(usage + "\n"));
        CHECK(say.out.find("\nExit codes:\n  0   ") != std::string::npos);
        CHECK(say.out.find("\nExample:\n  concertres " + name) != std::string::npos);
        for (const FlagSpec& flag : command.flags) {
            CHECK(say.out.find("\n  --" + flag.name) != std::string::npos);
        }
        CHECK(said({"help", name}).out == say.out);
        CHECK(said({name, "-h", "--nonsense"}).out == say.out);
        CHECK(program_help().find("\n  " + name + " ") != std::string::npos);
        std::istringstream lines(say.out);
        for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 94);
    }
}

TEST_CASE("the examples of the help are command lines that the program takes") {
    for (const char* name : {"import", "audit", "explain", "backup", "version"}) {
        std::string example(find_command(name)->example);
        for (auto at = example.find("\\\n"); at != std::string::npos; at = example.find("\\\n")) {
            example.erase(at, 2);
        }
        Words words;
        std::istringstream text(example);
        for (std::string word; text >> word;) {
            if (word.starts_with('\'')) {
                std::string rest;
                std::getline(text, rest, '\'');
                word = word.substr(1) + rest;
            }
            words.push_back(word);
        }
        CAPTURE(example);
        REQUIRE(words.front() == "concertres");
        words.erase(words.begin());
        const Command command = parse_command_line(words, {});
        const Say* say = std::get_if<Say>(&command);
        CHECK((say == nullptr || say->exit_code == exit_code::good));
    }
}

TEST_CASE("the version is told") {
    const std::string expected = std::string("concertres ") + version() + "\n";
    CHECK(said({"version"}).out == expected);
    CHECK(said({"--version"}).out == expected);
    CHECK(faults({"version", "x"}).size() == 1);
}

TEST_CASE("without a command the program says which there are") {
    const Say say = said({});
    CHECK(say.exit_code == exit_code::usage);
    CHECK(say.err == program_help());
    CHECK(said({"help"}).out == program_help());
    CHECK(said({"--help"}).out == program_help());
    CHECK(said({"help"}).exit_code == exit_code::good);
}

TEST_CASE("an unknown command is told with what was meant") {
    Say say = said({"serv", "--demo"});
    CHECK(say.exit_code == exit_code::usage);
    CHECK(say.err ==
          "concertres: there is no command \"serv\"; did you mean serve?\n"
          "concertres --help says what it takes.\n");
    say = said({"help", "imprt"});
    CHECK(say.exit_code == exit_code::usage);
    CHECK(say.err.find("did you mean import?") != std::string::npos);
    CHECK(said({"x"}).err.find("did you mean") == std::string::npos);
    CHECK(said({"--demo"}).exit_code == exit_code::usage);
}

TEST_CASE("the nearest word is one that is a few letters away") {
    const std::vector<std::string_view> words = {"listen",      "admin-listen", "data",      "demo",
                                                 "cors-origin", "log-level",    "log-format"};
    auto nearest = [&](std::string_view word) { return nearest_word(word, words).value_or(""); };
    CHECK(nearest("listen") == "listen");
    CHECK(nearest("lsiten") == "listen");
    CHECK(nearest("lisen") == "listen");
    CHECK(nearest("listenn") == "listen");
    CHECK(nearest("admin_listen") == "admin-listen");
    CHECK(nearest("dmeo") == "demo");
    CHECK(nearest("cors") == "cors-origin");
    CHECK(nearest("log") == "");
    CHECK(nearest("data-folder") == "data");
    CHECK(nearest("zzzz") == "");
    CHECK(nearest("") == "");
    CHECK(nearest(std::string(10'000, 'x')) == "");
}

#include "config/settings.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "config/settings_loader.hpp"
#include "config/toml_file.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::server;
using concertres::test::TempDir;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

// A folder with a configuration file, and the answer of load_settings to it.
class Deployment {
  public:
    std::string file(std::string_view text) {
        const auto path = dir_.path() / "concertres.toml";
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }
    [[nodiscard]] std::string path(const char* name) const { return (dir_.path() / name).string(); }

    LoadedSettings load(std::string_view toml, Environment environment, Words flags) {
        if (!toml.empty()) environment["CONCERTRES_CONFIG"] = file(toml);
        return load_settings(flags, environment);
    }
    // The faults' texts, without the path of the file's folder.
    Words faults(std::string_view toml, Environment environment, Words flags) {
        Words texts;
        for (const SettingFault& fault : load(toml, std::move(environment), flags).faults) {
            std::string text = fault.text;
            const std::string folder = dir_.path().string() + "/";
            for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
                text.erase(at, folder.size());
            }
            texts.push_back(std::move(text));
        }
        return texts;
    }

  private:
    TempDir dir_;
};

std::string origin(const LoadedSettings& loaded, std::string_view name) {
    return loaded.origins[static_cast<std::size_t>(find_setting(name) - all_settings().data())];
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// Texts that a setting takes and that are not its default; and some that it does not take.
struct Values {
    std::string name;
    Words good;
    Words bad;
};

const std::vector<Values>& text_values() {
    static const std::vector<Values> values = {
        {"listen", {"0.0.0.0:9000", "[::1]:0"}, {"", "localhost:80", "off", "8080"}},
        {"admin-listen", {"127.0.0.1:9001", "off"}, {"", "none", "127.0.0.1"}},
        {"trusted-proxy", {"10.0.0.0/8", "2001:db8::/32"}, {"10.0.0.1/8", "proxy.example.org"}},
        {"cors-origin",
         {"https://a.example.org", "http://127.0.0.1:3000", "http://[::1]:3000"},
         {"*", "null", "a.example.org", "https://", "https://a.example.org/", "https://A.example",
          "https://u@a.example"}},
        {"web-root", {"server/web", "/srv/page", "off"}, {"", "a\nb"}},
        {"data", {"/var/lib/concertres", "sale", "off"}, {"", "a\nb"}},
        {"store",
         {"postgres://sale@db.example/tickets", "postgresql:///d?host=/run/postgresql",
          "postgres://a,b:5433/d?target_session_attrs=read-write", "off"},
         {"", "sale.db", "host=db dbname=d", "postgres://h/d?colour=red"}},
        {"demo", {"true", "1"}, {"", "yes", "TRUE", "2"}},
        {"currency", {"EUR", "XXX"}, {"", "krw", "KRWX", "K1W", "KR"}},
        {"kafka",
         {"kafka-1:9092,kafka-2:9092", "[::1]:9092", "off"},
         {"", "a b", "kafka://a:9092", "a:9092;b:9092"}},
        {"kafka-topics", {"sale", "on.sale_2-b"}, {"", "a b", "a/b", std::string(201, 'a')}},
        {"kafka-properties", {"/etc/concertres/kafka", "off"}, {"", "a\nb"}},
        {"webhook",
         {"https://shop.example/events?a=b", "http://[::1]:8000/", "off"},
         {"", "shop.example", "ftp://shop.example/", "https://", "https:///events",
          "https://u@shop.example/", "https://shop.example/#a", "https://shop.example/a b",
          "https://shop.example/" + std::string(2'000, 'a')}},
        {"webhook-private", {"true", "1"}, {"", "yes", "TRUE", "2"}},
        {"webhook-ca", {"/etc/concertres/ca.pem", "off"}, {"", "a\nb"}},
        {"webhook-secrets", {"/etc/concertres/webhook-secrets", "off"}, {"", "a\tb"}},
        {"payment-url",
         {"https://payments.example/v1", "http://127.0.0.1:8000", "off"},
         {"", "payments.example", "ftp://payments.example/", "https://", "https://u@a.example/",
          "https://a.example/?b=c", "https://a.example/#b", "https://a.example/a b",
          "https://a.example/" + std::string(2'000, 'a')}},
        {"payment-ca", {"/etc/concertres/ca.pem", "off"}, {"", "a\nb"}},
        {"payment-plain-http", {"true", "1"}, {"", "yes", "TRUE", "2"}},
        {"payment-key", {"/etc/concertres/payment-key", "off"}, {"", "a\tb"}},
        {"line",
         {"redis://redis.example", "rediss://sale@[::1]:6380/2?password_file=/p&prefix=sale",
          "redis://a,b:7000?cluster=on", "redis://a,b,c?sentinel=mymaster", "off"},
         {"", "redis.example", "http://redis.example", "redis://", "redis://a,b",
          "redis://sale:secret@a", "redis://a/x", "redis://a?colour=red"}},
        {"api-key", {"/etc/concertres/api-key", "off"}, {"", "a\tb"}},
        {"admin-key", {"admin-key", "off"}, {""}},
        {"token-keys", {"token-keys", "off"}, {""}},
        {"ticket-keys", {"ticket-keys", "off"}, {""}},
        {"log-level", {"debug", "warning", "error"}, {"", "warn", "INFO", "trace"}},
        {"log-format", {"json"}, {"", "JSON", "logfmt"}},
    };
    return values;
}

}  // namespace

TEST_CASE("a database's password is refused wherever it stands, and repeated nowhere") {
    for (const char* address :
         {"postgres://sale:hush@db/d", "postgres://sale:pass@hush@db/d",
          "postgres://sale@db/d?password=hush", "postgresql://sale@db/d?sslpassword=hush",
          "postgres://sale:hush@db:port/d", "postgres://sale:hu%zzhush@db/d",
          "mysql://sale:hush@db/d", "host=db password=hush"}) {
        CAPTURE(address);
        Deployment deployment;
        const std::string toml = fmt::format("store = \"{}\"\n", address);
        const auto all =
            deployment.faults(toml, {{"CONCERTRES_STORE", address}}, {"--store", address});
        CHECK(all.size() == 3);
        for (const std::string& fault : all) CHECK_FALSE(contains(fault, "hush"));
    }
    const LoadedSettings good = Deployment().load(
        "", {}, {"--store", "postgres://sale@db/d?passfile=/etc/concertres/pgpass"});
    CHECK(good.faults.empty());
}

TEST_CASE("a sale is kept in one place, a folder or a database") {
    Deployment deployment;
    CHECK(deployment.load("", {}, {"--store", "postgres://db/d"}).faults.empty());
    CHECK(deployment.load("", {}, {"--store", "postgres://db/d", "--demo"}).faults.empty());
    CHECK(
        deployment.faults("", {}, {"--store", "postgres://db/d", "--data", "sale"}) ==
        Words{"store (flag --store) goes not with data: a sale is kept in one place; data is from "
              "flag --data"});
}

TEST_CASE("a webhook is https, unless it is private, and its secrets are not left out") {
    const auto faults = [](const Words& flags) {
        Words all = {"--demo"};
        all.insert(all.end(), flags.begin(), flags.end());
        Deployment deployment;
        return deployment.faults("", {}, all);
    };
    CHECK(faults({"--webhook", "https://shop.example/", "--webhook-secrets", "s"}).empty());
    CHECK(
        faults({"--webhook", "http://shop.example/", "--webhook-secrets", "s", "--webhook-private"})
            .empty());
    CHECK(faults({"--webhook", "http://shop.example/", "--webhook-secrets", "s"}).size() == 1);
    CHECK(faults({"--webhook", "https://shop.example/"}).size() == 1);
    CHECK(faults({"--webhook-secrets", "s"}).size() == 1);
    CHECK(faults({"--webhook-ca", "c"}).size() == 1);
    // An address may have a secret in it.
    for (const std::string& fault : faults({"--webhook", "https://me:hush@shop.example/"})) {
        CHECK_FALSE(contains(fault, "hush"));
    }
}

TEST_CASE("a password of Redis is refused in the address, and repeated nowhere") {
    for (const char* address : {"redis://sale:hush@a", "redis://:hush@a", "redis://a?password=hush",
                                "redis://sale@a/hush", "http://sale:hush@a"}) {
        CAPTURE(address);
        Deployment deployment;
        const auto faults = deployment.faults("", {}, {"--demo", "--line", address});
        REQUIRE(faults.size() == 1);
        CHECK(faults.front().starts_with("flag --line: "));
        CHECK_FALSE(contains(faults.front(), "hush"));
    }
}

TEST_CASE("defaults are those of the library and of the listener, so they cannot drift") {
    const Settings settings;
    const Options options;
    const http::Limits limits;
    auto shown = [&](const char* name) { return shown_value(*find_setting(name), settings); };
    auto ms = [](auto time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
    };
    CHECK(shown("hold-ms") == ms(options.hold_ttl));
    CHECK(shown("extend-max-ms") == ms(options.extend_max));
    CHECK(shown("pass-ms") == ms(options.pass_ttl));
    CHECK(shown("pass-max-ms") == ms(options.pass_max));
    CHECK(shown("token-max-age-ms") == ms(options.token_max_age));
    CHECK(shown("tick-ms") == ms(options.tick));
    CHECK(shown("load-stale-ms") == ms(options.load_stale));
    CHECK(shown("request-timeout-ms") == ms(options.request_timeout));
    CHECK(shown("waiting-max") == std::to_string(options.waiting_max));
    CHECK(shown("inbox-max") == std::to_string(options.inbox_max));
    CHECK(shown("group-max") == std::to_string(options.group_max));
    CHECK(shown("connections-max") == std::to_string(limits.connections_max));
    CHECK(shown("head-bytes-max") == std::to_string(limits.head_bytes_max));
    CHECK(shown("head-timeout-ms") == ms(limits.head_timeout));
    CHECK(shown("body-timeout-ms") == ms(limits.body_timeout));
    CHECK(shown("idle-timeout-ms") == ms(limits.idle_timeout));
    CHECK(shown("write-timeout-ms") == ms(limits.write_timeout));
    CHECK(shown("take-bytes-per-second-min") == std::to_string(limits.take_bytes_per_second_min));
    CHECK(shown("body-bytes-max") == "65536");
    CHECK(shown("import-bytes-max") == "67108864");
    CHECK(shown("listen") == "127.0.0.1:8080");
    CHECK(shown("admin-listen") == "127.0.0.1:8081");
    CHECK(shown("token-rate") == "200");
    CHECK(shown("token-burst") == "1000");
    for (const char* name :
         {"data", "api-key", "admin-key", "token-keys", "ticket-keys", "trusted-proxy",
          "cors-origin", "web-root", "kafka", "kafka-properties", "webhook", "webhook-secrets",
          "webhook-ca", "payment-url", "payment-ca", "payment-key", "line"}) {
        CHECK(shown(name) == "off");
    }
    CHECK(shown("kafka-topics") == "concertres");
    CHECK(shown("webhook-private") == "false");
    CHECK(shown("webhook-timeout-ms") == "10000");
    CHECK(shown("webhook-failures-max") == "1000");
    CHECK(shown("payment-plain-http") == "false");
    CHECK(shown("payment-timeout-ms") == "5000");
    CHECK(shown("payment-authorize-ms") == "120000");
    CHECK(shown("line-timeout-ms") == ms(RedisOptions().timeout));
    CHECK(shown("line-rebuild-ms") == ms(options.line_rebuild));
    CHECK(shown("currency") == "KRW");
    CHECK(shown("log-level") == "info");
    CHECK(shown("log-format") == "text");
}

TEST_CASE("every setting is named once, in words that flags, variables and files can have") {
    std::set<std::string> names;
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        CHECK(names.insert(setting.name).second);
        CHECK(setting.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
        CHECK(setting.help.ends_with("."));
        CHECK(setting.hint.empty() == (setting.kind == ValueKind::toggle));
        CHECK((setting.hint == "MS") == setting.name.ends_with("-ms"));
        CHECK(find_setting(setting.name) == &setting);
    }
    CHECK(environment_name("admin-listen") == "CONCERTRES_ADMIN_LISTEN");
    CHECK(find_setting("nothing") == nullptr);
}

TEST_CASE("every setting takes its default, and what it takes it shows") {
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        Settings settings;
        const Words before = setting.show(settings);
        CHECK_FALSE(setting.store(settings, before).has_value());
        CHECK(setting.show(settings) == before);
    }
    for (const Values& values : text_values()) {
        const Setting& setting = *find_setting(values.name);
        for (const std::string& text : values.good) {
            CAPTURE(text);
            Settings settings;
            CHECK_FALSE(setting.store(settings, Words{text}).has_value());
            CHECK(shown_value(setting, settings) == (text == "1" ? "true" : text));
        }
    }
}

TEST_CASE("every setting refuses what is beyond its bounds, and is then unchanged") {
    std::set<std::string> seen;
    for (const Values& values : text_values()) {
        seen.insert(values.name);
        const Setting& setting = *find_setting(values.name);
        for (const std::string& text : values.bad) {
            CAPTURE(values.name);
            CAPTURE(text);
            Settings settings;
            const Words before = setting.show(settings);
            CHECK(setting.store(settings, Words{text}).has_value());
            CHECK(setting.show(settings) == before);
        }
    }
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        if (setting.kind != ValueKind::integer) {
            CHECK_MESSAGE(seen.contains(setting.name), "no values to try");
            continue;
        }
        Settings settings;
        for (std::int64_t good : {setting.min, setting.max}) {
            CHECK_FALSE(setting.store(settings, Words{std::to_string(good)}).has_value());
            CHECK(setting.show(settings) == Words{std::to_string(good)});
        }
        const Words before = setting.show(settings);
        for (const std::string& bad :
             {std::to_string(setting.min - 1), std::to_string(setting.max + 1), std::string(),
              std::string("x"), std::string("1.5"), std::string("1s"), std::string(" 1"),
              std::string("+1"), std::string("99999999999999999999")}) {
            CAPTURE(bad);
            const auto wrong = setting.store(settings, Words{bad});
            REQUIRE(wrong);
            CHECK(contains(
                *wrong, fmt::format("from {} to {}, not \"{}\"", setting.min, setting.max, bad)));
            CHECK(setting.show(settings) == before);
        }
    }
}

TEST_CASE("all that can be set at its bounds is accepted by the engine") {
    for (const bool at_most : {false, true}) {
        Settings settings;
        for (const Setting& setting : all_settings()) {
            if (setting.kind != ValueKind::integer) continue;
            const std::string bound = std::to_string(at_most ? setting.max : setting.min);
            CHECK_FALSE(setting.store(settings, Words{bound}).has_value());
        }
        CHECK(check(settings.engine));
        CHECK(contradictions(settings, false).empty());
    }
}

TEST_CASE("a flag beats the environment, which beats the file, which beats the default") {
    Deployment at;
    struct Row {
        const char* name;
        const char* toml;  // "" for a list that is none
        const char* variable;
        const char* flag;
    };
    const std::vector<Row> rows = {
        {"listen", "\"127.0.0.1:1\"", "127.0.0.1:2", "127.0.0.1:3"},
        {"threads", "1", "2", "3"},
        {"hold-ms", "1000", "2000", "3000"},
        {"trusted-proxy", "[\"10.0.0.1/32\"]", "10.0.0.2/32", "10.0.0.3/32"},
        {"api-key", "\"one\"", "two", "three"},
        {"log-level", "\"debug\"", "warning", "error"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        const Setting& setting = *find_setting(row.name);
        const std::string toml = std::string("demo = true\n") + row.name + " = " + row.toml;
        const std::string line = at.path("concertres.toml") + ":2: " + row.name;
        const Environment environment = {{environment_name(row.name), row.variable}};
        const Words flags = {"--" + setting.name, row.flag};
        auto shown = [&](const LoadedSettings& loaded) {
            REQUIRE(loaded.faults.empty());
            return shown_value(setting, loaded.settings);
        };

        auto loaded = at.load("demo = true", {}, {});
        CHECK(shown(loaded) == shown_value(setting, Settings()));
        CHECK(origin(loaded, row.name) == "default");
        loaded = at.load(toml, {}, {});
        CHECK(contains(row.toml, shown(loaded)));
        CHECK(origin(loaded, row.name) == line);
        loaded = at.load(toml, environment, {});
        CHECK(shown(loaded) == row.variable);
        CHECK(origin(loaded, row.name) == "environment " + environment_name(row.name));
        loaded = at.load(toml, environment, flags);
        CHECK(shown(loaded) == row.flag);
        CHECK(origin(loaded, row.name) == "flag --" + setting.name);
        loaded = at.load(toml, {}, flags);
        CHECK(shown(loaded) == row.flag);
        loaded = at.load("demo = true", environment, flags);
        CHECK(shown(loaded) == row.flag);
    }
}

TEST_CASE("every setting can be set by a flag, by a variable and in the file") {
    Deployment at;
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        std::string value = std::to_string(setting.max);
        std::string toml = value;
        for (const Values& values : text_values()) {
            if (values.name != setting.name) continue;
            value = values.good.front();
            toml = setting.kind == ValueKind::toggle ? value : toml_string(value);
        }
        std::string expected = value;
        auto shown = [&](const LoadedSettings& loaded) {
            return shown_value(setting, loaded.settings);
        };
        CHECK(shown(at.load(setting.name + " = " + toml, {}, {})) == expected);
        CHECK(shown(at.load("", {{environment_name(setting.name), value}}, {})) == expected);
        CHECK(shown(at.load("", {}, {"--" + setting.name + "=" + value})) == expected);
        const Words two = setting.kind == ValueKind::toggle ? Words{"--" + setting.name}
                                                            : Words{"--" + setting.name, value};
        CHECK(shown(at.load("", {}, two)) == expected);
    }
}

TEST_CASE(
    "a list is repeated as a flag, separated by commas in the environment, an array in TOML") {
    Deployment at;
    const Words expected = {"10.0.0.0/8", "::1/128"};
    auto shown = [](const LoadedSettings& loaded) {
        REQUIRE(loaded.faults.empty());
        return find_setting("trusted-proxy")->show(loaded.settings);
    };
    const std::string proxy = "--trusted-proxy";
    CHECK(shown(at.load("", {}, {"--demo", proxy, "10.0.0.0/8", proxy, "::1"})) == expected);
    CHECK(shown(at.load("", {}, {"--demo", proxy + "=10.0.0.0/8,::1"})) == expected);
    CHECK(shown(at.load("", {{"CONCERTRES_TRUSTED_PROXY", "10.0.0.0/8, ::1"}}, {"--demo"})) ==
          expected);
    const std::string toml = "demo = true\ntrusted-proxy = [\"10.0.0.0/8\", \"::1\"]";
    CHECK(shown(at.load(toml, {}, {})) == expected);
    CHECK(shown(at.load("demo = true\ntrusted-proxy = \"::1\"", {}, {})) == Words{"::1/128"});
    // A higher layer replaces the whole list, also by none.
    CHECK(shown(at.load(toml, {}, {proxy, "10.0.0.9"})) == Words{"10.0.0.9/32"});
    CHECK(shown(at.load(toml, {}, {proxy, "off"})).empty());
    CHECK(shown(at.load(toml, {{"CONCERTRES_TRUSTED_PROXY", ""}}, {})).empty());
    CHECK(shown(at.load("demo = true\ntrusted-proxy = []", {}, {})).empty());
}

TEST_CASE("settings become what their users need") {
    Deployment at;
    const auto loaded = at.load("", {},
                                {"--data", "/srv/sale", "--admin-listen", "off", "--hold-ms",
                                 "1500", "--idle-timeout-ms", "2500", "--log-level", "warning",
                                 "--log-format", "json", "--threads", "3", "--currency", "EUR"});
    REQUIRE(loaded.faults.empty());
    const Settings& settings = loaded.settings;
    CHECK(settings.data == "/srv/sale");
    CHECK(!settings.admin_listen);
    CHECK(settings.engine.hold_ttl == 1500ms);
    CHECK(settings.limits.idle_timeout == 2500ms);
    CHECK(settings.log_level == LogLevel::warning);
    CHECK(settings.log_format == LogFormat::json);
    CHECK(thread_count(settings) == 3);
    CHECK(thread_count(Settings()) >= 1);
    CHECK(settings.currency == "EUR");
}

TEST_CASE("what is misspelt is a fault in every layer, with what was meant") {
    Deployment at;
    CHECK(at.faults("demo = true\nlisen = \"127.0.0.1:1\"\nhold_ms = 5\n[limits]\nthreads = 1",
                    {{"CONCERTRES_LISTN", "x"}, {"CONCERTRES_WEBROOT_FOLDER", "x"}},
                    {"--listn", "127.0.0.1:1", "--cors", "x", "--demmo", "--frobnicate=1", "-d"}) ==
          Words{"flag \"--listn\": there is no such flag; did you mean --listen?",
                "flag \"--cors\": there is no such flag; did you mean --cors-origin?",
                "flag \"--demmo\": there is no such flag; did you mean --demo?",
                "flag \"--frobnicate\": there is no such flag",
                "flag \"-d\": there is no such flag; flags begin with two dashes",
                "concertres.toml:2: lisen: there is no such setting; did you mean listen?",
                "concertres.toml:3: hold_ms: there is no such setting; did you mean hold-ms?",
                "concertres.toml:4: limits: there is no such setting, and no sections: each stands "
                "on a line of its own",
                "environment CONCERTRES_LISTN: there is no such setting; did you mean "
                "CONCERTRES_LISTEN?",
                "environment CONCERTRES_WEBROOT_FOLDER: there is no such setting"});
}

TEST_CASE("a name that is none cannot end the line that tells of it") {
    Deployment at;
    CHECK(at.faults("demo = true\n\"lis\\nten\" = 1", {{"CONCERTRES_A\nlevel=error", "x"}}, {}) ==
          Words{"concertres.toml:2: \"lis?ten\": there is no such setting; did you mean listen?",
                "environment \"CONCERTRES_A?level=error\": there is no such setting"});
    for (const std::string& fault : at.faults("demo = fa\nlse\n", {}, {})) {
        CHECK(fault.find('\n') == std::string::npos);
    }
}

TEST_CASE("a key of the wrong type is a fault with its line") {
    Deployment at;
    CHECK(at.faults("demo = \"true\"\nthreads = \"4\"\nhold-ms = 1.5\n\nlisten = 8080\n"
                    "trusted-proxy = [\"::1\", 7]\ncors-origin = 2026-01-01\nlog-level = true\n",
                    {}, {}) ==
          Words{"concertres.toml:1: demo: must be true or false, not a string",
                "concertres.toml:2: threads: must be an integer, not a string",
                "concertres.toml:3: hold-ms: must be an integer, not a number with a fraction",
                "concertres.toml:5: listen: must be a string in quotes, not an integer",
                "concertres.toml:6: trusted-proxy: must be a string in quotes or an array of them, "
                "not an array of other things",
                "concertres.toml:7: cors-origin: must be a string in quotes or an array of them, "
                "not a date or time",
                "concertres.toml:8: log-level: must be a string in quotes, not true or false"});
}

TEST_CASE("all faults of all layers are told at once, also those that a higher layer beats") {
    Deployment at;
    CHECK(at.faults("threads = -1\nlog-level = \"loud\"",
                    {{"CONCERTRES_THREADS", "many"}, {"CONCERTRES_HOLD_MS", "5s"}},
                    {"--threads", "4", "--listen", "here", "--data", "--demo", "word"}) ==
          Words{"flag --data: needs a value: --data DIR",
                "argument \"word\": serve takes flags only",
                "concertres.toml:1: threads: must be a whole number from 0 to 1024, not \"-1\"",
                "concertres.toml:2: log-level: must be one of debug|info|warning|error, not "
                "\"loud\"",
                "environment CONCERTRES_HOLD_MS: must be a whole number of milliseconds from 1 to "
                "315360000000, not \"5s\"",
                "environment CONCERTRES_THREADS: must be a whole number from 0 to 1024, not "
                "\"many\"",
                "flag --listen: must be an IP address and a port, like 127.0.0.1:8080 or "
                "[::1]:8080, not \"here\""});
}

TEST_CASE("a file that cannot be read or is no TOML is a fault") {
    Deployment at;
    CHECK(at.faults("", {{"CONCERTRES_CONFIG", at.path("none.toml")}}, {"--demo"}) ==
          Words{"environment CONCERTRES_CONFIG: cannot read none.toml: No such file or directory"});
    CHECK(at.faults("", {}, {"--demo", "--config", at.path("none.toml")}) ==
          Words{"flag --config: cannot read none.toml: No such file or directory"});
    const Words folder = at.faults("", {}, {"--demo", "--config", at.path("")});
    REQUIRE(folder.size() == 1);
    CHECK(contains(folder[0], "it is a folder"));
    for (const char* toml :
         {"listen = \n", "demo = true\ndemo = false", "listen", "\"\xff\" = 1"}) {
        CAPTURE(toml);
        const Words faults = at.faults(toml, {}, {"--demo"});
        REQUIRE(faults.size() == 1);
        CHECK(faults[0].starts_with("concertres.toml:"));
    }
    const Words large = at.faults(std::string((1u << 20) + 1, '#'), {}, {"--demo"});
    CHECK(large == Words{"environment CONCERTRES_CONFIG: cannot read concertres.toml: it is larger "
                         "than 1 MiB"});
}

TEST_CASE("the flag --config beats CONCERTRES_CONFIG") {
    Deployment at;
    const std::string file = at.file("demo = true\nthreads = 7");
    const auto loaded =
        at.load("", {{"CONCERTRES_CONFIG", at.path("none.toml")}}, {"--config", file});
    CHECK(loaded.faults.empty());
    CHECK(loaded.settings.threads == 7);
}

TEST_CASE("a sale needs data, a store or demo, and takes demo with either") {
    Deployment at;
    const Words none = at.faults("", {}, {});
    CHECK(none == Words{"data is needed: give --data DIR for the folder that keeps the sale, "
                        "--store URI for a PostgreSQL database that does, or --demo for a look "
                        "around"});
    CHECK(at.load("", {}, {}).faults.front().is_usage);
    CHECK(at.faults("data = \"sale\"", {}, {"--demo"}).empty());
    CHECK(at.faults("data = \"sale\"", {}, {"--demo", "--data", "off"}).empty());
    CHECK(at.faults("demo = true", {}, {"--data", "sale", "--demo=false"}).empty());
    // Which folder it is does not matter to who only looks.
    CHECK(at.faults("", {}, {"--print-config"}).empty());
    CHECK(at.faults("", {}, {"--check-config"}).size() == 1);
}

TEST_CASE("settings that contradict each other are faults that name both sources") {
    Deployment at;
    CHECK(at.faults("demo = true\npass-max-ms = 1000", {{"CONCERTRES_EXTEND_MAX_MS", "1000"}},
                    {"--pass-ms", "2000", "--admin-listen", "127.0.0.1:8080"}) ==
          Words{"admin-listen (flag --admin-listen) needs an address and port of its own; listen "
                "has the same",
                "pass-max-ms (concertres.toml:2: pass-max-ms) must be at least pass-ms; pass-ms is "
                "from flag --pass-ms",
                "extend-max-ms (environment CONCERTRES_EXTEND_MAX_MS) must be at least hold-ms"});
    // One that is at fault itself contradicts nothing.
    CHECK(at.faults("demo = true\npass-max-ms = 1000", {}, {"--pass-ms", "x"}).size() == 1);
}

TEST_CASE("two listeners need two addresses, unless a port is picked") {
    Deployment at;
    auto clash = [&](const char* listen, const char* admin) {
        return !at.faults("", {}, {"--demo", "--listen", listen, "--admin-listen", admin}).empty();
    };
    CHECK(clash("127.0.0.1:80", "127.0.0.1:80"));
    CHECK(clash("0.0.0.0:80", "127.0.0.1:80"));
    CHECK(clash("127.0.0.1:80", "[::]:80"));
    CHECK(clash("[::1]:80", "[0:0::1]:80"));
    CHECK_FALSE(clash("127.0.0.1:80", "127.0.0.2:80"));
    CHECK_FALSE(clash("127.0.0.1:80", "127.0.0.1:81"));
    CHECK_FALSE(clash("127.0.0.1:0", "127.0.0.1:0"));
    CHECK_FALSE(clash("127.0.0.1:80", "off"));
}

TEST_CASE("variables of others are nobody's fault") {
    const char* const variables[] = {"PATH=/bin",        "CONCERTRES_LISTEN=127.0.0.1:1=2",
                                     "CONCERTRES",       "CONCERTRESX_A=1",
                                     "CONCERTRES_DEMO=", nullptr};
    CHECK(read_environment(variables) ==
          Environment{{"CONCERTRES_LISTEN", "127.0.0.1:1=2"}, {"CONCERTRES_DEMO", ""}});
    CHECK(load_settings(Words{"--demo"}, {{"PATH", "/bin"}}).faults.empty());
}

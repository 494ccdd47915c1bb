// Holds the dashboards and alerts of server/deploy to the truth: whatever they ask for is told by a
// server, with these labels, and every alert leads to what is to be done.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

const std::filesystem::path root = std::filesystem::path(CONCERTRES_DOCS).parent_path();

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(root / file);
    REQUIRE_MESSAGE(in, file);
    return {std::istreambuf_iterator<char>(in), {}};
}

using Labels = std::map<std::string, std::string>;

// What stands between braces: label="value", with any of the four operators.
struct Matcher {
    std::string label;
    std::string is;  // an operator
    std::string value;
};
struct Selector {
    std::string metric;
    std::vector<Matcher> matchers;
};

std::vector<Matcher> matchers_in(const std::string& braces) {
    static const std::regex matcher(R"re((\w+)\s*(=~|!~|!=|=)\s*"([^"]*)")re");
    std::vector<Matcher> all;
    for (std::sregex_iterator it(braces.begin(), braces.end(), matcher), end; it != end; ++it) {
        all.push_back({(*it)[1], (*it)[2], (*it)[3]});
    }
    return all;
}

// What is asked for in an expression of PromQL: words that are no function, no keyword and no list
// of labels.
struct Asked {
    std::vector<Selector> selectors;
    std::set<std::string> grouped_by;
};

Asked asked_in(std::string expression) {
    Asked asked;
    static const std::regex grouping(R"((\b(by|without|on|ignoring)\s*)\(([^)]*)\))");
    for (std::smatch match; std::regex_search(expression, match, grouping);) {
        static const std::regex word(R"(\w+)");
        const std::string list = match[3];
        for (std::sregex_iterator it(list.begin(), list.end(), word), end; it != end; ++it) {
            asked.grouped_by.insert((*it)[0]);
        }
        expression = match.prefix().str() + ' ' + match.suffix().str();
    }
    static const std::regex range(R"(\[[^\]]*\])");
    expression = std::regex_replace(expression, range, "");
    static const std::regex word(R"(\b([A-Za-z_:][\w:]*)\s*(\(|\{([^}]*)\})?)");
    static const std::set<std::string> keywords{"and", "or", "unless", "bool", "offset"};
    for (std::sregex_iterator it(expression.begin(), expression.end(), word), end; it != end;
         ++it) {
        if ((*it)[2] == "(" || keywords.contains((*it)[1])) continue;
        asked.selectors.push_back({(*it)[1], matchers_in((*it)[3])});
    }
    return asked;
}

// --- What is told ------------------------------------------------------------------------------

using Series = std::multimap<std::string, Labels>;  // by metric

// A server to which one of everything has happened: a line with classes and one with a closed loop,
// a payment, messages that are refused.
Series exposed() {
    ReadyStage set({});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 4, .classes = {{"general", 1}}};
    draft.room->closed_loop = ClosedLoop{.floor = 1, .ceiling = 2, .load_max = 0.8};
    (void)set.server.add(std::move(draft));
    set.server.services().metrics.count_refusal("framing_invalid");
    set.server.services().sinks = [] {
        return std::vector{server::SinkReading{.sink = "webhook", .statistics = {}}};
    };
    set.server.services().settler = [] { return PaymentSettlerStatistics{}; };
    set.server.services().line = [] { return RedisCounters{}; };
    const std::string text = set.server.ask_operators({.target = "/metrics"}).body;
    Series series{{"up", {}}};  // Prometheus' own
    static const std::regex line(R"(([A-Za-z_:][\w:]*)(\{.*\})? [^ ]+\n)");
    static const std::regex comment("#[^\n]*\n");
    const std::string bare = std::regex_replace(text, comment, "");
    for (std::sregex_iterator it(bare.begin(), bare.end(), line), end; it != end; ++it) {
        Labels labels;
        for (const Matcher& label : matchers_in((*it)[2])) labels[label.label] = label.value;
        series.emplace((*it)[1], std::move(labels));
    }
    REQUIRE(series.size() > 100);
    return series;
}

// Prometheus gives each series these itself. Values with a $ are the dashboard's to choose.
bool is_given(const std::string& label) { return label == "instance" || label == "job"; }

bool fits(const Labels& labels, const std::vector<Matcher>& matchers) {
    for (const Matcher& matcher : matchers) {
        if (is_given(matcher.label)) continue;
        const auto found = labels.find(matcher.label);
        if (found == labels.end()) return false;
        if (matcher.value.find('$') != std::string::npos) continue;
        const bool is_pattern = matcher.is.ends_with('~');
        const bool same = is_pattern ? std::regex_match(found->second, std::regex(matcher.value))
                                     : found->second == matcher.value;
        if (same == matcher.is.starts_with('!')) return false;
    }
    return true;
}

void check_told(const Series& series, const std::string& expression) {
    CAPTURE(expression);
    const Asked asked = asked_in(expression);
    CHECK(!asked.selectors.empty());
    std::set<std::string> labels;
    for (const Selector& selector : asked.selectors) {
        CAPTURE(selector.metric);
        bool told = false;
        const auto [from, to] = series.equal_range(selector.metric);
        for (auto it = from; it != to; ++it) {
            told = told || fits(it->second, selector.matchers);
            for (const auto& [label, value] : it->second) labels.insert(label);
        }
        CHECK_MESSAGE(told, "the server tells no such thing");
    }
    for (const std::string& label : asked.grouped_by) {
        CHECK_MESSAGE((is_given(label) || labels.contains(label)), label);
    }
}

// --- What is asked for -------------------------------------------------------------------------

struct Alert {
    std::string name;
    std::string expression;
    std::string severity;
    std::string summary;
    std::string runbook;
};

std::vector<Alert> alerts() {
    const YAML::Node file = YAML::Load(text_of("server/deploy/prometheus/alerts.yml"));
    std::vector<Alert> all;
    for (const YAML::Node& rule : file["groups"][0]["rules"]) {
        all.push_back({rule["alert"].as<std::string>(), rule["expr"].as<std::string>(),
                       rule["labels"]["severity"].as<std::string>(),
                       rule["annotations"]["summary"].as<std::string>(),
                       rule["annotations"]["runbook_url"].as<std::string>()});
    }
    REQUIRE(file["groups"].size() == 1);
    REQUIRE(all.size() > 10);
    return all;
}

struct Panel {
    std::string title;
    std::vector<std::string> expressions;
};

std::vector<Panel> panels_of(const std::string& board) {
    const auto file = boost::json::parse(text_of("server/deploy/grafana/" + board));
    std::vector<Panel> panels;
    std::set<std::int64_t> ids;
    for (const auto& panel : file.at("panels").as_array()) {
        CHECK(ids.insert(panel.at("id").as_int64()).second);
        if (panel.at("type") == "row") continue;
        Panel& made = panels.emplace_back(Panel{std::string(panel.at("title").as_string()), {}});
        for (const auto& target : panel.at("targets").as_array()) {
            made.expressions.emplace_back(target.at("expr").as_string());
        }
    }
    REQUIRE(!panels.empty());
    return panels;
}

}  // namespace

TEST_CASE("what an expression asks for is found in it") {
    const Asked asked = asked_in(
        "histogram_quantile(0.9, sum by (le, route) (rate(a_bucket{x=\"1\", y=~\"$z\"}[5m])))"
        " > 2 and on (job) b:c != 0 or d offset 5m");
    REQUIRE(asked.selectors.size() == 3);
    CHECK(asked.selectors[0].metric == "a_bucket");
    REQUIRE(asked.selectors[0].matchers.size() == 2);
    CHECK(asked.selectors[0].matchers[1].is == "=~");
    CHECK(asked.selectors[1].metric == "b:c");
    CHECK(asked.selectors[2].metric == "d");
    CHECK(asked.grouped_by == std::set<std::string>{"le", "route", "job"});
    const Labels labels{{"x", "1"}, {"y", "q"}};
    CHECK(fits(labels, asked.selectors[0].matchers));
    CHECK_FALSE(fits({{"x", "2"}, {"y", "q"}}, asked.selectors[0].matchers));
    CHECK_FALSE(fits({{"x", "1"}}, asked.selectors[0].matchers));
    CHECK_FALSE(fits(labels, {{"x", "!~", "1|2"}}));
}

TEST_CASE("every alert asks for what the server tells") {
    const Series series = exposed();
    for (const Alert& alert : alerts()) {
        CAPTURE(alert.name);
        check_told(series, alert.expression);
    }
}

TEST_CASE("every alert has its paragraph in operations.md, a summary and a test") {
    const std::string operations = text_of("docs/operations.md");
    const std::string tests = text_of("tests/monitoring/alerts_test.yml");
    std::set<std::string> names;
    for (const Alert& alert : alerts()) {
        CAPTURE(alert.name);
        CHECK(names.insert(alert.name).second);
        CHECK((alert.severity == "page" || alert.severity == "ticket"));
        CHECK(!alert.summary.empty());
        std::string anchor = alert.name;
        for (char& c : anchor) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        CHECK(alert.runbook == "docs/operations.md#" + anchor);
        CHECK(operations.find("\n### " + alert.name + "\n\n") != std::string::npos);
        CHECK(tests.find("alertname=\"" + alert.name + "\"") != std::string::npos);
    }
    // Nor is there a paragraph for what nobody is alerted to.
    static const std::regex heading("\n### (Concertres\\w+)\n");
    for (std::sregex_iterator it(operations.begin(), operations.end(), heading), end; it != end;
         ++it) {
        CHECK_MESSAGE(names.contains((*it)[1]), (*it)[1]);
    }
}

TEST_CASE("every panel of k6's dashboard shows what the scripts write to Prometheus") {
    // By k6 itself, with K6_PROMETHEUS_RW_TREND_STATS as docs/load.md has it.
    Series series{{"k6_vus", {}},
                  {"k6_iterations_total", {{"scenario", ""}}},
                  {"k6_data_received_total", {{"scenario", ""}}},
                  {"k6_data_sent_total", {{"scenario", ""}}},
                  {"k6_checks_rate", {{"scenario", ""}, {"name", ""}}},
                  {"k6_http_reqs_total", {{"scenario", ""}, {"name", ""}, {"status", ""}}}};
    for (const char* trend : {"p50", "p95", "p99", "max"}) {
        series.emplace(
            fmt::format("k6_http_req_duration_{}", trend),
            Labels{{"scenario", ""}, {"name", ""}, {"status", ""}, {"expected_response", "true"}});
    }
    const std::string script = text_of("benchmarks/k6/concertres.js");
    static const std::regex counter("new Counter\\(\"(\\w+)\"\\)");
    for (std::sregex_iterator it(script.begin(), script.end(), counter), end; it != end; ++it) {
        series.emplace("k6_" + (*it)[1].str() + "_total",
                       Labels{{"scenario", ""}, {"name", ""}, {"outcome", ""}});
    }
    REQUIRE(series.size() > 10);
    for (const Panel& panel : panels_of("k6.json")) {
        CAPTURE(panel.title);
        for (const std::string& expression : panel.expressions) check_told(series, expression);
    }
}

TEST_CASE("every panel of the server's dashboard shows what the server tells") {
    const Series series = exposed();
    std::set<std::string> shown;
    for (const Panel& panel : panels_of("server.json")) {
        CAPTURE(panel.title);
        for (const std::string& expression : panel.expressions) {
            check_told(series, expression);
            for (const Selector& selector : asked_in(expression).selectors) {
                shown.insert(selector.metric);
            }
        }
    }
    // And all of it, but for what a histogram has besides its buckets and what others say better.
    for (const auto& [metric, labels] : series) {
        if (metric.ends_with("_sum") || metric.ends_with("_count")) continue;
        if (metric == "up" || metric == "concertres_sale_open") continue;
        CHECK_MESSAGE(shown.contains(metric), metric);
    }
}

// `concertres load` against a real server: what it reports is what the server has counted.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <string>

#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
namespace json = boost::json;

namespace {

// A server with a sale whose room lets in everybody.
class OpenSale {
  public:
    [[nodiscard]] const std::string& url() const { return server_.url(); }
    [[nodiscard]] const std::string& operators_url() const { return server_.operators_url(); }
    ServerProcess& server() { return server_; }

    // Answers that the server has given on this path so far.
    [[nodiscard]] std::int64_t answers(const std::string& route) const {
        double sum = 0;
        for (const auto& [name, value] : metrics_of(operators_url())) {
            const bool is_meant = name.starts_with("concertres_http_requests_total{") &&
                                  contains(name, "route=\"" + route + "\"");
            if (is_meant) sum += value;
        }
        return static_cast<std::int64_t>(sum);
    }

  private:
    TempDir folder_;
    ServerProcess server_{
        {.data = folder_.path(), .arguments = {"--tick-ms", "20", "--log-level", "warning"}}};
    ImportedSale sale_ =
        import_sale({"--server", server_.operators_url()}, sale_json(2'000, R"("room": {})"));
};

// The report of a run, beside how it ended.
class Loaded {
  public:
    Loaded(const std::string& url, std::vector<std::string> words) {
        words.insert(words.begin(), "load");
        words.insert(words.end(), {"--target", url, "--json", report(), "--html", page()});
        ran_ = run_command(std::move(words));
    }

    [[nodiscard]] const Ran& ran() const { return ran_; }
    [[nodiscard]] std::string page_text() const { return read_file(page()); }
    [[nodiscard]] json::value json() const { return json::parse(read_file(report())); }
    [[nodiscard]] std::int64_t number(std::string_view pointer) const {
        boost::system::error_code absent;
        const json::value all = json();
        const auto* value = all.find_pointer({pointer.data(), pointer.size()}, absent);
        return value == nullptr ? 0 : value->to_number<std::int64_t>();
    }

  private:
    [[nodiscard]] std::string report() const { return folder_.path() / "report.json"; }
    [[nodiscard]] std::string page() const { return folder_.path() / "report.html"; }

    TempDir folder_;
    Ran ran_;
};

std::string profile_file(const TempDir& folder, const std::string& text) {
    const std::string file = folder.path() / "profile.toml";
    write_file(file, text);
    return file;
}

}  // namespace

TEST_CASE("a smoke test buys, and reports as many requests as the server has answered") {
    OpenSale sale;
    const Loaded smoke(sale.url(), {"smoke", "--think-ms", "20"});
    INFO(smoke.ran().out, smoke.ran().err);
    REQUIRE(smoke.ran().end == "exit 0");
    CHECK(contains(smoke.ran().out, "met    errors <= 0%: 0%"));

    const auto steps = [&](const char* step) {
        return smoke.number(fmt::format("/steps/{}/requests", step));
    };
    CHECK(steps("token") > 0);
    CHECK(steps("token") == sale.answers("/v1/concerts/{concert_id}/tokens"));
    CHECK(steps("poll") == sale.answers("/v1/tokens/current"));
    CHECK(steps("dates") == sale.answers("/v1/concerts/{concert_id}/dates"));
    CHECK(steps("seats") == sale.answers("/v1/performances/{performance_id}/seats"));
    CHECK(steps("hold") == sale.answers("/v1/reservations"));
    CHECK(steps("charge") == sale.answers("/v1/users/{user_id}/wallet/charges"));
    CHECK(steps("pay") == sale.answers("/v1/payments"));

    const std::int64_t bought = smoke.number("/outcomes/bought");
    CHECK(bought > 0);
    CHECK(bought == smoke.number("/steps/pay/good"));
    CHECK(audit({"--server", sale.operators_url()}).at("payments") == bought);
    const std::string page = smoke.page_text();
    CHECK(page.starts_with("<!doctype html>"));
    CHECK(contains(page, "</svg>"));
    CHECK_FALSE(contains(page, "http://www"));
    CHECK(sale.server().stop() == "exit 0");
}

TEST_CASE("arrivals are served, turned away or missed, and none is forgotten") {
    OpenSale sale;
    const TempDir folder;
    const Loaded run(sale.url(), {profile_file(folder,
                                               "scenario = \"reservation\"\n"
                                               "rate = [\"0s 100\", \"2s 100\"]\n"
                                               "connections = 20\n")});
    INFO(run.ran().out, run.ran().err);
    REQUIRE(run.ran().end == "exit 0");
    std::int64_t ended = run.number("/missed");
    const json::value report = run.json();
    for (const auto& outcome : report.at("outcomes").as_object()) {
        ended += outcome.value().to_number<std::int64_t>();
    }
    CHECK(ended == 200);
    CHECK(run.number("/outcomes/done") > 0);
    CHECK(run.number("/prepared_requests") >= 3 * 20);
    const auto counts = audit({"--server", sale.operators_url()});
    CHECK(counts.at("reservations") == run.number("/steps/hold/good"));
    CHECK(counts.at("held") == 0);
}

TEST_CASE("a threshold that is missed is told, and the exit code is 99") {
    OpenSale sale;
    const TempDir folder;
    const Loaded run(sale.url(), {profile_file(folder,
                                               "scenario = \"poll\"\n"
                                               "users = [\"0s 2\", \"1s 2\"]\n"
                                               "think-ms = 50\n"
                                               "thresholds = [\"rate >= 1000000/s\"]\n")});
    INFO(run.ran().out, run.ran().err);
    CHECK(run.ran().end == "exit 99");
    CHECK(contains(run.ran().out, "MISSED rate >= 1000000/s: "));
    CHECK_FALSE(run.json().at("thresholds").at(0).at("met").as_bool());
}

TEST_CASE("Ctrl-C ends a run early, with its report") {
    OpenSale sale;
    const TempDir folder;
    const std::string report = folder.path() / "report.json";
    Process process({.arguments = {"load", "peak", "--scenario", "poll", "--time-scale", "0.5",
                                   "--target", sale.url(), "--json", report}});
    REQUIRE(eventually([&] { return sale.answers("/v1/tokens/current") >= 5; }));
    process.signal(SIGINT);
    const std::string end = process.wait();
    INFO(process.out(), process.err());
    CHECK((end == "exit 0" || end == "exit 99"));  // by how fast this machine is
    CHECK(contains(process.out(), "(interrupted)"));
    const json::value told = json::parse(read_file(report));
    CHECK(told.at("interrupted").as_bool());
    CHECK(told.at("all").at("good").to_number<std::int64_t>() >= 5);
    CHECK(told.at("all").at("failed").to_number<std::int64_t>() == 0);
}

TEST_CASE("what keeps a run from beginning is told") {
    check_refused(run_command({"load"}), "exit 64", "PROFILE");
    check_refused(run_command({"load", "smok"}), "exit 64", "did you mean smoke?");
    check_refused(run_command({"load", "smoke", "--scenario", "buy"}), "exit 64", "must be one of");
    check_refused(run_command({"load", "smoke", "--time-scale", "0"}), "exit 64", "--time-scale");
    check_refused(run_command({"load", "smoke", "--target", "localhost"}), "exit 64", "--target");
    check_refused(run_command({"load", "smoke", "--target", "http://127.0.0.1:1"}), "exit 69",
                  "http://127.0.0.1:1 does not answer");
    OpenSale sale;
    check_refused(run_command({"load", "smoke", "--target", sale.operators_url()}), "exit 1",
                  "no list of concerts");
    check_refused(run_command({"load", "smoke", "--target", sale.url(), "--concert",
                               "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"}),
                  "exit 1", "has no concert 8f14e45f");
    check_refused(run_command({"load", "smoke", "--target", sale.url(), "--json", "/no/such/file"}),
                  "exit 1", "/no/such/file cannot be written");
}

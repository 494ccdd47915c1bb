// A sale that opens with a draw, by the program: people wait, it opens, the server is killed and
// started again; then `draw export` and `draw verify`, and files that somebody has doctored.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"
#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr int people = 30;

json::value get(const std::string& url, const std::string& target) {
    return json::parse(http::Client(url).send({.target = target}).body);
}

void join(const std::string& url, const std::string& concert, int first, int end) {
    http::Client client(url);
    for (int user = first; user < end; ++user) {
        const auto id = UserId::from_name(fmt::format("person {}", user)).to_string();
        const auto reply = client.send({.method = "POST",
                                        .target = "/v1/concerts/" + concert + "/tokens",
                                        .fields = {{"Content-Type", "application/json"}},
                                        .body = fmt::format(R"({{"user_id": "{}"}})", id)});
        REQUIRE(reply.status == 201);
    }
}

// Whether it comes to that within half a minute.
template <class IsSo>
bool comes_to(IsSo&& is_so) {
    for (int i = 0; i < 1'500; ++i) {
        if (is_so()) return true;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

std::string text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// A folder with a sale whose line of 30 was drawn, and a file with its draw.
struct ExportedDraw {
    ExportedDraw() {
        const Time opens_at =
            std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + 3s;
        const std::string more =
            fmt::format(R"("room": {{"active_max": 10, "draw": true}}, "opens_at": "{}")",
                        to_rfc3339(opens_at));
        concert = import_sale(where, sale_json(50, more)).concert;
        const Serving serving{.data = data(), .arguments = {"--tick-ms", "20"}};
        {
            ServerProcess server(serving);
            join(server.url(), concert, 0, people);
            const json::value before = draw(server.url());
            commitment = before.at("commitment").as_string();
            REQUIRE_FALSE(before.at("drawn").as_bool());
            REQUIRE(comes_to([&] { return draw(server.url()).at("drawn").as_bool(); }));
            server.kill();
        }
        ServerProcess server(serving);
        const json::value after = draw(server.url());
        CHECK(after.at("drawn").as_bool());
        CHECK(after.at("commitment").as_string() == commitment);
        CHECK(after.at("size").as_int64() == people);
        join(server.url(), concert, people, people + 3);
        const auto admitted = [&] {
            return get(server.operators_url(), "/admin/v1/concerts/" + concert + "/room")
                .at("admitted")
                .as_int64();
        };
        REQUIRE(comes_to([&] { return admitted() == 10; }));
        const Ran served =
            run_command({"draw", "export", concert, file, "--server", server.operators_url()});
        INFO(served.err);
        CHECK(served.end == "exit 0");
        CHECK(contains(served.out, "with 10 admissions\n"));
        CHECK(server.stop() == "exit 0");
    }
    [[nodiscard]] json::value draw(const std::string& url) const {
        return get(url, "/v1/concerts/" + concert + "/draw");
    }
    [[nodiscard]] std::string data() const { return folder.path() / "sale"; }

    TempDir folder;
    Words where{"--data", data()};
    std::string file = folder.path() / "draw.json";
    std::string concert;
    std::string commitment;
};

// `draw verify` of the file with something changed in it.
Ran verify_doctored(const ExportedDraw& drawn, void (*doctor)(json::object& file)) {
    json::value document = json::parse(text_of(drawn.file));
    doctor(document.as_object());
    const std::string doctored = drawn.folder.path() / "doctored.json";
    write_file(doctored, json::serialize(document));
    return run_command({"draw", "verify", doctored});
}

void check_not_verified(const Ran& ran, std::string_view text) {
    INFO(ran.out << ran.err);
    CHECK(ran.end == "exit 1");
    CHECK(contains(ran.out, text));
    CHECK(contains(ran.out, "this draw does NOT verify\n"));
}

}  // namespace

TEST_CASE("a draw that was exported verifies with the file alone, and not once it is doctored") {
    const ExportedDraw drawn;
    const Ran good = run_command(
        {"draw", "verify", drawn.file, "--commitment", drawn.commitment, "--place", "7"});
    INFO(good.out << good.err);
    CHECK(good.end == "exit 0");
    CHECK(good.err.empty());
    CHECK(contains(good.out, "concert " + drawn.concert + ": 30 places drawn at "));
    CHECK(contains(good.out, "good: the commitment " + drawn.commitment + " is the SHA-256"));
    CHECK(contains(good.out, "good: it is the commitment that was published\n"));
    CHECK(contains(good.out,
                   "good: 10 of 30 places were let in, all of them in the order of the draw\n"));
    CHECK(contains(good.out, "place 7: drawn as number "));
    CHECK(contains(run_command({"draw", "verify", drawn.file, "--place", "31"}).out,
                   "place 31: came after the draw"));
    CHECK(contains(run_command({"draw", "verify", drawn.file}).out, "compare it with the one"));
    check_not_verified(
        run_command({"draw", "verify", drawn.file, "--commitment", std::string(64, '0')}),
        "is not the one that was published");

    check_not_verified(
        verify_doctored(drawn, [](json::object& file) { file["seed"] = std::string(32, 'a'); }),
        "WRONG: the seed aaaaaaaa");
    check_not_verified(verify_doctored(drawn,
                                       [](json::object& file) {
                                           auto& all = file["admissions"].as_array();
                                           std::swap(all[2].at("number"), all[6].at("number"));
                                       }),
                       "was let in after place");
    check_not_verified(
        verify_doctored(
            drawn, [](json::object& file) { file["admissions"].as_array()[5].at("number") = 31; }),
        "WRONG: place 31 is none of the 30 that were drawn");
    check_not_verified(verify_doctored(drawn,
                                       [](json::object& file) {
                                           auto& all = file["admissions"].as_array();
                                           all[5] = all[4];
                                       }),
                       "was let in twice");

    // The sale itself is clean, and a folder gives the same file as its server did.
    const auto counts = audit(drawn.where);
    CHECK(counts.at("places") == people + 3);
    const std::string again = drawn.folder.path() / "again.json";
    const Ran here =
        run_command({"draw", "export", drawn.concert, again}, {"--data", drawn.data()});
    INFO(here.err);
    CHECK(here.end == "exit 0");
    const json::value first = json::parse(text_of(drawn.file));
    const json::value second = json::parse(text_of(again));
    for (const char* name : {"concert_id", "algorithm", "commitment", "seed", "size", "epoch",
                             "drawn_at", "opens_at", "lines"}) {
        CHECK(first.at(name) == second.at(name));
    }
    const auto& there = first.at("admissions").as_array();
    const auto& here_too = second.at("admissions").as_array();
    REQUIRE(here_too.size() >= there.size());
    for (std::size_t i = 0; i < there.size(); ++i) CHECK(there[i] == here_too[i]);
}

TEST_CASE("draw refuses what it cannot read, write or find") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const Words where{"--data", data};
    const std::string file = folder.path() / "draw.json";
    const std::string concert = import_sale(where, sale_json(5)).concert;
    check_refused(run_command({"draw", "export", concert, file}, where), "exit 1",
                  "does not draw its line (unknown_draw)");
    CHECK_FALSE(std::filesystem::exists(file));
    const std::string drawing = import_sale(where, sale_json(5, R"("room": {"draw": true},
                                           "opens_at": "2089-01-01T10:00:00Z")"))
                                    .concert;
    CHECK(run_command({"draw", "export", drawing, file}, where).end == "exit 0");
    check_refused(run_command({"draw", "export", drawing, file}, where), "exit 1",
                  "draw.json cannot be made: File exists");
    check_refused(run_command({"draw", "verify", file}), "exit 1",
                  "the line had not been drawn when this was written");
    check_refused(run_command({"draw", "verify", folder.path() / "none"}), "exit 1",
                  "none cannot be read: No such file or directory");
    write_file(folder.path() / "text", "seed");
    check_refused(run_command({"draw", "verify", folder.path() / "text"}), "exit 1", "is not JSON");
    check_refused(run_command({"draw", "roll"}), "exit 64", "must be verify or export");
    check_refused(run_command({"draw", "export", concert, folder.path() / "other"},
                              {"--data", folder.path() / "nowhere"}),
                  "exit 69", "there is no sale in");
    check_refused(run_command({"draw", "export", concert, folder.path() / "other"},
                              {"--server", "http://127.0.0.1:1"}),
                  "exit 69", "does not answer");
    CHECK_FALSE(std::filesystem::exists(folder.path() / "other"));
}

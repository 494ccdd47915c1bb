// `concertres import`: what it takes, what it refuses, and how it says so.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

const std::string little_theatre = CONCERTRES_EXAMPLE_DATA "/little-theatre.seating-plan.json";

// The arguments of an import of the little theatre, which has three categories.
Words theatre() {
    return {"import",  little_theatre,  "--date",  "2090-12-24T19:00:00+09:00",
            "--price", "Premium=90000", "--price", "Standard=60000",
            "--price", "Gallery=40000", "--title", "A Play"};
}

}  // namespace

TEST_CASE("import adds a concert of our own JSON, or of a seating plan, to a folder or a server") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const ImportedSale own = import_sale({"--data", data}, sale_json(7));
    const Ran plan = run_command(theatre(), {"--data", data});
    CHECK(contains(plan.out, " with 62 seats\n"));
    CHECK(contains(plan.out, " on 2090-12-24T19:00:00.000+09:00\n"));
    CHECK(imported(plan).concert != own.concert);
    auto counts = audit({"--data", data});
    CHECK(counts.at("concerts") == 2);
    CHECK(counts.at("free") == 69);

    ServerProcess server({.data = data});
    const Words where{"--server", server.operators_url()};
    const Ran served = run_command(
        theatre(), {"--server", server.operators_url() + "/", "--active-max", "3", "--per-window",
                    "50/60000", "--opens-at", "2090-12-01T10:00:00+09:00"});
    const std::string room =
        http::Client(server.operators_url())
            .send({.target = "/admin/v1/concerts/" + imported(served).concert + "/room"})
            .body;
    INFO(room);
    CHECK(contains(room, R"("title":"A Play","sale":"scheduled")"));
    CHECK(contains(room, R"("opens_at":"2090-12-01T01:00:00.000Z")"));
    CHECK(contains(room, R"("active_max":3,"window":{"admit_max":50,"window_ms":60000})"));
    (void)import_sale(where, sale_json(7));
    counts = audit(where);
    CHECK(counts.at("concerts") == 4);
    CHECK(counts.at("free") == 138);
    CHECK(server.stop() == "exit 0");
    CHECK(audit({"--data", data}).at("concerts") == 4);
}

TEST_CASE("import adds areas beside seats, and says where one is wrong") {
    const TempDir folder;
    const Words where{"--data", folder.path() / "sale"};
    const std::string areas =
        R"("areas": [{"section": "Standing", "capacity": 30, "price": 60000}])";
    (void)import_sale(where, sale_json(7, areas));
    CHECK(audit(where).at("free") == 37);
    write_file(
        folder.path() / "wrong.json",
        sale_json(7, R"("areas": [{"section": "Standing", "capacity": 0, "price": 60000}])"));
    const Ran wrong = run_command({"import", folder.path() / "wrong.json"}, where);
    CHECK(wrong.end != "exit 0");
    CHECK(contains(wrong.err, "/areas/0/capacity: must be an integer from 1 to 200000"));
    CHECK(audit(where).at("concerts") == 1);
}

TEST_CASE("import names what is wrong with a file, and makes nothing") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const Words where{"--data", data};
    const auto import_text = [&](const std::string& text) {
        write_file(folder.path() / "sale.json", text);
        return run_command({"import", folder.path() / "sale.json"}, where);
    };
    check_refused(run_command({"import", folder.path() / "none"}, where), "exit 1",
                  "none cannot be read: No such file or directory");
    check_refused(run_command({"import", folder.path()}, where), "exit 1", "cannot be read");
    check_refused(import_text(""), "exit 1", "is not JSON");
    check_refused(import_text("{"), "exit 1", "is not JSON");
    check_refused(import_text("[]"), "exit 1", "sale.json");
    const Ran faults = import_text(
        R"({"title": "", "venue": 3, "performances": [{"starts_at": "soon"}], "seat": 3})");
    check_refused(faults, "exit 1", "/venue");
    CHECK(contains(faults.err, "/performances/0/starts_at"));
    CHECK(contains(faults.err, "seat"));
    check_refused(run_command({"import", little_theatre, "--price", "Premium=9"}, where), "exit 1",
                  "\"Gallery\" has 10 seats and no price");
    check_refused(run_command(theatre(), {"--data", data, "--price", "Stall=1"}), "exit 1",
                  "Stall");
    CHECK(!std::filesystem::exists(data));
}

TEST_CASE("import says what is wrong with its command line, all at once") {
    const Ran ran = run_command({"import", "hall.json", "--data", "a", "--server",
                                 "http://127.0.0.1:1", "--date", "soon", "--price", "Premium",
                                 "--active-max", "0", "--per-window", "many", "more"});
    check_refused(ran, "exit 64", "give exactly one of --data DIR");
    for (const char* part : {"--date", "--price", "--active-max", "--per-window", "\"more\""}) {
        CHECK(contains(ran.err, part));
    }
    check_refused(run_command({"import", "--data", "a"}), "exit 64", "FILE");
    check_refused(run_command({"import", "hall.json"}), "exit 64", "give exactly one of");
    check_refused(run_command({"import", "hall.json", "--server", "https://a"}), "exit 64", "TLS");
}

TEST_CASE("import says who does not answer, and whose address it is not") {
    check_refused(run_command(theatre(), {"--server", "http://127.0.0.1:1"}), "exit 69",
                  "http://127.0.0.1:1 does not answer: ");
    ServerProcess server({});
    check_refused(run_command(theatre(), {"--server", server.url()}), "exit 69",
                  server.url() + " is not the operators' address");
    CHECK(server.stop() == "exit 0");
}

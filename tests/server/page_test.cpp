// The page that people buy from and the operators' console, as they are served. What they do is
// tested in tests/web.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "server/test_server.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// What the page loads: "/web/app.js".
std::vector<std::string> parts_of(std::string_view page) {
    std::vector<std::string> parts;
    constexpr std::string_view begin = "\"/web/";
    for (std::size_t at = page.find(begin); at != std::string_view::npos;
         at = page.find(begin, at + 1)) {
        parts.emplace_back(page.substr(at + 1, page.find('"', at + 1) - at - 1));
    }
    return parts;
}

std::string_view type_of(std::string_view target) {
    if (target.ends_with(".js")) return "text/javascript; charset=utf-8";
    return target.ends_with(".css") ? "text/css; charset=utf-8" : "image/svg+xml";
}

void write(const std::filesystem::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("the page runs no script but its own, and calls nobody but its server") {
    TestServer server;
    const Reply page = server.get("/");
    CHECK(page.status == 200);
    CHECK(page.field("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.field("Content-Security-Policy") ==
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    CHECK(page.field("X-Content-Type-Options") == "nosniff");
    CHECK(page.field("Referrer-Policy") == "no-referrer");
    CHECK(page.field("Cache-Control") == "no-cache");
}

TEST_CASE("all that the page loads is there, and is what it is said to be") {
    TestServer server;
    const auto parts = parts_of(server.get("/").body);
    CHECK(parts.size() > 10);
    for (const std::string& target : parts) {
        CAPTURE(target);
        const Reply part = server.get(target);
        CHECK(part.status == 200);
        CHECK(part.field("Content-Type") == type_of(target));
        CHECK(part.field("X-Content-Type-Options") == "nosniff");
        CHECK(part.has_field("ETag"));
    }
}

TEST_CASE("operators are served the console, whole, and buyers are not") {
    TestServer server({.admin_key = "a-key-of-the-operators"});
    const Reply page = server.ask_operators({.target = "/"});
    CHECK(page.status == 200);
    CHECK(page.body != server.get("/").body);
    CHECK(page.field("Content-Security-Policy") ==
          server.get("/").field("Content-Security-Policy"));
    CHECK(page.field("Referrer-Policy") == "no-referrer");
    const auto parts = parts_of(page.body);
    CHECK(parts.size() > 10);
    int own = 0;
    for (const std::string& target : parts) {
        CAPTURE(target);
        const Reply part = server.ask_operators({.target = target});
        CHECK(part.status == 200);
        CHECK(part.field("Content-Type") == type_of(target));
        CHECK(part.has_field("ETag"));
        const Reply again = server.ask_operators(
            {.target = target, .fields = {{"If-None-Match", part.field("ETag")}}});
        CHECK(again.status == 304);
        if (!target.starts_with("/web/console/")) continue;
        ++own;
        CHECK(server.get(target).outcome() == "404 unknown_route");
    }
    CHECK(own > 5);
    CHECK(server.ask_operators({.target = "/web/console/index.html"}).outcome() ==
          "404 unknown_route");
}

TEST_CASE("the page at /docs is whole at both listeners, and operators are shown no purchase") {
    TestServer server;
    (void)server.add();
    const Reply page = server.get("/docs");
    const Reply operators = server.ask_operators({.target = "/docs"});
    CHECK(page.field("Content-Security-Policy") ==
          server.get("/").field("Content-Security-Policy"));
    CHECK(page.body.find("data-side=\"buyers\"") != std::string::npos);
    CHECK(operators.body.find("data-side=\"operators\"") != std::string::npos);
    CHECK(page.body.find("curl -s") != std::string::npos);
    CHECK(operators.body.find("curl -s") == std::string::npos);
    CHECK(server.ask_operators({.target = "/openapi.json"}).body ==
          server.get("/openapi.json").body);
    const auto parts = parts_of(page.body);
    CHECK(parts.size() > 10);
    CHECK(parts == parts_of(operators.body));
    for (const std::string& target : parts) {
        CAPTURE(target);
        for (const Reply& part : {server.get(target), server.ask_operators({.target = target})}) {
            CHECK(part.status == 200);
            CHECK(part.field("Content-Type") == type_of(target));
        }
    }
    CHECK(server.get("/web/docs/index.html").outcome() == "404 unknown_route");
}

TEST_CASE("what is no part of the page is not served as one") {
    TestServer server;
    for (const char* name :
         {"index.html", "docs/index.html", "openapi.json", "nothing.js", "App.js", "..%2Fstyle.css",
          "%2e%2e", ".", "style.css%00", "package.json"}) {
        CAPTURE(name);
        CHECK(server.get(std::string("/web/") + name).outcome() == "404 unknown_route");
    }
}

TEST_CASE("with a web root the files are those of the folder, as they are at the moment") {
    TestServer server;
    const TempDir folder;
    server.services().web_root = folder.path();
    CHECK(server.get("/").outcome() == "404 unknown_route");
    write(folder.path() / "index.html", "<p>one</p>");
    write(folder.path() / "app.js", "1;");
    write(folder.path() / "notes.txt", "secret");
    std::filesystem::create_directory(folder.path() / "console");
    write(folder.path() / "console" / "index.html", "<p>console</p>");
    write(folder.path() / "console" / "app.js", "3;");
    CHECK(server.get("/").body == "<p>one</p>");
    CHECK(server.get("/").field("Content-Security-Policy").starts_with("default-src 'none'"));
    CHECK(server.get("/web/app.js").body == "1;");
    CHECK(server.get("/web/app.js").field("Content-Type") == "text/javascript; charset=utf-8");
    CHECK(server.ask_operators({.target = "/"}).body == "<p>console</p>");
    CHECK(server.ask_operators({.target = "/web/console/app.js"}).body == "3;");
    write(folder.path() / "app.js", "2;");
    CHECK(server.get("/web/app.js").body == "2;");
    for (const char* name : {"notes.txt", "style.css", "..%2Fapp.js", "%2fetc%2fpasswd.js"}) {
        CAPTURE(name);
        CHECK(server.get(std::string("/web/") + name).outcome() == "404 unknown_route");
    }
}

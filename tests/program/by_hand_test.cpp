// What the documentation and the page at /docs offer to be pasted into a shell, pasted.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

Ran bash(const std::string& script) {
    const TempDir folder;
    write_file(folder.path() / "pasted", script);
    return run({.arguments = {folder.path() / "pasted"}, .program = "/bin/bash"});
}

// The text between two marks, the first of them after `heading`.
std::string between(const std::string& text, std::string_view heading, std::string_view begin,
                    std::string_view end) {
    const std::size_t section = text.find(heading);
    REQUIRE(section != std::string::npos);
    const std::size_t first = text.find(begin, section);
    REQUIRE(first != std::string::npos);
    const std::size_t from = first + begin.size();
    const std::size_t to = text.find(end, from);
    REQUIRE(to != std::string::npos);
    return text.substr(from, to - from);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

std::string unescaped(std::string html) {
    for (const auto& [entity, letter] : {std::pair{"&lt;", "<"}, std::pair{"&gt;", ">"},
                                         std::pair{"&quot;", "\""}, std::pair{"&amp;", "&"}}) {
        replace_all(html, entity, letter);
    }
    return html;
}

// The last line is the answer to the payment.
void check_bought(const Ran& ran) {
    INFO(ran.out, ran.err);
    CHECK(ran.end == "exit 0");
    CHECK(ran.err.empty());
    const std::string text = ran.out.substr(0, ran.out.find_last_not_of('\n') + 1);
    const std::string payment = text.substr(text.rfind('\n') + 1);
    CHECK(payment.starts_with(R"({"payment_id":)"));
    CHECK(contains(payment, R"("status":"completed")"));
}

// A demo server that audits clean at the end, with these many seats sold.
template <class Buy>
void in_the_demo(std::int64_t sold, Buy buy) {
    const Ran curl = bash("command -v curl");
    REQUIRE_MESSAGE(curl.end == "exit 0", "this test needs curl");
    ServerProcess server({});
    buy(server);
    CHECK(audit({"--server", server.operators_url()}).at("sold") == sold);
    CHECK(server.stop() == "exit 0");
}

}  // namespace

TEST_CASE("the purchases of the README and of docs/start.md work as they are pasted") {
    for (const auto& [file, heading] :
         {std::pair{CONCERTRES_DOCS "/../README.md", "## Two seats with curl\n"},
          std::pair{CONCERTRES_DOCS "/start.md", "## Buy a seat by hand\n"}}) {
        CAPTURE(file);
        in_the_demo(2, [&](const ServerProcess& server) {
            std::string script = between(read_file(file), heading, "```sh\n", "```\n");
            REQUIRE(contains(script, "URL=http://127.0.0.1:8080\n"));
            replace_all(script, "http://127.0.0.1:8080", server.url());
            check_bought(bash(script));
        });
    }
}

TEST_CASE("the purchase of the start page works as it is pasted, once for each time it is loaded") {
    in_the_demo(2, [](const ServerProcess& server) {
        http::Client client(server.url());
        for (int buyer = 0; buyer < 2; ++buyer) {
            const std::string page = client.send({.target = "/docs"}).body;
            const std::string script =
                unescaped(between(page, "A purchase in five calls", "<pre>", "</pre>"));
            CHECK(contains(script, "URL=" + server.url() + "\n"));
            check_bought(bash(script));
        }
    });
}

TEST_CASE("the start page of a server with an API key asks for it, and then works as well") {
    const TempDir folder;
    const std::string key = folder.path() / "api-key";
    CHECK(bash("umask 077; echo an-api-key-of-the-host > " + key).end == "exit 0");
    ServerProcess server({.arguments = {"--api-key", key}});
    const std::string page = http::Client(server.url()).send({.target = "/docs"}).body;
    CHECK(contains(page, "<code>API_KEY</code>"));
    const std::string script =
        unescaped(between(page, "A purchase in five calls", "<pre>", "</pre>"));
    check_bought(bash("API_KEY=an-api-key-of-the-host\n" + script));
    CHECK(server.stop() == "exit 0");
}

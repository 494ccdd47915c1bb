// No secret leaves the program where it does not belong. Each key and token here is told apart at a
// glance, and is looked for in all that the program says, and in what is left in its memory.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/base64url.hpp"
#include "program/keyed_server.hpp"
#include "support/sqlite_sample.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// All that the program has said to anybody but in the one answer that gives a token.
class Heard {
  public:
    void hear(const Reply& reply) {
        text_ += std::to_string(reply.status) + '\n';
        for (const auto& [name, value] : reply.fields) text_ += name + ": " + value + '\n';
        text_ += reply.body + '\n';
    }
    void hear(const std::string& text) { text_ += text + '\n'; }
    void check_free_of(const std::string& what, const std::string& secret) const {
        CAPTURE(what);
        REQUIRE(secret.size() >= 16);
        const std::size_t at = text_.find(secret);
        INFO(text_.substr(at == std::string::npos ? 0 : at - std::min<std::size_t>(at, 60), 100));
        CHECK(at == std::string::npos);
        CHECK(text_.find(hex_of(secret)) == std::string::npos);
    }
    [[nodiscard]] bool has(const std::string& text) const { return contains(text_, text); }

  private:
    static std::string hex_of(const std::string& bytes) {
        std::string hex;
        char digits[3];
        for (const unsigned char byte : bytes) {
            std::snprintf(digits, sizeof digits, "%02x", byte);
            hex += digits;
        }
        return hex;
    }
    std::string text_;
};

std::string bare_key(const std::string& line) { return line.substr(2, line.size() - 3); }

// How often `needle` stands in what the process may write; it is halted meanwhile.
std::size_t count_in_memory(const Process& process, const std::string& needle) {
    process.signal(SIGSTOP);
    const std::string folder = "/proc/" + std::to_string(process.id());
    std::ifstream maps(folder + "/maps");
    std::ifstream memory(folder + "/mem", std::ios::binary);
    std::size_t count = 0;
    std::size_t bytes_read = 0;
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        char rights[5] = {};
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3) continue;
        // Shadow memory of a sanitizer is terabytes of nothing.
        if (std::string(rights) != "rw-p" || end - begin > (1ul << 30)) continue;
        std::string bytes(end - begin, '\0');
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(begin));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(memory.gcount()));
        bytes_read += bytes.size();
        for (std::size_t at = bytes.find(needle); at != std::string::npos;
             at = bytes.find(needle, at + 1)) {
            ++count;
        }
    }
    process.signal(SIGCONT);
    REQUIRE(bytes_read > 100'000);
    return count;
}

// A whole purchase, and every kind of refusal on the way, with what each may not say again.
void buy_and_be_refused(const KeyedServer& server, const std::string& token, Heard& heard) {
    const std::string user = UserId::from_name("ann").to_string();
    const std::string wallet = "/v1/users/" + user + "/wallet";
    const auto ask = [&](Ask request) {
        request.token = request.token.empty() ? token : request.token;
        Reply reply = server.ask(request);
        heard.hear(reply);
        return reply;
    };
    const auto post = [&](const std::string& target, const std::string& body,
                          const std::string& key) {
        return ask({.method = "POST", .target = target, .body = body, .key = key});
    };
    const std::string seats =
        R"({"performance_id": ")" + server.sale().performance + R"(", "seats": [1, 2]})";
    // The only answer but that which made it that has the token: it is its holder's.
    CHECK(server.worth(token) == "200");
    const Reply held = post("/v1/reservations", seats, "hold");
    CHECK(held.outcome() == "201");
    CHECK(post("/v1/reservations", seats, "again").outcome() == "409 seat_held");
    const std::string pay = R"({"reservation_id": ")" + held.text("/reservation_id") + R"("})";
    CHECK(post("/v1/payments", pay, "pay").outcome() == "402 insufficient_balance");
    heard.hear(server.ask({.method = "POST",
                           .target = wallet + "/charges",
                           .body = R"({"amount": 900000})",
                           .key = "charge",
                           .fields = {{"X-Api-Key", "first-api-key-0123"}}}));
    const Reply paid = post("/v1/payments", pay, "pay");
    CHECK(paid.outcome() == "201");
    CHECK(ask({.target = "/v1/payments"}).outcome() == "200");
    // Tokens and keys where they do not belong.
    std::string changed = token;
    changed.back() = changed.back() == 'A' ? 'B' : 'A';
    CHECK(ask({.target = "/v1/tokens/current", .token = changed}).outcome() == "401 token_invalid");
    ask({.target = "/v1/concerts/" + token + "/dates"});
    ask({.target = "/v1/reservations?cursor=" + token});
    ask({.target = "/v1/" + token});
    post("/v1/reservations", R"({"seats": [1], "performance_id": ")" + token + "\"}", "odd");
    post("/v1/reservations", seats, token + " ");
    heard.hear(server.join("bob", "wrong-api-key-4567"));
    heard.hear(server.ask_operators({.target = "/metrics", .token = "wrong-admin-key-4567"}));
    // What operators look at.
    const std::string admin = "first-admin-key-0123";
    for (const std::string& target :
         {std::string("/metrics"), "/admin/v1/explain/" + server.sale().concert,
          "/admin/v1/explain/" + user, "/admin/v1/explain/" + paid.text("/payment_id"),
          "/admin/v1/concerts/" + server.sale().concert + "/report"}) {
        const Reply reply = server.ask_operators({.target = target, .token = admin});
        CAPTURE(target);
        heard.hear(reply);
    }
    const Reply copy = server.ask_operators({.method = "POST",
                                             .target = "/admin/v1/backup",
                                             .token = admin,
                                             .body = R"({"file": "copy.db"})"});
    CHECK(copy.status == 200);
    heard.hear(copy);
}

}  // namespace

TEST_CASE("no key and no token is said again: not in a log, an answer, a metric or a file's name") {
    KeyedServer server;
    server.set_log_level("debug");
    server.reload("reload: keys and log level were read anew");
    const std::string token = server.join("ann", "first-api-key-0123").text("/token");
    Heard heard;
    buy_and_be_refused(server, token, heard);
    server.set("token-keys", "1:not-a-key-but-secret\n");
    server.reload("reload: the configuration is faulty; nothing was changed");
    CHECK(server.stop() == "exit 0");
    heard.hear(server.process().out());
    heard.hear(server.process().err());
    for (const auto& [name, bytes] : image_of(server.path("sale"))) heard.hear(name);

    CHECK(heard.has("status=201"));   // the log was heard
    CHECK(heard.has("concertres_"));  // and the metrics
    heard.check_free_of("the API key", "first-api-key-0123");
    heard.check_free_of("a wrong API key", "wrong-api-key-4567");
    heard.check_free_of("the admin key", "first-admin-key-0123");
    heard.check_free_of("a wrong admin key", "wrong-admin-key-4567");
    heard.check_free_of("a token key", bare_key(key_1));
    heard.check_free_of("a token key's bytes", *decode_base64url(bare_key(key_1)));
    heard.check_free_of("a faulty token key", "not-a-key-but-secret");
    // The most of a token that is nobody else's.
    heard.check_free_of("the token", token);
    heard.check_free_of("the token's signature", token.substr(token.size() - 40, 39));
    const std::string store = server.path("sale") + "/concertres.db";
    for (const char* secret :
         {"SELECT lower(hex(secret)) FROM token_key", "SELECT lower(hex(ids_secret)) FROM store"}) {
        CAPTURE(secret);
        const std::string found = run_sql(store, secret);
        heard.check_free_of("a secret of the store", found.substr(0, found.find('\n')));
    }
}

TEST_CASE("a token key that was taken away is gone from the memory of the program") {
    KeyedServer server;
    const std::string token = server.join("ann", "first-api-key-0123").text("/token");
    server.set_log_level("info");
    server.set("token-keys", key_2);
    server.set("api-key", "second-api-key-0123\n");
    server.reload("reload: keys and log level were read anew");
    CHECK(server.worth(token) == "401 token_invalid");
    // What is there is found.
    CHECK(count_in_memory(server.process(), "second-api-key-0123") > 0);
    CHECK(count_in_memory(server.process(), *decode_base64url(bare_key(key_1))) == 0);
    CHECK(count_in_memory(server.process(), bare_key(key_1)) == 0);
    CHECK(server.stop() == "exit 0");
}

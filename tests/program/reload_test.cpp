// SIGHUP: keys and the log level change under a running server, and a faulty file changes nothing.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "program/keyed_server.hpp"

using namespace concertres;
using namespace concertres::test;

TEST_CASE("SIGHUP takes new keys, and old tokens verify while their key is in the file") {
    KeyedServer server;
    const std::string first = server.join("ann", "first-api-key-0123").text("/token");
    CHECK(server.worth(first) == "200");

    server.set("token-keys", key_2 + key_1);
    server.set("api-key", "second-api-key-0123\n");
    server.set("admin-key", "second-admin-key-0123\n");
    server.set_log_level("info");
    server.reload("reload: keys and log level were read anew");

    CHECK(server.worth(first) == "200");
    CHECK(server.join("ann", "first-api-key-0123").outcome() == "401 api_key_required");
    const std::string second = server.join("ann", "second-api-key-0123").text("/token");
    CHECK(second != first);
    CHECK(server.worth(second) == "200");
    CHECK(server.worth_of_admin_key("first-admin-key-0123") == "401 admin_key_invalid");
    CHECK(server.worth_of_admin_key("second-admin-key-0123") == "200");

    server.set("token-keys", key_2);
    server.reload("reload: keys and log level were read anew");
    CHECK(server.worth(first) == "401 token_invalid");
    CHECK(server.worth(second) == "200");
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("SIGHUP with a faulty file changes nothing and says what is wrong") {
    KeyedServer server;
    const std::string token = server.join("ann", "first-api-key-0123").text("/token");

    SUBCASE("keys that are none") {
        server.set("token-keys", "2:tooshort\n");
        server.set("api-key", "second-api-key-0123\n");
        server.reload("reload: the configuration is faulty; nothing was changed");
        CHECK(contains(server.process().err(), "token-keys:1: the key has 6 bytes"));
    }
    SUBCASE("a key that everybody may read") {
        server.set("api-key", "second-api-key-0123\n");
        std::filesystem::permissions(server.path("api-key"), std::filesystem::perms::others_read,
                                     std::filesystem::perm_options::add);
        server.reload("reload: the configuration is faulty; nothing was changed");
        CHECK(contains(server.process().err(), "run: chmod 600 "));
    }
    SUBCASE("a file that has gone") {
        std::filesystem::remove(server.path("admin-key"));
        server.reload("reload: the configuration is faulty; nothing was changed");
        CHECK(contains(server.process().err(), "admin-key: cannot read "));
    }
    SUBCASE("a key that is asked for, and no file names it any more") {
        server.set("config", "admin-key = \"" + server.path("admin-key") + "\"\n");
        server.reload("reload: a key that was asked for until now is not configured any more");
        CHECK(server.join("bob", "wrong-api-key-0123").outcome() == "401 api_key_required");
        CHECK(server.join("bob", "first-api-key-0123").outcome() == "200");
    }
    SUBCASE("a misspelt setting") {
        server.set("config", "log-levl = \"info\"\n");
        server.reload("reload: the configuration is faulty; nothing was changed");
        CHECK(contains(server.process().err(), "did you mean log-level?"));
    }
    CHECK(server.worth(token) == "200");
    CHECK(server.join("ann", "first-api-key-0123").outcome() == "200");
    CHECK(server.worth_of_admin_key("first-admin-key-0123") == "200");
    CHECK(server.stop() == "exit 0");
    CHECK(!contains(server.process().err(), "second-api-key"));
}

TEST_CASE("SIGHUP changes what is logged") {
    KeyedServer server;
    (void)server.join("ann", "first-api-key-0123");
    CHECK(!contains(server.process().err(), " request "));
    server.set_log_level("info");
    server.reload("reload: keys and log level were read anew");
    (void)server.join("ann", "first-api-key-0123");
    CHECK(server.process().says(" request method=POST"));
    server.set_log_level("error");
    server.process().signal(SIGHUP);
    CHECK(eventually([&] {
        const std::size_t before = server.process().err().size();
        (void)server.join("ann", "first-api-key-0123");
        return server.process().err().size() == before;
    }));
    CHECK(server.stop() == "exit 0");
}

// A server whose keys stand in files, which a test can change while it runs.
//
//   KeyedServer server;
//   const std::string token = server.join("ann", "first-api-key-0123").text("/token");
//   server.set("token-keys", key_2 + key_1);
//   server.reload("reload: keys and log level were read anew");
//
// Threads: one.
#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"

namespace concertres::test {

inline const std::string key_1 = "1:" + std::string(42, 'B') + "A\n";
inline const std::string key_2 = "2:" + std::string(42, 'C') + "A\n";

class KeyedServer {
  public:
    KeyedServer() {
        set("api-key", "first-api-key-0123\n");
        set("admin-key", "first-admin-key-0123\n");
        set("token-keys", key_1);
        set_log_level("warning");
        server_.emplace(Serving{.data = path("sale"), .arguments = {"--config", path("config")}});
        set("first-admin-key", "first-admin-key-0123\n");
        sale_ = import_sale(
            {"--server", server_->operators_url(), "--admin-key", path("first-admin-key")},
            sale_json(10));
    }

    // Writes a file as a service manager would: private, and in one piece.
    void set(const std::string& name, const std::string& text) const {
        const std::string made = path(name + ".new");
        write_file(made, text);
        std::filesystem::permissions(made, std::filesystem::perms::owner_read);
        std::filesystem::rename(made, path(name));
    }
    void set_log_level(const std::string& level) const {
        set("config", "log-level = \"" + level + "\"\napi-key = \"" + path("api-key") +
                          "\"\nadmin-key = \"" + path("admin-key") + "\"\ntoken-keys = \"" +
                          path("token-keys") + "\"\n");
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() / name; }

    // Sends SIGHUP; waits until it says so, for the nth time.
    void reload(const std::string& says) {
        const std::string before = server_->process().err();
        server_->process().signal(SIGHUP);
        REQUIRE(eventually(
            [&] { return contains(server_->process().err().substr(before.size()), says); }));
    }

    Reply ask(const Ask& ask) const {
        http::Client client(server_->url());
        return TestServer::send(client, ask);
    }
    // Asks for a token of this user, as the host's back end with this key.
    [[nodiscard]] Reply join(const std::string& user, const std::string& api_key) const {
        return ask({.method = "POST",
                    .target = "/v1/concerts/" + sale_.concert + "/tokens",
                    .body = R"({"user_id": ")" + UserId::from_name(user).to_string() + "\"}",
                    .fields = {{"X-Api-Key", api_key}}});
    }
    [[nodiscard]] std::string worth(const std::string& token) const {
        return ask({.target = "/v1/tokens/current", .token = token}).outcome();
    }
    [[nodiscard]] std::string worth_of_admin_key(const std::string& key) const {
        return ask_operators({.target = "/metrics", .token = key}).outcome();
    }
    [[nodiscard]] Reply ask_operators(const Ask& ask) const {
        http::Client client(server_->operators_url());
        return TestServer::send(client, ask);
    }
    [[nodiscard]] const ImportedSale& sale() const { return sale_; }
    Process& process() { return server_->process(); }
    std::string stop() { return server_->stop(); }

  private:
    TempDir folder_;
    std::optional<ServerProcess> server_;
    ImportedSale sale_;
};

}  // namespace concertres::test

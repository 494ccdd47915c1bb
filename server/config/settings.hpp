// The settings of the server: what each is called, what it may be and what it is by default. One
// table holds them all, and whatever speaks of settings is made from it: the flags and their help,
// the environment's names, the keys of the configuration file, the checks, the printed
// configuration and the list in the documentation.
//
//   for (const Setting& setting : all_settings()) use(setting.name, setting.show(settings));
//
// Defaults are the members' initial values, here and in the structs of others that are used here.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/options.hpp"
#include "concertres/seating_plan.hpp"
#include "config/addresses.hpp"
#include "events/sink_relay.hpp"
#include "http/listener.hpp"
#include "line/outside_line.hpp"
#include "log/log.hpp"
#include "provider/payment_provider.hpp"

namespace concertres::server {

struct Settings {
    // --- where it listens
    http::Endpoint listen{.address = "127.0.0.1", .port = 8080};
    std::optional<http::Endpoint> admin_listen = http::Endpoint{"127.0.0.1", 8081};
    std::vector<Cidr> trusted_proxies{};
    std::vector<std::string> cors_origins{};
    std::filesystem::path web_root{};  // empty: the page is part of the program

    // --- what it sells: at least one of data, store and demo, and not both of the first two
    std::filesystem::path data{};  // empty: a folder that is thrown away
    std::string store{};           // an address of PostgreSQL; empty: SQLite, in the folder
    std::int64_t db_connections_budget = 0;  // 0: any number
    bool demo = false;
    std::string currency = "KRW";

    // --- where its events are passed on to
    RelaySettings relay{};

    // --- who takes money from outside
    ProviderSettings provider{};

    // --- where those are kept who wait
    LineSettings line{};

    // --- files with secrets; empty: none
    std::filesystem::path api_key{};
    std::filesystem::path admin_key{};
    std::filesystem::path token_keys{};
    std::filesystem::path ticket_keys{};

    // --- what it takes from clients
    std::int64_t token_rate = 200;  // per second and client address; 0: no limit
    std::int64_t token_burst = 1'000;
    std::size_t body_bytes_max = std::size_t{64} << 10;
    std::size_t import_bytes_max = concertres::import_bytes_max;
    http::Limits limits{};

    // Of a command for the box office; see Gate.
    std::chrono::milliseconds wait_max = std::chrono::seconds(1);

    // --- how it runs
    std::size_t threads = 0;  // 0: see thread_count()
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    Options engine{};
};

// The threads that serve connections: as many as were asked for, or half of the cores, because the
// other half has the engine and the rest of the machine to run; at least 1.
[[nodiscard]] std::size_t thread_count(const Settings& settings);

enum class Section : std::uint8_t {
    addresses,
    store,
    events,
    payments,
    line,
    secrets,
    clients,
    connections,
    engine,
    running
};

[[nodiscard]] std::string_view section_title(Section section) noexcept;

enum class ValueKind : std::uint8_t {
    toggle,   // true or false
    integer,  // a whole number
    text,
    list,  // texts without commas
};

struct Setting {
    std::string name;  // "admin-listen"
    std::string hint;  // what its value is: "ADDRESS:PORT"; a toggle has none
    Section section{};
    ValueKind kind{};
    std::string help;  // a sentence
    // What an integer may be.
    std::int64_t min = 0;
    std::int64_t max = 0;
    // A file whose path may be shown, and what is in it never.
    bool is_secret = false;

    // Changes the settings as the texts say, or says what is wrong with them and changes nothing:
    // one text, or for a list any number. "off" is none, where there can be none.
    std::function<std::optional<std::string>(Settings&, std::span<const std::string>)> store;
    // The texts that make the setting what it is now.
    std::function<std::vector<std::string>(const Settings&)> show;
};

// In the order in which people read of them.
[[nodiscard]] const std::vector<Setting>& all_settings();
// The names of those that say where events are passed on to.
[[nodiscard]] std::span<const std::string_view> relay_settings();
// Nothing where there is none of that name.
[[nodiscard]] const Setting* find_setting(std::string_view name);
// "CONCERTRES_ADMIN_LISTEN".
[[nodiscard]] std::string environment_name(std::string_view name);
// As people read it: "10.0.0.0/8, 192.168.0.0/16"; "off" for an empty list.
[[nodiscard]] std::string shown_value(const Setting& setting, const Settings& settings);
// "ADDRESS:PORT"; with the bounds where there are some: "MS, 1 to 60000".
[[nodiscard]] std::string shown_hint(const Setting& setting);

// What is wrong between two settings that are each as they may be.
struct Contradiction {
    std::string first;  // the names of the settings
    std::string second;
    std::string detail;  // "must be at least pass-ms"
};

[[nodiscard]] std::vector<Contradiction> contradictions(const RelaySettings& relay);
[[nodiscard]] std::vector<Contradiction> contradictions(const ProviderSettings& provider);
// Those of the relay and the provider among them. `needs_store`: whether it matters that there is
// something to sell.
[[nodiscard]] std::vector<Contradiction> contradictions(const Settings& settings, bool needs_store);

}  // namespace concertres::server

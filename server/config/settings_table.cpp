// The table of all settings. To add one: a member in Settings, a line here, and the list in
// docs/reference/configuration.md, which a test compares.
#include <algorithm>
#include <utility>

#include "base/json_reader.hpp"
#include "config/setting_makers.hpp"
#include "config/settings.hpp"
#include "config/store_address.hpp"

namespace concertres::server {
namespace {

constexpr std::int64_t kibi = 1'024;
constexpr std::int64_t mebi = kibi * kibi;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t ten_years_ms = 315'360'000'000;  // what Options allow

Setting listen() {
    Setting setting = described(
        Section::addresses, ValueKind::text,
        {"listen", "ADDRESS:PORT",
         "Where buyers are served. Port 0 takes a free one, which is printed when it is ready."});
    setting.store = [](Settings& settings, Texts texts) -> Fault {
        auto endpoint = parse_endpoint(texts.front());
        if (!endpoint) return endpoint.error().detail;
        settings.listen = std::move(*endpoint);
        return {};
    };
    setting.show = [](const Settings& settings) -> std::vector<std::string> {
        return {to_string(settings.listen)};
    };
    return setting;
}

Setting admin_listen() {
    Setting setting = described(
        Section::addresses, ValueKind::text,
        {"admin-listen", "ADDRESS:PORT|off",
         "Where operators are served: the console, administration, metrics, imports and backups. "
         "Give admin-key where other machines can reach it."});
    setting.store = [](Settings& settings, Texts texts) -> Fault {
        if (texts.front() == off) return settings.admin_listen.reset(), Fault();
        auto endpoint = parse_endpoint(texts.front());
        if (!endpoint) return endpoint.error().detail + "; or off";
        settings.admin_listen = std::move(*endpoint);
        return {};
    };
    setting.show = [](const Settings& settings) -> std::vector<std::string> {
        return {settings.admin_listen ? to_string(*settings.admin_listen) : std::string(off)};
    };
    return setting;
}

Fault currency_fault(const std::string& text) {
    auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (text.size() == 3 && std::all_of(text.begin(), text.end(), is_upper)) return {};
    return "must be three upper-case letters, like KRW, not " + in_quotes(text);
}

void add_addresses(std::vector<Setting>& all) {
    all.push_back(listen());
    all.push_back(admin_listen());
    all.push_back(list(
        Section::addresses,
        {"trusted-proxy", "CIDR",
         "Proxies whose X-Forwarded-For is believed. May be given more than once."},
        CONCERTRES_MEMBER(trusted_proxies),
        [](const std::string& text) { return Cidr::parse(text); },
        [](const Cidr& cidr) { return cidr.to_string(); }));
    all.push_back(
        list(Section::addresses,
             {"cors-origin", "ORIGIN",
              "Other web sites whose pages may call the server. May be given more than once."},
             CONCERTRES_MEMBER(cors_origins), parse_origin,
             [](const std::string& origin) { return origin; }));
    all.push_back(path(Section::addresses,
                       {"web-root", "DIR",
                        "A folder from which the page's files are read each time, in place of "
                        "those in the program: to work on them."},
                       CONCERTRES_MEMBER(web_root)));
}

void add_store(std::vector<Setting>& all) {
    all.push_back(path(Section::store,
                       {"data", "DIR",
                        "The folder that keeps the sale. It is made when there is none, and "
                        "belongs to one server at a time."},
                       CONCERTRES_MEMBER(data)));
    all.push_back(
        text(Section::store,
             {"store", "URI|off",
              "A PostgreSQL database that keeps the sale, in place of data, for any number of "
              "servers at once: postgres://USER@HOST/DATABASE, with ?passfile=FILE for its "
              "password. The tables are made when there are none."},
             true, store_address_fault, CONCERTRES_MEMBER(store)));
    all.push_back(integer(
        Section::store,
        {"db-connections-budget", "N",
         "Connections to store that all of its servers may have together: one each, one for each "
         "sink, relay and command beside them; one more is refused. 0 is any number."},
        {0, 262'143}, CONCERTRES_MEMBER(db_connections_budget)));
    all.push_back(toggle(
        Section::store,
        {"demo", "",
         "Sells a demo concert: in data or store where that holds no concert yet, or else in a "
         "folder that is thrown away at the end."},
        CONCERTRES_MEMBER(demo)));
    all.push_back(
        text(Section::store,
             {"currency", "CODE",
              "The currency of all amounts, as ISO 4217 has it: three upper-case letters."},
             false, currency_fault, CONCERTRES_MEMBER(currency)));
    add_event_settings(all);
    add_payment_settings(all);
    add_line_settings(all);
    all.push_back(path(Section::secrets,
                       {"api-key", "FILE",
                        "The key of the host's own back end. With it set, only who has it may "
                        "ask for tokens, and it alone charges and reads wallets."},
                       CONCERTRES_MEMBER(api_key)));
    all.push_back(
        path(Section::secrets,
             {"admin-key", "FILE", "The key that whatever admin-listen serves then asks for."},
             CONCERTRES_MEMBER(admin_key)));
    all.push_back(path(Section::secrets,
                       {"token-keys", "FILE",
                        "The keys that sign tokens, one ID:KEY a line; the first signs, all "
                        "verify. Without it the store has keys of its own."},
                       CONCERTRES_MEMBER(token_keys)));
    all.push_back(path(Section::secrets,
                       {"ticket-keys", "FILE",
                        "The keys that sign tickets, one ID:KEY a line; the first signs, and the "
                        "public halves of all are told. Without it the store has one of its own."},
                       CONCERTRES_MEMBER(ticket_keys)));
    all.push_back(path(Section::secrets,
                       {"webhook-secrets", "FILE",
                        "What webhooks are signed with, one whsec_... a line; each signs, so that "
                        "receivers can go from one to the next."},
                       CONCERTRES_MEMBER(relay.webhook_secrets)));
    all.push_back(path(Section::secrets,
                       {"payment-key", "FILE", "The key that payment-url knows this sale by."},
                       CONCERTRES_MEMBER(provider.key)));
}

void add_clients(std::vector<Setting>& all) {
    constexpr Section section = Section::clients;
    all.push_back(integer(section,
                          {"token-rate", "N",
                           "Tokens that one client address may ask for each second; 0 is no "
                           "limit. An IPv6 client is its /64; loopback is not limited."},
                          {0, 1'000'000}, CONCERTRES_MEMBER(token_rate)));
    all.push_back(integer(
        section,
        {"token-burst", "N", "Tokens that one client address may ask for at once after a pause."},
        {1, 10'000'000}, CONCERTRES_MEMBER(token_burst)));
    all.push_back(integer(section, {"body-bytes-max", "BYTES", "The largest body of a request."},
                          {kibi, 16 * mebi}, CONCERTRES_MEMBER(body_bytes_max)));
    all.push_back(integer(
        section,
        {"import-bytes-max", "BYTES", "The largest body of an import, which is a whole hall."},
        {kibi, 64 * mebi}, CONCERTRES_MEMBER(import_bytes_max)));
    all.push_back(integer(
        section,
        {"head-bytes-max", "BYTES", "The largest head of a request: its first line and fields."},
        {kibi, mebi}, CONCERTRES_MEMBER(limits.head_bytes_max)));
}

void add_connections(std::vector<Setting>& all) {
    constexpr Section section = Section::connections;
    all.push_back(integer(section,
                          {"connections-max", "N",
                           "Connections that are open at once on a listener; one more is told to "
                           "come again. Each takes a file descriptor."},
                          {1, 1'000'000}, CONCERTRES_MEMBER(limits.connections_max)));
    all.push_back(milliseconds(section,
                               {"head-timeout-ms", "MS", "How long a request's head may take."},
                               {1, hour_ms}, CONCERTRES_MEMBER(limits.head_timeout)));
    all.push_back(milliseconds(section,
                               {"body-timeout-ms", "MS", "How long a request's body may take."},
                               {1, hour_ms}, CONCERTRES_MEMBER(limits.body_timeout)));
    all.push_back(milliseconds(
        section, {"idle-timeout-ms", "MS", "How long a connection may wait for its next request."},
        {1, hour_ms}, CONCERTRES_MEMBER(limits.idle_timeout)));
    all.push_back(
        milliseconds(section,
                     {"write-timeout-ms", "MS",
                      "How long an answer may wait for its reader to take a further byte."},
                     {1, hour_ms}, CONCERTRES_MEMBER(limits.write_timeout)));
    all.push_back(
        integer(section,
                {"take-bytes-per-second-min", "BYTES",
                 "All of an answer is to be taken within write-timeout-ms and its length at "
                 "this speed."},
                {1, mebi}, CONCERTRES_MEMBER(limits.take_bytes_per_second_min)));
}

void add_sale_times(std::vector<Setting>& all) {
    constexpr Section section = Section::engine;
    constexpr Bounds long_time{1, ten_years_ms};
    all.push_back(milliseconds(section,
                               {"hold-ms", "MS",
                                "How long seats are held, unless their concert says otherwise: "
                                "long enough to pay."},
                               long_time, CONCERTRES_MEMBER(engine.hold_ttl)));
    all.push_back(milliseconds(section,
                               {"extend-max-ms", "MS",
                                "How long a hold may live with all its extensions; at least "
                                "hold-ms."},
                               long_time, CONCERTRES_MEMBER(engine.extend_max)));
    all.push_back(milliseconds(section,
                               {"pass-ms", "MS",
                                "How long a pass lives after admission, unless its room says "
                                "otherwise; holds prolong it."},
                               long_time, CONCERTRES_MEMBER(engine.pass_ttl)));
    all.push_back(milliseconds(
        section,
        {"pass-max-ms", "MS", "How long a pass lives at most, holds or not; at least pass-ms."},
        long_time, CONCERTRES_MEMBER(engine.pass_max)));
    all.push_back(milliseconds(
        section,
        {"token-max-age-ms", "MS", "How long a token is believed; asking again gives a fresh one."},
        long_time, CONCERTRES_MEMBER(engine.token_max_age)));
}

void add_engine(std::vector<Setting>& all) {
    constexpr Section section = Section::engine;
    all.push_back(milliseconds(section, {"tick-ms", "MS", "How often a waiting room admits."},
                               {1, hour_ms}, CONCERTRES_MEMBER(engine.tick)));
    all.push_back(milliseconds(
        section, {"load-stale-ms", "MS", "How long a load that the host has reported is believed."},
        {1, hour_ms}, CONCERTRES_MEMBER(engine.load_stale)));
    all.push_back(integer(
        section,
        {"waiting-max", "N", "People who wait in one room; one more is refused (room_full)."},
        {1, 1'000'000'000}, CONCERTRES_MEMBER(engine.waiting_max)));
    all.push_back(integer(section,
                          {"inbox-max", "N",
                           "Commands that wait for the engine; one more is refused "
                           "(overloaded)."},
                          {1, 16'777'216}, CONCERTRES_MEMBER(engine.inbox_max)));
    all.push_back(integer(section,
                          {"group-max", "N",
                           "Commands that share one commit: more of them cost less, fewer are "
                           "answered sooner."},
                          {1, 1'048'576}, CONCERTRES_MEMBER(engine.group_max)));
    all.push_back(milliseconds(section,
                               {"wait-max-ms", "MS",
                                "While commands would wait longer than this for the engine, by its "
                                "pace of late, further ones are turned away (overloaded); those of "
                                "people amid a purchase from twice as long on."},
                               {1, hour_ms}, CONCERTRES_MEMBER(wait_max)));
    all.push_back(milliseconds(section,
                               {"request-timeout-ms", "MS",
                                "A command that has waited longer for the engine is not started "
                                "(request_timeout)."},
                               {1, hour_ms}, CONCERTRES_MEMBER(engine.request_timeout)));
}

void add_running(std::vector<Setting>& all) {
    constexpr Section section = Section::running;
    constexpr std::pair<std::string_view, LogLevel> levels[] = {{"debug", LogLevel::debug},
                                                                {"info", LogLevel::info},
                                                                {"warning", LogLevel::warning},
                                                                {"error", LogLevel::error}};
    constexpr std::pair<std::string_view, LogFormat> formats[] = {{"text", LogFormat::text},
                                                                  {"json", LogFormat::json}};
    all.push_back(integer(
        section,
        {"threads", "N", "Threads that serve connections; 0 is half of the cores, at least 1."},
        {0, 1'024}, CONCERTRES_MEMBER(threads)));
    all.push_back(choice(section,
                         {"log-level", "debug|info|warning|error",
                          "What is written to the log: this and what is graver."},
                         levels, CONCERTRES_MEMBER(log_level)));
    all.push_back(choice(section,
                         {"log-format", "text|json",
                          "Log lines for people, or one JSON object a line for programs."},
                         formats, CONCERTRES_MEMBER(log_format)));
}

}  // namespace

const std::vector<Setting>& all_settings() {
    static const std::vector<Setting> all = [] {
        std::vector<Setting> made;
        add_addresses(made);
        add_store(made);
        add_clients(made);
        add_connections(made);
        add_sale_times(made);
        add_engine(made);
        add_running(made);
        return made;
    }();
    return all;
}

}  // namespace concertres::server

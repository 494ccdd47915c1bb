#include "server/test_server.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "http/text.hpp"
#include "server/answer_record.hpp"

namespace concertres::test {

namespace json = boost::json;

namespace {

std::vector<server::Cidr> ranges(const std::vector<std::string>& texts) {
    std::vector<server::Cidr> all;
    for (const std::string& text : texts) all.push_back(server::Cidr::parse(text).value());
    return all;
}

}  // namespace

// --- Reply -------------------------------------------------------------------------------------

std::string Reply::field(std::string_view name) const {
    for (const auto& [candidate, value] : fields) {
        if (http::same_ignoring_case(candidate, name)) return value;
    }
    return {};
}

bool Reply::has_field(std::string_view name) const {
    return std::ranges::any_of(
        fields, [&](const auto& field) { return http::same_ignoring_case(field.first, name); });
}

const json::value& Reply::at(std::string_view pointer) const {
    json::error_code failed;
    const json::value* found = json.find_pointer({pointer.data(), pointer.size()}, failed);
    INFO(status, " ", body);
    REQUIRE_MESSAGE(found != nullptr, "nothing at " << pointer);
    return *found;
}

std::string Reply::text(std::string_view pointer) const {
    const json::value& found = at(pointer);
    INFO(status, " ", body);
    REQUIRE_MESSAGE(found.is_string(), "no string at " << pointer);
    return std::string(found.get_string());
}

std::int64_t Reply::number(std::string_view pointer) const {
    const json::value& found = at(pointer);
    INFO(status, " ", body);
    REQUIRE_MESSAGE(found.is_int64(), "no integer at " << pointer);
    return found.get_int64();
}

std::string Reply::outcome() const {
    if (field("Content-Type") != "application/problem+json") return std::to_string(status);
    return fmt::format("{} {}", status, text("/code"));
}

std::vector<std::string> Reply::faults() const {
    std::vector<std::string> all;
    for (const json::value& fault : at("/errors").as_array()) {
        all.push_back(fmt::format("{} {}", std::string_view(fault.at("pointer").as_string()),
                                  std::string_view(fault.at("code").as_string())));
    }
    return all;
}

std::vector<std::int64_t> Reply::seats() const {
    std::vector<std::int64_t> all;
    for (const json::value& seat : at("/seats").as_array()) all.push_back(seat.as_int64());
    return all;
}

// --- TestServer --------------------------------------------------------------------------------

TestServer::TestServer(ServerSettings settings)
    : log_(server::LogFormat::json, settings.log_level),
      work_(context_.get_executor()),
      token_rate_(settings.token_rate),
      office_(open(settings), options(settings)),
      services_{.office = office_,
                .snapshots = snapshots_,
                .live = live_,
                .metrics = metrics_,
                .log = log_,
                .token_rate = token_rate_,
                .gate = gate_,
                .chores = chores_,
                .trusted_proxies = ranges(settings.trusted_proxies),
                .cors_origins = settings.cors_origins,
                .body_bytes_max = settings.body_bytes_max,
                .token_max_age = settings.engine.token_max_age,
                .folder = folder_.path(),
                .open_outbox = [this] { return office_.outbox(); }},
      buyers_(services_, server::Side::buyers),
      operators_(services_, server::Side::operators),
      listener_(std::array{&context_}, {.address = "127.0.0.1"}, {}, buyers_),
      operators_listener_(std::array{&context_}, {.address = "127.0.0.1"}, {}, operators_),
      buyers_client_(url()),
      operators_client_(url(server::Side::operators)) {
    snapshots_.bind(office_, services_.currency);
    live_.bind(office_, services_.currency, 100);
    services_.keys = std::make_shared<const server::AccessKeys>(
        server::AccessKeys{.api = settings.api_key, .admin = settings.admin_key});
    metrics_.watch("buyers", listener_.counters());
    metrics_.watch("operators", operators_listener_.counters());
    listener_.start();
    operators_listener_.start();
    services_.ready = true;
    thread_ = std::thread([this] { context_.run(); });
}

// What is on its way ends before what it would be answered through.
TestServer::~TestServer() {
    chores_.join();
    services_.packing.join();
    context_.stop();
    thread_.join();
}

std::unique_ptr<Storage> TestServer::open(const ServerSettings& settings) {
    auto storage = settings.sqlite
                       ? open_sqlite(folder_.path() / "concertres.db", {.clock = &clock_})
                       : open_memory({.clock = &clock_});
    return settings.wrap ? settings.wrap(std::move(storage)) : std::move(storage);
}

Options TestServer::options(const ServerSettings& settings) {
    Options options = settings.engine;
    options.events = &live_;
    return options;
}

std::string TestServer::url(server::Side side) const {
    const http::Listener& listener =
        side == server::Side::operators ? operators_listener_ : listener_;
    return fmt::format("http://127.0.0.1:{}", listener.port());
}

Reply TestServer::send(http::Client& client, const Ask& ask) {
    http::Call call{
        .method = ask.method, .target = ask.target, .fields = ask.fields, .body = ask.body};
    if (!ask.token.empty()) call.fields.emplace_back("Authorization", "Bearer " + ask.token);
    if (!ask.key.empty()) call.fields.emplace_back("Idempotency-Key", ask.key);
    const bool says_type = std::ranges::any_of(ask.fields, [](const auto& field) {
        return http::same_ignoring_case(field.first, "Content-Type");
    });
    if (ask.body && !says_type) call.fields.emplace_back("Content-Type", "application/json");
    http::Reply raw = client.send(call);
    record_answer(call, raw);
    Reply reply{.status = raw.status, .fields = std::move(raw.fields), .body = std::move(raw.body)};
    if (reply.body.starts_with('{')) {
        json::error_code failed;
        reply.json = json::parse(reply.body, failed);
        INFO(reply.body);
        REQUIRE_FALSE(failed);
    }
    return reply;
}

// --- The stage

SmallSale TestServer::add(ConcertDraft draft) { return SmallSale::add(office_, std::move(draft)); }

SmallSale TestServer::add() {
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{};
    return add(std::move(draft));
}

SmallSale TestServer::add_drawn() {
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.draw = true};
    draft.opens_at = office_.now();
    const SmallSale sale = add(std::move(draft));
    admit(sale.concert);
    return sale;
}

void TestServer::admit(const ConcertId& concert) { REQUIRE(office_.tick({concert})); }

// --- Buyers

Reply TestServer::join(const UserId& user, const ConcertId& concert, bool again) {
    return ask({.method = "POST",
                .target = fmt::format("/v1/concerts/{}/tokens", concert.to_string()),
                .body = fmt::format(R"({{"user_id": "{}"{}}})", user.to_string(),
                                    again ? R"(, "again": true)" : "")});
}

Buyer TestServer::waiting(std::string_view name, const ConcertId& concert) {
    const UserId user = UserId::from_name(name);
    const Reply joined = join(user, concert);
    REQUIRE((joined.status == 200 || joined.status == 201));
    return {.user = user, .token = joined.text("/token")};
}

Buyer TestServer::buyer(std::string_view name, const ConcertId& concert) {
    Buyer made = waiting(name, concert);
    admit(concert);
    return made;
}

Buyer TestServer::again(const Buyer& buyer, const ConcertId& concert) {
    const Reply joined = join(buyer.user, concert, true);
    REQUIRE(joined.status == 201);
    admit(concert);
    return {.user = buyer.user, .token = joined.text("/token")};
}

Reply TestServer::get(const std::string& target, const Buyer& buyer) {
    return ask({.target = target, .token = buyer.token});
}

Reply TestServer::leave(const Buyer& buyer) {
    return ask({.method = "DELETE", .target = "/v1/tokens/current", .token = buyer.token});
}

Reply TestServer::hold(const Buyer& buyer, const PerformanceId& performance,
                       const std::vector<SeatNumber>& seats, const std::string& key) {
    return ask({.method = "POST",
                .target = "/v1/reservations",
                .token = buyer.token,
                .body = fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                    performance.to_string(), fmt::join(seats, ", ")),
                .key = key.empty() ? new_key() : key});
}

Reply TestServer::hold_best(const Buyer& buyer, const PerformanceId& performance,
                            const std::string& best, const std::string& key) {
    return hold_wanted(buyer, performance, R"("best": )" + best, key);
}

Reply TestServer::hold_wanted(const Buyer& buyer, const PerformanceId& performance,
                              const std::string& wanted, const std::string& key) {
    return ask(
        {.method = "POST",
         .target = "/v1/reservations",
         .token = buyer.token,
         .body = fmt::format(R"({{"performance_id": "{}", {}}})", performance.to_string(), wanted),
         .key = key.empty() ? new_key() : key});
}

Reply TestServer::charge(const Buyer& buyer, std::int64_t amount, const std::string& key) {
    return ask({.method = "POST",
                .target = fmt::format("/v1/users/{}/wallet/charges", buyer.user.to_string()),
                .token = buyer.token,
                .body = fmt::format(R"({{"amount": {}}})", amount),
                .key = key.empty() ? new_key() : key});
}

Reply TestServer::pay(const Buyer& buyer, const std::vector<std::string>& reservations,
                      const std::string& key) {
    const std::string body =
        reservations.size() == 1
            ? fmt::format(R"({{"reservation_id": "{}"}})", reservations.front())
            : fmt::format(R"({{"reservation_ids": ["{}"]}})", fmt::join(reservations, "\", \""));
    return ask({.method = "POST",
                .target = "/v1/payments",
                .token = buyer.token,
                .body = body,
                .key = key.empty() ? new_key() : key});
}

Reply TestServer::extend(const Buyer& buyer, const std::string& reservation) {
    return ask({.method = "POST",
                .target = fmt::format("/v1/reservations/{}/extend", reservation),
                .token = buyer.token});
}

Reply TestServer::release(const Buyer& buyer, const std::string& reservation) {
    return ask(
        {.method = "DELETE", .target = "/v1/reservations/" + reservation, .token = buyer.token});
}

Reply TestServer::refund(const Buyer& buyer, const std::string& payment) {
    return ask({.method = "POST",
                .target = fmt::format("/v1/payments/{}/refund", payment),
                .token = buyer.token});
}

Reply TestServer::buy(const Buyer& buyer, const PerformanceId& performance,
                      const std::vector<SeatNumber>& seats) {
    const Reply held = hold(buyer, performance, seats);
    REQUIRE(held.outcome() == "201");
    REQUIRE(charge(buyer, held.number("/total/amount")).outcome() == "201");
    Reply paid = pay(buyer, {held.text("/reservation_id")});
    REQUIRE(paid.outcome() == "201");
    return paid;
}

// --- Comparing JSON ----------------------------------------------------------------------------

std::string names_of(const json::value& object) {
    std::set<std::string> names;
    for (const auto& field : object.as_object()) names.emplace(field.key());
    return fmt::format("{}", fmt::join(names, " "));
}

void check_json(const json::value& actual, std::string expected,
                const std::map<std::string, std::string>& texts) {
    // Longer names first, so that $USER does not eat the beginning of $USER_ID.
    for (auto at = texts.rbegin(); at != texts.rend(); ++at) {
        const std::string mark = "$" + at->first;
        for (std::size_t i = expected.find(mark); i != std::string::npos; i = expected.find(mark)) {
            expected.replace(i, mark.size(), at->second);
        }
    }
    const json::value wanted = json::parse(expected);
    INFO("actual:   ", json::serialize(actual));
    INFO("expected: ", json::serialize(wanted));
    CHECK(actual == wanted);
}

bool eventually(const std::function<bool()>& is_so) {
    using namespace std::chrono_literals;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}  // namespace concertres::test

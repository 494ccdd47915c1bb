// Who may call what: every route, from the route table, with everything that one may prove or fail
// to prove. A new route is tested by being in the table.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "concertres/token.hpp"
#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using server::Access;
using server::Route;
using server::Side;

namespace {

const std::string api_key = "api-key-of-this-test-0123456789";
const std::string admin_key = "admin-key-of-this-test-0123456789";

// A user with a place in some state, who has reserved and paid before, so that there is something
// of hers to ask for.
struct Actor {
    std::string state;
    std::string token;
    Stage stage;
};

// Two concerts with rooms, and people to whom all kinds of things have happened.
class Cast {
  public:
    // Copies are made of files alone.
    explicit Cast(bool sqlite = false)
        : server({.sqlite = sqlite}),
          sale(server.add(hall())),
          other_sale(server.add()),
          drawn_sale(server.add_drawn()) {
        server.office().outbox()->attach("webhook");
    }

    // Who bought one seat and asked for a new place; with the token of the first.
    Actor veteran(std::string state, Buyer& buyer) {
        buyer = server.buyer(fmt::format("{} {}", state, ++people_), sale.concert);
        REQUIRE(server.charge(buyer, 300'000).outcome() == "201");
        const Reply held = server.hold(buyer, sale.performance(), {next_seat_++});
        const Reply paid = server.pay(buyer, {held.text("/reservation_id")});
        REQUIRE(paid.outcome() == "201");
        return {std::move(state),
                buyer.token,
                {.sale = sale,
                 .user = buyer.user,
                 .drawn = drawn_sale,
                 .reservation = held.text("/reservation_id"),
                 .payment = paid.text("/payment_id")}};
    }
    Actor spent() {
        Buyer buyer;
        return veteran("spent", buyer);
    }
    Actor waiting(std::string state = "waiting") {
        Buyer buyer;
        Actor actor = veteran(std::move(state), buyer);
        actor.token = server.join(buyer.user, sale.concert, true).text("/token");
        return actor;
    }
    Actor left_the_line() {
        Actor actor = waiting("left the line");
        REQUIRE(server.leave({.user = actor.stage.user, .token = actor.token}).status == 204);
        return actor;
    }
    Actor admitted(std::string state = "admitted") {
        Buyer buyer;
        Actor actor = veteran(std::move(state), buyer);
        buyer = server.again(buyer, sale.concert);
        actor.token = buyer.token;
        actor.stage.reservation =
            server.hold(buyer, sale.performance(), {next_seat_++}).text("/reservation_id");
        return actor;
    }
    Actor gave_back() {
        Actor actor = admitted("left");
        REQUIRE(server.leave({.user = actor.stage.user, .token = actor.token}).status == 204);
        return actor;
    }
    // Everybody's pass that is live now expires with this one.
    Actor expired() {
        Actor actor = admitted("expired");
        server.clock().advance(31min);
        return actor;
    }
    // The place before the latest, which is let in.
    Actor older() {
        Buyer first;
        Actor actor = veteran("older", first);
        (void)server.again(first, sale.concert);
        return actor;
    }
    std::string elsewhere(const Actor& actor) {
        const std::string token = server.join(actor.stage.user, other_sale.concert).text("/token");
        server.admit(other_sale.concert);
        return token;
    }

    // Keys that are asked for from now on.
    void require(std::optional<std::string> api, std::optional<std::string> admin) {
        server.services().keys = std::make_shared<const server::AccessKeys>(
            server::AccessKeys{.api = std::move(api), .admin = std::move(admin)});
    }

    TestServer server;
    SmallSale sale;
    SmallSale other_sale;
    SmallSale drawn_sale;

  private:
    static ConcertDraft hall() {
        ConcertDraft draft = SmallSale::draft(400);
        draft.room = RoomPolicy{};
        return draft;
    }

    int people_ = 0;
    SeatNumber next_seat_ = 51;  // sample requests take those before it
};

// A key's text is never the same twice, so that nothing is a replay.
std::string new_key() { return UserId::random().to_string(); }

bool takes_token(const Route& route) {
    return route.access == Access::token || route.access == Access::admitted ||
           route.access == Access::wallet_read || route.access == Access::wallet_write;
}

// Its sample, as this actor asks for it.
Reply act(Cast& cast, const Route& route, const Actor& actor, const std::string& token) {
    return ask(cast.server, route, request_of(route, actor.stage, token, new_key()));
}

std::string granted(const Route& route) { return std::to_string(sample_of(route).status); }

// What http-api.md says becomes of a call with a place in this state.
std::string expected_with(const Route& route, const std::string& state) {
    static const std::map<std::string, std::string> refusals = {
        {"waiting", "403 not_admitted"}, {"spent", "403 pass_spent"},
        {"left", "403 pass_left"},       {"left the line", "403 pass_left"},
        {"expired", "403 pass_expired"}, {"older", "403 pass_spent"},
    };
    const auto refusal = refusals.find(state);
    if (refusal == refusals.end() || route.access == Access::token) return granted(route);
    const bool has_been_in = state != "waiting" && state != "left the line" && state != "older";
    if (route.access == Access::wallet_read && has_been_in) return granted(route);
    return refusal->second;
}

// Tokens that nobody has signed, made of one that is good.
std::vector<std::pair<std::string, std::string>> forgeries(const std::string& good,
                                                           const TokenClaims& claims) {
    const auto flipped = [&](std::size_t at) {
        std::string token = good;
        token[at] = token[at] == 'A' ? 'B' : 'A';
        return token;
    };
    TokenKey key{.id = 1, .secret = {}};
    key.secret.fill(7);
    const TokenKeys others({key});
    return {{"first letter", flipped(0)},
            {"middle letter", flipped(good.size() / 2)},
            {"last letter", flipped(good.size() - 1)},
            {"truncated", good.substr(0, good.size() - 1)},
            {"longer", good + "A"},
            {"twice", good + good},
            {"another key", sign_token(others, TokenPurpose::place, claims)},
            {"another purpose", sign_token(others, static_cast<TokenPurpose>(2), claims)},
            {"an id", claims.user.to_string()},
            {"a word", "null"}};
}

std::string challenge_of(const Reply& reply) { return reply.field("WWW-Authenticate"); }

}  // namespace

TEST_CASE("every route is granted to whoever proves what it asks for") {
    Cast cast(true);
    for (const Route& route : server::all_routes()) {
        CAPTURE(route.operation);
        const Actor actor = cast.admitted();
        const Reply reply = act(cast, route, actor, takes_token(route) ? actor.token : "");
        INFO(reply.body);
        CHECK(reply.outcome() == granted(route));
    }
}

TEST_CASE("open routes ask for nothing, and mind nothing that is shown to them") {
    Cast cast;
    const Actor actor = cast.admitted();
    cast.require(api_key, admin_key);
    for (const Route& route : server::all_routes()) {
        if (route.access != Access::open) continue;
        CAPTURE(route.operation);
        for (const std::string& token : {std::string(), std::string("null"), actor.token}) {
            CHECK(act(cast, route, actor, token).outcome() == granted(route));
        }
    }
}

TEST_CASE("without a token, or with a forged one, nothing is told and nothing is done") {
    Cast cast;
    const Actor actor = cast.admitted();
    const auto claims = cast.server.office().verify(actor.token);
    REQUIRE(claims);
    const std::int64_t events = cast.server.office().statistics().events;
    for (const Route& route : server::all_routes()) {
        if (!takes_token(route)) continue;
        CAPTURE(route.operation);
        const Reply none = act(cast, route, actor, "");
        CHECK(none.outcome() == "401 token_required");
        CHECK(challenge_of(none) == "Bearer");
        std::string body;
        for (const auto& [how, token] : forgeries(actor.token, *claims)) {
            CAPTURE(how);
            const Reply reply = act(cast, route, actor, token);
            CHECK(reply.outcome() == "401 token_invalid");
            CHECK(challenge_of(reply) == "Bearer error=\"invalid_token\"");
            // One and the same text, whatever is wrong.
            if (!body.empty()) CHECK(reply.text("/detail") == body);
            body = reply.text("/detail");
        }
        for (const char* unfit : {"Basic YTpi", "Bearer", "Bearer ", "bearer"}) {
            CAPTURE(unfit);
            Ask request = request_of(route, actor.stage, "", new_key());
            request.fields.emplace_back("Authorization", unfit);
            CHECK(ask(cast.server, route, request).status == 401);
        }
    }
    CHECK(cast.server.office().statistics().events == events);
}

TEST_CASE("no letter of a token can be changed") {
    Cast cast;
    const Actor actor = cast.admitted();
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t at = 0; at < actor.token.size(); ++at) {
        CAPTURE(at);
        // The lowest bit; of the last letter, it is one that no byte needs.
        std::string token = actor.token;
        token[at] = letters[letters.find(token[at]) ^ 1];
        CHECK(cast.server.place({.user = {}, .token = token}).outcome() == "401 token_invalid");
    }
    CHECK(cast.server.place({.user = {}, .token = actor.token}).status == 200);
}

TEST_CASE("the scheme of a token may be written in any case") {
    Cast cast;
    const Actor actor = cast.admitted();
    for (const char* scheme : {"Bearer ", "bearer ", "BEARER "}) {
        CHECK(cast.server
                  .ask({.target = "/v1/tokens/current",
                        .fields = {{"Authorization", scheme + actor.token}}})
                  .status == 200);
    }
}

TEST_CASE("the state of a place opens what it may, and nothing else") {
    Cast cast;
    for (const Route& route : server::all_routes()) {
        if (!takes_token(route)) continue;
        CAPTURE(route.operation);
        // The one whose pass expires comes first: the others' would expire with it.
        std::vector<Actor> actors{cast.expired()};
        actors.push_back(cast.spent());
        actors.push_back(cast.older());
        actors.push_back(cast.admitted());
        actors.push_back(cast.gave_back());
        actors.push_back(cast.left_the_line());
        actors.push_back(cast.waiting());
        for (const Actor& actor : actors) {
            CAPTURE(actor.state);
            const Reply reply = act(cast, route, actor, actor.token);
            INFO(reply.body);
            CHECK(reply.outcome() == expected_with(route, actor.state));
            if (reply.outcome() != "403 not_admitted") continue;
            CHECK(reply.number("/position") == 1);
            CHECK(std::stoi(reply.field("Retry-After")) >= 1);
        }
    }
}

TEST_CASE("the token of another concert opens nothing of this one") {
    Cast cast;
    for (const Route& route : server::all_routes()) {
        if (!takes_token(route)) continue;
        CAPTURE(route.operation);
        const Actor actor = cast.admitted();
        const std::string token = cast.elsewhere(actor);
        const Reply reply = act(cast, route, actor, token);
        INFO(reply.body);
        const bool is_refused = sample_of(route).is_of_concert;
        CHECK(reply.outcome() == (is_refused ? "401 token_invalid" : granted(route)));
    }
}

TEST_CASE("what is another user's is as if it did not exist") {
    Cast cast;
    for (const Route& route : server::all_routes()) {
        const std::string_view refusal =
            takes_token(route) ? sample_of(route).anothers : std::string_view();
        if (refusal.empty()) continue;
        CAPTURE(route.operation);
        const Actor owner = cast.admitted("owner");
        const Actor other = cast.admitted("other");
        const Reply reply = act(cast, route, owner, other.token);
        CHECK(reply.outcome() == refusal);
        // Word for word what is said of something that is not there at all.
        Actor nobody = owner;
        nobody.stage.reservation = nobody.stage.payment = UserId::random().to_string();
        const Reply nothing = act(cast, route, nobody, other.token);
        CHECK(nothing.outcome() == refusal);
        CHECK(names_of(nothing.json) == names_of(reply.json));
        CHECK(act(cast, route, owner, owner.token).outcome() == granted(route));
    }
}

TEST_CASE("a token that is too old is refused, and asking again gives one for the same place") {
    Cast cast;
    const Actor actor = cast.spent();
    cast.server.clock().advance(std::chrono::days(7));
    for (const Route& route : server::all_routes()) {
        if (route.access != Access::token) continue;
        CAPTURE(route.operation);
        // Just as old as a token may be.
        const std::string at_most = act(cast, route, actor, actor.token).outcome();
        CHECK(at_most == granted(route));
    }
    cast.server.clock().advance(1ms);
    for (const Route& route : server::all_routes()) {
        if (!takes_token(route)) continue;
        CAPTURE(route.operation);
        CHECK(act(cast, route, actor, actor.token).outcome() == "401 token_invalid");
    }
    const Reply joined = cast.server.join(actor.stage.user, cast.sale.concert);
    CHECK(joined.outcome() == "200");
    CHECK(joined.text("/status") == "spent");
    CHECK(joined.text("/token") != actor.token);
    CHECK(act(cast, route_of("getToken"), actor, joined.text("/token")).status == 200);
}

TEST_CASE("tokens outlive a change of keys as long as the old key verifies") {
    Cast cast;
    const Actor actor = cast.admitted();
    TokenKey fresh{.id = 9, .secret = {}};
    fresh.secret.fill(9);
    cast.server.office().replace_token_keys({fresh});
    CHECK(act(cast, route_of("getToken"), actor, actor.token).outcome() == "401 token_invalid");
    const std::string token = cast.server.join(actor.stage.user, cast.sale.concert).text("/token");
    TokenKey next{.id = 10, .secret = {}};
    next.secret.fill(10);
    cast.server.office().replace_token_keys({next, fresh});
    CHECK(act(cast, route_of("getToken"), actor, token).outcome() == "200");
}

TEST_CASE("an API key is asked for where a host vouches, and opens any wallet") {
    Cast cast(true);
    for (const Route& route : server::all_routes()) {
        CAPTURE(route.operation);
        cast.require(std::nullopt, std::nullopt);
        const Actor actor = cast.admitted();
        cast.require(api_key, std::nullopt);
        const auto with = [&](const std::string& token, const char* key) {
            Ask request = request_of(route, actor.stage, token, new_key());
            if (key != nullptr) request.fields.emplace_back("X-Api-Key", key);
            return ask(cast.server, route, request).outcome();
        };
        const std::string token = takes_token(route) ? actor.token : "";
        switch (route.access) {
            case Access::vouched:
            case Access::wallet_write:
                CHECK(with(token, nullptr) == "401 api_key_required");
                CHECK(challenge_of(act(cast, route, actor, token)) ==
                      "ApiKey header=\"X-Api-Key\"");
                CHECK(with(token, "") == "401 api_key_required");
                CHECK(with(token, "wrong") == "401 api_key_required");
                CHECK(with(token, (api_key + "x").c_str()) == "401 api_key_required");
                CHECK(with("", api_key.c_str()) == granted(route));
                CHECK(with("null", api_key.c_str()) == granted(route));
                break;
            case Access::wallet_read:
                CHECK(with("", nullptr) == "401 token_required");
                CHECK(with(token, nullptr) == granted(route));
                CHECK(with(token, "wrong") == "401 api_key_required");
                CHECK(with("", api_key.c_str()) == granted(route));
                break;
            case Access::token:
            case Access::admitted:
                // It vouches for a user, and takes no user's place.
                CHECK(with("", api_key.c_str()) == "401 token_required");
                CHECK(with(token, "wrong") == granted(route));
                break;
            default:
                CHECK(with(token, "wrong") == granted(route));
        }
    }
}

TEST_CASE("an operator's call asks for the admin key, and for no other") {
    Cast cast(true);
    for (const Route& route : server::all_routes()) {
        if (route.access != Access::admin) continue;
        CAPTURE(route.operation);
        cast.require(std::nullopt, std::nullopt);
        const Actor actor = cast.admitted();
        cast.require(api_key, admin_key);
        for (const std::string& wrong : {std::string(), std::string("wrong"), api_key, actor.token,
                                         admin_key + "x", admin_key.substr(1)}) {
            CAPTURE(wrong);
            const Reply reply = act(cast, route, actor, wrong);
            CHECK(reply.outcome() == "401 admin_key_invalid");
            CHECK(challenge_of(reply) == "Bearer");
        }
        CHECK(act(cast, route, actor, admin_key).outcome() == granted(route));
    }
}

TEST_CASE("each side has its own routes, and knows nothing of the other's") {
    Cast cast;
    const Actor actor = cast.admitted();
    for (const Route& route : server::all_routes()) {
        if (route.side == Side::both) continue;
        CAPTURE(route.operation);
        const Ask request = request_of(route, actor.stage, actor.token, new_key());
        const Reply reply = route.side == Side::operators ? cast.server.ask(request)
                                                          : cast.server.ask_operators(request);
        CHECK(reply.outcome() == "404 unknown_route");
    }
}

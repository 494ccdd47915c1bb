// Bodies of requests, through the dispatcher and the handler of every route that takes one, in a
// small sale of its own: each is granted or refused with a problem that is one; where a body is at
// fault, the problem points to where. What was granted under a key is granted once: the same again,
// written otherwise, is the same thing. The audit finds the store clean afterwards.
//
// The first line of an input is the operation; "$user_id" and the like stand for the stage's.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <thread>
#include <vector>

#include "api/dispatcher.hpp"
#include "concertres/memory.hpp"
#include "fuzz/fuzzer.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;

namespace {

namespace json = boost::json;

// What takes long to make and knows nothing of a sale: one for all inputs.
struct Lasting {
    server::Log log{server::LogFormat::json, LogLevel::error};
    boost::asio::thread_pool chores{1};
    server::Metrics metrics;
};

Lasting& lasting() {
    static Lasting made;
    return made;
}

// A server without sockets, in one thread.
class Stage {
  public:
    Stage() {
        snapshots_.bind(office_, services_.currency);
        live_.bind(office_, services_.currency, 10);
        ConcertDraft draft = test::SmallSale::draft();
        draft.room = RoomPolicy{};
        add_area(draft.seats, {"Standing", 20, Money{10'000}});
        const ConcertView concert = call(AddConcert{std::move(draft), {}});
        user_ = UserId::from_name("ann");
        concert_ = concert.id;
        performance_ = concert.performances.front();
        call(Charge{.user = user_, .amount = Money{1'000'000}, .key = "charge"});
        PlaceView place = call(Join{.concert = concert_, .user = user_});
        call(Tick{concert_});
        token_ = office_.sign(place);
        reservation_ = call(Hold{.user = user_,
                                 .place = place.number,
                                 .performance = performance_,
                                 .seats = {2, 3},
                                 .key = "hold"})
                           .id;
    }

    http::Response ask(const server::Route& route, std::string_view body) {
        const std::string target = filled(std::string(route.path), "{", "}");
        const std::string authorization = "Bearer " + token_;
        http::Request request{.method = route.method,
                              .target = target,
                              .path = target,
                              .query = {},
                              .fields = {{"Host", "localhost"},
                                         {"Authorization", authorization},
                                         {"Content-Type", "application/json"},
                                         {"Idempotency-Key", "key"}},
                              .body = body,
                              .has_body = true,
                              .peer = "127.0.0.1"};
        std::optional<http::Response> answer;
        server::Dispatcher dispatcher(services_, route.side == server::Side::operators
                                                     ? server::Side::operators
                                                     : server::Side::buyers);
        dispatcher.handle(
            request, [&](http::Response response) { answer = std::move(response); },
            context_.get_executor());
        while (!answer) {
            while (office_.step()) continue;
            context_.poll();
            context_.restart();
            if (!answer) std::this_thread::yield();
        }
        return std::move(*answer);
    }
    std::string filled(std::string text, const std::string& before, const std::string& after) {
        const std::pair<std::string, std::string> names[] = {
            {"concert_id", concert_.to_string()},
            {"performance_id", performance_.to_string()},
            {"reservation_id", reservation_.to_string()},
            {"user_id", user_.to_string()},
        };
        for (const auto& [name, value] : names) {
            const std::string mark = before + name + after;
            const std::size_t at = text.find(mark);
            if (at != std::string::npos) text.replace(at, mark.size(), value);
        }
        return text;
    }
    AuditReport audit() { return office_.audit().value(); }

  private:
    template <class Command>
    typename Command::Answer call(Command command) {
        std::optional<AnswerTo<Command>> answer;
        office_.submit(std::move(command),
                       [&](AnswerTo<Command> given) { answer.emplace(std::move(given)); });
        while (!answer) office_.step();
        return std::move(answer->value());
    }

    test::TestClock clock_;
    boost::asio::io_context context_{1};
    server::RateLimiter token_rate_{{.per_second = 0}};
    server::Gate gate_{std::chrono::seconds(1)};
    server::Snapshots snapshots_;
    server::Live live_{context_, snapshots_};
    BoxOffice office_{
        open_memory({.clock = &clock_}),
        {.tick = std::chrono::hours(1), .running = Running::by_host, .events = &live_}};
    server::Services services_{.office = office_,
                               .snapshots = snapshots_,
                               .live = live_,
                               .metrics = lasting().metrics,
                               .log = lasting().log,
                               .token_rate = token_rate_,
                               .gate = gate_,
                               .chores = lasting().chores,
                               .token_max_age = std::chrono::days(7)};
    UserId user_;
    ConcertId concert_;
    PerformanceId performance_;
    ReservationId reservation_;
    std::string token_;
};

const server::Route& route_of(std::string_view operation) {
    static const std::vector<const server::Route*> routes = [] {
        std::vector<const server::Route*> all;
        for (const auto& route : server::all_routes()) {
            if (route.takes_body) all.push_back(&route);
        }
        return all;
    }();
    for (const auto* route : routes) {
        if (route->operation == operation) return *route;
    }
    return *routes[fuzz::hash_of(operation) % routes.size()];
}

json::value parsed(const std::string& text) {
    json::error_code failed;
    json::value value = json::parse(text, failed);
    fuzz::demand(!failed, "an answer is JSON", text);
    return value;
}

// A pointer leads to what is at fault, or for what is missing to where it would be.
bool leads_somewhere(const json::value& document, std::string pointer) {
    if (pointer.starts_with('#')) pointer.erase(0, 1);
    json::error_code failed;
    if (pointer.empty() || document.find_pointer(pointer, failed) != nullptr) return true;
    const std::size_t end = pointer.rfind('/');
    if (end == std::string::npos) return false;
    const auto* parent = document.find_pointer(pointer.substr(0, end), failed);
    return parent != nullptr && (parent->is_object() || parent->is_array());
}

void demand_problem(const http::Response& answer, const std::optional<json::value>& body) {
    const std::string content(answer.content());
    fuzz::demand(answer.content_type == "application/problem+json", "a refusal is a problem",
                 content);
    const json::value problem = parsed(content);
    const auto code = std::string_view(problem.at("code").as_string());
    bool known = false;
    for (const auto& info : server::all_code_infos()) {
        known = known || (info.name == code && info.status == answer.status);
    }
    fuzz::demand(known, "a problem's code is in the table, with its status", content);
    fuzz::demand(answer.status < 500 || answer.status == 503, "no body makes the server fail",
                 content);
    const auto* faults = problem.as_object().if_contains("errors");
    if (faults == nullptr || !body) return;
    for (const auto& fault : faults->as_array()) {
        const std::string pointer(fault.at("pointer").as_string());
        fuzz::demand(leads_somewhere(*body, pointer), "a pointer leads into the body", content);
    }
}

// What a key was given for is found again, however it is written.
void demand_same_again(Stage& stage, const server::Route& route, const http::Response& first,
                       const std::string& body) {
    if (!route.takes_key) return;
    const http::Response again = stage.ask(route, body);
    const std::string content(again.content());
    fuzz::demand(again.status == first.status, "the same again is answered as before", content);
    if (first.status >= 300) return;
    fuzz::demand(again.fields.find("Idempotent-Replayed: true") != std::string::npos,
                 "the same again has no further effect", content);
    const json::value one = parsed(std::string(first.content()));
    const json::value two = parsed(content);
    for (const char* id : {"reservation_id", "payment_id", "transfer_id"}) {
        if (const auto* of_one = one.as_object().if_contains(id)) {
            fuzz::demand(*of_one == two.at(id), "the same again is the same thing", content);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::text_of(data, size);
    const server::Route& route = route_of(fuzz::take_line(input));
    Stage stage;
    std::string text(input);
    for (std::string next; (next = stage.filled(text, "$", "")) != text;) text = next;

    Faults faults;
    const std::optional<json::value> body = parse_json(text, faults, {.values_max = 10'000});
    // Of a number beyond all numbers Boost.JSON makes infinity, which no reader takes, and before
    // 1.83 writes it as what is no JSON.
    const std::string written = body ? json::serialize(*body) : "";
    const bool is_finite = written.find("Infinity") == std::string::npos;
    if (body && is_finite) {
        Faults none;
        const auto again = parse_json(written, none);
        fuzz::demand(again == body, "what is parsed and written is parsed as the same", text);
    }
    const http::Response answer = stage.ask(route, text);
    if (answer.status >= 300) {
        demand_problem(answer, body);
    } else {
        fuzz::demand(body.has_value(), "only JSON is granted", text);
        if (!answer.content().empty()) parsed(std::string(answer.content()));
    }
    if (body && is_finite) demand_same_again(stage, route, answer, written);
    fuzz::demand(stage.audit().clean(), "the store is clean afterwards");
    return 0;
}

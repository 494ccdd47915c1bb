#include "micro.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/siphash.hpp"
#include "concertres/audit.hpp"
#include "concertres/memory.hpp"
#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"
#include "concertres/seating.hpp"
#include "concertres/token.hpp"
#include "engine/line_index.hpp"
#include "engine_run.hpp"
#include "scene.hpp"

namespace bench {

using namespace concertres;
using namespace std::chrono_literals;

namespace {

constexpr Time now{std::chrono::seconds(1'800'000'000)};
constexpr UserKey user{11};
constexpr ConcertKey concert_key{1};
constexpr PerformanceKey performance{2};

// --- Tokens
// ---------------------------------------------------------------------------------------

const TokenKeys& token_keys() {
    static const TokenKeys keys({TokenKey{.id = 1, .secret = {1, 2, 3}}});
    return keys;
}
TokenClaims claims() {
    return {.concert = ConcertId::from_name("concert"),
            .number = {123'456},
            .user = UserId::from_name("user"),
            .issued_at = now};
}

void sign(benchmark::State& state) {
    const TokenClaims signed_claims = claims();
    for (auto _ : state) {
        benchmark::DoNotOptimize(sign_token(token_keys(), TokenPurpose::place, signed_claims));
    }
}

void verify(benchmark::State& state) {
    const std::string token = sign_token(token_keys(), TokenPurpose::place, claims());
    for (auto _ : state) {
        const auto read = verify_token(token_keys(), TokenPurpose::place, token, now, 24h);
        if (!read) state.SkipWithError("refused");
    }
}

void derive_id(benchmark::State& state) {
    const KeyedHash hash(KeyedHash::Secret{1, 2, 3});
    const std::string bytes(40, 'x');
    for (auto _ : state) benchmark::DoNotOptimize(hash(bytes));
}

// --- The line
// -------------------------------------------------------------------------------------

void position(benchmark::State& state) {
    LineIndex line;
    const std::int64_t people = state.range(0);
    for (std::int64_t i = 1; i <= people; ++i) line.add(PlaceNumber::of(0, i));
    std::int64_t asked = 0;
    for (auto _ : state) {
        asked = (asked + 619) % people;
        benchmark::DoNotOptimize(line.ahead_of(PlaceNumber::of(0, asked + 1)));
    }
}

// Where somebody stands of a million who were drawn: what a poll pays for the draw.
void drawn_rank(benchmark::State& state) {
    const std::int64_t people = state.range(0);
    const Draw draw({1, 2, 3}, people);
    std::int64_t asked = 0;
    for (auto _ : state) {
        asked = (asked + 619) % people;
        benchmark::DoNotOptimize(draw.rank_of(asked + 1));
    }
}

// --- Seats
// -------------------------------------------------------------------------------------

// 300 rows of 200 seats, an aisle after every 50.
const Seating& large_hall() {
    static const Seating seating = [] {
        std::vector<HallSeat> seats;
        for (SeatNumber i = 0; i < 60'000; ++i) {
            const SeatNumber in_row = i % 200;
            seats.push_back({.number = i + 1,
                             .section = i < 30'000 ? "Stalls" : "Gallery",
                             .row = std::to_string(i / 200 + 1),
                             .x = static_cast<double>(in_row + 2 * (in_row / 50)),
                             .y = static_cast<double>(i / 200),
                             .price = {50'000}});
        }
        return Seating(seats);
    }();
    return seating;
}

enum class Left { all, one_in_ten, single_seats };

SeatSet left_of(const Seating& seating, Left left) {
    SeatSet free(seating.size());
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same in every run
    for (SeatSlot slot = 0; slot < seating.size(); ++slot) {
        const bool is_free = left == Left::all || (left == Left::single_seats && slot % 2 == 0) ||
                             (left == Left::one_in_ten && random() % 10 == 0);
        if (is_free) free.insert(slot);
    }
    return free;
}

void best_seats(benchmark::State& state, std::int32_t count, Left left) {
    const Seating& seating = large_hall();
    const SeatSet free = left_of(seating, left);
    for (auto _ : state) {
        auto choice = choose_best(seating, free, {.count = count});
        if (!choice) state.SkipWithError("there are enough seats");
        benchmark::DoNotOptimize(choice);
    }
}

void register_best_seats() {
    const std::pair<const char*, Left> halls[] = {
        {"an empty hall", Left::all},
        {"one in ten seats", Left::one_in_ten},
        {"30,000 single seats", Left::single_seats},
    };
    for (const auto& [name, left] : halls) {
        for (const std::int32_t count : {1, 2, 4, 8}) {
            const std::string title = "best " + std::to_string(count) + " of " + name;
            benchmark::RegisterBenchmark(
                title.c_str(),
                [count, left = left](benchmark::State& state) { best_seats(state, count, left); });
        }
    }
}

// --- Rules, with the copies of rows that the engine gives them
// ------------------------------------

Concert concert() {
    return {.key = concert_key, .id = ConcertId::from_name("concert"), .hold_ttl = 5min};
}

Standing admitted() {
    return {.has_room = true,
            .place = {},
            .pass = Pass{.concert = concert_key,
                         .number = {5},
                         .user = user,
                         .user_id = UserId::from_name("user"),
                         .admitted_at = now,
                         .expires_at = now + 10min,
                         .ceiling = now + 30min}};
}

HoldRows hold_rows() {
    return {.performance = {.performance = performance, .counts = {.free = 1'000}},
            .seats = {{.performance = performance, .number = 7},
                      {.performance = performance, .number = 8}},
            .in_performance = {.user = user, .scope = performance.value},
            .in_concert = {.user = user, .scope = concert_key.value},
            .standing = admitted(),
            .sale = {.concert = concert_key, .room = RoomPolicy{}}};
}

HoldFacts hold_facts() {
    return {.row = {100},
            .id = ReservationId::from_name("reservation"),
            .user = user,
            .user_id = UserId::from_name("user"),
            .place = {5},
            .concert = concert(),
            .starts_at = now + 24h,
            .seats = {{7, {50'000}}, {8, {50'000}}},
            .fingerprint = 1,
            .extend_max = 15min,
            .now = now};
}

void rule_hold(benchmark::State& state) {
    const HoldRows before = hold_rows();
    const HoldFacts facts = hold_facts();
    for (auto _ : state) {
        HoldRows rows = before;
        if (!hold(rows, facts)) state.SkipWithError("refused");
    }
}

// What a hold has made, held by the user of hold_rows().
HoldRows held_rows() {
    HoldRows rows = hold_rows();
    static_cast<void>(hold(rows, hold_facts()));
    return rows;
}

void rule_release(benchmark::State& state) {
    const HoldRows held = held_rows();
    const EndRows before{.performance = held.performance, .held = {*held.made, held.seats}};
    for (auto _ : state) {
        EndRows rows = before;
        release(rows, {}, now + 1min);
        benchmark::DoNotOptimize(rows.events.data());
    }
}

void rule_pay(benchmark::State& state) {
    const HoldRows held = held_rows();
    const PayRows before{
        .paid = {{*held.made, held.seats}},
        .performances = {{performance, held.performance}},
        .limits = {{held.in_performance.key(), held.in_performance},
                   {held.in_concert.key(), held.in_concert}},
        .wallet = {.user = user, .balance = {1'000'000}},
        .standing = held.standing,
    };
    const PayFacts facts{.row = {101},
                         .id = PaymentId::from_name("payment"),
                         .transfer = TransferId::from_name("transfer"),
                         .user = user,
                         .user_id = UserId::from_name("user"),
                         .concert = concert_key,
                         .place = {5},
                         .fingerprint = 1,
                         .now = now + 1min};
    for (auto _ : state) {
        PayRows rows = before;
        if (!pay(rows, facts)) state.SkipWithError("refused");
    }
}

// --- Events and the audit
// -------------------------------------------------------------------------

void encode_event(benchmark::State& state) {
    const Event event = held_rows().events.front();
    for (auto _ : state) {
        const std::string text = encode(event);
        benchmark::DoNotOptimize(checksum(event, text));
    }
}

void decode_event(benchmark::State& state) {
    Event event = held_rows().events.front();
    const std::string text = encode(event);
    for (auto _ : state) {
        if (!decode(text, event)) state.SkipWithError("not read");
    }
}

// The figure is that of one event.
void audit_event(benchmark::State& state) {
    const SceneShape shape{.name = "audited", .dates = 2, .buyers = 100};
    BoxOffice office(open_memory(), scene_options());
    const std::vector<Buyer> buyers = build_scene(office, shape);
    HoldOrder order(shape);
    EngineRun(office, buyers, order).submit({.commands = 20'000, .in_flight = 64});
    AuditReport report;
    for (auto _ : state) report = office.audit().value();
    if (!report.clean()) {
        state.SkipWithError(
            (report.findings.front().rule + ": " + report.findings.front().what).c_str());
    }
    state.counters["of"] = static_cast<double>(report.events);
}

}  // namespace

void register_micro() {
    using benchmark::RegisterBenchmark;
    RegisterBenchmark("sign a token", sign);
    RegisterBenchmark("verify a token", verify);
    RegisterBenchmark("derive an id from a key", derive_id);
    for (const std::int64_t people : {1'000, 100'000, 10'000'000}) {
        const std::string name = "position in a line of " + std::to_string(people);
        RegisterBenchmark(name.c_str(), position)->Arg(people);
        const std::string drawn = "rank in a draw of " + std::to_string(people);
        RegisterBenchmark(drawn.c_str(), drawn_rank)->Arg(people);
    }
    register_best_seats();
    RegisterBenchmark("rule: hold two seats", rule_hold);
    RegisterBenchmark("rule: release them", rule_release);
    RegisterBenchmark("rule: pay for them", rule_pay);
    RegisterBenchmark("encode an event, with its checksum", encode_event);
    RegisterBenchmark("decode an event", decode_event);
    RegisterBenchmark("audit, for each event", audit_event);
}

}  // namespace bench

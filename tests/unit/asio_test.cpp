#include "concertres/asio.hpp"

#include <doctest/doctest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/concertres.hpp"
#include "concertres/memory.hpp"

using namespace concertres;
namespace asio = boost::asio;

namespace {

const UserId ann = UserId::from_name("ann");
const UserId bob = UserId::from_name("bob");

// Twelve seats at 50,000 each; the context is declared before the office, as asio.hpp asks for.
struct House {
    explicit House(Options options = {}) : office(open_memory(), std::move(options)) {
        ConcertDraft draft{.title = "Winter Songs",
                           .performances = {{*parse_rfc3339("2099-12-24T19:00:00+09:00")}},
                           .seats = numbered_seats(12, Money{50'000})};
        auto concert = office.add_concert(std::move(draft));
        performance = concert.value().performances.front();
    }

    [[nodiscard]] Hold hold(UserId user, SeatNumber seat) const {
        return {.user = user, .performance = performance, .seats = {seat}, .key = "hold"};
    }
    void decide_all() {
        while (office.step()) {
        }
    }

    asio::io_context io;
    BoxOffice office;
    PerformanceId performance;
};

// Counts what is allocated through it.
template <class T>
struct CountingAllocator {
    using value_type = T;

    explicit CountingAllocator(int* allocations) : count(allocations) {}
    template <class U>
    CountingAllocator(const CountingAllocator<U>& other) : count(other.count) {}

    T* allocate(std::size_t n) {
        ++*count;
        return std::allocator<T>{}.allocate(n);
    }
    void deallocate(T* pointer, std::size_t n) { std::allocator<T>{}.deallocate(pointer, n); }
    template <class U>
    bool operator==(const CountingAllocator<U>& other) const {
        return count == other.count;
    }

    int* count;
};

asio::awaitable<void> buy(House& house, std::optional<PaymentView>& bought) {
    Hold hold = house.hold(ann, 7);
    Result<ReservationView> held =
        co_await async_call(house.office, std::move(hold), asio::use_awaitable);
    Charge charge{.user = ann, .amount = held.value().total, .key = "charge"};
    Result<ChargeView> charged =
        co_await async_call(house.office, std::move(charge), asio::use_awaitable);
    CHECK(charged.value().balance == Money{50'000});
    Pay pay{.user = ann, .reservations = {held.value().id}, .key = "pay"};
    Result<PaymentView> paid =
        co_await async_call(house.office, std::move(pay), asio::use_awaitable);
    bought = paid.value();
}

}  // namespace

TEST_CASE("an answer comes to a handler, on its executor's thread") {
    House house;
    std::optional<ReservationView> held;
    std::thread::id answered_on;
    async_call(house.office, house.hold(ann, 7),
               asio::bind_executor(house.io, [&](Result<ReservationView> answer) {
                   held = answer.value();
                   answered_on = std::this_thread::get_id();
               }));
    house.io.run();
    REQUIRE(held);
    CHECK(held->user == ann);
    CHECK(answered_on == std::this_thread::get_id());
}

TEST_CASE("a refusal is in the result") {
    House house;
    REQUIRE(house.office.hold(house.hold(bob, 7)));
    std::optional<Errc> refused;
    async_call(house.office, house.hold(ann, 7),
               asio::bind_executor(house.io, [&](Result<ReservationView> answer) {
                   if (!answer) refused = answer.error().code;
               }));
    house.io.run();
    CHECK(refused == Errc::seat_held);
}

TEST_CASE("a call is outstanding work until its handler has run, and runs in no other place") {
    House house({.running = Running::by_host});
    bool answered = false;
    async_call(house.office, house.hold(ann, 7),
               asio::bind_executor(house.io, [&](Result<ReservationView>) { answered = true; }));
    CHECK(house.io.poll() == 0);
    CHECK_FALSE(house.io.stopped());
    house.decide_all();
    CHECK_FALSE(answered);
    CHECK(house.io.poll() == 1);
    CHECK(answered);
    CHECK(house.io.stopped());
}

TEST_CASE("a call that is refused at once still does not run its handler inside async_call") {
    House house({.inbox_max = 1, .running = Running::by_host});
    std::vector<std::optional<Errc>> answers;
    auto note = [&](Result<ReservationView> answer) {
        answers.push_back(answer ? std::nullopt : std::optional(answer.error().code));
    };
    asio::dispatch(house.io, [&] {
        async_call(house.office, house.hold(ann, 7), asio::bind_executor(house.io, note));
        async_call(house.office, house.hold(ann, 8), asio::bind_executor(house.io, note));
        CHECK(answers.empty());
    });
    house.io.poll();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0] == Errc::overloaded);
    house.decide_all();
    house.io.run();
    REQUIRE(answers.size() == 2);
    CHECK(answers[1] == std::nullopt);
}

TEST_CASE("a handler without an executor runs neither on the caller's nor on the writer's thread") {
    House house;
    std::promise<std::thread::id> answered;
    std::promise<std::thread::id> decided;
    house.office.submit(house.hold(bob, 8), Done<Hold>([&](Result<ReservationView>) {
                            decided.set_value(std::this_thread::get_id());
                        }));
    async_call(house.office, house.hold(ann, 7),
               [&](Result<ReservationView>) { answered.set_value(std::this_thread::get_id()); });
    std::thread::id answered_on = answered.get_future().get();
    CHECK(answered_on != decided.get_future().get());
    CHECK(answered_on != std::this_thread::get_id());
}

TEST_CASE("a handler may be one that cannot be copied, on a strand, with an allocator of its own") {
    House house;
    int allocations = 0;
    int owned = 0;
    auto strand = asio::make_strand(house.io);
    auto handler = [&owned, strand, number = std::make_unique<int>(7)](Result<ReservationView>) {
        CHECK(strand.running_in_this_thread());
        owned = *number;
    };
    async_call(house.office, house.hold(ann, 7),
               asio::bind_allocator(CountingAllocator<char>(&allocations),
                                    asio::bind_executor(strand, std::move(handler))));
    house.io.run();
    CHECK(owned == 7);
    CHECK(allocations > 0);
}

TEST_CASE("an answer comes as a future") {
    House house;
    std::future<Result<ReservationView>> held =
        async_call(house.office, house.hold(ann, 7), asio::use_future);
    CHECK(held.get().value().user == ann);
}

TEST_CASE("a whole purchase is one coroutine") {
    House house;
    std::optional<PaymentView> bought;
    asio::co_spawn(house.io, buy(house, bought), asio::detached);
    house.io.run();
    REQUIRE(bought);
    CHECK(bought->amount == Money{50'000});
    CHECK(bought->balance == Money{0});
}

TEST_CASE("a deferred call asks nothing until it is started") {
    House house;
    auto call = async_call(house.office, house.hold(ann, 7), asio::deferred);
    CHECK(house.office.hold(house.hold(bob, 7)));
    std::optional<Errc> refused;
    std::move(call)(asio::bind_executor(house.io, [&](Result<ReservationView> answer) {
        if (!answer) refused = answer.error().code;
    }));
    house.io.run();
    CHECK(refused == Errc::seat_held);
}

TEST_CASE("a query is asked as a command is") {
    House house;
    std::future<Result<std::vector<ConcertView>>> concerts =
        async_call(house.office, ListConcerts{}, asio::use_future);
    CHECK(concerts.get().value().front().title == "Winter Songs");
}

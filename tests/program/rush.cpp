#include "program/rush.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "concertres/ids.hpp"
#include "server/test_server.hpp"

namespace concertres::test {

namespace {

constexpr std::int64_t price = 50'000;

std::string user_of(const Told& told) {
    return UserId::from_name(fmt::format("buyer {}", told.buyer)).to_string();
}

// The answer, unless it is a refusal.
std::optional<Reply> accepted(Told& told, Reply reply) {
    if (reply.status / 100 == 2) return reply;
    told.refusals.push_back(reply.outcome());
    return std::nullopt;
}

// What was told before is told again, by a replay where it is one.
template <class Value>
void take(Told& told, const char* what, Value& known, Value unknown, Value answered) {
    if (known != unknown && known != answered) {
        told.contradictions.push_back(fmt::format("{}: {}, then {}", what, known, answered));
    }
    known = std::move(answered);
}

void take_id(Told& told, const char* what, std::string& known, const Reply& reply) {
    if (!known.empty() && reply.field("Idempotent-Replayed") != "true") {
        told.contradictions.push_back(fmt::format("{}: made again: {}", what, reply.body));
    }
    take(told, what, known, std::string(), reply.text(fmt::format("/{}_id", what)));
}

}  // namespace

RushSale import_rush_sale(const std::vector<std::string>& where, int seats) {
    return {.bought = import_sale(where, sale_json(seats, R"("room": {})")),
            .queued = import_sale(where, sale_json(1, R"("room": {"active_max": 1})"))};
}

// --- Shopper -------------------------------------------------------------------------------------

void Shopper::buy(Told& told) {
    told.cut_off = false;
    try {
        (void)(show_token(told) && join(told) && queue(told) && wait(told) && hold(told) &&
               charge(told) && pay(told));
    } catch (const std::system_error&) {
        told.cut_off = true;
    } catch (const std::exception& failure) {
        told.contradictions.emplace_back(failure.what());
    } catch (...) {
        told.contradictions.emplace_back("a check has failed");
    }
}

// A token of before is worth what it was.
bool Shopper::show_token(Told& told) {
    if (told.token.empty()) return true;
    const auto shown = accepted(
        told, TestServer::send(client_, {.target = "/v1/tokens/current", .token = told.token}));
    if (!shown) return false;
    take(told, "place", told.place, std::int64_t{-1}, shown->number("/number"));
    return true;
}

bool Shopper::join(Told& told) {
    const auto joined = accepted(
        told,
        TestServer::send(client_, {.method = "POST",
                                   .target = "/v1/concerts/" + sale_.bought.concert + "/tokens",
                                   .body = fmt::format(R"({{"user_id": "{}"}})", user_of(told))}));
    if (!joined) return false;
    told.token = joined->text("/token");
    take(told, "place", told.place, std::int64_t{-1}, joined->number("/number"));
    return true;
}

bool Shopper::queue(Told& told) {
    const auto joined = accepted(
        told,
        TestServer::send(client_, {.method = "POST",
                                   .target = "/v1/concerts/" + sale_.queued.concert + "/tokens",
                                   .body = fmt::format(R"({{"user_id": "{}"}})", user_of(told))}));
    if (!joined) return false;
    take(told, "place in the queue", told.queue_place, std::int64_t{-1}, joined->number("/number"));
    const std::int64_t position = joined->number("/position");
    if (told.queue_position >= 0 && position > told.queue_position) {
        told.contradictions.push_back(
            fmt::format("position {} after {}", position, told.queue_position));
    }
    told.queue_position = position;
    return true;
}

// Until the pass opens something, or has done so before.
bool Shopper::wait(Told& told) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        const auto shown = accepted(
            told, TestServer::send(client_, {.target = "/v1/tokens/current", .token = told.token}));
        if (!shown) return false;
        if (shown->text("/status") != "waiting") return true;
        if (std::chrono::steady_clock::now() > until) throw std::runtime_error("is not let in");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

bool Shopper::hold(Told& told) {
    const auto held = accepted(
        told, TestServer::send(client_,
                               {.method = "POST",
                                .target = "/v1/reservations",
                                .token = told.token,
                                .body = fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                                    sale_.bought.performance, told.buyer + 1),
                                .key = fmt::format("hold-{}", told.buyer)}));
    if (!held) return false;
    take_id(told, "reservation", told.reservation, *held);
    return true;
}

bool Shopper::charge(Told& told) {
    const auto charged = accepted(
        told, TestServer::send(client_, {.method = "POST",
                                         .target = "/v1/users/" + user_of(told) + "/wallet/charges",
                                         .token = told.token,
                                         .body = fmt::format(R"({{"amount": {}}})", price),
                                         .key = fmt::format("charge-{}", told.buyer)}));
    if (!charged) return false;
    take_id(told, "charge", told.charge, *charged);
    return true;
}

bool Shopper::pay(Told& told) {
    const auto paid = accepted(
        told, TestServer::send(
                  client_, {.method = "POST",
                            .target = "/v1/payments",
                            .token = told.token,
                            .body = fmt::format(R"({{"reservation_id": "{}"}})", told.reservation),
                            .key = fmt::format("pay-{}", told.buyer)}));
    if (!paid) return false;
    take_id(told, "payment", told.payment, *paid);
    if (paid->text("/status") != "completed" || paid->number("/balance/amount") != 0) {
        told.contradictions.push_back("a payment that is none: " + paid->body);
    }
    return true;
}

// --- Rush --------------------------------------------------------------------------------------

Rush::Rush(const std::string& url, const RushSale& sale, Shape shape)
    : shape_(shape), next_(shape.first_buyer), running_(shape.threads) {
    for (int i = 0; i < shape.threads; ++i) {
        threads_.emplace_back([this, buyer = Shopper(url, sale)]() mutable {
            run(std::move(buyer));
            --running_;
        });
    }
}

Rush::~Rush() { (void)end(); }

void Rush::run(Shopper buyer) {
    while (!stopping_) {
        Told told{.buyer = next_++};
        if (told.buyer >= shape_.first_buyer + shape_.buyers_max) return;
        buyer.buy(told);
        if (!told.payment.empty()) ++paid_;
        const bool gone = told.cut_off;
        const std::lock_guard lock(mutex_);
        told_.push_back(std::move(told));
        if (gone) return;
    }
}

bool Rush::comes_to(int payments) const {
    return eventually([&] { return paid() >= payments || is_over(); }) && paid() >= payments;
}

std::vector<Told> Rush::end() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return std::move(told_);
}

void check_again(const std::string& url, const RushSale& sale, const std::vector<Told>& all) {
    Shopper buyer(url, sale);
    for (Told told : all) {
        told.refusals.clear();
        buyer.buy(told);
        INFO("buyer ", told.buyer);
        INFO(fmt::format("refused: {}", told.refusals));
        INFO(fmt::format("contradictions: {}", told.contradictions));
        CHECK(told.contradictions.empty());
        CHECK(!told.cut_off);
        CHECK(!told.payment.empty());
    }
}

Tally tally(const std::vector<Told>& all) {
    Tally sum;
    for (const Told& told : all) {
        sum.places += (told.place >= 0 ? 1 : 0) + (told.queue_place >= 0 ? 1 : 0);
        sum.reservations += told.reservation.empty() ? 0 : 1;
        sum.payments += told.payment.empty() ? 0 : 1;
        sum.transfers += (told.charge.empty() ? 0 : 1) + (told.payment.empty() ? 0 : 1);
    }
    return sum;
}

}  // namespace concertres::test

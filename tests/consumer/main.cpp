// What a project that embeds concertres does: sells a seat, in memory and, where the component is
// asked for, on a file. Nothing here knows the library's sources.
#include <concertres/box_office.hpp>
#include <concertres/memory.hpp>
#include <concertres/version.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#ifdef CONSUMER_WITH_SQLITE
#include <concertres/sqlite.hpp>
#include <filesystem>
#endif

#ifdef CONSUMER_WITH_POSTGRES
#include <concertres/postgres.hpp>
#endif

#ifdef CONSUMER_WITH_KAFKA
#include <concertres/kafka.hpp>
#include <concertres/relay.hpp>
#include <stdexcept>
#endif

#ifdef CONSUMER_WITH_REDIS
#include <concertres/redis.hpp>
#include <future>
#endif
#ifdef CONSUMER_WITH_WEBHOOK
#include <concertres/webhook.hpp>
#include <stdexcept>
#endif
#ifdef CONSUMER_WITH_PAYMENT_HTTP
#include <concertres/http_payment_gateway.hpp>
#endif

using namespace concertres;

namespace {

bool sell_a_seat(std::unique_ptr<Storage> storage) {
    BoxOffice office(std::move(storage));
    const auto starts_at = parse_rfc3339("2099-12-24T19:00:00+09:00");
    if (!starts_at) return false;
    const auto concert = office.add_concert({.title = "Winter Songs",
                                             .venue = "Town Hall",
                                             .performances = {{*starts_at}},
                                             .seats = numbered_seats(50, Money{50'000})});
    if (!concert) return false;

    const UserId user = UserId::from_name("alice@example.org");
    const auto held = office.hold({.user = user,
                                   .performance = concert->performances.front(),
                                   .seats = {7, 8},
                                   .key = "hold"});
    const auto charged = office.charge({.user = user, .amount = Money{120'000}, .key = "charge"});
    if (!held || !charged) return false;
    const auto paid = office.pay({.user = user, .reservations = {held->id}, .key = "pay"});
    return paid && paid->amount == Money{100'000} && paid->balance == Money{20'000};
}

#ifdef CONSUMER_WITH_POSTGRES
// A server is not needed to see that the library is there.
bool is_told_of_no_server() {
    try {
        return open_postgres("host=/no/such/folder") == nullptr;
    } catch (const StorageError& error) {
        return error.kind() == StorageError::Kind::unavailable;
    }
}
#endif

#ifdef CONSUMER_WITH_KAFKA
// Nor a broker.
bool is_told_of_no_option() {
    try {
        return open_kafka({.brokers = "localhost", .properties = {{"no.such", "option"}}}) ==
               nullptr;
    } catch (const std::invalid_argument&) {
        return true;
    }
}
#endif

#ifdef CONSUMER_WITH_WEBHOOK
// Nor a receiver.
bool is_told_of_no_secret() {
    try {
        return open_webhook({.url = "https://shop.example/events"}) == nullptr;
    } catch (const std::invalid_argument&) {
        return true;
    }
}
#endif

#ifdef CONSUMER_WITH_PAYMENT_HTTP
// Nor a provider: nobody listens on port 1.
bool is_told_of_no_provider() {
    const auto gateway = open_http_payment_gateway(
        {.url = "http://127.0.0.1:1", .key = "a-key-that-nobody-has", .currency = "KRW"});
    const auto answer = gateway->lookup(PaymentId::random());
    return !answer && answer.error().code == Errc::gateway_unavailable;
}
#endif

#ifdef CONSUMER_WITH_REDIS
// Nor a line: nobody listens on port 1.
bool is_told_of_no_line() {
    const auto line = open_redis_line("redis://127.0.0.1:1");
    std::promise<bool> away;
    line->erase(ConcertId::random(), [&](LineAnswer<LineDid> erased) {
        away.set_value(!erased && erased.fault().kind == LineFault::Kind::away);
    });
    return away.get_future().get();
}
#endif

}  // namespace

int main() {
    std::printf("concertres %s\n", version());
    if (!sell_a_seat(open_memory())) return 1;
#ifdef CONSUMER_WITH_SQLITE
    const auto file = std::filesystem::current_path() / "consumer.db";
    if (!sell_a_seat(open_sqlite(file))) return 1;
    std::puts("sold on SQLite");
#endif
#ifdef CONSUMER_WITH_POSTGRES
    if (!is_told_of_no_server()) return 1;
    std::puts("asked for PostgreSQL");
#endif
#ifdef CONSUMER_WITH_KAFKA
    if (!is_told_of_no_option()) return 1;
    std::puts("asked for Kafka");
#endif
#ifdef CONSUMER_WITH_WEBHOOK
    if (!is_told_of_no_secret()) return 1;
    std::puts("asked for a webhook");
#endif
#ifdef CONSUMER_WITH_PAYMENT_HTTP
    if (!is_told_of_no_provider()) return 1;
    std::puts("asked for a payment provider");
#endif
#ifdef CONSUMER_WITH_REDIS
    if (!is_told_of_no_line()) return 1;
    std::puts("asked for a line in Redis");
#endif
}

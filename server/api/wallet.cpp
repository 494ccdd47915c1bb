#include <charconv>

#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

void get_wallet(Exchange exchange) {
    require_wallet_reader(std::move(exchange), [](Exchange reader, UserId user) {
        Exchange::ask_or_refuse(
            std::move(reader), GetWallet{user}, [](Exchange asked, const WalletView& wallet) {
                std::string json = wallet_json(wallet, asked.services().currency);
                asked.answer(200, std::move(json));
            });
    });
}

void charge_wallet(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"amount"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto amount = body.amount("amount");
    if (!faults.empty()) return exchange.refuse(Problem(faults));

    const auto user = UserId::parse(exchange.parameter(0));
    const bool own = user && exchange.has_token() && exchange.claims().user == *user;
    if (!user || (!exchange.has_api_key() && !own)) {
        return exchange.refuse(Problem("unknown_user", "there is no such user"));
    }
    Charge charge{.user = *user, .amount = *amount, .key = exchange.key()};
    // A host with a key vouches for the money; without one, whoever is in may charge.
    if (!exchange.has_api_key()) {
        charge.admitted =
            PlaceAt{.concert = exchange.claims().concert, .number = exchange.claims().number};
    }
    Exchange::ask_or_refuse(std::move(exchange), std::move(charge),
                            [](Exchange asked, const ChargeView& view) {
                                if (view.replayed) asked.add_field("Idempotent-Replayed", "true");
                                std::string json = charge_json(view, asked.services().currency);
                                asked.answer(201, std::move(json));
                            });
}

namespace {

void answer_transfers(Exchange exchange, std::vector<Transfer> transfers, std::size_t limit) {
    const bool more = transfers.size() > limit;
    if (more) transfers.resize(limit);
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("transfers").begin_array();
    for (const Transfer& transfer : transfers) {
        write_transfer(json, transfer, exchange.services().currency);
    }
    json.end_array().key("next_cursor");
    if (more) {
        json.value(std::to_string(transfers.back().number));
    } else {
        json.value(nullptr);
    }
    json.end_object();
    exchange.answer(200, std::move(body));
}

}  // namespace

void list_transfers(Exchange exchange) {
    const auto page = read_page(exchange);
    if (!page) return exchange.refuse(page.error());
    std::optional<std::int64_t> before;
    if (page->cursor) {
        const char* const end = page->cursor->data() + page->cursor->size();
        std::int64_t number = 0;
        const auto [read, fault] = std::from_chars(page->cursor->data(), end, number);
        if (fault != std::errc{} || read != end || number < 1) {
            return exchange.refuse(
                Problem::of_query("cursor", "malformed", "must be the next_cursor of an answer"));
        }
        before = number;
    }
    require_wallet_reader(std::move(exchange), [before, limit = page->limit](Exchange reader,
                                                                             UserId user) {
        Exchange::ask_or_refuse(std::move(reader),
                                ListTransfers{.user = user, .before = before, .limit = limit + 1},
                                [limit](Exchange asked, std::vector<Transfer> transfers) {
                                    answer_transfers(std::move(asked), std::move(transfers), limit);
                                });
    });
}

}  // namespace concertres::server

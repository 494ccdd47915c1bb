#include "api/start_page.hpp"

#include <fmt/format.h>

#include "api/assets.hpp"
#include "concertres/version.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string concert_table(const std::vector<ConcertView>& concerts) {
    if (concerts.empty()) {
        return "<p data-text=\"docs.none\">None yet. <code>concertres import FILE --server URL"
               "</code> adds one.</p>";
    }
    std::string rows;
    for (const ConcertView& concert : concerts) {
        rows += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"id\">{}</td>"
            "</tr>\n",
            escaped(concert.title), escaped(concert.venue), sale_name(concert.sale),
            concert.waiting, concert.seats.free, concert.id.to_string());
    }
    return R"html(<div class="table" tabindex="0" role="group" aria-labelledby="concerts"><table>
<tr><th data-text="docs.column_title">Title</th><th data-text="docs.column_venue">Venue</th>
<th data-text="docs.column_sale">Sale</th><th data-text="docs.column_waiting">Waiting</th>
<th data-text="docs.column_left">Seats left</th><th>concert_id</th></tr>
)html" + rows +
           "</table></div>";
}

// What a hold of the sample wants, to stand in a shell's single quotes.
std::string wanted_json(const OnSale::Sample& sample) {
    if (sample.area.empty()) return fmt::format("\"seats\": [{}]", sample.seat);
    std::string name;
    JsonWriter(name).value(sample.area);
    for (std::size_t at = name.find('\''); at != std::string::npos; at = name.find('\'', at)) {
        name.replace(at, 1, "\\u0027");
    }
    return fmt::format("\"areas\": [{{\"section\": {}, \"count\": 1}}]", name);
}

// The section with a purchase to paste. Operators are not at the listener where it is made.
std::string purchase_section(const OnSale& on_sale, std::string_view origin, bool needs_api_key) {
    std::string section =
        "<section class=\"stack\" id=\"purchase\">\n"
        "<h2 data-text=\"docs.purchase\">A purchase in five calls</h2>\n";
    if (!on_sale.sample) {
        return section +
               "<p data-text=\"docs.nothing\">As soon as a concert has a seat to sell, it stands "
               "here.</p>\n</section>";
    }
    section +=
        "<p data-text=\"docs.paste\">Paste it into a shell. Each time you load this page it is "
        "another buyer, and another free seat.</p>\n<pre>" +
        escaped(purchase_calls(*on_sale.sample, UserId::random(), origin, needs_api_key)) +
        "</pre>\n";
    if (needs_api_key) {
        section +=
            "<p data-text=\"docs.set_key\">This server wants an API key of whoever vouches for "
            "users: set <code>API_KEY</code> first.</p>\n";
    }
    return section + "</section>";
}

void replace(std::string& page, std::string_view mark, std::string_view text) {
    page.replace(page.find(mark), mark.size(), text);
}

}  // namespace

std::string purchase_calls(const OnSale::Sample& sample, const UserId& user,
                           std::string_view origin, bool needs_api_key) {
    const std::string api_key = needs_api_key ? " -H \"X-Api-Key: $API_KEY\"" : "";
    const std::string json = " -H 'Content-Type: application/json'";
    const std::string bearer = " -H \"Authorization: Bearer $TOKEN\"";
    return fmt::format(
        R"sh(URL={origin}
USER_ID={user}
# 1. enter the waiting room: the token says who you are and where you stand
TOKEN=$(curl -s "$URL/v1/concerts/{concert}/tokens"{json}{api_key} -d "{{\"user_id\": \"$USER_ID\"}}" | sed 's/.*"token":"\([^"]*\)".*/\1/')
# 2. once admitted (within a second here): which seats are free?
sleep 2; curl -s "$URL/v1/performances/{performance}/seats"{bearer}; echo
# 3. hold one: nobody else gets it for five minutes
RESERVATION_ID=$(curl -s "$URL/v1/reservations"{bearer}{json} -H "Idempotency-Key: hold-$USER_ID" -d '{{"performance_id": "{performance}", {wanted}}}' | sed 's/.*"reservation_id":"\([^"]*\)".*/\1/')
# 4. put money into the wallet
curl -s "$URL/v1/users/$USER_ID/wallet/charges"{bearer}{json}{api_key} -H "Idempotency-Key: charge-$USER_ID" -d '{{"amount": {amount}}}'; echo
# 5. pay: the seat is yours
curl -s "$URL/v1/payments"{bearer}{json} -H "Idempotency-Key: pay-$USER_ID" -d "{{\"reservation_id\": \"$RESERVATION_ID\"}}"; echo
)sh",
        fmt::arg("origin", origin), fmt::arg("user", user.to_string()),
        fmt::arg("concert", sample.concert.to_string()),
        fmt::arg("performance", sample.performance.to_string()),
        fmt::arg("wanted", wanted_json(sample)),
        fmt::arg("amount", std::max<std::int64_t>(sample.price.minor, 1)), fmt::arg("json", json),
        fmt::arg("bearer", bearer), fmt::arg("api_key", api_key));
}

std::string start_page(const OnSale& on_sale, std::string_view origin, bool needs_api_key,
                       Side side) {
    std::string page(asset("web/docs/index.html").bytes);
    const bool is_buyers = side == Side::buyers;
    replace(page, "{{version}}", CONCERTRES_VERSION_STRING);
    replace(page, "{{side}}", is_buyers ? "buyers" : "operators");
    replace(page, "{{purchase}}",
            is_buyers ? purchase_section(on_sale, origin, needs_api_key) : std::string());
    replace(page, "{{concerts}}", concert_table(on_sale.concerts));
    return page;
}

}  // namespace concertres::server

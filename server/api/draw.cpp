#include <charconv>

#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

// What is public of the draw of the concert that the path names.
Result<DrawView> find_draw(const Exchange& exchange) {
    const auto id = ConcertId::parse(exchange.parameter(0));
    if (!id) return Error{Errc::unknown_concert, "there is no such concert", {}};
    return exchange.office().draw({*id});
}

}  // namespace

void get_draw(Exchange exchange) {
    const auto draw = find_draw(exchange);
    if (!draw) return exchange.refuse(draw.error());
    exchange.answer(200, draw_json(*draw));
}

void export_draw(Exchange exchange) {
    const auto page = read_page(exchange);
    if (!page) return exchange.refuse(page.error());
    ListAdmissions query{.limit = page->limit};
    if (page->cursor) {
        const char* const end = page->cursor->data() + page->cursor->size();
        const auto [read, fault] = std::from_chars(page->cursor->data(), end, query.after);
        if (fault != std::errc{} || read != end || query.after < 1) {
            return exchange.refuse(
                Problem::of_query("cursor", "malformed", "must be the next_cursor of an answer"));
        }
    }
    auto draw = find_draw(exchange);
    if (!draw) return exchange.refuse(draw.error());
    if (!draw->drawn_at) return exchange.answer(200, drawn_page_json(*draw, {}));
    query.concert = draw->concert;
    Exchange::ask_or_refuse(std::move(exchange), query,
                            [draw = std::move(*draw)](Exchange asked, const AdmissionsView& found) {
                                asked.answer(200, drawn_page_json(draw, found));
                            });
}

}  // namespace concertres::server

// The page that people buy from, the operators' console, and the other files that are part of the
// program.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include "api/assets.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

// What a page may load and call is of this server, and in files of their own.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void answer_asset(Exchange exchange, const Asset& file) {
    const bool packed = takes_gzip(exchange.request());
    exchange.add_field("ETag", packed ? etag_of_packed(file.etag) : std::string(file.etag));
    exchange.add_field("Cache-Control", "no-cache");
    exchange.add_field("Vary", "Accept-Encoding");
    exchange.add_field("X-Content-Type-Options", "nosniff");
    if (has_etag(exchange.request(), file.etag)) return exchange.answer_with({.status = 304});
    if (packed) exchange.add_field("Content-Encoding", "gzip");
    exchange.answer(200, std::string(packed ? file.gzip : file.bytes), file.content_type);
}

// As it is at this moment: whoever works on the page reloads it and sees the change.
void answer_from_disk(Exchange exchange, std::string_view name, std::string_view content_type) {
    std::ifstream in(exchange.services().web_root / name, std::ios::binary);
    if (!in) return exchange.refuse(Problem("unknown_route", "web-root has no such file"));
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    exchange.add_field("X-Content-Type-Options", "nosniff");
    exchange.answer(200, std::move(bytes), content_type);
}

// `name`: below server/web.
void answer_file(Exchange exchange, const std::string& name, std::string_view content_type) {
    if (!exchange.services().web_root.empty()) {
        return answer_from_disk(std::move(exchange), name, content_type);
    }
    const auto file = std::ranges::find(all_assets(), "web/" + name, &Asset::name);
    if (file == all_assets().end()) {
        return exchange.refuse(Problem("unknown_route", "the page has no such part"));
    }
    answer_asset(std::move(exchange), *file);
}

// The type of the files that a page may load; nothing for any other name. A name is of letters,
// digits, '_' and '.', so it leads out of no folder.
std::string_view type_of_part(std::string_view name) {
    const bool is_plain = std::ranges::all_of(name, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_' || c == '.';
    });
    if (!is_plain) return {};
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    return {};
}

// The part that the path names, in that folder of server/web.
void answer_part(Exchange exchange, std::string_view folder) {
    const std::string_view name = exchange.parameter(0);
    const std::string_view type = type_of_part(name);
    if (type.empty()) return exchange.refuse(Problem("unknown_route", "the page has no such part"));
    answer_file(std::move(exchange), std::string(folder).append(name), type);
}

}  // namespace

void add_page_fields(Exchange& exchange) {
    exchange.add_field("Content-Security-Policy", page_policy);
    exchange.add_field("Referrer-Policy", "no-referrer");
}

void get_page(Exchange exchange) {
    add_page_fields(exchange);
    const char* page = exchange.side() == Side::operators ? "console/index.html" : "index.html";
    answer_file(std::move(exchange), page, "text/html; charset=utf-8");
}

void get_page_part(Exchange exchange) { answer_part(std::move(exchange), ""); }

void get_console_part(Exchange exchange) { answer_part(std::move(exchange), "console/"); }

void get_docs_part(Exchange exchange) { answer_part(std::move(exchange), "docs/"); }

void get_description(Exchange exchange) {
    answer_asset(std::move(exchange), asset("openapi.json"));
}

}  // namespace concertres::server

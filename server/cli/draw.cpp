#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "api/answers.hpp"
#include "base/json_reader.hpp"
#include "cli/commands.hpp"
#include "cli/drawn_file.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

namespace json = boost::json;

// A million admissions take some 60 MB.
constexpr std::uintmax_t file_bytes_max = std::uintmax_t{1} << 30;

// --- Export ------------------------------------------------------------------------------------

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

// Gives the next page for a cursor, "" for the first.
using Pages = std::function<std::string(const std::string& cursor)>;

std::string page_here(BoxOffice& office, ConcertId concert, const std::string& cursor) {
    const auto draw = office.draw({concert});
    if (!draw) throw refused(draw.error());
    if (!draw->drawn_at) return drawn_page_json(*draw, {});
    ListAdmissions query{.concert = concert};
    if (!cursor.empty()) query.after = std::stoll(cursor);
    const auto page = office.admissions(query);
    if (!page) throw refused(page.error());
    return drawn_page_json(*draw, *page);
}

Pages pages_of(const DrawArguments& arguments) {
    if (arguments.server.empty()) {
        auto office = std::make_shared<BoxOffice>(open_store(arguments, true));
        return [office, concert = arguments.concert](const std::string& cursor) {
            return page_here(*office, concert, cursor);
        };
    }
    return [&arguments](const std::string& cursor) {
        std::string target =
            fmt::format("/admin/v1/concerts/{}/draw?limit=500", arguments.concert.to_string());
        if (!cursor.empty()) target += "&cursor=" + cursor;
        return ask_server(arguments, {.target = target});
    };
}

void write(std::FILE* file, std::string_view text, const std::filesystem::path& path) {
    if (std::fwrite(text.data(), 1, text.size(), file) == text.size()) return;
    throw Failure{fmt::format("{} cannot be written", path.string())};
}

// The draw as the first page has it, and the admissions of all pages, one a line.
std::size_t write_pages(const Pages& pages, std::FILE* file, const std::filesystem::path& path) {
    std::size_t written = 0;
    std::string cursor;
    for (bool is_first = true;; is_first = false) {
        json::object page = json::parse(pages(cursor)).as_object();
        const json::array admissions = page.at("admissions").as_array();
        const json::value next = page.at("next_cursor");
        if (is_first) {
            page.erase("admissions");
            page.erase("next_cursor");
            std::string head = json::serialize(page);
            head.pop_back();
            write(file, head + ",\"admissions\":[", path);
        }
        for (const json::value& admission : admissions) {
            write(file, (written++ == 0 ? "\n" : ",\n") + json::serialize(admission), path);
        }
        if (next.is_null()) break;
        cursor = next.as_string();
    }
    write(file, "\n]}\n", path);
    return written;
}

int export_draw(const DrawArguments& arguments) {
    const Pages pages = pages_of(arguments);
    const std::filesystem::path& path = arguments.file;
    // "x": what is there already is somebody's.
    std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "wx"));
    if (!file) {
        throw Failure{fmt::format("{} cannot be made: {}", path.string(),
                                  std::generic_category().message(errno))};
    }
    try {
        std::size_t written = 0;
        {
            Patience patience("asking");
            written = write_pages(pages, file.get(), path);
        }
        if (std::fclose(file.release()) != 0) {
            throw Failure{fmt::format("{} cannot be written", path.string())};
        }
        fmt::print("{} with {} admissions\n", path.string(), written);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
        throw;
    }
    return exit_code::good;
}

// --- Verify ------------------------------------------------------------------------------------

DrawnFile read_file(const std::filesystem::path& path) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) {
        throw Failure{fmt::format("{} cannot be read: {}", path.string(), failed.message())};
    }
    if (bytes > file_bytes_max) {
        throw Failure{fmt::format("{} has {} bytes; at most {} are read", path.string(), bytes,
                                  file_bytes_max)};
    }
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.eof() && in.fail()) throw Failure{fmt::format("{} cannot be read", path.string())};
    auto file = read_drawn_file(text);
    if (!file) throw Failure{fmt::format("{}: {}", path.string(), file.error().detail)};
    return std::move(*file);
}

void print_place(const DrawnFile& file, PlaceNumber place) {
    const DrawnLine* line = file.line_of(place.line_class());
    if (line == nullptr) {
        fmt::print("place {}: came after the draw, to a class of which nobody was there\n",
                   place.value);
        return;
    }
    const Drawn& drawn = line->drawn;
    if (!drawn.covers(place)) {
        fmt::print("place {}: came after the draw, and stands behind all {} of it\n", place.value,
                   drawn.size);
        return;
    }
    const std::int64_t rank = Draw(file.seed, drawn).rank_of(place.sequence());
    fmt::print("place {}: drawn as number {} of {}\n", place.value, rank + 1, drawn.size);
}

int verify_draw(const DrawArguments& arguments) {
    const DrawnFile file = read_file(arguments.file);
    const Verified verified = verify(file, arguments.commitment);
    fmt::print("concert {}: {} places drawn at {}\n", file.concert, file.size(),
               to_rfc3339(file.drawn_at));
    if (file.lines.size() > 1) {
        for (const auto& [name, drawn] : file.lines) {
            fmt::print("class {}: {} places\n", name, drawn.size);
        }
    }
    for (const std::string& good : verified.good) fmt::print("good: {}\n", good);
    for (const std::string& wrong : verified.wrong) fmt::print("WRONG: {}\n", wrong);
    if (verified.wrong_more > 0) fmt::print("WRONG: and {} more\n", verified.wrong_more);
    if (arguments.place) print_place(file, *arguments.place);
    if (verified.wrong.empty()) {
        if (!arguments.commitment) {
            fmt::print(
                "the commitment is the file's own: compare it with the one that was published "
                "before the sale opened, or give that with --commitment\n");
        }
        return exit_code::good;
    }
    fmt::print("this draw does NOT verify\n");
    return exit_code::refused;
}

}  // namespace

int run(const DrawArguments& arguments) {
    const bool verifies = arguments.action == DrawArguments::Action::verify;
    return guarded([&] { return verifies ? verify_draw(arguments) : export_draw(arguments); });
}

}  // namespace concertres::server

#include "serve/demo.hpp"

#include <stdlib.h>  // mkdtemp

#include <cerrno>
#include <string>
#include <system_error>

namespace concertres::server {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "concertres-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(),
                                "cannot make a temporary folder " + pattern);
    }
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

ConcertDraft demo_concert(Time now) {
    using namespace std::chrono;
    constexpr minutes seoul = hours(9);
    // 19:00 in Seoul, a month ahead.
    const auto day = floor<days>(now + seoul) + days(30);
    ConcertDraft draft{.title = "Winter Songs",
                       .venue = "Demo Hall",
                       .seats = numbered_seats(50, Money{50'000}),
                       .room = RoomPolicy{.active_max = 100}};
    for (int i = 0; i < 3; ++i) {
        draft.performances.push_back(
            {{.time = day + days(i) + hours(19) - seoul, .utc_offset = seoul}});
    }
    return draft;
}

}  // namespace concertres::server

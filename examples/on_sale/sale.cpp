#include "sale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concertres/sqlite.hpp>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace on_sale {

using namespace concertres;

namespace {

// --- Plans -----------------------------------------------------------------------------------

struct KnownPlan {
    std::string_view name;
    std::string_view file;
    std::map<std::string, Money> prices;  // in won
};

const KnownPlan* find_known_plan(std::string_view name) {
    static const KnownPlan plans[] = {
        {"hall",
         "riethsporthalle.seating-plan.json",
         {{"VIP", Money{180'000}},
          {"Kategorie I", Money{121'000}},
          {"Kategorie II", Money{99'000}},
          {"Kategorie III", Money{77'000}},
          {"C unten", Money{66'000}},
          {"Fanblock", Money{55'000}}}},
        {"sample",
         "little-theatre.seating-plan.json",
         {{"Premium", Money{90'000}}, {"Standard", Money{70'000}}, {"Gallery", Money{50'000}}}},
    };
    auto plan = std::ranges::find(plans, name, &KnownPlan::name);
    return plan == std::end(plans) ? nullptr : plan;
}

std::string read_file(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
        throw Trouble(fmt::format("{} is a folder, not a plan", file.string()));
    }
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) throw Trouble(fmt::format("cannot read the plan {}", file.string()));
    return text;
}

RoomPolicy room_of(const Flags& flags) {
    // Long enough for a purchase at leisure; who has gone away gives the place inside up with it.
    return {.active_max = flags.active_max, .pass_ttl = flags.hold * 4};
}

ConcertDraft read_plan(const Flags& flags) {
    using namespace std::chrono;
    ImportOptions import{.dates = flags.dates, .prices = flags.prices, .room = room_of(flags)};
    std::filesystem::path file = flags.plan;
    if (const KnownPlan* known = find_known_plan(flags.plan)) {
        file = std::filesystem::path(ON_SALE_PLANS) / known->file;
        import.prices.insert(known->prices.begin(), known->prices.end());
        if (import.dates.empty()) {
            const auto evening = floor<days>(system_clock::now()) + days(30) + hours(19);
            import.dates.push_back({.time = evening});
        }
    }
    auto draft = read_concert(read_file(file), import);
    if (!draft) throw Trouble(fmt::format("{}: {}", file.string(), draft.error().detail));
    draft->hold_ttl = flags.hold;
    return std::move(*draft);
}

// --- The file --------------------------------------------------------------------------------

// Only a file that nobody has open, and that is a box office's or a damaged one.
void throw_away(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return;
    try {
        (void)open_sqlite(file);
    } catch (const StorageError& e) {
        using Kind = StorageError::Kind;
        if (e.kind() != Kind::newer && e.kind() != Kind::corrupt) throw;
    }
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(file.string() + suffix);
    }
}

template <class T>
T expect(Result<T> result) {
    if (!result) throw Trouble(result.error().detail);
    return std::move(result).value();
}

}  // namespace

void Notes::add(std::string_view text) {
    std::lock_guard lock(mutex_);
    last_ = text;
}

std::string Notes::last() const {
    std::lock_guard lock(mutex_);
    return last_;
}

Sale::Sale(const Flags& flags) : file_(flags.data / "on-sale.db") {
    std::error_code error;
    std::filesystem::create_directories(flags.data, error);
    if (error) {
        throw Trouble(
            fmt::format("cannot make the folder {}: {}", flags.data.string(), error.message()));
    }
    // A wrong plan is told before anything is thrown away or made.
    std::optional<ConcertDraft> draft;
    if (flags.fresh || !std::filesystem::exists(file_)) draft = read_plan(flags);
    if (flags.fresh) throw_away(file_);
    open(flags);
    std::vector<ConcertView> concerts = expect(office_->concerts());
    is_continued_ = !concerts.empty();
    if (is_continued_) {
        concert_ = concerts.front().id;
        resume(flags);
    } else {
        if (!draft) draft = read_plan(flags);
        concert_ = expect(office_->add_concert(std::move(*draft))).id;
    }
}

void Sale::open(const Flags& flags) {
    Options options{.hold_ttl = flags.hold, .tick = flags.tick};
    options.log = [this](LogLevel level, std::string_view text) {
        if (level >= LogLevel::warning) notes_.add(text);
    };
    office_ = std::make_unique<BoxOffice>(open_sqlite(file_), std::move(options));
}

void Sale::resume(const Flags& flags) {
    const ConcertView concert = view();
    if (flags.plan_given && read_plan(flags).title != concert.title) {
        throw Trouble(fmt::format("{} has the sale of {}; --fresh throws it away", file_.string(),
                                  concert.title));
    }
    if (concert.sale == SaleState::closed) {
        throw Trouble(fmt::format("the sale in {} is over: its dates are past; --fresh starts anew",
                                  file_.string()));
    }
    if (concert.room == room_of(flags)) return;
    expect(office_->change_sale(
        {.concert = concert_, .change = {.room = room_of(flags), .actor = "on_sale"}}));
}

ConcertView Sale::view() { return expect(office_->call(GetConcert{.concert = concert_})); }

bool is_sold_out(const ConcertView& concert) {
    return concert.seats.sold + concert.seats.blocked == concert.seats.total();
}

}  // namespace on_sale

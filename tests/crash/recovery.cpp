#include "crash/recovery.hpp"

#include <exception>
#include <utility>

#include "crash/seeded.hpp"
#include "sqlite/connection.hpp"

namespace concertres::test {
namespace {

std::string told_wrongly(const Asked& asked, BoxOffice& office) {
    if (!asked.again) return {};
    const std::string wrong = asked.again(office);
    return wrong.empty() ? wrong : "asked again, " + asked.what + ": " + wrong;
}

std::string unclean(BoxOffice& office) {
    const auto report = office.audit();
    if (!report) return "the audit was refused";
    if (report->clean()) return {};
    return "the audit finds " + report->findings[0].rule + ": " + report->findings[0].what;
}

// Somebody who has never been there buys a seat of a concert without a room.
std::string sell_one(BoxOffice& office) {
    const UserId user = SmallSale::user(999);
    const auto concerts = office.concerts();
    if (!concerts) return "the concerts cannot be listed";
    for (const ConcertView& concert : *concerts) {
        if (concert.room || concert.sale != SaleState::open) continue;
        const auto held = office.hold({.user = user,
                                       .performance = concert.performances[0],
                                       .key = "the-last",
                                       .best = BestSeats{.count = 1}});
        if (!held) {
            if (held.error().code == Errc::no_seats_match) return {};
            return "nothing can be held: " + held.error().detail;
        }
        if (!office.charge({.user = user, .amount = held->total, .key = "the-last"})) {
            return "no wallet can be charged";
        }
        if (!office.pay({.user = user, .reservations = {held->id}, .key = "the-last"})) {
            return "nothing can be paid";
        }
    }
    return {};
}

}  // namespace

std::string wrong_with(BoxOffice& office, const std::vector<const Asked*>& told,
                       const std::vector<const Asked*>& under_way) {
    if (std::string wrong = unclean(office); !wrong.empty()) return wrong;
    for (const Asked* asked : told) {
        if (std::string wrong = told_wrongly(*asked, office); !wrong.empty()) return wrong;
    }
    // Of these it is open whether they were done; asking tells, and does what was not.
    for (const Asked* asked : under_way) static_cast<void>(told_wrongly(*asked, office));
    if (std::string wrong = sell_one(office); !wrong.empty()) return wrong;
    const std::string wrong = unclean(office);
    return wrong.empty() ? wrong : "after all was asked again, " + wrong;
}

void write_image(const std::filesystem::path& folder, const FolderImage& image) {
    for (const char* suffix : {"", "-wal", "-journal"}) {
        const std::string name = std::string(store_name) + suffix;
        const auto found = image.find(name);
        if (found == image.end()) {
            std::filesystem::remove(folder / name);
        } else {
            write_bytes(folder / name, found->second);
        }
    }
}

// As far as an opening writes. A store that is made anew is the same each time.
void Recovery::recover() {
    const Seeded seeded(1);
    TestClock clock;
    const sqlite::Connection connection(folder_.path() / store_name, store_options(clock),
                                        sqlite::current_schema());
}

DiskLog Recovery::log_of_opening(const FolderImage& image) {
    write_image(folder_.path(), image);
    DiskLog log(folder_.path());
    vfs_.before = [&](const DiskCall& call) {
        log.note(call);
        return SQLITE_OK;
    };
    recover();
    vfs_.before = nullptr;
    return log;
}

Recovered Recovery::open(const FolderImage& image) {
    write_image(folder_.path(), image);
    try {
        recover();
    } catch (const std::exception& failure) {
        return {0, std::string("it does not open: ") + failure.what()};
    }
    std::string bytes = bytes_of(folder_.path() / store_name);
    if (const auto known = known_.find(bytes); known != known_.end()) return known->second;
    const Recovered found = look(folder_.path());
    known_.emplace(std::move(bytes), found);
    return found;
}

Recovered Recovery::look(const std::filesystem::path& folder) {
    try {
        TestClock clock;
        auto store = open_store(folder, clock);
        const StoreContents contents = everything_in(*store);
        if (!contents.intact()) return {0, "what is in it is damaged"};
        const auto state = day_->state_of(contents);
        if (!state) return {0, "what is in it never was"};
        if (store->now() < day_->states()[*state].at) return {*state, "time has gone back"};
        BoxOffice office(std::move(store), {.running = Running::by_host});
        return {*state, wrong_with(office, day_->told_in(*state), day_->under_way_after(*state))};
    } catch (const std::exception& failure) {
        return {0, std::string("it cannot be used: ") + failure.what()};
    }
}

}  // namespace concertres::test

#include "crash/hour.hpp"

#include <algorithm>
#include <exception>
#include <random>

#include "crash/recorded_day.hpp"
#include "crash/recovery.hpp"
#include "crash/seeded.hpp"

namespace concertres::test {
namespace {

constexpr int acts_before = 40;
constexpr int acts_in_it = 5;

// So small that every commit or two there is a checkpoint.
std::unique_ptr<sqlite::SqliteStorage> open_for_an_hour(const std::filesystem::path& folder,
                                                        Clock& clock) {
    return sqlite::open_with(folder / store_name,
                             {.clock = &clock, .wal_bytes_max = 60'000, .journal_bytes_max = 5'000},
                             sqlite::current_schema());
}

}  // namespace

Hour::Hour(std::uint64_t seed) : seed_(seed), day_(seed) {
    {
        const TempDir folder;
        FaultyVfs vfs;
        const Seeded seeded(seed);
        vfs.skips_syncs = true;
        auto opened = open_for_an_hour(folder.path(), clock_);
        sqlite::SqliteStorage& store = *opened;
        BoxOffice office(std::move(opened), {.running = Running::by_host});
        day_.begin(office, [] {});
        for (int i = 0; i < acts_before; ++i) day_.act(office, clock_, [] {});
        before_ = everything_in(store);
        start_ = image_of(folder.path());  // as kill -9 leaves it
    }
    calm_states_ = crash_after({}).states;
}

Hour::Life Hour::crash_after(const HourFault& fault) {
    const TempDir folder;
    FaultyVfs vfs;
    const Seeded seeded(seed_ + 1);
    vfs.skips_syncs = true;
    write_image(folder.path(), start_);
    Life life{.lived = {}, .day = day_, .states = {before_}, .log = {}, .left = {}};
    life.log.emplace(folder.path());
    bool is_on = false;
    vfs.before = [&](const DiskCall& call) {
        const int failed = is_on && fault.before ? fault.before(call) : SQLITE_OK;
        if (failed == SQLITE_OK) life.log->note(call);
        return failed;
    };
    vfs.before_read = [&](const DiskCall& call) {
        return is_on && fault.before_read ? fault.before_read(call) : SQLITE_OK;
    };
    vfs.after = [&](const DiskCall& call) {
        return is_on && fault.after ? fault.after(call) : SQLITE_OK;
    };
    const auto turn = [&](bool on) {
        is_on = on;
        if (fault.other) fault.other(on);
    };
    turn(!fault.spares_opening);
    try {
        open_and_act(life, folder.path(), turn);
    } catch (const StorageError&) {
        life.lived.refused = true;  // it could not be opened just now
    } catch (const std::bad_alloc&) {
        life.lived.refused = true;
    }
    turn(false);
    life.left = image_of(folder.path());
    vfs.before = nullptr;
    return life;
}

LivedHour Hour::live(const HourFault& fault) {
    Life life = crash_after(fault);
    LivedHour& lived = life.lived;
    lived.commits = life.states.size() - 1;
    for (const auto& asked : life.day.asked()) {
        life.told += asked->told ? '1' : '0';
        lived.full += asked->refusal == Errc::storage_full ? 1 : 0;
    }
    if (lived.fault.empty()) lived.fault = nothing_told_after_failure(life.day);
    if (lived.fault.empty()) lived.fault = wrong_after(life, life.left);
    if (lived.fault.empty()) {
        std::mt19937_64 random(seed_ + life.log->size());
        const auto fate = static_cast<Fate>(random() % fates);
        Disk disk(*life.log);
        while (disk.next()) {
        }
        lived.fault = wrong_after(life, disk.after_cut(fate, random));
        if (!lived.fault.empty()) {
            lived.fault += ", after a cut: " + std::string(fate_name(fate));
        }
    }
    return lived;
}

void Hour::open_and_act(Life& life, const std::filesystem::path& folder,
                        const std::function<void(bool)>& turn) const {
    TestClock clock(clock_.wall());
    auto opened = open_for_an_hour(folder, clock);
    sqlite::SqliteStorage& store = *opened;
    BoxOffice office(std::move(opened), {.running = Running::by_host});
    turn(true);
    std::size_t seen = life.log->size();
    const auto after_step = [&] {
        if (life.log->size() == seen || office.statistics().failed) return;
        turn(false);
        seen = life.log->size();
        StoreContents contents = everything_in(store);
        if (!(contents == life.states.back())) life.states.push_back(std::move(contents));
        turn(true);
    };
    for (int i = 0; i < acts_in_it; ++i) life.day.act(office, clock, after_step);
    life.lived.stopped = office.statistics().failed;
}

std::string Hour::nothing_told_after_failure(const BusyDay& day) const {
    const auto failed = std::ranges::find_if(
        day.asked(), [](const auto& asked) { return asked->refusal == Errc::engine_failed; });
    const bool is_told =
        std::any_of(failed, day.asked().end(), [](const auto& asked) { return asked->told; });
    return is_told ? "something was told after the engine had failed" : "";
}

std::string Hour::wrong_after(const Life& life, const FolderImage& image) {
    const TempDir folder;
    FaultyVfs vfs;
    vfs.skips_syncs = true;
    write_image(folder.path(), image);
    try {
        TestClock clock;
        const sqlite::Connection recovered(folder.path() / store_name, {},
                                           sqlite::current_schema());
    } catch (const std::exception& failure) {
        return std::string("it does not open: ") + failure.what();
    }
    // What was told and what is in the file is all that there is to know.
    auto [known, is_new] =
        known_.try_emplace({life.told, bytes_of(folder.path() / store_name)}, std::string());
    if (is_new) known->second = look(life, folder.path());
    return known->second;
}

std::string Hour::look(const Life& life, const std::filesystem::path& folder) const {
    try {
        TestClock clock;
        auto store = open_store(folder, clock);
        const StoreContents contents = everything_in(*store);
        const auto calm = std::ranges::find(calm_states_, life.states.back());
        // What was under way when the engine failed is what would have been next.
        const bool was_under_way = (life.lived.stopped || life.lived.refused) &&
                                   calm != calm_states_.end() && calm + 1 != calm_states_.end() &&
                                   contents == *(calm + 1);
        if (!(contents == life.states.back()) && !was_under_way) {
            return "what is in it is not what it was";
        }
        std::vector<const Asked*> told;
        std::vector<const Asked*> under_way;
        for (std::size_t i = 0; i < life.day.asked().size(); ++i) {
            const Asked* const asked = life.day.asked()[i].get();
            if (asked->told) {
                told.push_back(asked);
            } else if (i >= day_.asked().size()) {
                under_way.push_back(asked);
            }
        }
        BoxOffice office(std::move(store), {.running = Running::by_host});
        return wrong_with(office, told, under_way);
    } catch (const std::exception& failure) {
        return std::string("it cannot be used: ") + failure.what();
    }
}

}  // namespace concertres::test

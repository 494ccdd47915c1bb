#include "sim/mix.hpp"

#include <fmt/format.h>

#include "sim/dice.hpp"

namespace concertres::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

RoomPolicy draw_room(Dice& dice, Mix& mix) {
    RoomPolicy room;
    if (dice.chance(60)) room.active_max = dice.between(1, 4);
    if (dice.chance(35)) {
        room.window = AdmissionWindow{dice.between(1, 3), seconds(dice.between(3, 40))};
    }
    if (dice.chance(30)) room.pass_ttl = seconds(dice.between(10, 120));
    if (dice.chance(25)) {
        room.classes = {{"general", dice.between(1, 3)}, {"fans", dice.between(1, 4)}};
    }
    if (dice.chance(12)) {
        room.closed_loop = ClosedLoop{.floor = 1,
                                      .ceiling = dice.between(2, 6),
                                      .every = seconds(dice.between(1, 10)),
                                      .load_max = 0.8};
    }
    room.waiting_list = dice.chance(30);
    if (dice.chance(40)) {
        room.no_shows = NoShows{.silent_after = seconds(90), .grace = seconds(dice.between(5, 90))};
        mix.absent_percent = 45;
    }
    if (dice.chance(25)) {
        room.draw = true;
        mix.opens_after = seconds(dice.between(10, 60));
    }
    return room;
}

void draw_options(Dice& dice, Mix& mix) {
    Options& options = mix.options;
    options.hold_ttl = seconds(dice.between(5, 60));
    options.extend_max = options.hold_ttl + seconds(dice.between(0, 90));
    options.pass_ttl = seconds(dice.between(20, 150));
    options.pass_max = options.pass_ttl + seconds(dice.between(0, 120));
    options.tick = seconds(dice.between(1, 5));
    options.sweeps = dice.chance(70);
    options.running = Running::by_host;
    if (dice.chance(55)) options.group_max = 1;
    if (dice.chance(15)) options.inbox_max = static_cast<std::size_t>(dice.between(1, 2));
    if (dice.chance(10)) options.waiting_max = dice.between(1, 3);
    if (dice.chance(20)) options.request_timeout = milliseconds(dice.between(20, 500));
}

void draw_trouble(Dice& dice, Mix& mix) {
    mix.trouble_for = seconds(dice.between(80, 260));
    if (dice.chance(70)) mix.lost_percent = dice.below(25);
    if (dice.chance(70)) mix.repeated_percent = dice.below(20);
    mix.delay_max =
        dice.chance(60) ? milliseconds(dice.between(1, 800)) : seconds(dice.between(1, 12));
    if (dice.chance(50)) mix.step_time = milliseconds(dice.between(1, 60));
    if (dice.chance(55)) mix.crash_every = seconds(dice.between(15, 90));
    if (dice.chance(25)) mix.stop_every = seconds(dice.between(20, 90));
    if (dice.chance(45)) mix.wall_step_every = seconds(dice.between(10, 60));
    if (dice.chance(30)) mix.wall_drift_every = seconds(dice.between(2, 9));
    if (dice.chance(40)) mix.storage_fault_every = seconds(dice.between(15, 60));
    if (dice.chance(55)) mix.operator_every = seconds(dice.between(8, 40));
}

// One seed in five, by dice of its own: what the others draw is as if there were none. They are
// such that no seed of tests/mutants/found.txt is among them.
constexpr std::uint64_t sharing_seed = 0x10024;
constexpr std::uint64_t shared_percent = 20;

void draw_sharing(Dice& dice, Mix& mix) {
    Sharing& sharing = mix.sharing;
    mix.store = StoreKind::shared;
    sharing.instances = dice.chance(60) ? 2 : 3;
    sharing.is_optimistic = dice.chance(40);
    if (dice.chance(60)) sharing.conflict_percent = dice.below(20);
    if (dice.chance(60)) sharing.interrupt_percent = dice.below(20);
    if (dice.chance(30)) sharing.tell_lost_percent = dice.below(40);
    if (dice.chance(60)) sharing.trouble_every = seconds(dice.between(5, 40));
    if (dice.chance(40)) sharing.away_every = seconds(dice.between(10, 60));
    if (dice.chance(40)) sharing.stall_every = seconds(dice.between(10, 50));
    if (dice.chance(40)) sharing.clock_every = seconds(dice.between(5, 40));
}

}  // namespace

Mix draw_mix(std::uint64_t seed) {
    Dice dice(seed);
    Mix mix;
    mix.seed = seed;
    mix.over_http = seed % 4 == 3;
    mix.store = dice.chance(9) ? StoreKind::sqlite : StoreKind::memory;
    mix.performances = dice.chance(50) ? 1 : 2;
    mix.seats = static_cast<SeatNumber>(dice.between(2, 14));
    if (dice.chance(25)) mix.standing = static_cast<SeatNumber>(dice.between(2, 6));
    mix.limits.per_performance = static_cast<std::int32_t>(dice.between(1, 6));
    mix.limits.per_concert =
        mix.limits.per_performance + static_cast<std::int32_t>(dice.between(0, 4));
    mix.refunds.allowed = dice.chance(80);
    mix.starts_after = minutes(dice.chance(10) ? dice.between(2, 5) : 60 * 24 * 30);
    if (dice.chance(20)) mix.opens_after = seconds(dice.between(5, 40));
    mix.clients = static_cast<int>(dice.between(2, 8));
    mix.acts = static_cast<int>(dice.between(6, 18));
    mix.money_max = static_cast<std::uint64_t>(dice.between(50, 3'000));
    if (dice.chance(60)) mix.mischief_percent = dice.below(25);
    draw_options(dice, mix);
    draw_trouble(dice, mix);
    if (dice.chance(75)) mix.room = draw_room(dice, mix);
    Dice aside(seed ^ sharing_seed);
    if (aside.chance(shared_percent)) draw_sharing(aside, mix);
    return mix;
}

std::string describe(const Mix& mix) {
    const auto ms = [](Duration duration) { return duration.count() / 1'000; };
    std::string text = fmt::format(
        "{}{}, {} x {} seats and {} standing, limits {}/{}, refunds {}, opens after {} ms, starts "
        "after {} ms, "
        "hold {} ms, extend {} ms, pass {}/{} ms, tick {} ms, sweeps {}, group {}, inbox {}, "
        "waiting {}, request timeout {} ms; ",
        mix.store == StoreKind::memory   ? "memory"
        : mix.store == StoreKind::sqlite ? "sqlite"
                                         : "shared",
        mix.over_http ? " over HTTP" : "", mix.performances, mix.seats, mix.standing,
        mix.limits.per_performance, mix.limits.per_concert, mix.refunds.allowed,
        ms(mix.opens_after), ms(mix.starts_after), ms(mix.options.hold_ttl),
        ms(mix.options.extend_max), ms(mix.options.pass_ttl), ms(mix.options.pass_max),
        ms(mix.options.tick), mix.options.sweeps, mix.options.group_max, mix.options.inbox_max,
        mix.options.waiting_max, ms(mix.options.request_timeout));
    if (mix.room) {
        const RoomPolicy& room = *mix.room;
        text += fmt::format(
            "room: N {}, R {} per {} ms, pass {} ms, {} classes, loop {}, list {}, "
            "no-shows {} ms, draw {}; ",
            room.active_max.value_or(-1), room.window ? room.window->admit_max : -1,
            room.window ? ms(room.window->length) : 0, room.pass_ttl ? ms(*room.pass_ttl) : -1,
            room.classes.size(), room.closed_loop ? room.closed_loop->ceiling : -1,
            room.waiting_list, room.no_shows ? ms(room.no_shows->grace) : -1, room.draw);
    } else {
        text += "no room; ";
    }
    text += fmt::format(
        "{} clients, {} acts, money {}, absent {}%, mischief {}%; trouble for {} ms: lost {}%, "
        "repeated {}%, delay {} ms, steps {} ms; every ... ms: crash {}, stop {}, wall step {}, "
        "drift {}, storage fault {}, operator {}",
        mix.clients, mix.acts, mix.money_max, mix.absent_percent, mix.mischief_percent,
        ms(mix.trouble_for), mix.lost_percent, mix.repeated_percent, ms(mix.delay_max),
        ms(mix.step_time), ms(mix.crash_every), ms(mix.stop_every), ms(mix.wall_step_every),
        ms(mix.wall_drift_every), ms(mix.storage_fault_every), ms(mix.operator_every));
    if (mix.store != StoreKind::shared) return text;
    const Sharing& sharing = mix.sharing;
    text += fmt::format(
        "; {} instances, {}, conflicts {}%, interrupted {}%, tells lost {}%; every ... ms: "
        "trouble {}, away {}, stall {}, clock {}",
        sharing.instances, sharing.is_optimistic ? "optimistic" : "locks", sharing.conflict_percent,
        sharing.interrupt_percent, sharing.tell_lost_percent, ms(sharing.trouble_every),
        ms(sharing.away_every), ms(sharing.stall_every), ms(sharing.clock_every));
    return text;
}

}  // namespace concertres::sim

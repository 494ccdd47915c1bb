#include "bare_loop.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "concertres/event.hpp"

namespace bench {

using namespace concertres;

namespace {

constexpr std::int64_t price = 50'000;
constexpr std::int64_t second = 1'000'000;  // in microseconds
constexpr std::int64_t hold_ttl = 300 * second;

std::string seats_text(const std::vector<std::int64_t>& seats) {
    std::string text = "[";
    for (const std::int64_t seat : seats) {
        if (text.size() > 1) text += ',';
        text += '[' + std::to_string(seat) + ',' + std::to_string(price) + ']';
    }
    return text + ']';
}

Time time_of(std::int64_t micros) { return Time(Duration(micros)); }

}  // namespace

// Each sets what the command changes, by the primary key, and no more.
struct BareLoop::Statements {
    explicit Statements(const BareDatabase& at)
        : begin(at, "BEGIN IMMEDIATE"),
          commit(at, "COMMIT"),
          hall(at,
               "UPDATE performance_state SET version = ?2, free = ?3, held = ?4, next_event = ?5"
               " WHERE performance = ?1"),
          pass(at, "UPDATE pass SET version = ?3, held = ?4 WHERE concert = ?1 AND number = ?2"),
          new_limit(at,
                    "INSERT INTO seat_limit(user, scope, version, paid, held)"
                    " VALUES (?1, ?2, ?3, 0, ?4)"),
          limit(at, "UPDATE seat_limit SET version = ?3, held = ?4 WHERE user = ?1 AND scope = ?2"),
          reservation(at,
                      "INSERT INTO reservation(key, version, id, user, user_id, concert,"
                      " performance, place, seats, total, status, held_at, held_until,"
                      " extend_until, payment, fingerprint)"
                      " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12, 0, ?13)"),
          release(at, "UPDATE reservation SET version = 2, status = 3 WHERE key = ?1"),
          seat(at,
               "UPDATE seat SET version = ?3, status = ?4, reservation = ?5, held_until = ?6"
               " WHERE performance = ?1 AND number = ?2"),
          event(at,
                "INSERT INTO event(stream, owner, number, kind, at, data, crc)"
                " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)"),
          counters(at, "UPDATE store SET mark = ?1, next_key = ?2") {}

    BareStatement begin;
    BareStatement commit;
    BareStatement hall;
    BareStatement pass;
    BareStatement new_limit;
    BareStatement limit;
    BareStatement reservation;
    BareStatement release;
    BareStatement seat;
    BareStatement event;
    BareStatement counters;
};

BareLoop::BareLoop(const std::filesystem::path& file, const SceneShape& shape)
    : shape_(shape), order_(shape), database_(file) {
    read_scene();
    statements_ = std::make_unique<Statements>(database_);
}

BareLoop::~BareLoop() = default;

// Halls and buyers in the order of build_scene().
void BareLoop::read_scene() {
    const auto store = database_.select("SELECT mark, next_key FROM store");
    now_ = store[0][0];
    next_key_ = store[0][1];
    std::vector<std::int64_t> concerts;
    for (const auto& row :
         database_.select("SELECT p.concert, p.key, s.version, s.free, s.held,"
                          " s.next_event FROM performance p JOIN performance_state s"
                          " ON s.performance = p.key ORDER BY p.concert, p.position")) {
        concerts.push_back(row[0]);
        halls_.push_back({.performance = row[1],
                          .version = row[2],
                          .free = row[3],
                          .held = row[4],
                          .next_event = row[5]});
        halls_.back().seat_versions.assign(static_cast<std::size_t>(shape_.seats), 1);
    }
    // Users in the order of their keys are buyers in the order in which they joined.
    for (const auto& row :
         database_.select("SELECT u.key, p.concert, p.number, p.version, p.expires_at"
                          " FROM user u JOIN pass p ON p.user = u.key ORDER BY u.key")) {
        const std::size_t number = buyers_.size();
        buyers_.push_back({.id = UserId::from_name("buyer " + std::to_string(number)),
                           .user = row[0],
                           .concert = row[1],
                           .place = row[2],
                           .pass_version = row[3],
                           .pass_expires_at = row[4]});
        if (row[1] != concerts[number % halls_.size()]) {
            throw std::runtime_error("the bare loop: a buyer is at another concert");
        }
    }
}

// --- Before the clock starts
// ----------------------------------------------------------------------

BareLoop::Command BareLoop::hold(const HoldOrder::Next& next, std::int64_t at) {
    Command made{.is_hold = true, .buyer = next.buyer, .hall = next.buyer % halls_.size()};
    Buyer& buyer = buyers_[made.buyer];
    Hall& hall = halls_[made.hall];
    made.reservation = next_key_++;
    made.id = Uuid::random();
    EventItem item{.reservation = {made.id}, .seats = next.seats};
    for (const SeatNumber seat : next.seats) {
        made.seats.push_back(seat);
        made.seat_versions.push_back(++hall.seat_versions[static_cast<std::size_t>(seat - 1)]);
    }
    const auto count = static_cast<std::int64_t>(made.seats.size());
    made.seats_text = seats_text(made.seats);
    made.total = price * count;
    made.held_at = at;
    made.held_until = at + hold_ttl;
    made.extend_until = buyer.pass_expires_at;
    made.fingerprint = static_cast<std::int64_t>(std::hash<Uuid>{}(made.id) >> 1);
    made.pass_version = ++buyer.pass_version;
    made.pass_held = '[' + std::to_string(made.reservation) + ']';
    for (std::size_t i = 0; i < 2; ++i) made.limit_versions[i] = ++buyer.limit_versions[i];
    made.limit_held = "[[" + std::to_string(made.reservation) + ',' + std::to_string(count) + ',' +
                      std::to_string(made.held_until) + "]]";
    hall.free -= count;
    hall.held += count;
    set_event(made, {.kind = EventKind::reservation_held,
                     .user = buyer.id,
                     .place = {buyer.place},
                     .items = {std::move(item)},
                     .amount = {made.total},
                     .until = time_of(made.held_until),
                     .pass_expires_at = time_of(buyer.pass_expires_at)});
    return made;
}

BareLoop::Command BareLoop::release(const Command& held, std::int64_t at) {
    Command made{.is_hold = false,
                 .buyer = held.buyer,
                 .hall = held.hall,
                 .reservation = held.reservation,
                 .id = held.id,
                 .seats = held.seats,
                 .held_at = at,
                 .pass_held = "[]",
                 .limit_held = "[]"};
    Buyer& buyer = buyers_[made.buyer];
    Hall& hall = halls_[made.hall];
    EventItem item{.reservation = {made.id}, .seats = {}};
    for (const std::int64_t seat : made.seats) {
        item.seats.push_back(static_cast<SeatNumber>(seat));
        made.seat_versions.push_back(++hall.seat_versions[static_cast<std::size_t>(seat - 1)]);
    }
    made.pass_version = ++buyer.pass_version;
    for (std::size_t i = 0; i < 2; ++i) made.limit_versions[i] = ++buyer.limit_versions[i];
    hall.free += static_cast<std::int64_t>(made.seats.size());
    hall.held -= static_cast<std::int64_t>(made.seats.size());
    set_event(made, {.kind = EventKind::reservation_released,
                     .user = buyer.id,
                     .place = {buyer.place},
                     .items = {std::move(item)}});
    return made;
}

void BareLoop::set_event(Command& command, Event event) {
    Hall& hall = halls_[command.hall];
    event.stream = {StreamKind::performance, hall.performance};
    event.number = hall.next_event++;
    event.at = time_of(command.held_at);
    command.event_number = event.number;
    command.event_text = encode(event);
    command.event_crc = checksum(event, command.event_text);
}

// Each hall's row stands in the group once, as it is after all of its commands.
void BareLoop::finish_group(Group& group) {
    ++groups_;
    for (const Command& command : group.commands) {
        Hall& hall = halls_[command.hall];
        if (hall.written_in == groups_) continue;
        hall.written_in = groups_;
        group.halls.push_back(
            {hall.performance, ++hall.version, hall.free, hall.held, hall.next_event});
    }
}

std::vector<BareLoop::Group> BareLoop::prepare(const Load& load) {
    std::vector<Group> groups;
    for (std::size_t left = load.commands / 2; left > 0;) {
        const std::size_t size = std::min(left, load.in_flight);
        left -= size;
        Group holds{.at = now_ += 100, .halls = {}, .commands = {}};
        for (std::size_t i = 0; i < size; ++i) {
            holds.commands.push_back(hold(order_.next(load.seats), holds.at));
        }
        finish_group(holds);
        Group releases{.at = now_ += 100, .halls = {}, .commands = {}};
        for (const Command& held : holds.commands) {
            releases.commands.push_back(release(held, releases.at));
        }
        finish_group(releases);
        groups.push_back(std::move(holds));
        groups.push_back(std::move(releases));
    }
    return groups;
}

// --- Against the clock
// ----------------------------------------------------------------------------

Elapsed BareLoop::run(const Load& load) {
    const std::vector<Group> groups = prepare(load);
    const Stopwatch watch;
    for (const Group& group : groups) {
        database_.checkpoint_if_due();
        write(group);
    }
    return watch.elapsed();
}

// Table by table, which is quicker than command by command.
void BareLoop::write(const Group& group) {
    Statements& to = *statements_;
    to.begin.run();
    for (const HallRow& hall : group.halls) {
        to.hall.run(hall.performance, hall.version, hall.free, hall.held, hall.next_event);
    }
    for (const Command& command : group.commands) {
        const Buyer& buyer = buyers_[command.buyer];
        to.pass.run(buyer.concert, buyer.place, command.pass_version, command.pass_held);
    }
    for (const Command& command : group.commands) write_limits(command);
    for (const Command& command : group.commands) write_reservation(command);
    for (const Command& command : group.commands) write_seats(command);
    for (const Command& command : group.commands) {
        const EventKind kind =
            command.is_hold ? EventKind::reservation_held : EventKind::reservation_released;
        to.event.run(halls_[command.hall].performance, command.event_number,
                     static_cast<std::int64_t>(kind), command.held_at, command.event_text,
                     command.event_crc);
    }
    to.counters.run(group.at, next_key_);
    to.commit.run();
}

void BareLoop::write_limits(const Command& command) {
    const Buyer& buyer = buyers_[command.buyer];
    const std::array<std::int64_t, 2> scopes{halls_[command.hall].performance, buyer.concert};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::int64_t version = command.limit_versions[i];
        BareStatement& statement = version == 1 ? statements_->new_limit : statements_->limit;
        statement.run(buyer.user, scopes[i], version, command.limit_held);
    }
}

void BareLoop::write_reservation(const Command& command) {
    if (!command.is_hold) return statements_->release.run(command.reservation);
    const Buyer& buyer = buyers_[command.buyer];
    statements_->reservation.run(command.reservation, command.id, buyer.user, buyer.id.uuid,
                                 buyer.concert, halls_[command.hall].performance, buyer.place,
                                 command.seats_text, command.total, command.held_at,
                                 command.held_until, command.extend_until, command.fingerprint);
}

void BareLoop::write_seats(const Command& command) {
    const SeatStatus status = command.is_hold ? SeatStatus::held : SeatStatus::free;
    const std::int64_t reservation = command.is_hold ? command.reservation : 0;
    for (std::size_t i = 0; i < command.seats.size(); ++i) {
        statements_->seat.run(halls_[command.hall].performance, command.seats[i],
                              command.seat_versions[i], static_cast<std::int64_t>(status),
                              reservation, command.held_until);
    }
}

}  // namespace bench

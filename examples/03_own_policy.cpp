// A waiting room with an admission policy of one's own: go on admitting until twice as many people
// are inside as seats are left. Few who come in vain, and few seats that nobody looks at.
//
// The program runs the box office itself (Running::by_host) on a clock that it moves itself, so it
// starts no thread, never sleeps, and prints the same on every run.
#include <concertres/concertres.hpp>
#include <concertres/memory.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace concertres;
using namespace std::chrono_literals;

namespace {

class TwiceTheSeatsLeft : public AdmissionPolicy {
  public:
    std::int64_t quota(const RoomSnapshot& room, std::string_view, Time) const override {
        return 2 * room.seats_left - room.admitted;
    }
    // It needs no memory: all that it goes by is in the snapshot.
    std::string record(std::string_view, std::int64_t, Time) const override { return {}; }
};

class HandClock : public Clock {
  public:
    Time wall() override { return parse_rfc3339("2026-12-01T10:00:00Z")->time; }
    Duration elapsed() override { return elapsed_; }
    void advance(Duration by) { elapsed_ += by; }

  private:
    Duration elapsed_{0};
};

struct Visitor {
    UserId user;
    PlaceNumber place;
};

// Moves time on, and lets the box office do what is due: its rooms admit every second.
void pass_time(BoxOffice& office, HandClock& clock, Duration by) {
    clock.advance(by);
    while (office.step()) {
    }
}

std::vector<Visitor> queue_up(BoxOffice& office, ConcertId concert, int people) {
    std::vector<Visitor> visitors;
    for (int i = 1; i <= people; ++i) {
        UserId user = UserId::from_name("visitor " + std::to_string(i));
        auto place = office.join({.concert = concert, .user = user});
        visitors.push_back({user, place.value().number});
    }
    return visitors;
}

// Buys one seat; who is still waiting is refused.
bool buy(BoxOffice& office, PerformanceId evening, const Visitor& who, SeatNumber seat) {
    auto held = office.hold({.user = who.user,
                             .place = who.place,
                             .performance = evening,
                             .seats = {seat},
                             .key = "hold"});
    if (!held) return false;
    auto charged = office.charge({.user = who.user, .amount = held->total, .key = "charge"});
    auto paid = office.pay(
        {.user = who.user, .place = who.place, .reservations = {held->id}, .key = "pay"});
    return charged && paid;
}

void print(BoxOffice& office, const char* when) {
    ConcertView concert = office.concerts().value().front();
    std::cout << when << ": " << concert.seats.free << " seats left, " << concert.admitted
              << " inside, " << concert.waiting << " waiting\n";
}

}  // namespace

int main() {
    HandClock clock;
    Options options{.running = Running::by_host};
    options.policies["twice-the-seats-left"] = std::make_shared<TwiceTheSeatsLeft>();
    BoxOffice office(open_memory({.clock = &clock}), options);

    auto concert =
        office.add_concert({.title = "Winter Songs",
                            .performances = {{*parse_rfc3339("2026-12-24T19:00:00+09:00")}},
                            .seats = numbered_seats(10, Money{50'000}),
                            .room = RoomPolicy{.custom = "twice-the-seats-left"}});
    if (!concert) {
        std::cerr << concert.error().detail << '\n';
        return 1;
    }
    PerformanceId evening = concert->performances.front();

    std::vector<Visitor> visitors = queue_up(office, concert->id, 30);
    print(office, "the line is long ");
    pass_time(office, clock, 1s);
    print(office, "the doors open   ");

    SeatNumber seat = 1;
    for (std::size_t i = 0; i < 6; ++i) buy(office, evening, visitors[i], seat++);
    print(office, "six have bought  ");
    pass_time(office, clock, 1s);
    print(office, "a second later   ");

    for (std::size_t i = 6; i < 14; ++i) {
        (void)office.leave(
            {.concert = concert->id, .user = visitors[i].user, .place = visitors[i].place});
    }
    print(office, "eight gave up    ");
    pass_time(office, clock, 1s);
    print(office, "a second later   ");
}

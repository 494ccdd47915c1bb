#include "crash/busy_day.hpp"

#include <chrono>
#include <utility>

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr int buyers_in_all = 8;
constexpr SeatNumber seats_of_a_date = 12;

std::string fault(const Error& error) {
    return std::string(code_name(error.code)) + " " + error.detail;
}

// A thing that has been made is a replay, and the same thing.
constexpr auto is_replay = [](const auto& first, const auto& again) -> std::string {
    if (again.id != first.id) return "another one was made";
    return again.replayed ? "" : "it is told as new";
};
constexpr auto nothing_to_ask = nullptr;

}  // namespace

template <class Command, class See, class Again>
void BusyDay::ask(BoxOffice& office, std::string what, Command command, See see, Again again) {
    auto asked = std::make_shared<Asked>();
    asked->what = std::move(what);
    // Who was not answered asks again all the same: whatever there is, it does no harm.
    asked->again = [command](BoxOffice& other) {
        static_cast<void>(other.call(command));
        return std::string();
    };
    asked_.push_back(asked);
    office.submit<Command>(command, [=, this](AnswerTo<Command> answer) {
        asked->step = steps_;
        if (!answer) {
            asked->refusal = answer.error().code;
            return;
        }
        asked->told = true;
        see(*answer);
        if constexpr (std::is_null_pointer_v<Again>) {
            asked->again = nullptr;
        } else {
            asked->again = [=, first = *answer](BoxOffice& other) -> std::string {
                const AnswerTo<Command> second = other.call(command);
                return second ? again(first, *second) : fault(second.error());
            };
        }
    });
}

void BusyDay::run(BoxOffice& office, const AfterStep& after_step) {
    while (office.step()) {
        after_step();
        ++steps_;
    }
}

void BusyDay::begin(BoxOffice& office, const AfterStep& after_step) {
    for (int i = 0; i < buyers_in_all; ++i) buyers_.push_back({.id = SmallSale::user(i)});
    for (const std::size_t which : {0u, 1u}) {
        add_concert(office, which);
        run(office, after_step);
    }
}

void BusyDay::act(BoxOffice& office, TestClock& clock, const AfterStep& after_step) {
    ++acts_;
    clock.advance(std::chrono::milliseconds(draw(1'500)));
    if (draw(25) == 0) clock.advance(std::chrono::minutes(1 + draw(7)));
    for (int at_once = draw(3) == 0 ? 2 + draw(3) : 1; at_once > 0; --at_once) something(office);
    run(office, after_step);
}

void BusyDay::something(BoxOffice& office) {
    const int what = draw(100);
    if (what < 16) return join(office);
    if (what < 38) return hold(office);
    if (what < 44) return extend(office);
    if (what < 50) return release(office);
    if (what < 64) return charge(office);
    if (what < 82) return pay(office);
    if (what < 86) return refund(office);
    if (what < 89) return leave(office);
    if (what < 97 || backups_.empty()) return operate(office);
    back_up(office);
}

// --- Buyers --------------------------------------------------------------------------------------

void BusyDay::join(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const Join join{.concert = sales_[0].concert, .user = buyer.id, .again = draw(2) == 0};
    ask(
        office, "join", join, [&buyer](const PlaceView& view) { buyer.place = view.number; },
        [](const PlaceView& first, const PlaceView& again) -> std::string {
            // A later one may have been taken since.
            return again.number >= first.number && (!again.made || again.number > first.number)
                       ? ""
                       : "the place is lost";
        });
}

void BusyDay::hold(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const bool at_room = draw(3) != 0;
    const SmallSale& sale = sales_[at_room ? 0 : 1];
    Hold hold{.user = buyer.id,
              .place = at_room ? buyer.place : PlaceNumber{},
              .performance = sale.performances[static_cast<std::size_t>(draw(2))],
              .key = next_key()};
    if (draw(4) == 0) {
        hold.best = BestSeats{.count = 2};
    } else {
        const int first = 1 + draw(seats_of_a_date - 1);
        hold.seats = {first};
        if (draw(2) == 0) hold.seats.push_back(first + 1);
    }
    ask(
        office, "hold", hold,
        [&buyer, at_room](const ReservationView& view) {
            buyer.holds.emplace_back(view.id, at_room);
        },
        is_replay);
}

namespace {

// The last of them, most of the time: the others have often ended.
template <class List>
auto* one_of(List& list, int drawn) {
    if (list.empty()) return static_cast<typename List::value_type*>(nullptr);
    const auto back = static_cast<std::size_t>(drawn) % 3 == 0
                          ? static_cast<std::size_t>(drawn) % list.size()
                          : std::size_t{0};
    return &list[list.size() - 1 - back];
}

}  // namespace

void BusyDay::extend(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const auto* kept = one_of(buyer.holds, draw(100));
    if (kept == nullptr) return hold(office);
    const Extend extend{.user = buyer.id,
                        .place = kept->second ? buyer.place : PlaceNumber{},
                        .reservation = kept->first};
    ask(
        office, "extend", extend, [](const ReservationView&) {}, nothing_to_ask);
    asked_.back()->again = nullptr;  // a second one would extend it further
}

void BusyDay::release(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const auto* kept = one_of(buyer.holds, draw(100));
    if (kept == nullptr) return hold(office);
    const ReservationId reservation = kept->first;
    const Release release{.user = buyer.id,
                          .place = kept->second ? buyer.place : PlaceNumber{},
                          .reservation = reservation};
    ask(
        office, "release", release, [](const ReservationView&) {}, nothing_to_ask);
    asked_.back()->again = [user = buyer.id, reservation](BoxOffice& other) -> std::string {
        return other.reservation({.user = user, .reservation = reservation})
                   ? ""
                   : "the reservation is lost";
    };
}

void BusyDay::charge(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const Charge charge{
        .user = buyer.id, .amount = {SmallSale::price.minor * (1 + draw(4))}, .key = next_key()};
    ask(
        office, "charge", charge, [](const ChargeView&) {}, is_replay);
}

void BusyDay::pay(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const auto* kept = one_of(buyer.holds, draw(100));
    if (kept == nullptr) return hold(office);
    const Pay pay{.user = buyer.id,
                  .place = kept->second ? buyer.place : PlaceNumber{},
                  .reservations = {kept->first},
                  .key = next_key()};
    ask(
        office, "pay", pay,
        [&buyer](const PaymentView& view) { buyer.payments.push_back(view.id); }, is_replay);
}

void BusyDay::refund(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    const auto* paid = one_of(buyer.payments, draw(100));
    if (paid == nullptr) return charge(office);
    ask(
        office, "refund", Refund{.user = buyer.id, .payment = *paid}, [](const PaymentView&) {},
        [](const PaymentView& first, const PaymentView& again) -> std::string {
            return again.refunded_at == first.refunded_at ? "" : "it was refunded again";
        });
}

void BusyDay::leave(BoxOffice& office) {
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    if (buyer.place == PlaceNumber{}) return join(office);
    ask(
        office, "leave",
        Leave{.concert = sales_[0].concert, .user = buyer.id, .place = buyer.place},
        [](const PlaceView&) {},
        [](const PlaceView& first, const PlaceView& again) -> std::string {
            return again.status == first.status ? "" : "the place is there again";
        });
}

// --- Operators -----------------------------------------------------------------------------------

void BusyDay::operate(BoxOffice& office) {
    const SmallSale& sale = sales_[draw(2)];
    Buyer& buyer = buyers_[static_cast<std::size_t>(draw(buyers_in_all))];
    // Whoever does these again later changes what has become of it since, so nobody does.
    const auto command = [&](const char* what, auto asked_for) {
        ask(
            office, what, std::move(asked_for), [](const auto&) {}, nothing_to_ask);
        asked_.back()->again = nullptr;
    };
    switch (draw(5)) {
        case 0: {
            const auto kept = one_of(buyer.holds, draw(100));
            if (kept == nullptr) return charge(office);
            return command("end a hold", AdminRelease{.reservation = kept->first, .actor = "op"});
        }
        case 1:
            return command("block", BlockSeats{.performance = sale.performance(),
                                               .seats = {1 + draw(seats_of_a_date)},
                                               .blocked = draw(2) == 0,
                                               .actor = "op"});
        case 2:
            return command(
                "admit",
                Admit{.concert = sales_[0].concert, .user = buyer.id, .place = {}, .actor = "op"});
        case 3: {
            ChangeSale change{.concert = sales_[0].concert, .change = {.actor = "op"}};
            change.change.patch = RoomPatch{.active_max = std::optional<std::int64_t>(2 + draw(6))};
            return command("change the room", std::move(change));
        }
        default: {
            ChangeSale change{.concert = sale.concert, .change = {.actor = "op"}};
            change.change.mode = draw(4) == 0 ? SaleMode::paused : SaleMode::open;
            return command("change the sale", std::move(change));
        }
    }
}

void BusyDay::back_up(BoxOffice& office) {
    const auto file = backups_ / ("backup-" + std::to_string(asked_.size()) + ".db");
    ask(
        office, "backup", Backup{.file = file, .progress = {}},
        [this](const BackupView& view) {
            made_backups_.push_back({view.file, steps_});
        },
        nothing_to_ask);
    asked_.back()->again = nullptr;
}

void BusyDay::add_concert(BoxOffice& office, std::size_t which) {
    ConcertDraft draft = SmallSale::draft(seats_of_a_date, 2);
    if (which == 0) {
        draft.room = RoomPolicy{.active_max = 4};
        draft.room->no_shows = NoShows{.silent_after = 2min, .grace = 1min};
    }
    ask(
        office, "add a concert", AddConcert{.draft = std::move(draft), .progress = {}},
        [this, which](const ConcertView& view) {
            sales_[which] = {view.id, view.performances};
        },
        nothing_to_ask);
    asked_.back()->again = nullptr;
}

}  // namespace concertres::test

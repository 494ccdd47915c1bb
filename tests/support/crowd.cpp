#include "support/crowd.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace concertres::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

ConcertDraft draft_of(const CrowdPlan& plan, Time now) {
    ConcertDraft draft{.title = "A crowd"};
    draft.performances = {{{.time = now + hours(24 * 30)}}, {{.time = now + hours(24 * 31)}}};
    draft.seats = numbered_seats(plan.seats, Money{100});
    // Prices that differ, so that a wrong sum shows.
    for (HallSeat& seat : draft.seats) seat.price.minor += seat.number;
    draft.room = plan.room;
    for (HallSeat& seat : draft.seats) {
        if (seat.number > plan.allotted) continue;
        seat.allotted_to = static_cast<LineClass>(plan.room->classes.size()) - 1;
    }
    if (plan.opens_after > Duration{0}) draft.opens_at = now + plan.opens_after;
    draft.limits = {.per_performance = 4, .per_concert = 6};
    return draft;
}

// What commands.hpp says, where a buyer of this crowd can bring it about. Anything else is a fault.
const std::set<Errc> no_pass{Errc::not_admitted, Errc::pass_expired, Errc::pass_spent,
                             Errc::pass_left};
std::set<Errc> with_pass(std::set<Errc> codes) {
    codes.insert(no_pass.begin(), no_pass.end());
    return codes;
}
const std::set<Errc> join_refusals{Errc::sold_out};
const std::set<Errc> hold_refusals =
    with_pass({Errc::seat_allotted, Errc::seat_sold, Errc::seat_held, Errc::hold_limit});
const std::set<Errc> extend_refusals =
    with_pass({Errc::reservation_expired, Errc::reservation_released, Errc::extend_limit});
const std::set<Errc> release_refusals = with_pass({Errc::reservation_expired});
const std::set<Errc> pay_refusals =
    with_pass({Errc::reservation_expired, Errc::reservation_released, Errc::insufficient_balance});

}  // namespace

Crowd::Crowd(const CrowdPlan& plan, const Backend& backend)
    : plan_(plan),
      store_(backend),
      kernel_(clock_, plan.seed),
      draft_(draft_of(plan, clock_.wall())),
      witness_(draft_) {
    plan_.options.running = Running::by_host;
    kernel_.set_step_time(plan_.step_time);
    for (int i = 0; i < plan_.buyers; ++i) {
        buyers_.push_back({.id = UserId::from_name("buyer " + std::to_string(i))});
    }
}

Crowd::~Crowd() { close(); }

// --- The box office
// -------------------------------------------------------------------------------

void Crowd::open() {
    office_ = std::make_unique<BoxOffice>(store_.open(clock_), plan_.options);
    for (Buyer& buyer : buyers_) buyer.asked_at = office_->now();
    witness_.all_heard(office_->now());
    kernel_.add(*office_);
}

void Crowd::close() {
    if (!office_) return;
    kernel_.remove(*office_);
    office_.reset();
}

template <class Command>
AnswerTo<Command> Crowd::ask(Command command) {
    std::optional<AnswerTo<Command>> answer;
    office_->submit<Command>(std::move(command),
                             [&](AnswerTo<Command> result) { answer.emplace(std::move(result)); });
    while (!answer) CONCERTRES_ASSERT(office_->step());
    return std::move(*answer);
}

void Crowd::add_concert() {
    auto added = ask(AddConcert{draft_, {}});
    CONCERTRES_ASSERT(added);
    concert_ = *added;
}

void Crowd::run() {
    try {
        come_and_go();
        check_end();
    } catch (const std::exception& failure) {
        // What was complained of before tells why.
        witness_.complain(failure.what());
    }
}

void Crowd::come_and_go() {
    open();
    add_concert();
    for (Buyer& buyer : buyers_) later(buyer, plan_.arrive_within, &Crowd::arrive);
    kernel_.spawn(seconds(1), [this] { return watch(); });
    for (const CrowdChange& change : plan_.changes) {
        kernel_.schedule(change.at, [this, &change] { change_room(change.patch); });
    }
    if (plan_.reopen_every > Duration{0}) {
        kernel_.spawn(plan_.reopen_every, [this]() -> std::optional<Duration> {
            if (gone_ == plan_.buyers) return std::nullopt;
            close();
            open();
            due_.reset();
            return plan_.reopen_every;
        });
    }
    if (plan_.wall_steps > Duration{0}) {
        kernel_.spawn(minutes(1), [this, sign = 1]() mutable -> std::optional<Duration> {
            if (gone_ == plan_.buyers) return std::nullopt;
            clock_.step_wall(plan_.wall_steps * sign);
            sign = -sign;
            return minutes(1);
        });
    }
    if (!kernel_.run_until_idle(hours(24)))
        witness_.complain("the crowd does not go home in a day");
}

void Crowd::change_room(const RoomPatch& patch) {
    ChangeSale change{.concert = concert_.id, .change = {}};
    change.change.patch = patch;
    change.change.actor = "operator";
    office_->submit<ChangeSale>(std::move(change), [this](const Result<ConcertView>& changed) {
        CONCERTRES_ASSERT(changed && changed->room);
        witness_.changed(*changed->room);
        due_.reset();
    });
}

// --- What a buyer does
// ----------------------------------------------------------------------------

void Crowd::later(Buyer& buyer, Duration most, Act act) {
    const Duration pause{
        static_cast<Duration::rep>(kernel_.random(static_cast<std::uint64_t>(most.count()) + 1))};
    kernel_.schedule(kernel_.now() + pause, [this, &buyer, act] { (this->*act)(buyer); });
}

template <class Command, class See>
void Crowd::send(Buyer& buyer, Command command, const std::set<Errc>& refusals, See see, Act next,
                 bool may_repeat) {
    // Who gets no answer asks again; so do impatient people.
    const int times = may_repeat && chance(15) ? 2 : 1;
    auto answers_left = std::make_shared<int>(times);
    for (int i = 0; i < times; ++i) {
        ++commands_;
        office_->submit<Command>(command, [this, &buyer, &refusals, see, next,
                                           answers_left](AnswerTo<Command> answer) {
            if (answer) {
                see(*answer);
            } else if (!refusals.contains(answer.error().code)) {
                witness_.complain("refused with " + std::string(code_name(answer.error().code)) +
                                  ": " + answer.error().detail);
            } else if (no_pass.contains(answer.error().code)) {
                buyer.in = false;
            }
            if (--*answers_left == 0) later(buyer, seconds(20), next);
        });
    }
}

void Crowd::arrive(Buyer& buyer) {
    static const std::set<Errc> none;
    send(
        buyer,
        Charge{.user = buyer.id,
               .amount = Money{1 + static_cast<std::int64_t>(kernel_.random(500))},
               .key = next_key(buyer)},
        none, [this](const ChargeView& view) { witness_.charged(view); }, &Crowd::join, true);
}

void Crowd::join(Buyer& buyer) {
    ++buyer.visits;
    buyer.acts = 0;
    buyer.last.reset();
    buyer.holds.clear();
    buyer.in_line = buyer.in = buyer.is_away = false;
    Join command{.concert = concert_.id, .user = buyer.id, .again = buyer.visits > 1};
    if (plan_.room && !plan_.room->classes.empty()) {
        // Somebody who comes again may come in another class.
        const auto& classes = plan_.room->classes;
        command.line_class = classes[kernel_.random(classes.size())].name;
    }
    send(
        buyer, std::move(command), join_refusals,
        [this, &buyer](const PlaceView& view) {
            buyer.place = view.number;
            buyer.in_line = true;
            buyer.asked_at = view.now;
            witness_.heard(view.number, view.now);
            if (view.status == TokenStatus::waiting) see_position(buyer, view);
        },
        &Crowd::wait, true);
}

// Without one only where the line will be drawn and the sale has not opened (or just now).
void Crowd::see_position(const Buyer& buyer, const PlaceView& view) {
    const bool will_be_drawn =
        plan_.room && plan_.room->draw && kernel_.now() < plan_.opens_after + seconds(2);
    if (!view.position && will_be_drawn) return;
    witness_.waits(buyer.id, view.number, view.position.value_or(-1));
}

void Crowd::wait(Buyer& buyer) {
    // The room took nobody any more.
    if (!buyer.in_line) return go(buyer);
    const auto view = ask_place(buyer, chance(50) ? buyer.last : std::nullopt);
    if (!view) return witness_.complain("a place is not found"), go(buyer);
    if (view->status == TokenStatus::waiting) {
        see_position(buyer, *view);
        buyer.last = view->position;
        if (view->sale == SaleState::sold_out || chance(1)) return leave(buyer);
        if (plan_.absent_percent > 0 && chance(static_cast<std::uint64_t>(plan_.absent_percent))) {
            buyer.is_away = true;
            return later(buyer, minutes(12), &Crowd::come_back);
        }
        return later(buyer, seconds(10), &Crowd::wait);
    }
    buyer.in_line = false;
    if (view->status == TokenStatus::left) witness_.lost(buyer.place, view->now);
    buyer.in = view->status == TokenStatus::admitted;
    // It looked away for so long that its pass has ended.
    if (!buyer.in) return go(buyer);
    later(buyer, seconds(30), &Crowd::shop);
}

void Crowd::come_back(Buyer& buyer) {
    buyer.is_away = false;
    wait(buyer);
}

AnswerTo<GetPlace> Crowd::ask_place(Buyer& buyer, std::optional<std::int64_t> last) {
    auto view = office_->place(
        {.concert = concert_.id, .user = buyer.id, .place = buyer.place, .last = last});
    if (view && view->status == TokenStatus::waiting) {
        buyer.asked_at = view->now;
        witness_.heard(buyer.place, view->now);
    }
    return view;
}

void Crowd::shop(Buyer& buyer) {
    if (!buyer.in || ++buyer.acts > 30 || chance(3)) return go(buyer);
    const std::uint64_t dice = kernel_.random(100);
    if (buyer.holds.empty() || dice < 20) return hold(buyer);
    if (dice < 35) return extend(buyer);
    if (dice < 45) return release(buyer);
    if (dice < 80) return pay(buyer);
    if (dice < 85) return leave(buyer);
    if (dice < 93) return charge_more(buyer);
    // Too long for any hold, and for many a pass.
    later(buyer, minutes(8), &Crowd::shop);
}

void Crowd::hold(Buyer& buyer) {
    Hold command{.user = buyer.id, .place = buyer.place, .key = next_key(buyer)};
    command.performance = concert_.performances[kernel_.random(2)];
    std::set<SeatNumber> seats;
    for (std::uint64_t count = 1 + kernel_.random(3); seats.size() < count;) {
        seats.insert(
            1 + static_cast<SeatNumber>(kernel_.random(static_cast<std::uint64_t>(plan_.seats))));
    }
    command.seats.assign(seats.begin(), seats.end());
    send(
        buyer, std::move(command), hold_refusals,
        [this, &buyer](const ReservationView& view) {
            witness_.held(view, buyer.place);
            if (!view.replayed) buyer.holds.push_back({view.id, view.performance});
        },
        &Crowd::shop, true);
}

void Crowd::extend(Buyer& buyer) {
    const Kept& kept = buyer.holds[kernel_.random(buyer.holds.size())];
    send(
        buyer, Extend{.user = buyer.id, .place = buyer.place, .reservation = kept.id},
        extend_refusals, [this](const ReservationView& view) { witness_.extended(view); },
        &Crowd::shop, false);
}

void Crowd::release(Buyer& buyer) {
    const std::size_t chosen = kernel_.random(buyer.holds.size());
    const ReservationId id = buyer.holds[chosen].id;
    send(
        buyer, Release{.user = buyer.id, .place = buyer.place, .reservation = id}, release_refusals,
        [this](const ReservationView& view) { witness_.released(view); }, &Crowd::shop, true);
    // Most forget what they gave back, some do not.
    if (chance(80)) buyer.holds.erase(buyer.holds.begin() + static_cast<std::ptrdiff_t>(chosen));
}

void Crowd::pay(Buyer& buyer) {
    Pay command{.user = buyer.id, .place = buyer.place, .key = next_key(buyer)};
    for (const Kept& kept : buyer.holds) {
        if (command.reservations.empty() || chance(60)) command.reservations.push_back(kept.id);
    }
    send(
        buyer, std::move(command), pay_refusals,
        [this, &buyer](const PaymentView& view) {
            witness_.paid(view);
            if (view.replayed) return;
            buyer.payments.push_back(view.id);
            std::erase_if(buyer.holds, [&](const Kept& kept) {
                return std::ranges::find(view.reservations, kept.id) != view.reservations.end();
            });
            if (!plan_.room) return;
            buyer.in = false;
            try_spent(buyer, buyer.place);
        },
        &Crowd::shop, true);
    // After a refusal some drop what may have ended, and hold anew.
    if (chance(50)) buyer.holds.clear();
}

// A pass that a payment has spent opens nothing any more, however often the room is changed or the
// box office opened again.
void Crowd::try_spent(Buyer& buyer, PlaceNumber place) {
    const auto refused = [this](const auto& answer) {
        if (!answer && answer.error().code == Errc::pass_spent) return;
        witness_.complain("a spent pass was good for something, or was refused as another thing");
    };
    kernel_.schedule(kernel_.now() + seconds(kernel_.random(600)), [this, &buyer, place, refused] {
        commands_ += 2;
        const PerformanceId performance = concert_.performances[kernel_.random(2)];
        office_->submit<Hold>({.user = buyer.id,
                               .place = place,
                               .performance = performance,
                               .seats = {plan_.seats},
                               .key = next_key(buyer)},
                              refused);
        office_->submit<Charge>({.user = buyer.id,
                                 .amount = Money{1},
                                 .key = next_key(buyer),
                                 .admitted = PlaceAt{.concert = concert_.id, .number = place}},
                                refused);
    });
}

void Crowd::charge_more(Buyer& buyer) {
    send(
        buyer,
        Charge{.user = buyer.id,
               .amount = Money{1 + static_cast<std::int64_t>(kernel_.random(500))},
               .key = next_key(buyer),
               .admitted = PlaceAt{.concert = concert_.id, .number = buyer.place}},
        no_pass, [this](const ChargeView& view) { witness_.charged(view); }, &Crowd::shop, true);
}

void Crowd::refund(Buyer& buyer) {
    static const std::set<Errc> none;
    const PaymentId payment = buyer.payments[kernel_.random(buyer.payments.size())];
    send(
        buyer, Refund{.user = buyer.id, .payment = payment}, none,
        [this](const PaymentView& view) {
            witness_.refunded(view);
            due_.reset();  // it may have been sold out until now
        },
        &Crowd::go, true);
}

void Crowd::leave(Buyer& buyer) {
    static const std::set<Errc> none;
    buyer.in_line = buyer.in = false;
    send(
        buyer, Leave{.concert = concert_.id, .user = buyer.id, .place = buyer.place}, none,
        [this, &buyer, place = buyer.place](const PlaceView& view) {
            witness_.left(buyer.id);
            witness_.gone(place, view.now);
        },
        &Crowd::go, true);
}

// What it does once it is out: it wants its money back, comes again, or is gone. Some vanish
// without a word, with a pass and holds.
void Crowd::go(Buyer& buyer) {
    buyer.in_line = buyer.in = false;
    if (!buyer.payments.empty() && chance(10)) return refund(buyer);
    if (buyer.visits < 4 && chance(40)) return later(buyer, minutes(5), &Crowd::join);
    ++gone_;
}

// --- What others see
// ------------------------------------------------------------------------------

std::optional<Duration> Crowd::watch() {
    if (gone_ == plan_.buyers) return std::nullopt;
    if (!plan_.room) return std::nullopt;
    std::int64_t in = 0;
    std::optional<PlaceNumber> first;
    std::int64_t nearest = 0;
    SaleState sale = SaleState::open;
    for (Buyer& buyer : buyers_) {
        if ((!buyer.in_line && !buyer.in) || buyer.is_away) continue;
        const auto view = ask_place(buyer, std::nullopt);
        if (!view) {
            witness_.complain("a place is not found");
            continue;
        }
        sale = view->sale;
        if (view->status == TokenStatus::admitted) ++in;
        const auto position = view->position;
        if (view->status == TokenStatus::waiting && position && (!first || *position < nearest)) {
            first = buyer.place;
            nearest = *position;
        }
    }
    // A limit that was lowered sends nobody out.
    const std::int64_t most =
        plan_.changes.empty() ? plan_.room->active_max.value_or(INT64_MAX) : INT64_MAX;
    if (in > most) witness_.complain("more are in than may be");
    // Those who vanished are in as well, as long as their passes live: ask the box office.
    const auto shown = ask(GetConcert{concert_.id});
    if (shown->admitted > most) witness_.complain("more are shown to be in than may be");
    if (sale != SaleState::open || shown->sale != SaleState::open) {
        due_.reset();
    } else {
        if (first && may_be_ahead(*first)) first.reset();
        check_waiting_slots(*shown, first);
    }
    return seconds(2);
}

bool Crowd::may_be_ahead(PlaceNumber number) const {
    if (!plan_.room->no_shows) return false;
    const Duration silent_after = plan_.room->no_shows->silent_after + seconds(5);
    return std::ranges::any_of(buyers_, [&](const Buyer& buyer) {
        return buyer.is_away && buyer.in_line && buyer.place < number &&
               office_->now() - buyer.asked_at <= silent_after;
    });
}

// A free slot and somebody at the head: admitted within one tick. Two looks are further apart than
// that, so whoever was first at the last one, and had a slot, waits no more.
void Crowd::check_waiting_slots(const ConcertView& shown, std::optional<PlaceNumber> first) {
    if (due_ && first == due_) {
        witness_.complain("a slot was free and the first in line still waits, a tick later");
    }
    // Where there are classes somebody of another may have come first.
    const RoomPolicy& room = *shown.room;
    const bool tells =
        !room.window && !room.closed_loop && !room.waiting_list && room.classes.size() <= 1;
    const bool is_free = tells && shown.admitted < room.active_max.value_or(INT64_MAX);
    due_ = is_free ? first : std::nullopt;
}

std::vector<Event> Crowd::events(ListEvents query) {
    std::vector<Event> all;
    for (;;) {
        query.after = static_cast<std::int64_t>(all.size());
        query.limit = 100;
        const auto page = ask(query);
        CONCERTRES_ASSERT(page);
        if (page->empty()) return all;
        for (const Event& event : *page) {
            if (event.number != static_cast<std::int64_t>(all.size()) + 1) {
                witness_.complain("a stream has a gap");
            }
            all.push_back(event);
        }
    }
}

void Crowd::check_end() {
    const auto check_answers = [this] {
        for (const Buyer& buyer : buyers_) witness_.check_wallet(*ask(GetWallet{buyer.id}));
        for (const PerformanceId performance : concert_.performances) {
            witness_.check_seats(*ask(ListSeats{.performance = performance, .all = true}));
        }
    };
    const auto audit = [this] {
        const auto report = office_->audit();
        CONCERTRES_ASSERT(report);
        findings_.insert(findings_.end(), report->findings.begin(), report->findings.end());
    };
    check_answers();
    audit();
    if (plan_.room) {
        const auto room = events({.room = concert_.id});
        std::vector<Event> sales;
        for (const PerformanceId performance : concert_.performances) {
            const auto stream = events({.performance = performance});
            sales.insert(sales.end(), stream.begin(), stream.end());
        }
        witness_.check_room(room, sales, *plan_.room);
    }
    // What is still held and admitted ends by itself; opened again, all is as it was.
    kernel_.run_until(kernel_.now() + hours(1));
    check_answers();
    close();
    open();
    check_answers();
    audit();
}

}  // namespace concertres::test

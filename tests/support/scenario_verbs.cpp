#include "support/scenario_verbs.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace concertres::test {
namespace {

// 3/60s: three in any minute.
AdmissionWindow parse_window(const std::string& text) {
    const std::vector<std::string> parts = split(text, '/');
    const auto length = parts.size() == 2 ? parse_duration(parts[1]) : std::nullopt;
    const auto count = parse_numbers(parts[0]);
    if (!length || count.size() != 1) throw TableError("`" + text + "` is no window");
    return {.admit_max = count[0], .length = *length};
}

// general:1,fan_club:3 are two classes by name and weight.
std::vector<RoomClass> parse_classes(const std::string& text) {
    std::vector<RoomClass> classes;
    for (const std::string& each : split(text, ',')) {
        const std::vector<std::string> parts = split(each, ':');
        const auto weight = parts.size() == 2 ? parse_numbers(parts[1]) : std::vector<SeatNumber>();
        if (weight.size() != 1) throw TableError("`" + each + "` is no class");
        classes.push_back({.name = parts[0], .weight = weight[0]});
    }
    return classes;
}

double parse_fraction(const std::string& text) {
    double value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size()) {
        throw TableError("`" + text + "` is no number");
    }
    return value;
}

// loop=2-10 add=3 cut=50 every=1s, and what it keeps: load_max=0.8 commit_max=20ms seats_per_pass=2
std::optional<ClosedLoop> parse_loop(Line& line) {
    const auto bounds = line.field("loop");
    if (!bounds) return std::nullopt;
    const std::vector<std::string> parts = split(*bounds, '-');
    if (parts.size() != 2) throw TableError("`" + *bounds + "` is not floor-ceiling");
    ClosedLoop loop{.floor = parse_numbers(parts[0]).at(0),
                    .ceiling = parse_numbers(parts[1]).at(0)};
    loop.add = line.number_field("add").value_or(loop.add);
    loop.cut = line.number_field("cut").value_or(loop.cut);
    loop.every = line.duration_field("every").value_or(loop.every);
    if (const auto load = line.field("load_max")) loop.load_max = parse_fraction(*load);
    loop.commit_max = line.duration_field("commit_max");
    loop.seats_per_pass_min = line.number_field("seats_per_pass");
    return loop;
}

// silent=2m grace=10m
std::optional<NoShows> parse_no_shows(Line& line) {
    const auto silent_after = line.duration_field("silent");
    const auto grace = line.duration_field("grace");
    if (silent_after.has_value() != grace.has_value()) {
        throw TableError("silent= and grace= go together");
    }
    if (!silent_after) return std::nullopt;
    return NoShows{*silent_after, *grace};
}

// Nothing where the line says nothing of a room.
std::optional<RoomPolicy> parse_room(Line& line) {
    RoomPolicy policy;
    const bool named = line.flag("room");
    policy.draw = line.flag("draw");
    policy.waiting_list = line.flag("waiting_list");
    policy.closed_loop = parse_loop(line);
    policy.no_shows = parse_no_shows(line);
    policy.active_max = line.number_field("active");
    if (const auto window = line.field("window")) policy.window = parse_window(*window);
    policy.pass_ttl = line.duration_field("pass");
    policy.custom = line.field("policy").value_or("");
    if (const auto classes = line.field("classes")) policy.classes = parse_classes(*classes);
    if (!named && policy == RoomPolicy{}) return std::nullopt;
    return policy;
}

RefundPolicy parse_refunds(const std::string& text) {
    if (text == "none") return {.allowed = false};
    if (const auto until = parse_duration(text)) return {.until_before_start = *until};
    throw TableError("`" + text + "` is no refund policy");
}

OrphanRule parse_orphans(const std::string& text) {
    if (text == "refused") return OrphanRule::refused;
    throw TableError("`" + text + "` is no rule for orphans");
}

// fan_club:1,2 are seats for people of that class alone.
void allot(ConcertDraft& draft, const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    const auto line_class =
        parts.size() == 2 && draft.room ? class_named(*draft.room, parts[0]) : std::nullopt;
    if (!line_class) throw TableError("`" + text + "` is no allotment");
    const std::vector<SeatNumber> seats = parse_numbers(parts[1]);
    for (HallSeat& seat : draft.seats) {
        if (std::ranges::find(seats, seat.number) != seats.end()) seat.allotted_to = *line_class;
    }
}

// 7,8 are the seats; best:2 is the best two, where wanted in a `section` and up to a `max_price`;
// Standing:2 is two of that area; 7,8+Standing:2+Terrace:1 is all of it.
void parse_choice(Line& line, Hold& command) {
    for (const std::string& wish : split(line.word("seats"), '+')) {
        const std::vector<std::string> parts = split(wish, ':');
        if (parts.size() != 2) {
            command.seats = parse_numbers(wish);
            continue;
        }
        const std::int32_t count = parse_numbers(parts[1]).at(0);
        if (parts[0] != "best") {
            command.areas.push_back({parts[0], count});
            continue;
        }
        command.best = BestSeats{.count = count};
        command.best->section = line.field("section");
        if (const auto price = line.number_field("max_price")) {
            command.best->max_price = Money{*price};
        }
    }
}

SaleMode parse_mode(const std::string& text) {
    if (text == "open") return SaleMode::open;
    if (text == "paused") return SaleMode::paused;
    if (text == "draining") return SaleMode::draining;
    if (text == "closed") return SaleMode::closed;
    throw TableError("`" + text + "` is no mode of a sale");
}

std::vector<HallSeat> parse_hall(Line& line) {
    const auto count = static_cast<SeatNumber>(line.number_field("seats").value_or(0));
    const Money price{line.number_field("price").value_or(0)};
    std::vector<HallSeat> seats = numbered_seats(std::max<SeatNumber>(count, 0), price);
    if (const auto dear = line.field("dear")) {
        const std::vector<std::string> parts = split(*dear, ':');
        if (parts.size() != 2) throw TableError("`" + *dear + "` is not seats:price");
        const Money dear_price{parse_numbers(parts[1]).at(0)};
        for (const SeatNumber number : parse_numbers(parts[0])) {
            const auto seat = std::find_if(seats.begin(), seats.end(), [&](const HallSeat& each) {
                return each.number == number;
            });
            if (seat == seats.end()) throw TableError("no such seat to be dear");
            seat->price = dear_price;
        }
    }
    // areas=Standing:3000:60000,Terrace:200:40000
    if (const auto areas = line.field("areas")) {
        for (const std::string& area : split(*areas, ',')) {
            const std::vector<std::string> parts = split(area, ':');
            if (parts.size() != 3) throw TableError("`" + area + "` is not name:capacity:price");
            add_area(seats, {.section = parts[0],
                             .capacity = parse_numbers(parts[1]).at(0),
                             .price = Money{parse_numbers(parts[2]).at(0)}});
        }
    }
    return seats;
}

}  // namespace

bool Verbs::send(Line& line, BoxOffice& office, const Reply& reply) {
    static const std::unordered_map<std::string, Handler> handlers{
        {"join", &Verbs::join},
        {"place", &Verbs::place},
        {"leave", &Verbs::leave},
        {"tick", &Verbs::tick},
        {"hold", &Verbs::hold},
        {"extend", &Verbs::extend},
        {"release", &Verbs::release},
        {"charge", &Verbs::charge},
        {"pay", &Verbs::pay},
        {"refund", &Verbs::refund},
        {"change", &Verbs::change},
        {"admit", &Verbs::admit},
        {"load", &Verbs::load},
        {"admin_release", &Verbs::admin_release},
        {"block", &Verbs::block},
        {"unblock", &Verbs::unblock},
        {"concerts", &Verbs::concerts},
        {"show", &Verbs::show},
        {"draw", &Verbs::draw},
        {"dates", &Verbs::dates},
        {"find", &Verbs::find},
        {"seat", &Verbs::seat},
        {"seats", &Verbs::seats},
        {"reservation", &Verbs::reservation},
        {"reservations", &Verbs::reservations},
        {"payment", &Verbs::payment},
        {"payments", &Verbs::payments},
        {"balance", &Verbs::balance},
        {"transfers", &Verbs::transfers},
        {"events", &Verbs::events},
        {"report", &Verbs::report},
        {"explain", &Verbs::explain},
        {"token", &Verbs::token},
        {"verify", &Verbs::verify},
    };
    const auto found = handlers.find(line.verb());
    if (found == handlers.end()) return false;
    (this->*found->second)(line, office, reply);
    return true;
}

bool Verbs::drafts(Line& line) {
    if (line.verb() == "performance") {
        if (!draft_) throw TableError("a performance stands below its concert");
        draft_->performances.push_back(line.word("performance"));
        const std::string when = line.word("start");
        if (const auto parsed = parse_rfc3339(when)) {
            draft_->concert.performances.push_back({*parsed});
        } else {
            draft_->concert.performances.push_back({{.time = time(when)}});
        }
        line.finish();
        return true;
    }
    if (line.verb() != "concert" || draft_) return false;
    draft_.emplace().name = line.word("concert");
    ConcertDraft& draft = draft_->concert;
    draft.title = draft_->name;
    draft.seats = parse_hall(line);
    draft.room = parse_room(line);
    if (const auto opens = line.field("opens")) draft.opens_at = time(*opens);
    draft.limits.per_performance = static_cast<std::int32_t>(
        line.number_field("limit").value_or(draft.limits.per_performance));
    draft.limits.per_concert = static_cast<std::int32_t>(
        line.number_field("concert_limit").value_or(draft.limits.per_concert));
    draft.hold_ttl = line.duration_field("hold");
    if (const auto refunds = line.field("refunds")) draft.refunds = parse_refunds(*refunds);
    if (const auto orphans = line.field("orphans")) draft.orphans = parse_orphans(*orphans);
    if (const auto allotted = line.field("allotted")) allot(draft, *allotted);
    line.finish();
    return true;
}

void Verbs::send_draft(BoxOffice& office, const Reply& reply) {
    Draft draft = std::move(*draft_);
    draft_.reset();
    // A concert tells its performances by start, a table in any order.
    std::map<Time, std::string> performances;
    for (std::size_t i = 0; i < draft.performances.size(); ++i) {
        performances.emplace(draft.concert.performances[i].starts_at.time, draft.performances[i]);
    }
    AddConcert command{std::move(draft.concert), {}};
    ask(office, std::move(command), reply,
        [this, name = draft.name, performances](const ConcertView& view) {
            names_.learn(name, view.id);
            auto id = view.performances.begin();
            for (const auto& [start, performance] : performances) {
                names_.learn(performance, *id++);
                concerts_[performance] = name;
            }
        });
}

template <class Command, class Learn>
void Verbs::ask(BoxOffice& office, Command command, const Reply& reply, Learn learn) {
    office.submit<Command>(std::move(command), [this, reply, learn](AnswerTo<Command> result) {
        if (result) learn(*result);
        reply(answers_.of(result));
    });
}

template <class Command>
void Verbs::ask(BoxOffice& office, Command command, const Reply& reply) {
    ask(office, std::move(command), reply, [](const typename Command::Answer&) {});
}

// --- The waiting room
// -----------------------------------------------------------------------------

void Verbs::join(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string who = line.word("user");
    const std::string concert = line.word("concert");
    const bool again = line.flag("again");
    const std::string line_class = line.field("class").value_or("");
    line.finish();
    ask(office,
        Join{.concert = names_.id<ConcertId>(concert),
             .user = user(who),
             .again = again,
             .line_class = line_class},
        reply, [this, who, concert](const PlaceView& view) {
            places_[{who, concert}] = view.number;
        });
}

void Verbs::place(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string who = line.word("user");
    const std::string concert = line.word("concert");
    const GetPlace query{.concert = names_.id<ConcertId>(concert),
                         .user = user(who),
                         .place = place_of(line, who, concert),
                         .last = line.number_field("last")};
    line.finish();
    reply(answers_.of(office.place(query)));
}

void Verbs::leave(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string who = line.word("user");
    const std::string concert = line.word("concert");
    const Leave command{.concert = names_.id<ConcertId>(concert),
                        .user = user(who),
                        .place = place_of(line, who, concert)};
    line.finish();
    ask(office, command, reply);
}

void Verbs::tick(Line& line, BoxOffice& office, const Reply& reply) {
    const Tick command{names_.id<ConcertId>(line.word("concert"))};
    line.finish();
    ask(office, command, reply);
}

// --- Seats
// ----------------------------------------------------------------------------------------

void Verbs::hold(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("reservation");
    const std::string who = line.word("user");
    const std::string performance = line.word("performance");
    Hold command{.user = user(who), .performance = names_.id<PerformanceId>(performance)};
    parse_choice(line, command);
    const std::string concert =
        concerts_.contains(performance) ? concerts_.at(performance) : std::string();
    command.place = place_of(line, who, concert);
    command.concert = token_of(line);
    command.key = key_of(line, name);
    line.finish();
    owned_.try_emplace(name, Owned{.user = who, .concert = concert});
    ask(office, std::move(command), reply,
        [this, name](const ReservationView& view) { names_.learn(name, view.id); });
}

void Verbs::extend(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("reservation");
    const std::string who = owner(line, name);
    const Extend command{.user = user(who),
                         .place = place_of(line, who, concert_of(name)),
                         .concert = token_of(line),
                         .reservation = names_.id<ReservationId>(name)};
    line.finish();
    ask(office, command, reply);
}

void Verbs::release(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("reservation");
    const std::string who = owner(line, name);
    const Release command{.user = user(who),
                          .place = place_of(line, who, concert_of(name)),
                          .concert = token_of(line),
                          .reservation = names_.id<ReservationId>(name)};
    line.finish();
    ask(office, command, reply);
}

void Verbs::admin_release(Line& line, BoxOffice& office, const Reply& reply) {
    AdminRelease command{.reservation = names_.id<ReservationId>(line.word("reservation")),
                         .actor = "operator"};
    line.finish();
    ask(office, std::move(command), reply);
}

void Verbs::set_blocked(Line& line, BoxOffice& office, const Reply& reply, bool blocked) {
    BlockSeats command{.performance = names_.id<PerformanceId>(line.word("performance")),
                       .seats = parse_numbers(line.word("seats")),
                       .blocked = blocked,
                       .actor = "operator"};
    line.finish();
    ask(office, std::move(command), reply);
}

void Verbs::block(Line& line, BoxOffice& office, const Reply& reply) {
    set_blocked(line, office, reply, true);
}

void Verbs::unblock(Line& line, BoxOffice& office, const Reply& reply) {
    set_blocked(line, office, reply, false);
}

// --- Money
// ----------------------------------------------------------------------------------------

void Verbs::charge(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string who = line.word("user");
    Charge command{.user = user(who), .amount = Money{line.number_word("amount")}};
    command.key = key_of(line, "line-" + std::to_string(line.number()));
    if (const auto concert = line.field("at")) {
        command.admitted = PlaceAt{.concert = names_.id<ConcertId>(*concert),
                                   .number = place_of(line, who, *concert)};
    }
    // A charge has a name only where it is to be explained.
    const std::string name = line.field("as").value_or(command.key);
    line.finish();
    ask(office, std::move(command), reply,
        [this, name](const ChargeView& view) { names_.learn(name, view.id); });
}

void Verbs::pay(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("payment");
    const std::string who = line.word("user");
    Pay command{.user = user(who)};
    std::string concert;
    const std::string named = line.word("reservations");
    for (const std::string& each : split(named == "none" ? "" : named, ',')) {
        if (each.empty()) continue;
        command.reservations.push_back(names_.id<ReservationId>(each));
        if (concert.empty()) concert = concert_of(each);
    }
    command.place = place_of(line, who, concert);
    command.concert = token_of(line);
    command.key = key_of(line, name);
    line.finish();
    owned_.try_emplace(name, Owned{.user = who, .concert = concert});
    ask(office, std::move(command), reply,
        [this, name](const PaymentView& view) { names_.learn(name, view.id); });
}

void Verbs::refund(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("payment");
    const Refund command{.user = user(owner(line, name)),
                         .concert = token_of(line),
                         .payment = names_.id<PaymentId>(name)};
    line.finish();
    ask(office, command, reply);
}

void Verbs::change(Line& line, BoxOffice& office, const Reply& reply) {
    ChangeSale command{.concert = names_.id<ConcertId>(line.word("concert"))};
    command.change.room = parse_room(line);
    if (const auto mode = line.more()) command.change.mode = parse_mode(*mode);
    if (const auto opens = line.field("opens")) command.change.opens_at = time(*opens);
    command.change.actor = "operator";
    line.finish();
    ask(office, std::move(command), reply);
}

// admit U1 C1, or admit 7 C1: a user's latest place, or that with the number.
void Verbs::admit(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string who = line.word("user or place");
    Admit command{.concert = names_.id<ConcertId>(line.word("concert")),
                  .actor = line.field("actor").value_or("operator")};
    if (who.find_first_not_of("0123456789") == std::string::npos) {
        command.place = names_.number(parse_numbers(who).at(0));
    } else if (who != "nobody") {
        command.user = user(who);
    }
    if (command.actor == "none") command.actor.clear();
    line.finish();
    ask(office, std::move(command), reply);
}

void Verbs::load(Line& line, BoxOffice& office, const Reply& reply) {
    const auto concert = names_.id<ConcertId>(line.word("concert"));
    const double load = parse_fraction(line.word("load"));
    line.finish();
    const Result<void> reported = office.report_load(concert, load);
    reply(reported ? Answer{.words = {"reported"}} : Answers::refusal(reported.error()));
}

}  // namespace concertres::test

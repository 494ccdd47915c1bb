// The verbs that look, and change nothing.
#include "support/scenario_verbs.hpp"

namespace concertres::test {

template <class Query>
void Verbs::ask(BoxOffice& office, Query query, const Reply& reply) {
    office.submit<Query>(std::move(query),
                         [this, reply](AnswerTo<Query> result) { reply(answers_.of(result)); });
}

void Verbs::concerts(Line& line, BoxOffice& office, const Reply& reply) {
    line.finish();
    ask(office, ListConcerts{}, reply);
}

void Verbs::show(Line& line, BoxOffice& office, const Reply& reply) {
    const GetConcert query{names_.id<ConcertId>(line.word("concert"))};
    line.finish();
    ask(office, query, reply);
}

void Verbs::draw(Line& line, BoxOffice& office, const Reply& reply) {
    const GetDraw query{names_.id<ConcertId>(line.word("concert"))};
    line.finish();
    ask(office, query, reply);
}

void Verbs::dates(Line& line, BoxOffice& office, const Reply& reply) {
    ListDates query{.concert = names_.id<ConcertId>(line.word("concert"))};
    query.all = line.flag("all");
    line.finish();
    ask(office, query, reply);
}

void Verbs::find(Line& line, BoxOffice& office, const Reply& reply) {
    FindPerformance query{.concert = names_.id<ConcertId>(line.word("concert")),
                          .date = line.word("date")};
    line.finish();
    ask(office, std::move(query), reply);
}

void Verbs::seat(Line& line, BoxOffice& office, const Reply& reply) {
    const Time began = began_;
    const ListSeats query{.performance = names_.id<PerformanceId>(line.word("performance")),
                          .all = true};
    const auto number = static_cast<SeatNumber>(line.number_word("seat"));
    line.finish();
    office.submit<ListSeats>(query, [reply, number, began](AnswerTo<ListSeats> result) {
        if (!result) return reply(Answers::refusal(result.error()));
        for (const SeatView& each : result->seats) {
            if (each.number != number) continue;
            const auto until = each.held_until;
            return reply({.words = {std::string(seat_status_text(each.status))},
                          .fields = {{"price", std::to_string(each.price.minor)},
                                     {"label", each.label},
                                     {"until", until ? duration_text(*until - began) : "none"}}});
        }
        reply({.words = {"missing"}});
    });
}

void Verbs::seats(Line& line, BoxOffice& office, const Reply& reply) {
    ListSeats query{.performance = names_.id<PerformanceId>(line.word("performance"))};
    query.all = line.flag("all");
    line.finish();
    ask(office, query, reply);
}

void Verbs::reservation(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("reservation");
    const GetReservation query{.user = user(owner(line, name)),
                               .concert = token_of(line),
                               .reservation = names_.id<ReservationId>(name)};
    line.finish();
    ask(office, query, reply);
}

void Verbs::reservations(Line& line, BoxOffice& office, const Reply& reply) {
    ListReservations query{.user = user(line.word("user"))};
    if (const auto before = line.field("before")) query.before = names_.id<ReservationId>(*before);
    if (const auto limit = line.number_field("limit")) {
        query.limit = static_cast<std::size_t>(*limit);
    }
    line.finish();
    ask(office, query, reply);
}

void Verbs::payment(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("payment");
    const GetPayment query{.user = user(owner(line, name)),
                           .concert = token_of(line),
                           .payment = names_.id<PaymentId>(name)};
    line.finish();
    ask(office, query, reply);
}

void Verbs::payments(Line& line, BoxOffice& office, const Reply& reply) {
    ListPayments query{.user = user(line.word("user"))};
    if (const auto before = line.field("before")) query.before = names_.id<PaymentId>(*before);
    if (const auto limit = line.number_field("limit")) {
        query.limit = static_cast<std::size_t>(*limit);
    }
    line.finish();
    ask(office, query, reply);
}

void Verbs::balance(Line& line, BoxOffice& office, const Reply& reply) {
    const GetWallet query{user(line.word("user"))};
    line.finish();
    ask(office, query, reply);
}

void Verbs::transfers(Line& line, BoxOffice& office, const Reply& reply) {
    ListTransfers query{.user = user(line.word("user"))};
    query.before = line.number_field("before");
    if (const auto limit = line.number_field("limit")) {
        query.limit = static_cast<std::size_t>(*limit);
    }
    line.finish();
    ask(office, query, reply);
}

void Verbs::events(Line& line, BoxOffice& office, const Reply& reply) {
    ListEvents query;
    while (const auto kind = line.more()) {
        const std::string name = line.word("name");
        if (*kind == "performance") {
            query.performance = names_.id<PerformanceId>(name);
        } else if (*kind == "wallet") {
            query.wallet = user(name);
        } else if (*kind == "room") {
            query.room = names_.id<ConcertId>(name);
        } else {
            throw TableError("`" + *kind + "` has no events");
        }
    }
    query.after = line.number_field("after").value_or(0);
    query.limit = static_cast<std::size_t>(line.number_field("limit").value_or(100));
    line.finish();
    ask(office, query, reply);
}

void Verbs::report(Line& line, BoxOffice& office, const Reply& reply) {
    const GetReport query{names_.id<ConcertId>(line.word("concert"))};
    line.finish();
    ask(office, query, reply);
}

// explain P1 seat=7: whatever the name is of, a user's or a charge's (`as=`) too.
void Verbs::explain(Line& line, BoxOffice& office, const Reply& reply) {
    Explain query{.id = names_.id<UserId>(line.word("name")).uuid};
    if (const auto seat = line.number_field("seat")) query.seat = static_cast<SeatNumber>(*seat);
    if (const auto place = line.number_field("place")) query.place = names_.number(*place);
    if (const auto limit = line.number_field("limit")) {
        query.limit = static_cast<std::size_t>(*limit);
    }
    line.finish();
    ask(office, query, reply);
}

void Verbs::token(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("token");
    const std::string who = line.word("user");
    const std::string concert = line.word("concert");
    const GetPlace query{.concert = names_.id<ConcertId>(concert),
                         .user = user(who),
                         .place = place_of(line, who, concert)};
    line.finish();
    const Result<PlaceView> view = office.place(query);
    if (!view) return reply(Answers::refusal(view.error()));
    tokens_[name] = office.sign(*view);
    reply({.words = {"signed"}, .fields = {{"length", std::to_string(tokens_[name].size())}}});
}

// verify T1 [changed=17 | cut=3]: with the character at 17 changed, with the last 3 missing.
void Verbs::verify(Line& line, BoxOffice& office, const Reply& reply) {
    const std::string name = line.word("token");
    std::string text = tokens_.contains(name) ? tokens_.at(name) : name;
    if (const auto at = line.number_field("changed")) {
        char& changed = text.at(static_cast<std::size_t>(*at));
        changed = changed == 'A' ? 'B' : 'A';
    }
    if (const auto cut = line.number_field("cut")) {
        text.resize(text.size() - static_cast<std::size_t>(*cut));
    }
    line.finish();
    const Result<TokenClaims> claims = office.verify(text);
    if (!claims) return reply(Answers::refusal(claims.error()));
    reply({.words = {"valid"},
           .fields = {{"user", names_.name(claims->user)},
                      {"concert", names_.name(claims->concert)},
                      {"number", std::to_string(names_.written(claims->number))}}});
}

// --- Names
// ----------------------------------------------------------------------------------------

UserId Verbs::user(const std::string& name) {
    const UserId id = UserId::from_name(name);
    names_.learn(name, id);
    return id;
}

Time Verbs::time(const std::string& text) const {
    if (const auto after = parse_duration(text)) return began_ + *after;
    if (const auto parsed = parse_rfc3339(text)) return parsed->time;
    throw TableError("`" + text + "` is no time");
}

PlaceNumber Verbs::place_of(Line& line, const std::string& name, const std::string& concert) const {
    const std::optional<std::string> said = line.field("place");
    if (said == "none") return {};
    if (said && said->find_first_not_of("0123456789") == std::string::npos) {
        return names_.number(parse_numbers(*said).at(0));
    }
    const auto found = places_.find({said.value_or(name), concert});
    if (found != places_.end()) return found->second;
    if (said) throw TableError("`" + *said + "` has no place");
    return {};
}

ConcertId Verbs::token_of(Line& line) const {
    const auto concert = line.field("token");
    return concert ? names_.id<ConcertId>(*concert) : ConcertId{};
}

std::string Verbs::owner(Line& line, const std::string& thing) const {
    if (auto by = line.field("by")) return *by;
    const auto found = owned_.find(thing);
    // Nobody's thing may still be asked for.
    return found == owned_.end() ? "nobody" : found->second.user;
}

std::string Verbs::concert_of(const std::string& thing) const {
    const auto found = owned_.find(thing);
    return found == owned_.end() ? std::string() : found->second.concert;
}

std::string Verbs::key_of(Line& line, const std::string& otherwise) {
    const std::string key = line.field("key").value_or(otherwise);
    return key == "none" ? std::string() : key;
}

}  // namespace concertres::test

// The verbs of a scenario that are commands and queries: each line becomes one, and its answer
// comes back in words.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/scenario_answers.hpp"
#include "support/scenario_table.hpp"

namespace concertres::test {

class Verbs {
  public:
    using Reply = std::function<void(Answer)>;

    // `began`: the store time that the table's times count from.
    explicit Verbs(Time began) : began_(began), answers_(names_, began) {}
    // Answers look up names here.
    Verbs(const Verbs&) = delete;
    Verbs& operator=(const Verbs&) = delete;

    void begin_epochs_at(std::int64_t epoch) { names_.begin_epochs_at(epoch); }

    // Sends what the line asks to the box office; `reply` is called with the answer, now or later.
    // False: this is none of the verbs here. Throws TableError.
    [[nodiscard]] bool send(Line& line, BoxOffice& office, const Reply& reply);

    // `concert` and the `performance` lines below it are one command. True: the line belongs to it.
    [[nodiscard]] bool drafts(Line& line);
    [[nodiscard]] bool has_draft() const { return draft_.has_value(); }
    void send_draft(BoxOffice& office, const Reply& reply);

  private:
    using Handler = void (Verbs::*)(Line&, BoxOffice&, const Reply&);
    // Where a thing belongs, by the table's names.
    struct Owned {
        std::string user;
        std::string concert;
    };

    template <class Command>
    void ask(BoxOffice& office, Command command, const Reply& reply);
    // `learn` is called with the answer of a command that was not refused.
    template <class Command, class Learn>
    void ask(BoxOffice& office, Command command, const Reply& reply, Learn learn);

    void join(Line& line, BoxOffice& office, const Reply& reply);
    void place(Line& line, BoxOffice& office, const Reply& reply);
    void leave(Line& line, BoxOffice& office, const Reply& reply);
    void tick(Line& line, BoxOffice& office, const Reply& reply);
    void hold(Line& line, BoxOffice& office, const Reply& reply);
    void extend(Line& line, BoxOffice& office, const Reply& reply);
    void release(Line& line, BoxOffice& office, const Reply& reply);
    void charge(Line& line, BoxOffice& office, const Reply& reply);
    void pay(Line& line, BoxOffice& office, const Reply& reply);
    void refund(Line& line, BoxOffice& office, const Reply& reply);
    void change(Line& line, BoxOffice& office, const Reply& reply);
    void admit(Line& line, BoxOffice& office, const Reply& reply);
    void load(Line& line, BoxOffice& office, const Reply& reply);
    void admin_release(Line& line, BoxOffice& office, const Reply& reply);
    void block(Line& line, BoxOffice& office, const Reply& reply);
    void unblock(Line& line, BoxOffice& office, const Reply& reply);
    void set_blocked(Line& line, BoxOffice& office, const Reply& reply, bool blocked);
    void concerts(Line& line, BoxOffice& office, const Reply& reply);
    void show(Line& line, BoxOffice& office, const Reply& reply);
    void draw(Line& line, BoxOffice& office, const Reply& reply);
    void dates(Line& line, BoxOffice& office, const Reply& reply);
    void find(Line& line, BoxOffice& office, const Reply& reply);
    void seat(Line& line, BoxOffice& office, const Reply& reply);
    void seats(Line& line, BoxOffice& office, const Reply& reply);
    void reservation(Line& line, BoxOffice& office, const Reply& reply);
    void reservations(Line& line, BoxOffice& office, const Reply& reply);
    void payment(Line& line, BoxOffice& office, const Reply& reply);
    void payments(Line& line, BoxOffice& office, const Reply& reply);
    void balance(Line& line, BoxOffice& office, const Reply& reply);
    void transfers(Line& line, BoxOffice& office, const Reply& reply);
    void events(Line& line, BoxOffice& office, const Reply& reply);
    void report(Line& line, BoxOffice& office, const Reply& reply);
    void explain(Line& line, BoxOffice& office, const Reply& reply);
    void token(Line& line, BoxOffice& office, const Reply& reply);
    void verify(Line& line, BoxOffice& office, const Reply& reply);

    [[nodiscard]] UserId user(const std::string& name);
    [[nodiscard]] Time time(const std::string& text) const;
    // The place of the line's `place=`: a number, none, or that of another user; by default the
    // latest one of `name` at the concert.
    [[nodiscard]] PlaceNumber place_of(Line& line, const std::string& name,
                                       const std::string& concert) const;
    // The concert of the line's `token=`: that of the place, as a token proves it; nil without.
    [[nodiscard]] ConcertId token_of(Line& line) const;
    [[nodiscard]] std::string owner(Line& line, const std::string& thing) const;
    [[nodiscard]] std::string concert_of(const std::string& thing) const;
    [[nodiscard]] static std::string key_of(Line& line, const std::string& otherwise);

    struct Draft {
        Line line;
        std::string name;
        ConcertDraft concert;
        std::vector<std::string> performances;
    };

    Time began_;
    Names names_;
    Answers answers_;
    std::optional<Draft> draft_;
    std::map<std::string, std::string> concerts_;  // of a performance
    std::map<std::string, Owned> owned_;           // reservations and payments
    std::map<std::pair<std::string, std::string>, PlaceNumber> places_;
    std::map<std::string, std::string> tokens_;
};

}  // namespace concertres::test

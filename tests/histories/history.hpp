// What clients asked and what they were told, with the moments of both: the only thing that the
// checks of a history look at.
//
//   History history;
//   const int hold = history.want({.sale = 0, .user = 3, .seats = {7}, .key = "k1"});
//   history.events.push_back({.span = {...}, .call = {.verb = Verb::hold, ...}, .answer = ...});
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "histories/linearizability.hpp"

namespace concertres::test {

enum class Verb : std::uint8_t {
    join,
    place,
    leave,
    hold,
    extend,
    release,
    look,   // at a reservation
    seats,  // the map of the hall
    charge,
    pay,
    refund,
    wallet,
};
[[nodiscard]] std::string_view name_of(Verb verb);

// What a hold asks for; it may be asked for again.
struct Wanted {
    int sale = 0;
    int user = 0;
    std::int64_t place = 0;  // with which place in the line; 0 where there is none
    std::vector<int> seats{};
    std::string key{};

    friend bool operator==(const Wanted&, const Wanted&) = default;
};

struct Call {
    Verb verb = Verb::wallet;
    int sale = 0;
    int user = 0;
    std::int64_t place = 0;
    int hold = -1;  // in History::wanted
    std::int64_t amount = 0;
    std::string key{};
    bool again = false;  // join: a new place if the latest is over
};

struct Answer {
    int status = 0;
    std::string code{};       // of a refusal
    bool replayed = false;    // says that it was there before
    std::string id{};         // of the reservation, charge or payment
    std::string state{};      // of the reservation or place
    std::int64_t number = 0;  // of the place
    std::optional<std::int64_t> position{};
    std::int64_t balance = 0;
    std::vector<std::pair<int, std::string>> seats{};  // the map
    std::vector<int> taken{};                          // seats that a refusal names
    std::vector<std::string> released{};               // reservations that a payment gave back

    [[nodiscard]] bool is_good() const { return status / 100 == 2; }
    // Answered before anything was looked at: tells nothing.
    [[nodiscard]] bool is_shed() const { return status >= 500 || status == 429 || status == 408; }
};

struct Event {
    int client = 0;
    Span span{};
    Call call{};
    std::optional<Answer> answer{};
};

struct History {
    std::vector<Event> events{};
    std::vector<Wanted> wanted{};
    std::int64_t price = 0;
    // How many may be let in at once, by sale; 0: there is no line.
    std::vector<std::int64_t> admitted_max{};
    // How old the map of a hall may be, as the server documents it.
    Moment map_age_max = 0;
    // Several servers: places, positions and maps are told from memory, as they were a moment ago,
    // and are not judged. Whatever is decided is.
    bool shows_late = false;
    // Its line is lost on the way, and numbers begin anew: rooms are not judged.
    bool loses_line = false;
};

// What is in a history, to be sure that something is.
struct HistoryCounts {
    int answered = 0;
    int lost = 0;
    int good = 0;
    int refused = 0;
    int replayed = 0;
    int reused = 0;
    int failed = 0;  // 500
};
[[nodiscard]] HistoryCounts counts_of(const History& history);

// "client 3: hold 12 of user 1 -> 409 seat_held", for a message.
[[nodiscard]] std::string text_of(const History& history, const Event& event);

}  // namespace concertres::test

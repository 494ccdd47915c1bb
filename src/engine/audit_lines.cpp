// The lines of waiting rooms: no number is lost, and nobody is overtaken.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class LineChecks {
  public:
    LineChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Place& place : rows_->places) gather(place);
        for (auto& [line, places] : places_) {
            std::sort(places.begin(), places.end(),
                      [](const Place* a, const Place* b) { return a->number < b->number; });
            check_class(line);
            check_numbers(line.concert, places);
            check_overtaken(line, places);
        }
        for (const Line& line : rows_->lines) check_end(line);
        for (const Member& member : rows_->members) check_member(member);
        for (const auto& [key, latest] : latest_) {
            findings_->expect(rows_->members.find(key) != nullptr, "Q4",
                              "user {} has place {} at concert {}, but is no member of its line",
                              name(*rows_, key.user), latest->number, name(*rows_, key.concert));
        }
        for (const ReplayedRoom& room : audited_->rooms->rooms()) check_order(room);
    }

  private:
    using Places = std::vector<const Place*>;  // of one line, by number
    class Order;
    struct Followed;

    // Its line is kept outside of the store, which knows nobody of it before the pass or the
    // leaving.
    [[nodiscard]] bool is_outside(ConcertKey concert) const;
    void gather(const Place& place);
    [[nodiscard]] bool is_later(const Place& place, const Place& other) const;
    void check_passed(const Place& place);
    void check_class(const LineKey& line);
    void check_numbers(ConcertKey concert, const Places& places);
    void check_overtaken(const LineKey& line, const Places& places);
    void check_end(const Line& line);
    void check_member(const Member& member);
    void check_order(const ReplayedRoom& room);

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<LineKey, Places> places_;
    AuditMap<MemberKey, const Place*> latest_;
};

bool LineChecks::is_outside(ConcertKey concert) const {
    const Line* first = rows_->lines.find({concert, 0});
    return first != nullptr && first->closed_until;
}

void LineChecks::gather(const Place& place) {
    findings_->expect(is_known(place.status), "Q3", "place {} at concert {} is {}", place.number,
                      name(*rows_, place.concert), place.status);
    findings_->expect(!place.waits() || !is_outside(place.concert), "Q4",
                      "place {} at concert {} waits in the store, and its line is kept elsewhere",
                      place.number, name(*rows_, place.concert));
    places_[{place.concert, place.number.line_class()}].push_back(&place);
    const Place*& latest = latest_[{place.concert, place.user}];
    if (latest == nullptr || is_later(place, *latest)) latest = &place;
    check_passed(place);
}

// When its turn came and its user was not there: never of one that simply waits, always of one that
// is kept for that reason, and before it was admitted after all.
void LineChecks::check_passed(const Place& place) {
    const bool fits = place.status == PlaceStatus::waiting  ? !place.passed_at
                      : place.status == PlaceStatus::passed ? place.passed_at.has_value()
                                                            : true;
    findings_->expect(
        fits, "Q3", "place {} at concert {} is {}, but has {}time of being passed over",
        place.number, name(*rows_, place.concert), place.status, place.passed_at ? "a " : "no ");
    if (!place.passed_at) return;
    const Pass* pass = rows_->passes.find(place.key());
    const Time until = pass != nullptr ? pass->admitted_at : audited_->now;
    findings_->expect(
        place.joined_at <= *place.passed_at && *place.passed_at <= until, "C1",
        "place {} at concert {} was joined at {} and passed over at {}, not before {}",
        place.number, name(*rows_, place.concert), At{place.joined_at}, At{*place.passed_at},
        At{until});
}

// Numbers tell within a class. Of two places that somebody took in two classes in one commit, the
// member's row alone can tell.
bool LineChecks::is_later(const Place& place, const Place& other) const {
    if (place.number.line_class() == other.number.line_class()) return place.number > other.number;
    if (place.joined_at != other.joined_at) return place.joined_at > other.joined_at;
    const Member* member = rows_->members.find({place.concert, place.user});
    return member != nullptr && member->latest == place.number;
}

void LineChecks::check_class(const LineKey& line) {
    const Sale* sale = rows_->sales.find(line.concert);
    const bool has_room = sale != nullptr && sale->room;
    const std::size_t classes = has_room ? classes_of(*sale->room).size() : 1;
    findings_->expect(static_cast<std::size_t>(line.line_class) < classes, "Q4",
                      "concert {} has places in class {}, and its room has {}",
                      name(*rows_, line.concert), line.line_class, classes);
    findings_->expect(line.line_class == 0 || rows_->lines.find(line) != nullptr, "Q4",
                      "concert {} has places in class {}, but no row says where its line ends",
                      name(*rows_, line.concert), line.line_class);
}

// Numbers are given in order and time does not go back, so who is behind did not come before. In
// epoch 0 none is missing; in later ones those who came back have the numbers that they had.
void LineChecks::check_numbers(ConcertKey concert, const Places& places) {
    const PlaceNumber first = places.front()->number;
    const bool tells_joining = !is_outside(concert);
    PlaceNumber last = PlaceNumber::of({first.line_class(), first.epoch(), 0});
    Time joined_at{Duration::min()};
    for (const Place* place : places) {
        const PlaceNumber number = place->number;
        findings_->expect(number.is_valid(), "Q4", "concert {} has a place with number {}",
                          name(*rows_, concert), number);
        const bool is_next = number.epoch() != 0 || number.sequence() <= 1 ||
                             number.sequence() == last.sequence() + 1;
        findings_->expect(is_next, "Q4", "places {} to {} at concert {} are missing",
                          last.sequence() + 1, number.sequence() - 1, name(*rows_, concert));
        const bool is_in_order =
            !tells_joining || place->joined_at >= joined_at || number.epoch() != last.epoch();
        findings_->expect(is_in_order, "C1",
                          "place {} at concert {} was joined at {}, before place {}", number,
                          name(*rows_, concert), At{place->joined_at}, last);
        joined_at = place->joined_at;
        last = number;
    }
}

// Where a number of one class stands: by its epoch; of one epoch those who were drawn, by their
// ranks, and then the others by their numbers.
class LineChecks::Order {
  public:
    explicit Order(const ReplayedDraw* draw) {
        if (draw == nullptr) return;
        const EventDraw& told = draw->told;
        drawn_ = Drawn{.line_class = told.line_class, .epoch = told.epoch, .size = told.size};
        order_.emplace(told.seed, drawn_);
    }
    // (epoch, 0, rank) or (epoch, 1, sequence).
    using Standing = std::array<std::int64_t, 3>;
    static constexpr Standing nobody{INT64_MIN, 0, 0};
    [[nodiscard]] Standing operator()(PlaceNumber number) const {
        if (order_ && drawn_.covers(number)) {
            return {number.epoch(), 0, order_->rank_of(number.sequence())};
        }
        return {number.epoch(), 1, number.sequence()};
    }

  private:
    Drawn drawn_;
    std::optional<Draw> order_;
};

// The admissions of one class, as far as the line made them.
struct LineChecks::Followed {
    struct Furthest {
        Order::Standing standing = Order::nobody;
        PlaceNumber number{};
        Time at{};
    };

    explicit Followed(const ReplayedDraw* draw) : drawn(draw) {}

    // The first that was admitted of those behind; null: nobody was.
    [[nodiscard]] const Furthest* first_behind(const Order::Standing& standing) const {
        const auto behind = std::ranges::lower_bound(furthest, standing, {}, &Furthest::standing);
        return behind == furthest.end() ? nullptr : &*behind;
    }

    Order drawn;
    bool is_drawn = false;
    std::vector<Furthest> furthest;  // each further than those before it
};

namespace {

// Who was passed over overtakes nobody, and is not overtaken by whoever comes after that.
bool was_passed_by(const Place* place, Time at) {
    return place != nullptr && place->passed_at && *place->passed_at <= at;
}

}  // namespace

// By how the line stands now; who was admitted before it was drawn overtook nobody by that, and who
// an operator let in was not let in by the line.
void LineChecks::check_overtaken(const LineKey& line, const Places& places) {
    const ConcertKey concert = line.concert;
    const ReplayedRoom* room = audited_->rooms->rooms().find(concert);
    const ReplayedDraw* draw = room != nullptr ? room->draw_of(line.line_class) : nullptr;
    const Order order(draw);
    std::vector<Followed::Furthest> admitted;
    for (const Place* place : places) {
        if (place->status != PlaceStatus::admitted) continue;
        const ReplayedPass* pass = audited_->rooms->passes().find(place->key());
        if (pass != nullptr && pass->is_by_hand) continue;
        if (draw != nullptr && pass != nullptr && pass->admitted_at < draw->at) continue;
        const Time at = pass != nullptr ? pass->admitted_at : Time::min();
        admitted.push_back({order(place->number), place->number, at});
    }
    std::ranges::sort(admitted, std::greater{}, &Followed::Furthest::standing);
    // From the back of the line on, whoever was admitted first of it.
    for (std::size_t i = 1; i < admitted.size(); ++i) {
        if (admitted[i - 1].at > admitted[i].at) continue;
        admitted[i].at = admitted[i - 1].at;
        admitted[i].number = admitted[i - 1].number;
    }
    for (const Place* place : places) {
        if (!place->waits()) continue;
        const auto end = std::ranges::lower_bound(admitted, order(place->number), std::greater{},
                                                  &Followed::Furthest::standing);
        const bool is_behind_all = end == admitted.begin();
        const Followed::Furthest behind = is_behind_all ? Followed::Furthest{} : *std::prev(end);
        findings_->expect(is_behind_all || was_passed_by(place, behind.at), "Q1",
                          "place {} at concert {} waits, and place {} behind it was admitted",
                          place->number, name(*rows_, concert), behind.number);
        const PlaceNumber latest = latest_[{concert, place->user}]->number;
        findings_->expect(place->number == latest, "Q1",
                          "user {} waits twice at concert {}: with place {} and, later, with {}",
                          name(*rows_, place->user), name(*rows_, concert), place->number, latest);
    }
}

void LineChecks::check_end(const Line& line) {
    findings_->expect(line.line_class == 0 || !line.closed_until, "Q4",
                      "the line of class {} of concert {} is kept elsewhere than that of its first",
                      line.line_class, name(*rows_, line.concert));
    const Line* first = rows_->lines.find({line.concert, 0});
    findings_->expect(first == nullptr || first->epoch == line.epoch, "Q4",
                      "the line of class {} of concert {} is in epoch {}, that of its first in {}",
                      line.line_class, name(*rows_, line.concert), line.epoch,
                      first != nullptr ? first->epoch : 0);
    const auto found = places_.find(line.key());
    PlaceNumber last = PlaceNumber{};
    if (found != places_.end()) last = found->second.back()->number;
    const Sale* sale = rows_->sales.find(line.concert);
    findings_->expect(last == PlaceNumber{} || sale == nullptr || sale->room, "Q4",
                      "concert {} has no waiting room, but a place {} in its line",
                      name(*rows_, line.concert), last);
    if (line.epoch != last.epoch()) {
        // Nobody may have come yet since the line was rebuilt.
        findings_->expect(line.epoch > last.epoch(), "Q4",
                          "the line of concert {} is in epoch {}, but has a place {} of epoch {}",
                          name(*rows_, line.concert), line.epoch, last, last.epoch());
        return;
    }
    // Blocks of numbers may be reserved in later epochs, and not all be used.
    const bool is_end = line.epoch == 0 ? line.next_sequence == last.sequence() + 1
                                        : line.next_sequence > last.sequence();
    findings_->expect(is_end, "Q4",
                      "the last place in the line of concert {} is {}, but its row says that the "
                      "next is {}",
                      name(*rows_, line.concert), last, line.next_sequence);
}

void LineChecks::check_member(const Member& member) {
    const auto found = latest_.find(member.key());
    const PlaceNumber latest = found == latest_.end() ? PlaceNumber{} : found->second->number;
    findings_->expect(member.latest == latest && latest != PlaceNumber{}, "Q4",
                      "the latest place of user {} at concert {} is {}, but the member's row says "
                      "{}",
                      name(*rows_, member.user), name(*rows_, member.concert), latest,
                      member.latest);
}

// Who is admitted first of a class stands before: by number, and from the draw on as the line was
// drawn. Those whom operators let in by hand are no part of the order.
void LineChecks::check_order(const ReplayedRoom& room) {
    // Who was passed over there, and came back, no row tells.
    const Sale* sale = rows_->sales.find(room.concert);
    if (is_outside(room.concert) && sale != nullptr && sale->room && sale->room->no_shows) return;
    const Order by_number(nullptr);
    std::map<LineClass, Followed> classes;
    for (std::size_t i = 0; i < room.steps.size(); ++i) {
        const RoomStep& step = room.steps[i];
        if (step.kind != EventKind::pass_admitted || step.by_hand) continue;
        const LineClass line_class = step.number.line_class();
        const ReplayedDraw* draw = room.draw_of(line_class);
        Followed& line = classes.try_emplace(line_class, draw).first->second;
        const bool is_drawn = draw != nullptr && i >= draw->steps;
        if (is_drawn && !line.is_drawn) line.furthest.clear();
        line.is_drawn = is_drawn;
        const Order::Standing standing = (is_drawn ? line.drawn : by_number)(step.number);
        const Followed::Furthest* behind = line.first_behind(standing);
        const Place* place = rows_->places.find({room.concert, step.number});
        findings_->expect(behind == nullptr || was_passed_by(place, behind->at), "Q1",
                          "place {} at concert {} was admitted at {}, after place {} behind it",
                          step.number, name(*rows_, room.concert), At{step.at},
                          behind != nullptr ? behind->number : PlaceNumber{});
        if (behind == nullptr) line.furthest.push_back({standing, step.number, step.at});
    }
}

}  // namespace

void check_lines(const Audited& audited, Findings& findings) {
    LineChecks(audited, findings).check();
}

}  // namespace concertres

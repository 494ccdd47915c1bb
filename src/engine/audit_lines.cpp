// The lines of waiting rooms: no number is lost, and nobody is overtaken.

#include <algorithm>
#include <array>
#include <cstdint>
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
        for (auto& [concert, places] : places_) {
            std::sort(places.begin(), places.end(),
                      [](const Place* a, const Place* b) { return a->number < b->number; });
            check_numbers(concert, places);
            check_overtaken(concert, places);
        }
        for (const Line& line : rows_->lines) check_end(line);
        for (const Member& member : rows_->members) check_member(member);
        for (const auto& [key, latest] : latest_) {
            findings_->expect(rows_->members.find(key) != nullptr, "Q4",
                              "user {} has place {} at concert {}, but is no member of its line",
                              name(*rows_, key.user), latest, name(*rows_, key.concert));
        }
        for (const ReplayedRoom& room : audited_->rooms->rooms()) check_order(room);
    }

  private:
    using Places = std::vector<const Place*>;  // of one line, by number
    class Order;

    void gather(const Place& place);
    void check_numbers(ConcertKey concert, const Places& places);
    void check_overtaken(ConcertKey concert, const Places& places);
    void check_end(const Line& line);
    void check_member(const Member& member);
    void check_order(const ReplayedRoom& room);

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<ConcertKey, Places> places_;
    AuditMap<MemberKey, PlaceNumber> latest_;
};

void LineChecks::gather(const Place& place) {
    findings_->expect(is_known(place.status), "Q3", "place {} at concert {} is {}", place.number,
                      name(*rows_, place.concert), place.status);
    places_[place.concert].push_back(&place);
    PlaceNumber& latest = latest_[{place.concert, place.user}];
    latest = std::max(latest, place.number);
}

// Numbers are given in order and time does not go back, so who is behind did not come before. In
// epoch 0 none is missing; in later ones those who came back have the numbers that they had.
void LineChecks::check_numbers(ConcertKey concert, const Places& places) {
    PlaceNumber last = PlaceNumber::of(places.front()->number.epoch(), 0);
    Time joined_at{Duration::min()};
    for (const Place* place : places) {
        const PlaceNumber number = place->number;
        findings_->expect(number.sequence() >= 1 && number.value > 0, "Q4",
                          "concert {} has a place with number {}", name(*rows_, concert), number);
        const bool is_next =
            number.epoch() != 0 || number.value <= 1 || number.sequence() == last.sequence() + 1;
        findings_->expect(is_next, "Q4", "places {} to {} at concert {} are missing",
                          last.sequence() + 1, number.sequence() - 1, name(*rows_, concert));
        findings_->expect(place->joined_at >= joined_at || number.epoch() != last.epoch(), "C1",
                          "place {} at concert {} was joined at {}, before place {}", number,
                          name(*rows_, concert), At{place->joined_at}, last);
        joined_at = place->joined_at;
        last = number;
    }
}

// Where a number stands: by its epoch; of one epoch those who were drawn, by their ranks, and then
// the others by their numbers.
class LineChecks::Order {
  public:
    explicit Order(const ReplayedRoom* room) {
        if (room == nullptr || !room->draw) return;
        const EventDraw& told = room->draw->told;
        drawn_ = Drawn{.epoch = told.epoch, .size = told.size, .at = room->draw->at};
        order_.emplace(told.seed, told.size);
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

// By how the line stands now; who was admitted before it was drawn overtook nobody by that.
void LineChecks::check_overtaken(ConcertKey concert, const Places& places) {
    const ReplayedRoom* room = audited_->rooms->rooms().find(concert);
    const Order order(room);
    const bool is_drawn = room != nullptr && room->draw;
    Order::Standing furthest = Order::nobody;
    PlaceNumber last_admitted{};
    for (const Place* place : places) {
        if (place->status != PlaceStatus::admitted) continue;
        const ReplayedPass* pass = audited_->rooms->passes().find(place->key());
        if (is_drawn && pass != nullptr && pass->admitted_at < room->draw->at) continue;
        const Order::Standing standing = order(place->number);
        if (standing <= furthest) continue;
        furthest = standing;
        last_admitted = place->number;
    }
    for (const Place* place : places) {
        if (place->status != PlaceStatus::waiting) continue;
        findings_->expect(order(place->number) > furthest, "Q1",
                          "place {} at concert {} waits, and place {} behind it was admitted",
                          place->number, name(*rows_, concert), last_admitted);
        const PlaceNumber latest = latest_[{concert, place->user}];
        findings_->expect(place->number == latest, "Q1",
                          "user {} waits twice at concert {}: with place {} and, later, with {}",
                          name(*rows_, place->user), name(*rows_, concert), place->number, latest);
    }
}

void LineChecks::check_end(const Line& line) {
    const auto found = places_.find(line.concert);
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
    const PlaceNumber latest = found == latest_.end() ? PlaceNumber{} : found->second;
    findings_->expect(member.latest == latest && latest != PlaceNumber{}, "Q4",
                      "the latest place of user {} at concert {} is {}, but the member's row says "
                      "{}",
                      name(*rows_, member.user), name(*rows_, member.concert), latest,
                      member.latest);
}

// Who is admitted first stands before: by number, and from the draw on as the line was drawn.
void LineChecks::check_order(const ReplayedRoom& room) {
    const Order drawn(&room);
    const Order by_number(nullptr);
    const std::size_t before = room.draw ? room.draw->steps : 0;
    Order::Standing furthest = Order::nobody;
    PlaceNumber last{};
    for (std::size_t i = 0; i < room.steps.size(); ++i) {
        const RoomStep& step = room.steps[i];
        if (room.draw && i == before) furthest = Order::nobody;
        if (step.kind != EventKind::pass_admitted) continue;
        const Order::Standing standing = (i < before ? by_number : drawn)(step.number);
        findings_->expect(standing > furthest, "Q1",
                          "place {} at concert {} was admitted at {}, after place {} behind it",
                          step.number, name(*rows_, room.concert), At{step.at}, last);
        if (standing <= furthest) continue;
        furthest = standing;
        last = step.number;
    }
}

}  // namespace

void check_lines(const Audited& audited, Findings& findings) {
    LineChecks(audited, findings).check();
}

}  // namespace concertres

// Drawn lines: each was drawn once, of all who had come and of nobody else, and what the sale keeps
// of it is what was told.

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class DrawChecks {
  public:
    DrawChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Sale& sale : rows_->sales) check_sale(sale);
        for (const Line& line : rows_->lines) check_line(line);
        for (const Place& place : rows_->places) check_place(place);
        for (const ReplayedRoom& room : audited_->rooms->rooms()) check_room(room);
    }

  private:
    void check_sale(const Sale& sale);
    void check_line(const Line& line);
    void check_told(const Sale& sale, const Drawn& drawn);
    void check_place(const Place& place);
    void check_room(const ReplayedRoom& room);

    // The sale, where it says that its lines have been drawn.
    [[nodiscard]] const Sale* drawn_sale(ConcertKey concert) const {
        const Sale* sale = rows_->sales.find(concert);
        return sale != nullptr && sale->draw && sale->draw->drawn_at ? sale : nullptr;
    }

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
};

void DrawChecks::check_sale(const Sale& sale) {
    const bool is_set = sale.room && sale.room->draw;
    findings_->expect(!is_set || sale.draw, "Q7",
                      "the line of concert {} is to be drawn, but there is no seed for it",
                      name(*rows_, sale.concert));
    if (drawn_sale(sale.concert) == nullptr) return;
    const Line* first = rows_->lines.find({sale.concert, 0});
    findings_->expect(first == nullptr || first->drawn, "Q7",
                      "the sale of concert {} says that it was drawn at {}, its line does not",
                      name(*rows_, sale.concert), At{*sale.draw->drawn_at});
}

void DrawChecks::check_line(const Line& line) {
    if (!line.drawn) return;
    const Drawn& drawn = *line.drawn;
    const Sale* sale = drawn_sale(line.concert);
    if (!findings_->expect(sale != nullptr, "Q7",
                           "the line of class {} of concert {} was drawn, but its sale does not "
                           "say so",
                           line.line_class, name(*rows_, line.concert))) {
        return;
    }
    findings_->expect(drawn.size >= 0 && drawn.next_rank >= 0 && drawn.next_rank <= drawn.size,
                      "Q7", "of {} places that were drawn at concert {}, {} have been let in",
                      drawn.size, name(*rows_, line.concert), drawn.next_rank);
    check_told(*sale, drawn);
    findings_->expect(
        line.epoch > drawn.epoch || (line.epoch == drawn.epoch && line.next_sequence > drawn.size),
        "Q7", "{} places of concert {} were drawn, more than there are", drawn.size,
        name(*rows_, line.concert));
}

void DrawChecks::check_told(const Sale& sale, const Drawn& drawn) {
    const ReplayedRoom* room = audited_->rooms->rooms().find(sale.concert);
    const ReplayedDraw* told = room != nullptr ? room->draw_of(drawn.line_class) : nullptr;
    const bool is_told = told != nullptr && told->told.seed == sale.draw->seed &&
                         told->told.epoch == drawn.epoch && told->told.size == drawn.size &&
                         told->at == *sale.draw->drawn_at;
    findings_->expect(is_told, "Q7",
                      "the line of concert {} was drawn at {} of {} places, but no event tells of "
                      "that draw",
                      name(*rows_, sale.concert), At{*sale.draw->drawn_at}, drawn.size);
}

void DrawChecks::check_room(const ReplayedRoom& room) {
    for (const ReplayedDraw& draw : room.draws) {
        const Line* line = rows_->lines.find({room.concert, draw.told.line_class});
        findings_->expect(line != nullptr && line->drawn, "Q7",
                          "an event says that the line of concert {} was drawn, its row does not",
                          name(*rows_, room.concert));
    }
}

void DrawChecks::check_place(const Place& place) {
    const Sale* sale = drawn_sale(place.concert);
    const Line* line = rows_->lines.find({place.concert, place.number.line_class()});
    if (sale == nullptr || line == nullptr || !line->drawn) return;
    const Drawn& drawn = *line->drawn;
    const Time drawn_at = *sale->draw->drawn_at;
    if (place.number.epoch() != drawn.epoch) return;
    const bool covered = drawn.covers(place.number);
    findings_->expect(covered ? place.joined_at <= drawn_at : place.joined_at >= drawn_at, "Q7",
                      "place {} at concert {} was joined at {}, and {} among those who were drawn "
                      "at {}",
                      place.number, name(*rows_, place.concert), At{place.joined_at},
                      covered ? "is" : "is not", At{drawn_at});
    const bool is_whole = drawn.size <= Draw::size_max;
    if (!covered || !is_whole || place.status != PlaceStatus::waiting) return;
    const Draw order(sale->draw->seed, drawn);
    findings_->expect(order.rank_of(place.number.sequence()) >= drawn.next_rank, "Q7",
                      "place {} at concert {} waits, and the draw has gone past it", place.number,
                      name(*rows_, place.concert));
}

}  // namespace

void check_draws(const Audited& audited, Findings& findings) {
    DrawChecks(audited, findings).check();
}

}  // namespace concertres

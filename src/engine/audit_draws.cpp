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
        for (const Place& place : rows_->places) check_place(place);
        for (const ReplayedRoom& room : audited_->rooms->rooms()) {
            findings_->expect(!room.draw || drawn_of(room.concert) != nullptr, "Q7",
                              "an event says that the line of concert {} was drawn, its row does "
                              "not",
                              name(*rows_, room.concert));
        }
    }

  private:
    void check_sale(const Sale& sale);
    void check_told(const Sale& sale, const Drawn& drawn);
    void check_place(const Place& place);

    [[nodiscard]] const Drawn* drawn_of(ConcertKey concert) const {
        const Sale* sale = rows_->sales.find(concert);
        return sale != nullptr && sale->draw && sale->draw->drawn ? &*sale->draw->drawn : nullptr;
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
    const Drawn* drawn = drawn_of(sale.concert);
    if (drawn == nullptr) return;
    findings_->expect(drawn->size >= 0 && drawn->next_rank >= 0 && drawn->next_rank <= drawn->size,
                      "Q7", "of {} places that were drawn at concert {}, {} have been let in",
                      drawn->size, name(*rows_, sale.concert), drawn->next_rank);
    check_told(sale, *drawn);
    const Line* line = rows_->lines.find(sale.concert);
    findings_->expect(line == nullptr || line->epoch > drawn->epoch ||
                          (line->epoch == drawn->epoch && line->next_sequence > drawn->size),
                      "Q7", "{} places of concert {} were drawn, more than there are", drawn->size,
                      name(*rows_, sale.concert));
}

void DrawChecks::check_told(const Sale& sale, const Drawn& drawn) {
    const ReplayedRoom* room = audited_->rooms->rooms().find(sale.concert);
    const ReplayedDraw* told = room != nullptr && room->draw ? &*room->draw : nullptr;
    const bool is_told = told != nullptr && told->told.seed == sale.draw->seed &&
                         told->told.epoch == drawn.epoch && told->told.size == drawn.size &&
                         told->at == drawn.at;
    findings_->expect(is_told, "Q7",
                      "the line of concert {} was drawn at {} of {} places, but no event tells of "
                      "that draw",
                      name(*rows_, sale.concert), At{drawn.at}, drawn.size);
}

void DrawChecks::check_place(const Place& place) {
    const Drawn* drawn = drawn_of(place.concert);
    if (drawn == nullptr || place.number.epoch() != drawn->epoch) return;
    const bool covered = drawn->covers(place.number);
    findings_->expect(covered ? place.joined_at <= drawn->at : place.joined_at >= drawn->at, "Q7",
                      "place {} at concert {} was joined at {}, and {} among those who were drawn "
                      "at {}",
                      place.number, name(*rows_, place.concert), At{place.joined_at},
                      covered ? "is" : "is not", At{drawn->at});
    if (!covered || place.status != PlaceStatus::waiting) return;
    const Draw order(rows_->sales.find(place.concert)->draw->seed, drawn->size);
    findings_->expect(order.rank_of(place.number.sequence()) >= drawn->next_rank, "Q7",
                      "place {} at concert {} waits, and the draw has gone past it", place.number,
                      name(*rows_, place.concert));
}

}  // namespace

void check_draws(const Audited& audited, Findings& findings) {
    DrawChecks(audited, findings).check();
}

}  // namespace concertres

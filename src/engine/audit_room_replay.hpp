// What the events of rooms say: who was admitted when, and how passes ended.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/audit_findings.hpp"
#include "engine/audit_rows.hpp"

namespace concertres {

struct ReplayedPass {
    PlaceKey place{};
    UserId user{};
    bool is_admitted = false;
    bool is_by_hand = false;
    bool is_ended = false;
    EventKind end = EventKind::pass_expired;
    Time admitted_at{};
    Time expires_at{};  // as of the admission
    Time ended_at{};

    [[nodiscard]] PlaceKey key() const { return place; }
};

// One event of a room, as far as it counts for how many were let in.
struct RoomStep {
    EventKind kind = EventKind::pass_admitted;
    Time at{};
    PlaceNumber number{};
    bool by_hand = false;  // by an operator, who may let in anybody first
};

struct ReplayedDraw {
    EventDraw told{};
    Time at{};
    std::size_t steps = 0;  // of the room, that came before it
};

struct ReplayedRoom {
    ConcertKey concert{};
    std::vector<RoomStep> steps{};
    std::vector<ReplayedDraw> draws{};  // of one moment, one of each line

    [[nodiscard]] const ReplayedDraw* draw_of(LineClass line_class) const {
        for (const ReplayedDraw& draw : draws) {
            if (draw.told.line_class == line_class) return &draw;
        }
        return nullptr;
    }
    [[nodiscard]] ConcertKey key() const { return concert; }
};

class RoomReplay {
  public:
    // Lifetime: both outlive it.
    RoomReplay(const AuditRows& rows, Findings& findings) : rows_(&rows), findings_(&findings) {}

    // The next event of a room's stream; those of one stream in order.
    void apply(const Event& event);

    [[nodiscard]] const ShownTable<ReplayedPass>& passes() const { return passes_; }
    [[nodiscard]] const ShownTable<ReplayedRoom>& rooms() const { return rooms_; }

  private:
    void draw(const Event& event, ReplayedRoom& room);
    void admit(const Event& event, ReplayedPass& pass);
    void end(const Event& event, ReplayedPass& pass);

    const AuditRows* rows_;
    Findings* findings_;
    ShownTable<ReplayedPass> passes_;
    ShownTable<ReplayedRoom> rooms_;
};

}  // namespace concertres

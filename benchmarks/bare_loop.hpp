// The yardstick: a bare loop over SQLite's C interface that writes the rows which a box office
// writes for the same holds and releases, into a copy of the same file, just as durably. It decides
// nothing and reads nothing: all values are ready before the clock starts. What is left is what
// SQLite and the disk take for such rows; no engine on these tables can be quicker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bare_database.hpp"
#include "engine_run.hpp"
#include "scene.hpp"
#include "stopwatch.hpp"

namespace bench {

class BareLoop {
  public:
    // `file` is a store that build_scene() has filled, and which nobody has open.
    BareLoop(const std::filesystem::path& file, const SceneShape& shape);
    ~BareLoop();

    // Writes `load.in_flight` holds in one transaction, then their releases in one, and so on. In a
    // transaction each row is written once, as an engine that groups writes it.
    Elapsed run(const Load& load);

  private:
    struct Buyer {
        concertres::UserId id;
        std::int64_t user = 0;
        std::int64_t concert = 0;
        std::int64_t place = 0;
        std::int64_t pass_version = 0;
        std::array<std::int64_t, 2> limit_versions{};  // in the hall, at the concert
        std::int64_t pass_expires_at = 0;
    };
    struct Hall {
        std::int64_t performance = 0;
        std::int64_t version = 0;
        std::int64_t free = 0;
        std::int64_t held = 0;
        std::int64_t next_event = 1;
        std::vector<std::int64_t> seat_versions;
        std::size_t written_in = 0;  // the last group that did
    };
    // Everything that one command writes but what its group shares.
    struct Command {
        bool is_hold = true;
        std::size_t buyer = 0;
        std::size_t hall = 0;
        std::int64_t reservation = 0;
        concertres::Uuid id;
        std::vector<std::int64_t> seats;
        std::vector<std::int64_t> seat_versions;
        std::string seats_text;
        std::int64_t total = 0;
        std::int64_t held_at = 0;     // or released
        std::int64_t held_until = 0;  // 0: of a release
        std::int64_t extend_until = 0;
        std::int64_t fingerprint = 0;
        std::int64_t pass_version = 0;
        std::string pass_held;
        std::array<std::int64_t, 2> limit_versions{};
        std::string limit_held;
        std::int64_t event_number = 0;
        std::string event_text;
        std::int64_t event_crc = 0;
    };
    struct HallRow {
        std::int64_t performance = 0;
        std::int64_t version = 0;
        std::int64_t free = 0;
        std::int64_t held = 0;
        std::int64_t next_event = 0;
    };
    struct Group {
        std::int64_t at = 0;
        std::vector<HallRow> halls;
        std::vector<Command> commands;
    };
    struct Statements;
    void read_scene();
    std::vector<Group> prepare(const Load& load);
    Command hold(const HoldOrder::Next& next, std::int64_t at);
    Command release(const Command& held, std::int64_t at);
    void set_event(Command& command, concertres::Event event);
    void finish_group(Group& group);
    void write(const Group& group);
    void write_limits(const Command& command);
    void write_reservation(const Command& command);
    void write_seats(const Command& command);

    SceneShape shape_;
    HoldOrder order_;
    BareDatabase database_;
    std::unique_ptr<Statements> statements_;
    std::vector<Buyer> buyers_;
    std::vector<Hall> halls_;
    std::int64_t next_key_ = 0;
    std::int64_t now_ = 0;
    std::size_t groups_ = 0;
};

}  // namespace bench

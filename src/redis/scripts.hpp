// What a line in Redis is made of: five keys for each room, all in one slot of a cluster, and one
// script for each step, which runs as a whole or not at all. Nothing in them reads a clock.
//
//   room       hash: epoch, home; next:C and end:C, the numbers left to give in class C; and
//              by user, as 16 bytes, the number of the latest place
//   line       sorted set: users who wait, by number; and '', below all, which tells a line that
//              has nobody in it from one that is gone
//   passed     sorted set: users who were passed over, by number
//   passed_at  sorted set: the same, by when
//   heard      hash: when users who wait were heard of
//
// A number is 53 bits at most, so a score holds it exactly. Times are in microseconds.
//
// `home` names the process that has the line, and the history of data that it is in (node.hpp): who
// calls says what it is connected to, and the script whether that is where the epoch was begun.
// After a restart or a fail-over it is not, whatever came through it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "concertres/ids.hpp"

namespace concertres::redis {

enum class Step : std::uint8_t {
    begin,
    extend,
    join,
    reenter,
    leave,
    heard,
    peek,
    drop,
    position,
    erase,
};
constexpr std::size_t steps = 10;

struct Script {
    std::string text;
    std::string sha1;  // in hex: its name on a server
};

[[nodiscard]] const Script& script_of(Step step);

// How Redis names the keys of a room, in the order in which the scripts take them.
[[nodiscard]] std::array<std::string, 5> keys_of(std::string_view prefix, const ConcertId& concert);

}  // namespace concertres::redis

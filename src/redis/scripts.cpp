#include "redis/scripts.hpp"

#include <openssl/evp.h>

#include <stdexcept>

#include "base/hex.hpp"

namespace concertres::redis {
namespace {

// In front of every other. What a script answers begins with 1, or with 0 and why it is not done:
// lost, outdated EPOCH, full, no_numbers.
constexpr std::string_view prelude = R"lua(
local room, line, passed, passed_at, heard = unpack(KEYS)

-- Of what is stored as epoch and home, against ARGV[1] and ARGV[2].
local function fault_of(epoch, home)
    if epoch == ARGV[1] and home == ARGV[2] then return nil end
    if epoch and tonumber(epoch) > tonumber(ARGV[1]) then return {0, 'outdated', epoch} end
    return {0, 'lost'}
end

local function fault()
    local at = redis.call('HMGET', room, 'epoch', 'home')
    return fault_of(at[1], at[2])
end

local function first_of_class(number)
    return number - number % 2^49
end

-- Later in its epoch, or of a later one, whatever their classes.
local function is_newer(number, than)
    return tonumber(number) % 2^49 > tonumber(than) % 2^49
end

local function ahead_of(number)
    local first, last = first_of_class(number), string.format('(%.0f', number)
    return redis.call('ZCOUNT', line, first, last) + redis.call('ZCOUNT', passed, first, last)
end

local function stand(user, number, before)
    if before then
        redis.call('ZREM', passed, user)
        redis.call('ZREM', passed_at, user)
        redis.call('HDEL', heard, user)
    end
    redis.call('ZADD', line, number, user)
end

local function take_out(users)
    if #users == 0 then return 0 end
    local out = redis.call('ZREM', line, unpack(users)) + redis.call('ZREM', passed, unpack(users))
    redis.call('ZREM', passed_at, unpack(users))
    redis.call('HDEL', heard, unpack(users))
    return out
end

-- number, made, waits, ahead of a user's latest place.
local function place_of(user, number, made)
    if not number then return {1, 0, 0, 0, 0} end
    number = tonumber(number)
    local waits = redis.call('ZSCORE', line, user) or redis.call('ZSCORE', passed, user)
    if not waits then return {1, number, 0, 0, 0} end
    return {1, number, made, 1, ahead_of(number)}
end
)lua";

// ARGV: epoch, home. Answers nothing more.
constexpr std::string_view begin = R"lua(
local at = redis.call('HMGET', room, 'epoch', 'home')
if at[1] then
    local stored, given = tonumber(at[1]), tonumber(ARGV[1])
    if stored == given and at[2] == ARGV[2] then return {1} end
    if stored >= given then return {0, 'outdated', at[1]} end
end
-- Half a line is none: who stands in the one part would be refused for what the other lacks.
if not at[1] or not redis.call('ZSCORE', line, '') then redis.call('UNLINK', unpack(KEYS)) end
for class = 0, 15 do redis.call('HDEL', room, 'next:' .. class, 'end:' .. class) end
redis.call('HSET', room, 'epoch', ARGV[1], 'home', ARGV[2])
redis.call('ZADD', line, -1, '')
return {1}
)lua";

// ARGV: epoch, home, class, first, last. Answers nothing more.
constexpr std::string_view extend = R"lua(
local refused = fault()
if refused then return refused end
local left = redis.call('HMGET', room, 'next:' .. ARGV[3], 'end:' .. ARGV[3])
-- One that was under way for long may have been overtaken by others: numbers only go up.
if not left[1] or tonumber(left[1]) > tonumber(left[2]) and tonumber(ARGV[4]) > tonumber(left[2]) then
    redis.call('HSET', room, 'next:' .. ARGV[3], ARGV[4], 'end:' .. ARGV[3], ARGV[5])
end
return {1}
)lua";

// ARGV: epoch, home, user, class, over, waiting_max. Answers number, made, waits, ahead.
constexpr std::string_view join = R"lua(
local user, class = ARGV[3], ARGV[4]
local at = redis.call('HMGET', room, 'epoch', 'home', user, 'next:' .. class, 'end:' .. class)
local refused = fault_of(at[1], at[2])
if refused then return refused end
if at[3] and is_newer(at[3], ARGV[5]) then return place_of(user, at[3], 0) end
local waiting = redis.call('ZCARD', line) - 1 + redis.call('ZCARD', passed)
if waiting >= tonumber(ARGV[6]) then return {0, 'full'} end
local next = tonumber(at[4] or 1)
if next > tonumber(at[5] or 0) then return {0, 'no_numbers'} end
local number = tonumber(class) * 2^49 + tonumber(ARGV[1]) * 2^36 + next
redis.call('HSET', room, user, string.format('%.0f', number), 'next:' .. class, next + 1)
stand(user, number, at[3])
return {1, number, 1, 1, ahead_of(number)}
)lua";

// ARGV: epoch, home, user, number. Answers number, made, waits, ahead.
constexpr std::string_view reenter = R"lua(
local user, number = ARGV[3], ARGV[4]
local at = redis.call('HMGET', room, 'epoch', 'home', user)
local refused = fault_of(at[1], at[2])
if refused then return refused end
local epoch = math.floor(tonumber(number) % 2^49 / 2^36)
if (at[3] and not is_newer(number, at[3])) or epoch >= tonumber(ARGV[1]) then
    return place_of(user, at[3], 0)
end
redis.call('HSET', room, user, number)
stand(user, number, at[3])
return place_of(user, number, 1)
)lua";

// ARGV: epoch, home, user, number. Answers how many have left: 0 or 1.
constexpr std::string_view leave = R"lua(
local at = redis.call('HMGET', room, 'epoch', 'home', ARGV[3])
local refused = fault_of(at[1], at[2])
if refused then return refused end
if at[3] ~= ARGV[4] then return {1, 0} end
return {1, take_out({ARGV[3]})}
)lua";

// ARGV: epoch, home, now, user... Answers how many have come back.
constexpr std::string_view heard = R"lua(
local refused = fault()
if refused then return refused end
local users = {unpack(ARGV, 4)}
if #users == 0 then return {1, 0} end
local stands = redis.call('ZMSCORE', line, unpack(users))
local over = redis.call('ZMSCORE', passed, unpack(users))
local back = 0
for i, user in ipairs(users) do
    if over[i] then
        back = back + redis.call('ZREM', passed, user)
        redis.call('ZREM', passed_at, user)
        redis.call('ZADD', line, over[i], user)
    end
    if stands[i] or over[i] then redis.call('HSET', heard, user, ARGV[3]) end
end
return {1, back}
)lua";

// ARGV: epoch, home, class, count, now, silent_before, lost_before; the last two are '' where
// everybody is there, and nobody loses a place. Answers lost, passed over, cut, how many of the
// class wait, and how many of them were passed over, then user and number of each.
constexpr std::string_view peek = R"lua(
local refused = fault()
if refused then return refused end
if not redis.call('ZSCORE', line, '') then return {0, 'lost'} end
local count, now, silent_before = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local answer = {1, 0, 0, 0, 0, 0}

if ARGV[7] ~= '' then
    local late = redis.call('ZRANGEBYSCORE', passed_at, '-inf', '(' .. ARGV[7], 'LIMIT', 0, 512)
    answer[2] = #late
    if #late == 512 then answer[4] = 1 end
    take_out(late)
end

local first = tonumber(ARGV[3]) * 2^49
local from, last = string.format('%.0f', first), string.format('%.0f', first + 2^49 - 1)
local looked_at = 0
while count > 0 do
    local found = redis.call('ZRANGEBYSCORE', line, from, last, 'WITHSCORES', 'LIMIT', 0, count)
    local times = {}
    if silent_before and #found > 0 then
        local users = {}
        for i = 1, #found, 2 do users[#users + 1] = found[i] end
        times = redis.call('HMGET', heard, unpack(users))
    end
    for i = 1, #found, 2 do
        local user, number, time = found[i], found[i + 1], times[(i + 1) / 2]
        if silent_before and not time then redis.call('HSET', heard, user, now) end
        if silent_before and tonumber(time or now) < silent_before then
            redis.call('ZREM', line, user)
            redis.call('ZADD', passed, number, user)
            redis.call('ZADD', passed_at, now, user)
            answer[3] = answer[3] + 1
        else
            answer[#answer + 1] = user
            answer[#answer + 1] = number
            count = count - 1
        end
        from = '(' .. number
    end
    looked_at = looked_at + #found / 2
    if #found == 0 then break end
    if looked_at >= 2048 and count > 0 then
        answer[4] = 1
        break
    end
end
from = string.format('%.0f', first)
answer[6] = redis.call('ZCOUNT', passed, from, last)
answer[5] = redis.call('ZCOUNT', line, from, last) + answer[6]
return answer
)lua";

// ARGV: epoch, home, then number and user of each. Answers nothing more.
constexpr std::string_view drop = R"lua(
local refused = fault()
if refused then return refused end
local users = {}
for i = 3, #ARGV, 2 do
    local number, user = ARGV[i], ARGV[i + 1]
    local latest = redis.call('HGET', room, user)
    if not latest or not is_newer(latest, number) then
        redis.call('HSET', room, user, number)
        users[#users + 1] = user
    end
end
take_out(users)
return {1}
)lua";

// ARGV: epoch, home, user... Answers how many wait, then number, waits and ahead of each.
constexpr std::string_view position = R"lua(
local refused = fault()
if refused then return refused end
local answer = {1, redis.call('ZCARD', line) - 1 + redis.call('ZCARD', passed)}
for i = 3, #ARGV do
    local place = place_of(ARGV[i], redis.call('HGET', room, ARGV[i]), 0)
    answer[#answer + 1] = place[2]
    answer[#answer + 1] = place[4]
    answer[#answer + 1] = place[5]
end
return answer
)lua";

// Takes no arguments.
constexpr std::string_view erase = R"lua(
redis.call('UNLINK', unpack(KEYS))
return {1}
)lua";

Script prepare(std::string_view body) {
    Script script;
    script.text.append(prelude).append(body);
    std::array<std::uint8_t, 20> digest{};
    unsigned int size = 0;
    if (EVP_Digest(script.text.data(), script.text.size(), digest.data(), &size, EVP_sha1(),
                   nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-1, by which Redis names its scripts");
    }
    script.sha1 = to_hex(digest);
    return script;
}

}  // namespace

const Script& script_of(Step step) {
    static const std::array<Script, steps> scripts = {
        prepare(begin), prepare(extend), prepare(join), prepare(reenter),  prepare(leave),
        prepare(heard), prepare(peek),   prepare(drop), prepare(position), prepare(erase),
    };
    return scripts.at(static_cast<std::size_t>(step));
}

std::array<std::string, 5> keys_of(std::string_view prefix, const ConcertId& concert) {
    std::string tag(prefix);
    tag.append(":{").append(concert.to_string()).append("}:");
    return {tag + "room", tag + "line", tag + "passed", tag + "passed_at", tag + "heard"};
}

}  // namespace concertres::redis

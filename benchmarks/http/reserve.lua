-- For wrk: each request holds one seat that nobody has had, for the next of many buyers.
local tokens, performances = {}, {}
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end
for line in io.lines(os.getenv("PERFORMANCES")) do performances[#performances + 1] = line end

-- Seats of earlier rounds are taken: each round has dates of its own.
local per_round = math.floor(#performances / tonumber(os.getenv("ROUNDS_IN_ALL")))
local first = tonumber(os.getenv("ROUND")) * per_round
local count = 0

function request()
    local performance = performances[first + count % per_round + 1]
    local seat = math.floor(count / per_round) + 1
    local token = tokens[count % #tokens + 1]
    count = count + 1
    return wrk.format("POST", "/v1/reservations", {
        ["Authorization"] = "Bearer " .. token,
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = "k" .. first .. "-" .. count,
    }, '{"performance_id":"' .. performance .. '","seats":[' .. seat .. "]}")
end

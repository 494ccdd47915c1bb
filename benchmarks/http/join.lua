-- For wrk: each request joins one line, for a user who has never been there.
local path = "/v1/concerts/" .. os.getenv("CONCERT") .. "/tokens"
local headers = { ["Content-Type"] = "application/json" }
local user = '{"user_id":"%08x-0000-4000-8000-%012x"}'
-- Of another round, or of who has had a token before, is nobody.
local first = (tonumber(os.getenv("ROUND")) + 1) * 100000000
local count = 0

function request()
    count = count + 1
    return wrk.format("POST", path, headers, user:format(first / 100000000, first + count))
end

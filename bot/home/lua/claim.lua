-- Claim the next Home that is due, for one attempt to publish it.
-- KEYS[1] people by when their Home is due (ms)
-- ARGV[1] ms until another process may claim it, too
-- Returns {the person, until when the claim counts (ms)} or {}.
-- include bot/store/lua/clock.lua

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', clock_ms(), 'LIMIT', 0, 1)
if not due[1] then return {} end
local score = string.format('%.0f', clock_ms() + tonumber(ARGV[1]))
redis.call('ZADD', KEYS[1], score, due[1])
return {due[1], score}

-- Let one worker look after a promise whose time to be looked at has come.
-- KEYS[1] the promise
-- KEYS[2] open promises
-- ARGV[1] the promise's id
-- ARGV[2] ms after which another worker looks, if this one says nothing
-- Answers {"yours", unix ms by Redis' clock, field, value, …} or {"no"}.
-- include bot/store/lua/clock.lua

local due = redis.call('ZSCORE', KEYS[2], ARGV[1])
local now = clock_ms()
if not due or tonumber(due) > now then return {'no'} end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return {'no'}
end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
return {'yours', string.format('%.0f', now), unpack(redis.call('HGETALL', KEYS[1]))}

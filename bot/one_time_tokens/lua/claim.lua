-- Give a pending rotation that is due for a check to one worker, for a while.
-- KEYS[1] the rotation
-- KEYS[2] pending rotations by when they are checked next
-- ARGV[1] the rotation's id
-- ARGV[2] ms after which another worker may claim it, unless it is updated before
-- Returns {"yours", unix ms by Redis' clock, field, value, …} or {"no"}.
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

-- Give a lease that nobody holds to the caller, with a fence above every fence before it.
-- KEYS[1] the lease
-- KEYS[2] the last fence of all leases
-- ARGV[1] the holder's name
-- ARGV[2] a token of this call, so that a retry after a lost reply gets the same lease
-- ARGV[3] ms until the lease expires
-- Returns {"ok", fence} or {"held", the holder's name}.
-- include bot/store/lua/clock.lua

local held = redis.call('HMGET', KEYS[1], 'holder', 'token', 'fence')
if held[2] == ARGV[2] then return {'ok', held[3]} end
if held[3] then return {'held', held[1]} end
-- At least the clock: fences also grow after Redis lost its data or failed over to a replica that lagged.
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local fence = string.format('%.0f', math.max(last + 1, clock_ms()))
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', ARGV[2], 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'ok', fence}

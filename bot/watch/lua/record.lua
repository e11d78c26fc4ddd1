-- Keep the sample of a slot of a cluster's history in place of an earlier one, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the samples
-- ARGV[1] the lease's fence
-- ARGV[2] when the slot began, unix seconds
-- ARGV[3] the sample, JSON
-- ARGV[4] how many samples are kept
-- ARGV[5] for how many seconds, by the clock of Redis
-- Returns {"ok"} or {"lost"} (another process leads).
-- include bot/store/lua/lease_held.lua

if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], ARGV[2], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[4]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. (tonumber(redis.call('TIME')[1]) - tonumber(ARGV[5])))
redis.call('EXPIRE', KEYS[2], ARGV[5])
return {'ok'}

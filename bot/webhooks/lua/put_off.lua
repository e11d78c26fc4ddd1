-- Note that the first request of a webhook's line was not accepted, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the failed attempts of the first request
-- ARGV[1] the lease's fence
-- ARGV[2] how many attempts have failed
-- ARGV[3] when the next one is made, unix seconds
-- ARGV[4] seconds after which this is forgotten
-- Returns {"ok"} or {"lost"}: another process sends.
-- include bot/store/lua/lease_held.lua

if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
redis.call('HSET', KEYS[2], 'tries', ARGV[2], 'at', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return {'ok'}

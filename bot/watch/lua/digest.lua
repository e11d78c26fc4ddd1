-- Promise the digest of a day, once, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the day of the last digest
-- KEYS[3] messages by when they are sent
-- KEYS[4] the beginning of the messages' keys
-- ARGV[1] the lease's fence
-- ARGV[2] the day, YYYY-MM-DD
-- ARGV[3] seconds that it is remembered
-- ARGV[4] the message, JSON
-- Returns {"ok"}, {"there"} (this day's, or a later one, was promised before) or {"lost"} (another process leads).
-- include bot/store/lua/lease_held.lua
-- include bot/outbox/lua/promise.lua

local last = redis.call('GET', KEYS[2])
if last and last >= ARGV[2] then return {'there'} end
if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
promise(KEYS[3], KEYS[4], ARGV[4])
return {'ok'}

-- End a lease, if it still has the caller's fence.
-- KEYS[1] the lease
-- ARGV[1] the caller's fence
-- Returns {"ok"} or {"lost"}.
-- include bot/store/lua/lease_held.lua

if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
redis.call('DEL', KEYS[1])
return {'ok'}

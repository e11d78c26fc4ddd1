-- Remove the first request of a webhook's line, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the line
-- KEYS[3] the failed attempts of its first request
-- KEYS[4] the audit log
-- KEYS[5] the audit log's head
-- ARGV[1] the lease's fence
-- ARGV[2] the request's id
-- ARGV[3] the audit head that the entries are chained to, "" without entries
-- ARGV[4] the audit head after them
-- ARGV[5...] the audit entries
-- Returns {"ok"}, {"lost"} (another process sends) or {"head", head}.
-- include bot/store/lua/lease_held.lua
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[4], 3) then return {'ok'} end
if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
local first = redis.call('LINDEX', KEYS[2], 0)
if not first or cjson.decode(first).id ~= ARGV[2] then return {'ok'} end
local head = audit_conflict(KEYS[5], 3)
if head then return {'head', head} end
audit_append(KEYS[4], KEYS[5], 3)
redis.call('LPOP', KEYS[2])
redis.call('DEL', KEYS[3])
return {'ok'}

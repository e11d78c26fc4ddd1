-- Note what somebody said of a cluster's incidents: an acknowledgement, or a silence.
-- KEYS[1] acknowledgements, or silences
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] its id
-- ARGV[2] what to note, JSON
-- ARGV[3] the audit head that the entries are chained to, "" without entries
-- ARGV[4] the audit head after them
-- ARGV[5...] the audit entries
-- Returns {"ok"}, {"there", what is noted already} or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 3) then return {'ok'} end
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there then return {'there', there} end
local head = audit_conflict(KEYS[3], 3)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 3)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {'ok'}

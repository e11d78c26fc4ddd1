-- End a cluster's freeze.
-- KEYS[1] the cluster's freeze
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] the audit head that the entries are chained to, "" without entries
-- ARGV[2] the audit head after them
-- ARGV[3...] the audit entries
-- Returns {"thawed"}, {"none"} (it was not frozen; nothing is written) or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 1) then return {'thawed'} end
if redis.call('EXISTS', KEYS[1]) == 0 then return {'none'} end
local head = audit_conflict(KEYS[3], 1)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 1)
redis.call('DEL', KEYS[1])
return {'thawed'}

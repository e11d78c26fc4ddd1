-- End a cluster's freeze.
-- KEYS[1] the cluster's freeze
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] unix ms at which it ends by itself
-- ARGV[2] the audit head that the entries are chained to, "" without entries
-- ARGV[3] the audit head after them
-- ARGV[4...] the audit entries
-- Returns {"thawed"}, {"changed"} (another freeze is kept, or none; nothing is written) or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/freeze/lua/kept.lua

if audit_applied(KEYS[2], 2) then return {'thawed'} end
if kept_until(KEYS[1]) ~= ARGV[1] then return {'changed'} end
local head = audit_conflict(KEYS[3], 2)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 2)
redis.call('DEL', KEYS[1])
return {'thawed'}

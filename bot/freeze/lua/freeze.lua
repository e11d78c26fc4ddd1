-- Freeze a cluster, in place of the freeze that is kept.
-- KEYS[1] the cluster's freeze
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] the freeze as JSON
-- ARGV[2] unix ms at which it is deleted, even if its end was not reported
-- ARGV[3] unix ms at which the freeze ends that it replaces, "" for none
-- ARGV[4] the audit head that the entries are chained to, "" without entries
-- ARGV[5] the audit head after them
-- ARGV[6...] the audit entries
-- Returns {"ok"}, {"changed"} (another freeze is kept) or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/freeze/lua/kept.lua

if audit_applied(KEYS[2], 4) then return {'ok'} end
if kept_until(KEYS[1]) ~= ARGV[3] then return {'changed'} end
local head = audit_conflict(KEYS[3], 4)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 4)
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ARGV[2])
return {'ok'}

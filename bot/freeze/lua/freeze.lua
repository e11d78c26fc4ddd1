-- Freeze a cluster; this replaces an earlier freeze.
-- KEYS[1] the cluster's freeze
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] the freeze as JSON
-- ARGV[2] unix ms at which it ends
-- ARGV[3] the audit head that the entries are chained to, "" without entries
-- ARGV[4] the audit head after them
-- ARGV[5...] the audit entries
-- Returns {"ok"} or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 3) then return {'ok'} end
local head = audit_conflict(KEYS[3], 3)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 3)
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ARGV[2])
return {'ok'}

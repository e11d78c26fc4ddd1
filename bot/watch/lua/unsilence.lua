-- End a silence.
-- KEYS[1] silences
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] its id
-- ARGV[2] the audit head that the entries are chained to, "" without entries
-- ARGV[3] the audit head after them
-- ARGV[4...] the audit entries
-- Returns {"ended"}, {"none"} (nothing is written) or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 2) then return {'ended'} end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {'none'} end
local head = audit_conflict(KEYS[3], 2)
if head then return {'head', head} end
audit_append(KEYS[2], KEYS[3], 2)
redis.call('HDEL', KEYS[1], ARGV[1])
return {'ended'}

-- Give up a message that Slack has not accepted, and note it with its job.
-- KEYS[1] the message
-- KEYS[2] messages by when they are sent
-- KEYS[3] the job
-- KEYS[4] the audit log
-- KEYS[5] the audit log's head
-- ARGV[1] the message's id
-- ARGV[2] the version that was tried
-- ARGV[3] why
-- ARGV[4] the audit head that the entries are chained to, "" without entries
-- ARGV[5] the audit head after them
-- ARGV[6...] the audit entries
-- Returns {"ok"}, {"changed"} (a newer version came meanwhile) or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[4], 4) then return {'ok'} end
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return {'changed'} end
local head = audit_conflict(KEYS[5], 4)
if head then return {'head', head} end

audit_append(KEYS[4], KEYS[5], 4)
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('HSET', KEYS[3], 'untold', ARGV[3]) end
return {'ok'}

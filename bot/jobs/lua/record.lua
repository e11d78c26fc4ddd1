-- Write fields of a running job, if the lease still holds.
-- KEYS[1] the job
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] the lease's fence
-- ARGV[2] the fields, a JSON object of texts
-- ARGV[3] the audit head that the entries are chained to, "" without entries
-- ARGV[4] the audit head after them
-- ARGV[5...] the audit entries
-- Answers {"ok"}, {"lost"} or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 3) then return {'ok'} end
local job = redis.call('HMGET', KEYS[1], 'state', 'fence')
if job[1] ~= 'running' or job[2] ~= ARGV[1] then return {'lost'} end
local head = audit_conflict(KEYS[3], 3)
if head then return {'head', head} end

audit_append(KEYS[2], KEYS[3], 3)
for field, value in pairs(cjson.decode(ARGV[2])) do
  redis.call('HSET', KEYS[1], field, value)
end
return {'ok'}

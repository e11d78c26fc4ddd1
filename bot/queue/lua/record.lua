-- Write fields of a running job, if the lease still has its fence.
-- KEYS[1] the job
-- KEYS[2] the audit log
-- KEYS[3] the audit log's head
-- ARGV[1] the lease's fence
-- ARGV[2] the fields, a JSON object of texts
-- ARGV[3] "1" to write nothing if the job was cancelled, otherwise ""
-- ARGV[4] the audit head that the entries are chained to, "" without entries
-- ARGV[5] the audit head after them
-- ARGV[6...] the audit entries
-- Returns {"ok"}, {"lost"}, {"stop", who cancelled} or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[2], 4) then return {'ok'} end
local job = redis.call('HMGET', KEYS[1], 'state', 'fence', 'cancel_by')
if job[1] ~= 'running' or job[2] ~= ARGV[1] then return {'lost'} end
if ARGV[3] == '1' and job[3] then return {'stop', job[3]} end
local head = audit_conflict(KEYS[3], 4)
if head then return {'head', head} end

audit_append(KEYS[2], KEYS[3], 4)
for field, value in pairs(cjson.decode(ARGV[2])) do
  redis.call('HSET', KEYS[1], field, value)
end
return {'ok'}

-- Void an approval whose plan no longer applies, before its first step, and end its job.
-- KEYS[1] the approval
-- KEYS[2] the job
-- KEYS[3] the stream of the exclusive lane
-- KEYS[4] the cluster's slot
-- KEYS[5] the cluster's waiting list
-- KEYS[6] approvals whose card must be updated, by when in ms (0: now)
-- KEYS[7] the audit log
-- KEYS[8] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] the lease's fence
-- ARGV[3] the stream entry's id
-- ARGV[4] the consumer group
-- ARGV[5] why
-- ARGV[6] the job's outcome, JSON
-- ARGV[7] seconds that both are kept
-- ARGV[8] the audit head that the entries are chained to, "" without entries
-- ARGV[9] the audit head after them
-- ARGV[10...] the audit entries
-- Returns {"ok"}, {"lost"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/store/lua/clock.lua
-- include bot/queue/lua/slot.lua

local job = redis.call('HMGET', KEYS[2], 'state', 'fence')
if job[2] ~= ARGV[2] then return {'lost'} end
if job[1] == 'cancelled' then return {'ok'} end
if job[1] ~= 'running' then return {'lost'} end
local head = audit_conflict(KEYS[8], 8)
if head then return {'head', head} end

audit_append(KEYS[7], KEYS[8], 8)
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'state', 'void', 'decided_at', clock_text(), 'why', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('ZADD', KEYS[6], 0, ARGV[1])
redis.call('HSET', KEYS[2], 'state', 'cancelled', 'outcome', ARGV[6], 'finished_at', clock_text())
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('XACK', KEYS[3], ARGV[4], ARGV[3])
redis.call('XDEL', KEYS[3], ARGV[3])
slot_leave(KEYS[4], KEYS[5], KEYS[3], ARGV[1])
return {'ok'}

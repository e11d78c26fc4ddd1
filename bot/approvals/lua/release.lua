-- Queue a running job that needs no approval in its cluster's exclusive lane.
-- KEYS[1] the job
-- KEYS[2] the stream that the job was taken from
-- KEYS[3] the stream of the exclusive lane
-- KEYS[4] the cluster's slot
-- KEYS[5] the cluster's waiting list
-- KEYS[6] the audit log
-- KEYS[7] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] the lease's fence
-- ARGV[3] the stream entry's id
-- ARGV[4] the consumer group
-- ARGV[5] the order as a change, JSON
-- ARGV[6] the audit head that the entries are chained to, "" without entries
-- ARGV[7] the audit head after them
-- ARGV[8...] the audit entries
-- Returns {"ok"}, {"lost"}, {"stop", who cancelled} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/queue/lua/slot.lua

local job = redis.call('HMGET', KEYS[1], 'state', 'fence', 'order', 'cancel_by')
if job[2] ~= ARGV[2] then return {'lost'} end
if job[1] == 'queued' and job[3] == ARGV[5] then return {'ok'} end
if job[1] ~= 'running' then return {'lost'} end
if job[4] then return {'stop', job[4]} end
local head = audit_conflict(KEYS[7], 6)
if head then return {'head', head} end

audit_append(KEYS[6], KEYS[7], 6)
redis.call('HSET', KEYS[1], 'state', 'queued', 'order', ARGV[5])
redis.call('HDEL', KEYS[1], 'attempt', 'started_at', 'worker', 'token')
redis.call('XACK', KEYS[2], ARGV[4], ARGV[3])
redis.call('XDEL', KEYS[2], ARGV[3])
slot_enter(KEYS[4], KEYS[5], KEYS[3], ARGV[1])
return {'ok'}

-- Park a running job until it is approved, or confirmed by its requester: store the request and end the lease. Its place
-- in the cluster's line goes to the next one, so a decision that takes hours blocks nobody.
-- KEYS[1] the job
-- KEYS[2] the stream that the job was taken from
-- KEYS[3] the approval
-- KEYS[4] open approvals, scored by the ms in which they expire
-- KEYS[5] approvals whose card must be updated, by when in ms (0: now)
-- KEYS[6] the stream of the exclusive lane
-- KEYS[7] the cluster's slot
-- KEYS[8] the cluster's waiting list
-- KEYS[9] the audit log
-- KEYS[10] the audit log's head
-- KEYS[11] approvals by when those who may approve are reminded (ms)
-- ARGV[1] the job's id
-- ARGV[2] the lease's fence
-- ARGV[3] the stream entry's id
-- ARGV[4] the consumer group
-- ARGV[5] the approval request, JSON
-- ARGV[6] ms of Redis' clock in which it expires
-- ARGV[7] the plan, JSON
-- ARGV[8] the job's state: awaiting_approval or awaiting_confirmation
-- ARGV[9] ms of Redis' clock in which those who may approve are reminded, "" for never
-- ARGV[10] the audit head that the entries are chained to, "" without entries
-- ARGV[11] the audit head after them
-- ARGV[12...] the audit entries
-- Returns {"ok"}, {"lost"}, {"stop", who cancelled} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/queue/lua/slot.lua

local job = redis.call('HMGET', KEYS[1], 'state', 'fence', 'cancel_by')
if job[2] ~= ARGV[2] then return {'lost'} end
if job[1] == ARGV[8] then return {'ok'} end
if job[1] ~= 'running' then return {'lost'} end
if job[3] then return {'stop', job[3]} end
local head = audit_conflict(KEYS[10], 10)
if head then return {'head', head} end

audit_append(KEYS[9], KEYS[10], 10)
redis.call('HSET', KEYS[1], 'state', ARGV[8], 'plan', ARGV[7])
redis.call('HDEL', KEYS[1], 'attempt', 'started_at', 'worker', 'token')
redis.call('XACK', KEYS[2], ARGV[4], ARGV[3])
redis.call('XDEL', KEYS[2], ARGV[3])
slot_leave(KEYS[7], KEYS[8], KEYS[6], ARGV[1])
local version = tonumber(redis.call('HGET', KEYS[3], 'version') or '0') + 1
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[3], 'request', ARGV[5], 'state', 'open', 'version', version, 'votes', '[]')
redis.call('ZADD', KEYS[4], ARGV[6], ARGV[1])
redis.call('ZADD', KEYS[5], 0, ARGV[1])
redis.call('ZREM', KEYS[11], ARGV[1])
if ARGV[9] ~= '' then redis.call('ZADD', KEYS[11], ARGV[9], ARGV[1]) end
return {'ok'}

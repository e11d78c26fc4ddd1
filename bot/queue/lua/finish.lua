-- End a running job, if the lease still has its fence, and start the next exclusive job of its cluster.
-- KEYS[1] the job
-- KEYS[2] the stream
-- KEYS[3] the cluster's slot
-- KEYS[4] the cluster's waiting list
-- KEYS[5] the job's approval, if it had one
-- KEYS[6] messages by when they are sent
-- KEYS[7] the beginning of the messages' keys
-- KEYS[8] how long jobs ran
-- KEYS[9] the audit log
-- KEYS[10] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] the lease's fence
-- ARGV[3] the stream entry's id
-- ARGV[4] the consumer group
-- ARGV[5] the final state
-- ARGV[6] the outcome
-- ARGV[7] seconds until it expires, and its approval with it
-- ARGV[8] the messages about the end, JSON
-- ARGV[9] lane and state, LANE:STATE
-- ARGV[10] the upper ends of the buckets of durations, a JSON list of texts, ascending
-- ARGV[11] the audit head that the entries are chained to, "" without entries
-- ARGV[12] the audit head after them
-- ARGV[13...] the audit entries
-- Returns {"ok"}, {"lost"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/outbox/lua/promise.lua
-- include bot/store/lua/clock.lua
-- include bot/queue/lua/slot.lua

local function count_duration(started)
  local seconds, bucket = clock_ms() / 1000 - started, 'inf'
  for _, upper in ipairs(cjson.decode(ARGV[10])) do
    if seconds <= tonumber(upper) then bucket = upper break end
  end
  redis.call('HINCRBY', KEYS[8], ARGV[9] .. ':' .. bucket, 1)
  redis.call('HINCRBYFLOAT', KEYS[8], ARGV[9] .. ':sum', string.format('%.3f', math.max(seconds, 0)))
end

local job = redis.call('HMGET', KEYS[1], 'state', 'fence', 'started_at')
if job[2] ~= ARGV[2] then return {'lost'} end
if job[1] == ARGV[5] then return {'ok'} end
if job[1] ~= 'running' then return {'lost'} end
local head = audit_conflict(KEYS[10], 11)
if head then return {'head', head} end

audit_append(KEYS[9], KEYS[10], 11)
redis.call('HSET', KEYS[1], 'state', ARGV[5], 'outcome', ARGV[6], 'finished_at', clock_text())
if job[3] then count_duration(tonumber(job[3])) end
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('EXPIRE', KEYS[5], ARGV[7])
redis.call('XACK', KEYS[2], ARGV[4], ARGV[3])
redis.call('XDEL', KEYS[2], ARGV[3])
promise(KEYS[6], KEYS[7], ARGV[8])
slot_leave(KEYS[3], KEYS[4], KEYS[2], ARGV[1])
return {'ok'}

-- Store a new job and queue it. The same request twice is one job.
-- KEYS[1] the job
-- KEYS[2] the request
-- KEYS[3] the cluster's slot
-- KEYS[4] the cluster's waiting list
-- KEYS[5] the stream of the job's lane
-- KEYS[6] recent jobs
-- KEYS[7] recent jobs of the cluster
-- KEYS[8] workers
-- KEYS[9] the approval of a job with this id
-- KEYS[10] the audit log
-- KEYS[11] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] the request's key
-- ARGV[3] the lane: concurrent or exclusive
-- ARGV[4] the order, JSON
-- ARGV[5] when it was asked, unix seconds
-- ARGV[6] ms of Redis' clock after which nothing is stored: the requester was told that nothing was done
-- ARGV[7] seconds until the request expires
-- ARGV[8] seconds until an ended job expires
-- ARGV[9] the audit head that the entries are chained to, "" without entries
-- ARGV[10] the audit head after them
-- ARGV[11...] the audit entries
-- Returns {"ok", id, "1" if a duplicate, id ahead, workers alive}, {"head", head}, {"taken"} (another request's job, or
-- an approval that outlived its job, has this id) or {"late"}.
-- include bot/audit/lua/chain.lua
-- include bot/store/lua/clock.lua
-- include bot/queue/lua/slot.lua

local now = clock_ms()

local function admitted(id, duplicate)
  local alive = redis.call('ZCOUNT', KEYS[8], now, '+inf')
  return {'ok', id, duplicate, slot_ahead(KEYS[3], KEYS[4], id), alive}
end

local first = redis.call('GET', KEYS[2])
if first == ARGV[1] then return admitted(first, '0') end
if first then return admitted(first, '1') end
if redis.call('EXISTS', KEYS[1], KEYS[9]) > 0 then return {'taken'} end
if now > tonumber(ARGV[6]) then return {'late'} end
local head = audit_conflict(KEYS[11], 9)
if head then return {'head', head} end

audit_append(KEYS[10], KEYS[11], 9)
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[7])
redis.call('HSET', KEYS[1], 'order', ARGV[4], 'state', 'queued')
for _, recent in ipairs({KEYS[6], KEYS[7]}) do
  redis.call('ZREMRANGEBYSCORE', recent, '-inf', tonumber(ARGV[5]) - tonumber(ARGV[8]))
  redis.call('ZADD', recent, ARGV[5], ARGV[1])
  redis.call('EXPIRE', recent, ARGV[8])
end
if ARGV[3] == 'exclusive' then
  slot_enter(KEYS[3], KEYS[4], KEYS[5], ARGV[1])
else
  redis.call('XADD', KEYS[5], '*', 'job', ARGV[1])
end
return admitted(ARGV[1], '0')

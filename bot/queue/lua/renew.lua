-- Extend a lease, if it is still this worker's.
-- KEYS[1] the job
-- KEYS[2] the stream
-- ARGV[1] the stream entry's id
-- ARGV[2] the consumer group
-- ARGV[3] the worker
-- ARGV[4] the lease's fence
-- Returns {"ok"} (also if its holder has just ended the job: then there is nothing to extend) or {"lost"}.

local job = redis.call('HMGET', KEYS[1], 'state', 'fence')
if job[2] ~= ARGV[4] then return {'lost'} end
if job[1] ~= 'running' then return {'ok'} end
local owner = redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[1], ARGV[1], 1)[1]
if not owner or owner[2] ~= ARGV[3] then return {'lost'} end
redis.call('XCLAIM', KEYS[2], ARGV[2], ARGV[3], 0, ARGV[1], 'JUSTID')
return {'ok'}

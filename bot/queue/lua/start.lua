-- Lease a job to the worker that its stream entry was delivered to, by reading or by reclaiming.
-- KEYS[1] the job
-- KEYS[2] the stream
-- ARGV[1] the stream entry's id
-- ARGV[2] the consumer group
-- ARGV[3] the worker
-- ARGV[4] a token of this call, so that a retry after a lost reply starts nothing twice
-- ARGV[5] the most attempts a job has
-- Returns {"ok", job's fields…}, {"exhausted", job's fields…} (leased, to be failed) or {"skip"} (nothing to do).
-- include bot/store/lua/clock.lua

local owner = redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[1], ARGV[1], 1)[1]
if not owner or owner[2] ~= ARGV[3] then return {'skip'} end

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'token', 'started_at')
if job[1] ~= 'queued' and job[1] ~= 'running' then
  redis.call('XACK', KEYS[2], ARGV[2], ARGV[1])
  redis.call('XDEL', KEYS[2], ARGV[1])
  return {'skip'}
end

local word = 'ok'
local attempt = tonumber(job[2] or '0')
if job[3] ~= ARGV[4] then
  if attempt >= tonumber(ARGV[5]) then word = 'exhausted' else attempt = attempt + 1 end
  redis.call('HINCRBY', KEYS[1], 'fence', 1)
  redis.call('HSET', KEYS[1], 'state', 'running', 'attempt', attempt, 'worker', ARGV[3], 'token', ARGV[4],
    'started_at', job[4] or clock_text())
end
return {word, unpack(redis.call('HGETALL', KEYS[1]))}

-- Show the progress of a running job, if the lease still has its fence.
-- KEYS[1] the job
-- KEYS[2] messages by when they are sent
-- KEYS[3] the beginning of the messages' keys
-- ARGV[1] the lease's fence
-- ARGV[2] the messages, JSON
-- Returns {"ok"} or {"lost"}.
-- include bot/outbox/lua/promise.lua

local job = redis.call('HMGET', KEYS[1], 'state', 'fence')
if job[1] ~= 'running' or job[2] ~= ARGV[1] then return {'lost'} end
promise(KEYS[2], KEYS[3], ARGV[2])
return {'ok'}

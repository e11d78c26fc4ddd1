-- Promise once what reminds those who may approve, if the approval is still open and as it was read.
-- KEYS[1] the approval
-- KEYS[2] approvals by when those who may approve are reminded (ms)
-- KEYS[3] messages by when they are sent
-- KEYS[4] the beginning of the messages' keys
-- ARGV[1] the job's id
-- ARGV[2] the version that the reminder shows
-- ARGV[3] the reminder, JSON
-- Returns {"ok"}, {"early"}, {"changed"} (it must be read again) or {"done"}: it was sent before, or the approval has ended.
-- include bot/outbox/lua/promise.lua
-- include bot/store/lua/clock.lua

local due = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not due then return {'done'} end
if clock_ms() < tonumber(due) then return {'early'} end
local kept = redis.call('HMGET', KEYS[1], 'state', 'version')
if kept[1] == 'open' and kept[2] ~= ARGV[2] then return {'changed'} end
redis.call('ZREM', KEYS[2], ARGV[1])
if kept[1] ~= 'open' then return {'done'} end
promise(KEYS[3], KEYS[4], ARGV[3])
return {'ok'}

-- Promise the card of an approval, and its end to the requester, if both are still as they were read.
-- KEYS[1] the approval
-- KEYS[2] the job
-- KEYS[3] approvals whose card must be updated, by when in ms (0: now)
-- KEYS[4] messages by when they are sent
-- KEYS[5] the beginning of the messages' keys
-- ARGV[1] the job's id
-- ARGV[2] the version that the card shows
-- ARGV[3] the state of the job that the card shows
-- ARGV[4] the card, JSON
-- ARGV[5] the field that notes that the requester was notified, "" if there is no message
-- ARGV[6] the message to the requester, JSON
-- Returns {"ok"} or {"changed"}: it must be read again.
-- include bot/outbox/lua/promise.lua

if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] or redis.call('HGET', KEYS[2], 'state') ~= ARGV[3] then
  return {'changed'}
end
promise(KEYS[4], KEYS[5], ARGV[4])
if ARGV[5] ~= '' and redis.call('HSETNX', KEYS[1], ARGV[5], '1') == 1 then promise(KEYS[4], KEYS[5], ARGV[6]) end
redis.call('ZREM', KEYS[3], ARGV[1])
return {'ok'}

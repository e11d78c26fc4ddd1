-- Record that the card of an approval shows its newest version.
-- KEYS[1] the approval
-- KEYS[2] the job
-- KEYS[3] approvals whose card must be updated, by when in ms (0: now)
-- ARGV[1] the job's id
-- ARGV[2] the version that is shown
-- ARGV[3] the card's channel
-- ARGV[4] the card's ts, "" if the requester got it privately
-- Returns {"ok"} or {"changed"}: it must be updated again.

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[3], ARGV[1])
  return {'ok'}
end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'message_ts', ARGV[4]) end
if ARGV[4] ~= '' and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'message_channel', ARGV[3], 'message_ts', ARGV[4])
end
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return {'changed'} end
redis.call('ZREM', KEYS[3], ARGV[1])
return {'ok'}

-- Record that Slack accepted a message.
-- KEYS[1] the message
-- KEYS[2] messages by when they are sent
-- ARGV[1] its id
-- ARGV[2] the attempt's token
-- ARGV[3] the version that was sent
-- ARGV[4] its ts; "" for a message that cannot be edited, which is deleted here
-- ARGV[5] ms of now
-- ARGV[6] ms that the message is kept, for later edits
-- Returns {"ok"} or {"lost", the ts of the message that counts, "" if there is none}: the claim had expired. Another
-- worker may have sent a newer version before, so the newest one is sent again.

local held = redis.call('HMGET', KEYS[1], 'claim', 'version', 'ts', 'progress')
if not held[2] then return {'lost', ''} end
if held[1] ~= ARGV[2] then
  if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1]) end
  return {'lost', held[3] or ''}
end
redis.call('HDEL', KEYS[1], 'claim', 'claimed_until', 'tries')
local newest = held[2] == ARGV[3]
if newest then
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(ARGV[5]) + (tonumber(held[4]) or 0)), ARGV[1])
end
if ARGV[4] == '' then
  if newest then redis.call('DEL', KEYS[1]) end
  return {'ok'}
end
redis.call('HSET', KEYS[1], 'ts', ARGV[4], 'sent_at', ARGV[5])
if newest then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
return {'ok'}

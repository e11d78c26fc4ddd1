-- End an attempt that failed: the message is tried again later.
-- KEYS[1] the message
-- KEYS[2] messages by when they are sent
-- ARGV[1] its id
-- ARGV[2] the attempt's token
-- ARGV[3] the version that was tried
-- ARGV[4] ms in which it is tried again; a version that came meanwhile is tried as it wished
-- ARGV[5] a field to set, "" for none
-- ARGV[6] its value
-- Returns {"ok"} or {"lost"}: the claim had expired.

local held = redis.call('HMGET', KEYS[1], 'claim', 'version')
if held[1] ~= ARGV[2] then return {'lost'} end
redis.call('HDEL', KEYS[1], 'claim', 'claimed_until')
redis.call('HINCRBY', KEYS[1], 'tries', 1)
if held[2] == ARGV[3] then
  redis.call('ZADD', KEYS[2], 'XX', ARGV[4], ARGV[1])
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], ARGV[5], ARGV[6]) end
end
return {'ok'}

-- Claim a message for one attempt to send it.
-- KEYS[1] the message
-- KEYS[2] messages by when they are sent
-- ARGV[1] its id
-- ARGV[2] a token of this attempt
-- ARGV[3] ms until the claim expires
-- Returns {"yours", the message's fields…}, {"held"} (by another attempt) or {"gone"}.
-- include bot/store/lua/clock.lua

local held = redis.call('HMGET', KEYS[1], 'claim', 'claimed_until', 'body')
if not held[3] or not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
  if not held[3] then redis.call('ZREM', KEYS[2], ARGV[1]) end
  return {'gone'}
end
if held[1] and held[1] ~= ARGV[2] and clock_ms() < tonumber(held[2]) then return {'held'} end
redis.call('HSET', KEYS[1], 'claim', ARGV[2], 'claimed_until', string.format('%.0f', clock_ms() + tonumber(ARGV[3])))
return {'yours', unpack(redis.call('HGETALL', KEYS[1]))}

-- End an attempt to publish a Home.
-- KEYS[1] people by when their Home is due (ms)
-- KEYS[2] what is known of this Home
-- ARGV[1] the person
-- ARGV[2] the score of the claim
-- ARGV[3] ms until it is due again; "" if it is not published any more
-- ARGV[4] a digest of what was published
-- ARGV[5] Slack's hash of the published view
-- Returns {"ok"} or {"again"}: the Home became due while it was published, and stays so.
-- include bot/store/lua/clock.lua

if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], 'digest', ARGV[4], 'hash', ARGV[5]) end
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return {'again'} end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', clock_ms() + tonumber(ARGV[3])), ARGV[1])
end
return {'ok'}

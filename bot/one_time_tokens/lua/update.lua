-- Write fields of a pending rotation, and when to check it next.
-- KEYS[1] the rotation
-- KEYS[2] pending rotations by when they are checked next
-- ARGV[1] the rotation's id
-- ARGV[2] ms until the next check
-- ARGV[3] the fields, a JSON object of texts
-- Returns {"ok"} or {"gone"}.
-- include bot/store/lua/clock.lua

if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
for field, value in pairs(cjson.decode(ARGV[3])) do
  redis.call('HSET', KEYS[1], field, value)
end
redis.call('ZADD', KEYS[2], clock_ms() + tonumber(ARGV[2]), ARGV[1])
return {'ok'}

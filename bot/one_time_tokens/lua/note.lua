-- Write how far a promise has come, and when it is to be looked at again.
-- KEYS[1] the promise
-- KEYS[2] open promises
-- ARGV[1] the promise's id
-- ARGV[2] ms until then
-- ARGV[3] the fields, a JSON object of texts
-- Answers {"ok"} or {"gone"}.
-- include bot/store/lua/clock.lua

if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
for field, value in pairs(cjson.decode(ARGV[3])) do
  redis.call('HSET', KEYS[1], field, value)
end
redis.call('ZADD', KEYS[2], clock_ms() + tonumber(ARGV[2]), ARGV[1])
return {'ok'}

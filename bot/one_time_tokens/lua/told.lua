-- Forget somebody who was told how a promise ended; with the last one goes the promise.
-- KEYS[1] the promise
-- KEYS[2] open promises
-- ARGV[1] the promise's id
-- ARGV[2] the field of who was told
-- ARGV[3] how the fields of askers begin
-- Answers {"ok"}.

redis.call('HDEL', KEYS[1], ARGV[2])
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #ARGV[3]) == ARGV[3] then return {'ok'} end
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'ok'}

-- Delete a requester who was told the end of a pending rotation; with the last one, delete the rotation.
-- KEYS[1] the rotation
-- KEYS[2] pending rotations by when they are checked next
-- ARGV[1] the rotation's id
-- ARGV[2] the requester's field
-- ARGV[3] the prefix of requesters' fields
-- Returns {"ok"}.

redis.call('HDEL', KEYS[1], ARGV[2])
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #ARGV[3]) == ARGV[3] then return {'ok'} end
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'ok'}

-- Note the picture of an enrolment, before there is one: whatever happens then, it is deleted.
-- KEYS[1] the enrolment
-- KEYS[2] pictures by when they are due
-- ARGV[1] the enrolment's id
-- ARGV[2] the file's id
-- ARGV[3] when it is due, unix seconds
-- Answers {"ok"}, or {"gone"} when the enrolment has ended: then it is due now.

local here = redis.call('HGET', KEYS[1], 'id') == ARGV[1]
redis.call('ZADD', KEYS[2], here and ARGV[3] or 0, ARGV[2])
if not here then return {'gone'} end
redis.call('HSET', KEYS[1], 'file', ARGV[2])
return {'ok'}
